/**
 * Everything of the module that a power cut erases, from one boot to the next: settings in RAM, registration,
 * PDP context, links and the conversation on the serial port. A new boot is a new session, so nothing can be
 * left over; timers of an ended session do nothing.
 * Leaves power to `power.ts`, flash and the card to `Sim800`.
 * Invariant: an ended session sends nothing and changes nothing.
 */
import type { Clock, Timer } from '../time/clock';
import type { Random } from '../time/random';
import type { Network } from '../network/network';
import { Bearer, type AccessRule } from './bearer';
import type { Card } from './card';
import type { Dialect } from './dialect';
import { announceCard, announceReady } from './functionality';
import { Executor, type Interception } from './executor';
import type { Identity } from './identity';
import { Links } from './links';
import { ModuleClock } from './module-clock';
import { Radio } from './radio';
import { cme, ERROR, type Result } from './result';
import type { SettingName, Settings, SettingStore } from './settings';
import { Terminal, type Wire } from './terminal';
import type { SpanMs, TimingProfile } from './timing';
import type { Counters, ModemEvent, ModemWatch } from './watch';

/** What outlives a session. */
export interface SessionHost {
  clock: Clock;
  random: Random;
  network: Network;
  timing: TimingProfile;
  dialect: Dialect;
  /** Bytes that a link takes before the peer has acknowledged them. */
  sendBufferBytes: number;
  identity: Identity;
  card: Card;
  store: SettingStore;
  counters: Counters;
  watch: ModemWatch;
  accessRule: AccessRule;
  wire: Wire;
  supplyMillivolts: () => number;
  /** True once for each time that the named fault was armed. */
  takeFault: (name: string) => boolean;
  emit: (event: ModemEvent) => void;
  /** The serial port changes its rate, bits per second. */
  setBaud: (baud: number) => void;
  /** A fault's hand on the command that is about to run. */
  intercept: (command: string) => Interception | undefined;
  /** The module restarts itself; `hasOkAfter`: the command's OK comes when it is back. */
  restart: (hasOkAfter: boolean) => void;
  /** The module switches itself off; `isSilent`: without a text. */
  switchOff: (isSilent: boolean) => void;
}

export class Session {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly timing: TimingProfile;
  readonly dialect: Dialect;
  readonly card: Card;
  readonly counters: Counters;
  readonly settings: Settings;
  readonly terminal: Terminal;
  readonly radio: Radio;
  readonly bearer: Bearer;
  readonly links: Links;
  readonly moduleClock: ModuleClock;
  /** Servers of AT+CDNSCFG; shown, never asked. */
  nameServers: [string, string] = ['0.0.0.0', '0.0.0.0'];
  /** Address of the bearer of SIMCom's IP applications while it is open. */
  applicationBearer: string | undefined;
  isOver = false;
  private cardHeldUntilMs = 0;

  constructor(readonly host: SessionHost) {
    this.clock = host.clock;
    this.random = host.random;
    this.network = host.network;
    this.timing = host.timing;
    this.dialect = host.dialect;
    this.card = host.card;
    this.counters = host.counters;
    this.settings = host.store.load();
    const executor = new Executor(this);
    this.terminal = new Terminal(host.wire, this.settings, host.counters, host.watch, (body) =>
      executor.run(body),
    );
    this.links = new Links(this);
    this.radio = new Radio(this);
    this.bearer = new Bearer(this);
    this.moduleClock = new ModuleClock(this);
  }

  /** A timer that an ended session ignores. */
  later(callback: () => void, delayMs: number): Timer {
    return this.clock.setTimer(() => {
      if (!this.isOver) callback();
    }, delayMs);
  }

  draw(span: SpanMs): number {
    return span[0] === span[1] ? span[0] : span[0] + this.random.fraction() * (span[1] - span[0]);
  }

  emit(event: ModemEvent): void {
    this.host.emit(event);
  }

  takeFault(name: string): boolean {
    return this.host.takeFault(name);
  }

  accessRule: AccessRule = (accessPoint) => this.host.accessRule(accessPoint);

  set(name: SettingName, value: number): void {
    this.settings[name] = value;
  }

  /** What a command says in a state where it is not allowed. */
  wrongState(): Result {
    return this.dialect.wrongState === 'cme' ? cme(3) : ERROR;
  }

  /** The card is busy for so long, whatever it was before (a fault). */
  holdCard(lengthMs: number): void {
    this.card.powerUp();
    this.cardHeldUntilMs = this.clock.nowMs() + lengthMs;
    this.later(() => this.cardSettled(), lengthMs);
  }

  /** The card has answered: it is announced and the module looks for a network. */
  cardSettled(): void {
    if (this.clock.nowMs() < this.cardHeldUntilMs) return;
    this.card.settle();
    if (this.settings.functionality === 0) return;
    if (this.settings.baud > 0 || this.card.state !== 'ready') announceCard(this);
    this.emit('card');
    this.radio.start();
    this.later(() => announceReady(this), this.draw(this.timing.registerMs));
  }

  /** Power is gone or the module restarts: sockets vanish without a word. */
  end(): void {
    if (this.isOver) return;
    this.bearer.lose();
    this.isOver = true;
    this.radio.dispose();
    this.bearer.dispose();
  }
}
