/**
 * Two LEDs that tell a person standing there how the module is (docs/module.md has the table). A state is a
 * pattern for each LED in steps of 125 ms, repeated; a state begins at once, the higher one wins.
 * Leaves to main.ts which states hold. Invariant: one timer at most is pending.
 */

/** States from the most to the least urgent; the number of short red blinks tells faults apart. */
export const enum LedState {
  Fault = 0,
  NoModem = 1,
  NoSim = 2,
  NoNetwork = 3,
  NoServer = 4,
  NotProvisioned = 5,
  OrderOpen = 6,
  Ready = 7,
}

export interface LedClock {
  after(delayMs: number, callback: () => void): unknown;
}

const STEP_MS = 125;

/** Ready LED and fault LED by step, '1' is on, for each state; both have the same length. One text: it stays in flash. */
const PATTERNS =
  '0/1 000000000000/100000000000 000000000000/101000000000 000000000000/101010000000 ' +
  '000000000000/101010100000 10/01 1100/0000 1/0';

export class Leds {
  private state: LedState;
  private pattern!: string;
  private step: number;
  private isTimed: boolean;
  private readyLevel: boolean;
  private faultLevel: boolean;

  constructor(
    private readonly clock: LedClock,
    private readonly write: (pin: string, level: boolean) => void,
    private readonly readyPin: string,
    private readonly faultPin: string,
  ) {
    this.state = LedState.NoModem;
    this.step = 0;
    this.isTimed = false;
    this.readyLevel = false;
    this.faultLevel = false;
    write(readyPin, false);
    write(faultPin, false);
  }

  /** Shows a state; a repeated call with the same state changes nothing. */
  show(state: LedState): void {
    if (state === this.state && this.isTimed) return;
    this.state = state;
    this.pattern = PATTERNS.split(' ')[state]!;
    this.step = 0;
    this.apply();
    if (!this.isTimed) this.wait();
  }

  private wait(): void {
    this.isTimed = true;
    this.clock.after(STEP_MS, () => {
      this.isTimed = false;
      const stepCount = (this.pattern.length - 1) / 2;
      if (stepCount === 1) return;
      this.step = (this.step + 1) % stepCount;
      this.apply();
      this.wait();
    });
  }

  private apply(): void {
    const pattern = this.pattern;
    const readyLevel = pattern[this.step] === '1';
    const faultLevel = pattern[this.step + (pattern.length + 1) / 2] === '1';
    if (readyLevel !== this.readyLevel) this.write(this.readyPin, readyLevel);
    if (faultLevel !== this.faultLevel) this.write(this.faultPin, faultLevel);
    this.readyLevel = readyLevel;
    this.faultLevel = faultLevel;
  }
}
