/**
 * Rules of the end: delivered, given back, in doubt, and what a person may decide.
 * Invariant: money moves in the ledger exactly where `state` crosses between held, earned and refunded.
 */
import { Reason } from '../../../src/protocol/codes';
import { goodsDelivered, refundFromEarned, refundFromHeld, refundPaid } from '../ledger';
import { restFen, type Order } from '../model';
import {
  ALARM_ATTEMPTS,
  alarmed,
  enter,
  MAX_RETRY_MS,
  noteUngranted,
  retryDelayMs,
  step,
  type Context,
  type Rule,
  type Step,
} from './step';

/** Pauses between questions about a refund that is under way: to a bank card it takes days. */
const MIN_PENDING_MS = 4_000;
const MAX_PENDING_MS = 3_600_000;

/** Nothing is left of the payment: it was given back past us, all of it. */
export function allGivenBack(order: Order, change: Partial<Order> = {}): Step {
  return step(enter(order, 'REFUNDED', { alarm: '', ...change }), { tell: true });
}

export function deliver(order: Order, reason: Reason, { nowMs }: Context): Step {
  if (restFen(order) === 0) return allGivenBack(order, { dispensedAtMs: nowMs, alarm: 'CONTRADICTION' });
  return step(enter(order, 'DISPENSED', { dispensedAtMs: nowMs, reason, alarm: '' }), {
    entries: [goodsDelivered(order)],
    tell: true,
  });
}

export const dispensed: Rule<'endDispensed'> = (order, event, context) =>
  deliver(order, event.reason, context);

/** It was dispensed without our grant: the goods are out and paid, but somebody must look. */
export const dispensedUngranted: Rule<'endDispensed'> = (order, event, context) => {
  const delivered = deliver(order, event.reason, context);
  return { ...delivered, order: alarmed(delivered.order, 'UNGRANTED') };
};

export const notDispensed: Rule<'endFailed' | 'back'> = (order, event, context) =>
  startRefund(order, event.reason, context);

export const applyPolicy: Rule<'endUncertain'> = (order, event, context) =>
  doubt(order, event.reason, context);

export function doubt(order: Order, reason: Reason, context: Context): Step {
  if (context.policy.uncertain === 'refund') return startRefund(order, Reason.PolicyRefund, context);
  if (context.policy.uncertain === 'dispensed') return deliver(order, reason, context);
  if (restFen(order) === 0) return allGivenBack(order, { reason });
  return step(enter(order, 'UNCERTAIN', { reason, alarm: 'PERSON_NEEDED' }), { tell: true });
}

/** The device's late answer settles it, unless it was the amount that is in doubt. */
export const resolveDispensed: Rule<'endDispensed'> = (order, event, context) =>
  order.paidFen === order.amountFen ? dispensed(order, event, context) : noteUngranted(order, event, context);

export const contradict: Rule = (order) => step(alarmed(order, 'CONTRADICTION'));

/** The host wants the money back for goods that it had reported as delivered. */
export const takeBack: Rule<'back' | 'endFailed'> = (order, event, context) =>
  context.nowMs < order.dispensedAtMs + context.policy.refundWindowMs
    ? refundEarned(order, event.reason, context)
    : step(order, { refusal: Reason.TooLate });

function enterRefunding(order: Order, reason: Reason, { nowMs, times }: Context): Order {
  const refundNo = order.refundNo + 1;
  return enter(order, 'REFUNDING', { reason, refundNo, alarm: '', wakeAtMs: nowMs + times.callGraceMs });
}

export function startRefund(order: Order, reason: Reason, context: Context): Step {
  if (restFen(order) === 0) return allGivenBack(order, { reason });
  const refunding = enterRefunding(order, reason, context);
  return step(refunding, { entries: [refundFromHeld(order)], act: true, tell: true });
}

function refundEarned(order: Order, reason: Reason, context: Context): Step {
  const refunding = enterRefunding(order, reason, context);
  return step(refunding, { entries: [refundFromEarned(order)], act: true, tell: true });
}

export const refundHeld: Rule = (order, _event, context) =>
  startRefund(order, Reason.MerchantRefund, context);
export const refundDelivered: Rule = (order, _event, context) =>
  refundEarned(order, Reason.MerchantRefund, context);

export const settleDispensed: Rule = (order, _event, context) => deliver(order, Reason.None, context);

/** Money in doubt was given back by hand. */
export const settleRefunded: Rule = (order) =>
  step(enter(order, 'REFUNDED', { reason: Reason.MerchantRefund, alarm: '' }), {
    entries: [refundFromHeld(order), refundPaid(order)],
    tell: true,
  });

/** A refund that the provider will not make was given back by hand; not while ours may still succeed. */
export const settleStuckRefund: Rule = (order) =>
  order.alarm === 'REFUND_STUCK'
    ? step(enter(order, 'REFUNDED', { alarm: '' }), { entries: [refundPaid(order)], tell: true })
    : step(order, { refusal: Reason.BadState });

export const finishRefund: Rule<'refundDone'> = (order, event) =>
  step(enter(order, 'REFUNDED', { refundState: event.providerState, alarm: '' }), {
    entries: [refundPaid(order)],
    tell: true,
  });

export const waitForRefund: Rule<'refundPending'> = (order, event, { nowMs, times }) => {
  // Tries that nobody answered do not count, and no pause is longer than the money has been on its way.
  const attempt = order.refundState === event.providerState ? order.attempt + 1 : 1;
  const underWayMs = event.sinceMs === undefined ? MAX_PENDING_MS : nowMs - event.sinceMs;
  const longestMs = Math.min(MAX_PENDING_MS, Math.max(MIN_PENDING_MS, underWayMs));
  const wakeAtMs = nowMs + retryDelayMs(attempt + 1, longestMs);
  const isSlow = event.sinceMs !== undefined && underWayMs >= times.slowRefundMs;
  // It is under way after all: nobody may take it for stuck any more, and give the money back a second time.
  const kept = order.alarm === 'REFUND_STUCK' ? '' : order.alarm;
  const alarm = isSlow ? 'REFUND_SLOW' : kept;
  return step({ ...order, attempt, alarm, refundState: event.providerState, wakeAtMs });
};

export const retryRefund: Rule<'refundUnknown'> = (order, _event, { nowMs }) => {
  const attempt = order.attempt + 1;
  return step({
    ...order,
    attempt,
    wakeAtMs: nowMs + retryDelayMs(attempt, MAX_RETRY_MS),
    alarm: attempt >= ALARM_ATTEMPTS ? 'REFUND_STUCK' : order.alarm,
  });
};

/** For example too little money on the merchant's account: tried again, with the same number. */
export const retryRefusedRefund: Rule<'refundRefused'> = (order, event, { nowMs, times }) =>
  step({
    ...alarmed(order, 'REFUND_STUCK'),
    attempt: order.attempt + 1,
    refundState: event.code,
    wakeAtMs: nowMs + times.refusedRefundMs,
  });

/** The provider closed that refund for good, so another one, with a number of its own, cannot pay twice. */
export const refundAnew: Rule<'refundClosed'> = (order, event, { nowMs, times }) =>
  step({
    ...alarmed(order, 'REFUND_STUCK'),
    attempt: 0,
    refundNo: order.refundNo + 1,
    refundState: event.providerState,
    wakeAtMs: nowMs + times.refusedRefundMs,
  });
