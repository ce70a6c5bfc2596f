/**
 * The money laws as properties over random stories of an order. A shadow model, which shares nothing with the
 * machine but its events, remembers what was paid, granted and given back, and judges every step.
 */
import * as fc from 'fast-check';
import { applyEvent, taskOf } from '../../../server/orders/order';
import type { Order, OrderEvent, State } from '../../../server/orders/model';
import type { Context, Step } from '../../../server/orders/rules';
import { CONTEXT, EVENTS, newOrder, NOW_MS } from '../support/orders';

const AMOUNT_FEN = 150;

interface Happening {
  readonly event: OrderEvent;
  readonly afterMs: number;
}

const text = fc.constantFrom('', 'stuck', '"; drop table orders; --');
const session = fc.integer({ min: 1, max: 6 });
const reason = fc.integer({ min: 0, max: 60 });
const report = (type: 'endDispensed' | 'endFailed' | 'endUncertain' | 'back'): fc.Arbitrary<OrderEvent> =>
  fc.record({ type: fc.constant(type), reason, text }) as fc.Arbitrary<OrderEvent>;

const paid: fc.Arbitrary<OrderEvent> = fc.record({
  type: fc.constant('paid' as const),
  source: fc.constantFrom('query' as const, 'notification' as const),
  providerState: fc.constant('SUCCESS'),
  transactionId: fc.constantFrom('T1', 'T1', 'T1', 'T2'),
  amountFen: fc.constantFrom(AMOUNT_FEN, AMOUNT_FEN, AMOUNT_FEN, 1, 151),
  paidAtMs: fc.integer({ min: NOW_MS - 1_000_000, max: NOW_MS + 10_000_000 }),
});

const outside: fc.Arbitrary<OrderEvent> = fc.record({
  type: fc.constant('refundedOutside' as const),
  outRefundNo: fc.constantFrom('d1', 'd2', 'd3'),
  amountFen: fc.constantFrom(1, 50, 100, 149, AMOUNT_FEN, 151),
  providerState: fc.constant('SUCCESS'),
  atMs: fc.constant(NOW_MS),
});

const plain = fc.constantFrom<OrderEvent>(...Object.values(EVENTS));
const anyEvent: fc.Arbitrary<OrderEvent> = fc.oneof(
  { weight: 6, arbitrary: plain },
  { weight: 3, arbitrary: paid },
  { weight: 2, arbitrary: outside },
  { weight: 1, arbitrary: report('endDispensed') },
  { weight: 1, arbitrary: report('endFailed') },
  { weight: 1, arbitrary: report('endUncertain') },
  { weight: 1, arbitrary: report('back') },
  { weight: 2, arbitrary: session.map((number) => ({ ...EVENTS.offer, session: number })) },
  { weight: 1, arbitrary: session.map((number) => ({ ...EVENTS.listedUnpaid, session: number })) },
  { weight: 1, arbitrary: session.map((number) => ({ ...EVENTS.unlisted, session: number })) },
);
const story: fc.Arbitrary<Happening[]> = fc.array(
  fc.record({
    event: anyEvent,
    afterMs: fc.oneof(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 0, max: 8_000_000 })),
  }),
  { maxLength: 60 },
);
const anyPolicy = fc.constantFrom('refund' as const, 'dispensed' as const, 'person' as const);

const UNPAID: readonly State[] = ['CREATED', 'PREPAID', 'CLOSING', 'CLOSED', 'REFUSED'];

/** What the world knows, told by events and steps alone. */
class Shadow {
  rightPayment = false;
  refunds = 0;
  outsideFen = 0;
  readonly outsideNumbers = new Set<string>();
  lastGrantSession = 0;
  readonly sums = new Map<string, number>();

  judge(before: Order, event: OrderEvent, step: Step, nowMs: number): void {
    const after = step.order;
    if (event.type === 'paid' && event.amountFen === AMOUNT_FEN) this.rightPayment = true;
    for (const { debit, credit, amountFen } of step.entries) {
      this.sums.set(debit, (this.sums.get(debit) ?? 0) + amountFen);
      this.sums.set(credit, (this.sums.get(credit) ?? 0) - amountFen);
    }
    if (event.type === 'refundedOutside' && step.entries.length > 0) {
      expect(this.outsideNumbers.has(event.outRefundNo)).toBe(false);
      this.outsideNumbers.add(event.outRefundNo);
      this.outsideFen += event.amountFen;
    }
    if (step.granted) this.judgeGrant(event, after, nowMs);
    this.judgeRefund(before, event, after, nowMs);
    this.judgeBooks(after);
    expect(UNPAID.includes(after.state) && !UNPAID.includes(before.state)).toBe(false);
    if (before.paidFen > 0) expect(after.paidFen).toBe(before.paidFen);
    expect([after.outTradeNo, after.amountFen, after.channel]).toEqual(['CS000001_7', AMOUNT_FEN, 'wechat']);
  }

