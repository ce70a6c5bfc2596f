/**
 * A built module with a maker's machine and a platform that play by docs/host-protocol.md ("Data stream") and
 * docs/link-protocol.md, written from the documents: both count credit and note every breach by the module.
 */
import type { Firmware } from '../../../scripts/build/build';
import { memoryStore } from '../../../sim/flash';
import type { ServerConnection } from '../../../sim/network/internet';
import { FaultInjector } from '../../../sim/modem/faults/injector';
import { SimulatedNetwork } from '../../../sim/network/simulated-network';
import { journalBytes, VirtualModule } from '../../../sim/product/module';
import type { SerialPort } from '../../../sim/serial/line';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { deviceKeys } from '../../../src/protocol/cmac';
import { encodeFrame, type Frame, FrameReader } from '../../../src/protocol/frame';
import { decodeHost, encodeHost, type HostFields, HostType } from '../../../src/protocol/host';
import {
  deviceMac,
  encodeUnit,
  Opener,
  Sealer,
  serverMac,
  sessionKeys,
  UnitKind,
  UnitReader,
} from '../../../src/protocol/link';
import { nodeAes, nodeCcm, nodeCrc32, unhex } from '../../src/ports/ports';

const ADDRESS = '10.0.0.1';
const KEY = '000102030405060708090a0b0c0d0e0f';
const ID = 'CSTREAM1';
const IDENTITY = { id: ID, key: KEY, host: 'gw.test', port: 7001, apn: 'cmnet' };
const READY = 10;
const ACK = 0x7e;
const NAK = 0x7f;

/** The maker's machine: sends one frame at a time, as a host must, and answers as told. */
export class StreamHost {
  /** Answers to our frames, oldest first: 0 for ACK, else the reason. */
  readonly answers: { type: number; reason: number }[] = [];
  /** Frames of the module, repeats left out. */
  readonly heard: { type: number; fields: HostFields; atMs: number }[] = [];
  readonly breaches: string[] = [];
  received = '';
  /** What we may send, and what we let the module send. */
  credit = 0;
  allowed = 0;
  /** Given anew as soon as bytes come; 0: the test gives credit by hand. */
  refill = 0;
  /** How bytes of the stream are answered. */
  manner: 'ack' | 'nak' | 'silent' = 'ack';
  /** How long the host thinks before it answers. */
  answerMs = 0;
  private toSend = '';
  private readonly queue: [number, HostFields][] = [];
  private underWay: { frame: string; type: number; sends: number } | undefined;
  private seq = 0;
  private lastTaken = '';
  private readonly reader: FrameReader;

  constructor(
    private readonly line: SerialPort,
    private readonly clock: VirtualClock,
  ) {
    this.reader = new FrameReader(nodeCrc32, {
      onFrame: (frame) => this.take(frame),
      onBadFrame: (reason) => this.breaches.push(`bad frame ${reason}`),
    });
    line.onData = (bytes) => this.reader.push(Buffer.from(bytes).toString('latin1'));
  }

  ask(type: number, fields: HostFields): void {
    this.queue.push([type, fields]);
    this.next();
  }

  /** Sends these bytes as credit comes in. */
  write(bytes: string): void {
    this.toSend += bytes;
    this.next();
  }

  get unsentBytes(): number {
    return this.toSend.length;
  }

  /** The reason of the last answer to a frame of this type. */
  answerTo(type: number): number | undefined {
    return this.answers.filter((answer) => answer.type === type).at(-1)?.reason;
  }

  last(type: number): HostFields | undefined {
    return this.heard.filter((frame) => frame.type === type).at(-1)?.fields;
  }

  count(type: number): number {
    return this.heard.filter((frame) => frame.type === type).length;
  }

  give(credit: number): void {
    this.allowed += credit;
    this.ask(HostType.DtuCredit, { credit });
  }

