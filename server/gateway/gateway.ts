/**
 * Listens for devices and holds their sessions: one a device, a newer one replaces the older, here and (through
 * the router) in other processes. Limits connections that have not shown who they are, in all and by address.
 * Leaves the exchange to session.ts, meaning to desk.ts, words from other processes to router.ts.
 * Invariant: a session is in `byDevice` exactly while it may be told something.
 */
import * as net from 'node:net';
import type { Message } from '../../src/protocol/messages';
import type { Random } from '../../src/protocol/ports';
import type { DeviceDirectory, SessionEnd } from '../devices/directory';
import { LineLimit } from '../log-limit';
import type { Order } from '../orders/model';
import { within, type Clock, type Timer } from '../time';
import { BadMessageError, type Desk } from './desk';
import { nodeRandom } from './node-crypto';
import { Session, type EndReason, type Line, type SessionHost } from './session';

export interface GatewayLimits {
  /** Connections in all. */
  readonly maxConnections: number;
  /** Connections that have not shown who they are: in all, and from one address (carriers share addresses). */
  readonly maxUnknown: number;
  readonly maxUnknownPerAddress: number;
  readonly handshakeTimeoutMs: number;
  /** When there are too many, one that has had this long to show who it is makes room for the newest. */
  readonly crowdedAfterMs: number;
  /** A device pings more often than this, or it is gone. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  maxConnections: 20_000,
  maxUnknown: 1_000,
  maxUnknownPerAddress: 100,
  handshakeTimeoutMs: 20_000,
  crowdedAfterMs: 5_000,
  idleTimeoutMs: 40 * 60_000,
};

export interface GatewayLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Takes devices' data streams (server/dtu). */
export interface Streams {
  open(session: Session, windowBytes: number): void;
  credit(session: Session, byteCount: number): void;
  shut(session: Session, reason: number): void;
  bytes(session: Session, data: string): void;
  ended(session: Session): void;
}

export interface GatewayOptions {
  readonly devices: DeviceDirectory;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly limits: GatewayLimits;
  readonly log: GatewayLog;
  /** Chance for the exchange; the platform's by default. */
  readonly random?: Random;
  /** A session of this number began here: older ones elsewhere must end. */
  readonly onBegin: (deviceId: string, session: number) => void;
  /** Without it a device that opens a stream breaks the protocol. */
  readonly streams?: Streams;
  /** For metrics. */
  readonly onEnd?: (reason: EndReason) => void;
  readonly onRefused?: () => void;
}

const KEY_BYTES = 16;
/** How often overdue handshakes and silent sessions are looked for, and devices' signs of life are noted. */
const SWEEP_MS = 1_000;
const NOTE_HEARD_MS = 30_000;
const DRAIN_TIMEOUT_MS = 5_000;
/** Everyday ends; the metrics count them. Any other end is a warning. */
const END_LEVELS: Readonly<Partial<Record<EndReason, 'debug' | 'info'>>> = {
  peer: 'info',
  drain: 'info',
  replaced: 'info',
  'crowded out': 'debug',
};

export class Gateway implements SessionHost {
  readonly random: Random;
  readonly nobodysKey: string;
  private readonly server: net.Server;
  private readonly sessions = new Set<Session>();
  private readonly byDevice = new Map<string, Session>();
  private readonly unknown = new Set<Session>();
  private readonly unknownByAddress = new Map<string, number>();
  /** What is being written down of devices just now; a drain waits for it. */
  private readonly notes = new Set<Promise<void>>();
  /** Ends of sessions by our own drain: noted together. */
  private readonly drained = new Map<string, SessionEnd>();
  private sweepTimer: Timer | undefined;
  private notedMs = 0;
  /** For connections that ended without having shown who they are. */
  private readonly strangers: LineLimit;
  private isDraining = false;

  constructor(private readonly options: GatewayOptions) {
    this.strangers = new LineLimit(options.clock);
    this.random = options.random ?? nodeRandom;
    this.nobodysKey = this.random.bytes(KEY_BYTES);
    this.server = net.createServer((socket) => this.accept(socket, socket.remoteAddress ?? ''));
    this.server.maxConnections = options.limits.maxConnections;
    this.server.on('drop', () => options.onRefused?.());
  }

