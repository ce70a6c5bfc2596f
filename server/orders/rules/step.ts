/**
 * What a rule of the order machine is, and what all rules share: entering states, raising alarms, the pauses
 * between tries, and the rules that change nothing.
 */
import { Reason } from '../../../src/protocol/codes';
import type { LedgerEntry } from '../ledger';
import type { Alarm, EventType, Order, OrderEvent, Policy, State, Times } from '../model';

export interface Context {
  readonly nowMs: number;
  readonly times: Times;
  readonly policy: Policy;
}

/** The outcome of one event. */
export interface Step {
  readonly order: Order;
  /** Ledger entries of the change. */
  readonly entries: readonly LedgerEntry[];
  /** The device must hear how the order stands. */
  readonly tell: boolean;
  /** The provider call that the new state asks for is to be made at once. */
  readonly act: boolean;
  /** Why the device's or the merchant's wish was not followed. */
  readonly refusal: Reason;
  /** A grant was given or renewed: it may be sent when this change is committed, and only then. */
  readonly granted: boolean;
}

/** Each event by its type. */
export type EventOf = { readonly [Type in EventType]: Extract<OrderEvent, { type: Type }> };

export type Rule<Type extends EventType = EventType> = (
  order: Order,
  event: EventOf[Type],
  context: Context,
) => Step;

const FIRST_RETRY_MS = 1_000;
/** Longest pause between tries of a call that was not answered. */
export const MAX_RETRY_MS = 60_000;
/** So many tries without an answer are worth a person's look. */
export const ALARM_ATTEMPTS = 10;

export function step(order: Order, more: Partial<Omit<Step, 'order'>> = {}): Step {
  return { order, entries: [], tell: false, act: false, refusal: Reason.None, granted: false, ...more };
}

/** Enters another state: tries start anew. */
export function enter(order: Order, state: State, change: Partial<Order>): Order {
  return { ...order, attempt: 0, wakeAtMs: undefined, ...change, state };
}

export function alarmed(order: Order, alarm: Alarm): Order {
  return { ...order, alarm };
}

/** Doubles from a second with each try. */
export function retryDelayMs(attempt: number, longestMs: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt, 20), longestMs);
}

/** Nothing to do. */
export const stay: Rule = (order) => step(order);

/** Nothing to do but to say how it stands. */
export const answer: Rule = (order) => step(order);

export const refuseBadState: Rule = (order) => step(order, { refusal: Reason.BadState });
export const refuseNotPaid: Rule = (order) => step(order, { refusal: Reason.NotPaid });

/** It is said of an order that never was paid that it was dispensed: nothing to refund, but worth a look. */
export const refuseUnpaidGoods: Rule = (order) =>
  step(alarmed(order, 'UNGRANTED'), { refusal: Reason.NotPaid });

/** A person has seen it. */
export const acknowledge: Rule = (order) => step(alarmed(order, ''));

/** The device speaks of a grant that was never given. */
export const noteUngranted: Rule = (order) => step(alarmed(order, 'UNGRANTED'));