  /** L2: only for a payment of the right amount, in time, never after money began to go back, never twice a session. */
  private judgeGrant(event: OrderEvent, after: Order, nowMs: number): void {
    expect(this.rightPayment).toBe(true);
    expect(this.refunds).toBe(0);
    expect(after.paidFen).toBe(AMOUNT_FEN);
    expect(['offer', 'listedUnpaid']).toContain(event.type);
    expect(after.grantSession).toBeGreaterThan(this.lastGrantSession);
    expect(after.grantDeadlineMs).toBeGreaterThan(nowMs);
    expect(after.grantDeadlineMs).toBeLessThanOrEqual(nowMs + 90_000);
    this.lastGrantSession = after.grantSession;
  }

  /** L3: a granted order is refunded only on the device's word, or a person's after an hour of silence. */
  private judgeRefund(before: Order, event: OrderEvent, after: Order, nowMs: number): void {
    const starts = after.state === 'REFUNDING' && before.state !== 'REFUNDING';
    if (starts && before.state === 'GRANTED') {
      const words = ['endFailed', 'endUncertain', 'back', 'unlisted', 'listedUnpaid', 'offer'];
      const isSilent = nowMs >= before.grantDeadlineMs + 3_600_000;
      expect(words.includes(event.type) || (event.type === 'settleRefund' && isSilent)).toBe(true);
    }
    if (starts && before.state === 'DISPENSED') {
      expect(['back', 'endFailed', 'refund', 'settleRefund']).toContain(event.type);
    }
    if (starts) this.refunds += 1;
    expect(this.refunds).toBeLessThanOrEqual(1);
    if (before.state === 'REFUNDED') expect(after.state).toBe('REFUNDED');
    if (after.refundNo > before.refundNo)
      expect(starts || ['refundClosed', 'refundedOutside'].includes(event.type)).toBe(true);
  }

  /** What went back past us is booked once a number, never more than was paid, and never left in a state that earns. */
  private judgeOutside(after: Order): void {
    expect(after.outsideFen).toBe(this.outsideFen);
    expect(this.outsideFen).toBeLessThanOrEqual(after.paidFen);
    if (after.paidFen > 0 && this.outsideFen === after.paidFen)
      expect(['GRANTED', 'REFUNDED']).toContain(after.state);
  }

  /** L4: the books say exactly what the state says. */
  private judgeBooks(after: Order): void {
    const sum = (account: string): number => this.sums.get(account) ?? 0;
    const books = [sum('3/clearing/wechat'), sum('3/held'), sum('3/earned'), sum('3/refunds')];
    this.judgeOutside(after);
    const fen = after.paidFen - this.outsideFen;
    const expected: Readonly<Record<string, number[]>> = {
      PAID: [fen, -fen, 0, 0],
      GRANTED: [fen, -fen, 0, 0],
      UNCERTAIN: [fen, -fen, 0, 0],
      DISPENSED: [fen, 0, -fen, 0],
      REFUNDING: [fen, 0, 0, -fen],
      REFUNDED: [0, 0, 0, 0],
    };
    expect(books.map((value) => value + 0)).toEqual(
      (expected[after.state] ?? [0, 0, 0, 0]).map((value) => value + 0),
    );
  }
}

function play(
  happenings: readonly Happening[],
  uncertain: Context['policy']['uncertain'],
): { order: Order; nowMs: number } {
  const shadow = new Shadow();
  let order = newOrder();
  let nowMs = NOW_MS;
  for (const { event, afterMs } of happenings) {
    nowMs += afterMs;
    const step = applyEvent(order, event, { ...CONTEXT, nowMs, policy: { ...CONTEXT.policy, uncertain } });
    shadow.judge(order, event, step, nowMs);
    order = step.order;
  }
  return { order, nowMs };
}

test('no story breaks a money law', () => {
  fc.assert(
    fc.property(story, anyPolicy, (happenings, uncertain) => void play(happenings, uncertain)),
    { numRuns: 3_000 },
  );
});

/** What a willing provider, device and person answer. */
const WILLING: Readonly<Partial<Record<State, OrderEvent>>> = {
  PAID: EVENTS.offer,
  GRANTED: EVENTS.endDispensed,
  UNCERTAIN: EVENTS.settleDispensed,
};
const WILLING_PROVIDER = {
  create: EVENTS.created,
  query: EVENTS.tradeOpen,
  close: EVENTS.closed,
  refund: EVENTS.refundDone,
  due: EVENTS.due,
} as const;

test('after any story an order comes to rest in a few steps once all are willing', () => {
  fc.assert(
    fc.property(story, anyPolicy, (happenings, uncertain) => {
      let { order, nowMs } = play(happenings, uncertain);
      const resting: readonly State[] = ['DISPENSED', 'CLOSED', 'REFUNDED', 'REFUSED'];
      for (let count = 0; !resting.includes(order.state) && count < 100; count++) {
        const answer = WILLING[order.state];
        if (!answer) {
          expect(order.wakeAtMs).toBeDefined();
          nowMs = Math.max(nowMs, order.wakeAtMs!);
        }
        const task = taskOf(order, nowMs);
        const event = answer ?? WILLING_PROVIDER[task as keyof typeof WILLING_PROVIDER];
        order = applyEvent(order, event, {
          ...CONTEXT,
          nowMs,
          policy: { ...CONTEXT.policy, uncertain },
        }).order;
      }
      expect(resting).toContain(order.state);
    }),
    { numRuns: 2_000 },
  );
});
