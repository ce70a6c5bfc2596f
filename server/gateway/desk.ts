/**
 * What a device's messages mean: checks their fields, brings them to the order service, and says how the order
 * stands. One row of HANDLERS a message (docs/link-protocol.md, "Messages").
 * Leaves connections to session.ts, decisions to the order service.
 * Invariant: a grant is sent only right after the change that gave it has become durable, on the session that it
 * was given to.
 */
import { Reason } from '../../src/protocol/codes';
import { isText } from '../../src/protocol/host';
import type { Message } from '../../src/protocol/messages';
import type { DeviceDirectory } from '../devices/directory';
import type { Order, OrderEvent } from '../orders/model';
import { grantMessage, refusal, standing, textOfBytes, wireBytes } from '../orders/replies';
import { outTradeNoOf, type OrderService } from '../orders/service';
import type { Store } from '../orders/store';
import type { Clock } from '../time';
import type { Session } from './session';

export interface DeskOptions {
  readonly store: Store;
  readonly service: OrderService;
  readonly devices: DeviceDirectory;
  readonly clock: Clock;
  /** The device asks how its order stands: ask the provider too, if it was not asked just now. */
  readonly look: (outTradeNo: string) => void;
  /** Log lines that a device sent, as asked. */
  readonly onLog: (deviceId: string, text: string) => void;
}

const MAX_NUMBER = 0xffffffff;
const MAX_REASON = 255;
const ASCII = /^[\x20-\x7e]*$/;
const CHANNELS = [undefined, 'wechat', 'alipay'] as const;
/** States of `end`, as on the device (docs/orders.md). */
const END_EVENTS: Readonly<Record<number, 'endDispensed' | 'endFailed' | 'endUncertain'>> = {
  7: 'endDispensed',
  8: 'endFailed',
  9: 'endUncertain',
};
/** The device's states from PAID on: it has the grant. */
const FIRST_PAID_STATE = 5;
const REFUNDING_STATE = 8;
const FIRST_FINAL_STATE = 10;

/** The message breaks the protocol: its session ends. */
export class BadMessageError extends Error {}

function demand(condition: boolean): asserts condition {
  if (!condition) throw new BadMessageError();
}

/** Fields in the order of the layouts, which the session has checked. */
type PayFields = [number, number, number, number, string, string];
type HiFields = [number, string, string, string, string, number, number, number, number, readonly unknown[]];

type Handler = (desk: Desk, session: Session, fields: readonly never[]) => Promise<void>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  hi: (desk, session, fields) => desk.hi(session, fields),
  pay: (desk, session, fields) => desk.pay(session, fields),
  ask: (desk, session, [n]) => desk.ask(session, n!),
  cancel: (desk, session, [n]) => desk.wish(session, n!, { type: 'cancel' }),
  got: (desk, session, [n]) => desk.got(session, n!),
  end: (desk, session, [n, state, reason, text]) => desk.finish(session, n!, state!, reason!, text!),
  back: (desk, session, [n, reason, text]) =>
    desk.wish(session, n!, { type: 'back', ...desk.statement(reason!, text!) }),
  ping: (desk, session, [uptimeMs]) => desk.ping(session, uptimeMs!),
  log: async (desk, session, [, text]) => desk.options.onLog(session.deviceId, freeText(text!)),
};

export class Desk {
  constructor(readonly options: DeskOptions) {}

  /** @throws BadMessageError for a message that this desk does not take, or with values out of range. */
  async handle(session: Session, message: Message): Promise<void> {
    const handler = HANDLERS[message[0]];
    demand(handler !== undefined);
    await handler(this, session, message.slice(1) as never[]);
  }

  /** Tells the device how its order stands now; gives it the grant when there is one to give. */
  async tell(session: Session, outTradeNo: string): Promise<void> {
    const order = await this.options.store.find(outTradeNo);
    if (order) await this.respond(session, order);
  }

  /** The same for an order as it was stored just now; `granted`: in that change, to the device's session here. */
  async tellStored(session: Session, order: Order, granted: boolean): Promise<void> {
    if (granted && session.number === order.grantSession) session.send(grantMessage(order));
    else if (granted) await this.tell(session, order.outTradeNo);
    else await this.respond(session, order);
  }

  async hi(session: Session, fields: readonly never[]): Promise<void> {
    const [uptimeMs, firmware, board, imei, iccid, reset, csq, lastOrder, settingsVersion, open] =
      fields as readonly unknown[] as HiFields;
    const listed = readListed(open);
    const facts = {
      firmware: asciiText(firmware),
      board: asciiText(board),
      imei: asciiText(imei),
      iccid: asciiText(iccid),
      reset,
      csq,
      lastOrder,
      settingsVersion,
    };
    const nowMs = this.options.clock.nowMs();
    const known = await this.options.devices.greet(session.deviceId, facts, nowMs);
    if (!known) throw new BadMessageError();
    session.send(['ho', uptimeMs, Math.round(nowMs), known.lastOrder]);
    if (settingsVersion < known.settingsVersion) {
      session.send(['set', known.settingsVersion, known.settings]);
    }
    await this.reconcile(session, listed);
  }

  async pay(session: Session, fields: readonly never[]): Promise<void> {
    const [n, amountFen, channelCode, ttlS, reference, goods] = fields as readonly unknown[] as PayFields;
    const channel = CHANNELS[channelCode];
    demand(n >= 1 && n <= MAX_NUMBER && channel !== undefined);
    const opened = await this.options.service.open({
      deviceId: session.deviceId,
      n,
      channel,
      amountFen,
      ttlS,
      reference: asciiText(reference),
      goods: freeText(goods),
      session: session.number,
    });
    if (!opened) return;
    if (opened.order) await this.respond(session, opened.order);
    else session.send(refusal(n, opened.refusal));
  }

