/**
 * Moves the relays: short pulses by a hardware timer, so that a coil drops out in time even when the program
 * hangs or is busy; long ones by the clock, with the watchdog behind them. Whether it may move, and that the
 * intent is in the journal first, is the orders' business (law L2).
 * Rule from: Espruino's digitalPulse, which puts a pulse behind one that still runs on the same pin without
 * setting the pin again; so none is begun before the last one has surely ended.
 * Invariant: no relay is on outside a running plan, and at most one plan runs.
 */

/** Time, as this driver needs it (src/protocol/ports.ts, Clock). */
export interface RelayClock {
  nowMs(): number;
  after(delayMs: number, callback: () => void): unknown;
  cancel(timer: unknown): void;
}

/** The pins, as Espruino gives them. */
export interface RelayPins {
  /** Sets a pin at once; makes it an output. */
  write(pin: string, level: boolean): void;
  /** Sets a pin and lets a hardware timer set it back after `durationMs`. */
  pulse(pin: string, level: boolean, durationMs: number): void;
}

/** Movements: `count` times on for `onMs`, off for `offMs` (src/payment/settings.ts). */
export interface RelayMovements {
  /** Number of the relay, from 1. */
  readonly relay: number;
  readonly count: number;
  readonly onMs: number;
  readonly offMs: number;
}

/** Longest pulse left to the hardware timer. */
const MAX_HARDWARE_PULSE_MS = 5000;
/**
 * How much longer than asked a hardware pulse is taken to last: the timer that ends it has a crystal, our clock may
 * be 5 % fast. A pulse begun too early would be no pulse at all, and the order would count as delivered.
 */
const PULSE_MARGIN_MS = 5;
const PULSE_MARGIN_SHARE = 0.06;

export class Relay {
  /** When the last hardware pulse has surely ended. */
  private freeAtMs: number;
  private left: number;
  private movements: RelayMovements | undefined;
  private onDone: (() => void) | undefined;
  private timer: unknown;

  constructor(
    private readonly pins: RelayPins,
    private readonly clock: RelayClock,
    private readonly relayPins: readonly string[],
  ) {
    this.left = 0;
    this.movements = undefined;
    this.onDone = undefined;
    this.timer = undefined;
    this.freeAtMs = 0;
    for (let index = 0; index < relayPins.length; index++) pins.write(relayPins[index]!, false);
  }

  isBusy(): boolean {
    return this.movements !== undefined;
  }

  /**
   * Runs the movements and calls `onDone` once, after the last pause. Throws 'RELAY' when there is no such
   * relay and 'RELAY_BUSY' when a plan is running: both are mistakes of the caller.
   */
  run(movements: RelayMovements, onDone: () => void): void {
    if (this.movements) throw new Error('RELAY_BUSY');
    if (this.relayPins[movements.relay - 1] === undefined) throw new Error('RELAY');
    this.movements = movements;
    this.left = movements.count;
    this.onDone = onDone;
    this.step();
  }

  /** Releases every relay at once; `onDone` is not called any more. */
  stop(): void {
    if (this.timer !== undefined) this.clock.cancel(this.timer);
    this.timer = undefined;
    this.movements = undefined;
    this.onDone = undefined;
    this.left = 0;
    for (let index = 0; index < this.relayPins.length; index++) {
      this.pins.write(this.relayPins[index]!, false);
    }
  }

  private step(): void {
    const movements = this.movements;
    this.timer = undefined;
    if (!movements) return;
    const waitMs = this.freeAtMs - this.clock.nowMs();
    if (waitMs > 0) {
      this.timer = this.clock.after(waitMs, () => this.step());
    } else if (this.left === 0) {
      this.finish();
    } else {
      this.left--;
      this.switchOn(this.relayPins[movements.relay - 1]!, movements);
    }
  }

  private switchOn(pin: string, movements: RelayMovements): void {
    const onMs = movements.onMs;
    const offMs = movements.offMs;
    if (onMs <= MAX_HARDWARE_PULSE_MS) {
      this.pins.pulse(pin, true, onMs);
      this.freeAtMs = this.clock.nowMs() + onMs * (1 + PULSE_MARGIN_SHARE) + PULSE_MARGIN_MS;
      this.timer = this.clock.after(onMs + offMs, () => this.step());
      return;
    }
    this.pins.write(pin, true);
    this.timer = this.clock.after(onMs, () => {
      this.pins.write(pin, false);
      this.timer = this.clock.after(offMs, () => this.step());
    });
  }

  private finish(): void {
    const onDone = this.onDone;
    this.movements = undefined;
    this.onDone = undefined;
    if (onDone) onDone();
  }
}
