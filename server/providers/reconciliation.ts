/**
 * Compares a provider's daily bill with the ledger: the pure part. Every line of the bill and every row of the
 * ledger is either matched or in exactly one difference, and each kind of difference has one rule: what the
 * caller does about it by itself, or that a person decides (design section 4: L3, L4).
 * The caller gives the ledger's rows of the day, a margin of rows around it, and orders that have no payment
 * booked (`isBooked` false), because a payment that only the bill has belongs to one of those.
 */
import type { BillLine } from './provider';

/** A payment or refund in the ledger, or an order without one (`isBooked` false, kind payment). */
export interface LedgerRow {
  readonly kind: 'payment' | 'refund';
  readonly outTradeNo: string;
  /** For refunds. */
  readonly outRefundNo?: string;
  readonly transactionId?: string;
  /** Whole fen, of the payment or of this refund; of an order without payment, what it is to cost. */
  readonly amountFen: number;
  /** Whether the ledger counts the money as moved. */
  readonly isBooked: boolean;
  /** Whether it falls on the bill's day by the ledger's time; rows of the margin are matched but never missed. */
  readonly isOfDay: boolean;
}

/**
 * queryAndSettle: ask the provider about the order; when it says paid, book it and deliver or refund.
 * bookRefund: the merchant refunded in the provider's own console; book it after asking the provider.
 * queryAgain: ask the provider; midnight and late entries explain most, the rest goes to a person.
 * person: nothing is done without a decision.
 */
export type Rule = 'queryAndSettle' | 'bookRefund' | 'queryAgain' | 'person';

export type DifferenceKind =
  | 'PAYMENT_ONLY_IN_BILL'
  | 'PAYMENT_OF_UNKNOWN_ORDER'
  | 'REFUND_ONLY_IN_BILL'
  | 'REFUND_OF_UNKNOWN_ORDER'
  | 'AMOUNT_DIFFERS'
  | 'TRANSACTION_DIFFERS'
  | 'DOUBLED_IN_BILL'
  | 'PAYMENT_ONLY_IN_LEDGER'
  | 'REFUND_ONLY_IN_LEDGER';

/** What is done about each kind. */
export const RULES: Readonly<Record<DifferenceKind, Rule>> = {
  PAYMENT_ONLY_IN_BILL: 'queryAndSettle',
  // Another shop on the same merchant number, or an order that we lost: not ours to give back unseen.
  PAYMENT_OF_UNKNOWN_ORDER: 'person',
  REFUND_ONLY_IN_BILL: 'bookRefund',
  REFUND_OF_UNKNOWN_ORDER: 'person',
  AMOUNT_DIFFERS: 'person',
  TRANSACTION_DIFFERS: 'person',
  DOUBLED_IN_BILL: 'person',
  PAYMENT_ONLY_IN_LEDGER: 'queryAgain',
  REFUND_ONLY_IN_LEDGER: 'queryAgain',
};

export interface Difference {
  readonly kind: DifferenceKind;
  readonly rule: Rule;
  readonly outTradeNo: string;
  readonly outRefundNo?: string;
  readonly line?: BillLine;
  readonly row?: LedgerRow;
}

/** All differences, in the order of the bill's lines, then of the ledger's rows. */
export function compareBill(lines: readonly BillLine[], rows: readonly LedgerRow[]): Difference[] {
  const rowByKey = new Map(rows.map((row) => [keyOf(row), row]));
  const orders = new Set(rows.map((row) => row.outTradeNo));
  const seen = new Set<string>();
  const differences: Difference[] = [];
  for (const line of lines) {
    const key = keyOf(line);
    const row = rowByKey.get(key);
    const kind = seen.has(key) ? 'DOUBLED_IN_BILL' : judgeLine(line, row, orders);
    seen.add(key);
    if (kind) differences.push(difference(kind, line, row));
  }
  for (const row of rows) {
    if (!row.isBooked || !row.isOfDay || seen.has(keyOf(row))) continue;
    const kind = row.kind === 'payment' ? 'PAYMENT_ONLY_IN_LEDGER' : 'REFUND_ONLY_IN_LEDGER';
    differences.push(difference(kind, undefined, row));
  }
  return differences;
}

function judgeLine(
  line: BillLine,
  row: LedgerRow | undefined,
  orders: ReadonlySet<string>,
): DifferenceKind | undefined {
  // What is not booked yet is booked as the provider's own answer has it, whatever the amount.
  if (row?.isBooked) {
    if (row.amountFen !== line.amountFen) return 'AMOUNT_DIFFERS';
    const isOther = row.transactionId !== undefined && row.transactionId !== line.transactionId;
    return isOther ? 'TRANSACTION_DIFFERS' : undefined;
  }
  const isKnown = orders.has(line.outTradeNo);
  if (line.kind === 'payment') return isKnown ? 'PAYMENT_ONLY_IN_BILL' : 'PAYMENT_OF_UNKNOWN_ORDER';
  return isKnown ? 'REFUND_ONLY_IN_BILL' : 'REFUND_OF_UNKNOWN_ORDER';
}

function difference(
  kind: DifferenceKind,
  line: BillLine | undefined,
  row: LedgerRow | undefined,
): Difference {
  const { outTradeNo, outRefundNo } = (line ?? row)!;
  return {
    kind,
    rule: RULES[kind],
    outTradeNo,
    ...(outRefundNo === undefined ? {} : { outRefundNo }),
    ...(line === undefined ? {} : { line }),
    ...(row === undefined ? {} : { row }),
  };
}

function keyOf(entry: BillLine | LedgerRow): string {
  return JSON.stringify([entry.kind, entry.outTradeNo, entry.kind === 'refund' ? entry.outRefundNo : '']);
}
