/**
 * The running set of orders: raises the events of order.ts from the host, the link, the relay and time, and
 * carries out their effects. Leaves the table to order.ts, storing to book.ts, bytes to the protocols.
 * Invariant (laws L1, L2): a state that another party hears of is in the journal first; the relay moves only in
 * `act`, right after DISPENSING was written, and only when the grant is surely in time by the server's clock.
 */
import { FIRST_FINAL_STATE, OrderState, Reason } from '../protocol/codes';
import type { Message } from '../protocol/messages';
import type { Clock } from '../protocol/ports';
import { type Book, MAX_OPEN_ORDERS, newOrder, type Order } from './book';
import { Effect, OrderEvent, step } from './order';
import { type RelayPlan, RelayMode, relayPlan } from './settings';

/** The way to the server, as the orders see it. */
export interface Uplink {
  /** Whether messages can be sent now. */
  isReady(): boolean;
  /** Whether the server was there not long ago, so that a new order has a fair chance. */
  isReachable(): boolean;
  /** Sends a message, or gives false when there is no room: the caller tries again later. */
  send(message: readonly unknown[]): boolean;
  /** The server's time, at the latest that it can be; undefined while unknown. */
  serverTimeAtMostMs(): number | undefined;
}

/** The relays, as the orders see them: one order at a time. */
export interface Actor {
  isBusy(): boolean;
  /** Moves the relay as planned and calls `onDone` once, after the last pulse. */
  run(plan: RelayPlan, onDone: () => void): void;
  /** Releases every relay at once; `onDone` is not called any more. */
  stop(): void;
}

/** The host, as the orders see it. */
export interface HostView {
  tell(order: Order): void;
  showQr(order: Order): void;
}

/** What a payment link looks like, by channel: nothing else is shown to a customer. A text stays in flash. */
const LINK_PREFIXES = ' weixin://wxpay/ https://qr.alipay.com/';
const MAX_LINK_BYTES = 256;
/** First and longest pause between two tries to bring an order forward. */
const FIRST_PAUSE_MS = 5000;
const MAX_PAUSE_MS = 60000;

/** What the end of an order on the server means here; undefined for a state that is none. */
function finEvent(state: number): OrderEvent | undefined {
  if (state === OrderState.Done) return OrderEvent.FinDone;
  if (state === OrderState.Refused) return OrderEvent.Refuse;
  if (state === OrderState.Closed) return OrderEvent.FinClosed;
  return state === OrderState.Refunded ? OrderEvent.FinRefunded : undefined;
}

/** What is said to the server for an order that waits in each state; undefined: nothing to say. */
function messageOf(order: Order): readonly unknown[] | undefined {
  const n = order.n;
  const state = order.state;
  if (state === OrderState.Accepted) {
    return ['pay', n, order.amountFen, order.channel, order.ttlS, order.reference, order.goods];
  }
  if (state < OrderState.Cancelling) return ['ask', n];
  if (state === OrderState.Cancelling) return ['cancel', n];
  if (state < OrderState.Dispensed) return ['got', n];
  if (state >= FIRST_FINAL_STATE) return undefined;
  if (state === OrderState.Refunding && order.reason === Reason.HostRefund) {
    return ['back', n, order.reason, ''];
  }
  // How dispensing ended.
  return ['end', n, state, order.reason, ''];
}

export class Orders {
  constructor(
    private readonly book: Book,
    private readonly clock: Clock,
    private readonly uplink: Uplink,
    private readonly actor: Actor,
    private readonly host: HostView,
  ) {}

  /** Called once after the journal was read: what was under way when the power went is made definite. */
  resume(isStale: boolean): void {
    this.book.open.slice().forEach((order) => {
      if (order.state === OrderState.Dispensing && order.byHost && !isStale) this.waitForHost(order);
      else this.raise(order, OrderEvent.PowerCut, Reason.PowerCut);
      // An older journal may say PAID of an order that was dispensed since: never again.
      if (isStale && order.state === OrderState.Paid) this.raise(order, OrderEvent.Lapse, Reason.PowerCut);
    });
  }

