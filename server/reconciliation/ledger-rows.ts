/**
 * What the ledger has to say to a day's bill: payments and refunds that fall on the day by our time, and whatever
 * is known of the orders that the bill names. Reads only. Comparing is providers/reconciliation.ts.
 * Invariant: only orders of this merchant and channel; another's look like unknown ones.
 */
import type { Db } from '../db/database';
import { outRefundNo, restFen, type Order } from '../orders/model';
import { ORDER_COLUMNS, orderOf } from '../orders/order-rows';
import type { BillLine, Channel, Difference, LedgerRow } from '../providers';
import { DAY_MS, startOfDay } from './days';

/** An order is paid within this time of its creation: codes live two hours at most. */
const PAID_WITHIN_MS = DAY_MS;
/** Names in one statement. */
const CHUNK = 1_000;

export async function ledgerRows(
  db: Db,
  merchantId: number,
  channel: Channel,
  day: string,
  lines: readonly BillLine[],
): Promise<LedgerRow[]> {
  const startMs = startOfDay(day);
  const endMs = startMs + DAY_MS;
  const isOfDay = (atMs: number): boolean => atMs >= startMs && atMs < endMs;
  const orders = new Map<string, Order>();
  const add = (found: readonly Order[]): void =>
    found.forEach((order) => orders.set(order.outTradeNo, order));
  add(await paidBetween(db, merchantId, channel, startMs, endMs));
  const named = new Set([
    ...lines.map((line) => line.outTradeNo),
    ...(await refundedBetween(db, merchantId, channel, startMs, endMs)),
  ]);
  for (const outTradeNo of orders.keys()) named.delete(outTradeNo);
  add(await ordersNamed(db, merchantId, channel, [...named]));
  const entries = await refundEntries(db, [...orders.keys()]);
  return [
    ...[...orders.values()].flatMap((order) => orderRows(order, isOfDay)),
    ...entries.map((entry) => refundRow(entry, orders.get(entry.outTradeNo)!, isOfDay)),
  ];
}

/** A refund in the ledger, other than one that a person made by hand. */
interface RefundEntry {
  readonly outTradeNo: string;
  readonly type: string;
  readonly atMs: number;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly amountFen: number;
}

function orderRows(order: Order, isOfDay: (atMs: number) => boolean): LedgerRow[] {
  const { outTradeNo, paidFen, transactionId } = order;
  const isBooked = paidFen > 0;
  const payment: LedgerRow = {
    kind: 'payment',
    outTradeNo,
    ...(isBooked && transactionId !== '' ? { transactionId } : {}),
    amountFen: isBooked ? paidFen : order.amountFen,
    isBooked,
    isOfDay: isBooked && isOfDay(order.paidAtMs),
  };
  if (order.state !== 'REFUNDING') return [payment];
  const refund = {
    outRefundNo: outRefundNo(order),
    amountFen: restFen(order),
    isBooked: false,
    isOfDay: false,
  };
  return [payment, { kind: 'refund', outTradeNo, ...refund }];
}

function refundRow(entry: RefundEntry, order: Order, isOfDay: (atMs: number) => boolean): LedgerRow {
  const { outTradeNo, amountFen, detail } = entry;
  const isOurs = entry.type === 'refundDone';
  return {
    kind: 'refund',
    outTradeNo,
    outRefundNo: isOurs ? outRefundNo(order) : (detail.outRefundNo as string),
    amountFen,
    isBooked: true,
    isOfDay: isOfDay(isOurs ? entry.atMs : (detail.atMs as number)),
  };
}

async function paidBetween(
  db: Db,
  merchantId: number,
  channel: Channel,
  startMs: number,
  endMs: number,
): Promise<readonly Order[]> {
  const rows = await db
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('merchantId', '=', merchantId)
    .where('channel', '=', channel)
    .where('createdAtMs', '>=', startMs - PAID_WITHIN_MS)
    .where('createdAtMs', '<', endMs)
    .where('paidAtMs', '>=', startMs)
    .where('paidAtMs', '<', endMs)
    .where('paidFen', '>', 0)
    .execute();
  return rows.map(orderOf);
}

async function ordersNamed(
  db: Db,
  merchantId: number,
  channel: Channel,
  names: readonly string[],
): Promise<readonly Order[]> {
  const found: Order[] = [];
  for (let at = 0; at < names.length; at += CHUNK) {
    const rows = await db
      .selectFrom('orders')
      .select(ORDER_COLUMNS)
      .where('outTradeNo', 'in', names.slice(at, at + CHUNK))
      .where('merchantId', '=', merchantId)
      .where('channel', '=', channel)
      .execute();
    found.push(...rows.map(orderOf));
  }
  return found;
}

/**
 * Which of these differences are money of another merchant of ours on the same account at the provider: his ledger has
 * that very payment, by the provider's own number. It is compared in his own reconciliation.
 */
export async function ofOthers(
  db: Db,
  merchantId: number,
  channel: Channel,
  differences: readonly Difference[],
): Promise<ReadonlySet<Difference>> {
  const unknown = differences.filter(({ kind }) => kind.endsWith('_OF_UNKNOWN_ORDER'));
  const names = [...new Set(unknown.map(({ outTradeNo }) => outTradeNo))];
  const theirs = new Map<string, { transactionId: string; paidFen: number }>();
  for (let at = 0; at < names.length; at += CHUNK) {
    const rows = await db
      .selectFrom('orders')
      .select(['outTradeNo', 'transactionId', 'paidFen'])
      .where('outTradeNo', 'in', names.slice(at, at + CHUNK))
      .where('merchantId', '<>', merchantId)
      .where('channel', '=', channel)
      .where('paidFen', '>', 0)
      .execute();
    for (const row of rows) theirs.set(row.outTradeNo, row);
  }
  return new Set(
    unknown.filter(({ outTradeNo, line }) => {
      const order = theirs.get(outTradeNo);
      if (!order || !line || order.transactionId !== line.transactionId) return false;
      return line.kind === 'refund' || order.paidFen === line.amountFen;
    }),
  );
}

/** Orders whose own refund was reported as done within the time. */
async function refundedBetween(
  db: Db,
  merchantId: number,
  channel: Channel,
  startMs: number,
  endMs: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('orderEvents')
    .innerJoin('orders', 'orders.outTradeNo', 'orderEvents.outTradeNo')
    .select('orderEvents.outTradeNo')
    .where('merchantId', '=', merchantId)
    .where('channel', '=', channel)
    .where('type', '=', 'refundDone')
    .where('atMs', '>=', startMs)
    .where('atMs', '<', endMs)
    .execute();
  return rows.map((row) => row.outTradeNo);
}

/** What left the provider's account for these orders, as the ledger has it. */
async function refundEntries(db: Db, names: readonly string[]): Promise<RefundEntry[]> {
  const found: RefundEntry[] = [];
  for (let at = 0; at < names.length; at += CHUNK) {
    const rows = await db
      .selectFrom('orderEvents')
      .innerJoin('ledgerEntries', (join) =>
        join
          .onRef('ledgerEntries.outTradeNo', '=', 'orderEvents.outTradeNo')
          .onRef('ledgerEntries.eventId', '=', 'orderEvents.id'),
      )
      .select(['orderEvents.outTradeNo', 'type', 'atMs', 'detail', 'amountFen'])
      .where('orderEvents.outTradeNo', 'in', names.slice(at, at + CHUNK))
      .where('type', 'in', ['refundDone', 'refundedOutside'])
      .execute();
    found.push(...rows);
  }
  return found;
}
