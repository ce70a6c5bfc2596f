/** The order machine case by case: what each rule decides, with the figures of docs/orders-server.md. */
import { applyEvent, MACHINE, taskOf } from '../../../server/orders/order';
import { EVENT_TYPES, STATES, type Order, type OrderEvent, type State } from '../../../server/orders/model';
import type { Context, Step } from '../../../server/orders/rules';
import { CONTEXT, EVENTS, IN_STATE, NOW_MS } from '../support/orders';

function act(
  state: State,
  event: OrderEvent,
  change: Partial<Order> = {},
  context: Partial<Context> = {},
): Step {
  return applyEvent({ ...IN_STATE[state], ...change }, event, { ...CONTEXT, ...context });
}

const at = (nowMs: number): Partial<Context> => ({ nowMs });
const policy = (uncertain: 'refund' | 'dispensed' | 'person'): Partial<Context> => ({
  policy: { ...CONTEXT.policy, uncertain },
});

test('every event in every state has an outcome, and leaves a sound order', () => {
  for (const state of STATES) {
    for (const type of EVENT_TYPES) {
      expect(MACHINE[state][type]).toBeDefined();
      expect(STATES).toContain(applyEvent(IN_STATE[state], EVENTS[type], CONTEXT).order.state);
    }
  }
});

describe('opening and closing', () => {
  test('a code is shown to the device and polled for 5 s later', () => {
    const step = act('CREATED', EVENTS.created);
    expect(step.order).toMatchObject({ state: 'PREPAID', wakeAtMs: NOW_MS + 5_000 });
    expect(step.tell).toBe(true);
  });

  test('queries come every 5 s for a minute, then every 10 s, then every 30 s, never after the code', () => {
    const delays = [0, 11, 12, 34, 35, 60].map(
      (attempt) =>
        act('PREPAID', EVENTS.tradeOpen, { attempt, expiresAtMs: NOW_MS + 1e7 }).order.wakeAtMs! - NOW_MS,
    );
    expect(delays).toEqual([5_000, 10_000, 10_000, 10_000, 30_000, 30_000]);
    const last = act('PREPAID', EVENTS.tradeOpen, { expiresAtMs: NOW_MS + 1_234 });
    expect(last.order.wakeAtMs).toBe(NOW_MS + 1_234);
  });

  test('a create without an answer is tried again, and closed after four', () => {
    expect(act('CREATED', EVENTS.createUnknown).order).toMatchObject({ state: 'CREATED', attempt: 1 });
    expect(act('CREATED', EVENTS.createUnknown, { attempt: 3 }).order).toMatchObject({
      state: 'CLOSING',
      reason: 40,
    });
  });

  test('a refused create is REFUSED, unless an earlier try may have opened the trade', () => {
    expect(act('CREATED', EVENTS.createRefused).order).toMatchObject({ state: 'REFUSED', reason: 39 });
    const unsure = act('CREATED', { ...EVENTS.createRefused, isTradeOpen: true });
    expect(unsure).toMatchObject({ order: { state: 'CLOSING', reason: 39 }, act: true });
  });

  test('an order does not expire early', () => {
    expect(act('PREPAID', EVENTS.due).order.state).toBe('PREPAID');
    expect(act('PREPAID', EVENTS.due, {}, at(NOW_MS + 300_000))).toMatchObject({
      order: { state: 'CLOSING', reason: 41 },
      act: true,
    });
  });

  test('what was opened after it was given up is closed again', () => {
    for (const state of ['CLOSING', 'CLOSED', 'REFUSED'] as const) {
      expect(act(state, EVENTS.created)).toMatchObject({ order: { state: 'CLOSING' }, act: true });
    }
  });

  test('a closed order is looked at once more when the code has expired', () => {
    expect(act('CLOSING', EVENTS.closed).order.wakeAtMs).toBe(NOW_MS + 420_000);
    expect(act('CLOSED', EVENTS.tradeOpen, {}, at(NOW_MS + 420_000)).order.wakeAtMs).toBeUndefined();
  });
});

