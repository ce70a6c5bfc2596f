/**
 * A SIM800A module: pins, serial port, card and flash on the outside, one `Session` per boot on the inside.
 * Leaves behaviour to the parts; docs/modem-simulator.md says what is simulated and what is not.
 * Source: SIM800 Series AT Command Manual V1.09 and SIM800A Hardware Design V1.02.
 * Invariant: it speaks only while STATUS is high and, with autobaud, only after the host's first AT (but for
 * the synchronisation bytes at power on).
 */
import type { Clock } from '../time/clock';
import type { Random } from '../time/random';
import type { Network } from '../network/network';
import { Autobaud, type SerialEnd } from './autobaud';
import type { AccessRule } from './bearer';
import { Card, type CardOptions } from './card';
import { FIELD, type Dialect } from './dialect';
import type { Interception } from './executor';
import { SIM800A, type Identity } from './identity';
import { SEND_BUFFER_BYTES } from './link';
import { Power, type Level, type PinLock, type PowerState } from './power';
import { OK } from './result';
import { Session } from './session';
import { SettingStore } from './settings';
import { SpoiltLine } from './spoilt-line';
import { TYPICAL, type TimingProfile } from './timing';
import { Counters, type ModemEvent, type ModemWatch } from './watch';

export interface Sim800Options {
  clock: Clock;
  random: Random;
  serial: SerialEnd;
  network: Network;
  card?: CardOptions;
  /** What the carrier says to an access point; all are let in by default. */
  accessRule?: AccessRule;
  timing?: TimingProfile;
  dialect?: Dialect;
  /** Bytes that a link takes before the peer has acknowledged them; the manual gives no figure. */
  sendBufferBytes?: number;
  identity?: Partial<Identity>;
  watch?: ModemWatch;
  /** The rate stored by an earlier AT+IPR and AT&W, bits per second; 0 or nothing: autobaud. */
  storedBaud?: number;
  /** The host's serial rate, for autobaud; by default the module's own. */
  hostBaud?: () => number;
}

/** The light's rhythm, milliseconds on and off (hardware design, NETLIGHT). */
export const NETLIGHT_RHYTHM = {
  off: undefined,
  searching: { onMs: 64, offMs: 800 },
  registered: { onMs: 64, offMs: 3_000 },
  data: { onMs: 64, offMs: 300 },
} as const;

export type NetlightState = keyof typeof NETLIGHT_RHYTHM;

export class Sim800 {
  readonly counters = new Counters();
  readonly card: Card;
  /** The wire to the host, which faults spoil. */
  readonly line: SpoiltLine;
  /** Called at each change of the STATUS pin. */
  onStatus: (level: Level) => void = () => {};
  private readonly timing: TimingProfile;
  private readonly dialect: Dialect;
  private readonly watch: ModemWatch;
  private readonly power: Power;
  private store = new SettingStore();
  private readonly autobaud: Autobaud;
  private readonly armed = new Map<string, number>();
  private interceptions: { command: string | undefined; interception: Interception }[] = [];
  private readonly eventListeners = new Set<(event: ModemEvent) => void>();
  private readonly commandListeners = new Set<(command: string) => void>();
  private current: Session | undefined;
  private hasOkAfterRestart = false;

  constructor(private readonly options: Sim800Options) {
    const { clock, random, serial } = options;
    this.timing = options.timing ?? TYPICAL;
    this.dialect = options.dialect ?? FIELD;
    this.watch = options.watch ?? {};
    this.card = new Card(options.card);
    if (options.storedBaud) this.store.keepOne('baud', options.storedBaud);
    this.autobaud = new Autobaud(clock, serial, options.hostBaud ?? (() => serial.baud));
    this.line = new SpoiltLine(clock, random.fork('line'), (bytes) => serial.write(bytes));
    this.power = new Power(clock, this.timing, {
      powerOn: () => this.autobaud.powerOn(),
      boot: () => this.boot(),
      die: (isSudden) => this.die(isSudden),
      say: (text) => this.current?.terminal.notice(text),
      hasVoltageTexts: () => this.current?.settings.batteryCheck === 1,
      powerEnding: () => this.dialect.powerEnding,
      statusChanged: (level) => this.onStatus(level),
    });
    serial.onData = (bytes) => this.receive(bytes);
  }

  /** PWRKEY: 0 pulls it low (pressed), 1 lets it go. */
  setPowerKey(level: Level): void {
    this.power.setPowerKey(level);
  }

  /** RESET: 0 pulls it low, 1 lets it go. */
  setReset(level: Level): void {
    this.power.setReset(level);
  }

  setSupplyMillivolts(millivolts: number): void {
    this.power.setSupply(millivolts);
  }

  get supplyMillivolts(): number {
    return this.power.millivolts;
  }

  /** The STATUS pin. */
  get status(): Level {
    return this.power.statusLevel;
  }

  get powerState(): PowerState {
    return this.power.state;
  }

  /** What the NETLIGHT pin blinks. */
  get netlight(): NetlightState {
    if (!this.current) return 'off';
    if (this.current.bearer.isActive) return 'data';
    return this.current.radio.isRegistered ? 'registered' : 'searching';
  }

