/**
 * The path of one device through a simulated cellular network to the simulated internet, in virtual time:
 * shared air rates, latency, loss, outages, NAT and half-open connections. Several devices reach the same
 * servers by sharing a `SimulatedInternet`.
 * Leaves one connection's rules to `connection.ts` and one direction's timing to `pipe.ts`.
 * Invariant: without coverage nothing arrives anywhere.
 */
import type { Clock, Timer } from '../time/clock';
import type { Random } from '../time/random';
import { SimulatedConnection } from './connection';
import { SimulatedInternet } from './internet';
import {
  isDottedAddress,
  type Coverage,
  type Network,
  type NetworkSocket,
  type Resolution,
  type SocketHandlers,
} from './network';
import { RadioChannel, type Path } from './pipe';
import { GPRS_CLASS_10, type NetworkProfile } from './profile';

export interface SimulatedNetworkOptions {
  clock: Clock;
  random: Random;
  /** Shared by several devices when given. */
  internet?: SimulatedInternet;
  profile?: NetworkProfile;
  /** 0 to 31 as in AT+CSQ; 99 unknown. */
  rssi?: number;
}

export class SimulatedNetwork implements Network {
  readonly internet: SimulatedInternet;
  readonly profile: NetworkProfile;
  readonly up: RadioChannel;
  readonly down: RadioChannel;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly path: Path;
  private readonly connections = new Set<SimulatedConnection>();
  private readonly listeners = new Set<(coverage: Coverage) => void>();
  private lostAtMs = 0;
  private outageTimer: Timer | undefined;
  private rssi: number;
  private opened = 0;

  constructor(options: SimulatedNetworkOptions) {
    const profile = options.profile ?? GPRS_CLASS_10;
    this.clock = options.clock;
    this.random = options.random;
    this.internet = options.internet ?? new SimulatedInternet();
    this.profile = profile;
    this.rssi = options.rssi ?? 20;
    this.up = new RadioChannel(options.clock, profile.upBitsPerSecond);
    this.down = new RadioChannel(options.clock, profile.downBitsPerSecond);
    this.path = {
      isUp: true,
      latencyMs: profile.latencyMs,
      jitterMs: profile.jitterMs,
      lossShare: profile.lossShare,
      retransmissionMs: profile.retransmissionMs,
      retransmissions: 0,
    };
  }

  connect(host: string, port: number, handlers: SocketHandlers): NetworkSocket {
    if (isDottedAddress(host)) return this.open(host, port, handlers);
    return new NamedSocket(this, host, port, handlers);
  }

  resolve(name: string, onResult: (resolution: Resolution) => void): void {
    const answerMs = isDottedAddress(name) ? 0 : this.profile.lookupMs + 2 * this.path.latencyMs;
    this.clock.setTimer(() => {
      const addresses = this.internet.lookUp(name);
      if (!this.path.isUp) onResult({ error: 'unreachable' });
      else onResult(addresses ? { addresses } : { error: 'unknown-name' });
    }, answerMs);
  }

  coverage(): Coverage {
    return { isCovered: this.path.isUp, rssi: this.path.isUp ? this.rssi : 99 };
  }

  watchCoverage(listener: (coverage: Coverage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  setSignal(rssi: number): void {
    this.rssi = rssi;
    this.tellCoverage();
  }

  setCoverage(isCovered: boolean): void {
    this.clock.clearTimer(this.outageTimer);
    this.outageTimer = undefined;
    if (isCovered === this.path.isUp) return;
    this.path.isUp = isCovered;
    if (isCovered) {
      const outageMs = this.clock.nowMs() - this.lostAtMs;
      for (const connection of this.connections) connection.resume(outageMs);
    } else {
      this.lostAtMs = this.clock.nowMs();
      this.up.clear();
      this.down.clear();
      for (const connection of this.connections) connection.pause();
    }
    this.tellCoverage();
  }

  /** No coverage for `durationMs`. */
  outage(durationMs: number): void {
    this.setCoverage(false);
    this.outageTimer = this.clock.setTimer(() => this.setCoverage(true), durationMs);
  }

  /** Every present connection becomes half-open: both ends believe in it, nothing passes. */
  halfOpen(): void {
    for (const connection of this.connections) connection.cut();
  }

  /** Changes latency, jitter or loss from now on. */
  setQuality(quality: Partial<Pick<NetworkProfile, 'latencyMs' | 'jitterMs' | 'lossShare'>>): void {
    Object.assign(this.path, quality);
  }

  /** Connections that the device has not given up. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** Segments that had to be sent again. */
  get retransmissions(): number {
    return this.path.retransmissions;
  }

  /** Opens a connection to a dotted address. */
  open(address: string, port: number, handlers: SocketHandlers): SimulatedConnection {
    const connection: SimulatedConnection = new SimulatedConnection({
      id: ++this.opened,
      clock: this.clock,
      random: this.random,
      path: this.path,
      up: this.up,
      down: this.down,
      natIdleMs: this.profile.natIdleMs,
      natAnswer: this.profile.natAnswer,
      handlers,
      remoteAddress: address,
      accept: this.internet.listenerAt(address, port) ?? this.refusalAt(address),
      onGone: () => this.connections.delete(connection),
    });
    this.connections.add(connection);
    return connection;
  }

  /** A known host refuses a closed port; an unknown address answers nothing. */
  private refusalAt(address: string): 'refuse' | undefined {
    return this.internet.hasHost(address) ? 'refuse' : undefined;
  }

  private tellCoverage(): void {
    const coverage = this.coverage();
    for (const listener of [...this.listeners]) listener(coverage);
  }
}

/** A socket whose name is still being looked up; nothing can be sent before `onOpen`. */
class NamedSocket implements NetworkSocket {
  private connection: SimulatedConnection | undefined;
  private isGivenUp = false;
  private isReceiving = true;

  constructor(network: SimulatedNetwork, host: string, port: number, handlers: SocketHandlers) {
    network.resolve(host, (resolution) => {
      if (this.isGivenUp) return;
      if ('error' in resolution) {
        handlers.onFail(resolution.error);
        return;
      }
      this.connection = network.open(resolution.addresses[0]!, port, handlers);
      this.connection.setReceiving(this.isReceiving);
    });
  }

  send(bytes: Buffer): void {
    this.connection?.send(bytes);
  }

  probe(): void {
    this.connection?.probe();
  }

  close(): void {
    if (this.connection) this.connection.close();
    else this.isGivenUp = true;
  }

  abandon(): void {
    this.isGivenUp = true;
    this.connection?.abandon();
  }

  setReceiving(isReceiving: boolean): void {
    this.isReceiving = isReceiving;
    this.connection?.setReceiving(isReceiving);
  }
}
