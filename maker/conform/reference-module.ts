/**
 * A payment module that follows docs/host-protocol.md and nothing else: the other side for hosts under test and for our own
 * tests. Whoever holds it plays customer, network and power.
 * Leaves orders to orders.ts and refusals to refusals.ts.
 */
import { LinkState, ORDER_STATE_NAMES, OrderState, Reason, ResetReason } from '../../src/protocol/codes';
import { type HostFields, HostType } from '../../src/protocol/host';
import { REASON_NAMES } from '../../src/protocol/reasons';
import type { Clock, Timer } from '../../sim/time/clock';
import { Exchange, type Message, type TraceEntry, type Verdict } from '../host/exchange';
import { bytesOf } from '../host/messages';
import type { HostPort } from '../host/port';
import {
  changedSettings,
  firstSettings,
  limitReason,
  payReason,
  relayReason,
  streamReason,
} from './refusals';
import { type ModuleOrder, ModuleOrders } from './orders';

export interface ReferenceModuleOptions {
  readonly clock: Clock;
  readonly onTrace?: (entry: TraceEntry) => void;
  readonly onMessage?: (message: Message) => void;
  readonly onClose?: (why: string) => void;
  /** The far end of the data stream sends back what it gets. */
  readonly hasEcho?: boolean;
}

const STREAM_CREDIT = 512;
const MAX_CREDIT = 65_535;
const MAX_LOG_LINES = 20;

type Handler = (fields: HostFields) => Verdict;

export class ReferenceModule {
  readonly orders: ModuleOrders;
  settings = firstSettings();
  link: LinkState = LinkState.Ready;
  isProvisioned = true;
  csq = 21;
  /** Bytes that the host may still send, and that it lets us send; undefined without a stream. */
  stream: { hostCredit: number; ownCredit: number } | undefined;
  /** Every byte of the stream that came, and every relay movement asked for. */
  readonly streamBytes: Buffer[] = [];
  readonly relayMoves: HostFields[] = [];
  private readonly exchange: Exchange;
  private readonly logLines: { order: number; text: string }[] = [];
  private readonly statusesUnderWay = new Map<number, number>();
  private statusTimer: Timer | undefined;
  private isOn = true;
  /** What the far end has sent and the host gives no credit for yet. */
  private fromFarEnd = Buffer.alloc(0);

  constructor(
    port: HostPort,
    private readonly options: ReferenceModuleOptions,
  ) {
    this.orders = new ModuleOrders(options.clock, () => this.settings, {
      onChange: (order) => this.tell(order),
      onCode: (order) => this.showQr(order),
    });
    this.exchange = new Exchange(port, {
      clock: options.clock,
      side: 'module',
      onMessage: (message) => this.serve(message),
      ...(options.onTrace && { onTrace: options.onTrace }),
      ...(options.onClose && { onClose: options.onClose }),
    });
    this.repeatStatus();
  }

  /** Power comes: INFO and every open order. */
  announce(): void {
    this.exchange.post(HostType.Info, this.info());
    for (const order of this.orders.open()) this.show(order);
  }

  /** Power fails and comes back. */
  restart(): void {
    this.stream = undefined;
    this.orders.restart();
    this.announce();
  }

  /** The link's state changes; the host is told. */
  setLink(link: LinkState): void {
    this.link = link;
    this.orders.isOnline = link === LinkState.Ready;
    this.exchange.post(HostType.Signal, this.signal());
  }

  /** Bytes of the far end for the host, as far as its credit goes; gives how many. */
  sendStream(bytes: Buffer): number {
    if (!this.stream) return 0;
    const part = bytes.subarray(0, this.stream.ownCredit);
    this.stream.ownCredit -= part.length;
    if (part.length) this.ask(HostType.DtuReceived, { data: part.toString('latin1') });
    return part.length;
  }

  endStream(reason: Reason): void {
    if (!this.stream) return;
    this.stream = undefined;
    this.ask(HostType.DtuClosed, { reason });
  }

  /** Any bytes on the line. */
  writeRaw(bytes: Buffer): void {
    this.exchange.writeRaw(bytes);
  }

  close(): void {
    this.isOn = false;
    this.options.clock.clearTimer(this.statusTimer);
    this.orders.stop();
    this.exchange.close();
  }

