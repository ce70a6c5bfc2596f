/**
 * One device's connection: the exchange that shows who is who, then sealed messages both ways
 * (docs/link-protocol.md). What messages mean is left to the desk (desk.ts), sockets and limits over all
 * connections to the gateway (gateway.ts).
 * Invariants: before the exchange is over only its unit is accepted; whatever is not authentic, well-formed and
 * in order ends the connection and changes nothing; messages are handled one after the other.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { deviceKeys, type DeviceKeys } from '../../src/protocol/cmac';
import { Reason } from '../../src/protocol/codes';
import {
  COUNTER_BYTES,
  deviceMac,
  encodeUnit,
  MAC_BYTES,
  MAX_UNIT_BYTES,
  Opener,
  RANDOM_BYTES,
  Sealer,
  SERVER_ID,
  serverMac,
  sessionKeys,
  TAG_BYTES,
  UnitKind,
  UnitReader,
  type UnitListener,
} from '../../src/protocol/link';
import { decodeMessage, UP_KINDS, type Message } from '../../src/protocol/messages';
import type { Random } from '../../src/protocol/ports';
import { nodeAes, nodeCcm } from './node-crypto';

/** Why a connection ended, for log and metrics. */
export type EndReason =
  | 'peer'
  | 'error'
  | 'handshake timeout'
  | 'crowded out'
  | 'idle'
  | 'bad unit'
  | 'bad handshake'
  | 'unauthentic record'
  | 'bad message'
  | 'slow reader'
  | 'replaced'
  | 'disabled'
  | 'drain';

/** What a session uses of a socket: a campaign brings its own. */
export type Line = Pick<
  Socket,
  | 'on'
  | 'write'
  | 'end'
  | 'destroy'
  | 'pause'
  | 'resume'
  | 'isPaused'
  | 'setEncoding'
  | 'setNoDelay'
  | 'writableLength'
>;

/** What a session needs from the gateway around it. */
export interface SessionHost {
  /** Key of an enabled device, 16 bytes; undefined for any other. */
  findKey(deviceId: string): Promise<string | undefined>;
  readonly random: Random;
  /** A key that belongs to nobody: unknown devices cost the same work. */
  readonly nobodysKey: string;
  /** Makes this the device's session, the only one; gives its number. Undefined: not any more. */
  begin(session: Session): Promise<number | undefined>;
  /** Handles a message; the next one waits until it is done. */
  handle(session: Session, message: Message): Promise<void>;
  /** A message of the data stream (open, credit, shut); handled at once, so that it keeps its place among the bytes. */
  stream(session: Session, message: Message): void;
  /** Bytes of the data stream. */
  bytes(session: Session, data: string): void;
  ended(session: Session, reason: EndReason): void;
  failed(session: Session, error: unknown): void;
}

/** Messages that may wait to be handled; beyond it we stop reading from the socket. */
const MAX_WAITING = 32;
/** Bytes that may wait in our send buffer: a device that reads no more than this is gone or hostile. */
const MAX_UNSENT_BYTES = 64 * 1024;
const STREAM_MESSAGES: ReadonlySet<string> = new Set(['open', 'credit', 'shut']);
const MIN_ID_CHARS = 4;
const MAX_ID_CHARS = 12;
const DEVICE_ID = /^[A-Z0-9]{4,12}$/;

type Phase = 'challenged' | 'checking' | 'open' | 'ended';

