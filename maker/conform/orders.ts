/**
 * Orders of the reference module, as a host sees them: the states of docs/host-protocol.md, section 6, moved on by the
 * host's messages, by a customer that whoever runs it plays, and by time. There is no server and no money behind it.
 * Invariant: an order is DISPENSING at most once, and one at a time.
 */
import { OrderState, Reason } from '../../src/protocol/codes';
import type { HostFields } from '../../src/protocol/host';
import type { Clock, Timer } from '../../sim/time/clock';
import type { ModuleSettings } from './refusals';

export interface ModuleOrder {
  readonly order: number;
  readonly amountFen: number;
  readonly channel: number;
  readonly ttlS: number;
  readonly reference: string;
  readonly goods: string;
  state: OrderState;
  reason: Reason;
  url: string;
  payableUntilMs: number;
  /** How often it became DISPENSING, and how often the host reported on it. */
  deliveries: number;
  reports: number;
}

export interface OrdersListener {
  onChange(order: ModuleOrder): void;
  onCode(order: ModuleOrder): void;
}

const MAX_OPEN = 6;
const MAX_ENDED = 6;
/** What server and provider would take. */
const SERVER_MS = 200;
const RELAY_MS = 100;
const URLS = ['', 'weixin://wxpay/bizpayurl?pr=', 'https://qr.alipay.com/'];

export class ModuleOrders {
  readonly all: ModuleOrder[] = [];
  lastOrder = 0;
  /** The server refuses the next orders with these. */
  readonly refusals: Reason[] = [];
  /** False: the server is out of reach, and nothing moves on that needs it. */
  isOnline = true;

  private readonly timers = new Set<Timer>();

  constructor(
    private readonly clock: Clock,
    private readonly settings: () => ModuleSettings,
    private readonly listener: OrdersListener,
  ) {}

  open(): ModuleOrder[] {
    return this.all.filter((order) => order.state < OrderState.Done);
  }

  find(number: number): ModuleOrder | undefined {
    return this.all.find((order) => order.order === number);
  }

  /** By reference, among those that the module remembers. */
  findReference(reference: string): ModuleOrder | undefined {
    const ended = this.all.filter((order) => order.state >= OrderState.Done).slice(-MAX_ENDED);
    return [...this.open(), ...ended].find((order) => order.reference === reference);
  }

  /** A PAY that is right: the order it opens or has opened before, or why not. */
  take(fields: HostFields): ModuleOrder | Reason {
    const reference = fields.reference as string;
    const known = this.findReference(reference);
    if (known) {
      const isSame = (['amountFen', 'channel', 'goods'] as const).every(
        (name) => known[name] === fields[name],
      );
      return isSame && known.ttlS === ((fields.ttlS as number) || 300) ? known : Reason.Conflict;
    }
    if (this.open().length >= MAX_OPEN) return Reason.Busy;
    if (!this.isOnline) return Reason.Offline;
    const order: ModuleOrder = {
      order: ++this.lastOrder,
      amountFen: fields.amountFen as number,
      channel: fields.channel as number,
      ttlS: (fields.ttlS as number) || 300,
      reference,
      goods: fields.goods as string,
      state: OrderState.Accepted,
      reason: Reason.None,
      url: '',
      payableUntilMs: 0,
      deliveries: 0,
      reports: 0,
    };
    this.all.push(order);
    this.later(order, OrderState.Accepted, () => this.ask(order));
    return order;
  }

  /** The customer pays; gives whether that was possible. */
  pay(number: number): boolean {
    const order = this.find(number);
    if (!order || order.state !== OrderState.AwaitingPayment) return false;
    this.move(order, OrderState.Paid, Reason.None);
    this.deliverNext();
    return true;
  }

  cancel(order: ModuleOrder): Reason {
    if (order.state > OrderState.Cancelling) return Reason.BadState;
    this.move(order, OrderState.Cancelling, Reason.HostCancelled);
    this.later(order, OrderState.Cancelling, () => this.move(order, OrderState.Closed, Reason.HostCancelled));
    return Reason.None;
  }

  dispensed(order: ModuleOrder): Reason {
    order.reports += 1;
    if (order.state === OrderState.Dispensed) return Reason.None;
    // While a relay moves only its last pulse tells that the goods came out.
    const isByHost = order.state === OrderState.Dispensing && this.settings().mode === 0;
    if (!isByHost && order.state !== OrderState.Uncertain) return Reason.BadState;
    this.settle(order, OrderState.Dispensed, Reason.None);
    return Reason.None;
  }