  /** Starts to listen; gives the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        this.server.on('error', (error) => this.options.log.error({ error: error.message }, 'gateway'));
        this.sweepLater();
        resolve((this.server.address() as net.AddressInfo).port);
      });
    });
  }

  /** Takes a new connection; the network's, or a campaign's. */
  accept(socket: Line, address: string): void {
    if (this.isDraining || !this.makeRoom(address)) {
      socket.on('error', () => undefined);
      socket.destroy();
      this.options.log.debug({ address }, 'connection refused: too many that are not known');
      this.options.onRefused?.();
      return;
    }
    const session = new Session(socket, this, address, this.options.clock.nowMs());
    this.sessions.add(session);
    this.unknown.add(session);
    this.unknownByAddress.set(address, (this.unknownByAddress.get(address) ?? 0) + 1);
  }

  /**
   * Whether another connection that is not known may come from this address. A device answers at once; whoever holds
   * connections open and says nothing must not keep devices out for as long as a handshake may take.
   */
  private makeRoom(address: string): boolean {
    const { maxUnknown, maxUnknownPerAddress, crowdedAfterMs } = this.options.limits;
    const isAddressFull = (this.unknownByAddress.get(address) ?? 0) >= maxUnknownPerAddress;
    if (!isAddressFull && this.unknown.size < maxUnknown) return true;
    // In the order in which they came.
    for (const oldest of this.unknown) {
      if (this.options.clock.nowMs() - oldest.startedMs < crowdedAfterMs) return false;
      if (isAddressFull && oldest.address !== address) continue;
      oldest.end('crowded out');
      return true;
    }
    return false;
  }

  /** Takes no more devices, lets what is being handled end, then ends all sessions, and has it written down. */
  async drain(): Promise<void> {
    this.isDraining = true;
    this.options.clock.clearTimer(this.sweepTimer);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const settled = Promise.all([...this.sessions].map((session) => session.settled()));
    await within(this.options.clock, DRAIN_TIMEOUT_MS, settled);
    for (const session of [...this.sessions]) session.end('drain');
    await within(this.options.clock, DRAIN_TIMEOUT_MS, closed);
    // One after the other: two statements over many devices could wait for each other.
    await within(this.options.clock, DRAIN_TIMEOUT_MS, Promise.all(this.notes));
    this.noteEnded(new Map(this.drained));
    this.drained.clear();
    await within(this.options.clock, DRAIN_TIMEOUT_MS, Promise.all(this.notes));
  }

  get sessionCount(): number {
    return this.byDevice.size;
  }

  get unknownCount(): number {
    return this.unknown.size;
  }

  has(deviceId: string): boolean {
    return this.byDevice.has(deviceId);
  }

  deviceIds(): string[] {
    return [...this.byDevice.keys()];
  }

  /** Numbers of the sessions here, by device. */
  sessionNumbers(): ReadonlyMap<string, number> {
    return new Map([...this.byDevice].map(([deviceId, { number }]) => [deviceId, number]));
  }

  /** The session on which a device is greeted here. */
  sessionOf(deviceId: string): number | undefined {
    const session = this.byDevice.get(deviceId);
    return session?.isGreeted ? session.number : undefined;
  }

  /** Tells a device of ours how its order stands; false when it has no session here. */
  tell(deviceId: string, outTradeNo: string): boolean {
    const session = this.byDevice.get(deviceId);
    if (!session?.isGreeted) return false;
    session.run(() => this.options.desk.tell(session, outTradeNo));
    return true;
  }

  /** The same for an order as it was stored just now, and for the grant that was given with it. */
  tellStored(order: Order, granted: boolean): boolean {
    const session = this.byDevice.get(order.deviceId);
    if (!session?.isGreeted) return false;
    session.run(() => this.options.desk.tellStored(session, order, granted));
    return true;
  }

  /** Sends a message to a device of ours; false when it has no session here. */
  send(deviceId: string, message: Message): boolean {
    const session = this.byDevice.get(deviceId);
    if (!session?.isGreeted) return false;
    session.run(async () => session.send(message));
    return true;
  }

  /** Ends a device's session here when it is older than `session`. */
  endOlder(deviceId: string, session: number, reason: EndReason): void {
    const ours = this.byDevice.get(deviceId);
    if (ours && ours.number < session) ours.end(reason);
  }

  // What sessions need (SessionHost).

  findKey(deviceId: string): Promise<string | undefined> {
    return this.options.devices.key(deviceId);
  }

