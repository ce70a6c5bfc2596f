/**
 * The link keeper: keeps one TCP connection to the platform through a SIM800, whatever happens to modem, cell,
 * bearer, carrier or server, and a second one of the maker's beside it. Decides when to do what; commands are
 * in sim800*.ts, the choice of remedies in keeper-ladder.ts, power sequences in keeper-power.ts.
 * A link counts as living only while the session says so (`alive`): modem and carrier are not believed.
 * Invariant: every phase ends by itself or by its deadline, so there is no state from which nothing follows.
 */
import { LinkState } from '../protocol/codes';
import type { Clock, Random, TimerId } from '../protocol/ports';
import { AtChannel, type AtDialogue } from './at';
import { Fault, Ladder, Rung } from './keeper-ladder';
import { Heartbeat, type HeartbeatTimes } from './keeper-heartbeat';
import { PowerSequence, type PowerPins } from './keeper-power';
import { AT_TIMES, BAUD, NOTICES, Notice, OTHER_BAUDS, command } from './sim800';
import { Socket, SocketState, type SocketListener } from './sim800-socket';
import { Entry, Startup, type StartupConfig } from './sim800-startup';

export interface KeeperConfig extends StartupConfig {
  readonly host: string;
  readonly port: number;
  readonly heartbeat: HeartbeatTimes;
}

export interface KeeperPorts {
  /** Bytes to the modem's UART; must not block longer than its send buffer makes it. */
  write(bytes: string): void;
  /** Sets the UART's rate; undefined where it is fixed. */
  readonly setBaud?: (baud: number) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly pins: PowerPins;
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
  /** Warnings of low supply, and restarts of the modem that nobody asked for. */
  readonly supplyWarnings: number;
  readonly restarts: number;
  readonly lastReason: string;
}

const enum Phase {
  Off = 0,
  /** Until `dueMs`, then the ladder's rung. The bearer may be in use by the direct socket. */
  Waiting = 1,
  Powering = 2,
  /** Looks for the modem's answer and rate. */
  Settling = 3,
  Restarting = 4,
  Starting = 5,
  /** There is a bearer, and a socket that connects or is connected. */
  Online = 6,
}

const TICK_MS = 1000;
/** Longest stay in a phase that has an end of its own, by phase; 0 = it has a deadline already. */
const PHASE_LIMIT_MS: readonly number[] = [0, 0, 30000, 60000, 30000, 600000, 0];
const STARTUP_PROBES = 8;
const HUNT_PROBES = 1;
const RADIO_RESTART_MS = 2000;
/** Restarts without a living link in between before they count as a fault. */
const MAX_RESTARTS = 4;

/** From the connection to the first authentic word of the server. */
const FIRST_ALIVE_MS = 30000;
/** From a heartbeat or a message to the answer; a GPRS round trip is 0.5 to 1.5 s. */
const ANSWER_MS = 12000;
const HEARTBEAT_TRIES = 2;
/** A living link this old ends the ladder's impatience. */
const STEADY_MS = 60000;
/** Rounds of reading without notice and of sampling the signal: some modems forget to tell. */
const POLL_MS = 8000;
const EAGER_POLL_MS = 2000;

const PLATFORM_OUT_BYTES = 3000;
const DIRECT_OUT_BYTES = 2048;

/** Which fault it is when start-up is stuck, by LinkState. */
const STUCK_FAULTS: readonly Fault[] = [
  Fault.Modem,
  Fault.Sim,
  Fault.Sim,
  Fault.Sim,
  Fault.Network,
  Fault.Network,
  Fault.Bearer,
  Fault.Bearer,
  Fault.Bearer,
  Fault.Bearer,
  Fault.Bearer,
  Fault.Modem,
];

const SILENT: SocketListener = {
  onOpen: () => {},
  onData: () => {},
  onClosed: () => {},
  onDrain: () => {},
};