  private readonly handlers: { readonly [type: number]: Handler } = {
    [HostType.Hello]: () => ({ then: () => this.announce() }),
    [HostType.Pay]: (fields) => this.pay(fields),
    [HostType.Query]: (fields) => this.query(fields),
    [HostType.Cancel]: (fields) => this.forOrder(fields, (order) => this.orders.cancel(order)),
    [HostType.Dispensed]: (fields) => this.forOrder(fields, (order) => this.orders.dispensed(order)),
    [HostType.Failed]: (fields) => this.forOrder(fields, (order) => this.orders.failed(order)),
    [HostType.Refund]: (fields) => this.forOrder(fields, (order) => this.orders.refund(order)),
    [HostType.Relay]: (fields) => this.relay(fields),
    [HostType.SetSettings]: (fields) => this.setSettings(fields),
    [HostType.GetSettings]: () =>
      this.reply(HostType.Settings, { json: JSON.stringify({ version: 0, ...this.settings }) }),
    [HostType.GetTime]: () =>
      this.reply(HostType.Time, { unixS: Math.floor(this.options.clock.nowMs() / 1000), errorMs: 250 }),
    [HostType.GetSignal]: () => this.reply(HostType.Signal, this.signal()),
    [HostType.GetLog]: (fields) => this.log(fields),
    [HostType.Provision]: () => ({ reason: Reason.NotAllowed }),
    [HostType.DtuOpen]: (fields) => this.openStream(fields),
    [HostType.DtuData]: (fields) => this.takeStream(fields),
    [HostType.DtuCredit]: (fields) => this.takeCredit(fields),
    [HostType.DtuClose]: () =>
      this.stream ? { then: () => this.endStream(Reason.None) } : { reason: Reason.NoStream },
  };

  private serve(message: Message): Verdict {
    this.options.onMessage?.(message);
    const handler = this.handlers[message.type];
    return handler ? handler(message.fields) : { reason: Reason.BadType };
  }

  private pay(fields: HostFields): Verdict {
    const wrong = payReason(fields);
    if (wrong) return { reason: wrong };
    if (!this.isProvisioned) return { reason: Reason.NotProvisioned };
    const known = this.orders.findReference(fields.reference as string);
    const limit = known ? Reason.None : limitReason(this.settings, fields.amountFen as number);
    if (limit) return { reason: limit };
    const result = this.orders.take(fields);
    if (typeof result === 'number') return { reason: result };
    return { order: result.order, then: () => this.show(result) };
  }

  private query(fields: HostFields): Verdict {
    const number = fields.order as number;
    const order = number ? this.orders.find(number) : this.orders.findReference(fields.reference as string);
    return order ? { order: order.order, then: () => this.show(order) } : { reason: Reason.UnknownOrder };
  }

  private forOrder(fields: HostFields, act: (order: ModuleOrder) => Reason): Verdict {
    const order = this.orders.find(fields.order as number);
    if (!order) return { reason: Reason.UnknownOrder };
    const reason = act(order);
    return reason ? { reason } : { order: order.order };
  }

  private relay(fields: HostFields): Verdict {
    const reason = relayReason(fields);
    if (reason) return { reason };
    this.relayMoves.push(fields);
    return {};
  }

  private setSettings(fields: HostFields): Verdict {
    const changed = changedSettings(this.settings, fields.json as string);
    if (!changed) return { reason: Reason.BadPayload };
    this.settings = changed;
    return {};
  }

  private log(fields: HostFields): Verdict {
    const number = fields.order as number;
    const count = Math.min(fields.count as number, MAX_LOG_LINES);
    const lines = this.logLines.filter((line) => !number || line.order === number).slice(-count);
    const texts = lines.length ? lines.map((line) => line.text) : [''];
    return {
      order: number,
      then: () =>
        texts.forEach((text, index) =>
          this.exchange.post(HostType.Log, { left: texts.length - 1 - index, text }),
        ),
    };
  }

