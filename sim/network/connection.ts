/**
 * One simulated TCP connection between a device and a server: handshake, data, acknowledgements, orderly
 * close, reset, and the two ways a cellular path loses a connection without telling (NAT and half-open).
 * Leaves timing to `pipe.ts` and names to `internet.ts`.
 * Invariant: bytes reach the other side once and in order or not at all; a connection that was cut delivers
 * nothing more in either direction.
 */
import type { Clock, Timer } from '../time/clock';
import type { Random } from '../time/random';
import type { AcceptConnection, ServerConnection } from './internet';
import type { NetworkSocket, SocketHandlers } from './network';
import { Pipe, type Path, type RadioChannel } from './pipe';

/** Largest payload of one segment on a 1500-byte path. */
const SEGMENT_BYTES = 1_460;

type Item =
  | { kind: 'open' | 'opened' | 'refused' | 'probe' | 'alive' | 'fin' | 'fin-ack' | 'reset' }
  | { kind: 'data'; bytes: Buffer }
  | { kind: 'ack'; byteCount: number };

/** What a connection is given by the device's network. */
export interface ConnectionSetting {
  id: number;
  clock: Clock;
  random: Random;
  path: Path;
  up: RadioChannel;
  down: RadioChannel;
  natIdleMs: number;
  natAnswer: 'silence' | 'reset';
  handlers: SocketHandlers;
  remoteAddress: string;
  /** Undefined: nobody answers; 'refuse': the port is closed. */
  accept: AcceptConnection | 'refuse' | undefined;
  onGone: () => void;
}

export class SimulatedConnection implements NetworkSocket {
  readonly server: ServerSide;
  /** Device to server, and back. */
  private readonly up: Pipe<Item>;
  private readonly down: Pipe<Item>;
  private held: Item[] = [];
  private flushTimer: Timer | undefined;
  private isReceiving = true;
  private isDeviceClosing = false;
  private isDeviceGone = false;
  private isCut = false;
  private lastActivityMs: number;

  constructor(private readonly setting: ConnectionSetting) {
    const { clock, random, path } = setting;
    this.lastActivityMs = clock.nowMs();
    this.up = new Pipe(clock, random, setting.up, path, (item) => this.atServer(item));
    this.down = new Pipe(clock, random, setting.down, path, (item) => this.atDevice(item));
    this.server = new ServerSide(setting.id, (item, byteCount) => this.fromServer(item, byteCount));
    this.fromDevice({ kind: 'open' }, 0);
  }

