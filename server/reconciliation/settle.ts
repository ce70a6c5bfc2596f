/**
 * Puts one difference right where its rule is clear (providers/reconciliation.ts): always by the provider's own
 * answer to a query, never by the bill alone, and always through the order machine. What is not clear is left
 * open, with a code that says why.
 * Invariant: the same difference settled again changes nothing.
 */
import { outRefundNo, restFen, type Order, type OrderEvent } from '../orders/model';
import type { OrderService } from '../orders/service';
import type { Store } from '../orders/store';
import { tradeEvent } from '../orders/tasks';
import type { Outcome, Provider, Refund, Trade } from '../providers';
import type { Clock } from '../time';
import type { KeptDifference } from './book';

/** What came of it; docs/providers.md explains each, and a test compares. */
export const SETTLEMENTS = {
  PAYMENT_BOOKED: 'ended',
  REFUND_BOOKED: 'ended',
  CONFIRMED: 'ended',
  REFUND_FAILED: 'ended',
  BY_HAND: 'ended',
  PROVIDER_SILENT: 'again',
  REFUND_UNDER_WAY: 'again',
  PERSON: 'open',
  PROVIDER_REFUSED: 'open',
  NOT_PAID: 'open',
  NO_REFUND: 'open',
  OTHER_AMOUNT: 'open',
  NOT_BOOKABLE: 'open',
} as const;

export type Settlement = keyof typeof SETTLEMENTS;

export interface SettlerOptions {
  readonly store: Store;
  readonly service: OrderService;
  readonly clock: Clock;
}

export class Settler {
  constructor(private readonly options: SettlerOptions) {}

  settle(provider: Provider, difference: KeptDifference): Promise<Settlement> {
    const { rule, kind, outTradeNo } = difference;
    if (rule === 'queryAndSettle') return this.bookPayment(provider, outTradeNo);
    if (rule === 'bookRefund') return this.bookRefund(provider, difference);
    if (rule === 'person') return Promise.resolve('PERSON');
    return kind === 'PAYMENT_ONLY_IN_LEDGER'
      ? this.confirmPayment(provider, outTradeNo)
      : this.confirmRefund(provider, difference);
  }

  /** The payment becomes known to the order as if the query had been one of its own. */
  private async bookPayment(provider: Provider, outTradeNo: string): Promise<Settlement> {
    const asked = await provider.query(outTradeNo);
    if (asked.kind !== 'ok') return silence(asked);
    const event = tradeEvent(asked.value, 'query', this.options.clock.nowMs());
    if (event.type !== 'paid' && event.type !== 'tradeRefunded') return 'NOT_PAID';
    const applied = await this.options.service.apply(outTradeNo, 'reconciliation', event);
    return applied && applied.order.paidFen > 0 ? 'PAYMENT_BOOKED' : 'NOT_BOOKABLE';
  }

  private async bookRefund(provider: Provider, difference: KeptDifference): Promise<Settlement> {
    const { outTradeNo } = difference;
    let order = await this.options.store.find(outTradeNo);
    if (order?.paidFen === 0) {
      const booked = await this.bookPayment(provider, outTradeNo);
      if (booked !== 'PAYMENT_BOOKED') return booked;
      order = await this.options.store.find(outTradeNo);
    }
    if (!order) return 'NOT_BOOKABLE';
    const asked = await provider.queryRefund(outTradeNo, difference.outRefundNo);
    const refund = readRefund(asked, difference.billFen);
    if (typeof refund === 'string') return refund;
    if (
      order.state === 'REFUNDED' &&
      restFen(order) === refund.refundFen &&
      (await this.isByHand(outTradeNo))
    )
      return 'BY_HAND';
    const applied = await this.options.service.applyIf(outTradeNo, 'reconciliation', (locked) => [
      this.refundedEvent(locked.order, difference.outRefundNo, refund),
    ]);
    return applied && isBooked(applied.order, difference.outRefundNo) ? 'REFUND_BOOKED' : 'NOT_BOOKABLE';
  }

  private refundedEvent(
    order: Order,
    number: string,
    refund: Required<Pick<Refund, 'refundFen' | 'providerState'>>,
  ): OrderEvent {
    const { providerState, refundFen: amountFen } = refund;
    const isOurs =
      order.state === 'REFUNDING' && number === outRefundNo(order) && amountFen === restFen(order);
    if (isOurs) return { type: 'refundDone', providerState };
    const atMs = Math.round(this.options.clock.nowMs());
    return { type: 'refundedOutside', outRefundNo: number, amountFen, providerState, atMs };
  }

  /** A person gave it back by other means than ours, and said so: at the provider's desk, as it shows now. */
  private async isByHand(outTradeNo: string): Promise<boolean> {
    const events = await this.options.store.events(outTradeNo);
    const last = events
      .filter((event) => event.toState === 'REFUNDED' && event.fromState !== 'REFUNDED')
      .at(-1);
    return last?.type === 'settleRefunded';
  }

  private async confirmPayment(provider: Provider, outTradeNo: string): Promise<Settlement> {
    const order = await this.options.store.find(outTradeNo);
    const asked = await provider.query(outTradeNo);
    if (asked.kind !== 'ok') return silence(asked);
    const { state, amountFen, transactionId } = asked.value;
    if (!order || (state !== 'PAID' && state !== 'REFUNDED')) return 'NOT_PAID';
    if (amountFen !== order.paidFen) return 'OTHER_AMOUNT';
    return transactionId === order.transactionId ? 'CONFIRMED' : 'NOT_PAID';
  }

  private async confirmRefund(provider: Provider, difference: KeptDifference): Promise<Settlement> {
    const asked = await provider.queryRefund(difference.outTradeNo, difference.outRefundNo);
    const refund = readRefund(asked, difference.ledgerFen);
    return typeof refund === 'string' ? (refund === 'REFUND_FAILED' ? 'NO_REFUND' : refund) : 'CONFIRMED';
  }
}

function silence(outcome: Exclude<Outcome<Trade | Refund>, { kind: 'ok' }>): Settlement {
  return outcome.kind === 'refused' && !outcome.retry ? 'PROVIDER_REFUSED' : 'PROVIDER_SILENT';
}

/** The refund when it is done and of the amount that is expected, else what that means. */
function readRefund(
  outcome: Outcome<Refund>,
  expectedFen: number | null,
): Required<Pick<Refund, 'refundFen' | 'providerState'>> | Settlement {
  if (outcome.kind !== 'ok') return silence(outcome);
  const { state, providerState, refundFen } = outcome.value;
  if (state === 'PROCESSING') return 'REFUND_UNDER_WAY';
  if (state === 'CLOSED') return 'REFUND_FAILED';
  if (state !== 'SUCCESS') return 'NO_REFUND';
  return refundFen === undefined || refundFen !== expectedFen ? 'OTHER_AMOUNT' : { refundFen, providerState };
}

function isBooked(order: Order, number: string): boolean {
  return (
    order.outsideRefunds.includes(number) || (order.state === 'REFUNDED' && number === outRefundNo(order))
  );
}
