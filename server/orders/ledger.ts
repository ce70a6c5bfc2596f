/**
 * Double-entry bookkeeping of an order: which accounts money moves between when its state changes.
 * An entry takes `amountFen` (integer, above zero) from the account it credits to the one it debits: it cannot be out
 * of balance. Accounts belong to a merchant: `clearing/<channel>` what the provider holds for him, `held` paid but not
 * delivered, `earned` delivered, `refunds` owed back to customers. In sums a debit is positive, a credit negative.
 */
import { restFen, type Order } from './model';

export interface LedgerEntry {
  readonly debit: string;
  readonly credit: string;
  readonly amountFen: number;
}

type Account = 'clearing' | 'held' | 'earned' | 'refunds';

/** The account's name in the ledger. */
export function accountName(order: Pick<Order, 'merchantId' | 'channel'>, account: Account): string {
  return account === 'clearing'
    ? `${order.merchantId}/clearing/${order.channel}`
    : `${order.merchantId}/${account}`;
}

function move(order: Order, debit: Account, credit: Account, amountFen: number): LedgerEntry {
  if (!Number.isSafeInteger(amountFen) || amountFen <= 0) throw new Error('MONEY: an entry needs an amount');
  return { debit: accountName(order, debit), credit: accountName(order, credit), amountFen };
}

/** The customer paid; nothing is delivered yet. `order.paidFen` is what came in. */
export const paymentReceived = (order: Order): LedgerEntry => move(order, 'clearing', 'held', order.paidFen);
/** The goods are out: the merchant has earned it. */
export const goodsDelivered = (order: Order): LedgerEntry => move(order, 'held', 'earned', restFen(order));
/** Money that was never earned is owed back. */
export const refundFromHeld = (order: Order): LedgerEntry => move(order, 'held', 'refunds', restFen(order));
/** Money already earned is owed back. */
export const refundFromEarned = (order: Order): LedgerEntry =>
  move(order, 'earned', 'refunds', restFen(order));
/** The provider paid it back. */
export const refundPaid = (order: Order): LedgerEntry => move(order, 'refunds', 'clearing', restFen(order));
/** The merchant gave `amountFen` back at the provider's own desk; `from` is where the money stood. */
export const refundedPastUs = (
  order: Order,
  from: 'held' | 'earned' | 'refunds',
  amountFen: number,
): LedgerEntry => move(order, from, 'clearing', amountFen);