  /** Opens an order, or finds the one of that reference. All values are in range, except the limits. */
  pay(
    amountFen: number,
    channel: number,
    ttlS: number,
    reference: string,
    goods: string,
  ): { reason: Reason; order?: Order } {
    const book = this.book;
    if (!book.isReady) return { reason: Reason.Storage };
    if (!book.identity) return { reason: Reason.NotProvisioned };
    const known = book.findReference(reference);
    if (known) {
      const isSame =
        known.amountFen === amountFen &&
        known.channel === channel &&
        known.ttlS === ttlS &&
        known.goods === goods;
      return isSame ? { reason: Reason.None, order: known } : { reason: Reason.Conflict };
    }
    if (amountFen > book.settings.maxFen) return { reason: Reason.OverLimit };
    if (!relayPlan(book.settings, amountFen)) return { reason: Reason.BadAmount };
    if (!book.isSynced) return { reason: Reason.NotSynced };
    if (book.isTight || book.open.length >= MAX_OPEN_ORDERS) return { reason: Reason.Busy };
    if (!this.uplink.isReachable()) return { reason: Reason.Offline };
    const order = newOrder(book.lastOrder + 1, channel, amountFen, ttlS, reference, goods);
    order.pauseMs = FIRST_PAUSE_MS;
    order.nextTryMs = this.clock.nowMs() + FIRST_PAUSE_MS;
    book.add(order, 0);
    return { reason: Reason.None, order };
  }

  /** Brings a new order on its way at once; called when the host has heard that it was accepted. */
  request(order: Order): void {
    if (order.state !== OrderState.Accepted) return;
    this.say(order);
  }

  /** An event from the host for order `n`. Gives the reason for a refusal, or None. */
  hostEvent(n: number, event: OrderEvent, reason: Reason): Reason {
    const known = this.book.find(n);
    if (!known && (n < 1 || n > this.book.lastOrder)) return Reason.UnknownOrder;
    // An order that has left memory was final long ago; the server decides whether a refund is still possible.
    const order = known || newOrder(n, 0, 0, 0, '', '');
    if (!known) order.state = OrderState.Done;
    if (order.state >= FIRST_FINAL_STATE && this.book.open.length >= MAX_OPEN_ORDERS) return Reason.Busy;
    // What the relay delivers is delivered with its last pulse, whatever the host believes.
    if (event === OrderEvent.HostDone && order.state === OrderState.Dispensing && !order.byHost) {
      return Reason.BadState;
    }
    const isAfterwards = order.state === OrderState.Dispensed || order.state === OrderState.Done;
    const why = event === OrderEvent.HostFailed && isAfterwards ? Reason.HostRefund : reason;
    return this.raise(order, event, why) ? Reason.None : Reason.BadState;
  }

  /** A checked message of the server about an order. */
  onMessage(message: Message): void {
    const type = message[0];
    const order = this.book.find(message[1] as number);
    if (!order || order.state >= FIRST_FINAL_STATE) {
      if (type === 'grant') this.answerLateGrant(message[1] as number, order);
    } else if (type === 'code') this.takeCode(order, message[2] as string, message[3] as number);
    else if (type === 'grant') this.takeGrant(order, message);
    else if (type === 'fin') {
      const event = finEvent(message[2] as number);
      if (event) this.raise(order, event, message[3] as Reason);
    } else if (type === 'no') {
      const reason = message[2] as Reason;
      let event = OrderEvent.Refuse;
      if (reason === Reason.UnknownOrder) event = OrderEvent.Unknown;
      // The server never saw money for it: there is nothing to give back, and nothing was delivered.
      else if (reason === Reason.NotPaid) event = OrderEvent.FinClosed;
      this.raise(order, event, reason);
    }
  }

  /** Open orders as the server wants them in `hi`. */
  summary(): number[][] {
    return this.book.open.map((order) => [order.n, order.state]);
  }

  onLinkDown(): void {
    this.book.open.forEach((order) => this.raise(order, OrderEvent.Lost, order.reason));
  }

  /** The link is up and both sides have greeted: say again at once what waits. */
  onLinkUp(): void {
    const nowMs = this.clock.nowMs();
    this.book.open.forEach((order) => {
      order.nextTryMs = nowMs + FIRST_PAUSE_MS;
      order.pauseMs = FIRST_PAUSE_MS;
      if (order.state >= OrderState.Dispensed) this.say(order);
    });
    this.beginPaid();
  }

  /** Once a second while orders are open. */
  tick(): void {
    const nowMs = this.clock.nowMs();
    this.book.open.slice().forEach((order) => {
      if (nowMs < order.nextTryMs) return;
      if (order.state === OrderState.Dispensing) {
        if (order.byHost) this.raise(order, OrderEvent.HostSilent, Reason.HostSilent);
      } else if (this.uplink.isReady()) {
        order.pauseMs = Math.min((order.pauseMs || FIRST_PAUSE_MS) * 2, MAX_PAUSE_MS);
        order.nextTryMs = nowMs + order.pauseMs;
        this.say(order);
      }
    });
    this.beginPaid();
  }