  private openStream(fields: HostFields): Verdict {
    const reason = streamReason(fields);
    if (reason) return { reason };
    if (this.stream) return { reason: Reason.Busy };
    if (!this.isProvisioned) return { reason: Reason.NotProvisioned };
    if (this.link !== LinkState.Ready) return { reason: Reason.Offline };
    return {
      then: () => {
        this.stream = { hostCredit: STREAM_CREDIT, ownCredit: 0 };
        this.fromFarEnd = Buffer.alloc(0);
        this.ask(HostType.DtuOpened, { mode: fields.mode!, credit: STREAM_CREDIT });
      },
    };
  }

  private takeStream(fields: HostFields): Verdict {
    const bytes = Buffer.from(fields.data as string, 'latin1');
    if (bytes.length === 0) return { reason: Reason.BadPayload };
    if (!this.stream) return { reason: Reason.NoStream };
    if (bytes.length > this.stream.hostCredit) return { reason: Reason.NoCredit };
    this.stream.hostCredit -= bytes.length;
    this.streamBytes.push(bytes);
    return {
      then: () => {
        this.grant(bytes.length);
        if (this.options.hasEcho) this.echo(bytes);
      },
    };
  }

  private echo(bytes: Buffer): void {
    const waiting = Buffer.concat([this.fromFarEnd, bytes]);
    this.fromFarEnd = waiting.subarray(this.sendStream(waiting));
  }

  private grant(credit: number): void {
    if (!this.stream) return;
    this.stream.hostCredit += credit;
    this.ask(HostType.DtuGranted, { credit });
  }

  private takeCredit(fields: HostFields): Verdict {
    if (!this.stream) return { reason: Reason.NoStream };
    if (this.stream.ownCredit + (fields.credit as number) > MAX_CREDIT) return { reason: Reason.BadPayload };
    this.stream.ownCredit += fields.credit as number;
    return { then: () => this.echo(Buffer.alloc(0)) };
  }

  private reply(type: HostType, fields: HostFields): Verdict {
    return { then: () => this.exchange.post(type, fields) };
  }

  private info(): HostFields {
    return {
      version: 1,
      reset: ResetReason.Power,
      link: this.link,
      openOrders: this.orders.open().length,
      lastOrder: this.orders.lastOrder,
      deviceId: this.isProvisioned ? 'CS000001' : '',
      firmware: 'reference',
      board: 'REF',
      imei: '868120000000001',
    };
  }

  private signal(): HostFields {
    const registration = this.link >= LinkState.AttachRefused && this.link <= LinkState.Ready ? 1 : 2;
    return { link: this.link, csq: this.csq, registration };
  }

  private tell(order: ModuleOrder): void {
    const timeS = Math.floor(this.options.clock.nowMs() / 1000);
    const text = [order.order, ORDER_STATE_NAMES[order.state], REASON_NAMES[order.reason], timeS].join(' ');
    this.logLines.push({ order: order.order, text });
    this.ask(HostType.Status, this.status(order));
  }

  private show(order: ModuleOrder): void {
    this.ask(HostType.Status, this.status(order));
    if (order.state === OrderState.AwaitingPayment) this.showQr(order);
  }

  private showQr(order: ModuleOrder): void {
    const { channel, reference, url } = order;
    const leftS = this.orders.leftS(order);
    this.ask(HostType.Qr, { order: order.order, channel, leftS, reference, url: bytesOf(url) });
  }

  private status(order: ModuleOrder): HostFields {
    const { state, reason, amountFen, channel, reference } = order;
    return {
      order: order.order,
      state,
      reason,
      amountFen,
      channel,
      leftS: this.orders.leftS(order),
      reference,
    };
  }

  /** A host that does not answer is found out by the situations, not here. */
  private ask(type: HostType, fields: HostFields): void {
    const order = type === HostType.Status ? (fields.order as number) : 0;
    const count = (change: number): void => {
      this.statusesUnderWay.set(order, (this.statusesUnderWay.get(order) ?? 0) + change);
    };
    count(1);
    this.exchange
      .request(type, fields)
      .catch(() => {})
      .finally(() => count(-1));
  }

  private repeatStatus(): void {
    this.statusTimer = this.options.clock.setTimer(() => {
      for (const order of this.orders.open()) {
        // A change that the host has not taken yet would arrive after this one, and seem newer.
        if (!this.statusesUnderWay.get(order.order)) this.exchange.post(HostType.Status, this.status(order));
      }
      if (this.isOn) this.repeatStatus();
    }, this.settings.statusS! * 1000);
  }
}
