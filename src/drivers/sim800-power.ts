/**
 * Power sequences of a SIM800A by its pins (hardware design V1.02, sections on PWRKEY and RESET): RESET,
 * PWRKEY, and cutting the supply. Leaves to the keeper when; the pins are driven by transistors, so `true` is
 * active, whatever the level.
 * Invariant: PWRKEY is never active longer than 2 s (33 s would start another turn) and no pin stays active
 * after `stop`.
 */
import type { Clock, TimerId } from '../protocol/ports';
import { Rung } from './keeper-ladder';

/** What the board can do to the modem; a missing function means that the pin is missing. */
export interface PowerPins {
  /** Holds PWRKEY low. */
  readonly key?: (isActive: boolean) => void;
  /** Holds RESET low. */
  readonly reset?: (isActive: boolean) => void;
  /** Cuts the modem's supply. */
  readonly supply?: (isCut: boolean) => void;
  /** STATUS: whether the modem is on. */
  readonly isOn?: () => boolean;
}

/** Pin (or nothing: only wait), active or not, and how long it stays so before the next step. */
type Step = readonly ['key' | 'reset' | 'supply' | '', boolean, number];

/** CFUN=1,1 has been given: the modem is deaf for a while. */
const RADIO_STEPS: readonly Step[] = [['', false, 2000]];

/** RESET low for at least 105 ms; STATUS is back about 2.7 s later. */
const RESET_STEPS: readonly Step[] = [
  ['reset', true, 150],
  ['reset', false, 2700],
];
/** PWRKEY low for more than 1 s; the UART lives more than 3 s after the key went down. */
const ON_STEPS: readonly Step[] = [
  ['key', true, 1200],
  ['key', false, 2000],
];
/** Off by the same key; 800 ms at least before the next turn, and time to sign off from the network. */
const OFF_STEPS: readonly Step[] = [
  ['key', true, 1200],
  ['key', false, 2500],
];
/** The capacitors of the modem's supply need their time. */
const CUT_STEPS: readonly Step[] = [
  ['supply', true, 2500],
  ['supply', false, 500],
];

export interface PowerListener {
  /** The sequence is over: the modem may answer. */
  onPowered(): void;
}

export class PowerSequence {
  private steps: readonly Step[];
  private index: number;
  private timer: TimerId;
  private readonly onTimer: () => void;

  constructor(
    private readonly pins: PowerPins,
    private readonly clock: Clock,
    private readonly listener: PowerListener,
  ) {
    this.steps = [];
    this.index = 0;
    this.onTimer = () => this.step();
  }

  /** Runs the sequence of a rung from Radio on; `onPowered` follows when the modem may answer. */
  run(rung: Rung): void {
    this.stop();
    this.steps = this.stepsOf(rung);
    this.index = 0;
    this.step();
  }

  /** Lets go of all pins. */
  stop(): void {
    if (this.timer !== undefined) this.clock.cancel(this.timer);
    this.timer = undefined;
    for (; this.index < this.steps.length; this.index++) {
      const step = this.steps[this.index]!;
      if (!step[1]) this.set(step);
    }
  }

  private stepsOf(rung: Rung): readonly Step[] {
    if (rung === Rung.Radio) return RADIO_STEPS;
    if (rung === Rung.Reset) return RESET_STEPS;
    if (rung === Rung.Supply) return CUT_STEPS.concat(ON_STEPS);
    // Where STATUS is not wired, a single turn: if it was the wrong one, the next use of the rung rights it.
    return this.pins.isOn && this.pins.isOn() ? OFF_STEPS.concat(ON_STEPS) : ON_STEPS;
  }

  private set(step: Step): void {
    const pin = step[0] && this.pins[step[0]];
    if (pin) pin(step[1]);
  }

  private step(): void {
    this.timer = undefined;
    const step = this.steps[this.index++];
    if (!step) {
      this.listener.onPowered();
      return;
    }
    this.set(step);
    this.timer = this.clock.after(step[2], this.onTimer);
  }
}
