/**
 * What the orders need from a payment provider, the same for WeChat Pay and Alipay. An implementation speaks
 * the provider's own protocol, verifies every answer before it reads it, and never guesses: an answer that
 * leaves the provider's state open is `unknown`, and the caller queries before doing anything else.
 * Amounts are integer fen; identifiers and states keep the provider's own names and values.
 */

import type { ProviderCode } from './codes';

export type Channel = 'wechat' | 'alipay';

/**
 * How a call to the provider ended. `code` is one of `PROVIDER_CODES`, the same for both channels; `providerCode`
 * is the provider's own word, for logs and people, never for decisions.
 */
export type Outcome<Value> = { readonly kind: 'ok'; readonly value: Value } | Refused | Unknown;

/** The provider (or we, before sending) said no, authentically: nothing has changed. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: ProviderCode;
  readonly message: string;
  readonly providerCode?: string;
  /** The same request may pass later: rate limit, balance, bill not made yet. */
  readonly retry?: true;
}

/** Time-out, SYSTEM_ERROR, missing or bad signature: the state may have changed. Query before anything else. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly code: ProviderCode;
  readonly message: string;
  readonly providerCode?: string;
}

export interface CreateTrade {
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly description: string;
  /** When the code stops being payable, milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly notifyUrl: string;
}

/**
 * One state for both providers; `providerState` is the provider's own word (trade_state or trade_status).
 * REFUNDED: was paid and has then been given back, wholly or in part (WeChat does not tell which; Alipay keeps
 * a partly refunded trade PAID). NOT_FOUND: the provider has no such trade; at Alipay that is normal until the
 * code is scanned, and final only after the code's expiry. WAITING may last past the expiry (WeChat keeps such an
 * order until it is closed).
 */
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
  /** Where WeChat reports the refund's end; without it, to the address set in the merchant's account. */
  readonly notifyUrl?: string;
}

export interface Refund {
  readonly outTradeNo: string;
  readonly outRefundNo: string;
  readonly state: 'NOT_FOUND' | 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
  readonly providerState: string;
  readonly refundId?: string;
  readonly refundFen?: number;
}

/**
 * A notification whose signature, age, merchant and app have been verified; the ledger still checks order and
 * amount. At least one of `trade` and `refund` is there: WeChat tells of a refund without the trade's state,
 * Alipay with it.
 */
export interface Notification {
  /** The provider's own id of this notification, the same when it is sent again. */
  readonly notificationId: string;
  readonly trade?: Trade;
  readonly refund?: Refund;
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
  /** Payment: when it was paid. Refund: WeChat gives the time of the bill's line, Alipay when it ended. */
  readonly atMs: number;
  /** The provider's own word for the line: WeChat 交易状态 or 退款状态, Alipay 业务类型. */
  readonly providerState: string;
}

/** Where the time comes from: signing, ages of answers and notifications. Milliseconds since the epoch. */
export interface ProviderClock {
  nowMs(): number;
}

/** Takes what an operator should see; pino's `warn` fits. Fields hold codes and serial numbers, never secrets. */
export interface ProviderLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface ProviderOptions {
  /** WeChat: replaces https://api.mch.weixin.qq.com; Alipay: https://openapi.alipay.com (gateway: `/gateway.do`). */
  readonly baseUrl?: string;
  readonly clock: ProviderClock;
  /** For one call from first byte sent to last byte received, on the machine's own clock. */
  readonly httpTimeoutMs: number;
  readonly log?: ProviderLog;
}

export interface Provider {
  readonly channel: Channel;
  /** Opens the trade; idempotent for the same content. Gives the link that the customer's phone opens. */
  create(trade: CreateTrade): Promise<Outcome<{ readonly codeUrl: string }>>;
  query(outTradeNo: string): Promise<Outcome<Trade>>;
  /**
   * Closes an unpaid trade; ok also when it was closed before. `refused` with code ORDERPAID when it was paid
   * first, TRADE_NOT_FOUND when the provider has none (see TradeState: an Alipay code may still be scanned).
   */
  close(outTradeNo: string): Promise<Outcome<void>>;
  /** Gives back `refundFen`; idempotent by `outRefundNo`. A repeat tells the state reached. */
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
  /**
   * All payments and refunds of one day (`YYYY-MM-DD`, Asia/Shanghai). `refused` BILL_NOT_READY or
   * BILL_NOT_FOUND, both with `retry`: a missing bill is never taken for an empty one.
   */
  bill(day: string): Promise<Outcome<readonly BillLine[]>>;
}
