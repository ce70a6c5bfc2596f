/**
 * Makes the provider calls that orders wait for (order.ts, taskOf) and brings the answers to the machine.
 * A call made on the spot and the order's wake-up job may both come to the same order: calls for one order run
 * one after the other, each looks at the order anew, and every call may be repeated.
 * Invariant: after an unknown outcome, or when it is not known whether a call was made at all, the provider is
 * queried before anything else.
 */
import { REASON_NAMES } from '../../src/protocol/reasons';
import type { Clock } from '../time';
import type { ProviderCode } from '../providers/codes';
import type { Channel, Outcome, Provider, Refund, Trade } from '../providers/provider';
import { isJobMissing, outRefundNo, restFen, type Order, type OrderEvent, type Source } from './model';
import { taskOf } from './order';
import type { OrderService } from './service';
import type { Store } from './store';

/** Finds the provider of a merchant's channel; undefined when its parameters are missing or broken. */
export interface Providers {
  get(merchantId: number, channel: Channel): Promise<Provider | undefined>;
}

export interface TaskOptions {
  readonly store: Store;
  readonly service: OrderService;
  readonly providers: Providers;
  readonly clock: Clock;
  /** Address that the provider is to send its notifications to. */
  readonly notifyUrl: (merchantId: number, channel: Channel) => string;
}

const NO_PROVIDER = 'NO_PARAMETERS';
/** Refusals of a new trade that say there is one under this number: another process opened it, it may even be paid. */
const TRADE_EXISTS: ReadonlySet<ProviderCode> = new Set(['OUT_TRADE_NO_USED', 'ORDERPAID', 'ORDER_CLOSED']);

/** The event that a trade, as the provider reports it, means for its order. */
export function tradeEvent(trade: Trade, source: Source, nowMs: number): OrderEvent {
  const { providerState } = trade;
  switch (trade.state) {
    case 'PAID':
    case 'REFUNDED': {
      const { amountFen, transactionId, paidAtMs = nowMs } = trade;
      if (amountFen === undefined || !transactionId)
        return { type: 'queryUnknown', code: 'INCOMPLETE_ANSWER' };
      const payment = { providerState, transactionId, amountFen, paidAtMs };
      return trade.state === 'PAID'
        ? { type: 'paid', source, ...payment }
        : { type: 'tradeRefunded', ...payment };
    }
    case 'CLOSED':
      return { type: 'tradeClosed', providerState };
    case 'WAITING':
    case 'NOT_FOUND':
    case 'FAILED':
      return { type: 'tradeOpen', providerState, exists: trade.state !== 'NOT_FOUND' };
  }
}

function unknownRefund(code: string): OrderEvent {
  return { type: 'refundUnknown', code };
}

/**
 * The event that a refund of `expectedFen`, as the provider reports it, means for its order. One of another amount
 * under our number was not made by us: a person must look, and it is never booked as ours.
 */
export function refundEvent(outcome: Outcome<Refund>, expectedFen: number): OrderEvent | 'missing' {
  // Too many calls at a time is no fault of the refund: it is tried again soon, and nobody is called.
  if (outcome.kind === 'refused' && outcome.code === 'RATE_LIMITED') return unknownRefund(outcome.code);
  if (outcome.kind === 'refused') return { type: 'refundRefused', code: outcome.code };
  if (outcome.kind === 'unknown') return unknownRefund(outcome.code);
  const { state, providerState, refundFen = expectedFen } = outcome.value;
  if (refundFen !== expectedFen && state !== 'NOT_FOUND')
    return { type: 'refundRefused', code: 'OTHER_AMOUNT' };
  switch (state) {
    case 'SUCCESS':
      return { type: 'refundDone', providerState };
    case 'PROCESSING':
      return { type: 'refundPending', providerState };
    case 'CLOSED':
      return { type: 'refundClosed', providerState };
    case 'ABNORMAL':
      return { type: 'refundRefused', code: providerState };
    case 'NOT_FOUND':
      return 'missing';
  }
}

export class TaskRunner {
  constructor(private readonly options: TaskOptions) {}

  /**
   * Does what the order waits for, if its time has come.
   * `isFirst`: the state was entered just now by this process, so no call can have been made for it yet.
   */
  async perform(outTradeNo: string, isFirst: boolean): Promise<void> {
    const { store, service, clock } = this.options;
    // Of a state that was entered here just now nothing newer need be known: every call may be made in vain.
    const order = (isFirst && store.recent?.(outTradeNo)) || (await store.find(outTradeNo));
    const nowMs = clock.nowMs();
    if (!order || order.wakeAtMs === undefined) return;
    if (!isFirst && order.wakeAtMs > nowMs) {
      if (isJobMissing(order, nowMs)) await service.rearm(outTradeNo);
      return;
    }
    const task = taskOf(order, nowMs);
    if (task === 'none') return;
    if (task === 'due') {
      await service.apply(outTradeNo, 'time', { type: 'due' });
      return;
    }
    const provider = await this.options.providers.get(order.merchantId, order.channel);
    const isUnsure = !isFirst || order.attempt > 0;
    if (task === 'create') await this.create(order, provider, isUnsure);
    else if (task === 'query') await this.query(order, provider);
    else if (task === 'close') await this.close(order, provider);
    else await this.refund(order, provider, isUnsure);
  }