  /** Begins what is paid, oldest first, when the relay is free and the time is known. */
  private beginPaid(): void {
    this.book.open.slice().forEach((order) => {
      if (order.state !== OrderState.Paid) return;
      const timeMs = this.uplink.serverTimeAtMostMs();
      if (timeMs === undefined) return;
      if (timeMs >= order.deadlineMs) this.raise(order, OrderEvent.Lapse, Reason.GrantLapsed);
      else if (!relayPlan(this.book.settings, order.amountFen)) {
        // The settings changed since the order was taken, and the relay cannot deliver this amount any more.
        this.raise(order, OrderEvent.Lapse, Reason.BadAmount);
      } else if (!this.isDispensing()) {
        order.byHost = this.book.settings.mode === RelayMode.Host ? 1 : 0;
        this.raise(order, OrderEvent.Start, Reason.None);
      }
    });
  }

  /** One order is delivered at a time, and not while a relay is moved by hand. */
  private isDispensing(): boolean {
    return this.actor.isBusy() || this.book.open.some((order) => order.state === OrderState.Dispensing);
  }

  /** A payment link; anything that is not one is not shown. */
  private takeCode(order: Order, url: string, leftS: number): void {
    const prefix = LINK_PREFIXES.split(' ')[order.channel]!;
    if (url.length > MAX_LINK_BYTES || !url.startsWith(prefix) || !/^[\x21-\x7e]+$/.test(url)) return;
    const isShown = order.state === OrderState.AwaitingPayment && order.url === url;
    order.url = url;
    order.payableUntilMs = this.clock.nowMs() + leftS * 1000;
    if (!isShown) this.raise(order, OrderEvent.Code, Reason.None);
  }

  /** A grant counts only for this order, this amount and this channel. */
  private takeGrant(order: Order, message: Message): void {
    const isOurs =
      message[2] === this.book.identity!.id + '_' + order.n &&
      message[3] === order.amountFen &&
      message[4] === order.channel;
    if (!isOurs) return;
    if (order.state < OrderState.Paid) order.deadlineMs = message[5] as number;
    this.raise(order, OrderEvent.Grant, Reason.None);
    this.beginPaid();
  }

  /** Raises an event; gives false when nothing happens in this state. Throws when the journal does. */
  private raise(order: Order, event: OrderEvent, reason: Reason): boolean {
    const cell = step(order.state, event);
    if (!cell) return false;
    const state = cell[0];
    const effects = cell[1];
    if (effects & Effect.Save) this.commit(order, state, reason, event);
    // From here on nothing may fail: the new state is durable.
    if (state !== order.state) order.pauseMs = FIRST_PAUSE_MS;
    order.state = state;
    if (effects & Effect.Save) order.reason = reason;
    if (effects) this.carryOut(order, effects);
    return true;
  }

  private commit(order: Order, state: OrderState, reason: Reason, cause: OrderEvent): void {
    const extra = state === OrderState.Paid ? order.deadlineMs : order.byHost;
    if (this.book.find(order.n)) this.book.save(order, state, reason, extra, cause);
    else {
      order.state = state;
      order.reason = reason;
      this.book.add(order, cause);
    }
  }

  private carryOut(order: Order, effects: number): void {
    const sayEffects = Effect.Got | Effect.Request | Effect.Cancel | Effect.Report;
    if (effects & Effect.Save) this.book.place(order);
    if (effects & Effect.Stop && !order.byHost) this.actor.stop();
    if (effects & Effect.Act) this.act(order);
    if (effects & sayEffects) this.say(order);
    if (effects & Effect.ShowQr) this.host.showQr(order);
    if (effects & Effect.Tell) this.host.tell(order);
  }

  /** Says to the server what there is to say in the order's state. */
  private say(order: Order): void {
    if (!this.uplink.isReady()) return;
    const message = messageOf(order);
    if (message && this.uplink.send(message) && order.state === OrderState.Accepted) {
      this.raise(order, OrderEvent.Sent, Reason.None);
    }
  }

  private act(order: Order): void {
    if (order.byHost) {
      this.waitForHost(order);
      return;
    }
    this.actor.run(relayPlan(this.book.settings, order.amountFen)!, () => {
      this.raise(order, OrderEvent.Acted, Reason.None);
      this.beginPaid();
    });
  }

  private waitForHost(order: Order): void {
    order.nextTryMs = this.clock.nowMs() + this.book.settings.hostReportS * 1000;
  }

  /** A grant for an order that is over here, or that we never knew: the server must hear how it ended. */
  private answerLateGrant(n: number, order: Order | undefined): void {
    const isDelivered = order && order.state === OrderState.Done;
    const isUndelivered = order && order.state > OrderState.Done;
    const state = isDelivered
      ? OrderState.Dispensed
      : isUndelivered
        ? OrderState.Refunding
        : OrderState.Uncertain;
    this.uplink.send(['end', n, state, Reason.TooLate, '']);
  }
}
