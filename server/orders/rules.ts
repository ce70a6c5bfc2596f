/**
 * What happens to an order when something happens: one small pure function a case, named after what it does.
 * Which one applies in which state is the table in order.ts. A rule gives the next order and what must happen
 * with it; numbers that count tries and times to wake are set here, everything else is left to the service.
 * Invariant: money moves in the ledger exactly where `state` crosses between unpaid, held, earned and refunded.
 */
import { Reason } from '../../src/protocol/codes';
import {
  goodsDelivered,
  paymentReceived,
  refundFromEarned,
  refundFromHeld,
  refundPaid,
  type LedgerLine,
} from './ledger';
import type { Alarm, EventType, Order, OrderEvent, Policy, State, Times } from './model';

export interface Context {
  readonly nowMs: number;
  readonly times: Times;
  readonly policy: Policy;
}

/** The outcome of one event. */
export interface Step {
  readonly order: Order;
  /** Ledger entries of the change; each sums to zero. */
  readonly lines: readonly LedgerLine[];
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
type EventOf = { readonly [Type in EventType]: Extract<OrderEvent, { type: Type }> };

export type Rule<Type extends EventType = EventType> = (
  order: Order,
  event: EventOf[Type],
  context: Context,
) => Step;

const QUICK_POLL_MS = 5_000;
const QUICK_POLLS = 12;
const SLOW_POLL_MS = 10_000;
const SLOW_POLLS = 36;
const LATE_POLL_MS = 30_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
const MAX_PENDING_MS = 3_600_000;
const REFUSED_REFUND_MS = 600_000;
/** So many tries without an answer are worth a person's look. */
const ALARM_ATTEMPTS = 10;

function step(order: Order, more: Partial<Omit<Step, 'order'>> = {}): Step {
  return { order, lines: [], tell: false, act: false, refusal: Reason.None, granted: false, ...more };
}

/** Enters another state: tries start anew. */
function enter(order: Order, state: State, change: Partial<Order>): Order {
  return { ...order, attempt: 0, wakeAtMs: undefined, ...change, state };
}

function alarmed(order: Order, alarm: Alarm): Order {
  return { ...order, alarm };
}

/** How long after the code was shown, and after each query, the next one is due. */
function pollDelayMs(attempt: number): number {
  if (attempt < QUICK_POLLS) return QUICK_POLL_MS;
  return attempt < SLOW_POLLS ? SLOW_POLL_MS : LATE_POLL_MS;
}

function retryDelayMs(attempt: number, longestMs: number): number {
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

// Opening the trade at the provider.

export const showCode: Rule<'created'> = (order, event, { nowMs }) =>
  step(
    enter(order, 'PREPAID', {
      codeUrl: event.codeUrl,
      wakeAtMs: Math.min(nowMs + pollDelayMs(0), order.expiresAtMs),
    }),
    { tell: true },
  );

/** Where no trade can have been opened, there is nothing to close. */
export const giveUpCreating: Rule<'createRefused'> = (order, event, context) =>
  event.isTradeOpen
    ? close(order, Reason.ProviderRefused, context)
    : step(enter(order, 'REFUSED', { reason: Reason.ProviderRefused }), { tell: true });

export const retryCreating: Rule<'createUnknown' | 'queryUnknown'> = (order, _event, context) => {
  const attempt = order.attempt + 1;
  if (attempt >= context.times.createAttempts) return close(order, Reason.ProviderDown, context);
  const wakeAtMs = Math.min(context.nowMs + retryDelayMs(attempt, MAX_RETRY_MS), order.expiresAtMs);
  return step({ ...order, attempt, wakeAtMs });
};

/** A trade opened after we had given it up must not stay payable. */
export const closeAgain: Rule<'created'> = (order, _event, context) => close(order, order.reason, context);

// Waiting for the payment.

export const pollAgain: Rule<'tradeOpen' | 'queryUnknown'> = (order, event, { nowMs }) => {
  const attempt = order.attempt + 1;
  const providerState = event.type === 'tradeOpen' ? event.providerState : order.providerState;
  const wakeAtMs = Math.min(nowMs + pollDelayMs(attempt), order.expiresAtMs);
  return step({ ...order, attempt, providerState, wakeAtMs });
};

export const takeProviderState: Rule<'tradeOpen'> = (order, event) =>
  step({ ...order, providerState: event.providerState });

export const expire: Rule = (order, _event, context) =>
  context.nowMs < order.expiresAtMs
    ? step(order)
    : close(order, order.state === 'CREATED' ? Reason.ProviderDown : Reason.Expired, context);

export const cancel: Rule = (order, _event, context) => close(order, Reason.HostCancelled, context);
export const closeUnlisted: Rule = (order, _event, context) => close(order, Reason.Withdrawn, context);

function close(order: Order, reason: Reason, { nowMs, times }: Context): Step {
  return step(enter(order, 'CLOSING', { reason, wakeAtMs: nowMs + times.callGraceMs }), { act: true });
}

export const retryClosing: Rule = (order, event, { nowMs }) => {
  const attempt = order.attempt + 1;
  const providerState = event.type === 'tradeOpen' ? event.providerState : order.providerState;
  const wakeAtMs = nowMs + retryDelayMs(attempt, MAX_RETRY_MS);
  return step({
    ...order,
    attempt,
    providerState,
    wakeAtMs,
    alarm: attempt >= ALARM_ATTEMPTS ? 'PROVIDER_SILENT' : order.alarm,
  });
};

/** Looked at once more when the code has expired: an unscanned Alipay code cannot be closed, only expire. */
export const finishClosing: Rule<'closed' | 'tradeClosed'> = (order, event, { nowMs, times }) =>
  step(
    enter(order, 'CLOSED', {
      reason: order.reason === Reason.None ? Reason.Expired : order.reason,
      providerState: event.type === 'tradeClosed' ? event.providerState : order.providerState,
      alarm: order.alarm === 'PROVIDER_SILENT' ? '' : order.alarm,
      wakeAtMs: Math.max(nowMs, order.expiresAtMs) + times.watchMs,
    }),
    { tell: true },
  );

/** Unpaid after the code expired: nothing can come any more. */
export const endWatch: Rule<'tradeOpen' | 'tradeClosed'> = (order, event, { nowMs }) =>
  step({
    ...order,
    providerState: event.providerState,
    wakeAtMs: nowMs < order.expiresAtMs ? order.wakeAtMs : undefined,
  });

export const watchAgain: Rule<'queryUnknown'> = (order, _event, { nowMs }) =>
  step({
    ...order,
    attempt: order.attempt + 1,
    wakeAtMs: nowMs + retryDelayMs(order.attempt + 1, MAX_PENDING_MS),
  });

// The payment.

function withPayment(order: Order, event: EventOf['paid'], nowMs: number): Order {
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
      lines: paymentReceived(paid),
      tell: true,
    },
  );
};

