/** Orders and events for tests of the machine and the stores. */
import {
  type EventType,
  type Order,
  type OrderEvent,
  type State,
  UNTOUCHED,
} from '../../../server/orders/model';
import type { Context } from '../../../server/orders/rules';
import type { EventRecord, OpenRequest } from '../../../server/orders/store';

export const NOW_MS = 1_767_225_600_000;

export const CONTEXT: Context = {
  nowMs: NOW_MS,
  times: {
    callGraceMs: 20_000,
    grantMs: 90_000,
    patienceMs: 300_000,
    silenceMs: 3_600_000,
    watchMs: 120_000,
    refusedRefundMs: 600_000,
    slowRefundMs: 1_209_600_000,
    createAttempts: 4,
  },
  policy: { uncertain: 'person', refundWindowMs: 86_400_000 },
};

/** An order as `open` makes it. */
export function newOrder(change: Partial<Order> = {}): Order {
  return {
    outTradeNo: 'CS000001_7',
    deviceId: 'CS000001',
    n: 7,
    merchantId: 3,
    channel: 'wechat',
    amountFen: 150,
    reference: 'r7',
    goods: 'tea',
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 300_000,
    state: 'CREATED',
    reason: 0,
    ...UNTOUCHED,
    wakeAtMs: NOW_MS + 20_000,
    jobAtMs: NOW_MS + 20_000,
    version: 1,
    ...change,
  };
}

/** What a device asks for: its order `n`. */
export function request(change: Partial<OpenRequest> = {}): OpenRequest {
  const n = change.n ?? 7;
  const deviceId = change.deviceId ?? 'CS000001';
  return {
    outTradeNo: `${deviceId}_${n}`,
    deviceId,
    n,
    channel: 'wechat',
    amountFen: 150,
    ttlMs: 300_000,
    reference: `r${n}`,
    goods: 'tea',
    session: 4,
    nowMs: NOW_MS,
    ...change,
  };
}

/** A line of the event log. */
export function record(change: Partial<EventRecord> = {}): EventRecord {
  return {
    atMs: NOW_MS,
    cause: 'device',
    type: 'open',
    detail: {},
    fromState: '',
    toState: 'CREATED',
    entries: [],
    ...change,
  };
}

const PAID: Partial<Order> = {
  codeUrl: 'weixin://wxpay/bizpayurl?pr=1',
  paidFen: 150,
  paidAtMs: NOW_MS - 1_000,
  transactionId: 'T1',
  providerState: 'SUCCESS',
};
const GRANTED: Partial<Order> = {
  ...PAID,
  grantDeadlineMs: NOW_MS + 90_000,
  grantSession: 4,
  grantCount: 1,
};

/** A sound order in each state. */
export const IN_STATE: Readonly<Record<State, Order>> = {
  CREATED: newOrder(),
  PREPAID: newOrder({ state: 'PREPAID', codeUrl: PAID.codeUrl!, wakeAtMs: NOW_MS + 5_000 }),
  CLOSING: newOrder({ state: 'CLOSING', reason: 23 }),
  CLOSED: newOrder({ state: 'CLOSED', reason: 41, wakeAtMs: NOW_MS + 420_000 }),
  REFUSED: newOrder({ state: 'REFUSED', reason: 39, wakeAtMs: undefined }),
  PAID: newOrder({ ...PAID, state: 'PAID', wakeAtMs: NOW_MS + 299_000 }),
  GRANTED: newOrder({ ...GRANTED, state: 'GRANTED', wakeAtMs: NOW_MS + 3_690_000 }),
  DISPENSED: newOrder({ ...GRANTED, state: 'DISPENSED', dispensedAtMs: NOW_MS - 500, wakeAtMs: undefined }),
  UNCERTAIN: newOrder({
    ...GRANTED,
    state: 'UNCERTAIN',
    reason: 26,
    alarm: 'PERSON_NEEDED',
    wakeAtMs: undefined,
  }),
  REFUNDING: newOrder({ ...GRANTED, state: 'REFUNDING', reason: 24, refundNo: 1 }),
  REFUNDED: newOrder({ ...GRANTED, state: 'REFUNDED', reason: 24, refundNo: 1, wakeAtMs: undefined }),
};

/** An event of each type, as it usually comes. */
export const EVENTS: { readonly [Type in EventType]: Extract<OrderEvent, { type: Type }> } = {
  pay: { type: 'pay' },
  ask: { type: 'ask' },
  cancel: { type: 'cancel' },
  got: { type: 'got' },
  endDispensed: { type: 'endDispensed', reason: 0, text: '' },
  endFailed: { type: 'endFailed', reason: 24, text: 'empty' },
  endUncertain: { type: 'endUncertain', reason: 26, text: '' },
  back: { type: 'back', reason: 28, text: '' },
  listedUnpaid: { type: 'listedUnpaid', session: 5, deviceState: 3 },
  listedPaid: { type: 'listedPaid', session: 5, deviceState: 6 },
  unlisted: { type: 'unlisted', session: 5 },
  offer: { type: 'offer', session: 5 },
  created: { type: 'created', codeUrl: 'weixin://wxpay/bizpayurl?pr=2' },
  createRefused: { type: 'createRefused', code: 'PARAMETERS_REFUSED', isTradeOpen: false },
  createUnknown: { type: 'createUnknown', code: 'TIMEOUT' },
  paid: {
    type: 'paid',
    source: 'query',
    providerState: 'SUCCESS',
    transactionId: 'T1',
    amountFen: 150,
    paidAtMs: NOW_MS - 1_000,
  },
  tradeOpen: { type: 'tradeOpen', providerState: 'NOTPAY', exists: true },
  tradeClosed: { type: 'tradeClosed', providerState: 'CLOSED' },
  tradeRefunded: {
    type: 'tradeRefunded',
    providerState: 'REFUND',
    transactionId: 'T1',
    amountFen: 150,
    paidAtMs: NOW_MS - 1_000,
  },
  queryUnknown: { type: 'queryUnknown', code: 'TIMEOUT' },
  closed: { type: 'closed' },
  closeUnknown: { type: 'closeUnknown', code: 'TIMEOUT' },
  refundDone: { type: 'refundDone', providerState: 'SUCCESS' },
  refundedOutside: {
    type: 'refundedOutside',
    outRefundNo: 'desk-1',
    amountFen: 50,
    providerState: 'SUCCESS',
    atMs: NOW_MS - 500,
  },
  refundPending: { type: 'refundPending', providerState: 'PROCESSING' },
  refundClosed: { type: 'refundClosed', providerState: 'CLOSED' },
  refundRefused: { type: 'refundRefused', code: 'BALANCE_NOT_ENOUGH' },
  refundUnknown: { type: 'refundUnknown', code: 'TIMEOUT' },
  due: { type: 'due' },
  refund: { type: 'refund' },
  settleDispensed: { type: 'settleDispensed' },
  settleRefund: { type: 'settleRefund' },
  settleRefunded: { type: 'settleRefunded' },
  acknowledge: { type: 'acknowledge' },
};