  private next(): void {
    if (this.underWay) return;
    let [type, fields] = this.queue.shift() ?? [0, {}];
    if (type === 0) {
      const part = this.toSend.slice(0, Math.min(512, this.credit));
      if (part === '') return;
      this.toSend = this.toSend.slice(part.length);
      this.credit -= part.length;
      [type, fields] = [HostType.DtuData, { data: part }];
    }
    this.seq = (this.seq + 1) & 255;
    const frame = encodeFrame(nodeCrc32, 1, this.seq, type, encodeHost(type, fields));
    this.underWay = { frame, type, sends: 0 };
    this.transmit(this.underWay);
  }

  private transmit(request: { frame: string; sends: number }): void {
    if (this.underWay !== request || request.sends++ >= 4) return;
    this.line.write(Buffer.from(request.frame, 'latin1'));
    this.clock.setTimer(() => this.transmit(request), 400);
  }

  private take(frame: Frame): void {
    if (frame.type === ACK || frame.type === NAK) this.takeAnswer(frame);
    else {
      const manner = frame.type === HostType.DtuReceived ? this.manner : 'ack';
      if (frame.flags & 1 && manner !== 'silent') this.answer(frame, manner);
      const mark = `${frame.seq} ${frame.crc}`;
      if (manner !== 'ack' || (frame.flags & 1 && mark === this.lastTaken)) return;
      if (frame.flags & 1) this.lastTaken = mark;
      const fields = decodeHost(frame.type, frame.payload)!;
      this.heard.push({ type: frame.type, fields, atMs: this.clock.nowMs() });
      this.onMessage(frame.type, fields);
    }
  }

  private answer(frame: Frame, manner: 'ack' | 'nak'): void {
    const type = manner === 'ack' ? ACK : NAK;
    const fields: HostFields =
      type === ACK
        ? { seq: frame.seq, type: frame.type, order: 0 }
        : { seq: frame.seq, type: frame.type, reason: 12, text: 'BUSY' };
    const bytes = encodeFrame(nodeCrc32, 0, frame.seq, type, encodeHost(type as HostType, fields));
    const write = (): void => this.line.write(Buffer.from(bytes, 'latin1'));
    if (this.answerMs) this.clock.setTimer(write, this.answerMs);
    else write();
  }

  private takeAnswer(frame: Frame): void {
    const request = this.underWay;
    if (!request || frame.payload.charCodeAt(0) !== this.seq) return;
    this.underWay = undefined;
    const reason = frame.type === ACK ? 0 : frame.payload.charCodeAt(2);
    this.answers.push({ type: request.type, reason });
    this.next();
  }

  private onMessage(type: number, fields: HostFields): void {
    if (type === HostType.DtuGranted) this.credit += fields.credit as number;
    if (type === HostType.DtuOpened) {
      this.credit = fields.credit as number;
      this.allowed = 0;
      if (this.refill) this.give(this.refill);
    }
    if (type === HostType.DtuReceived) {
      const data = fields.data as string;
      if (data.length > this.allowed) this.breaches.push(`${data.length} bytes, ${this.allowed} allowed`);
      this.allowed -= data.length;
      this.received += data;
      if (this.refill) this.give(data.length);
    }
    this.next();
  }
}

/** The platform's end of the session, and of the stream in it. */
export class StreamServer {
  readonly messages: (readonly unknown[])[] = [];
  readonly breaches: string[] = [];
  received = '';
  /** Messages and units of bytes that came: when, and from which byte of the connection to which. */
  readonly arrivals: { what: string; atMs: number; begin: number; end: number }[] = [];
  /** What the device takes, and what we let it send. */
  credit = 0;
  allowed = 0;
  /** Answers of `open`: a window, or the reason of a `shut`; undefined: none. */
  opening: { window: number } | { shut: number } | undefined = { window: 16384 };
  refill = true;
  sessions = 0;
  isUp = false;
  private hasShut = false;
  private unitBegin = 0;
  private unitEnd = 0;
  private toSend = '';
  private sealer!: Sealer;
  private connection!: ServerConnection;

  constructor(private readonly clock: VirtualClock) {}