describe('payment', () => {
  test.each(['CREATED', 'PREPAID', 'CLOSING'] as const)('the right amount makes %s PAID', (state) => {
    const step = act(state, EVENTS.paid);
    expect(step.order).toMatchObject({ state: 'PAID', paidFen: 150, paidAtMs: NOW_MS - 1_000 });
    expect(step.entries).toEqual([{ debit: '3/clearing/wechat', credit: '3/held', amountFen: 150 }]);
    expect(step.tell).toBe(true);
  });

  test.each(['CREATED', 'PREPAID', 'CLOSING', 'CLOSED', 'REFUSED'] as const)(
    'a wrong amount never makes %s PAID',
    (state) => {
      for (const amountFen of [149, 151, 1, 15_000]) {
        const heard = act(state, { ...EVENTS.paid, source: 'notification', amountFen });
        expect(heard.order).toMatchObject({
          state,
          paidFen: 0,
          alarm: 'WRONG_AMOUNT',
          wakeAtMs: NOW_MS + 5_000,
        });
        expect(heard.entries).toEqual([]);
        const seen = act(state, { ...EVENTS.paid, amountFen });
        expect(seen.order).toMatchObject({ state: 'UNCERTAIN', paidFen: amountFen, alarm: 'WRONG_AMOUNT' });
      }
    },
  );

  test.each(['CLOSED', 'REFUSED'] as const)('a payment after %s is refunded, not granted', (state) => {
    const step = act(state, EVENTS.paid);
    expect(step).toMatchObject({
      order: { state: 'REFUNDING', reason: 46, refundNo: 1 },
      act: true,
      tell: false,
    });
    expect(step.entries).toEqual([
      { debit: '3/clearing/wechat', credit: '3/held', amountFen: 150 },
      { debit: '3/held', credit: '3/refunds', amountFen: 150 },
    ]);
  });

  test.each(['PAID', 'GRANTED', 'DISPENSED', 'UNCERTAIN', 'REFUNDING', 'REFUNDED'] as const)(
    'the same payment again leaves %s as it is, another one raises the alarm',
    (state) => {
      expect(act(state, EVENTS.paid).order).toEqual(IN_STATE[state]);
      const other = act(state, { ...EVENTS.paid, transactionId: 'T2' });
      expect(other.order).toEqual({ ...IN_STATE[state], alarm: 'SECOND_PAYMENT' });
      expect(other.entries).toEqual([]);
      const wrong = act(state, { ...EVENTS.paid, amountFen: EVENTS.paid.amountFen + 1 });
      expect(wrong.order).toEqual({ ...IN_STATE[state], alarm: 'WRONG_AMOUNT' });
      expect(wrong.entries).toEqual([]);
    },
  );

  test.each(['PREPAID', 'PAID', 'CLOSED'] as const)(
    'money given back outside makes %s a case for a person',
    (state) => {
      expect(act(state, EVENTS.tradeRefunded)).toMatchObject({
        order: { state: 'UNCERTAIN', alarm: 'REFUNDED_OUTSIDE' },
        granted: false,
      });
    },
  );
});

describe('the grant', () => {
  test('is given for 90 s to the session that asks', () => {
    const step = act('PAID', EVENTS.offer);
    expect(step.order).toMatchObject({ state: 'GRANTED', grantSession: 5, grantCount: 1 });
    expect(step.order.grantDeadlineMs).toBe(NOW_MS + 90_000);
    expect(step.granted).toBe(true);
  });

  test('never reaches beyond the time for which a customer waits', () => {
    expect(act('PAID', EVENTS.offer, { paidAtMs: NOW_MS - 270_000 }).order.grantDeadlineMs).toBe(
      NOW_MS + 30_000,
    );
  });

  test('is not given when that time is over: the money goes back', () => {
    for (const event of [EVENTS.offer, EVENTS.listedUnpaid, EVENTS.due]) {
      const step = act('PAID', event, { paidAtMs: NOW_MS - 300_000 });
      expect(step).toMatchObject({ order: { state: 'REFUNDING', reason: 42 }, granted: false, act: true });
    }
  });

  test('is given again only to a newer session whose device has not got it', () => {
    expect(act('GRANTED', EVENTS.listedUnpaid)).toMatchObject({
      order: { state: 'GRANTED', grantSession: 5, grantCount: 2, grantDeadlineMs: NOW_MS + 90_000 },
      granted: true,
    });
    expect(act('GRANTED', { ...EVENTS.listedUnpaid, session: 4 })).toMatchObject({
      order: IN_STATE.GRANTED,
      granted: false,
    });
    expect(act('GRANTED', { ...EVENTS.offer, session: 4 }).granted).toBe(false);
    expect(act('GRANTED', EVENTS.offer).granted).toBe(true);
    expect(act('GRANTED', EVENTS.offer, { isGrantReceived: true }).granted).toBe(false);
  });

  test('that a device never got is taken back when it is too late', () => {
    const step = act('GRANTED', EVENTS.listedUnpaid, { paidAtMs: NOW_MS - 300_000 });
    expect(step).toMatchObject({ order: { state: 'REFUNDING', reason: 25 }, granted: false });
  });

  test('that a device had and has forgotten is in doubt', () => {
    expect(act('GRANTED', EVENTS.listedUnpaid, { isGrantReceived: true }).order.state).toBe('UNCERTAIN');
    expect(act('GRANTED', EVENTS.unlisted).order.state).toBe('UNCERTAIN');
    expect(act('GRANTED', { ...EVENTS.unlisted, session: 4 }).order).toEqual(IN_STATE.GRANTED);
  });

  test('holds against time, refunds and persons until the device has been silent for an hour', () => {
    for (const event of [
      EVENTS.due,
      EVENTS.refund,
      EVENTS.settleRefund,
      EVENTS.settleDispensed,
      EVENTS.cancel,
    ]) {
      const step = act('GRANTED', event, {}, at(NOW_MS + 90_000 + 3_599_999));
      expect(step.order).toMatchObject({ state: 'GRANTED', alarm: '' });
    }
    const later = at(NOW_MS + 90_000 + 3_600_000);
    expect(act('GRANTED', EVENTS.due, {}, later).order).toMatchObject({
      state: 'GRANTED',
      alarm: 'DEVICE_SILENT',
    });
    expect(act('GRANTED', EVENTS.refund, {}, later).order.state).toBe('GRANTED');
    expect(act('GRANTED', EVENTS.settleRefund, {}, later).order.state).toBe('REFUNDING');
    expect(act('GRANTED', EVENTS.settleDispensed, {}, later).order.state).toBe('DISPENSED');
  });
});