  async ask(session: Session, n: number): Promise<void> {
    const outTradeNo = outTradeNoOf(session.deviceId, n);
    this.options.look(outTradeNo);
    const order = await this.options.store.find(outTradeNo);
    if (order) await this.respond(session, order);
    else session.send(refusal(n, Reason.UnknownOrder));
  }

  async got(session: Session, n: number): Promise<void> {
    await this.options.service.apply(outTradeNoOf(session.deviceId, n), 'device', { type: 'got' });
  }

  async finish(session: Session, n: number, state: number, reason: number, text: string): Promise<void> {
    const type = END_EVENTS[state];
    demand(type !== undefined);
    await this.wish(session, n, { type, ...this.statement(reason, text) });
  }

  async ping(session: Session, uptimeMs: number): Promise<void> {
    session.send(['pong', uptimeMs, Math.round(this.options.clock.nowMs())]);
  }

  statement(reason: number, text: string): { reason: Reason; text: string } {
    demand(reason <= MAX_REASON);
    return { reason, text: freeText(text) };
  }

  /** Applies what the device says of an order, and says how it stands then. */
  async wish(session: Session, n: number, event: OrderEvent): Promise<void> {
    const applied = await this.options.service.apply(outTradeNoOf(session.deviceId, n), 'device', event);
    if (!applied) session.send(refusal(n, Reason.UnknownOrder));
    else if (applied.refusal !== Reason.None) session.send(refusal(n, applied.refusal));
    else await this.respond(session, applied.order);
  }

  /** Compares the orders that the device holds open with ours; each gets an answer. */
  private async reconcile(session: Session, listed: ReadonlyMap<number, number>): Promise<void> {
    const ours = await this.options.store.openOrders(session.deviceId);
    for (const order of ours) {
      if (!listed.has(order.n)) {
        await this.applyHere(session, order.outTradeNo, { type: 'unlisted', session: session.number });
      }
    }
    for (const [n, deviceState] of listed) {
      const type = deviceState < FIRST_PAID_STATE ? 'listedUnpaid' : 'listedPaid';
      const event: OrderEvent = { type, session: session.number, deviceState };
      const applied = await this.applyHere(session, outTradeNoOf(session.deviceId, n), event);
      if (!applied) session.send(refusal(n, Reason.UnknownOrder));
      else if (applied.granted) session.send(grantMessage(applied.order));
      else session.send(this.standingOf(applied.order, deviceState));
    }
  }

  /** A device that wants a refund must not take the end of dispensing for the answer: its `back` is yet to come. */
  private standingOf(order: Order, deviceState: number): Message {
    if (deviceState === REFUNDING_STATE && order.state === 'DISPENSED')
      return ['state', order.n, order.state];
    return standing(order, this.options.clock.nowMs());
  }

  private async respond(session: Session, order: Order): Promise<void> {
    if (order.state === 'PAID' || isGrantLost(order, session)) {
      const event: OrderEvent = { type: 'offer', session: session.number };
      const applied = await this.applyHere(session, order.outTradeNo, event);
      if (applied?.granted) session.send(grantMessage(applied.order));
      else if (applied) session.send(standing(applied.order, this.options.clock.nowMs()));
      return;
    }
    const nowMs = this.options.clock.nowMs();
    session.send(isGrantPending(order, session, nowMs) ? grantMessage(order) : standing(order, nowMs));
  }

  /** Only the device's newest session may take a grant or say what the device holds. */
  private applyHere(
    session: Session,
    outTradeNo: string,
    event: OrderEvent,
  ): ReturnType<OrderService['applyIf']> {
    return this.options.service.applyIf(outTradeNo, 'gateway', (locked) =>
      locked.session === session.number ? [event] : [],
    );
  }
}

/** It went out on an older session, and in `hi` the device did not have it. */
function isGrantLost(order: Order, session: Session): boolean {
  return order.state === 'GRANTED' && order.grantSession < session.number && !order.isGrantReceived;
}

/** The grant went out on this very session and was not acknowledged: the same one may be said again. */
function isGrantPending(order: Order, session: Session, nowMs: number): boolean {
  return (
    order.state === 'GRANTED' &&
    order.grantSession === session.number &&
    !order.isGrantReceived &&
    nowMs < order.grantDeadlineMs
  );
}

function asciiText(text: string): string {
  demand(ASCII.test(text));
  return text;
}

/** Text from base64: well-formed UTF-8 without control characters, or the message is refused. */
function freeText(base64: string): string {
  const bytes = wireBytes(base64);
  demand(isText(bytes));
  return textOfBytes(bytes);
}

/** `[[n, state], …]`; no number twice. */
function readListed(open: readonly unknown[]): ReadonlyMap<number, number> {
  const listed = new Map<number, number>();
  for (const entry of open) {
    demand(Array.isArray(entry) && entry.length === 2);
    const [n, state] = entry as [unknown, unknown];
    demand(Number.isInteger(n) && (n as number) >= 1 && (n as number) <= MAX_NUMBER);
    demand(Number.isInteger(state) && (state as number) >= 1 && (state as number) < FIRST_FINAL_STATE);
    demand(!listed.has(n as number));
    listed.set(n as number, state as number);
  }
  return listed;
}
