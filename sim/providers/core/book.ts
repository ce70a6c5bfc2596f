/**
 * The sandbox's memory: tables of plain records with the few look-ups that the rules need. Knows nothing of
 * providers, time or disks; a listener (store/journal.ts) may follow every change.
 * Invariant: a look-up index always agrees with its table, because `put` is the only way in.
 */

import {
  refundKey,
  tradeKey,
  type Channel,
  type MerchantAccount,
  type Movement,
  type Notice,
} from './records';
import type { PayCode, Refund, Trade } from './records';

export interface Tables {
  merchants: MerchantAccount;
  trades: Trade;
  codes: PayCode;
  refunds: Refund;
  movements: Movement;
  notices: Notice;
  /** Keys of the platform and of the merchants; written by keys/, opaque here. */
  vault: unknown;
}

export type TableName = keyof Tables;
export type ChangeListener = (table: TableName, key: string, record: unknown) => void;

export const TABLE_NAMES: readonly TableName[] = [
  'merchants',
  'trades',
  'codes',
  'refunds',
  'movements',
  'notices',
  'vault',
];

export class Book {
  /** Called after each change; set by the store. */
  onChange: ChangeListener | undefined;

  private readonly tables: { [Name in TableName]: Map<string, Tables[Name]> } = {
    merchants: new Map(),
    trades: new Map(),
    codes: new Map(),
    refunds: new Map(),
    movements: new Map(),
    notices: new Map(),
    vault: new Map(),
  };
  private readonly tradeByNumber = new Map<string, string>();
  private readonly codesByTrade = new Map<string, string[]>();
  private readonly refundsByTrade = new Map<string, string[]>();
  private readonly balances = new Map<string, number>();
  private readonly pendingRefunds = new Map<string, number>();

  has(table: TableName, key: string): boolean {
    return this.tables[table].has(key);
  }

  /** Whether any merchant has a trade of that transaction_id or trade_no. */
  hasTradeNo(channel: Channel, tradeNo: string): boolean {
    return this.tradeByNumber.has(`${channel}/${tradeNo}`);
  }

  get<Name extends TableName>(table: Name, key: string): Tables[Name] | undefined {
    return this.tables[table].get(key);
  }

  all<Name extends TableName>(table: Name): IterableIterator<Tables[Name]> {
    return this.tables[table].values();
  }

  entries<Name extends TableName>(table: Name): IterableIterator<[string, Tables[Name]]> {
    return this.tables[table].entries();
  }

  count(table: TableName): number {
    return this.tables[table].size;
  }

  put<Name extends TableName>(table: Name, key: string, record: Tables[Name]): void {
    const before = this.tables[table].get(key);
    this.tables[table].set(key, record);
    if (before === undefined) this.index(table, key, record);
    if (table === 'refunds') this.countPending(before as Refund | undefined, record as Refund);
    this.onChange?.(table, key, record);
  }

  trade(channel: Channel, merchantId: string, outTradeNo: string): Trade | undefined {
    return this.tables.trades.get(tradeKey(channel, merchantId, outTradeNo));
  }

  putTrade(trade: Trade): void {
    this.put('trades', tradeKey(trade.channel, trade.merchantId, trade.outTradeNo), trade);
  }

  /** By transaction_id or trade_no; another merchant's trade is not found. */
  tradeByTradeNo(channel: Channel, merchantId: string, tradeNo: string): Trade | undefined {
    const trade = this.tables.trades.get(this.tradeByNumber.get(`${channel}/${tradeNo}`) ?? '');
    return trade?.merchantId === merchantId ? trade : undefined;
  }

  putRefund(refund: Refund): void {
    this.put('refunds', refundKey(refund), refund);
  }

  refundsOf(trade: Trade): Refund[] {
    const keys = this.refundsByTrade.get(tradeKey(trade.channel, trade.merchantId, trade.outTradeNo)) ?? [];
    return keys.map((key) => this.tables.refunds.get(key)!);
  }

  codesOf(channel: Channel, merchantId: string, outTradeNo: string): PayCode[] {
    const links = this.codesByTrade.get(tradeKey(channel, merchantId, outTradeNo)) ?? [];
    return links.map((link) => this.tables.codes.get(link)!);
  }

  account(channel: Channel, merchantId: string): MerchantAccount | undefined {
    return this.tables.merchants.get(`${channel}/${merchantId}`);
  }

  /** Fen that the merchant can still give back: paid in, less refunded or being refunded, less settled. */
  availableFen(channel: Channel, merchantId: string): number {
    const account = `${channel}/${merchantId}`;
    return (this.balances.get(account) ?? 0) - (this.pendingRefunds.get(account) ?? 0);
  }

  addMovement(movement: Omit<Movement, 'index'>): void {
    const index = this.tables.movements.size;
    this.put('movements', String(index), { index, ...movement });
  }

  private countPending(before: Refund | undefined, after: Refund): void {
    const account = `${after.channel}/${after.merchantId}`;
    const pendingFen = (this.pendingRefunds.get(account) ?? 0) - pendingOf(before) + pendingOf(after);
    this.pendingRefunds.set(account, pendingFen);
  }

  private index(table: TableName, key: string, record: unknown): void {
    if (table === 'trades') {
      const trade = record as Trade;
      this.tradeByNumber.set(`${trade.channel}/${trade.tradeNo}`, key);
    } else if (table === 'codes') {
      const code = record as PayCode;
      append(this.codesByTrade, tradeKey(code.channel, code.merchantId, code.outTradeNo), key);
    } else if (table === 'refunds') {
      const refund = record as Refund;
      append(this.refundsByTrade, tradeKey(refund.channel, refund.merchantId, refund.outTradeNo), key);
    } else if (table === 'movements') {
      const { channel, merchantId, kind, amountFen } = record as Movement;
      const account = `${channel}/${merchantId}`;
      const signedFen = kind === 'payment' ? amountFen : -amountFen;
      this.balances.set(account, (this.balances.get(account) ?? 0) + signedFen);
    }
  }
}

/** A stuck refund (ABNORMAL) keeps its money reserved. */
function pendingOf(refund: Refund | undefined): number {
  return refund?.state === 'PROCESSING' || refund?.state === 'ABNORMAL' ? refund.amountFen : 0;
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