  failed(order: ModuleOrder): Reason {
    order.reports += 1;
    if (order.state === OrderState.Refunding) return Reason.None;
    if (order.state < OrderState.Paid || order.state > OrderState.Done) return Reason.BadState;
    const isAfterwards = order.state === OrderState.Dispensed || order.state === OrderState.Done;
    this.settle(order, OrderState.Refunding, isAfterwards ? Reason.HostRefund : Reason.HostFailed);
    return Reason.None;
  }

  refund(order: ModuleOrder): Reason {
    if (order.state === OrderState.Refunding) return Reason.None;
    if (order.state !== OrderState.Dispensed && order.state !== OrderState.Done) return Reason.BadState;
    this.settle(order, OrderState.Refunding, Reason.HostRefund);
    return Reason.None;
  }

  /** Power came back: what waited for the server is asked for again; what a relay was doing is not known. */
  restart(): void {
    for (const order of this.open()) {
      const { state } = order;
      if (state === OrderState.Requested || state === OrderState.AwaitingPayment) {
        order.state = OrderState.Accepted;
        this.later(order, OrderState.Accepted, () => this.ask(order));
      }
      const isByRelay = this.settings().mode !== 0;
      if (state === OrderState.Dispensing && isByRelay)
        this.move(order, OrderState.Uncertain, Reason.PowerCut);
    }
  }

  /** Nothing happens by itself any more. */
  stop(): void {
    for (const timer of this.timers) this.clock.clearTimer(timer);
    this.timers.clear();
  }

  leftS(order: ModuleOrder): number {
    if (!order.url || order.state >= OrderState.Paid) return 0;
    return Math.max(0, Math.floor((order.payableUntilMs - this.clock.nowMs()) / 1000));
  }

  private ask(order: ModuleOrder): void {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) {
      this.move(order, OrderState.Refused, refusal);
      return;
    }
    order.url = `${URLS[order.channel]}${String(order.order).padStart(7, '0')}`;
    if (!order.payableUntilMs) order.payableUntilMs = this.clock.nowMs() + order.ttlS * 1000;
    this.move(order, OrderState.AwaitingPayment, Reason.None);
    this.listener.onCode(order);
    this.after(
      () => {
        if (order.state === OrderState.AwaitingPayment) this.move(order, OrderState.Closed, Reason.Expired);
      },
      Math.max(0, order.payableUntilMs - this.clock.nowMs()),
    );
  }

  /** Begins the oldest that is paid, when none is being delivered. */
  private deliverNext(): void {
    if (this.all.some((order) => order.state === OrderState.Dispensing)) return;
    const order = this.all.find((candidate) => candidate.state === OrderState.Paid);
    if (!order) return;
    order.deliveries += 1;
    this.move(order, OrderState.Dispensing, Reason.None);
    const { mode, hostReportS } = this.settings();
    this.after(
      () => {
        if (order.state !== OrderState.Dispensing) return;
        if (mode === 0) this.move(order, OrderState.Uncertain, Reason.HostSilent);
        else this.settle(order, OrderState.Dispensed, Reason.None);
        this.deliverNext();
      },
      mode === 0 ? hostReportS! * 1000 : RELAY_MS,
    );
  }

  /** DISPENSED or REFUNDING, and what the server makes of it. */
  private settle(order: ModuleOrder, state: OrderState, reason: Reason): void {
    this.move(order, state, reason);
    const final = state === OrderState.Dispensed ? OrderState.Done : OrderState.Refunded;
    this.later(order, state, () => this.move(order, final, reason));
    this.deliverNext();
  }

  /** After the server's time, if the order still stands there then; waits while there is no link. */
  private later(order: ModuleOrder, state: OrderState, action: () => void): void {
    this.after(() => {
      if (order.state !== state) return;
      if (this.isOnline) action();
      else this.later(order, state, action);
    }, SERVER_MS);
  }

  private after(action: () => void, delayMs: number): void {
    const timer = this.clock.setTimer(() => {
      this.timers.delete(timer);
      action();
    }, delayMs);
    this.timers.add(timer);
  }

  private move(order: ModuleOrder, state: OrderState, reason: Reason): void {
    order.state = state;
    order.reason = reason;
    this.listener.onChange(order);
  }
}
