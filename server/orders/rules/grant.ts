/**
 * Rules of the grant: given to a living session in time, given again where the old one can no longer arrive,
 * withdrawn where none was sent. Source: the design, section 5.
 * Invariant: a grant that may still arrive, or has arrived, is never taken back by us alone.
 */
import { Reason } from '../../../src/protocol/codes';
import { restFen, type Order } from '../model';
import { allGivenBack, deliver, doubt, startRefund } from './settlement';
import { alarmed, enter, step, type Context, type Rule, type Step } from './step';

/** Nobody waits at the machine any more. */
function isTooLate(order: Order, { nowMs, times }: Context): boolean {
  return nowMs >= order.paidAtMs + times.patienceMs;
}

function giveGrant(order: Order, session: number, { nowMs, times }: Context): Step {
  const grantDeadlineMs = Math.min(nowMs + times.grantMs, order.paidAtMs + times.patienceMs);
  return step(
    enter(order, 'GRANTED', {
      grantDeadlineMs,
      grantSession: session,
      grantCount: order.grantCount + 1,
      isGrantReceived: false,
      wakeAtMs: grantDeadlineMs + times.silenceMs,
    }),
    { granted: true },
  );
}

export const grant: Rule<'offer' | 'listedUnpaid'> = (order, event, context) =>
  isTooLate(order, context)
    ? startRefund(order, Reason.Withdrawn, context)
    : giveGrant(order, event.session, context);

/**
 * The device is on a new session and has not got the grant of an older one: it says so in `hi`, and what it has
 * got, `hi` has told. It can no longer arrive, so it may be given again, or taken back. A grant of this session
 * may still be on its way and is left alone. For money that has gone back past us nothing is granted.
 */
function renewGrant(order: Order, session: number, context: Context): Step {
  if (restFen(order) === 0) return allGivenBack(order, { reason: Reason.MerchantRefund });
  return isTooLate(order, context)
    ? startRefund(order, Reason.GrantLapsed, context)
    : giveGrant(order, session, context);
}

export const grantLost: Rule<'offer'> = (order, event, context) =>
  event.session <= order.grantSession || order.isGrantReceived
    ? step(order)
    : renewGrant(order, event.session, context);

/** A device that had the grant in its journal and lists the order as unpaid has lost what came after. */
export const grantAgain: Rule<'listedUnpaid'> = (order, event, context) => {
  if (event.session <= order.grantSession) return step(order);
  return order.isGrantReceived
    ? doubt(order, Reason.Storage, context)
    : renewGrant(order, event.session, context);
};

export const noteReceived: Rule<'got' | 'listedPaid'> = (order) => step({ ...order, isGrantReceived: true });

export const withdraw: Rule = (order, _event, context) =>
  isTooLate(order, context) ? startRefund(order, Reason.Withdrawn, context) : step(order);

/** The device waits for a grant that was never sent, but does not know the order any more. */
export const refundUnlisted: Rule<'unlisted'> = (order, _event, context) =>
  startRefund(order, Reason.UnknownOrder, context);

/** It held a grant and has forgotten it: nobody can tell whether the goods came out. */
export const doubtUnlisted: Rule<'unlisted'> = (order, event, context) =>
  event.session <= order.grantSession ? step(order) : doubt(order, Reason.UnknownOrder, context);

function isSilent(order: Order, { nowMs, times }: Context): boolean {
  return nowMs >= order.grantDeadlineMs + times.silenceMs;
}

export const reportSilence: Rule = (order, _event, context) =>
  isSilent(order, context) ? step({ ...alarmed(order, 'DEVICE_SILENT'), wakeAtMs: undefined }) : step(order);

/** A person decides for a device that has long been silent; not while its report may still be on its way. */
export const settleSilentDispensed: Rule = (order, _event, context) =>
  isSilent(order, context) ? deliver(order, Reason.None, context) : step(order, { refusal: Reason.BadState });

export const settleSilentRefund: Rule = (order, _event, context) =>
  isSilent(order, context)
    ? startRefund(order, Reason.MerchantRefund, context)
    : step(order, { refusal: Reason.BadState });