export class Keeper {
  private readonly at: AtChannel;
  private readonly startup: Startup;
  private readonly platform: Socket;
  private readonly direct: Socket;
  private readonly ladder: Ladder;
  private readonly heartbeat: Heartbeat;
  private readonly power: PowerSequence;
  private readonly wake: () => void;
  private readonly onTick: () => void;
  private directListener: SocketListener;
  private phase: Phase;
  private phaseMs: number;
  private dueMs: number;
  private timer: TimerId;
  private state: LinkState;
  private fault: Fault;
  private baudIndex: number;
  private isBearerUp: boolean;
  private isUp: boolean;
  private upMs: number;
  /** When the server was first and last heard in this connection; 0 = not yet. */
  private firstAliveMs: number;
  private lastAliveMs: number;
  /** When a message went out that nobody has answered; 0 = none. */
  private askedMs: number;
  /** When the heartbeat became due, how often in a row, and how long the link had been idle then. */
  private beatMs: number;
  private beats: number;
  private idleMs: number;
  private polledMs: number;
  private samples: number;
  private isSampleDue: boolean;
  private supplyWarnings: number;
  private restarts: number;
  private restartsInRow: number;
  private lastReason: string;

  constructor(
    private readonly ports: KeeperPorts,
    private readonly config: KeeperConfig,
    private readonly listener: KeeperListener,
  ) {
    const clock = ports.clock;
    const pins = ports.pins;
    this.at = new AtChannel((bytes) => ports.write(bytes), clock, AT_TIMES, {
      next: () => this.next(),
      onLine: (head, args, channel) => this.onLine(head, args, channel),
      onEcho: () => this.onRestart('echo'),
      onSilent: () => this.onSilent(),
    });
    this.wake = () => this.at.wake();
    this.onTick = () => this.tick();
    this.startup = new Startup(config, clock, {
      onReady: () => this.onBearer(),
      onStuck: (state) => this.fail(STUCK_FAULTS[state]!, state, 'start-up'),
      onWait: (state) => this.tell(state),
    });
    this.platform = new Socket(0, PLATFORM_OUT_BYTES, clock, this.wake, {
      onOpen: () => this.onConnected(),
      onData: (data) => listener.onData(data),
      onClosed: (reason) =>
        this.fail(Fault.Socket, this.isUp ? LinkState.Connecting : LinkState.NoServer, reason),
      onDrain: () => listener.onDrain(),
    });
    this.directListener = SILENT;
    this.direct = new Socket(1, DIRECT_OUT_BYTES, clock, this.wake, {
      onOpen: () => this.directListener.onOpen(),
      onData: (data) => this.directListener.onData(data),
      onClosed: (reason) => this.directListener.onClosed(reason),
      onDrain: () => this.directListener.onDrain(),
    });
    this.ladder = new Ladder(ports.random, [true, true, true, true, !!pins.reset, !!pins.key, !!pins.supply]);
    this.heartbeat = new Heartbeat(config.heartbeat);
    this.power = new PowerSequence(pins, clock, () => this.settle());
    this.phase = Phase.Off;
    this.phaseMs = 0;
    this.dueMs = 0;
    this.state = LinkState.Off;
    this.fault = Fault.Socket;
    this.baudIndex = -1;
    this.isBearerUp = false;
    this.isUp = false;
    this.upMs = 0;
    this.firstAliveMs = 0;
    this.lastAliveMs = 0;
    this.askedMs = 0;
    this.beatMs = 0;
    this.beats = 0;
    this.idleMs = 0;
    this.polledMs = 0;
    this.samples = 0;
    this.isSampleDue = false;
    this.supplyWarnings = 0;
    this.restarts = 0;
    this.restartsInRow = 0;
    this.lastReason = '';
  }

  /** Begins to bring the link up, and keeps it up until `stop`. */
  start(): void {
    if (this.phase !== Phase.Off) return;
    this.tell(LinkState.ModemStarting);
    if (this.ports.pins.isOn && !this.ports.pins.isOn()) {
      this.enter(Phase.Waiting);
      this.plan(Fault.Off);
    } else this.settle();
  }

  /** Lets go of everything at once; the modem stays as it is. */
  stop(): void {
    this.down('stopped');
    this.platform.drop();
    this.direct.lose('stopped');
    this.enter(Phase.Off);
    this.at.rest();
    this.power.stop();
    this.tell(LinkState.Off);
  }

  /** Bytes from the modem's UART. */
  receive(data: string): void {
    if (this.phase !== Phase.Off) this.at.feed(data);
  }

  /** Sends to the platform: all of `data`, or nothing (false) when the link is down or there is no room. */
  send(data: string): boolean {
    if (!this.isUp || !this.platform.send(data)) return false;
    if (!this.askedMs) this.askedMs = this.ports.clock.nowMs();
    return true;
  }

