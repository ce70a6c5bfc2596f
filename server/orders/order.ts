/**
 * The server's order machine: a table that says for every event in every state which rule (rules.ts) applies.
 * Pure: no clock, no chance, no input or output. What a step asks for (ledger lines, a provider call, a word to
 * the device) is done by the service, in one transaction with the new state.
 * The table is docs/orders-server.md's; a test compares them. Source: the design, section 5.
 * Invariant: `checkOrder` holds before and after every step.
 */
import { Reason } from '../../src/protocol/codes';
import type { EventType, Order, OrderEvent, State } from './model';
import * as rules from './rules';
import type { Context, Rule, Step } from './rules';

type Row = { readonly [Type in EventType]: Rule<Type> };

const {
  stay,
  answer,
  refuseBadState,
  refuseNotPaid,
  refuseUnpaidGoods,
  noteUngranted,
  hearAgain,
  noteRefundedOutside,
  contradict,
} = rules;

/** What a state does with an event that it has no rule of its own for. */
const NOTHING: Row = {
  pay: answer,
  ask: answer,
  cancel: answer,
  got: stay,
  endDispensed: answer,
  endFailed: answer,
  endUncertain: answer,
  back: answer,
  listedUnpaid: answer,
  listedPaid: answer,
  unlisted: stay,
  offer: stay,
  created: stay,
  createRefused: stay,
  createUnknown: stay,
  paid: hearAgain,
  tradeOpen: stay,
  tradeClosed: stay,
  tradeRefunded: stay,
  queryUnknown: stay,
  closed: stay,
  closeUnknown: stay,
  refundDone: stay,
  refundedOutside: rules.refuseOutside,
  refundPending: stay,
  refundClosed: stay,
  refundRefused: stay,
  refundUnknown: stay,
  due: stay,
  refund: refuseBadState,
  settleDispensed: refuseBadState,
  settleRefund: refuseBadState,
  settleRefunded: refuseBadState,
  acknowledge: rules.acknowledge,
};

/** States before any money came. */
const UNPAID: Row = {
  ...NOTHING,
  got: noteUngranted,
  endDispensed: refuseUnpaidGoods,
  endUncertain: refuseUnpaidGoods,
  back: refuseNotPaid,
  listedPaid: noteUngranted,
  paid: rules.takePayment,
  tradeRefunded: rules.doubtRefunded,
  refund: refuseNotPaid,
  settleDispensed: refuseNotPaid,
  settleRefund: refuseNotPaid,
  settleRefunded: refuseNotPaid,
};

/** No payment is expected any more. */
const ENDED_UNPAID: Row = { ...UNPAID, created: rules.closeAgain, paid: rules.refundLatePayment };

export const MACHINE: { readonly [Name in State]: Row } = {
  CREATED: {
    ...UNPAID,
    cancel: rules.cancel,
    endFailed: rules.cancel,
    unlisted: rules.closeUnlisted,
    created: rules.showCode,
    createRefused: rules.giveUpCreating,
    createUnknown: rules.retryCreating,
    tradeOpen: rules.takeProviderState,
    tradeClosed: rules.finishClosing,
    queryUnknown: rules.retryCreating,
    due: rules.expire,
  },
  PREPAID: {
    ...UNPAID,
    cancel: rules.cancel,
    endFailed: rules.cancel,
    unlisted: rules.closeUnlisted,
    tradeOpen: rules.pollAgain,
    tradeClosed: rules.finishClosing,
    queryUnknown: rules.pollAgain,
    due: rules.expire,
  },
  CLOSING: {
    ...UNPAID,
    created: rules.closeAgain,
    tradeOpen: rules.takeProviderState,
    tradeClosed: rules.finishClosing,
    queryUnknown: rules.retryClosing,
    closed: rules.finishClosing,
    closeUnknown: rules.retryClosing,
  },
  CLOSED: {
    ...ENDED_UNPAID,
    tradeOpen: rules.endWatch,
    tradeClosed: rules.endWatch,
    queryUnknown: rules.watchAgain,
  },
  REFUSED: {
    ...ENDED_UNPAID,
    tradeOpen: rules.endWatch,
    tradeClosed: rules.endWatch,
    queryUnknown: rules.watchAgain,
  },
  PAID: {
    ...NOTHING,
    got: noteUngranted,
    endDispensed: rules.dispensedUngranted,
    endFailed: rules.notDispensed,
    endUncertain: rules.applyPolicy,
    back: rules.notDispensed,
    listedUnpaid: rules.grant,
    listedPaid: noteUngranted,
    unlisted: rules.refundUnlisted,
    offer: rules.grant,
    tradeRefunded: rules.doubtRefunded,
    due: rules.withdraw,
    refund: rules.refundHeld,
    settleRefund: rules.refundHeld,
    refundedOutside: rules.bookFromHeld,
  },
  GRANTED: {
    ...NOTHING,
    got: rules.noteReceived,
    endDispensed: rules.dispensed,
    endFailed: rules.notDispensed,
    endUncertain: rules.applyPolicy,
    back: rules.notDispensed,
    listedUnpaid: rules.grantAgain,
    listedPaid: rules.noteReceived,
    unlisted: rules.doubtUnlisted,
    offer: rules.grantLost,
    tradeRefunded: noteRefundedOutside,
    due: rules.reportSilence,
    settleDispensed: rules.settleSilentDispensed,
    settleRefund: rules.settleSilentRefund,
    refundedOutside: rules.bookFromGranted,
  },
  DISPENSED: {
    ...NOTHING,
    endFailed: rules.takeBack,
    back: rules.takeBack,
    tradeRefunded: noteRefundedOutside,
    refund: rules.refundDelivered,
    settleRefund: rules.refundDelivered,
    refundedOutside: rules.bookFromEarned,
  },
  UNCERTAIN: {
    ...NOTHING,
    endDispensed: rules.resolveDispensed,
    endFailed: rules.notDispensed,
    back: rules.notDispensed,
    tradeRefunded: noteRefundedOutside,
    refund: rules.refundHeld,
    settleDispensed: rules.settleDispensed,
    settleRefund: rules.refundHeld,
    settleRefunded: rules.settleRefunded,
    refundedOutside: rules.bookFromHeld,
  },
  REFUNDING: {
    ...NOTHING,
    endDispensed: contradict,
    refundDone: rules.finishRefund,
    refundPending: rules.waitForRefund,
    refundClosed: rules.refundAnew,
    refundRefused: rules.retryRefusedRefund,
    refundUnknown: rules.retryRefund,
    settleRefunded: rules.settleStuckRefund,
    refundedOutside: rules.bookFromRefunding,
  },
  REFUNDED: {
    ...NOTHING,
    endDispensed: contradict,
  },
};

