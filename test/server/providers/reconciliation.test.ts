import fc from 'fast-check';
import { compareBill, RULES, type BillLine, type LedgerRow } from '../../../server/providers';
import { holds } from '../../support/random';

const line = (change: Partial<BillLine> = {}): BillLine => ({
  kind: 'payment',
  outTradeNo: 'CS000001_17',
  transactionId: 'T17',
  amountFen: 150,
  atMs: 0,
  providerState: 'SUCCESS',
  ...change,
});
const row = (change: Partial<LedgerRow> = {}): LedgerRow => ({
  kind: 'payment',
  outTradeNo: 'CS000001_17',
  transactionId: 'T17',
  amountFen: 150,
  isBooked: true,
  isOfDay: true,
  ...change,
});
const refundLine = (change: Partial<BillLine> = {}): BillLine =>
  line({ kind: 'refund', outRefundNo: 'r1', amountFen: 100, ...change });
const refundRow = (change: Partial<LedgerRow> = {}): LedgerRow =>
  row({ kind: 'refund', outRefundNo: 'r1', amountFen: 100, ...change });

const rows: [string, BillLine[], LedgerRow[], [string, string][]][] = [
  ['nothing on either side', [], [], []],
  ['a payment on both', [line()], [row()], []],
  ['a payment and its refund on both', [line(), refundLine()], [row(), refundRow()], []],
  [
    'a payment that the ledger knows without number',
    [line()],
    [row({ transactionId: undefined as never })],
    [],
  ],
  ['an order without a payment', [], [row({ isBooked: false })], []],
  ['a payment of the margin that only the ledger has', [], [row({ isOfDay: false })], []],
  ['a payment of the margin on both', [line()], [row({ isOfDay: false })], []],
  [
    'a payment that the ledger missed',
    [line()],
    [row({ isBooked: false })],
    [['PAYMENT_ONLY_IN_BILL', 'queryAndSettle']],
  ],
  ['a payment of an order that nobody knows', [line()], [], [['PAYMENT_OF_UNKNOWN_ORDER', 'person']]],
  ['a payment only in the ledger', [], [row()], [['PAYMENT_ONLY_IN_LEDGER', 'queryAgain']]],
  ['a payment of more', [line({ amountFen: 151 })], [row()], [['AMOUNT_DIFFERS', 'person']]],
  [
    'a payment of less for an order without a payment',
    [line({ amountFen: 1 })],
    [row({ isBooked: false })],
    [['PAYMENT_ONLY_IN_BILL', 'queryAndSettle']],
  ],
  [
    'a payment under another number',
    [line({ transactionId: 'T18' })],
    [row()],
    [['TRANSACTION_DIFFERS', 'person']],
  ],
  ['a payment twice', [line(), line()], [row()], [['DOUBLED_IN_BILL', 'person']]],
  [
    'a refund in the provider’s console',
    [line(), refundLine()],
    [row()],
    [['REFUND_ONLY_IN_BILL', 'bookRefund']],
  ],
  [
    'a refund that the ledger has begun',
    [refundLine()],
    [row({ isOfDay: false }), refundRow({ isBooked: false })],
    [['REFUND_ONLY_IN_BILL', 'bookRefund']],
  ],
  ['a refund of an order that nobody knows', [refundLine()], [], [['REFUND_OF_UNKNOWN_ORDER', 'person']]],
  ['a refund only in the ledger', [line()], [row(), refundRow()], [['REFUND_ONLY_IN_LEDGER', 'queryAgain']]],
  [
    'a refund of more',
    [line(), refundLine({ amountFen: 150 })],
    [row(), refundRow()],
    [['AMOUNT_DIFFERS', 'person']],
  ],
  [
    'two parts of a refund, one missing on each side',
    [line(), refundLine({ outRefundNo: 'r1' }), refundLine({ outRefundNo: 'r2', amountFen: 30 })],
    [row(), refundRow({ outRefundNo: 'r1' }), refundRow({ outRefundNo: 'r3', amountFen: 20 })],
    [
      ['REFUND_ONLY_IN_BILL', 'bookRefund'],
      ['REFUND_ONLY_IN_LEDGER', 'queryAgain'],
    ],
  ],
  [
    'numbers that run together',
    [refundLine({ outTradeNo: 'A_1', outRefundNo: '1' })],
    [refundRow({ outTradeNo: 'A_', outRefundNo: '11' })],
    [
      ['REFUND_OF_UNKNOWN_ORDER', 'person'],
      ['REFUND_ONLY_IN_LEDGER', 'queryAgain'],
    ],
  ],
];

