/**
 * The link keeper: keeps one TCP connection to the platform through a SIM800, whatever happens to modem, cell,
 * bearer, carrier or server, and a second one of the maker's beside it. Decides when to do what; the modem is
 * in sim800*.ts, the choice of remedies in keeper-ladder.ts, proof of life in keeper-heartbeat.ts.
 * A link counts as living only while the session says so (`alive`): modem and carrier are not believed.
 * Invariant: either a remedy is planned (`dueMs`), or the modem is on its way, or the link is watched, and each
 * of these ends by itself or by a deadline: there is no state from which nothing follows.
 */
import { LinkState } from '../protocol/codes';
import type { Random, TimerId } from '../protocol/ports';
import { Heartbeat, Pulse, type HeartbeatTimes } from './keeper-heartbeat';
import { ladder } from './keeper-ladder';
import { Fault, type LadderMemory, newLadderMemory, Rung } from './keeper-rungs';
import { isRegistered } from './sim800';
import { Modem, type ModemListener, type ModemPorts } from './sim800-modem';
import { SocketState, type SocketListener } from './sim800-socket';
import type { StartupConfig } from './sim800-startup';

export interface KeeperConfig extends StartupConfig {
  readonly host: string;
  readonly port: number;
  readonly heartbeat: HeartbeatTimes;
}

export interface KeeperPorts extends ModemPorts {
  readonly random: Random;
}

export interface KeeperListener {
  /** TCP is connected: authenticate, and call `alive` for each authentic word of the server. */
  onUp(): void;
  onDown(reason: string): void;
  onData(data: string): void;
  /** Make the server answer something (ping), and call `alive` when it does. */
  onHeartbeatDue(): void;
  /** What was given to `send` has gone to the modem. */
  onDrain(): void;
  onState(state: LinkState): void;
}

/** What is known of the link, for INFO, SIGNAL and the log. */
export interface KeeperStatus {
  readonly state: LinkState;
  readonly csq: number;
  readonly registration: number;
  readonly imei: string;
  readonly iccid: string;
  /** Uses of each rung since the start: socket, bearer, attach, radio, reset, power key, supply. */
  readonly rungUses: readonly number[];
  readonly heartbeatMs: number;
  readonly supplyWarnings: number;
  readonly restarts: number;
  readonly lastReason: string;
}

const TICK_MS = 1000;
/** The same while nobody waits for anything: what happens then is told by the modem, or can wait so long. */
const CALM_TICK_MS = 15000;
/** Nobody waits when nothing was asked of the link for so long. */
const CALM_AFTER_MS = 5000;
/** Rounds of reading without notice and of sampling the signal (some modems forget to tell): calm, busy, awaited. */
const CALM_POLL_MS = 30000;
const POLL_MS = 8000;
const EAGER_POLL_MS = 2000;
/** A living link this old ends the ladder's impatience. */
const STEADY_MS = 60000;

/** Its methods on… are for the parts of the modem. */
export class Keeper implements SocketListener, ModemListener {
  private readonly modem: Modem;
  private readonly memory: LadderMemory;
  private readonly heartbeat: Heartbeat;
  private readonly onTick: () => void;
  private isRunning: boolean;
  private isUp: boolean;
  private timer: TimerId;
  /** The pending tick is a slow one. */
  private isCalm: boolean;
  private busyMs: number;
  /** When the planned remedy is due; 0 = none is planned. */
  private dueMs: number;
  private fault: Fault;
  private state: LinkState;
  private lastReason: string;

  constructor(
    private readonly ports: KeeperPorts,
    private readonly config: KeeperConfig,
    private readonly listener: KeeperListener,
  ) {
    this.modem = new Modem(ports, config, this, this);
    this.memory = newLadderMemory();
    this.heartbeat = new Heartbeat(config.heartbeat);
    this.onTick = () => this.tick();
    this.isRunning = false;
    this.isUp = false;
    this.isCalm = false;
    this.busyMs = 0;
    this.dueMs = 0;
    this.fault = Fault.Socket;
    this.state = LinkState.Off;
    this.lastReason = '';
  }