  freeBytes(): number {
    return this.isUp ? this.platform.freeBytes() : 0;
  }

  /** The server was heard, authentically. */
  alive(): void {
    if (!this.isUp) return;
    const nowMs = this.ports.clock.nowMs();
    if (!this.firstAliveMs) {
      this.firstAliveMs = nowMs;
      this.restartsInRow = 0;
      this.ladder.worked(nowMs);
      this.tell(LinkState.Ready);
    }
    if (this.beatMs) this.heartbeat.held(this.idleMs);
    this.lastAliveMs = nowMs;
    this.askedMs = 0;
    this.beatMs = 0;
    this.beats = 0;
  }

  /**
   * The session cannot go on over this connection. `isRefused`: the server will not talk to this device, so
   * that only a long wait is of use; else a new socket is tried first.
   */
  sessionFailed(reason: string, isRefused: boolean): void {
    if (!this.isUp) return;
    this.fail(
      isRefused ? Fault.Refused : Fault.Socket,
      isRefused ? LinkState.KeyRefused : LinkState.Connecting,
      reason,
    );
  }

  status(): KeeperStatus {
    return {
      state: this.state,
      csq: this.startup.csq,
      registration: this.startup.registration,
      imei: this.startup.imei,
      iccid: this.startup.iccid,
      rungUses: this.ladder.uses,
      heartbeatMs: this.heartbeat.intervalMs,
      supplyWarnings: this.supplyWarnings,
      restarts: this.restarts,
      lastReason: this.lastReason,
    };
  }

  /** Watches the AT traffic, secrets removed; undefined ends it. */
  trace(watcher: ((direction: string, text: string) => void) | undefined): void {
    this.at.trace = watcher;
  }

  /**
   * Opens the maker's own connection. False: there is no bearer now, one is open already, or the address is
   * not one. Nothing is read before `grantDirect`.
   */
  openDirect(host: string, port: number, listener: SocketListener): boolean {
    if (!this.isBearerUp || this.direct.state !== SocketState.Closed) return false;
    this.directListener = listener;
    this.direct.creditBytes = 0;
    return this.direct.open(host, port);
  }

  sendDirect(data: string): boolean {
    return this.direct.send(data);
  }

  directFreeBytes(): number {
    return this.direct.freeBytes();
  }

  /** Allows `byteCount` more bytes to be read for the maker; the rest waits in the modem, and then at the peer. */
  grantDirect(byteCount: number): void {
    this.direct.creditBytes += byteCount;
    this.wake();
  }

  /** Closes it when all was sent; `onClosed` tells when. */
  closeDirect(): void {
    this.direct.finish();
  }

  private next(): AtDialogue | undefined {
    const phase = this.phase;
    if (phase === Phase.Settling) return this.onSettled();
    if (phase === Phase.Starting) return this.startup.next();
    if (phase === Phase.Restarting) return this.radioCommand();
    if (!this.isBearerUp) return undefined;
    return this.platform.next() || this.direct.next() || this.nextSample();
  }

  private nextSample(): AtDialogue | undefined {
    if (!this.isSampleDue) return undefined;
    this.isSampleDue = false;
    return this.startup.sample(++this.samples % 2 ? '+CSQ' : '+CREG?');
  }

  private radioCommand(): AtDialogue {
    return command('+CFUN=1,1', () => {
      if (this.phase !== Phase.Restarting) return;
      this.at.rest();
      this.arm(RADIO_RESTART_MS);
    });
  }

  /** The modem answers; at a rate that is not ours, it is told ours first. */
  private onSettled(): AtDialogue | undefined {
    if (this.baudIndex >= 0) {
      return command('+IPR=' + BAUD, () => this.settle());
    }
    this.enter(Phase.Starting);
    this.startup.begin(Entry.Whole);
    return this.startup.next();
  }

  /** Looks for the modem at our rate. */
  private settle(): void {
    this.enter(Phase.Settling);
    this.setBaud(-1);
    this.at.settle(STARTUP_PROBES);
  }

  private setBaud(index: number): void {
    if (index !== this.baudIndex && this.ports.setBaud) {
      this.ports.setBaud(index < 0 ? BAUD : OTHER_BAUDS[index]!);
    }
    this.baudIndex = index;
  }