test.each(rows)('%s', (_name, lines, ledger, expected) => {
  const differences = compareBill(lines, ledger);
  expect(differences.map(({ kind, rule }) => [kind, rule])).toEqual(expected);
});

test('a difference carries both sides and the numbers', () => {
  expect(compareBill([refundLine({ amountFen: 99 })], [refundRow()])).toEqual([
    {
      kind: 'AMOUNT_DIFFERS',
      rule: 'person',
      outTradeNo: 'CS000001_17',
      outRefundNo: 'r1',
      line: refundLine({ amountFen: 99 }),
      row: refundRow(),
    },
  ]);
});

describe('over any bill and ledger', () => {
  const entry = fc.record({
    kind: fc.constantFrom('payment' as const, 'refund' as const),
    outTradeNo: fc.constantFrom('a', 'b', 'c'),
    outRefundNo: fc.constantFrom('1', '2'),
    transactionId: fc.constantFrom('x', 'y'),
    amountFen: fc.integer({ min: 1, max: 2 }),
  });
  const strays = fc.array(
    entry.map((fields): BillLine => ({ ...fields, atMs: 0, providerState: '' })),
    { maxLength: 8 },
  );
  const ledger = fc.uniqueArray(
    fc
      .tuple(entry, fc.boolean(), fc.boolean())
      .map(([fields, isBooked, isOfDay]): LedgerRow => ({ ...fields, isBooked, isOfDay })),
    {
      maxLength: 8,
      selector: ({ kind, outTradeNo, outRefundNo }) =>
        kind + outTradeNo + (kind === 'refund' ? outRefundNo : ''),
    },
  );
  /** The ledger's own lines, some left out, and strays among them: two lists by chance alone never agree. */
  const both = fc
    .tuple(ledger, fc.array(fc.nat(7), { maxLength: 2 }), fc.oneof(fc.constant<BillLine[]>([]), strays))
    .map(([booked, left, more]): [BillLine[], LedgerRow[]] => {
      const own = booked.filter(({ isBooked }, index) => isBooked && !left.includes(index));
      return [
        [...own.map((fields) => line({ ...fields, transactionId: fields.transactionId! })), ...more],
        booked,
      ];
    });
  const isMatch = (left: BillLine, right: LedgerRow): boolean =>
    left.kind === right.kind &&
    left.outTradeNo === right.outTradeNo &&
    (left.kind === 'payment' || left.outRefundNo === right.outRefundNo);

  test('every line and every booked row of the day is matched or in exactly one difference', () => {
    holds(
      fc.property(both, ([bill, booked]) => {
        const differences = compareBill(bill, booked);
        for (const one of bill) {
          const named = differences.filter((difference) => difference.line === one).length;
          const isSound = booked.some(
            (other) =>
              isMatch(one, other) &&
              other.isBooked &&
              other.amountFen === one.amountFen &&
              other.transactionId === one.transactionId,
          );
          const isFirst =
            bill.findIndex(
              (other) => other.kind === one.kind && isMatch(other, { ...one, isBooked: true, isOfDay: true }),
            ) === bill.indexOf(one);
          if (named !== (isSound && isFirst ? 0 : 1)) return false;
        }
        return booked.every((one) => {
          const named = differences.filter((difference) => !difference.line && difference.row === one).length;
          const isMissing = one.isBooked && one.isOfDay && !bill.some((other) => isMatch(other, one));
          return named === (isMissing ? 1 : 0);
        });
      }),
      3000,
    );
  });

  test('no difference means that the sums agree', () => {
    holds(
      fc.property(both, ([bill, booked]) => {
        const ofDay = booked.map((one) => ({ ...one, isOfDay: true }));
        if (compareBill(bill, ofDay).length > 0) return true;
        const sum = (all: readonly { kind: string; amountFen: number }[]): number =>
          all.reduce((total, one) => total + (one.kind === 'payment' ? one.amountFen : -one.amountFen), 0);
        return sum(bill) === sum(ofDay.filter(({ isBooked }) => isBooked));
      }),
      3000,
    );
  });
});

test('there is one rule for each kind of difference', () => {
  expect(Object.keys(RULES)).toHaveLength(9);
});