/** A notification may be wrong about the amount; the provider's own answer to a query is what counts. */
function wrongAmount(order: Order, event: EventOf['paid'], context: Context): Step {
  if (event.source === 'notification') {
    return step(
      { ...alarmed(order, 'WRONG_AMOUNT'), wakeAtMs: context.nowMs + QUICK_POLL_MS },
      { act: true },
    );
  }
  const paid = withPayment(order, event, context.nowMs);
  return step(enter(paid, 'UNCERTAIN', { reason: Reason.BadAmount, alarm: 'WRONG_AMOUNT' }), {
    lines: paymentReceived(paid),
    tell: true,
  });
}

/** Paid after it was closed: the device has forgotten it, so the money goes back. */
export const refundLatePayment: Rule<'paid'> = (order, event, context) => {
  if (event.amountFen !== order.amountFen) return wrongAmount(order, event, context);
  const paid = withPayment(order, event, context.nowMs);
  const refunding = startRefund(paid, Reason.TooLate, context);
  return { ...refunding, lines: [...paymentReceived(paid), ...refunding.lines], tell: false };
};

/** The same payment heard again changes nothing; another one for the same order is for a person. */
export const hearAgain: Rule<'paid'> = (order, event) =>
  event.transactionId === order.transactionId && event.amountFen === order.paidFen
    ? step(order)
    : step(alarmed(order, 'SECOND_PAYMENT'));

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
  const paid = {
    ...order,
    paidFen: order.amountFen,
    paidAtMs: context.nowMs,
    transactionId: event.transactionId,
  };
  return step(doubtful(paid), { lines: paymentReceived(paid), tell: true });
};

export const noteRefundedOutside: Rule<'tradeRefunded'> = (order, event) =>
  step({ ...alarmed(order, 'REFUNDED_OUTSIDE'), providerState: event.providerState });