  /** Nobody answers: other rates first, then the ladder. */
  private onSilent(): void {
    const index = this.baudIndex + 1;
    if (this.ports.setBaud && index < OTHER_BAUDS.length) {
      if (this.phase !== Phase.Settling) this.loseAll('modem silent');
      this.enter(Phase.Settling);
      this.setBaud(index);
      this.at.settle(HUNT_PROBES);
      return;
    }
    this.setBaud(-1);
    this.fail(Fault.Modem, LinkState.ModemSilent, 'modem silent');
  }

  private onLine(head: string, args: string, channel: number): void {
    const notice = NOTICES[head];
    if (notice === undefined) return;
    if (notice >= Notice.Received) {
      this.onSocketNotice(notice, args, channel);
    } else if (notice === Notice.Restarted) {
      this.onRestart('modem restarted');
    } else if (notice === Notice.SupplyLow) {
      this.supplyWarnings++;
    } else if (notice === Notice.PoweredOff) {
      if (this.phase >= Phase.Settling) this.fail(Fault.Off, LinkState.ModemSilent, head);
    } else if (this.isBearerUp) {
      if (notice === Notice.BearerLost) this.fail(Fault.Bearer, LinkState.Connecting, 'bearer lost');
      else if (args !== 'READY') this.fail(Fault.Sim, LinkState.SimMissing, 'SIM ' + args);
    }
  }

  private onSocketNotice(notice: Notice, args: string, channel: number): void {
    const number = notice === Notice.Received ? parseInt(args.split(',')[1]!) : channel;
    const socket = this.platform.owns(number) ? this.platform : this.direct;
    if (!socket.owns(number)) return;
    if (notice === Notice.Received) socket.isUnread = true;
    else if (notice === Notice.Connected) socket.onConnected();
    else if (notice === Notice.ConnectFailed) socket.lose('refused');
    else socket.onRemoteClosed();
  }

  /** The modem started anew by itself: nothing of before is left in it. */
  private onRestart(reason: string): void {
    if (this.phase < Phase.Starting && !this.isBearerUp) return;
    this.restarts++;
    this.loseAll(reason);
    if (++this.restartsInRow > MAX_RESTARTS) {
      this.restartsInRow = 0;
      this.fail(Fault.Modem, LinkState.ModemStarting, reason);
      return;
    }
    this.tell(LinkState.ModemStarting);
    this.settle();
  }

  private onBearer(): void {
    this.isBearerUp = true;
    this.polledMs = this.ports.clock.nowMs();
    this.connect();
  }

  private connect(): void {
    this.enter(Phase.Online);
    this.tell(LinkState.Connecting);
    this.platform.drop();
    if (!this.platform.open(this.config.host, this.config.port))
      this.fail(Fault.Refused, LinkState.NoServer, 'address');
  }

  private onConnected(): void {
    const nowMs = this.ports.clock.nowMs();
    this.isUp = true;
    this.upMs = nowMs;
    this.firstAliveMs = 0;
    this.askedMs = 0;
    this.beatMs = 0;
    this.beats = 0;
    this.listener.onUp();
  }

  private down(reason: string): void {
    this.lastReason = reason;
    if (!this.isUp) return;
    this.isUp = false;
    this.listener.onDown(reason);
  }

  /** No socket is left in the modem. */
  private loseAll(reason: string): void {
    this.isBearerUp = false;
    this.platform.drop();
    this.platform.forgetStale();
    this.direct.lose(reason);
    this.direct.forgetStale();
    this.down(reason);
  }

  /** Something failed: says so, and plans the next remedy. */
  private fail(fault: Fault, state: LinkState, reason: string): void {
    if (this.phase === Phase.Off) return;
    if (this.phase === Phase.Waiting && this.ladder.covers(fault)) return;
    this.platform.abandon();
    if (fault !== Fault.Socket && fault !== Fault.Silent && fault !== Fault.Refused) this.loseAll(reason);
    else this.down(reason);
    this.tell(state);
    this.enter(Phase.Waiting);
    this.plan(fault);
  }

  private plan(fault: Fault): void {
    const nowMs = this.ports.clock.nowMs();
    this.fault = fault;
    this.ladder.next(fault, nowMs);
    this.dueMs = nowMs + this.ladder.delayMs;
    this.arm(Math.min(TICK_MS, this.ladder.delayMs));
  }

