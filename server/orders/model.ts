/**
 * An order as the server keeps it, the events that can happen to it, and the times and choices that its machine
 * (order.ts) follows. Types and constants only. Source: the design, section 5; docs/link-protocol.md.
 */
import type { Reason } from '../../src/protocol/codes';
import type { Channel } from '../providers/provider';

export const STATES = [
  'CREATED',
  'PREPAID',
  'PAID',
  'GRANTED',
  'DISPENSED',
  'CLOSING',
  'CLOSED',
  'REFUNDING',
  'REFUNDED',
  'REFUSED',
  'UNCERTAIN',
] as const;

export type State = (typeof STATES)[number];

/** States in which nothing is owed to anybody. Money may still come to CLOSED and REFUSED, and goods back to DISPENSED. */
export const RESTING_STATES: readonly State[] = ['DISPENSED', 'CLOSED', 'REFUNDED', 'REFUSED'];

/** What needs a person's eyes; '' when nothing does. */
export type Alarm =
  | ''
  | 'WRONG_AMOUNT'
  | 'SECOND_PAYMENT'
  | 'CONTRADICTION'
  | 'UNGRANTED'
  | 'DEVICE_SILENT'
  | 'PERSON_NEEDED'
  | 'REFUND_STUCK'
  | 'REFUND_SLOW'
  | 'PROVIDER_SILENT'
  | 'REFUNDED_OUTSIDE';

export interface Order {
  readonly outTradeNo: string;
  readonly deviceId: string;
  /** The order's number on the device. */
  readonly n: number;
  readonly merchantId: number;
  readonly channel: Channel;
  readonly amountFen: number;
  readonly reference: string;
  readonly goods: string;
  readonly createdAtMs: number;
  /** When the code stops being payable. */
  readonly expiresAtMs: number;

  readonly state: State;
  /** Why it is closing, refunding, refused or uncertain. */
  readonly reason: Reason;
  readonly alarm: Alarm;
  readonly codeUrl: string;

  /** The provider's own word for the trade, as last heard. */
  readonly providerState: string;
  readonly transactionId: string;
  /** What was really paid; 0 while nothing was. */
  readonly paidFen: number;
  readonly paidAtMs: number;
  /** What was given back past us, at the provider's own desk, and the numbers of those refunds. */
  readonly outsideFen: number;
  readonly outsideRefunds: readonly string[];

  /** Until when the device may begin to dispense (server's clock). */
  readonly grantDeadlineMs: number;
  /** Session of the device on which the last grant went out; 0 for none. */
  readonly grantSession: number;
  readonly grantCount: number;
  /** The device said that the grant is in its journal. */
  readonly isGrantReceived: boolean;
  readonly dispensedAtMs: number;

  /** Counts refunds that the provider closed for good: each needs a number of its own. */
  readonly refundNo: number;
  /** The provider's own word for the refund. */
  readonly refundState: string;

  /** Tries of the provider call that the state asks for. */
  readonly attempt: number;
  /** When something has to be done; undefined: only an event from outside moves it. */
  readonly wakeAtMs: number | undefined;
  /**
   * When the next job comes to look at it; a job that comes too early makes the next one. The stored time is taken
   * away when the job is handed out (jobs/order-jobs.ts): a time that has passed says the same.
   */
  readonly jobAtMs: number | undefined;
  readonly version: number;
}

/** What stands in a new order before anything has happened to it; the table's own defaults too (migration 0012). */
export const UNTOUCHED = {
  alarm: '',
  codeUrl: '',
  providerState: '',
  transactionId: '',
  paidFen: 0,
  paidAtMs: 0,
  outsideFen: 0,
  outsideRefunds: [],
  grantDeadlineMs: 0,
  grantSession: 0,
  grantCount: 0,
  isGrantReceived: false,
  dispensedAtMs: 0,
  refundNo: 0,
  refundState: '',
  attempt: 0,
} as const satisfies Partial<Order>;

export type Source = 'notification' | 'query';

