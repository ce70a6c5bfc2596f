/**
 * What the sandbox remembers, as plain JSON records: both providers share one shape, the adapters in wechat/
 * and alipay/ give it their own words. Amounts are integer fen, times milliseconds since the Unix epoch, `null`
 * means "not yet". A record is replaced as a whole, never changed in place, so that the store sees each change.
 */

export type Channel = 'wechat' | 'alipay';

/** What both providers need to know of a merchant; its keys are kept apart (keys/merchant.ts). */
export interface MerchantAccount {
  readonly channel: Channel;
  /** WeChat: mchid. Alipay: app_id. The identity that signs the requests. */
  readonly merchantId: string;
  /** WeChat: the appid bound to the mchid. Alipay: the app_id again. */
  readonly appId: string;
  /** Alipay: the seller's user id (2088…). WeChat: the mchid again. */
  readonly sellerId: string;
  readonly name: string;
}

/** A link that a phone can open. Alipay makes no trade before one is opened; WeChat makes both at once. */
export interface PayCode {
  readonly link: string;
  readonly channel: Channel;
  readonly merchantId: string;
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly title: string;
  /** WeChat: attach. Alipay: body. Given back as it came. */
  readonly detail: string;
  readonly notifyUrl: string;
  readonly createdMs: number;
  /** From here on the link itself is dead (two hours at both providers unless asked for less). */
  readonly expiresMs: number;
  /** WeChat: time_expire; Alipay: time_expire. Absolute end of payment. */
  readonly payByMs: number | null;
  /** Alipay: timeout_express, counted from the moment the trade is made by the scan. */
  readonly timeoutMs: number | null;
  readonly isVoid: boolean;
}

export type TradeState = 'WAITING' | 'PAID' | 'CLOSED';

export interface Trade {
  readonly channel: Channel;
  readonly merchantId: string;
  readonly outTradeNo: string;
  /** WeChat: transaction_id, shown to the merchant once paid. Alipay: trade_no, from the scan on. */
  readonly tradeNo: string;
  readonly amountFen: number;
  readonly title: string;
  readonly detail: string;
  readonly notifyUrl: string;
  readonly state: TradeState;
  /** WeChat: every field of the order as sent, to tell a repeat from other content. */
  readonly fingerprint: string;
  readonly createdMs: number;
  readonly payByMs: number | null;
  readonly paidMs: number | null;
  readonly closedMs: number | null;
  /** WeChat: openid, known once paid. Alipay: the buyer's user id, known from the scan on. */
  readonly payer: string | null;
  /** Fen promised back by refunds that are under way, done or stuck; a closed refund gives its part free again. */
  readonly promisedFen: number;
  /** Fen that the customer has back. */
  readonly refundedFen: number;
  readonly refundCount: number;
  readonly lastRefundMs: number | null;
}

export type RefundState = 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';

export interface Refund {
  readonly channel: Channel;
  readonly merchantId: string;
  readonly outTradeNo: string;
  /** WeChat: out_refund_no. Alipay: out_request_no. */
  readonly outRefundNo: string;
  readonly refundNo: string;
  readonly amountFen: number;
  readonly totalFen: number;
  readonly reason: string;
  readonly notifyUrl: string;
  readonly state: RefundState;
  /** The state it is going to reach at `dueMs`. */
  readonly outcome: RefundState;
  readonly createdMs: number;
  readonly dueMs: number | null;
  readonly doneMs: number | null;
}

/** Money that has moved, in the order in which it moved. Never changed: the laws are checked against it. */
export interface Movement {
  readonly index: number;
  readonly kind: 'payment' | 'refund' | 'settlement';
  readonly channel: Channel;
  readonly merchantId: string;
  readonly outTradeNo: string | null;
  readonly outRefundNo: string | null;
  readonly amountFen: number;
  readonly atMs: number;
}

export type Forgery = 'signature' | 'merchant' | 'amount' | 'stale';
export type NoticeEvent = 'payment' | 'refund';
export type NoticeState = 'WAITING' | 'ACCEPTED' | 'GIVEN_UP' | 'LOST';

/** A notification to the merchant, with all its attempts. */
export interface Notice {
  readonly id: string;
  readonly channel: Channel;
  readonly merchantId: string;
  readonly event: NoticeEvent;
  /** WeChat: event_type, e.g. TRANSACTION.SUCCESS. Alipay: trade_status. */
  readonly eventType: string;
  readonly outTradeNo: string;
  readonly outRefundNo: string | null;
  readonly url: string;
  /** The plain content (WeChat: before encryption, Alipay: before signing), as it was when the event happened. */
  readonly content: Readonly<Record<string, unknown>>;
  readonly forgery: Forgery | null;
  readonly state: NoticeState;
  readonly attempts: number;
  readonly dueMs: number | null;
  readonly createdMs: number;
  readonly lastResult: string;
}

/** One key for a trade (or its refunds); out_trade_no is unique per merchant. */
export function tradeKey(channel: Channel, merchantId: string, outTradeNo: string): string {
  return `${channel}/${merchantId}/${outTradeNo}`;
}

/** WeChat's out_refund_no is unique per merchant, Alipay's out_request_no only within its trade. */
export function refundKey(refund: {
  channel: Channel;
  merchantId: string;
  outTradeNo: string;
  outRefundNo: string;
}): string {
  const { channel, merchantId, outTradeNo, outRefundNo } = refund;
  return channel === 'wechat'
    ? `${channel}/${merchantId}/${outRefundNo}`
    : `${channel}/${merchantId}/${outTradeNo}/${outRefundNo}`;
}
