/**
 * The desk where the host is served: takes host frames, answers each with ACK or NAK, and tells the host about
 * its orders. Leaves framing to frame.ts, repeats of our own frames to outbox.ts, orders to orders.ts.
 * Rules: docs/host-protocol.md.
 * Invariant: every frame that wants an answer gets exactly one, the same again when it is repeated; the ACK of a
 * PAY leaves only after the order is in the journal.
 */
import { readU16, readU32, u16, u32 } from '../protocol/bytes';
import { OrderState, Reason, reasonName } from '../protocol/codes';
import {
  encodeFrame,
  FLAG_ACK_WANTED,
  type Frame,
  FRAME_TIMEOUT_MS,
  type FrameListener,
  FrameReader,
} from '../protocol/frame';
import { decodeValues, hostKinds, HostType, shortText } from '../protocol/host-wire';
import type { Clock, Crc32, TimerId } from '../protocol/ports';
import type { Book, Order } from './book';
import { isTooNested, payReason } from './host-input';
import { readIdentity } from './identity';
import { MAX_RECORD_BYTES } from './journal';
import { OrderEvent } from './order';
import type { Actor, HostView, Orders } from './orders';
import { Outbox } from './outbox';
import { newStream } from './stream';
import type { Direct, Stream, Tunnel } from './stream-ports';
import { checkSettings } from './settings-check';

/** What the desk asks the rest of the module. */
export interface Module {
  /** Payloads of INFO, SIGNAL and TIME. */
  info(): string;
  signal(): string;
  time(): string;
  /** The settings are new: the rate of the port may be, too. */
  settingsChanged(): void;
  /** Starts the module anew, after what is being sent has left. */
  restart(): void;
  /** Something threw: keep it for the log. */
  fault(error: unknown): void;
  /** The ways of a data stream. */
  readonly tunnel: Tunnel;
  direct(): Direct;
  /** UTF-8 bytes in base64. */
  base64(bytes: string): string;
}

const DEFAULT_TTL_S = 300;
const MAX_LOG_LINES = 20;
const MIN_PULSE_MS = 20;
const MAX_PULSE_MS = 60000;
/** Behind amount, channel, time to live and the length of the reference. */
const PAY_TEXTS_AT = 8;

/**
 * HELLO, QUERY and the GET_… only read: a repeat is done again, because the frames behind the lost answer may be
 * lost as well, and because a host that starts again may send the very same HELLO.
 */
const READS = '\x01\x03\x0a\x0b\x0c\x0d';

/** Result of a host command: a reason not to, or the order it is about and what to do after the ACK. */
interface Result {
  readonly reason: Reason;
  readonly n: number;
  readonly then?: () => void;
}

function refused(reason: Reason): Result {
  return { reason, n: 0 };
}

/** Taken; `then` is what follows the ACK. */
function taken(n: number, then: () => void): Result {
  return { reason: Reason.None, n, then };
}

export class Desk implements HostView, FrameListener {
  private readonly reader: FrameReader;
  private readonly outbox: Outbox;
  private orders!: Orders;
  private timer: TimerId;
  /** CRC of the last frame that was taken, and its answer: a repeat is answered, not done again. */
  private lastCrc: string;
  private lastSeq: number;
  private lastAnswer: string;
  private nextStatusMs: number;
  /** The data stream, while there is one on either side. */
  stream: Stream | undefined;

  constructor(
    private readonly write: (bytes: string) => void,
    private readonly crc32: Crc32,
    private readonly clock: Clock,
    private readonly book: Book,
    private readonly actor: Actor,
    private readonly module: Module,
    firstSeq: number,
  ) {
    this.reader = new FrameReader(crc32, this);
    this.outbox = new Outbox(write, crc32, clock, firstSeq);
    this.timer = undefined;
    this.lastCrc = '';
    this.lastSeq = -1;
    this.lastAnswer = '';
    this.nextStatusMs = 0;
    this.stream = undefined;
  }

  /** Orders and desk know each other; this closes the circle before anything runs. */
  connect(orders: Orders): void {
    this.orders = orders;
  }

  /** Bytes from the host. */
  onData(data: string): void {
    if (this.timer !== undefined) {
      this.clock.cancel(this.timer);
      this.timer = undefined;
    }
    this.reader.push(data);
    if (this.reader.isWaiting()) {
      this.timer = this.clock.after(FRAME_TIMEOUT_MS, () => {
        this.timer = undefined;
        this.reader.giveUp();
      });
    }
  }

  onBadFrame(reason: Reason, seq: number, type: number): void {
    this.write(this.nak(seq, type, reason));
  }

