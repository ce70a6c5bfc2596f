/**
 * The sandbox's books checked from scratch: every trade and refund against the list of movements. Reads only.
 * A campaign calls it at rest; any line it gives is a fault of the sandbox itself, never of its client.
 */

import type { Book } from './book';
import { tradeKey } from './records';

export interface AuditTotals {
  readonly trades: number;
  readonly paidFen: number;
  readonly refundedFen: number;
  /** What is wrong; empty when the books are sound. */
  readonly faults: readonly string[];
}

interface Sums {
  paidFen: number;
  payments: number;
  refundedFen: number;
}

/** Recomputes every sum from the movements and compares. */
export function auditBook(book: Book): AuditTotals {
  const sums = new Map<string, Sums>();
  const faults: string[] = [];
  let paidFen = 0;
  let refundedFen = 0;
  for (const movement of book.all('movements')) {
    if (movement.outTradeNo === null) continue;
    const key = tradeKey(movement.channel, movement.merchantId, movement.outTradeNo);
    const sum = sums.get(key) ?? { paidFen: 0, payments: 0, refundedFen: 0 };
    sums.set(key, sum);
    if (movement.kind === 'payment') {
      sum.paidFen += movement.amountFen;
      sum.payments += 1;
      paidFen += movement.amountFen;
    } else {
      sum.refundedFen += movement.amountFen;
      refundedFen += movement.amountFen;
    }
  }
  for (const [key, trade] of book.entries('trades')) {
    const sum = sums.get(key) ?? { paidFen: 0, payments: 0, refundedFen: 0 };
    sums.delete(key);
    const successFen = book
      .refundsOf(trade)
      .reduce((total, refund) => total + (refund.state === 'SUCCESS' ? refund.amountFen : 0), 0);
    if (sum.payments !== (trade.paidMs === null ? 0 : 1)) faults.push(`${key}: paid ${sum.payments} times`);
    if (trade.paidMs !== null && sum.paidFen !== trade.amountFen)
      faults.push(`${key}: paid ${sum.paidFen} fen`);
    if (sum.refundedFen !== trade.refundedFen || successFen !== trade.refundedFen) {
      faults.push(`${key}: refunds disagree (${sum.refundedFen}, ${successFen}, ${trade.refundedFen} fen)`);
    }
    if (sum.refundedFen > sum.paidFen) faults.push(`${key}: more refunded than paid`);
  }
  for (const key of sums.keys()) faults.push(`${key}: money moved for no trade`);
  return { trades: book.count('trades'), paidFen, refundedFen, faults };
}