  /** Asks the provider how the trade stands, out of turn: the device wants to know. */
  async look(outTradeNo: string): Promise<void> {
    const order = await this.options.store.find(outTradeNo);
    if (!order || (order.state !== 'PREPAID' && order.state !== 'CLOSING')) return;
    const provider = await this.options.providers.get(order.merchantId, order.channel);
    const event = await this.ask(order, provider);
    // Only news counts here: what leaves it waiting must not disturb the plan of queries.
    if (event.type === 'tradeOpen' || event.type === 'queryUnknown') return;
    await this.tell(order, event);
  }

  private async tell(order: Order, event: OrderEvent): Promise<void> {
    await this.options.service.apply(order.outTradeNo, 'provider', event);
  }

  private async ask(order: Order, provider: Provider | undefined): Promise<OrderEvent> {
    if (!provider) return { type: 'queryUnknown', code: NO_PROVIDER };
    const outcome = await provider.query(order.outTradeNo);
    if (outcome.kind !== 'ok') return { type: 'queryUnknown', code: outcome.code };
    if (outcome.value.outTradeNo !== order.outTradeNo) return { type: 'queryUnknown', code: 'FOREIGN_TRADE' };
    return tradeEvent(outcome.value, 'query', this.options.clock.nowMs());
  }

  private async query(order: Order, provider: Provider | undefined): Promise<void> {
    await this.tell(order, await this.ask(order, provider));
  }

  private async create(order: Order, provider: Provider | undefined, isUnsure: boolean): Promise<void> {
    if (!provider) return this.tell(order, { type: 'createUnknown', code: NO_PROVIDER });
    let isTradeOpen = false;
    if (isUnsure) {
      const event = await this.ask(order, provider);
      if (event.type !== 'tradeOpen') return this.tell(order, event);
      isTradeOpen = event.exists;
    }
    const outcome = await provider.create({
      outTradeNo: order.outTradeNo,
      amountFen: order.amountFen,
      description: order.goods || order.outTradeNo,
      expiresAtMs: order.expiresAtMs,
      notifyUrl: this.options.notifyUrl(order.merchantId, order.channel),
    });
    if (outcome.kind === 'ok') return this.tell(order, { type: 'created', codeUrl: outcome.value.codeUrl });
    const { code } = outcome;
    // What may pass later is tried again, like what we do not know about.
    if (outcome.kind === 'unknown' || outcome.retry) return this.tell(order, { type: 'createUnknown', code });
    const exists = isTradeOpen || order.attempt > 0 || TRADE_EXISTS.has(code);
    return this.tell(order, { type: 'createRefused', code, isTradeOpen: exists });
  }

  private async close(order: Order, provider: Provider | undefined): Promise<void> {
    const event = await this.ask(order, provider);
    await this.tell(order, event);
    if (event.type !== 'tradeOpen' || !provider) return;
    const outcome = await provider.close(order.outTradeNo);
    // A trade that does not exist cannot be closed, and need not be.
    const isGone = outcome.kind === 'refused' && !event.exists;
    if (outcome.kind === 'ok' || isGone) return this.tell(order, { type: 'closed' });
    return this.tell(order, { type: 'closeUnknown', code: outcome.code });
  }

  private async refund(order: Order, provider: Provider | undefined, isUnsure: boolean): Promise<void> {
    if (!provider) return this.tell(order, unknownRefund(NO_PROVIDER));
    if (isUnsure) {
      const outcome = await provider.queryRefund(order.outTradeNo, outRefundNo(order));
      // A query that is refused tells nothing about the refund itself.
      const known =
        outcome.kind === 'refused' ? unknownRefund(outcome.code) : refundEvent(outcome, restFen(order));
      if (known !== 'missing') return this.tellRefund(order, known);
    }
    const event = refundEvent(
      await provider.refund({
        outTradeNo: order.outTradeNo,
        outRefundNo: outRefundNo(order),
        refundFen: restFen(order),
        totalFen: order.paidFen,
        reason: REASON_NAMES[order.reason] ?? '',
      }),
      restFen(order),
    );
    await this.tellRefund(order, event === 'missing' ? unknownRefund('TRADE_NOT_FOUND') : event);
  }

  /** A refund that is under way is told with its beginning, so that one that never ends is noticed. */
  private async tellRefund(order: Order, event: OrderEvent): Promise<void> {
    if (event.type !== 'refundPending') return this.tell(order, event);
    const events = await this.options.store.events(order.outTradeNo);
    const begun = events.findLast((one) => one.toState === 'REFUNDING' && one.fromState !== 'REFUNDING');
    return this.tell(order, begun ? { ...event, sinceMs: begun.atMs } : event);
  }
}
