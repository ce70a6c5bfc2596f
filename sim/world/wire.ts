/**
 * The server's end of a simulated TCP connection as the gateway's session wants it, with a man in the middle who
 * can flip, drop, repeat and remember what passes. Leaves the network to sim/network.
 * Invariant: `cleanUnits` counts the units that reached the server exactly as the device sent them and before any
 * byte that was meddled with; the session must never act on more than those.
 */
import type { Line } from '../../server/gateway/session';
import { UnitReader } from '../../src/protocol/link';
import type { ServerConnection } from '../network/internet';

/** What the man in the middle does to the next bytes of one direction. */
export type Meddling = 'flip' | 'drop' | 'repeat' | 'truncate';

/** What the man in the middle remembers of a connection. */
const MAX_REMEMBERED_BYTES = 4_096;

export class Wire {
  cleanUnits = 0;
  /** Units that the session has acted on: the exchange, then messages. */
  usedUnits = 0;
  isTampered = false;
  /** Whom the server believed this to be; '' before. */
  deviceId = '';
  /** Everything that the device sent, up to a limit, for a later replay. */
  remembered: Buffer = Buffer.alloc(0);
  /** The last chunk that the device sent. */
  private last: Buffer = Buffer.alloc(0);
  private meddlingUp: Meddling | undefined;
  private meddlingDown: Meddling | undefined;
  private listeners = new Map<string, (value: unknown) => void>();
  private isHeld = false;
  private held: Buffer[] = [];
  private isOver = false;
  private readonly counter = new UnitReader({
    onUnit: () => (this.cleanUnits += 1),
    onBroken: () => undefined,
  });

  /** `onUse` is told whenever the server is given something to do. */
  constructor(
    readonly address: string,
    private readonly connection: ServerConnection,
    private readonly onUse: () => void,
    private readonly chance: () => number,
    private readonly onTraffic: (direction: 'up' | 'down') => void,
  ) {
    connection.onData = (bytes) => this.fromDevice(bytes);
    connection.onClose = () => {
      this.isOver = true;
      this.emit('close', undefined);
    };
  }

  /** Meddles with the next bytes in one direction. */
  meddle(direction: 'up' | 'down', how: Meddling): void {
    if (direction === 'up') this.meddlingUp = how;
    else this.meddlingDown = how;
  }

  /** Bytes that the device never sent reach the server. */
  inject(bytes: Buffer): void {
    this.isTampered = true;
    this.deliver(bytes);
  }

  /** The server's machine is gone: the peer's TCP finds out by a reset. */
  cut(): void {
    this.isOver = true;
    this.listeners.clear();
    this.connection.reset();
  }

  /** The socket as the gateway's session uses it. */
  line(): Line {
    const line = {
      on: (event: string, listener: (value: unknown) => void) => {
        this.listeners.set(event, listener);
        return line;
      },
      write: (text: string) => this.toDevice(Buffer.from(text, 'latin1')),
      end: (...given: unknown[]) => this.end(given),
      destroy: () => {
        this.isOver = true;
        this.connection.close();
        return line;
      },
      pause: () => {
        this.isHeld = true;
        return line;
      },
      resume: () => {
        this.isHeld = false;
        for (const bytes of this.held.splice(0)) this.deliver(bytes);
        return line;
      },
      isPaused: () => this.isHeld,
      setEncoding: () => line,
      setNoDelay: () => line,
      get writableLength(): number {
        return 0;
      },
    };
    return line as unknown as Line;
  }

  private end(given: readonly unknown[]): void {
    if (typeof given[0] === 'string') this.toDevice(Buffer.from(given[0], 'latin1'));
    const then = given[given.length - 1];
    if (typeof then === 'function') (then as () => void)();
  }

  private toDevice(bytes: Buffer): boolean {
    if (this.isOver) return false;
    this.onTraffic('down');
    const how = this.meddlingDown;
    this.meddlingDown = undefined;
    for (const chunk of how ? this.spoilt(bytes, how) : [bytes]) this.connection.write(chunk);
    return true;
  }

  private fromDevice(bytes: Buffer): void {
    this.onTraffic('up');
    const how = this.meddlingUp;
    this.meddlingUp = undefined;
    if (this.remembered.length < MAX_REMEMBERED_BYTES) {
      this.remembered = Buffer.concat([this.remembered, bytes]);
    }
    const chunks = how ? this.spoilt(bytes, how) : [bytes];
    this.last = bytes;
    this.count(bytes, how ? Buffer.concat(chunks) : bytes);
    for (const chunk of chunks) this.deliver(chunk);
  }

  /** Counts what passes untouched, up to the first byte that does not. */
  private count(sent: Buffer, passed: Buffer): void {
    if (this.isTampered) return;
    let same = 0;
    while (same < sent.length && sent[same] === passed[same]) same += 1;
    this.isTampered = same < sent.length || passed.length > sent.length;
    this.counter.push(sent.toString('latin1', 0, same));
  }

  private spoilt(bytes: Buffer, how: Meddling): Buffer[] {
    if (how === 'drop') return [];
    if (how === 'truncate') return [bytes.subarray(0, Math.floor(bytes.length * this.chance()))];
    if (how === 'repeat') return [this.last, bytes];
    const spoilt = Buffer.from(bytes);
    // Header, counter, sealed text and tag: all are worth flipping.
    const at = Math.floor(this.chance() * spoilt.length);
    spoilt[at]! ^= 1 << Math.floor(this.chance() * 8);
    return [spoilt];
  }

  private deliver(bytes: Buffer): void {
    if (this.isOver || bytes.length === 0) return;
    if (this.isHeld) this.held.push(bytes);
    else this.emit('data', bytes.toString('latin1'));
  }

  private emit(event: string, value: unknown): void {
    this.onUse();
    this.listeners.get(event)?.(value);
  }
}
