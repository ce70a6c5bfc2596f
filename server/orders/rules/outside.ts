/**
 * Rules of refunds that we did not make: the merchant gave money back at the provider's own desk, all of it or a
 * part, and the provider has confirmed number and amount (server/reconciliation). The ledger takes it from where
 * the money stood; what we earn or refund ourselves from then on is the rest.
 * Invariant: each refund is booked once, by its number, and never more than what is left of the payment.
 */
import { Reason } from '../../../src/protocol/codes';
import { refundedPastUs } from '../ledger';
import { restFen, type Order } from '../model';
import { allGivenBack } from './settlement';
import { alarmed, enter, step, type EventOf, type Rule, type Step } from './step';

type Outside = EventOf['refundedOutside'];

/** Known already, or more than is left: the first is no news, the second is for a person. */
function unbookable(order: Order, event: Outside): Step | undefined {
  if (order.outsideRefunds.includes(event.outRefundNo)) return step(order);
  return event.amountFen > restFen(order) ? step(alarmed(order, 'REFUNDED_OUTSIDE')) : undefined;
}

function withRefund(order: Order, event: Outside): Order {
  return {
    ...order,
    outsideFen: order.outsideFen + event.amountFen,
    outsideRefunds: [...order.outsideRefunds, event.outRefundNo],
  };
}

/** Books the refund from one account, and goes on as `proceed` says. */
function book(
  order: Order,
  event: Outside,
  from: 'held' | 'earned' | 'refunds',
  proceed: (after: Order) => Step,
): Step {
  const refused = unbookable(order, event);
  if (refused) return refused;
  const after = withRefund(order, event);
  return { ...proceed(after), entries: [refundedPastUs(order, from, event.amountFen)] };
}

/** Nothing may be dispensed for what was partly given back; a person, or the device, says what becomes of the rest. */
export const bookFromHeld: Rule<'refundedOutside'> = (order, event) =>
  book(order, event, 'held', (after) =>
    restFen(after) === 0
      ? allGivenBack(after, { reason: Reason.MerchantRefund })
      : step(enter(after, 'UNCERTAIN', { alarm: 'REFUNDED_OUTSIDE', reason: Reason.MerchantRefund }), {
          tell: order.state !== 'UNCERTAIN',
        }),
  );

/** The grant is out: the device's word is awaited all the same. */
export const bookFromGranted: Rule<'refundedOutside'> = (order, event) =>
  book(order, event, 'held', (after) => step(alarmed(after, 'REFUNDED_OUTSIDE')));

/** The merchant's own decision about goods that were delivered: nothing is left to say. */
export const bookFromEarned: Rule<'refundedOutside'> = (order, event) =>
  book(order, event, 'earned', (after) =>
    restFen(after) === 0
      ? allGivenBack(after, { reason: Reason.MerchantRefund })
      : step(after.alarm === 'REFUNDED_OUTSIDE' ? alarmed(after, '') : after),
  );

/**
 * Our own refund of the whole cannot have come through beside it, and never will: the rest is given back, and
 * another amount needs another number.
 */
export const bookFromRefunding: Rule<'refundedOutside'> = (order, event, { nowMs, times }) =>
  book(order, event, 'refunds', (after) =>
    restFen(after) === 0
      ? allGivenBack(after)
      : step(
          {
            ...after,
            attempt: 0,
            refundNo: after.refundNo + 1,
            alarm: '',
            wakeAtMs: nowMs + times.callGraceMs,
          },
          { act: true },
        ),
  );

/** It was never paid, or is given back already, as far as our books say. */
export const refuseOutside: Rule<'refundedOutside'> = (order, event) =>
  order.outsideRefunds.includes(event.outRefundNo) ? step(order) : step(alarmed(order, 'REFUNDED_OUTSIDE'));