  /** Begins to bring the link up, and keeps it up until `shutDown`. */
  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.tell(LinkState.ModemStarting);
    this.modem.find();
    this.tick();
  }

  /** Lets go of everything at once; the modem stays as it is. */
  shutDown(): void {
    this.isRunning = false;
    this.arm(0);
    this.dueMs = 0;
    this.modem.letGo('stopped');
    this.down('stopped');
    this.modem.halt();
    this.tell(LinkState.Off);
  }

  /** Bytes from the modem's UART. */
  receive(data: string): void {
    if (this.isRunning) this.modem.at.feed(data);
  }

  /** Sends to the platform: all of `data`, or nothing (false) when the link is down or there is no room. */
  send(data: string): boolean {
    if (!this.isUp || !this.modem.platform.send(data)) return false;
    this.hurry();
    this.heartbeat.asked(this.ports.clock.nowMs(), this.modem.platform.lastTrafficMs);
    return true;
  }

  /** Somebody waits for the link, or will soon: it is looked at each second again, for a while. */
  hurry(): void {
    this.busyMs = this.ports.clock.nowMs();
    if (this.isCalm) this.arm(TICK_MS);
  }

  freeBytes(): number {
    return this.isUp ? this.modem.platform.freeBytes() : 0;
  }

  /** The server was heard, authentically. */
  alive(): void {
    if (!this.isUp) return;
    const nowMs = this.ports.clock.nowMs();
    if (!this.heartbeat.firstHeardMs) {
      this.modem.prove();
      if (this.memory.isClimbing) ladder(this.memory).worked(nowMs);
    }
    this.tell(LinkState.Ready);
    this.heartbeat.heard(nowMs);
  }

  /**
   * The session cannot go on over this connection. `isRefused`: the server will not talk to this device, so
   * that only a long wait is of use; else a new socket is tried first.
   */
  sessionFailed(reason: string, isRefused: boolean): void {
    if (!this.isUp) return;
    if (isRefused) this.onFault(Fault.Refused, LinkState.KeyRefused, reason);
    else this.onFault(Fault.Socket, LinkState.Connecting, reason);
  }

  status(): KeeperStatus {
    const modem = this.modem;
    const info = modem.info;
    return {
      state: this.state,
      csq: info.csq,
      registration: info.registration,
      imei: info.imei,
      iccid: info.iccid,
      rungUses: this.memory.uses,
      heartbeatMs: this.heartbeat.intervalMs,
      supplyWarnings: modem.supplyWarnings,
      restarts: modem.restarts,
      lastReason: this.lastReason,
    };
  }

  /**
   * Opens the maker's own connection. False: there is no bearer now, one is open already, or the address is
   * not one. Nothing is read before `grantDirect`.
   */
  openDirect(host: string, port: number, listener: SocketListener): boolean {
    const direct = this.modem.direct;
    if (!this.modem.hasBearer || direct.state !== SocketState.Closed) return false;
    this.hurry();
    direct.listener = listener;
    direct.creditBytes = 0;
    return direct.open(host, port);
  }

  sendDirect(data: string): boolean {
    return this.modem.direct.send(data);
  }

  directFreeBytes(): number {
    return this.modem.direct.freeBytes();
  }

  /** Allows `byteCount` more bytes to be read for the maker; the rest waits in the modem, and then at the peer. */
  grantDirect(byteCount: number): void {
    this.modem.direct.creditBytes += byteCount;
    this.modem.at.wake();
  }

  /** Closes it when all was sent; `onClosed` tells when. */
  closeDirect(): void {
    this.modem.direct.finish();
  }

  onBearer(): void {
    // A server that did not answer or refused us stays the matter until it is heard.
    if (this.state < LinkState.Connecting || this.state > LinkState.KeyRefused)
      this.tell(LinkState.Connecting);
    if (!this.modem.platform.open(this.config.host, this.config.port)) {
      this.onFault(Fault.Refused, LinkState.NoServer, 'address');
    }
  }

  onData(data: string): void {
    this.listener.onData(data);
  }

  onDrain(): void {
    this.listener.onDrain();
  }

  onWait(state: LinkState): void {
    this.tell(state);
  }

  onOpen(): void {
    this.isUp = true;
    this.heartbeat.begin(this.ports.clock.nowMs());
    this.listener.onUp();
  }

  onClosed(reason: string): void {
    if (this.modem.platform.isBearerDoubtful) this.onFault(Fault.Bearer, LinkState.Connecting, reason);
    else this.onFault(Fault.Socket, this.isUp ? LinkState.Connecting : LinkState.NoServer, reason);
  }

  private down(reason: string): void {
    this.lastReason = reason;
    if (!this.isUp) return;
    this.isUp = false;
    this.listener.onDown(reason);
  }

  /** Something failed: says so, and plans the next remedy. */
  onFault(fault: Fault, state: LinkState, reason: string): void {
    if (!this.isRunning || (this.dueMs && ladder(this.memory).covers(fault))) return;
    // Which faults leave the bearer, and with it the maker's connection, alone.
    if (fault === Fault.Socket || fault === Fault.Silent || fault === Fault.Refused) {
      this.modem.platform.end('', true);
    } else this.modem.letGo(reason);
    this.down(reason);
    this.tell(state);
    if (fault === Fault.Restart) {
      this.dueMs = 0;
      this.modem.find();
    } else this.plan(fault);
  }

  private plan(fault: Fault): void {
    const nowMs = this.ports.clock.nowMs();
    this.fault = fault;
    const pins = this.ports.pins;
    const isThere = [true, true, true, true, !!pins.reset, !!pins.key, !!pins.supply];
    ladder(this.memory).next(fault, nowMs, this.ports.random, isThere);
    this.dueMs = nowMs + this.memory.delayMs;
    this.arm(Math.min(TICK_MS, this.memory.delayMs));
  }

  private tick(): void {
    const nowMs = this.ports.clock.nowMs();
    const wasCalm = this.isCalm;
    this.wait(wasCalm, nowMs);
    if (this.dueMs && nowMs >= this.dueMs) {
      const rung = this.memory.rung;
      this.dueMs = 0;
      ladder(this.memory).used(nowMs);
      if (rung > Rung.Socket) this.modem.letGo('bearer restarted');
      this.modem.climb(rung, this.fault === Fault.Sim);
    }
    if (this.isUp) this.watch(nowMs);
    const isWaiting = this.isUp && this.heartbeat.isWaiting();
    const isCalm = this.isUp && !isWaiting && nowMs - this.busyMs > CALM_AFTER_MS;
    const pollMs = isCalm ? CALM_POLL_MS : isWaiting ? EAGER_POLL_MS : POLL_MS;
    const isSteady = this.modem.tick(nowMs, pollMs, isCalm);
    if (this.dueMs) this.arm(Math.min(TICK_MS, Math.max(this.dueMs - nowMs, 1)));
    else if ((isCalm && isSteady) !== wasCalm) this.wait(!wasCalm, nowMs);
  }

  private wait(isCalm: boolean, nowMs: number): void {
    this.arm(isCalm ? Math.max(Math.min(CALM_TICK_MS, this.heartbeat.dueMs() - nowMs), TICK_MS) : TICK_MS);
    this.isCalm = isCalm;
  }

  /** Asks for a sign of life when it is due, gives the link up when none comes. */
  private watch(nowMs: number): void {
    const heartbeat = this.heartbeat;
    if (heartbeat.isLate() && !isRegistered(this.modem.info.registration)) {
      // No cell: a new socket would be of no use, and this one may live on when the cell is back.
      this.tell(LinkState.NoNetwork);
      if (heartbeat.hold(nowMs)) return;
    }
    const pulse = heartbeat.check(nowMs, this.modem.platform.lastTrafficMs);
    if (pulse === Pulse.Due) this.listener.onHeartbeatDue();
    else if (pulse === Pulse.Dead) this.onFault(Fault.Silent, LinkState.NoServer, 'no answer');
    else if (heartbeat.firstHeardMs && nowMs - heartbeat.firstHeardMs > STEADY_MS) {
      // The link has been alive for a while: patience and limits start anew.
      this.memory.failures = 0;
      this.memory.lastUsedMs = [];
      this.memory.doublings = [];
    }
  }

  /** The next tick comes after `delayMs`, or not at all (0). */
  private arm(delayMs: number): void {
    if (this.timer !== undefined) this.ports.clock.cancel(this.timer);
    this.isCalm = false;
    this.timer = delayMs ? this.ports.clock.after(delayMs, this.onTick) : undefined;
  }

  private tell(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    this.listener.onState(state);
  }
}