// The grant.

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
 * may still be on its way and is left alone.
 */
function renewGrant(order: Order, session: number, context: Context): Step {
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

export const noteUngranted: Rule = (order) => step(alarmed(order, 'UNGRANTED'));

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

// How dispensing ended.

function deliver(order: Order, reason: Reason, { nowMs }: Context): Step {
  return step(enter(order, 'DISPENSED', { dispensedAtMs: nowMs, reason, alarm: '' }), {
    lines: goodsDelivered(order),
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

function doubt(order: Order, reason: Reason, context: Context): Step {
  if (context.policy.uncertain === 'refund') return startRefund(order, Reason.PolicyRefund, context);
  if (context.policy.uncertain === 'dispensed') return deliver(order, reason, context);
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

// The refund.

function enterRefunding(order: Order, reason: Reason, { nowMs, times }: Context): Order {
  const refundNo = order.refundNo + 1;
  return enter(order, 'REFUNDING', { reason, refundNo, alarm: '', wakeAtMs: nowMs + times.callGraceMs });
}

function startRefund(order: Order, reason: Reason, context: Context): Step {
  const refunding = enterRefunding(order, reason, context);
  return step(refunding, { lines: refundFromHeld(order), act: true, tell: true });
}

function refundEarned(order: Order, reason: Reason, context: Context): Step {
  const refunding = enterRefunding(order, reason, context);
  return step(refunding, { lines: refundFromEarned(order), act: true, tell: true });
}

export const refundHeld: Rule = (order, _event, context) =>
  startRefund(order, Reason.MerchantRefund, context);
export const refundDelivered: Rule = (order, _event, context) =>
  refundEarned(order, Reason.MerchantRefund, context);

/** A person decides for a device that has long been silent; not while its report may still be on its way. */
export const settleSilentDispensed: Rule = (order, _event, context) =>
  isSilent(order, context) ? deliver(order, Reason.None, context) : step(order, { refusal: Reason.BadState });

export const settleSilentRefund: Rule = (order, _event, context) =>
  isSilent(order, context)
    ? startRefund(order, Reason.MerchantRefund, context)
    : step(order, { refusal: Reason.BadState });

export const settleDispensed: Rule = (order, _event, context) => deliver(order, Reason.None, context);

/** Money in doubt was given back by hand. */
export const settleRefunded: Rule = (order) =>
  step(enter(order, 'REFUNDED', { reason: Reason.MerchantRefund, alarm: '' }), {
    lines: [...refundFromHeld(order), ...refundPaid(order)],
    tell: true,
  });

/** A refund that the provider will not make was given back by hand; not while ours may still succeed. */
export const settleStuckRefund: Rule = (order) =>
  order.alarm === 'REFUND_STUCK'
    ? step(enter(order, 'REFUNDED', { alarm: '' }), { lines: refundPaid(order), tell: true })
    : step(order, { refusal: Reason.BadState });

export const acknowledge: Rule = (order) => step(alarmed(order, ''));

export const finishRefund: Rule<'refundDone'> = (order, event) =>
  step(enter(order, 'REFUNDED', { refundState: event.providerState, alarm: '' }), {
    lines: refundPaid(order),
    tell: true,
  });

export const waitForRefund: Rule<'refundPending'> = (order, event, { nowMs }) => {
  const attempt = order.attempt + 1;
  const wakeAtMs = nowMs + retryDelayMs(attempt + 1, MAX_PENDING_MS);
  return step({ ...order, attempt, refundState: event.providerState, wakeAtMs });
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
export const retryRefusedRefund: Rule<'refundRefused'> = (order, event, { nowMs }) =>
  step({
    ...alarmed(order, 'REFUND_STUCK'),
    attempt: order.attempt + 1,
    refundState: event.code,
    wakeAtMs: nowMs + REFUSED_REFUND_MS,
  });

/** The provider closed that refund for good, so another one, with a number of its own, cannot pay twice. */
export const refundAnew: Rule<'refundClosed'> = (order, event, { nowMs }) =>
  step({
    ...alarmed(order, 'REFUND_STUCK'),
    attempt: 0,
    refundNo: order.refundNo + 1,
    refundState: event.providerState,
    wakeAtMs: nowMs + REFUSED_REFUND_MS,
  });