/** Applies one event. Total: defined for every event in every state. */
export function applyEvent(order: Order, event: OrderEvent, context: Context): Step {
  const rule = MACHINE[order.state][event.type] as Rule;
  const step = rule(order, event as never, context);
  checkOrder(step.order);
  return step;
}

/** The provider call that an order waits for; `due`: none, but its time for waiting may be over. */
export type Task = 'create' | 'query' | 'close' | 'refund' | 'due' | 'none';

/** What has to be done for the order when its time to wake has come, or at once when a step said `act`. */
export function taskOf(order: Order, nowMs: number): Task {
  switch (order.state) {
    case 'CREATED':
      return nowMs < order.expiresAtMs ? 'create' : 'due';
    case 'PREPAID':
      return nowMs < order.expiresAtMs ? 'query' : 'due';
    case 'CLOSING':
      return 'close';
    case 'CLOSED':
    case 'REFUSED':
      return 'query';
    case 'REFUNDING':
      return 'refund';
    case 'PAID':
    case 'GRANTED':
      return 'due';
    default:
      return 'none';
  }
}

const PAID_STATES: readonly State[] = ['PAID', 'GRANTED', 'DISPENSED', 'REFUNDING', 'REFUNDED', 'UNCERTAIN'];
/** There must be something left of the payment in these. */
const NEEDS_REST: readonly State[] = ['PAID', 'DISPENSED', 'REFUNDING', 'UNCERTAIN'];
/** Something has to happen by itself in these, or an order would be forgotten. */
const WAKING_STATES: readonly State[] = ['CREATED', 'PREPAID', 'CLOSING', 'PAID', 'REFUNDING'];

/** @throws Error when the order contradicts itself: our own mistake, so nothing of the step may be kept. */
export function checkOrder(order: Order): void {
  const isPaid = PAID_STATES.includes(order.state);
  const rightAmount = order.paidFen === order.amountFen;
  const broken =
    (isPaid !== order.paidFen > 0 && 'paid and unpaid at once') ||
    ((order.outsideFen < 0 || order.outsideFen > order.paidFen) && 'given back more than paid') ||
    (order.outsideFen === order.paidFen && NEEDS_REST.includes(order.state) && 'about nothing') ||
    (order.state === 'GRANTED' && !rightAmount && 'granted for a wrong amount') ||
    (order.state === 'GRANTED' && order.grantDeadlineMs <= 0 && 'granted without a deadline') ||
    (order.state === 'PREPAID' && order.codeUrl === '' && 'payable without a code') ||
    (order.state === 'REFUNDING' && order.refundNo < 1 && 'refunding without a number') ||
    (order.state === 'REFUSED' && order.reason === Reason.None && 'refused without a reason') ||
    (WAKING_STATES.includes(order.state) && order.wakeAtMs === undefined && 'waiting for nothing');
  if (broken) throw new Error(`ORDER: ${order.outTradeNo} ${order.state} is ${broken}`);
}
