/**
 * The last judgement: at rest the device's journal, the server's ledger and the provider's records agree on every
 * order, every payment ended delivered or given back, and all the money is where the laws say.
 */
import type { Order } from '../../server/orders/model';
import { isResting } from '../../server/orders/model';
import type { ProviderModel } from '../providers';
import type { Auditor } from './auditor';
import * as laws from './laws';
import { ACCOUNTS } from './provider-port';
import { MERCHANT, type Platform } from './platform';
import type { OrderShadow } from './shadow';
import type { Site } from './site';

/** What a world has come to, for the summary. */
export interface Totals {
  orders: number;
  paid: number;
  dispensed: number;
  refunded: number;
  uncertain: number;
}

export class Verdict {
  readonly totals: Totals = { orders: 0, paid: 0, dispensed: 0, refunded: 0, uncertain: 0 };

  constructor(
    private readonly auditor: Auditor,
    private readonly platform: Platform,
    private readonly model: ProviderModel,
    private readonly sites: readonly Site[],
  ) {}

  /** Orders that have not come to rest, anywhere. */
  restless(): string[] {
    const waiting = this.platform.store
      .all()
      .filter((order) => !isResting(order.state) || this.isPaidUnheard(order))
      .map(
        (order) => `${order.outTradeNo} is ${order.state}${order.alarm && ` (${order.alarm})`} at the server`,
      );
    for (const site of this.sites) {
      for (const order of site.journal.read().orders.values()) {
        if (order.state < laws.FIRST_FINAL) {
          waiting.push(`${site.id}_${order.n} is ${laws.DEVICE_STATES[order.state]} on the device`);
        }
      }
    }
    return waiting;
  }

  /** The customer paid a code that was given up: the server looks once more when the code has expired. */
  private isPaidUnheard(order: Order): boolean {
    return order.paidFen === 0 && (this.auditor.tradeOf(order)?.paidMs ?? null) !== null;
  }

  /** Judges everything; a world that is not at rest breaks L7. */
  judge(): void {
    for (const what of this.restless()) this.auditor.broken('L7 live', 'comes to rest', what);
    const orders = new Map(this.platform.store.all().map((order) => [order.outTradeNo, order]));
    for (const shadow of this.auditor.shadow.orders.values()) {
      this.judgeOrder(shadow, orders.get(shadow.name));
    }
    this.judgeMoney([...orders.values()]);
    for (const fault of this.model.audit().faults)
      this.auditor.broken('L4 agreed', 'the provider’s own books', fault);
  }

  private judgeOrder(shadow: OrderShadow, order: Order | undefined): void {
    const { deviceState } = shadow;
    if (deviceState === 0 && !order) return;
    this.totals.orders += 1;
    if (shadow.isDoubtful) this.totals.uncertain += 1;
    const said = order?.state ?? 'unknown';
    const agreed = laws.AGREED[deviceState];
    if (agreed && !agreed.includes(said)) {
      this.complain(
        shadow,
        'L4 agreed',
        'device and server',
        `${laws.DEVICE_STATES[deviceState]} and ${said}`,
      );
    }
    if (!order) {
      if (shadow.pulses > 0)
        this.complain(shadow, 'L2 once', 'only known orders', 'delivered, unknown to the server');
      return;
    }
    this.judgePayment(shadow, order);
    this.judgeGoods(shadow, order);
  }

  private judgePayment(shadow: OrderShadow, order: Order): void {
    const trade = this.auditor.tradeOf(order);
    const paidFen = trade && trade.paidMs !== null ? trade.amountFen : 0;
    const refundedFen = trade?.refundedFen ?? 0;
    if (paidFen > 0) this.totals.paid += 1;
    if (paidFen !== order.paidFen) {
      this.complain(
        shadow,
        'L4 agreed',
        'server and provider',
        `${paidFen} fen paid, the server knows ${order.paidFen}`,
      );
    }
    const dueFen = order.state === 'REFUNDED' ? paidFen : 0;
    if (isResting(order.state) && refundedFen !== dueFen) {
      this.complain(
        shadow,
        'L3 settled',
        'given back once',
        `${order.state}, but ${refundedFen} fen went back`,
      );
    }
    const isUnsettled = paidFen > 0 && order.state !== 'DISPENSED' && order.state !== 'REFUNDED';
    if (isUnsettled && isResting(order.state)) {
      this.complain(shadow, 'L3 settled', 'never neither', `paid and ${order.state}`);
    }
  }

  /** What moved, against what was booked: they may differ only where somebody said so. */
  private judgeGoods(shadow: OrderShadow, order: Order): void {
    const { pulses, hostSaid } = shadow;
    const isDelivered = (pulses > 0 && pulses === shadow.plannedPulses) || hostSaid.has('dispensed');
    if (order.state === 'DISPENSED') {
      this.totals.dispensed += 1;
      if (!isDelivered && !shadow.isDoubtful) {
        this.complain(
          shadow,
          'L3 settled',
          'earned is delivered',
          `DISPENSED, but ${pulses} pulses of ${shadow.plannedPulses}`,
        );
      }
    }
    if (order.state === 'REFUNDED') {
      this.totals.refunded += 1;
      const isSaid = hostSaid.has('failed') || hostSaid.has('refund');
      if (pulses > 0 && !isSaid && !shadow.isDoubtful && !shadow.isMerchantRefund) {
        this.complain(shadow, 'L3 settled', 'never both', `delivered with ${pulses} pulses and given back`);
      }
    }
  }

  /** Money in = money delivered + money given back, in the server's books and in the provider's. */
  private judgeMoney(orders: readonly Order[]): void {
    const sums = this.auditor.shadow.sums;
    const sum = (account: string): number => sums.get(`${MERCHANT}/${account}`) ?? 0;
    const isAtRest = orders.every((order) => isResting(order.state));
    const earnedFen = orders.reduce(
      (all, order) => all + (order.state === 'DISPENSED' ? order.paidFen : 0),
      0,
    );
    for (const channel of ['wechat', 'alipay'] as const) {
      const atProviderFen = this.model.book.availableFen(channel, ACCOUNTS[channel].merchantId);
      const bookedFen = sum(`clearing/${channel}`);
      if (isAtRest && atProviderFen !== bookedFen) {
        this.auditor.broken(
          'L4 agreed',
          'money at the provider',
          `${channel}: ${atProviderFen} fen, booked ${bookedFen}`,
        );
      }
    }
    const allFen = [...sums.values()].reduce((all, amountFen) => all + amountFen, 0);
    if (allFen !== 0) this.auditor.broken('L4 agreed', 'the books sum to nothing', `${allFen} fen`);
    if (isAtRest && (sum('held') !== 0 || sum('refunds') !== 0 || sum('earned') !== -earnedFen)) {
      const what = `held ${sum('held')}, refunds ${sum('refunds')}, earned ${sum('earned')} of ${-earnedFen}`;
      this.auditor.broken('L4 agreed', 'money in is money out', what);
    }
  }

  private complain(shadow: OrderShadow, law: laws.Law, check: string, what: string): void {
    this.auditor.broken(law, check, `${shadow.name}: ${what}`);
  }
}
