/** The second verification: each reason, and which comes first when several apply. */
import { clampTtlMs, DEFAULT_LIMITS, verifyOpening } from '../../../server/orders/verification';
import type { OpenFacts, OpenRequest } from '../../../server/orders/store';
import { IN_STATE, newOrder, NOW_MS } from '../support/orders';

const REQUEST: OpenRequest = {
  outTradeNo: 'CS000001_8',
  deviceId: 'CS000001',
  n: 8,
  channel: 'wechat',
  amountFen: 150,
  ttlMs: 300_000,
  reference: 'r7',
  goods: 'tea',
  session: 4,
  nowMs: NOW_MS,
};
const FACTS: OpenFacts = {
  device: { merchantId: 3, isEnabled: true, maxAmountFen: 400, session: 4 },
  merchant: { isEnabled: true, maxAmountFen: 500, maxOpenOrders: 10 },
  isChannelOn: true,
  sameNumber: undefined,
  sameReference: undefined,
  recentOrders: 0,
  openOrders: 0,
};

/** Faults in the documented order, with the number of each reason (docs/host-protocol.md). */
const FAULTS: [string, number, Partial<OpenFacts>, Partial<OpenRequest>][] = [
  ['unknown device', 32, { device: undefined }, {}],
  ['disabled device', 33, { device: { ...FACTS.device!, isEnabled: false } }, {}],
  ['disabled merchant', 33, { merchant: { ...FACTS.merchant, isEnabled: false } }, {}],
  ['channel off', 34, { isChannelOn: false }, {}],
  ['amount over the device’s limit', 35, {}, { amountFen: 401 }],
  ['reference of another purchase', 36, { sameReference: newOrder({ goods: 'cola' }) }, {}],
  ['too many in a minute', 37, { recentOrders: 30 }, {}],
  ['too many open', 38, { openOrders: 10 }, {}],
];

test('an order without fault is opened', () => {
  expect(verifyOpening(REQUEST, FACTS, DEFAULT_LIMITS)).toBe(0);
});

test.each(FAULTS)('%s is reason %d', (_what, reason, facts, request) => {
  expect(verifyOpening({ ...REQUEST, ...request }, { ...FACTS, ...facts }, DEFAULT_LIMITS)).toBe(reason);
});

test('of several faults the first of the list is given', () => {
  for (let first = 0; first < FAULTS.length; first++) {
    const reason = FAULTS[first]![1];
    const facts = FAULTS.slice(first)
      .reverse()
      .reduce((all, [, , more]) => ({ ...all, ...more }), FACTS);
    const request = FAULTS.slice(first).reduce((all, [, , , more]) => ({ ...all, ...more }), REQUEST);
    expect(verifyOpening(request, facts, DEFAULT_LIMITS)).toBe(reason);
  }
});

test.each([
  [0, 35],
  [1, 0],
  [400, 0],
  [401, 35],
])('an amount of %d fen: reason %d', (amountFen, reason) => {
  expect(verifyOpening({ ...REQUEST, amountFen }, FACTS, DEFAULT_LIMITS)).toBe(reason);
});

test('the merchant’s limit counts where it is the lower one', () => {
  const facts = { ...FACTS, merchant: { ...FACTS.merchant, maxAmountFen: 149 } };
  expect(verifyOpening(REQUEST, facts, DEFAULT_LIMITS)).toBe(35);
});

test('limits are reached at their number, not before', () => {
  expect(verifyOpening(REQUEST, { ...FACTS, recentOrders: 29, openOrders: 9 }, DEFAULT_LIMITS)).toBe(0);
});

test('a reference may come again for the same purchase only after the earlier one ended unpaid', () => {
  const reasons = Object.fromEntries(
    Object.entries(IN_STATE).map(([state, sameReference]) => [
      state,
      verifyOpening(REQUEST, { ...FACTS, sameReference }, DEFAULT_LIMITS),
    ]),
  );
  expect(reasons).toEqual({
    CREATED: 36,
    PREPAID: 36,
    PAID: 36,
    GRANTED: 36,
    DISPENSED: 36,
    CLOSING: 36,
    CLOSED: 0,
    REFUNDING: 36,
    REFUNDED: 36,
    REFUSED: 0,
    UNCERTAIN: 36,
  });
});

test.each([
  [0, 300_000],
  [1, 30_000],
  [60, 60_000],
  [65_535, 7_200_000],
])('a time to pay of %d s becomes %d ms', (ttlS, ttlMs) => {
  expect(clampTtlMs(ttlS, DEFAULT_LIMITS)).toBe(ttlMs);
});
