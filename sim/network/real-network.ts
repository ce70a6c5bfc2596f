/**
 * The network side of a simulated modem over real TCP sockets, on this machine only: names and foreign
 * addresses reach a loopback address when the table says so, everything else is unreachable.
 * Leaves latency and faults to `SimulatedNetwork`; coverage is set by hand.
 * Invariant: no socket is ever opened to an address outside 127.0.0.0/8 and ::1.
 */
import * as net from 'node:net';
import type { Clock } from '../time/clock';
import type { ConnectFailure, Coverage, Network, NetworkSocket, Resolution, SocketHandlers } from './network';

/** An abandoned socket stays open so long, so that the server meets a half-open connection. */
const ORPHAN_MS = 120_000;
/** A mapped name resolves to an address of the documentation range, which leads to its target too. */
const DOCUMENTATION_NETWORK = '198.51.100.';

export interface RealNetworkOptions {
  clock: Clock;
  /** Name or address → loopback address, `127.0.0.1` or `127.0.0.1:9000` (then the port is replaced too). */
  table?: Readonly<Record<string, string>>;
  rssi?: number;
}

interface Target {
  host: string;
  port: number | undefined;
}

/** Whether the address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

export class RealNetwork implements Network {
  private readonly clock: Clock;
  private readonly targets = new Map<string, Target>();
  private readonly publicAddresses = new Map<string, string>();
  private readonly listeners = new Set<(coverage: Coverage) => void>();
  private readonly sockets = new Set<LoopbackSocket>();
  private state: Coverage;

  constructor(options: RealNetworkOptions) {
    this.clock = options.clock;
    this.state = { isCovered: true, rssi: options.rssi ?? 20 };
    this.targets.set('localhost', { host: '127.0.0.1', port: undefined });
    for (const [name, address] of Object.entries(options.table ?? {})) this.map(name, address);
  }

  /** Adds a row to the table; throws when the address is not a loopback address. */
  map(name: string, address: string): void {
    const match = /^(.*?)(?::(\d+))?$/.exec(address === '::1' ? '[::1]' : address)!;
    const host = match[1]!.replace(/^\[|\]$/g, '');
    if (!isLoopback(host))
      throw new Error(`${name} may only be mapped to a loopback address, not ${address}`);
    const target = { host, port: match[2] === undefined ? undefined : Number(match[2]) };
    this.targets.set(name.toLowerCase(), target);
    if (!net.isIP(name)) {
      const publicAddress = `${DOCUMENTATION_NETWORK}${this.publicAddresses.size + 1}`;
      this.publicAddresses.set(name.toLowerCase(), publicAddress);
      this.targets.set(publicAddress, target);
    }
  }

  connect(host: string, port: number, handlers: SocketHandlers): NetworkSocket {
    const target =
      this.targets.get(host.toLowerCase()) ?? (isLoopback(host) ? { host, port: undefined } : undefined);
    if (target && this.state.isCovered) {
      const address = net.isIP(host) ? host : (this.publicAddresses.get(host.toLowerCase()) ?? target.host);
      const socket = new LoopbackSocket(this.clock, target, port, address, handlers);
      this.sockets.add(socket);
      socket.onGone = () => this.sockets.delete(socket);
      return socket;
    }
    const reason: ConnectFailure = net.isIP(host) ? 'unreachable' : 'unknown-name';
    return new RefusedSocket(this.clock, reason, handlers);
  }

  resolve(name: string, onResult: (resolution: Resolution) => void): void {
    const address = net.isIP(name) ? name : this.publicAddresses.get(name.toLowerCase());
    this.clock.setTimer(() => {
      if (!this.state.isCovered) onResult({ error: 'unreachable' });
      else onResult(address ? { addresses: [address] } : { error: 'unknown-name' });
    }, 0);
  }

  coverage(): Coverage {
    return { ...this.state };
  }

  watchCoverage(listener: (coverage: Coverage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends every socket, also those that stay half-open for a while. */
  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Without coverage nothing passes in either direction; it waits in this process. */
  setCoverage(isCovered: boolean): void {
    if (isCovered === this.state.isCovered) return;
    this.state.isCovered = isCovered;
    for (const socket of this.sockets) socket.setPath(isCovered);
    this.tellCoverage();
  }

  setSignal(rssi: number): void {
    this.state.rssi = rssi;
    this.tellCoverage();
  }

  private tellCoverage(): void {
    for (const listener of [...this.listeners]) listener(this.coverage());
  }
}

/** One loopback connection; `onGone` when the kernel has let go of it. */
class LoopbackSocket implements NetworkSocket {
  private readonly socket: net.Socket;
  onGone: () => void = () => {};
  private isOpen = false;
  private isOver = false;
  private isReceiving = true;
  /** Sent while there is no coverage. */
  private waiting: Buffer[] | undefined;

  constructor(
    private readonly clock: Clock,
    target: Target,
    port: number,
    private readonly address: string,
    private readonly handlers: SocketHandlers,
  ) {
    this.socket = net.connect({ host: target.host, port: target.port ?? port, allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.socket.on('connect', () => this.onConnect());
    this.socket.on('data', (bytes) => this.isOver || handlers.onData(bytes));
    this.socket.on('end', () => this.isOver || handlers.onEnd());
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.onError(error));
    this.socket.on('close', () => this.onClose());
  }

  send(bytes: Buffer): void {
    if (this.waiting) {
      this.waiting.push(bytes);
      return;
    }
    this.socket.write(bytes, (error) => {
      if (!error && !this.isOver) this.handlers.onAcked(bytes.length);
    });
  }

  /** False: what is sent waits, and nothing is read. */
  setPath(isUp: boolean): void {
    const waiting = this.waiting ?? [];
    this.waiting = isUp ? undefined : waiting;
    if (isUp) for (const bytes of waiting) this.send(bytes);
    this.setReceiving(this.isReceiving);
  }

  /** The kernel of the other end would answer at once. */
  probe(): void {
    this.clock.setTimer(() => this.isOver || this.handlers.onAlive(), 0);
  }

  close(): void {
    this.socket.end();
    this.socket.resume();
  }

  destroy(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  abandon(): void {
    this.isOver = true;
    this.socket.pause();
    this.socket.unref();
    const timer = this.clock.setTimer(() => this.socket.destroy(), ORPHAN_MS);
    this.socket.once('close', () => this.clock.clearTimer(timer));
  }

  setReceiving(isReceiving: boolean): void {
    this.isReceiving = isReceiving;
    if (isReceiving && !this.waiting) this.socket.resume();
    else this.socket.pause();
  }

  private onConnect(): void {
    this.isOpen = true;
    if (!this.isOver) this.handlers.onOpen(this.address);
  }

  private onError(error: NodeJS.ErrnoException): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.isOpen) this.handlers.onReset();
    else this.handlers.onFail(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable');
  }

  private onClose(): void {
    this.onGone();
    if (this.isOver) return;
    this.isOver = true;
    this.handlers.onClosed();
  }
}

/** Fails a moment later, as every connection does. */
class RefusedSocket implements NetworkSocket {
  private isGivenUp = false;

  constructor(clock: Clock, reason: ConnectFailure, handlers: SocketHandlers) {
    clock.setTimer(() => this.isGivenUp || handlers.onFail(reason), 0);
  }

  send(): void {}

  probe(): void {}

  close(): void {
    this.isGivenUp = true;
  }

  abandon(): void {
    this.isGivenUp = true;
  }

  setReceiving(): void {}
}
