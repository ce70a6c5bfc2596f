/**
 * The device's side of the link (docs/link-protocol.md): handshake, records, clock, heartbeat. Stands between
 * the link keeper, which brings TCP up and keeps it, and the orders, which say what to send.
 * Leaves the meaning of order messages to orders.ts, data streams to dtu.ts.
 * Invariant (law L5): nothing reaches the orders that was not opened with this session's key and the next
 * counter; before the server has proved itself no message is sent.
 */
import { COUNTER_BYTES, encodeUnit, Opener, Sealer, TAG_BYTES, UnitKind, UnitReader } from '../protocol/link';
import { LinkState } from '../protocol/codes';
import { decodeMessage, DOWN_KINDS, type Message } from '../protocol/messages';
import type { Aes, Ccm, Clock, Random } from '../protocol/ports';
import { type Chances, handshake } from './handshake';
import type { Uplink } from './orders';

/** The keeper, as the session sees it. */
export interface Carrier {
  /** Queues bytes for the socket; false when there is no room, then nothing was taken. */
  send(data: string): boolean;
  freeBytes(): number;
  /** The server has answered authentically: the link is proven. */
  alive(): void;
  /** The session cannot go on: drop the socket and come back; after a long pause when we were refused. */
  sessionFailed(reason: string, isRefused: boolean): void;
}

/** Who hears what the server says. */
export interface SessionOwner {
  /** The first message of a session. */
  greeting(uptimeMs: number): readonly unknown[];
  /** The server has answered the greeting; `lastOrder` is the highest order number it knows. */
  onReady(lastOrder: number): void;
  onDown(): void;
  onMessage(message: Message): void;
  /** Bytes of the data stream; gives false when there is none. */
  onBytes(data: string): boolean;
  /** The modem has taken everything. */
  onDrain(): void;
  /** Where the link stands; Ready only when messages can be sent. */
  onState(state: LinkState): void;
  /** What to say in a heartbeat beside the time: a byte each for the link's state, csq and registration. */
  signal(): string;
}

/** Who the module is: the book of orders knows. */
export interface SessionIdentity {
  readonly identity: { readonly id: string; readonly key: string } | undefined;
  readonly starts: number;
}

/** An idle clock may drift by so much (boards without a crystal for the RTC). */
const DRIFT_SHARE = 0.05;
/** The server is asked for the time at least so often: traffic keeps heartbeats away, and a grant is good for 90 s only. */
const CLOCK_EVERY_MS = 120000;
/** A new order is still accepted for so long after the link was lost. */
const REACHABLE_MS = 60000;
const UNIT_HEADER_BYTES = 3;

const enum Stage {
  Down,
  /** Waits for the challenge. */
  Greeted,
  /** Waits for the proof. */
  Answered,
  /** Waits for `ho`. */
  Proven,
  Ready,
}

export class Session implements Uplink {
  private who!: SessionIdentity;
  private carrier!: Carrier;
  private owner!: SessionOwner;
  private stage: Stage;
  private reader: UnitReader;
  private chances: Chances | undefined;
  private connections: number;
  private sealer: Sealer | undefined;
  private opener: Opener | undefined;
  private lostAtMs: number;
  /** The modem has taken all that it was given. */
  private wasDrained: boolean;
  /** Server time at the middle of the best round trip, device time then, and half that round trip. */
  private syncServerMs: number;
  private syncDeviceMs: number;
  private syncErrorMs: number;
  /** When the server was last asked for the time. */
  private clockAskedMs: number;

  constructor(
    private readonly aes: Aes,
    private readonly ccm: Ccm,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    this.stage = Stage.Down;
    this.reader = new UnitReader(this);
    this.chances = undefined;
    this.connections = 0;
    this.sealer = undefined;
    this.opener = undefined;
    this.lostAtMs = -REACHABLE_MS;
    this.wasDrained = false;
    this.syncServerMs = 0;
    this.syncDeviceMs = 0;
    this.syncErrorMs = 0;
    this.clockAskedMs = 0;
  }

  /** Whose session it is, over what, and who hears of it; before this nothing comes and nothing can be sent. */
  start(who: SessionIdentity, carrier: Carrier, owner: SessionOwner): void {
    this.who = who;
    this.carrier = carrier;
    this.owner = owner;
  }

  isReady(): boolean {
    return this.stage === Stage.Ready;
  }

  isReachable(): boolean {
    return this.isReady() || this.clock.nowMs() - this.lostAtMs < REACHABLE_MS;
  }

  /** The socket is open: the server speaks first. */
  onUp(): void {
    this.stage = Stage.Greeted;
    this.reader = new UnitReader(this);
    this.connections++;
  }

  onDown(): void {
    const wasReady = this.isReady();
    this.stage = Stage.Down;
    this.reader.close();
    this.sealer = undefined;
    this.opener = undefined;
    if (wasReady) {
      this.lostAtMs = this.clock.nowMs();
      this.owner.onDown();
    }
  }

  onData(data: string): void {
    this.reader.push(data);
  }

  onUnit(kind: number, body: string): void {
    // A unit out of turn ends the session.
    if (kind === UnitKind.Message || kind === UnitKind.Data) this.takeRecord(kind, body);
    else if (kind === UnitKind.Challenge) this.takeChallenge(body);
    else if (kind === UnitKind.Proof) this.takeProof(body);
    // Not authentic, so no reason in it is believed: it only ends the connection, for a while.
    else this.abort(kind === UnitKind.Goodbye ? 'GOODBYE' : 'UNIT');
  }

