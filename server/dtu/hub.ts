/**
 * Brings devices' streams and makers' backends together, in this process and, through the neighbours, in others:
 * the process that has the device has the stream; one that has a waiting backend goes there for it.
 * Invariants: a stream has one backend at most, the newest; a backend waits at most once; what is announced is
 * taken back when the stream ends.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Reason } from '../../src/protocol/codes';
import type { GatewayLog, Streams } from '../gateway/gateway';
import type { Session } from '../gateway/session';
import type { Clock, Timer } from '../time';
import type { StreamTokens } from './access';
import { Bucket } from './bucket';
import type { EndName, FarEnd } from './far-end';
import type { Bridge, Neighbours } from './neighbours';
import { DeviceStream, WINDOW_BYTES, type Passage } from './stream';
import type { DoorKeeper, Entry } from './tcp-door';
import type { Meter, Usage } from './usage';

export interface HubOptions {
  readonly tokens: Pick<StreamTokens, 'admit'>;
  readonly usage: Pick<Usage, 'open' | 'ended' | 'lastEnd'>;
  readonly neighbours: Neighbours;
  readonly clock: Clock;
  readonly log: GatewayLog;
  /** For metrics. */
  readonly onPassed?: (upBytes: number, downBytes: number) => void;
  readonly onEnd?: (reason: EndName) => void;
}

/** What other processes are told: a stream waits, a backend came, a token was revoked. */
export type HubWord = 'stream' | 'backend' | 'revoked';

/** How long a device waits for a backend. */
export const OPEN_WAIT_MS = 30_000;
const TICKET_BYTES = 24;
/** Seconds of the rate that may come at once. */
const BURST_S = 2;

interface Held {
  readonly session: Session;
  readonly stream: DeviceStream;
  readonly ticket: string;
  passage: Passage | undefined;
  timer: Timer | undefined;
  /** Its work with the database, one thing after the other. */
  work: Promise<void>;
}

interface Waiting {
  readonly far: FarEnd;
  /** When it came here: of two backends at two processes the later one stays, whichever word arrives first. */
  readonly atMs: number;
  isSeeking: boolean;
  mustSeekAgain: boolean;
}

export class DtuHub implements Streams, DoorKeeper {
  private readonly streams = new Map<string, Held>();
  private readonly waiting = new Map<string, Waiting>();
  /** Backends of ours whose device is at another process. */
  private readonly bridges = new Map<Bridge, FarEnd>();
  private isStopped = false;

  constructor(private readonly options: HubOptions) {}

