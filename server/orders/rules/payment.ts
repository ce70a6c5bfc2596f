/**
 * Rules of the payment: what counts as one, and what becomes of any other news of money from the provider.
 * Invariant: only the right amount makes an order PAID.
 */
import { Reason } from '../../../src/protocol/codes';
import { paymentReceived } from '../ledger';
import type { Order } from '../model';
import { startRefund } from './settlement';
import { alarmed, enter, step, type Context, type EventOf, type Rule, type Step } from './step';

/** A notification with a wrong amount is checked by a query after this at the latest. */
const CHECK_MS = 5_000;

function withPayment(order: Order, event: EventOf['paid' | 'tradeRefunded'], nowMs: number): Order {
  return {
    ...order,
    providerState: event.providerState,
    transactionId: event.transactionId,
    paidFen: event.amountFen,
    paidAtMs: Math.min(event.paidAtMs, nowMs),
  };
}

/** Exactly the right amount makes it PAID, whatever state it was in before; any other never does. */
export const takePayment: Rule<'paid'> = (order, event, context) => {
  if (event.amountFen !== order.amountFen) return wrongAmount(order, event, context);
  const paid = withPayment(order, event, context.nowMs);
  return step(
    enter(paid, 'PAID', { reason: Reason.None, wakeAtMs: paid.paidAtMs + context.times.patienceMs }),
    {
      entries: [paymentReceived(paid)],
      tell: true,
    },
  );
};

/** A notification may be wrong about the amount; the provider's own answer to a query is what counts. */
function wrongAmount(order: Order, event: EventOf['paid'], context: Context): Step {
  if (event.source === 'notification') {
    return step({ ...alarmed(order, 'WRONG_AMOUNT'), wakeAtMs: context.nowMs + CHECK_MS }, { act: true });
  }
  const paid = withPayment(order, event, context.nowMs);
  return step(enter(paid, 'UNCERTAIN', { reason: Reason.BadAmount, alarm: 'WRONG_AMOUNT' }), {
    entries: [paymentReceived(paid)],
    tell: true,
  });
}

/** Paid after it was closed: the device has forgotten it, so the money goes back. */
export const refundLatePayment: Rule<'paid'> = (order, event, context) => {
  if (event.amountFen !== order.amountFen) return wrongAmount(order, event, context);
  const paid = withPayment(order, event, context.nowMs);
  const refunding = startRefund(paid, Reason.TooLate, context);
  return { ...refunding, entries: [paymentReceived(paid), ...refunding.entries], tell: false };
};

/**
 * The same payment heard again changes nothing, and with another amount it is a wrong report of it. Another payment
 * for the same order is for a person as well.
 */
export const hearAgain: Rule<'paid'> = (order, event) => {
  if (event.transactionId !== order.transactionId) return step(alarmed(order, 'SECOND_PAYMENT'));
  return step(event.amountFen === order.paidFen ? order : alarmed(order, 'WRONG_AMOUNT'));
};

/**
 * Somebody gave the money back at the provider's own desk, all of it or a part (WeChat does not tell which):
 * nothing may be dispensed for it, and a person must say what it was.
 */
export const doubtRefunded: Rule<'tradeRefunded'> = (order, event, context) => {
  const doubtful = (from: Order): Order =>
    enter(from, 'UNCERTAIN', {
      providerState: event.providerState,
      reason: Reason.MerchantRefund,
      alarm: 'REFUNDED_OUTSIDE',
    });
  if (order.paidFen > 0) return step(doubtful(order), { tell: true });
  const paid = withPayment(order, event, context.nowMs);
  return step(doubtful(paid), { entries: [paymentReceived(paid)], tell: true });
};

/** No news when the refund is booked already; how much it was, the daily bill tells. */
export const noteRefundedOutside: Rule<'tradeRefunded'> = (order, event) =>
  step({
    ...(order.outsideFen > 0 ? order : alarmed(order, 'REFUNDED_OUTSIDE')),
    providerState: event.providerState,
  });