  send(bytes: Buffer): void {
    if (this.isDeviceGone || this.isDeviceClosing) return;
    for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
      const segment = bytes.subarray(at, at + SEGMENT_BYTES);
      this.fromDevice({ kind: 'data', bytes: segment }, segment.length);
    }
  }

  probe(): void {
    if (!this.isDeviceGone) this.fromDevice({ kind: 'probe' }, 0);
  }

  close(): void {
    if (this.isDeviceGone || this.isDeviceClosing) return;
    this.isDeviceClosing = true;
    this.fromDevice({ kind: 'fin' }, 0);
  }

  abandon(): void {
    this.isDeviceGone = true;
    this.cut();
    this.setting.onGone();
  }

  setReceiving(isReceiving: boolean): void {
    this.isReceiving = isReceiving;
    if (!isReceiving || this.held.length === 0 || this.flushTimer) return;
    this.flushTimer = this.setting.clock.setTimer(() => this.flushHeld(), 0);
  }

  /** The path forgets this connection: both ends believe in it, nothing passes. */
  cut(): void {
    this.isCut = true;
    this.up.discard();
    this.down.discard();
  }

  /** Coverage was lost. */
  pause(): void {
    this.up.pause();
    this.down.pause();
  }

  /** Coverage is back after `outageMs`. */
  resume(outageMs: number): void {
    this.up.resume(outageMs);
    this.down.resume(outageMs);
  }

  private fromDevice(item: Item, payloadBytes: number): void {
    if (this.isCut) return;
    if (this.isForgottenByNat()) {
      this.cut();
      if (this.setting.natAnswer === 'reset') this.resetDeviceLater();
      return;
    }
    this.up.send(item, payloadBytes, item.kind === 'ack');
  }

  private fromServer(item: Item, payloadBytes: number): void {
    if (this.isCut) return;
    if (this.isForgottenByNat()) this.cut();
    else this.down.send(item, payloadBytes, item.kind === 'ack');
  }

  private isForgottenByNat(): boolean {
    const { clock, natIdleMs } = this.setting;
    const idleMs = clock.nowMs() - this.lastActivityMs;
    this.lastActivityMs = clock.nowMs();
    return natIdleMs > 0 && idleMs > natIdleMs;
  }

  private resetDeviceLater(): void {
    const { clock, path } = this.setting;
    clock.setTimer(() => this.deviceReset(), path.latencyMs);
  }

  private deviceReset(): void {
    if (this.isDeviceGone) return;
    this.isDeviceGone = true;
    this.setting.onGone();
    this.setting.handlers.onReset();
  }

  private atServer(item: Item): void {
    this.lastActivityMs = this.setting.clock.nowMs();
    const { accept } = this.setting;
    if (item.kind !== 'open') {
      this.server.receive(item);
    } else if (accept === 'refuse') {
      this.fromServer({ kind: 'refused' }, 0);
    } else if (accept) {
      this.server.isOpen = true;
      accept(this.server);
      this.fromServerFirst();
    }
  }

  /** The answer to the handshake goes out before anything that the accept function wrote. */
  private fromServerFirst(): void {
    this.fromServer({ kind: 'opened' }, 0);
    this.server.start();
  }

  private atDevice(item: Item): void {
    this.lastActivityMs = this.setting.clock.nowMs();
    if (this.isDeviceGone) return;
    if (this.held.length > 0 || (!this.isReceiving && item.kind === 'data')) this.held.push(item);
    else this.handleAtDevice(item);
  }

  private flushHeld(): void {
    this.flushTimer = undefined;
    while (this.held.length > 0 && !this.isDeviceGone) {
      if (!this.isReceiving && this.held[0]!.kind === 'data') return;
      this.handleAtDevice(this.held.shift()!);
    }
  }

  private handleAtDevice(item: Item): void {
    const { handlers } = this.setting;
    if (item.kind === 'data') {
      this.fromDevice({ kind: 'ack', byteCount: item.bytes.length }, 0);
      if (!this.isDeviceClosing) handlers.onData(item.bytes);
    } else if (item.kind === 'ack') {
      handlers.onAcked(item.byteCount);
    } else if (item.kind === 'opened') {
      handlers.onOpen(this.setting.remoteAddress);
    } else if (item.kind === 'alive') {
      handlers.onAlive();
    } else if (item.kind === 'fin' && !this.isDeviceClosing) {
      handlers.onEnd();
    } else {
      this.finishAtDevice(item.kind);
    }
  }

  private finishAtDevice(kind: Item['kind']): void {
    const { handlers } = this.setting;
    this.isDeviceGone = true;
    this.setting.onGone();
    if (kind === 'refused') handlers.onFail('refused');
    else if (kind === 'reset') handlers.onReset();
    else handlers.onClosed();
  }
}

/** The server's end; what it sends before the handshake is answered waits for it. */
class ServerSide implements ServerConnection {
  onData: (bytes: Buffer) => void = () => {};
  onClose: (reason: 'end' | 'reset') => void = () => {};
  onDrain: () => void = () => {};
  isOpen = false;
  pendingBytes = 0;
  private waiting: [Item, number][] | undefined = [];
  private isClosing = false;

  constructor(
    readonly id: number,
    private readonly transmit: (item: Item, payloadBytes: number) => void,
  ) {}

  write(bytes: Uint8Array): void {
    if (!this.isOpen || this.isClosing) return;
    const copy = Buffer.from(bytes);
    this.pendingBytes += copy.length;
    for (let at = 0; at < copy.length; at += SEGMENT_BYTES) {
      const segment = copy.subarray(at, at + SEGMENT_BYTES);
      this.emit({ kind: 'data', bytes: segment }, segment.length);
    }
  }

  close(): void {
    if (!this.isOpen || this.isClosing) return;
    this.isClosing = true;
    this.emit({ kind: 'fin' }, 0);
  }

  reset(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.emit({ kind: 'reset' }, 0);
  }

  start(): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const [item, payloadBytes] of waiting) this.transmit(item, payloadBytes);
  }

  receive(item: Item): void {
    if (!this.isOpen) return;
    if (item.kind === 'data') {
      this.emit({ kind: 'ack', byteCount: item.bytes.length }, 0);
      if (!this.isClosing) this.onData(item.bytes);
    } else if (item.kind === 'probe') {
      this.emit({ kind: 'alive' }, 0);
    } else if (item.kind === 'ack') {
      this.pendingBytes -= item.byteCount;
      if (this.pendingBytes === 0) this.onDrain();
    } else if (item.kind === 'fin') {
      this.emit({ kind: this.isClosing ? 'fin-ack' : 'fin' }, 0);
      this.isOpen = false;
      this.onClose('end');
    } else if (item.kind === 'reset') {
      this.isOpen = false;
      this.onClose('reset');
    }
  }

  private emit(item: Item, payloadBytes: number): void {
    if (this.waiting) this.waiting.push([item, payloadBytes]);
    else this.transmit(item, payloadBytes);
  }
}