  async begin(session: Session): Promise<number | undefined> {
    const number = await this.options.devices.beginSession(session.deviceId, this.options.clock.nowMs());
    if (number === undefined) return undefined;
    if (this.isDraining) {
      this.drained.set(session.deviceId, endOf(session, number));
      return undefined;
    }
    const older = this.byDevice.get(session.deviceId);
    // A newer one may have overtaken us between the database and here.
    if (older && older.number > number) return undefined;
    older?.end('replaced');
    this.forgetUnknown(session);
    session.number = number;
    this.byDevice.set(session.deviceId, session);
    this.options.onBegin(session.deviceId, number);
    this.options.log.info(
      { deviceId: session.deviceId, session: number, address: session.address },
      'device online',
    );
    return number;
  }

  async handle(session: Session, message: Message): Promise<void> {
    session.lastHeardMs = this.options.clock.nowMs();
    try {
      await this.options.desk.handle(session, message);
    } catch (error) {
      if (!(error instanceof BadMessageError)) throw error;
      session.end('bad message');
    }
  }

  stream(session: Session, [type, value]: Message): void {
    const { streams } = this.options;
    session.lastHeardMs = this.options.clock.nowMs();
    if (!streams) session.end('bad message');
    else streams[type as 'open' | 'credit' | 'shut'](session, value as number);
  }

  bytes(session: Session, data: string): void {
    session.lastHeardMs = this.options.clock.nowMs();
    if (this.options.streams) this.options.streams.bytes(session, data);
    else session.end('bad unit');
  }

  ended(session: Session, reason: EndReason): void {
    this.sessions.delete(session);
    this.forgetUnknown(session);
    this.options.onEnd?.(reason);
    this.options.streams?.ended(session);
    const { deviceId, number, address, claimedId } = session;
    const text = 'device connection ended';
    if (deviceId !== '' || this.strangers.take(this.options.log, text)) {
      const claim = deviceId === '' && claimedId !== '' ? { claimedId } : {};
      const fields = { deviceId, ...claim, session: number, address, reason };
      this.options.log[END_LEVELS[reason] ?? 'warn'](fields, text);
    }
    if (this.byDevice.get(deviceId) !== session) return;
    this.byDevice.delete(deviceId);
    const end = endOf(session, number);
    if (this.isDraining) this.drained.set(deviceId, end);
    else this.noteEnded(new Map([[deviceId, end]]));
  }

  failed(session: Session, error: unknown): void {
    const message = error instanceof Error ? error.message : 'unknown error';
    this.options.log.error(
      { deviceId: session.deviceId, session: session.number, error: message },
      'session failed',
    );
  }

  private forgetUnknown(session: Session): void {
    if (!this.unknown.delete(session)) return;
    const count = this.unknownByAddress.get(session.address)! - 1;
    if (count > 0) this.unknownByAddress.set(session.address, count);
    else this.unknownByAddress.delete(session.address);
  }

  private sweepLater(): void {
    this.sweepTimer = this.options.clock.setTimer(() => {
      this.sweep();
      this.sweepLater();
    }, SWEEP_MS);
  }

  /** One look over all sessions costs less than a timer each. */
  private sweep(): void {
    const nowMs = this.options.clock.nowMs();
    const { handshakeTimeoutMs, idleTimeoutMs } = this.options.limits;
    for (const session of [...this.unknown]) {
      if (nowMs - session.startedMs >= handshakeTimeoutMs) session.end('handshake timeout');
    }
    if (nowMs - this.notedMs < NOTE_HEARD_MS) return;
    for (const session of [...this.byDevice.values()]) {
      if (nowMs - session.lastHeardMs >= idleTimeoutMs) session.end('idle');
    }
    this.noteHeard();
  }

  private noteHeard(): void {
    const sinceMs = this.notedMs;
    this.notedMs = this.options.clock.nowMs();
    const heard = new Map<string, number>();
    for (const [deviceId, session] of this.byDevice) {
      if (session.lastHeardMs > sinceMs) heard.set(deviceId, Math.round(session.lastHeardMs));
    }
    this.note(this.options.devices.heard(heard), {}, 'signs of life not noted');
  }

  private noteEnded(ends: ReadonlyMap<string, SessionEnd>): void {
    if (ends.size === 0) return;
    const [deviceId] = ends.size === 1 ? [...ends.keys()] : [];
    this.note(this.options.devices.endSessions(ends), { deviceId }, 'device offline not noted');
  }

  private note(writing: Promise<void>, fields: object, complaint: string): void {
    const noted = writing
      .catch((error: Error) => this.options.log.warn({ ...fields, error: error.message }, complaint))
      .finally(() => this.notes.delete(noted));
    this.notes.add(noted);
  }
}

function endOf({ lastHeardMs }: Session, session: number): SessionEnd {
  return { session, heardMs: Math.round(lastHeardMs) };
}