  /** Uses the rung that was planned. */
  private climb(): void {
    const rung = this.ladder.rung;
    this.ladder.used(this.ports.clock.nowMs());
    if (rung === Rung.Socket) {
      this.connect();
      return;
    }
    this.loseAll('bearer restarted');
    if (rung <= Rung.Attach) {
      this.enter(Phase.Starting);
      this.startup.begin(
        this.fault === Fault.Sim ? Entry.Whole : rung === Rung.Bearer ? Entry.Bearer : Entry.Attach,
      );
    } else if (rung === Rung.Radio) {
      this.enter(Phase.Restarting);
    } else {
      this.enter(Phase.Powering);
      this.at.rest();
      this.power.run(rung);
      return;
    }
    if (this.at.isResting()) this.settle();
    this.wake();
  }

  private tick(): void {
    this.timer = undefined;
    const nowMs = this.ports.clock.nowMs();
    const limitMs = PHASE_LIMIT_MS[this.phase]!;
    if (this.phase === Phase.Waiting && nowMs >= this.dueMs) this.climb();
    else if (this.phase === Phase.Restarting && this.at.isResting()) this.settle();
    else if (limitMs && nowMs - this.phaseMs > limitMs)
      this.fail(Fault.Modem, LinkState.ModemSilent, 'stuck');
    else if (this.isPowerLost()) this.fail(Fault.Off, LinkState.ModemSilent, 'modem off');
    this.platform.tick(nowMs);
    this.direct.tick(nowMs);
    if (this.isUp) this.watch(nowMs);
    this.poll(nowMs);
    if (this.phase === Phase.Off) return;
    if (this.timer === undefined)
      this.arm(this.phase === Phase.Waiting ? Math.min(TICK_MS, this.dueMs - nowMs) : TICK_MS);
    this.wake();
  }

  private isPowerLost(): boolean {
    const isOn = this.ports.pins.isOn;
    return this.phase > Phase.Powering && this.phase !== Phase.Restarting && !!isOn && !isOn();
  }

  /** Proof of life: asks for it when it is due, gives the link up when it does not come. */
  private watch(nowMs: number): void {
    if (!this.firstAliveMs) {
      if (nowMs - this.upMs > FIRST_ALIVE_MS) this.fail(Fault.Silent, LinkState.NoServer, 'no answer');
      return;
    }
    if (nowMs - this.firstAliveMs > STEADY_MS) this.ladder.steady();
    if (this.beatMs) {
      if (nowMs - this.beatMs < ANSWER_MS) return;
      if (this.beats >= HEARTBEAT_TRIES) {
        this.heartbeat.lost(this.idleMs);
        this.fail(Fault.Silent, LinkState.NoServer, 'no answer');
        return;
      }
    } else {
      const isUnanswered = this.askedMs && nowMs - this.askedMs >= ANSWER_MS;
      if (!isUnanswered && nowMs - this.lastAliveMs < this.heartbeat.intervalMs) return;
      this.idleMs = nowMs - this.platform.lastTrafficMs;
    }
    this.beatMs = nowMs;
    this.beats++;
    this.listener.onHeartbeatDue();
  }

  /** Reads without notice now and then, more often while an answer is awaited. */
  private poll(nowMs: number): void {
    if (!this.isBearerUp) return;
    const isEager = this.isUp && (!this.firstAliveMs || this.askedMs || this.beatMs);
    if (nowMs - this.polledMs < (isEager ? EAGER_POLL_MS : POLL_MS)) return;
    this.polledMs = nowMs;
    this.isSampleDue = !isEager;
    this.platform.isUnread = true;
    this.direct.isUnread = true;
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.phaseMs = this.ports.clock.nowMs();
    if (phase === Phase.Off) this.disarm();
    else if (this.timer === undefined) this.arm(TICK_MS);
  }

  private arm(delayMs: number): void {
    this.disarm();
    this.timer = this.ports.clock.after(delayMs, this.onTick);
  }

  private disarm(): void {
    if (this.timer !== undefined) this.ports.clock.cancel(this.timer);
    this.timer = undefined;
  }

  private tell(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    this.listener.onState(state);
  }
}
