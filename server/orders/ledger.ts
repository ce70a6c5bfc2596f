/**
 * Double-entry bookkeeping of an order: which accounts money moves between when its state changes.
 * Amounts are integer fen; positive is a debit, negative a credit. Accounts belong to a merchant:
 * `clearing/<channel>` what the provider holds for him, `held` paid but not delivered, `earned` delivered,
 * `refunds` owed back to customers. Invariant: the lines of every entry sum to zero.
 */
import { restFen, type Order } from './model';

export interface LedgerLine {
  readonly account: string;
  readonly amountFen: number;
}

type Account = 'clearing' | 'held' | 'earned' | 'refunds';

/** The account's name in the ledger. */
export function accountName(order: Pick<Order, 'merchantId' | 'channel'>, account: Account): string {
  return account === 'clearing'
    ? `${order.merchantId}/clearing/${order.channel}`
    : `${order.merchantId}/${account}`;
}

function move(order: Order, debit: Account, credit: Account, amountFen: number): LedgerLine[] {
  if (!Number.isSafeInteger(amountFen) || amountFen <= 0) throw new Error('MONEY: an entry needs an amount');
  return [
    { account: accountName(order, debit), amountFen },
    { account: accountName(order, credit), amountFen: -amountFen },
  ];
}

/** The customer paid; nothing is delivered yet. `order.paidFen` is what came in. */
export const paymentReceived = (order: Order): LedgerLine[] => move(order, 'clearing', 'held', order.paidFen);
/** The goods are out: the merchant has earned it. */
export const goodsDelivered = (order: Order): LedgerLine[] => move(order, 'held', 'earned', restFen(order));
/** Money that was never earned is owed back. */
export const refundFromHeld = (order: Order): LedgerLine[] => move(order, 'held', 'refunds', restFen(order));
/** Money already earned is owed back. */
export const refundFromEarned = (order: Order): LedgerLine[] =>
  move(order, 'earned', 'refunds', restFen(order));
/** The provider paid it back. */
export const refundPaid = (order: Order): LedgerLine[] => move(order, 'refunds', 'clearing', restFen(order));
/** The merchant gave `amountFen` back at the provider's own desk; `from` is where the money stood. */
export const refundedPastUs = (
  order: Order,
  from: 'held' | 'earned' | 'refunds',
  amountFen: number,
): LedgerLine[] => move(order, from, 'clearing', amountFen);