  onFrame(frame: Frame): void {
    if (frame.type === HostType.Ack || frame.type === HostType.Nak) {
      this.outbox.answered(frame.payload.charCodeAt(0), frame.type === HostType.Ack);
      return;
    }
    const isRepeat = frame.crc === this.lastCrc && frame.seq === this.lastSeq;
    if (isRepeat && READS.indexOf(String.fromCharCode(frame.type)) < 0) {
      this.write(this.lastAnswer);
      return;
    }
    const result = this.serve(frame);
    const isWanted = (frame.flags & FLAG_ACK_WANTED) !== 0;
    const answer = result.reason
      ? this.nak(frame.seq, frame.type, result.reason)
      : encodeFrame(
          this.crc32,
          0,
          frame.seq,
          HostType.Ack,
          String.fromCharCode(frame.seq, frame.type) + u32(result.n),
        );
    if (isWanted) {
      this.lastCrc = frame.crc;
      this.lastSeq = frame.seq;
      this.lastAnswer = answer;
    }
    if (isWanted || result.reason) this.write(answer);
    if (result.then) result.then();
  }

  /** INFO and every open order, as after a start. */
  announce(): void {
    this.outbox.post(HostType.Info, this.module.info());
    this.book.open.forEach((order) => this.show(order));
  }

  /** The link's state, unasked, when it has changed. */
  announceSignal(): void {
    this.outbox.post(HostType.Signal, this.module.signal());
  }

  tell(order: Order): void {
    this.outbox.ask(HostType.Status, order.n, this.status(order));
  }

  showQr(order: Order): void {
    this.outbox.ask(
      HostType.Qr,
      order.n,
      u32(order.n) +
        String.fromCharCode(order.channel) +
        u16(this.leftS(order)) +
        shortText(order.reference) +
        order.url,
    );
  }

