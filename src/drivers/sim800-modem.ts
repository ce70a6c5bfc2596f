/**
 * A SIM800 as a whole: finds it (probes, other baud rates, power sequences), brings it up to a bearer, hands
 * its unasked words to those whom they concern, and says when it restarts, goes off or falls silent. Commands
 * are in sim800.ts; which remedy to use, and when, is left to keeper.ts.
 * Invariant: after `onFault` nothing of the modem's former state (sockets, bearer) is believed any more.
 */
import { LinkState } from '../protocol/codes';
import { AtChannel, type AtAsker, type AtDialogue, type AtOwner, type AtPorts, AtResult } from './at';
import { Fault, Rung } from './keeper-rungs';
import {
  BAUD,
  DEFAULT_TIMEOUT_MS,
  Notice,
  noticeOf,
  OTHER_BAUD_COUNT,
  OTHER_BAUDS,
  PLAIN,
  command,
  field,
  type ModemInfo,
  registrationIn,
} from './sim800';
import { type PowerListener, type PowerPins, type PowerRun, runPower } from './sim800-power';
import { Socket, type SocketListener } from './sim800-socket';
import {
  beginStartup,
  Entry,
  type Startup,
  type StartupConfig,
  type StartupListener,
} from './sim800-startup';

export interface ModemPorts extends AtPorts {
  /** Sets the UART's rate; undefined where it is fixed. */
  readonly setBaud?: (baud: number) => void;
  readonly pins: PowerPins;
}

export interface ModemListener {
  /** There is a bearer: sockets can be opened. */
  onBearer(): void;
  onFault(fault: Fault, state: LinkState, reason: string): void;
  /** It comes up; `state` says what it is waiting for. */
  onWait(state: LinkState): void;
}

const enum Mode {
  /** Nothing is asked of the modem. */
  Off = 0,
  Powering = 1,
  /** Looks for the modem's answer and rate. */
  Settling = 2,
  Starting = 3,
  Online = 4,
}

const STARTUP_PROBES = 6;
const HUNT_PROBES = 1;
/** Restarts without a proven link in between before they count as a fault. */
const MAX_RESTARTS = 4;
/** A restart keeps STATUS low for 2.7 s. */
const RESTART_TICKS = 3;
const PLATFORM_OUT_BYTES = 3000;
const DIRECT_OUT_BYTES = 2048;

/** Which fault it is when start-up is stuck (a digit, Fault), by LinkState. A text stays in flash. */
const STUCK_FAULTS = '544433222225';

export class Modem implements AtAsker, AtOwner, StartupListener, PowerListener {
  readonly at: AtChannel;
  readonly info: ModemInfo;
  readonly platform: Socket;
  readonly direct: Socket;
  /** Warnings of low supply, and restarts that nobody asked for. */
  supplyWarnings: number;
  restarts: number;
  /** Sockets can be opened. */
  hasBearer: boolean;
  private mode: Mode;
  private startup: Startup | undefined;
  private power: PowerRun | undefined;
  /** Place in OTHER_BAUDS, or -1 for our own rate. */
  private baudIndex: number;
  /** All rates have been tried since the modem was last found. */
  private wasHunted!: boolean;
  private polledMs!: number;
  private polls: number;
  private samples: number;
  private isSampleDue!: boolean;
  private restartsInRow: number;
  private offTicks: number;

  constructor(
    private readonly ports: ModemPorts,
    private readonly config: StartupConfig,
    platformListener: SocketListener,
    private readonly listener: ModemListener,
  ) {
    const clock = ports.clock;
    const at = new AtChannel(ports, this);
    const wake = (): void => at.wake();
    this.at = at;
    this.info = { imei: '', iccid: '', csq: 99, registration: 0, isPinTried: false };
    this.startup = undefined;
    this.platform = new Socket(0, PLATFORM_OUT_BYTES, clock, wake, platformListener);
    // Gets a listener with each connection.
    this.direct = new Socket(1, DIRECT_OUT_BYTES, clock, wake, platformListener);
    this.power = undefined;
    this.supplyWarnings = 0;
    this.restarts = 0;
    this.restartsInRow = 0;
    this.hasBearer = false;
    this.mode = Mode.Off;
    this.baudIndex = -1;
    this.polls = 0;
    this.samples = 0;
    // At the very start there is nothing to wait for.
    this.offTicks = RESTART_TICKS;
  }

