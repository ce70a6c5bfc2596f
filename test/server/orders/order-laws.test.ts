/**
 * The money laws as properties over random stories of an order. A shadow model, which shares nothing with the
 * machine but its events, remembers what was paid, granted and given back, and judges every step.
 */
import * as fc from 'fast-check';
import { applyEvent, taskOf } from '../../../server/orders/order';
import type { Order, OrderEvent, State } from '../../../server/orders/model';
import type { Context, Step } from '../../../server/orders/rules';
import { CONTEXT, EVENTS, newOrder, NOW_MS } from '../support/orders';
import { holds } from '../../support/random';

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
const happening = fc.record({
  event: anyEvent,
  afterMs: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 30_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 8_000_000 }) },
  ),
});
/** Most stories begin with a part of the usual one: of those by chance alone, one in fifty sees a grant. */
const USUAL = [EVENTS.created, EVENTS.paid, { ...EVENTS.offer, session: 1 }, EVENTS.got, EVENTS.endDispensed];
const story: fc.Arbitrary<Happening[]> = fc
  .tuple(fc.nat(USUAL.length), fc.array(happening, { maxLength: 60 }))
  .map(([count, more]) => [...USUAL.slice(0, count).map((event) => ({ event, afterMs: 1_000 })), ...more]);
const anyPolicy = fc.constantFrom('refund' as const, 'dispensed' as const, 'person' as const);

const UNPAID: readonly State[] = ['CREATED', 'PREPAID', 'CLOSING', 'CLOSED', 'REFUSED'];

/** As `expect(left).toBe(right)`, which costs more than the step that it judges, and there are a million of them. */
function same(law: string, left: unknown, right: unknown): void {
  if (left !== right) throw new Error(`${law}: ${String(left)}, not ${String(right)}`);
}

function must(law: string, isKept: boolean): void {
  if (!isKept) throw new Error(law);
}

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
      must('one booking a number', !this.outsideNumbers.has(event.outRefundNo));
      this.outsideNumbers.add(event.outRefundNo);
      this.outsideFen += event.amountFen;
    }
    if (step.granted) this.judgeGrant(event, after, nowMs);
    this.judgeRefund(before, event, after, nowMs);
    this.judgeBooks(after);
    must('paid stays paid', !UNPAID.includes(after.state) || UNPAID.includes(before.state));
    if (before.paidFen > 0) same('what was paid', after.paidFen, before.paidFen);
    same('the order', `${after.outTradeNo} ${after.amountFen} ${after.channel}`, 'CS000001_7 150 wechat');
  }

  /** L2: only for a payment of the right amount, in time, never after money began to go back, never twice a session. */
  private judgeGrant(event: OrderEvent, after: Order, nowMs: number): void {
    must('a grant is paid for', this.rightPayment);
    same('refunds before a grant', this.refunds, 0);
    same('paid for a grant', after.paidFen, AMOUNT_FEN);
    must('a grant is asked for', event.type === 'offer' || event.type === 'listedUnpaid');
    must('one grant a session', after.grantSession > this.lastGrantSession);
    must('a grant is in time', after.grantDeadlineMs > nowMs && after.grantDeadlineMs <= nowMs + 90_000);
    this.lastGrantSession = after.grantSession;
  }

  /** L3: a granted order is refunded only on the device's word, or a person's after an hour of silence. */
  private judgeRefund(before: Order, event: OrderEvent, after: Order, nowMs: number): void {
    const starts = after.state === 'REFUNDING' && before.state !== 'REFUNDING';
    if (starts && before.state === 'GRANTED') {
      const words = ['endFailed', 'endUncertain', 'back', 'unlisted', 'listedUnpaid', 'offer'];
      const isSilent = nowMs >= before.grantDeadlineMs + 3_600_000;
      const isPersons = event.type === 'settleRefund' && isSilent;
      must('a granted order is refunded on a word', words.includes(event.type) || isPersons);
    }
    if (starts && before.state === 'DISPENSED') {
      const words = ['back', 'endFailed', 'refund', 'settleRefund'];
      must('a delivered order is refunded on a word', words.includes(event.type));
    }
    if (starts) this.refunds += 1;
    must('given back once', this.refunds <= 1);
    if (before.state === 'REFUNDED') same('a refund is the end', after.state, 'REFUNDED');
    if (after.refundNo > before.refundNo)
      must('a new refund number', starts || ['refundClosed', 'refundedOutside'].includes(event.type));
  }

  /** What went back past us is booked once a number, never more than was paid, and never left in a state that earns. */
  private judgeOutside(after: Order): void {
    same('gone back past us', after.outsideFen, this.outsideFen);
    must('no more goes back than was paid', this.outsideFen <= after.paidFen);
    if (after.paidFen > 0 && this.outsideFen === after.paidFen)
      must('what has gone back earns nothing', after.state === 'GRANTED' || after.state === 'REFUNDED');
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
    (expected[after.state] ?? [0, 0, 0, 0]).forEach((value, at) => {
      same(`books in ${after.state}, account ${at}`, books[at]! + 0, value + 0);
    });
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
  holds(
    fc.property(story, anyPolicy, (happenings, uncertain) => void play(happenings, uncertain)),
    15_000,
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
  holds(
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
    10_000,
  );
});
