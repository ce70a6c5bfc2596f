/**
 * Supply, PWRKEY, RESET and STATUS: when the module starts, stops, restarts and dies.
 * Leaves what runs meanwhile to the session. Pins carry levels: 0 low, 1 high; PWRKEY and RESET act when low.
 * Source: SIM800A Hardware Design V1.02, sections 4.2.1 (on), 4.2.2 (off, voltage), 4.2.3 (reset).
 * Invariant: the module runs only while the supply allows it, and STATUS is high only while it runs.
 */
import type { Clock, Timer } from '../time/clock';
import type { TimingProfile } from './timing';

/** Supply limits, millivolts (section 4.2.2.3). */
export const DEAD_MILLIVOLTS = 3_000;
export const LOWEST_MILLIVOLTS = 3_400;
export const LOW_WARNING_MILLIVOLTS = 3_500;
export const HIGH_WARNING_MILLIVOLTS = 4_300;
export const HIGHEST_MILLIVOLTS = 4_400;
const NOMINAL_MILLIVOLTS = 4_000;

export type Level = 0 | 1;
export type PinLock = 'none' | 'key' | 'all';
export type PowerState = 'dead' | 'off' | 'starting' | 'on' | 'stopping';

export interface PowerActions {
  /** STATUS is high, the serial port not yet alive. */
  powerOn: () => void;
  /** The serial port comes alive. */
  boot: () => void;
  /** Everything volatile is gone; `isSudden`: what has not left the serial port either. */
  die: (isSudden: boolean) => void;
  /** A last text, as `NORMAL POWER DOWN`; only while running. */
  say: (text: string) => void;
  /** Voltage texts are off until AT+CBATCHK=1. */
  hasVoltageTexts: () => boolean;
  powerEnding: () => string;
  statusChanged: (level: Level) => void;
}

export class Power {
  state: PowerState = 'off';
  millivolts = NOMINAL_MILLIVOLTS;
  private status: Level = 0;
  /** A wedged module ignores PWRKEY (`key`) or RESET too (`all`), until it dies. */
  private lock: PinLock = 'none';
  private key: Level = 1;
  private reset: Level = 1;
  /** The present press has already switched the module on. */
  private isPressSpent = false;
  private keyTimer: Timer | undefined;
  private stepTimer: Timer | undefined;
  private voltageTimer: Timer | undefined;
  private resetAtMs = 0;
  private voltageZone: 'good' | 'low' | 'high' | 'too-low' | 'too-high' = 'good';

  constructor(
    private readonly clock: Clock,
    private readonly timing: TimingProfile,
    private readonly actions: PowerActions,
  ) {}

  get statusLevel(): Level {
    return this.status;
  }

  setPowerKey(level: Level): void {
    if (level === this.key) return;
    this.key = level;
    this.clock.clearTimer(this.keyTimer);
    this.isPressSpent = false;
    if (level === 0) this.watchPress();
  }

  setReset(level: Level): void {
    if (level === this.reset) return;
    this.reset = level;
    if (level === 0) {
      this.resetAtMs = this.clock.nowMs();
    } else if (this.state !== 'dead' && this.clock.nowMs() - this.resetAtMs >= this.timing.resetMs) {
      if (this.state !== 'off' && this.lock !== 'all') this.restart();
    }
  }

  setSupply(millivolts: number): void {
    this.millivolts = millivolts;
    if (millivolts < DEAD_MILLIVOLTS) {
      this.clock.clearTimer(this.voltageTimer);
      this.voltageZone = 'too-low';
      this.stop('dead');
    } else if (this.state === 'dead') {
      this.state = 'off';
      this.voltageZone = 'good';
      if (this.key === 0) this.watchPress();
      this.checkVoltage();
    } else {
      this.checkVoltage();
    }
  }

  /** Switches off in order; `isSilent` without a text. */
  switchOff(isSilent: boolean): void {
    if (this.state !== 'on') return;
    if (!isSilent) this.actions.say(`NORMAL POWER ${this.actions.powerEnding()}`);
    this.powerDown();
  }