export class Session implements UnitListener {
  deviceId = '';
  /** Who it said it is, before that was proved; for the log only. */
  claimedId = '';
  /** Number of this session of the device: a higher one is newer. 0 until it is open. */
  number = 0;
  /** The device has said `hi`; until then nothing else is taken. */
  isGreeted = false;
  lastHeardMs: number;
  private phase: Phase = 'challenged';
  private readonly reader = new UnitReader(this);
  private randS: string;
  private sealer: Sealer | undefined;
  private opener: Opener | undefined;
  private queue: (() => Promise<void>)[] = [];
  private isWorking = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly socket: Line,
    private readonly host: SessionHost,
    readonly address: string,
    readonly startedMs: number,
  ) {
    this.lastHeardMs = startedMs;
    this.randS = host.random.bytes(RANDOM_BYTES);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (data: string | Buffer) => this.reader.push(data as string));
    socket.on('close', () => this.end('peer'));
    socket.on('error', () => this.end('error'));
    this.write(encodeUnit(UnitKind.Challenge, SERVER_ID + this.randS));
  }

  get isOpen(): boolean {
    return this.phase === 'open';
  }

  onUnit(kind: number, body: string): void {
    if (this.phase === 'open' && kind === UnitKind.Message) this.receive(kind, body);
    else if (this.phase === 'open' && this.isGreeted && kind === UnitKind.Data) this.receiveBytes(kind, body);
    else if (this.phase === 'challenged' && kind === UnitKind.Response) {
      this.phase = 'checking';
      this.run(() => this.check(body));
    } else this.end('bad unit');
  }

  onBroken(): void {
    this.end('bad unit');
  }

  /** Seals and sends a message; nothing once the session is over. */
  send(message: Message): void {
    if (this.phase !== 'open') return;
    const text = JSON.stringify(message);
    if (text.length > MAX_UNIT_BYTES - COUNTER_BYTES - TAG_BYTES)
      throw new Error(`message ${message[0]} too long`);
    this.write(this.sealer!.seal(UnitKind.Message, text));
  }

  /** Seals and sends bytes of the data stream, one unit's worth at most. */
  sendBytes(bytes: string): void {
    if (this.phase === 'open') this.write(this.sealer!.seal(UnitKind.Data, bytes));
  }

  /** Does something for this device in turn with its messages. */
  run(work: () => Promise<void>): void {
    this.queue.push(work);
    if (this.queue.length >= MAX_WAITING) this.socket.pause();
    if (!this.isWorking) void this.workOff();
  }

  /** Resolves when nothing waits any more. */
  settled(): Promise<void> {
    if (!this.isWorking) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  end(reason: EndReason): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    this.reader.close();
    this.queue = [];
    this.sealer = this.opener = undefined;
    // What is on its way still goes out, but a peer that does not close holds nothing of ours.
    if (reason === 'drain') this.socket.end(() => this.socket.destroy());
    else this.socket.destroy();
    this.host.ended(this, reason);
  }

  private async workOff(): Promise<void> {
    this.isWorking = true;
    for (let work = this.queue.shift(); work; work = this.queue.shift()) {
      try {
        await work();
      } catch (error) {
        this.host.failed(this, error);
        this.end('error');
      }
      if (this.queue.length < MAX_WAITING / 2 && this.socket.isPaused()) this.socket.resume();
    }
    this.isWorking = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private write(bytes: string): void {
    this.socket.write(bytes, 'latin1');
    if (this.socket.writableLength > MAX_UNSENT_BYTES) this.end('slow reader');
  }

  /** The device's response: RAND_P, MAC_P, device id. An unknown device fails like a wrong key. */
  private async check(body: string): Promise<void> {
    const deviceId = body.slice(RANDOM_BYTES + MAC_BYTES);
    const randP = body.slice(0, RANDOM_BYTES);
    const macP = body.slice(RANDOM_BYTES, RANDOM_BYTES + MAC_BYTES);
    if (deviceId.length < MIN_ID_CHARS || deviceId.length > MAX_ID_CHARS) return this.refuse();
    if (DEVICE_ID.test(deviceId)) this.claimedId = deviceId;
    const key = this.claimedId === '' ? undefined : await this.host.findKey(deviceId);
    const keys = deviceKeys(nodeAes, key ?? this.host.nobodysKey);
    const expected = deviceMac(nodeAes, keys.ak, deviceId, this.randS, randP);
    const isRight = timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(macP, 'latin1'));
    if (!isRight || key === undefined) return this.refuse();
    this.deviceId = deviceId;
    await this.open(keys, randP);
  }

  private async open(keys: DeviceKeys, randP: string): Promise<void> {
    const number = await this.host.begin(this);
    if (number === undefined) return this.refuse();
    if (this.phase !== 'checking') return;
    const session = sessionKeys(nodeAes, keys, this.deviceId, this.randS, randP);
    this.number = number;
    this.sealer = new Sealer(nodeCcm, session.downKey, session.downSalt);
    this.opener = new Opener(nodeCcm, session.upKey, session.upSalt);
    this.randS = '';
    this.phase = 'open';
    this.write(encodeUnit(UnitKind.Proof, serverMac(nodeAes, keys.ak, randP)));
  }

  private refuse(): void {
    if (this.phase === 'ended') return;
    const goodbye = encodeUnit(UnitKind.Goodbye, String.fromCharCode(Reason.DeviceUnknown));
    this.socket.end(goodbye, 'latin1', () => this.socket.destroy());
    this.phase = 'ended';
    this.reader.close();
    this.host.ended(this, 'bad handshake');
  }

  private receive(kind: UnitKind, body: string): void {
    const text = this.opener!.open(kind, body);
    if (text === undefined) return this.end('unauthentic record');
    const message = decodeMessage(UP_KINDS, text);
    if (!message || (message[0] === 'hi') === this.isGreeted) return this.end('bad message');
    if (message[0] === 'hi') this.isGreeted = true;
    if (STREAM_MESSAGES.has(message[0])) this.host.stream(this, message);
    else this.run(() => this.host.handle(this, message));
  }

  private receiveBytes(kind: UnitKind, body: string): void {
    const bytes = this.opener!.open(kind, body);
    if (bytes === undefined) this.end('unauthentic record');
    else this.host.bytes(this, bytes);
  }
}