export type OrderEvent =
  // The device (docs/link-protocol.md, messages up).
  | { readonly type: 'pay' }
  | { readonly type: 'ask' }
  | { readonly type: 'cancel' }
  | { readonly type: 'got' }
  | { readonly type: 'endDispensed'; readonly reason: Reason; readonly text: string }
  | { readonly type: 'endFailed'; readonly reason: Reason; readonly text: string }
  | { readonly type: 'endUncertain'; readonly reason: Reason; readonly text: string }
  | { readonly type: 'back'; readonly reason: Reason; readonly text: string }
  /** In `hi` the device lists it as not yet paid. */
  | { readonly type: 'listedUnpaid'; readonly session: number; readonly deviceState: number }
  /** In `hi` the device lists it as granted, or beyond. */
  | { readonly type: 'listedPaid'; readonly session: number; readonly deviceState: number }
  /** In `hi` the device does not list it. */
  | { readonly type: 'unlisted'; readonly session: number }
  // The gateway.
  /** The device is on a living session and can take a grant. */
  | { readonly type: 'offer'; readonly session: number }
  // The provider.
  | { readonly type: 'created'; readonly codeUrl: string }
  /** `isTradeOpen`: an earlier try may have opened it all the same. */
  | { readonly type: 'createRefused'; readonly code: string; readonly isTradeOpen: boolean }
  | { readonly type: 'createUnknown'; readonly code: string }
  | {
      readonly type: 'paid';
      readonly source: Source;
      readonly providerState: string;
      readonly transactionId: string;
      readonly amountFen: number;
      readonly paidAtMs: number;
    }
  /** Exists and is unpaid, or does not exist (yet). */
  | { readonly type: 'tradeOpen'; readonly providerState: string; readonly exists: boolean }
  | { readonly type: 'tradeClosed'; readonly providerState: string }
  | {
      readonly type: 'tradeRefunded';
      readonly providerState: string;
      readonly transactionId: string;
      /** What had been paid. */
      readonly amountFen: number;
      readonly paidAtMs: number;
    }
  | { readonly type: 'queryUnknown'; readonly code: string }
  | { readonly type: 'closed' }
  | { readonly type: 'closeUnknown'; readonly code: string }
  | { readonly type: 'refundDone'; readonly providerState: string }
  /** The provider confirms a refund, whole or in part, that we did not make. */
  | {
      readonly type: 'refundedOutside';
      readonly outRefundNo: string;
      readonly amountFen: number;
      readonly providerState: string;
      readonly atMs: number;
    }
  /** `sinceMs`: when the money began to go back, where that is known. */
  | { readonly type: 'refundPending'; readonly providerState: string; readonly sinceMs?: number }
  /** The provider ended this refund without paying it back. */
  | { readonly type: 'refundClosed'; readonly providerState: string }
  | { readonly type: 'refundRefused'; readonly code: string }
  | { readonly type: 'refundUnknown'; readonly code: string }
  // Time.
  | { readonly type: 'due' }
  // Merchant and person.
  | { readonly type: 'refund' }
  | { readonly type: 'settleDispensed' }
  | { readonly type: 'settleRefund' }
  /** A person gave the money back by other means than ours. */
  | { readonly type: 'settleRefunded' }
  /** A person has seen the alarm. */
  | { readonly type: 'acknowledge' };

export type EventType = OrderEvent['type'];

export const EVENT_TYPES: readonly EventType[] = [
  'pay',
  'ask',
  'cancel',
  'got',
  'endDispensed',
  'endFailed',
  'endUncertain',
  'back',
  'listedUnpaid',
  'listedPaid',
  'unlisted',
  'offer',
  'created',
  'createRefused',
  'createUnknown',
  'paid',
  'tradeOpen',
  'tradeClosed',
  'tradeRefunded',
  'queryUnknown',
  'closed',
  'closeUnknown',
  'refundDone',
  'refundedOutside',
  'refundPending',
  'refundClosed',
  'refundRefused',
  'refundUnknown',
  'due',
  'refund',
  'settleDispensed',
  'settleRefund',
  'settleRefunded',
  'acknowledge',
];

/** What becomes of a payment whose goods nobody can tell about. */
export type UncertainPolicy = 'refund' | 'dispensed' | 'person';

/** What the merchant chose. */
export interface Policy {
  readonly uncertain: UncertainPolicy;
  /** For how long after dispensing the host may ask for the money back. 0: never. */
  readonly refundWindowMs: number;
}

/** Times of the machine; see `DEFAULT_TIMES` for what each is for. */
export interface Times {
  readonly callGraceMs: number;
  readonly grantMs: number;
  readonly patienceMs: number;
  readonly silenceMs: number;
  readonly watchMs: number;
  readonly refusedRefundMs: number;
  readonly slowRefundMs: number;
  readonly createAttempts: number;
}

export const DEFAULT_TIMES: Times = {
  /** A provider call made at once has ended after this; if its outcome is not known by then, it is queried. */
  callGraceMs: 20_000,
  /** A device may begin to dispense for this long after a grant. */
  grantMs: 90_000,
  /** Nobody waits longer than this at a machine for what was paid: later it is refunded, not dispensed. */
  patienceMs: 300_000,
  /** A device that holds a grant and says nothing for this long after its deadline is reported to a person. */
  silenceMs: 3_600_000,
  /** Once more after the code expired a closed order is looked at: a payment may have slipped through. */
  watchMs: 120_000,
  /** Pause after a refund that the provider refuses, or closed without paying. */
  refusedRefundMs: 600_000,
  /**
   * A refund that is under way for longer is reported to a person. To a bank card it takes three working days, and
   * the longest holidays last nine.
   */
  slowRefundMs: 14 * 86_400_000,
  /** Tries to open a trade at a provider that does not answer. */
  createAttempts: 4,
};

/** A job that is due within this time may be in somebody's hands already. */
const JOB_SLACK_MS = 1_000;

/** Whether nothing would wake the order in time: there is no job, it has come, or it comes too late. */
export function isJobMissing({ wakeAtMs, jobAtMs }: Order, nowMs: number): boolean {
  if (wakeAtMs === undefined) return false;
  return jobAtMs === undefined || jobAtMs <= nowMs + JOB_SLACK_MS || jobAtMs > wakeAtMs;
}

/** What is still there of the payment: all that may be earned, or given back by us. */
export function restFen(order: Order): number {
  return order.paidFen - order.outsideFen;
}

/** Final for the device: it may forget the order. */
export function isResting(state: State): boolean {
  return RESTING_STATES.includes(state);
}

/** Somebody has to look at it again: it is not at rest, will be woken, or needs a person. */
export function isActive({ state, wakeAtMs, alarm }: Order): boolean {
  return wakeAtMs !== undefined || alarm !== '' || !isResting(state);
}

/** The number of the order's current refund at the provider; the same for every try of it. */
export function outRefundNo(order: Order): string {
  return `${order.outTradeNo}_R${order.refundNo}`;
}