  /** Looks for the modem at our rate, then brings it up from the beginning. */
  find(): void {
    this.power = undefined;
    this.enter(Mode.Settling);
    this.setBaud(-1);
    this.at.settle(STARTUP_PROBES);
  }

  /** Uses a rung; above Socket, sockets must have been let go of. `isWhole`: start with the SIM. */
  climb(rung: Rung, isWhole: boolean): void {
    if (rung > Rung.Radio) {
      this.runPower(rung);
      return;
    }
    this.begin(isWhole && rung < Rung.Radio ? Entry.Whole : (rung as number as Entry));
    if (this.at.isResting()) this.find();
    this.at.wake();
  }

  onReady(): void {
    this.enter(Mode.Online);
    this.hasBearer = true;
    this.listener.onBearer();
  }

  onRestarting(): void {
    this.runPower(Rung.Radio);
  }

  onStuck(state: LinkState): void {
    this.listener.onFault(+STUCK_FAULTS.charAt(state), state, 'start-up');
  }

  onWait(state: LinkState): void {
    this.listener.onWait(state);
  }

  onEcho(): void {
    this.onRestart('echo');
  }

  /** Leaves the modem as it is and says nothing more to it. */
  halt(): void {
    this.enter(Mode.Off);
    if (this.power) this.power.stop();
    this.power = undefined;
    this.at.rest();
  }

  /** The bearer and all sockets are gone, or will not be used any more. */
  letGo(reason: string): void {
    if (this.mode >= Mode.Starting) this.enter(Mode.Off);
    this.hasBearer = false;
    this.platform.end('', false);
    this.platform.forgetStale();
    this.direct.end(reason, false);
    this.direct.forgetStale();
  }

  /** The link over this modem lives: earlier restarts are forgiven. */
  prove(): void {
    this.restartsInRow = 0;
  }

  /** Whether STATUS has been low for longer than a restart takes. */
  private isOff(isOn: boolean): boolean {
    this.offTicks = isOn ? 0 : this.offTicks + 1;
    return this.offTicks > RESTART_TICKS;
  }

  /**
   * To be called every second or so. `pollMs`: how often to read without notice, or, when nobody waits (`isCalm`), to
   * sample the signal in turn: one of them shows that the modem is there. Gives whether it can do without the next calls.
   */
  tick(nowMs: number, pollMs: number, isCalm: boolean): boolean {
    const isOn = this.ports.pins.isOn;
    if (this.mode > Mode.Powering && isOn && this.isOff(isOn())) {
      this.listener.onFault(Fault.Off, LinkState.ModemSilent, 'modem off');
    }
    this.platform.tick(nowMs);
    this.direct.tick(nowMs);
    if (this.hasBearer && nowMs - this.polledMs >= pollMs) {
      this.polledMs = nowMs;
      const isReadTurn = ++this.polls & 1;
      this.isSampleDue = !isReadTurn;
      if (!isCalm || isReadTurn) {
        this.platform.isUnread = true;
        this.direct.isUnread = true;
      }
      this.at.wake();
    } else if (this.startup) this.at.wake();
    return !this.offTicks && !this.direct.state;
  }

  /** The modem was told our rate, or its signal or registration was asked for. */
  onResult(asked: AtDialogue, result: AtResult, info: string): void {
    if (this.mode === Mode.Settling) this.find();
    else if (result === AtResult.Ok && asked.send === '+CSQ') this.info.csq = parseInt(info);
    else if (result === AtResult.Ok) this.info.registration = registrationIn(info);
  }

  next(): AtDialogue | undefined {
    if (this.mode < Mode.Online) {
      if (this.mode === Mode.Settling) return this.onFound();
      const dialogue = this.startup && this.startup.next();
      if (dialogue || !this.hasBearer) return dialogue;
    }
    return this.platform.next() || this.direct.next() || (this.isSampleDue ? this.nextSample() : undefined);
  }