  get streamCount(): number {
    return this.streams.size;
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  // The device's side (Streams).

  open(session: Session, windowBytes: number): void {
    const { deviceId } = session;
    if (this.streams.has(deviceId)) return session.end('bad message');
    const stream = new DeviceStream(
      {
        line: {
          send: (message) => session.send(message),
          sendBytes: (bytes) => session.sendBytes(bytes),
          breach: () => session.end('bad message'),
        },
        clock: this.options.clock,
        onEnd: (reason) => this.streamEnded(deviceId, reason),
      },
      windowBytes,
    );
    if (!session.isOpen) return;
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    const held: Held = {
      session,
      stream,
      ticket,
      passage: undefined,
      timer: undefined,
      work: Promise.resolve(),
    };
    this.streams.set(deviceId, held);
    this.then(held, () => this.prepare(deviceId, held));
  }

  credit(session: Session, byteCount: number): void {
    this.withStream(session, (stream) => stream.credit(byteCount));
  }

  shut(session: Session, reason: number): void {
    this.withStream(session, (stream) => stream.shut(reason));
  }

  bytes(session: Session, data: string): void {
    this.withStream(session, (stream) => stream.takeFromDevice(data));
  }

  ended(session: Session): void {
    const held = this.streams.get(session.deviceId);
    if (held?.session !== session) return;
    held.stream.lost('OFFLINE');
    this.streams.delete(session.deviceId);
  }

  // The backends' side (DoorKeeper).

  async enter(deviceId: string, token: string): Promise<Entry> {
    if (this.isStopped) return { ok: false, code: 'UNAVAILABLE' };
    try {
      const admission = await this.options.tokens.admit(token, deviceId);
      if (!admission.ok) return admission;
      const lastEnd = await this.options.usage.lastEnd(deviceId);
      if (this.isStopped) return { ok: false, code: 'UNAVAILABLE' };
      return { ok: true, tokenId: admission.tokenId, label: admission.name, lastEnd };
    } catch (error) {
      this.options.log.warn({ deviceId, error: (error as Error).message }, 'backend not let in');
      return { ok: false, code: 'UNAVAILABLE' };
    }
  }

  arrive(deviceId: string, far: FarEnd): void {
    if (this.isStopped) return far.end('UNAVAILABLE');
    this.options.log.info({ deviceId, backend: far.label }, 'backend came');
    this.leave(deviceId, 'REPLACED');
    const atMs = Math.round(this.options.clock.nowMs());
    this.options.neighbours.announce('backend', deviceId, atMs);
    const held = this.streams.get(deviceId);
    if (held && this.isTaken(held)) held.stream.finish(Reason.None, 'REPLACED');
    if (held && this.attach(deviceId, held, far)) return;
    const waiting: Waiting = { far, atMs, isSeeking: false, mustSeekAgain: false };
    this.waiting.set(deviceId, waiting);
    far.onEnd = () => {
      if (this.waiting.get(deviceId) === waiting) this.waiting.delete(deviceId);
    };
    void this.seek(deviceId, true);
  }

  /** Whether another process may bring its backend now; a fresh one takes the place of who is there. */
  welcomes(deviceId: string, ticket: string, isFresh: boolean): boolean {
    const held = this.streams.get(deviceId);
    if (!held || !isSame(held.ticket, ticket)) return false;
    if (this.isTaken(held) && isFresh) held.stream.finish(Reason.None, 'REPLACED');
    return held.stream.phase === 'waiting' && held.passage !== undefined;
  }

  /** A backend that another process has checked and brings. */
  arriveFromNeighbour(deviceId: string, ticket: string, far: FarEnd): void {
    const held = this.streams.get(deviceId);
    if (!held || !isSame(held.ticket, ticket) || !this.attach(deviceId, held, far)) far.end('UNAVAILABLE');
  }

  /** What another process says, or this one of itself; `atMs`: when that backend came. */
  hear(word: HubWord, subject: string, atMs: number): void {
    if (word === 'stream') void this.seek(subject, false);
    else if (word === 'revoked') this.revoke(Number(subject));
    else if ((this.waiting.get(subject)?.atMs ?? Infinity) < atMs) this.leave(subject, 'REPLACED');
  }

  /** Ends everything; devices hear of it when their sessions end. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const deviceId of [...this.waiting.keys()]) this.leave(deviceId, 'UNAVAILABLE');
    for (const [bridge, far] of [...this.bridges]) {
      far.end('UNAVAILABLE');
      bridge.close();
    }
    const helds = [...this.streams.values()];
    for (const held of helds) held.stream.lost('UNAVAILABLE');
    await Promise.all(helds.map((held) => held.work));
  }

  private isTaken({ stream }: Held): boolean {
    return stream.phase === 'open' || stream.phase === 'flushing';
  }

  private withStream(session: Session, work: (stream: DeviceStream) => void): void {
    const held = this.streams.get(session.deviceId);
    if (held?.session !== session) return session.end('bad message');
    work(held.stream);
    if (held.stream.phase === 'closed' && this.streams.get(session.deviceId) === held) {
      this.streams.delete(session.deviceId);
    }
  }

  /** Looks at the day's use, says where the stream is, and takes a backend that waits here. */
  private async prepare(deviceId: string, held: Held): Promise<void> {
    try {
      const meter = await this.options.usage.open(deviceId);
      if (held.stream.phase !== 'waiting') return;
      if (meter.isSpent()) return held.stream.finish(Reason.RateLimit, 'RATE_LIMIT');
      await this.options.neighbours.publish(deviceId, held.ticket);
      held.passage = this.passage(meter);
    } catch (error) {
      this.options.log.warn({ deviceId, error: (error as Error).message }, 'stream not opened');
      return held.stream.finish(Reason.Unreachable, 'UNREACHABLE');
    }
    if (held.stream.phase !== 'waiting') return;
    const waiting = this.waiting.get(deviceId);
    if (waiting && this.attach(deviceId, held, waiting.far)) return;
    this.options.neighbours.announce('stream', deviceId);
    held.timer = this.options.clock.setTimer(
      () => held.stream.finish(Reason.Unreachable, 'UNREACHABLE'),
      OPEN_WAIT_MS,
    );
  }

  private passage(meter: Meter): Passage {
    const { bytesPerSecond } = meter.limits;
    const burstBytes = Math.max(WINDOW_BYTES, bytesPerSecond * BURST_S);
    return {
      up: new Bucket(this.options.clock, bytesPerSecond, burstBytes),
      down: new Bucket(this.options.clock, bytesPerSecond, burstBytes),
      spend: (upBytes, downBytes) => {
        this.options.onPassed?.(upBytes, downBytes);
        return meter.spend(upBytes, downBytes);
      },
    };
  }

  /** False: the stream does not wait for a backend, or not any more. */
  private attach(deviceId: string, held: Held, far: FarEnd): boolean {
    if (held.stream.phase !== 'waiting' || !held.passage) return false;
    this.options.clock.clearTimer(held.timer);
    if (this.waiting.get(deviceId)?.far === far) this.waiting.delete(deviceId);
    this.options.log.info({ deviceId, backend: far.label }, 'stream open');
    held.stream.attach(far, held.passage);
    return true;
  }

  private streamEnded(deviceId: string, reason: EndName): void {
    const held = this.streams.get(deviceId);
    if (!held) return;
    this.options.clock.clearTimer(held.timer);
    this.options.onEnd?.(reason);
    this.options.log.info({ deviceId, reason }, 'stream ended');
    this.then(held, async () => {
      await this.options.neighbours.withdraw(deviceId, held.ticket);
      await this.options.usage.ended(deviceId, reason);
    });
  }

  private then(held: Held, work: () => Promise<void>): void {
    held.work = held.work
      .then(work)
      .catch((error: Error) =>
        this.options.log.warn({ deviceId: held.session.deviceId, error: error.message }, 'stream not noted'),
      );
  }

  /** A waiting backend goes. */
  private leave(deviceId: string, reason: EndName): void {
    const waiting = this.waiting.get(deviceId);
    this.waiting.delete(deviceId);
    waiting?.far.end(reason);
  }

  private revoke(tokenId: number): void {
    for (const [deviceId, { far }] of [...this.waiting]) {
      if (far.tokenId === tokenId) this.leave(deviceId, 'UNAUTHORIZED');
    }
    for (const { stream } of this.streams.values()) {
      if (stream.backend?.tokenId === tokenId) stream.finish(Reason.None, 'UNAUTHORIZED');
    }
    for (const [bridge, far] of [...this.bridges]) {
      if (far.tokenId !== tokenId) continue;
      far.end('UNAUTHORIZED');
      bridge.close();
    }
  }

  /** Takes a waiting backend to the process that has its device's stream, if one has. */
  private async seek(deviceId: string, isFresh: boolean): Promise<void> {
    const waiting = this.waiting.get(deviceId);
    if (!waiting) return;
    waiting.mustSeekAgain = waiting.isSeeking;
    if (waiting.isSeeking) return;
    waiting.isSeeking = true;
    try {
      await this.bridge(deviceId, waiting, isFresh);
    } catch (error) {
      this.options.log.warn({ deviceId, error: (error as Error).message }, 'stream not found');
    }
    waiting.isSeeking = false;
    if (waiting.mustSeekAgain) void this.seek(deviceId, false);
  }

  private async bridge(deviceId: string, waiting: Waiting, isFresh: boolean): Promise<void> {
    const { far } = waiting;
    const bridge = await this.options.neighbours.cross(deviceId, isFresh);
    if (!bridge) return;
    if (this.waiting.get(deviceId) !== waiting) return bridge.close();
    this.waiting.delete(deviceId);
    this.bridges.set(bridge, far);
    bridge.carry(far, () => this.bridges.delete(bridge));
  }
}

function isSame(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