  /**
   * Once a second: repeats STATUS of open orders every `statusS` seconds, but never past a change that the host has
   * not answered: a host that restarts in between would take the older one for news, and deliver twice.
   */
  tick(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.nextStatusMs) return;
    this.nextStatusMs = nowMs + this.book.settings.statusS * 1000;
    this.book.open.forEach((order) => {
      if (!this.outbox.isTelling(order.n)) this.outbox.post(HostType.Status, this.status(order));
    });
  }

  /** Takes its fields apart itself: the general way costs five times as much, and a customer waits for this one. */
  private pay(payload: string): Result {
    const goodsAt = PAY_TEXTS_AT + payload.charCodeAt(PAY_TEXTS_AT - 1);
    // Past the end a character's code is NaN, which is no length.
    if (goodsAt + 1 + payload.charCodeAt(goodsAt) !== payload.length) return refused(Reason.BadPayload);
    const amountFen = readU32(payload, 0);
    const channel = payload.charCodeAt(4);
    const ttlS = readU16(payload, 5);
    const reference = payload.substring(PAY_TEXTS_AT, goodsAt);
    const goods = payload.substr(goodsAt + 1);
    const reason = payReason(amountFen, channel, ttlS, reference, goods);
    if (reason) return refused(reason);
    const orders = this.orders;
    const goods64 = this.module.base64(goods);
    const result = orders.pay(amountFen, channel, ttlS || DEFAULT_TTL_S, reference, goods64);
    const order = result.order;
    if (!order) return refused(result.reason);
    return taken(order.n, () => {
      orders.request(order);
      this.show(order);
    });
  }

  private query(n: number, reference: string): Result {
    const order = n ? this.book.find(n) : this.book.findReference(reference);
    if (!order) return refused(Reason.UnknownOrder);
    return taken(order.n, () => this.show(order));
  }

  private order(n: number, event: OrderEvent, reason: Reason): Result {
    return { reason: this.orders.hostEvent(n, event, reason), n };
  }

  /** Moves a relay by hand; Busy while an order uses it. */
  private relay(relay: number, count: number, onMs: number, offMs: number): Result {
    const isTime = Math.min(onMs, offMs) >= MIN_PULSE_MS && Math.max(onMs, offMs) <= MAX_PULSE_MS;
    if (relay < 1 || relay > 2 || (count && !isTime)) return refused(Reason.BadPayload);
    if (this.actor.isBusy()) return refused(Reason.Busy);
    if (count) this.actor.run({ relay, count, onMs, offMs }, () => {});
    else this.actor.stop();
    return refused(Reason.None);
  }

  private setSettings(json: string): Result {
    let change: unknown;
    if (isTooNested(json)) return refused(Reason.BadPayload);
    try {
      change = JSON.parse(json);
    } catch {
      return refused(Reason.BadPayload);
    }
    if (typeof change !== 'object' || !change || Array.isArray(change)) return refused(Reason.BadPayload);
    const values = change as { [name: string]: unknown };
    if (values.version !== undefined) return refused(Reason.BadPayload);
    const merged = checkSettings(this.book.settings, values);
    if (!merged) return refused(Reason.BadPayload);
    this.book.saveSettings(merged);
    return taken(0, () => this.module.settingsChanged());
  }

  /** Once only: whoever holds the line later cannot make the module another one's. */
  private provision(json: string): Result {
    if (this.book.identity) return refused(Reason.NotAllowed);
    const isReadable = json.length <= MAX_RECORD_BYTES && !isTooNested(json);
    const identity = isReadable ? readIdentity(json) : undefined;
    if (!identity) return refused(Reason.BadPayload);
    this.book.saveIdentity(identity);
    return taken(0, () => this.module.restart());
  }

  private streamCommand(type: HostType, first: never, port: number, address: string): Result {
    let stream = this.stream;
    if (type === HostType.DtuOpen) {
      stream = stream || this.newStream();
    }
    let reason = Reason.NoStream;
    if (type === HostType.DtuData && !first) reason = Reason.BadPayload;
    else if (!stream) return refused(reason);
    else if (type === HostType.DtuOpen) reason = stream.open(first, address, port);
    else if (type === HostType.DtuData) reason = stream.take(first);
    else if (type === HostType.DtuCredit) reason = stream.allow(first);
    else reason = stream.close();
    // Also when it was refused: a stream that never came about is let go of.
    return { reason, n: 0, then: () => stream && stream.pump() };
  }

  private newStream(): Stream {
    const outbox = this.outbox;
    const stream = newStream({
      clock: this.clock,
      tunnel: this.module.tunnel,
      direct: this.module.direct(),
      isProvisioned: !!this.book.identity,
      wake: () => outbox.wake(),
      gone: () => {
        outbox.source = undefined;
        this.stream = undefined;
      },
    });
    outbox.source = stream;
    this.stream = stream;
    return stream;
  }

  private log(n: number, count: number): Result {
    const lines = this.book.log(n, Math.min(count, MAX_LOG_LINES));
    if (!lines.length) lines.push('');
    return taken(n, () => {
      lines.forEach((text, index) =>
        this.outbox.post(HostType.Log, String.fromCharCode(lines.length - 1 - index) + text),
      );
    });
  }

  private serve(frame: Frame): Result {
    try {
      if (frame.type === HostType.Pay) return this.pay(frame.payload);
      const kinds = hostKinds(frame.type);
      if (kinds === undefined) return refused(Reason.BadType);
      const values = decodeValues(kinds, frame.payload);
      return values ? this.command(frame.type, values as never[]) : refused(Reason.BadPayload);
    } catch (error) {
      // The journal could not take it: nothing has happened, and the host must know.
      this.module.fault(error);
      return refused(Reason.Storage);
    }
  }

  /**
   * What each message of the host does, PAY apart; `values` are its fields in the order of the document. One chain
   * and not a table of functions, which would take eighty JsVars.
   */
  private command(type: HostType, values: never[]): Result {
    const first = values[0]!;
    const second = values[1]!;
    if (type === HostType.Query) return this.query(first, second);
    if (type === HostType.Cancel) return this.order(first, OrderEvent.Cancel, Reason.HostCancelled);
    if (type === HostType.Dispensed) return this.order(first, OrderEvent.HostDone, Reason.None);
    if (type === HostType.Failed) return this.order(first, OrderEvent.HostFailed, Reason.HostFailed);
    if (type === HostType.Refund) return this.order(first, OrderEvent.HostRefund, Reason.HostRefund);
    if (type === HostType.Hello) return taken(0, () => this.announce());
    if (type === HostType.Relay) return this.relay(first, second, values[2]!, values[3]!);
    if (type === HostType.SetSettings) return this.setSettings(first);
    if (type === HostType.GetLog) return this.log(first, second);
    if (type === HostType.Provision) return this.provision(first);
    if (type >= HostType.DtuOpen) return this.streamCommand(type, first, second, values[2]!);
    return taken(0, () => {
      if (type === HostType.GetTime) this.outbox.post(HostType.Time, this.module.time());
      else if (type === HostType.GetSignal) this.announceSignal();
      else this.outbox.post(HostType.Settings, JSON.stringify(this.book.settings));
    });
  }

  private show(order: Order): void {
    this.tell(order);
    if (order.state === OrderState.AwaitingPayment) this.showQr(order);
  }

  private leftS(order: Order): number {
    if (!order.url || order.state >= OrderState.Paid) return 0;
    return Math.max(0, Math.min(65535, Math.floor((order.payableUntilMs - this.clock.nowMs()) / 1000)));
  }

  private status(order: Order): string {
    return (
      u32(order.n) +
      String.fromCharCode(order.state, order.reason) +
      u32(order.amountFen) +
      String.fromCharCode(order.channel) +
      u16(this.leftS(order)) +
      shortText(order.reference)
    );
  }

  private nak(seq: number, type: number, reason: Reason): string {
    return encodeFrame(
      this.crc32,
      0,
      seq,
      HostType.Nak,
      String.fromCharCode(seq, type, reason) + reasonName(reason)!,
    );
  }
}
