/**
 * Two LEDs that tell a person standing there how the module is (docs/operating.md has the table). A state is a
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

/** Ready LED and fault LED by step, '1' is on; both patterns of a state have the same length. */
interface Pattern {
  readonly ready: string;
  readonly fault: string;
}

const STEP_MS = 125;

const PATTERNS: readonly Pattern[] = [
  { ready: '0', fault: '1' },
  { ready: '000000000000', fault: '100000000000' },
  { ready: '000000000000', fault: '101000000000' },
  { ready: '000000000000', fault: '101010000000' },
  { ready: '000000000000', fault: '101010100000' },
  { ready: '10', fault: '01' },
  { ready: '1100', fault: '0000' },
  { ready: '1', fault: '0' },
];

export class Leds {
  private state: LedState;
  private step: number;
  private isTimed: boolean;
  private readyLevel: boolean;
  private faultLevel: boolean;

  constructor(
    private readonly clock: LedClock,
    private readonly writeReady: (level: boolean) => void,
    private readonly writeFault: (level: boolean) => void,
  ) {
    this.state = LedState.NoModem;
    this.step = 0;
    this.isTimed = false;
    this.readyLevel = false;
    this.faultLevel = false;
    writeReady(false);
    writeFault(false);
  }

  /** Shows a state; a repeated call with the same state changes nothing. */
  show(state: LedState): void {
    if (state === this.state && this.isTimed) return;
    this.state = state;
    this.step = 0;
    this.apply();
    if (!this.isTimed) this.wait();
  }

  private wait(): void {
    this.isTimed = true;
    this.clock.after(STEP_MS, () => {
      this.isTimed = false;
      const pattern = PATTERNS[this.state]!;
      if (pattern.ready.length === 1) return;
      this.step = (this.step + 1) % pattern.ready.length;
      this.apply();
      this.wait();
    });
  }

  private apply(): void {
    const pattern = PATTERNS[this.state]!;
    const readyLevel = pattern.ready[this.step] === '1';
    const faultLevel = pattern.fault[this.step] === '1';
    if (readyLevel !== this.readyLevel) this.writeReady(readyLevel);
    if (faultLevel !== this.faultLevel) this.writeFault(faultLevel);
    this.readyLevel = readyLevel;
    this.faultLevel = faultLevel;
  }
}
