/**
 * What the model asks of a provider's own rules (wechat/, alipay/): its operations, its words for trouble, the
 * contents of its notifications. Answers are the provider's own JSON; signing and HTTP belong to the shells.
 */

import type { Context } from './context';
import type { Downloads } from './downloads';
import type { LimitName } from './limits';
import type { Announcement } from './notices';
import type { MerchantAccount, Refund, Trade } from './records';
import type { RefundDesk } from './refundDesk';

export interface Answer {
  readonly status: number;
  /** null: no body (204). A text is what a machine before the provider's own says (502). */
  readonly body: Readonly<Record<string, unknown>> | string | null;
}

/** The context with what books refunds and keeps bills to be fetched. */
export interface Desk extends Context {
  readonly refunds: RefundDesk;
  readonly downloads: Downloads;
  baseUrl(): string;
}

/** What a machine before the provider says when that is away; nobody signs it. */
export const BAD_GATEWAY: Answer = {
  status: 502,
  body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
};

export interface Operation {
  readonly limit: LimitName;
  run(desk: Desk, account: MerchantAccount, input: Readonly<Record<string, unknown>>): Answer;
}

export interface Adapter {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly unknownMerchant: Answer;
  readonly unknownOperation: Answer;
  /** Its own "I do not know whether it worked". */
  readonly systemError: Answer;
  /** Overload, told by the provider itself; the call may have been carried out. */
  readonly busy: Answer;
  readonly frequencyLimited: Answer;
  isRefusal(answer: Answer): boolean;
  /** Ends a trade whose time is over, where the provider does so by itself. */
  expire(desk: Desk, trade: Trade): Trade;
  paymentNotice(account: MerchantAccount, trade: Trade): Announcement;
  /** Called when a refund has reached its end; undefined when the provider tells nobody. */
  afterRefund(desk: Desk, account: MerchantAccount, trade: Trade, refund: Refund): Announcement | undefined;
  /** The content of a lie: same shape, other merchant or other amount. */
  falsify(content: Announcement['content'], lie: 'merchant' | 'amount'): Announcement['content'];
}