  accept(connection: ServerConnection): void {
    const randS = 'S'.repeat(16);
    const keys = deviceKeys(nodeAes, unhex(KEY));
    let opener: Opener | undefined;
    this.connection = connection;
    this.unitEnd = 0;
    const reader = new UnitReader({
      onBroken: () => this.breaches.push('a broken unit'),
      onUnit: (kind, body) => {
        this.unitBegin = this.unitEnd;
        this.unitEnd += encodeUnit(kind, body).length;
        if (kind !== UnitKind.Response) {
          const plain = opener!.open(kind, body);
          if (plain === undefined) this.breaches.push('a record that does not open');
          else if (kind === UnitKind.Data) this.onBytes(plain);
          else this.onMessage(JSON.parse(plain) as unknown[]);
          return;
        }
        const randP = body.slice(0, 16);
        if (body.slice(16, 32) !== deviceMac(nodeAes, keys.ak, ID, randS, randP)) throw new Error('MAC_P');
        const session = sessionKeys(nodeAes, keys, ID, randS, randP);
        this.sealer = new Sealer(nodeCcm, session.downKey, session.downSalt);
        opener = new Opener(nodeCcm, session.upKey, session.upSalt);
        this.sendUnit(encodeUnit(UnitKind.Proof, serverMac(nodeAes, keys.ak, randP)));
      },
    });
    connection.onData = (bytes) => reader.push(bytes.toString('latin1'));
    connection.onClose = () => (this.isUp = false);
    this.sendUnit(encodeUnit(UnitKind.Challenge, 'coinslot/1' + randS));
  }

  send(...message: unknown[]): void {
    if (message[0] === 'shut') this.hasShut = true;
    this.sendUnit(this.sealer.seal(UnitKind.Message, JSON.stringify(message)));
  }

  /** Bytes, whatever the credit. */
  sendBytes(bytes: string): void {
    this.sendUnit(this.sealer.seal(UnitKind.Data, bytes));
  }

  /** Sends these bytes as credit comes in. */
  write(bytes: string): void {
    this.toSend += bytes;
    this.flush();
  }

  get unsentBytes(): number {
    return this.toSend.length;
  }

  of(type: string): (readonly unknown[])[] {
    return this.messages.filter((message) => message[0] === type);
  }

  private sendUnit(unit: string): void {
    this.connection.write(Buffer.from(unit, 'latin1'));
  }

  private flush(): void {
    while (this.toSend !== '' && this.credit > 0) {
      const part = this.toSend.slice(0, Math.min(this.credit, 700));
      this.toSend = this.toSend.slice(part.length);
      this.credit -= part.length;
      this.sendBytes(part);
    }
  }

  private onBytes(plain: string): void {
    this.note('bytes');
    if (plain.length > this.allowed) this.breaches.push(`${plain.length} bytes, ${this.allowed} allowed`);
    this.allowed -= plain.length;
    this.received += plain;
    if (!this.refill) return;
    this.allowed += plain.length;
    this.send('credit', plain.length);
  }

  private note(what: string): void {
    this.arrivals.push({ what, atMs: this.clock.nowMs(), begin: this.unitBegin, end: this.unitEnd });
  }

  private onMessage(message: unknown[]): void {
    const [type, value] = message as [string, number];
    this.messages.push(message);
    this.note(type);
    if (type === 'hi') {
      this.sessions += 1;
      this.isUp = true;
      this.send('ho', value, 1_767_225_600_000, message[8]);
    }
    if (type === 'ping') this.send('pong', value, 1_767_225_600_000);
    if (type === 'pay') this.send('code', value, 'weixin://wxpay/bizpayurl?pr=abc', 250);
    if (type === 'shut') {
      this.toSend = '';
      if (!this.hasShut) this.send('shut', 0);
    }
    if (type === 'open' || type === 'credit') {
      this.credit = (type === 'open' ? 0 : this.credit) + value;
      if (this.credit > 16384) this.breaches.push(`credit ${this.credit}`);
    }
    if (type === 'open') this.hasShut = false;
    if (type === 'open' && this.opening) {
      if ('shut' in this.opening) this.send('shut', this.opening.shut);
      else {
        this.allowed = this.opening.window;
        this.send('open', this.opening.window);
      }
    }
    this.flush();
  }
}

