/**
 * Power sequences of a SIM800A by its pins (hardware design V1.02, sections on PWRKEY and RESET): RESET,
 * PWRKEY, and cutting the supply. Leaves to the keeper when; the pins are driven by transistors, so `true` is
 * active, whatever the level.
 * Needed when a modem must be woken or broken: @overlay.
 * Invariant: PWRKEY is never active longer than 2 s (33 s would start another turn) and no pin stays active
 * after `stop`.
 */
import type { Clock, TimerId } from '../protocol/ports';
import { Rung } from './keeper-rungs';

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

const enum Pin {
  None = 0,
  Key = 1,
  Reset = 2,
  Supply = 3,
}

/** A pin (or none: only wait), 1 = active, and how long it stays so, in milliseconds; and so on. */
type Steps = readonly number[];
const STEP_SIZE = 3;

/** CFUN=1,1 has been given: the modem is deaf for a while. */
const RADIO_STEPS: Steps = [Pin.None, 0, 2000];
/** RESET low for at least 105 ms; STATUS is back about 2.7 s later. */
const RESET_STEPS: Steps = [Pin.Reset, 1, 150, Pin.Reset, 0, 2700];
/** PWRKEY low for more than 1 s; the UART lives more than 3 s after the key went down. */
const ON_STEPS: Steps = [Pin.Key, 1, 1200, Pin.Key, 0, 2000];
/** Off by the same key; 800 ms at least before the next turn, and time to sign off from the network. */
const OFF_STEPS: Steps = [Pin.Key, 1, 1200, Pin.Key, 0, 2500];
/** The capacitors of the modem's supply need their time. */
const CUT_STEPS: Steps = [Pin.Supply, 1, 2500, Pin.Supply, 0, 500];

export interface PowerListener {
  /** The sequence is over: look for the modem. */
  find(): void;
}

/** A sequence that is running. */
export interface PowerRun {
  /** Lets go of all pins; nothing follows any more. */
  stop(): void;
}

class Sequence implements PowerRun {
  private index: number;
  private timer: TimerId;
  private readonly onTimer: () => void;

  constructor(
    private readonly pins: PowerPins,
    private readonly clock: Clock,
    private readonly steps: Steps,
    private readonly listener: PowerListener,
  ) {
    this.index = 0;
    this.onTimer = () => this.step();
    this.step();
  }

  stop(): void {
    if (this.timer !== undefined) this.clock.cancel(this.timer);
    for (; this.index < this.steps.length; this.index += STEP_SIZE) {
      if (!this.steps[this.index + 1]) this.set();
    }
  }

  /** Sets the pin of the present step, if the board has it. */
  private set(): void {
    const pins = this.pins;
    const pin = [undefined, pins.key, pins.reset, pins.supply][this.steps[this.index]!];
    if (pin) pin(!!this.steps[this.index + 1]);
  }

  private step(): void {
    this.timer = undefined;
    const steps = this.steps;
    if (this.index >= steps.length) {
      this.listener.find();
      return;
    }
    this.set();
    this.timer = this.clock.after(steps[this.index + 2]!, this.onTimer);
    this.index += STEP_SIZE;
  }
}

/** Runs the sequence of a rung from Radio on; `find` follows when the modem may answer. */
export function runPower(pins: PowerPins, clock: Clock, rung: Rung, listener: PowerListener): PowerRun {
  let steps = ON_STEPS;
  if (rung === Rung.Radio) steps = RADIO_STEPS;
  else if (rung === Rung.Reset) steps = RESET_STEPS;
  else if (rung === Rung.Supply) steps = CUT_STEPS.concat(ON_STEPS);
  // Where STATUS is not wired, a single turn: if it was the wrong one, the next use of the rung rights it.
  else if (pins.isOn && pins.isOn()) steps = OFF_STEPS.concat(ON_STEPS);
  return new Sequence(pins, clock, steps, listener);
}