  /** Dies and starts again by itself (RESET, AT+CFUN=1,1, a crash). */
  restart(): void {
    if (this.state === 'dead') return;
    this.stop('starting');
    this.startAfter(this.timing.resetStatusMs);
  }

  /** The module hangs: what runs is gone, STATUS stays high, pins do nothing. */
  wedge(lock: PinLock): void {
    if (this.state === 'on') this.lock = lock;
  }

  private watchPress(): void {
    if (this.state === 'off') {
      this.keyTimer = this.clock.setTimer(() => this.pressedToStart(), this.timing.powerKeyOnMs);
    } else if (this.state === 'on') {
      this.keyTimer = this.clock.setTimer(() => this.pressedToStop(), this.timing.powerKeyOffMs);
    }
  }

  private pressedToStart(): void {
    if (this.state !== 'off' || this.millivolts < LOWEST_MILLIVOLTS) return;
    this.isPressSpent = true;
    this.state = 'starting';
    this.startAfter(this.timing.statusMs);
  }

  private pressedToStop(): void {
    if (this.isPressSpent || this.lock !== 'none') return;
    const { powerKeyOffMs, powerKeyRestartMs } = this.timing;
    this.switchOff(false);
    this.keyTimer = this.clock.setTimer(() => this.pressedToStart(), powerKeyRestartMs - powerKeyOffMs);
  }

  private startAfter(statusMs: number): void {
    this.stepTimer = this.clock.setTimer(() => {
      this.setStatus(1);
      this.actions.powerOn();
      this.stepTimer = this.clock.setTimer(() => {
        this.state = 'on';
        this.actions.boot();
        this.voltageZone = 'good';
        this.checkVoltage();
      }, this.timing.uartMs);
    }, statusMs);
  }

  private powerDown(): void {
    this.stop('stopping');
    this.stepTimer = this.clock.setTimer(() => {
      this.state = 'off';
    }, this.timing.powerDownMs);
  }

  private stop(next: PowerState): void {
    this.clock.clearTimer(this.stepTimer);
    const wasAlive = this.state === 'on' || this.state === 'starting';
    this.state = next;
    this.lock = 'none';
    this.setStatus(0);
    if (wasAlive) this.actions.die(next !== 'stopping');
  }

  private setStatus(level: Level): void {
    if (level === this.status) return;
    this.status = level;
    this.actions.statusChanged(level);
  }

  private checkVoltage(): void {
    const zone = this.zone();
    if (zone === this.voltageZone || this.state !== 'on' || this.lock !== 'none') return;
    this.voltageZone = zone;
    this.clock.clearTimer(this.voltageTimer);
    if (zone === 'low' || zone === 'high') this.warn();
    else if (zone !== 'good') {
      this.voltageTimer = this.clock.setTimer(() => this.voltagePowerDown(), this.timing.voltageCheckMs);
    }
  }

  private zone(): 'good' | 'low' | 'high' | 'too-low' | 'too-high' {
    if (this.millivolts < LOWEST_MILLIVOLTS) return 'too-low';
    if (this.millivolts > HIGHEST_MILLIVOLTS) return 'too-high';
    if (this.millivolts <= LOW_WARNING_MILLIVOLTS) return 'low';
    return this.millivolts >= HIGH_WARNING_MILLIVOLTS ? 'high' : 'good';
  }

  /** The manual's own spelling, with two N. */
  private warn(): void {
    if (this.state !== 'on') return;
    const kind = this.voltageZone === 'low' ? 'UNDER' : 'OVER';
    if (this.actions.hasVoltageTexts()) this.actions.say(`${kind}-VOLTAGE WARNNING`);
    this.voltageTimer = this.clock.setTimer(() => this.warn(), this.timing.warningMs);
  }

  private voltagePowerDown(): void {
    if (this.state !== 'on') return;
    const kind = this.voltageZone === 'too-low' ? 'UNDER' : 'OVER';
    if (this.actions.hasVoltageTexts())
      this.actions.say(`${kind}-VOLTAGE POWER ${this.actions.powerEnding()}`);
    this.powerDown();
  }
}