export class StreamWorld {
  readonly clock = new VirtualClock();
  readonly network: SimulatedNetwork;
  readonly module: VirtualModule;
  readonly host: StreamHost;
  readonly server: StreamServer;
  readonly crashes: unknown[] = [];
  /** Bytes that the module has given to the modem, or announced to it, since it last opened a connection. */
  sentBytes = 0;

  constructor(firmware: Firmware, seed = 5, store = memoryStore(journalBytes(firmware))) {
    const random = new Random(seed);
    this.network = new SimulatedNetwork({ clock: this.clock, random: random.fork('network') });
    this.network.internet.setName('gw.test', ADDRESS);
    this.server = new StreamServer(this.clock);
    this.network.internet.listen(ADDRESS, 7001, (connection) => this.server.accept(connection));
    this.module = new VirtualModule({
      firmware,
      clock: this.clock,
      random,
      store,
      network: this.network,
      watch: { onCommand: (line) => this.count(line) },
      onCrash: (error) => this.crashes.push(error),
    });
    this.host = new StreamHost(this.module.host, this.clock);
    this.module.powerOn();
    this.clock.advance(1000);
  }

  /** A module with an identity, linked. */
  static linked(firmware: Firmware, seed?: number): StreamWorld {
    const world = new StreamWorld(firmware, seed);
    world.host.ask(HostType.Provision, { json: JSON.stringify(IDENTITY) });
    if (!world.until(() => world.isReady, 180)) throw new Error('no link');
    return world;
  }

  private count(command: string): void {
    const [, name, bytes] = /^\+(CIPSTART|CIPSEND)=\d,(\d*)/.exec(command) ?? [];
    if (name) this.sentBytes = name === 'CIPSTART' ? 0 : this.sentBytes + Number(bytes);
  }

  /** A fault of modem or network, now (`npm run modem -- --list-faults`). */
  strike(fault: string): void {
    const { clock, network } = this;
    new FaultInjector({ clock, network, random: new Random(1), modem: this.module.modem }).add(`${fault}@0s`);
  }

  get isReady(): boolean {
    return this.host.last(HostType.Signal)?.link === READY;
  }

  /** Whether something comes true within so many seconds. */
  until(isTrue: () => boolean, seconds: number): boolean {
    return this.clock.runUntil(isTrue, seconds * 1000);
  }

  /** Opens a stream and waits for the answer to it. */
  open(mode = 1, address = '', port = 0): HostFields | undefined {
    const before = this.host.count(HostType.DtuOpened) + this.host.count(HostType.DtuClosed);
    this.host.ask(HostType.DtuOpen, { mode, port, address });
    this.until(() => this.host.count(HostType.DtuOpened) + this.host.count(HostType.DtuClosed) > before, 60);
    return this.host.last(HostType.DtuOpened);
  }

  /** Lines of the module's log, as GET_LOG gives them. */
  log(): string[] {
    const from = this.host.heard.length;
    this.host.ask(HostType.GetLog, { order: 0, count: 20 });
    this.clock.advance(2000);
    return this.host.heard
      .slice(from)
      .filter(({ type }) => type === HostType.Log)
      .map(({ fields }) => fields.text as string);
  }

  /** Values of INFO after a start, in the order in which they came. */
  get resets(): number[] {
    return this.host.heard
      .filter(({ type }) => type === HostType.Info)
      .map(({ fields }) => fields.reset as number);
  }

  /** The reason of the next DTU_CLOSED. */
  closed(seconds = 60): number | undefined {
    const before = this.host.count(HostType.DtuClosed);
    this.until(() => this.host.count(HostType.DtuClosed) > before, seconds);
    return this.host.count(HostType.DtuClosed) > before
      ? (this.host.last(HostType.DtuClosed)!.reason as number)
      : undefined;
  }
}