  onBroken(): void {
    this.abort('UNIT_LENGTH');
  }

  /** Sends a message; false when the session is not up or there is no room. */
  send(message: readonly unknown[]): boolean {
    return this.stage === Stage.Ready && this.sealAndSend(UnitKind.Message, JSON.stringify(message));
  }

  /** Sends bytes of the data stream; false when there is no room. */
  sendBytes(data: string): boolean {
    return this.stage === Stage.Ready && this.sealAndSend(UnitKind.Data, data);
  }

  /** A heartbeat; carries the clock. */
  onHeartbeatDue(): void {
    const signal = this.owner.signal();
    const nowMs = Math.floor(this.clock.nowMs());
    if (this.send(['ping', nowMs, signal.charCodeAt(1), signal.charCodeAt(2)])) this.clockAskedMs = nowMs;
  }

  isDrained(): boolean {
    return this.wasDrained;
  }

  onDrain(): void {
    this.wasDrained = true;
    this.owner.onDrain();
  }

  /** The session cannot go on: as a rule, the server does not keep to the protocol. */
  abort(reason: string): void {
    this.reader.close();
    this.carrier.sessionFailed(reason, reason === 'GOODBYE');
  }

  /** The keeper is content with a proven server; others care when messages can be sent. */
  onState(state: LinkState): void {
    this.owner.onState(state === LinkState.Ready && !this.isReady() ? LinkState.Connecting : state);
  }

  serverTimeAtMostMs(): number | undefined {
    if (!this.syncServerMs) return undefined;
    const elapsedMs = this.clock.nowMs() - this.syncDeviceMs;
    return this.syncServerMs + elapsedMs + this.timeErrorMs();
  }

  /** Server time as well as it is known, in ms since 1970; 0 while unknown. */
  serverTimeMs(): number {
    return this.syncServerMs && this.syncServerMs + this.clock.nowMs() - this.syncDeviceMs;
  }

  /** How far `serverTimeMs` may be off, in ms: half a round trip, and the drift since. */
  timeErrorMs(): number {
    return this.syncErrorMs + (this.clock.nowMs() - this.syncDeviceMs) * DRIFT_SHARE;
  }

  private takeChallenge(body: string): void {
    const shake = handshake(this.aes, this.who.identity!);
    const chances =
      this.stage === Stage.Greeted
        ? shake.answer(body, this.random, this.who.starts, this.connections)
        : undefined;
    if (!chances) {
      this.abort('CHALLENGE');
      return;
    }
    this.chances = chances;
    this.stage = Stage.Answered;
    this.carrier.send(encodeUnit(UnitKind.Response, shake.response(chances)));
  }

  private takeProof(body: string): void {
    const chances = this.stage === Stage.Answered ? this.chances : undefined;
    const keys = chances && handshake(this.aes, this.who.identity!).keys(body, chances);
    this.chances = undefined;
    if (!keys) {
      this.abort('PROOF');
      return;
    }
    this.sealer = new Sealer(this.ccm, keys.upKey, keys.upSalt);
    this.opener = new Opener(this.ccm, keys.downKey, keys.downSalt);
    this.stage = Stage.Proven;
    this.clockAskedMs = Math.floor(this.clock.nowMs());
    this.sealAndSend(UnitKind.Message, JSON.stringify(this.owner.greeting(this.clockAskedMs)));
  }

  private takeRecord(kind: number, body: string): void {
    const plain = this.opener && this.opener.open(kind, body);
    if (plain === undefined) {
      this.abort('RECORD');
      return;
    }
    this.carrier.alive();
    if (this.clock.nowMs() - this.clockAskedMs > CLOCK_EVERY_MS) this.onHeartbeatDue();
    if (kind === UnitKind.Data) {
      if (!this.owner.onBytes(plain)) this.abort('STREAM');
      return;
    }
    const message = decodeMessage(DOWN_KINDS, plain);
    // A newer server may say things that we do not know; only an unreadable one is an error.
    if (message) this.takeMessage(message);
  }

  private takeMessage(message: Message): void {
    if (message[0] === 'pong') this.sync(message[1] as number, message[2] as number);
    else if (message[0] === 'ho') {
      if (this.stage !== Stage.Proven) return;
      this.sync(message[1] as number, message[2] as number);
      this.stage = Stage.Ready;
      this.owner.onReady(message[3] as number);
    } else if (this.stage === Stage.Ready) this.owner.onMessage(message);
  }

  /** Takes the server's time; an older but better measurement is kept while it is still the better one. */
  private sync(sentMs: number, serverMs: number): void {
    const nowMs = this.clock.nowMs();
    const roundTripMs = nowMs - sentMs;
    if (roundTripMs < 0) return;
    if (this.syncServerMs && this.timeErrorMs() < roundTripMs / 2) return;
    this.syncServerMs = serverMs;
    this.syncDeviceMs = nowMs - roundTripMs / 2;
    this.syncErrorMs = roundTripMs / 2;
  }

  private sealAndSend(kind: UnitKind, plain: string): boolean {
    const unitBytes = UNIT_HEADER_BYTES + COUNTER_BYTES + plain.length + TAG_BYTES;
    // The counter goes up with each record: seal only what will surely be sent.
    if (!this.sealer || this.carrier.freeBytes() < unitBytes) return false;
    this.wasDrained = false;
    return this.carrier.send(this.sealer.seal(kind, plain));
  }
}