  private nextSample(): AtDialogue {
    this.isSampleDue = false;
    const send = ++this.samples % 2 ? '+CSQ' : '+CREG?';
    return { send, expect: PLAIN, timeoutMs: DEFAULT_TIMEOUT_MS, asker: this };
  }

  /** The modem answers; at a rate that is not ours, it is told ours first. */
  private onFound(): AtDialogue | undefined {
    if (this.baudIndex >= 0) return command('+IPR=' + BAUD, this, 0, 0);
    this.wasHunted = false;
    return this.begin(Entry.Whole).next();
  }

  private begin(entry: Entry): Startup {
    this.enter(Mode.Starting);
    const startup = beginStartup(this.config, this.ports.clock, this, this.info, entry);
    this.startup = startup;
    return startup;
  }

  private setBaud(index: number): void {
    if (index !== this.baudIndex && this.ports.setBaud) {
      this.ports.setBaud(index < 0 ? BAUD : +OTHER_BAUDS.split(',')[index]!);
      // What the modem heard at other rates stands in its line: the end of that line is here, not at the probe.
      this.ports.write('\r');
    }
    this.baudIndex = index;
  }

  /** Nobody answers: other rates first, then it is a fault. */
  onSilent(): void {
    const index = this.baudIndex + 1;
    if (this.ports.setBaud && !this.wasHunted && index < OTHER_BAUD_COUNT) {
      this.enter(Mode.Settling);
      this.setBaud(index);
      this.at.settle(HUNT_PROBES);
      return;
    }
    this.setBaud(-1);
    this.wasHunted = true;
    this.listener.onFault(Fault.Modem, LinkState.ModemSilent, 'modem silent');
  }

  private runPower(rung: Rung): void {
    this.enter(Mode.Powering);
    this.at.rest();
    if (this.power) this.power.stop();
    this.power = runPower(this.ports.pins, this.ports.clock, rung, this);
  }

  onLine(head: string, args: string, channel: number): void {
    const notice = noticeOf(head);
    const listener = this.listener;
    if (!notice || this.mode < Mode.Settling) return;
    if (notice >= Notice.Received) this.onSocketLine(notice, args, channel);
    else if (notice === Notice.Restarted) this.onRestart('modem restarted');
    else if (notice === Notice.SupplyLow) this.supplyWarnings++;
    else if (notice === Notice.PoweredOff) listener.onFault(Fault.Off, LinkState.ModemSilent, head);
    else if (!this.hasBearer) return;
    else if (notice === Notice.BearerLost) {
      listener.onFault(Fault.Bearer, LinkState.Connecting, 'bearer lost');
    } else if (args !== 'READY') listener.onFault(Fault.Sim, LinkState.SimMissing, 'SIM ' + args);
  }

  private onSocketLine(notice: Notice, args: string, channel: number): void {
    const number = notice === Notice.Received ? field(args, 1) : channel;
    const socket = this.platform.owns(number) ? this.platform : this.direct;
    if (!socket.owns(number)) return;
    if (notice === Notice.Received) socket.isUnread = true;
    else if (notice === Notice.Connected) socket.onConnected();
    else if (notice === Notice.Closed) socket.onRemoteClosed();
    else socket.end('refused', false);
  }

  /** The modem started anew by itself: nothing of before is left in it. */
  private onRestart(reason: string): void {
    if (this.mode < Mode.Starting) return;
    this.restarts++;
    const isEndless = ++this.restartsInRow > MAX_RESTARTS;
    if (isEndless) this.restartsInRow = 0;
    this.listener.onFault(isEndless ? Fault.Modem : Fault.Restart, LinkState.ModemStarting, reason);
  }

  private enter(mode: Mode): void {
    if (this.startup) this.startup.isOver = true;
    this.startup = undefined;
    this.mode = mode;
    this.polledMs = this.ports.clock.nowMs();
  }
}
