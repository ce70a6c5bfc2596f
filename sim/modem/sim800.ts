/**
 * A SIM800A module: pins, serial port, card and flash on the outside, one `Session` per boot on the inside.
 * Leaves behaviour to the parts; see docs/modem-simulator.md for what is simulated and what is not.
 * Source: SIM800 Series AT Command Manual V1.09 and SIM800A Hardware Design V1.02.
 * Invariant: it speaks only while STATUS is high and, with autobaud, only after the host's first AT.
 */
import type { Clock } from '../time/clock';
import type { Random } from '../time/random';
import type { Network } from '../network/network';
import { Autobaud, type SerialEnd } from './autobaud';
import type { AccessRule } from './bearer';
import { Card, type CardOptions } from './card';
import { V1_09, type Dialect } from './dialect';
import { announceCard, announceReady } from './functionality';
import { SIM800A, type Identity } from './identity';
import { Power, type Level, type PowerState } from './power';
import { Session } from './session';
import { SettingStore } from './settings';
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
  identity?: Partial<Identity>;
  watch?: ModemWatch;
  /** The rate stored by an earlier AT+IPR; 0 or nothing: autobaud. */
  storedBaud?: number;
  /** The host's serial rate, for autobaud; by default the module's own. */
  hostBaud?: () => number;
}

/** The light's rhythm, milliseconds on and off (hardware design, section 4.11). */
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
  readonly watch: ModemWatch;
  /** Called at each change of the STATUS pin. */
  onStatus: (level: Level) => void = () => {};
  /** Bytes to the host pass through here last; faults spoil them. */
  outputFilter: ((bytes: Buffer) => Buffer) | undefined;
  private readonly power: Power;
  private readonly store = new SettingStore();
  private readonly autobaud: Autobaud;
  private readonly armed = new Map<string, number>();
  private readonly eventListeners = new Set<(event: ModemEvent) => void>();
  private current: Session | undefined;

  constructor(private readonly options: Sim800Options) {
    const { clock, serial } = options;
    this.card = new Card(options.card);
    this.watch = options.watch ?? {};
    if (options.storedBaud) this.store.changed('baud', options.storedBaud);
    this.autobaud = new Autobaud(clock, serial, options.hostBaud ?? (() => serial.baud));
    this.power = new Power(clock, options.timing ?? TYPICAL, {
      boot: () => this.boot(),
      die: (isSudden) => this.die(isSudden),
      say: (text) => this.current?.terminal.notice(text),
      hasVoltageTexts: () => this.current?.settings.batteryCheck === 1,
      powerEnding: () => (options.dialect ?? V1_09).powerEnding,
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

  /** The STATUS pin. */
  get status(): Level {
    return this.power.statusLevel;
  }

  get powerState(): PowerState {
    return this.power.state;
  }

  /** What the NETLIGHT pin blinks. */
  get netlight(): NetlightState {
    if (!this.current || this.power.state !== 'on') return 'off';
    if (this.current.bearer.isActive) return 'data';
    return this.current.radio.isRegistered ? 'registered' : 'searching';
  }

  /** The NETLIGHT pin at this moment. */
  get netlightLevel(): Level {
    const rhythm = NETLIGHT_RHYTHM[this.netlight];
    if (!rhythm) return 0;
    return this.options.clock.nowMs() % (rhythm.onMs + rhythm.offMs) < rhythm.onMs ? 1 : 0;
  }

  /** The running boot, for faults and inspection; undefined while off. */
  get session(): Session | undefined {
    return this.current;
  }

  /** Presses PWRKEY for as long as the module needs (a convenience for tests and the command). */
  pressPowerKey(holdMs = (this.options.timing ?? TYPICAL).powerKeyOnMs + 100): void {
    this.setPowerKey(0);
    this.options.clock.setTimer(() => this.setPowerKey(1), holdMs);
  }

  /** Restarts without being asked, as after a crash. */
  crash(): void {
    this.power.restart();
  }

  /** The next `count` occasions of the named fault strike. */
  arm(name: string, count = 1): void {
    this.armed.set(name, (this.armed.get(name) ?? 0) + count);
  }

  /** Listens to events; gives the function that stops it. */
  onEvent(listener: (event: ModemEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  private emit(event: ModemEvent): void {
    this.watch.onEvent?.(event);
    for (const listener of this.eventListeners) listener(event);
  }

  private takeFault(name: string): boolean {
    if (this.armed.size === 0) return false;
    const count = this.armed.get(name) ?? 0;
    if (count === 0) return false;
    if (count === 1) this.armed.delete(name);
    else this.armed.set(name, count - 1);
    return true;
  }

  private receive(bytes: Buffer): void {
    const session = this.current;
    if (!session) return;
    const readable = this.autobaud.filter(bytes);
    if (readable) session.terminal.receive(readable.toString('latin1'));
  }

  private write(bytes: Buffer): void {
    if (!this.autobaud.isSynchronised) return;
    const spoilt = this.outputFilter ? this.outputFilter(bytes) : bytes;
    if (spoilt.length > 0) this.options.serial.write(spoilt);
  }

  private boot(): void {
    const { options } = this;
    this.counters.boots += 1;
    this.card.powerUp();
    const session = new Session({
      clock: options.clock,
      random: options.random,
      network: options.network,
      timing: options.timing ?? TYPICAL,
      dialect: options.dialect ?? V1_09,
      identity: { ...SIM800A, ...options.identity },
      card: this.card,
      store: this.store,
      counters: this.counters,
      watch: this.watch,
      accessRule: options.accessRule ?? (() => 'accept'),
      wire: { write: (bytes) => this.write(bytes) },
      supplyMillivolts: () => this.power.millivolts,
      takeFault: (name) => this.takeFault(name),
      emit: (event) => this.emit(event),
      setBaud: (baud) => this.autobaud.change(baud),
      restart: () => this.power.restart(),
      switchOff: (isSilent) => this.power.switchOff(isSilent),
    });
    this.current = session;
    this.autobaud.start(session.settings.baud);
    startUp(session);
    this.emit('boot');
  }

  private die(isSudden: boolean): void {
    const session = this.current;
    this.current = undefined;
    if (isSudden) this.options.serial.reset();
    if (!session) return;
    session.end();
    this.autobaud.isSynchronised = false;
    this.emit('off');
  }
}

/** The boot texts of a fixed rate; with autobaud nobody hears those that come before the first AT. */
function startUp(session: Session): void {
  const { terminal, timing, settings } = session;
  if (settings.baud > 0) {
    terminal.notice('RDY');
    terminal.notice('+CFUN: 1');
  }
  session.later(
    () => {
      session.card.settle();
      if (settings.baud > 0 || session.card.state !== 'ready') announceCard(session);
      session.emit('card');
      session.radio.start();
      session.later(() => announceReady(session), session.draw(timing.registerMs));
    },
    session.card.busyMs ?? session.draw(timing.cardMs),
  );
}