describe('the end', () => {
  test('of a grant is what the device reports', () => {
    expect(act('GRANTED', EVENTS.endDispensed)).toMatchObject({ order: { state: 'DISPENSED' }, tell: true });
    expect(act('GRANTED', EVENTS.endFailed).order).toMatchObject({ state: 'REFUNDING', reason: 24 });
    expect(act('GRANTED', EVENTS.back).order).toMatchObject({ state: 'REFUNDING', reason: 28 });
  });

  test('that nobody knows follows the merchant’s policy', () => {
    expect(act('GRANTED', EVENTS.endUncertain, {}, policy('refund')).order).toMatchObject({
      state: 'REFUNDING',
      reason: 47,
    });
    expect(act('GRANTED', EVENTS.endUncertain, {}, policy('dispensed')).order.state).toBe('DISPENSED');
    expect(act('GRANTED', EVENTS.endUncertain, {}, policy('person')).order).toMatchObject({
      state: 'UNCERTAIN',
      alarm: 'PERSON_NEEDED',
    });
  });

  test('in doubt is settled by the host’s late answer, or by a person', () => {
    expect(act('UNCERTAIN', EVENTS.endDispensed).order).toMatchObject({ state: 'DISPENSED', alarm: '' });
    expect(act('UNCERTAIN', EVENTS.endFailed).order.state).toBe('REFUNDING');
    expect(act('UNCERTAIN', EVENTS.settleDispensed).order.state).toBe('DISPENSED');
    expect(act('UNCERTAIN', EVENTS.settleRefund).order.state).toBe('REFUNDING');
    expect(act('UNCERTAIN', EVENTS.settleRefunded).order.state).toBe('REFUNDED');
  });

  test('reported for an order that never was paid changes nothing and raises the alarm', () => {
    for (const state of ['CREATED', 'PREPAID', 'CLOSING', 'CLOSED', 'REFUSED'] as const) {
      expect(act(state, EVENTS.endDispensed)).toMatchObject({
        order: { state, alarm: 'UNGRANTED' },
        refusal: 45,
        entries: [],
      });
    }
  });

  test('reported without a grant is taken, and raises the alarm', () => {
    expect(act('PAID', EVENTS.endDispensed).order).toMatchObject({ state: 'DISPENSED', alarm: 'UNGRANTED' });
  });

  test('dispensed after the money went back is a contradiction for a person', () => {
    for (const state of ['REFUNDING', 'REFUNDED'] as const) {
      expect(act(state, EVENTS.endDispensed).order).toEqual({ ...IN_STATE[state], alarm: 'CONTRADICTION' });
    }
  });

  test('may be taken back by the host within the window only', () => {
    const last = act('DISPENSED', EVENTS.back, { dispensedAtMs: NOW_MS - 86_399_999 });
    expect(last.order.state).toBe('REFUNDING');
    expect(last.entries).toEqual([{ debit: '3/earned', credit: '3/refunds', amountFen: 150 }]);
    const late = act('DISPENSED', EVENTS.back, { dispensedAtMs: NOW_MS - 86_400_000 });
    expect(late).toMatchObject({ order: { state: 'DISPENSED' }, refusal: 46 });
  });
});

