/**
 * What every part of the model is given: memory, time, chance, settings. Nothing under core/, wechat/ and
 * alipay/ that decides about money takes time or chance from anywhere else, so that a campaign can run the
 * whole sandbox in virtual time and get the same run from the same seed.
 */

import type { Clock } from '../../time/clock';
import type { Random } from '../../time/random';
import type { Book } from './book';
import type { Faults } from './faults';
import { DOCUMENTED_LIMITS, type CallsPerSecond, type RateLimits } from './limits';
import type { Channel, Forgery, NoticeEvent } from './records';

const HOUR_MS = 3_600_000;

export interface ModelSettings {
  /** Multiplies every wait of the retry plans and the pause between two refunds of one order. 1 = as documented. */
  readonly retryScale: number;
  /** From a WeChat refund's acceptance (PROCESSING) to its end. Alipay's refunds end at once. */
  readonly refundDelayMs: number;
  /** WeChat: least time between two refunds of one order, before scaling ("间隔1分钟"). */
  readonly refundIntervalMs: number;
  /** From the event to the first attempt of its notification. */
  readonly noticeDelayMs: number;
  /** A day's bill can be had this long after the day's end; negative: during the day already. */
  readonly billDelayMs: number;
  /** Alipay: trade states that cause a notification; for face-to-face payment only TRADE_SUCCESS does. */
  readonly alipayNoticeStates: readonly string[];
  readonly callsPerSecond: CallsPerSecond;
}

export const DOCUMENTED_SETTINGS: ModelSettings = {
  retryScale: 1,
  refundDelayMs: 2_000,
  refundIntervalMs: 60_000,
  noticeDelayMs: 0,
  billDelayMs: 10 * HOUR_MS,
  alipayNoticeStates: ['TRADE_SUCCESS'],
  callsPerSecond: DOCUMENTED_LIMITS,
};

/** One notification about to go out. Who carries it signs it (and spoils it where `forgery` says so). */
export interface Delivery {
  readonly noticeId: string;
  readonly channel: Channel;
  readonly merchantId: string;
  readonly event: NoticeEvent;
  readonly eventType: string;
  readonly url: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly createdMs: number;
  readonly sentMs: number;
  readonly forgery: Forgery | null;
}

export interface DeliveryResult {
  readonly isAccepted: boolean;
  /** For people: `HTTP 500`, `timed out`. */
  readonly detail: string;
}

/** Carries a notification; calls `done` exactly once, later or at once. */
export type Deliver = (delivery: Delivery, done: (result: DeliveryResult) => void) => void;

export interface Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly book: Book;
  readonly faults: Faults;
  readonly limits: RateLimits;
  readonly settings: ModelSettings;
}