  /** The NETLIGHT pin at this moment. */
  get netlightLevel(): Level {
    const rhythm = NETLIGHT_RHYTHM[this.netlight];
    if (!rhythm) return 0;
    return this.options.clock.nowMs() % (rhythm.onMs + rhythm.offMs) < rhythm.onMs ? 1 : 0;
  }

  /** The running boot, for faults and inspection; undefined while off or wedged. */
  get session(): Session | undefined {
    return this.current;
  }

  /** Presses PWRKEY for `holdMs` (a convenience for tests and the command). */
  pressPowerKey(holdMs = this.timing.powerKeyOnMs + 100): void {
    this.setPowerKey(0);
    this.options.clock.setTimer(() => this.setPowerKey(1), holdMs);
  }

  /** Restarts without being asked, as after a crash. */
  crash(): void {
    this.power.restart();
  }

  /** Hangs with STATUS high; PWRKEY, or PWRKEY and RESET, do nothing until it is over. */
  wedge(lock: PinLock): void {
    this.power.wedge(lock);
    const session = this.current;
    this.current = undefined;
    session?.end();
  }

  /** Flash is back at factory values, and the module restarts. */
  loseProfile(): void {
    this.store = new SettingStore();
    this.power.restart();
  }

  /** The next `count` occasions of the named fault strike. */
  arm(name: string, count = 1): void {
    this.armed.set(name, (this.armed.get(name) ?? 0) + count);
  }

  /** Lays a hand on the next run of a command (`+CSQ`), or of any. */
  interceptNext(command: string | undefined, interception: Interception): void {
    this.interceptions.push({ command, interception });
  }

  /** Listens to events; gives the function that stops it. */
  onEvent(listener: (event: ModemEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  /** Listens to commands as they are about to run; gives the function that stops it. */
  onCommand(listener: (command: string) => void): () => void {
    this.commandListeners.add(listener);
    return () => this.commandListeners.delete(listener);
  }

  private emit(event: ModemEvent): void {
    this.watch.onEvent?.(event);
    for (const listener of this.eventListeners) listener(event);
  }

  private takeFault(name: string): boolean {
    const count = this.armed.size === 0 ? 0 : (this.armed.get(name) ?? 0);
    if (count === 0) return false;
    if (count === 1) this.armed.delete(name);
    else this.armed.set(name, count - 1);
    return true;
  }

  private intercept(command: string): Interception | undefined {
    for (const listener of this.commandListeners) listener(command);
    if (this.interceptions.length === 0) return undefined;
    const index = this.interceptions.findIndex(
      (entry) => entry.command === undefined || entry.command === command,
    );
    return index < 0 ? undefined : this.interceptions.splice(index, 1)[0]!.interception;
  }

  private receive(bytes: Buffer): void {
    const session = this.current;
    if (!session) return;
    const readable = this.autobaud.filter(this.line.receive(bytes));
    if (readable && readable.length > 0) session.terminal.receive(readable.toString('latin1'));
  }

  private write(bytes: Buffer): boolean {
    if (this.autobaud.isSynchronised) this.line.send(bytes);
    return this.autobaud.isSynchronised;
  }

  private boot(): void {
    const { options } = this;
    this.counters.boots += 1;
    this.card.powerUp();
    const session = new Session({
      clock: options.clock,
      random: options.random,
      network: options.network,
      timing: this.timing,
      dialect: this.dialect,
      sendBufferBytes: options.sendBufferBytes ?? SEND_BUFFER_BYTES,
      identity: { ...SIM800A, ...options.identity },
      card: this.card,
      store: this.store,
      counters: this.counters,
      watch: this.watch,
      accessRule: options.accessRule ?? (() => 'accept'),
      wire: { write: (bytes) => this.write(bytes) },
      supplyMillivolts: () => this.power.millivolts,
      takeFault: (name) => this.takeFault(name),
      intercept: (command) => this.intercept(command),
      emit: (event) => this.emit(event),
      setBaud: (baud) => this.autobaud.change(baud),
      restart: (hasOkAfter) => this.restart(hasOkAfter),
      switchOff: (isSilent) => this.power.switchOff(isSilent),
    });
    this.current = session;
    this.autobaud.start(session.settings.baud);
    this.emit('boot');
    this.startUp(session);
  }

  /** The boot texts of a fixed rate; with autobaud nobody hears what comes before the first AT. */
  private startUp(session: Session): void {
    const { terminal, timing, settings } = session;
    if (settings.baud > 0) {
      terminal.notice('RDY');
      terminal.notice(`+CFUN: ${settings.functionality}`);
      if (this.hasOkAfterRestart) terminal.result(OK);
    }
    this.hasOkAfterRestart = false;
    session.later(() => session.cardSettled(), session.card.busyMs ?? session.draw(timing.cardMs));
  }

  private restart(hasOkAfter: boolean): void {
    this.hasOkAfterRestart = hasOkAfter;
    this.power.restart();
  }

  private die(isSudden: boolean): void {
    const session = this.current;
    this.current = undefined;
    this.line.reset();
    if (isSudden) this.options.serial.reset();
    if (!session) return;
    session.end();
    this.emit('off');
  }
}