describe('refunds', () => {
  test('keep their number until the provider has closed it for good', () => {
    expect(act('REFUNDING', EVENTS.refundUnknown).order.refundNo).toBe(1);
    expect(act('REFUNDING', EVENTS.refundRefused).order).toMatchObject({
      refundNo: 1,
      alarm: 'REFUND_STUCK',
    });
    expect(act('REFUNDING', EVENTS.refundPending).order.refundNo).toBe(1);
    expect(act('REFUNDING', EVENTS.refundClosed).order).toMatchObject({ refundNo: 2, state: 'REFUNDING' });
  });

  test('under way are asked about after 4 s, then twice as long each time, an hour at the most', () => {
    const pause = (change: Partial<Order>, sinceMs?: number): number => {
      const event = { ...EVENTS.refundPending, ...(sinceMs !== undefined && { sinceMs }) } as OrderEvent;
      return act('REFUNDING', event, change).order.wakeAtMs! - NOW_MS;
    };
    const { providerState: refundState } = EVENTS.refundPending as { providerState: string };
    expect(pause({ refundState: '' })).toBe(4_000);
    expect([1, 2, 3, 9, 10, 30].map((attempt) => pause({ refundState, attempt }))).toEqual([
      8_000, 16_000, 32_000, 2_048_000, 3_600_000, 3_600_000,
    ]);
    // However often nobody answered before, or in between.
    expect(pause({ refundState: '', attempt: 9 }, NOW_MS - 300_000)).toBe(4_000);
    expect(pause({ refundState, attempt: 9 }, NOW_MS - 300_000)).toBe(300_000);
    expect(pause({ refundState, attempt: 9 }, NOW_MS - 1_000)).toBe(4_000);
  });

  test('end when the provider has paid back, and only then', () => {
    expect(act('REFUNDING', EVENTS.refundDone)).toMatchObject({ order: { state: 'REFUNDED' }, tell: true });
    for (const state of STATES.filter((each) => each !== 'REFUNDING')) {
      expect(act(state, EVENTS.refundDone).order).toEqual(IN_STATE[state]);
    }
  });

  test('can be settled by hand only when they are stuck', () => {
    expect(act('REFUNDING', EVENTS.settleRefunded)).toMatchObject({
      order: { state: 'REFUNDING' },
      refusal: 15,
    });
    expect(act('REFUNDING', EVENTS.settleRefunded, { alarm: 'REFUND_STUCK' }).order.state).toBe('REFUNDED');
  });

  test('by the merchant are made from PAID, DISPENSED and UNCERTAIN', () => {
    const states = STATES.filter((state) => act(state, EVENTS.refund).order.state === 'REFUNDING');
    expect(states.sort()).toEqual(['DISPENSED', 'PAID', 'REFUNDING', 'UNCERTAIN']);
    expect(act('REFUNDING', EVENTS.refund)).toMatchObject({ refusal: 15, entries: [] });
  });
});

test('each state has the provider call that it waits for', () => {
  const tasks = Object.fromEntries(STATES.map((state) => [state, taskOf(IN_STATE[state], NOW_MS)]));
  expect(tasks).toEqual({
    CREATED: 'create',
    PREPAID: 'query',
    PAID: 'due',
    GRANTED: 'due',
    DISPENSED: 'none',
    CLOSING: 'close',
    CLOSED: 'query',
    REFUNDING: 'refund',
    REFUNDED: 'none',
    REFUSED: 'query',
    UNCERTAIN: 'none',
  });
  expect(taskOf(IN_STATE.PREPAID, NOW_MS + 300_000)).toBe('due');
});

test('a step that would break an order throws, so that nothing of it is kept', () => {
  const broken: Order = { ...IN_STATE.GRANTED, paidFen: 149 };
  expect(() => applyEvent(broken, EVENTS.ask, CONTEXT)).toThrow('granted for a wrong amount');
});

describe('all of the money of a grant given back at the provider’s own desk', () => {
  const ALL_BACK = { outsideFen: 150, outsideRefunds: ['d1'], alarm: 'REFUNDED_OUTSIDE' } as const;
  const newer = (event: OrderEvent): OrderEvent => ({ ...event, session: 5 }) as OrderEvent;

  test.each(['refund', 'dispensed', 'person'] as const)(
    'ends the order when the device has forgotten it, whatever the policy (%s)',
    (uncertain) => {
      const step = act('GRANTED', newer(EVENTS.unlisted), ALL_BACK, policy(uncertain));
      expect(step).toMatchObject({ order: { state: 'REFUNDED', wakeAtMs: undefined }, entries: [] });
    },
  );

  test('ends it when nobody can tell what became of the goods', () => {
    const step = act('GRANTED', EVENTS.endUncertain, ALL_BACK);
    expect(step).toMatchObject({ order: { state: 'REFUNDED' }, entries: [] });
  });

  test.each(['offer', 'listedUnpaid'] as const)('is not granted for again (%s)', (type) => {
    const step = act('GRANTED', newer(EVENTS[type]), ALL_BACK);
    expect(step).toMatchObject({ order: { state: 'REFUNDED', reason: 43, grantCount: 1 }, granted: false });
  });
});
