/**
 * What the customer's phone does: opens a link, pays or refuses. Opening an Alipay link makes the trade, as in
 * reality; refusing changes nothing at either provider. Shows the state, decides by the same rules as the
 * providers: dead links, closed, paid or expired trades are not payable.
 */

import type { Adapter, Desk } from './adapter';
import { openTrade, payTrade } from './ledger';
import type { Channel, PayCode, Trade } from './records';

export type WalletRefusal =
  'UNKNOWN_CODE' | 'CODE_EXPIRED' | 'CODE_REPLACED' | 'TRADE_EXPIRED' | 'TRADE_CLOSED' | 'ALREADY_PAID';

export interface WalletView {
  readonly link: string;
  readonly channel: Channel;
  readonly merchantName: string;
  readonly title: string;
  readonly amountFen: number;
  readonly outTradeNo: string;
  readonly createdMs: number;
  readonly payableUntilMs: number;
  readonly state: 'PAYABLE' | 'PAID' | 'ENDED';
  readonly paidMs: number | null;
  readonly tradeNo: string | null;
  readonly refundedFen: number;
}

export type WalletResult =
  | { readonly ok: true; readonly view: WalletView }
  | { readonly ok: false; readonly reason: WalletRefusal; readonly view?: WalletView };

const MAX_WAITING = 100;

export class Wallet {
  constructor(
    private readonly desk: Desk,
    private readonly adapters: Readonly<Record<Channel, Adapter>>,
    private readonly onPaid: (trade: Trade) => void,
  ) {}

  /** What is behind a link, without scanning it. */
  look(link: string): WalletResult {
    const code = this.desk.book.get('codes', link);
    if (!code) return { ok: false, reason: 'UNKNOWN_CODE' };
    const trade = this.currentTrade(code);
    const reason = this.refusal(code, trade);
    const view = this.view(code, trade);
    return reason ? { ok: false, reason, view } : { ok: true, view };
  }

  /** Scans a link. At Alipay this is what makes the trade. */
  open(link: string): WalletResult {
    const seen = this.look(link);
    const code = this.desk.book.get('codes', link);
    if (!seen.ok || !code || this.currentTrade(code)) return seen;
    return { ok: true, view: this.view(code, openTrade(this.desk, code, '')) };
  }

  pay(link: string): WalletResult {
    const opened = this.open(link);
    if (!opened.ok) return opened;
    const code = this.desk.book.get('codes', link)!;
    const paid = payTrade(this.desk, this.currentTrade(code)!);
    this.onPaid(paid);
    return { ok: true, view: this.view(code, paid) };
  }

  /** The customer turns away: neither provider's trade changes. */
  refuse(link: string): WalletResult {
    return this.open(link);
  }

  /** Links that could be paid now, the newest first; at most a hundred. */
  waiting(): WalletView[] {
    const views: WalletView[] = [];
    for (const code of this.desk.book.all('codes')) {
      const trade = this.currentTrade(code);
      if (!this.refusal(code, trade)) views.push(this.view(code, trade));
    }
    return views.reverse().slice(0, MAX_WAITING);
  }

  private currentTrade(code: PayCode): Trade | undefined {
    const trade = this.desk.book.trade(code.channel, code.merchantId, code.outTradeNo);
    return trade && this.adapters[code.channel].expire(this.desk, trade);
  }

  private refusal(code: PayCode, trade: Trade | undefined): WalletRefusal | undefined {
    const nowMs = this.desk.clock.nowMs();
    if (trade?.state === 'PAID') return 'ALREADY_PAID';
    if (trade?.state === 'CLOSED') return trade.paidMs === null ? 'TRADE_CLOSED' : 'ALREADY_PAID';
    if (code.isVoid) return 'CODE_REPLACED';
    if (trade && (trade.amountFen !== code.amountFen || trade.title !== code.title)) return 'CODE_REPLACED';
    if (nowMs >= code.expiresMs) return 'CODE_EXPIRED';
    const payByMs = trade ? trade.payByMs : code.payByMs;
    return payByMs !== null && nowMs >= payByMs ? 'TRADE_EXPIRED' : undefined;
  }

  private view(code: PayCode, trade: Trade | undefined): WalletView {
    const payByMs = trade ? trade.payByMs : code.payByMs;
    const isPaid = trade !== undefined && trade.paidMs !== null;
    return {
      link: code.link,
      channel: code.channel,
      merchantName: this.desk.book.account(code.channel, code.merchantId)?.name ?? '',
      title: code.title,
      amountFen: code.amountFen,
      outTradeNo: code.outTradeNo,
      createdMs: code.createdMs,
      payableUntilMs: Math.min(code.expiresMs, payByMs ?? code.expiresMs),
      state: isPaid ? 'PAID' : this.refusal(code, trade) ? 'ENDED' : 'PAYABLE',
      paidMs: trade?.paidMs ?? null,
      tradeNo: isPaid ? trade.tradeNo : null,
      refundedFen: trade?.refundedFen ?? 0,
    };
  }
}
