/**
 * What the orders need from a payment provider, the same for WeChat Pay and Alipay. An implementation speaks
 * the provider's own protocol, verifies every answer before it reads it, and never guesses: an answer that
 * leaves the provider's state open is `unknown`, and the caller queries before doing anything else.
 * Amounts are integer fen; identifiers and states keep the provider's own names and values.
 */

export type Channel = 'wechat' | 'alipay';

/** How a call to the provider ended. `unknown`: time-out, SYSTEM_ERROR, bad signature: the state may have changed. */
export type Outcome<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string };

export interface CreateTrade {
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly description: string;
  /** When the code stops being payable, milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly notifyUrl: string;
}

/** One state for both providers; `providerState` is the provider's own word (trade_state or trade_status). */
export type TradeState = 'NOT_FOUND' | 'WAITING' | 'PAID' | 'REFUNDED' | 'CLOSED' | 'FAILED';

export interface Trade {
  readonly outTradeNo: string;
  readonly state: TradeState;
  readonly providerState: string;
  /** The provider's number: WeChat transaction_id, Alipay trade_no. Present once paid. */
  readonly transactionId?: string;
  /** What the provider says was to be paid in all. Present once paid. */
  readonly amountFen?: number;
  readonly paidAtMs?: number;
}

export interface RefundRequest {
  readonly outTradeNo: string;
  readonly outRefundNo: string;
  readonly refundFen: number;
  readonly totalFen: number;
  readonly reason: string;
}

export interface Refund {
  readonly outTradeNo: string;
  readonly outRefundNo: string;
  readonly state: 'NOT_FOUND' | 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
  readonly providerState: string;
  readonly refundId?: string;
  readonly refundFen?: number;
}

/** A notification whose signature, age, merchant and app have been verified; the ledger still checks the rest. */
export interface Notification {
  /** The provider's own id of this notification, for de-duplication. */
  readonly notificationId: string;
  readonly trade: Trade;
}

export interface RawNotification {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body exactly as received. */
  readonly body: string;
}

/** A line of the provider's daily bill. */
export interface BillLine {
  readonly kind: 'payment' | 'refund';
  readonly outTradeNo: string;
  readonly transactionId: string;
  readonly outRefundNo?: string;
  readonly amountFen: number;
  readonly atMs: number;
}

export interface Provider {
  readonly channel: Channel;
  /** Opens the trade; idempotent for the same content. Gives the link that the customer's phone opens. */
  create(trade: CreateTrade): Promise<Outcome<{ readonly codeUrl: string }>>;
  query(outTradeNo: string): Promise<Outcome<Trade>>;
  /** Closes an unpaid trade. `refused` with code ORDERPAID when it was paid first. */
  close(outTradeNo: string): Promise<Outcome<void>>;
  refund(request: RefundRequest): Promise<Outcome<Refund>>;
  queryRefund(outTradeNo: string, outRefundNo: string): Promise<Outcome<Refund>>;
  /** Verifies and reads a notification; `refused` for anything not authentic. */
  readNotification(raw: RawNotification): Promise<Outcome<Notification>>;
  /** What the provider wants to hear: acceptance, or a request to come again. */
  notificationReply(accepted: boolean): {
    readonly status: number;
    readonly contentType: string;
    readonly body: string;
  };
  /** All payments and refunds of one day (`YYYY-MM-DD`, Asia/Shanghai). */
  bill(day: string): Promise<Outcome<readonly BillLine[]>>;
}
