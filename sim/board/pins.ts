/**
 * The pins of a virtual board: modes, levels, a record of every change, hardware-timed pulses and watches.
 * Rules from: jswrap_io.c (digitalPulse puts a pulse behind one still running on the same pin, without setting
 * the pin again). Invariant: without power every output is low.
 */
import type { Clock, Timer } from '../time/clock';

export interface PinChange {
  readonly level: boolean;
  readonly atMs: number;
}

export interface PinWatch {
  readonly pin: string;
  readonly edge: 'rising' | 'falling' | 'both';
  readonly isRepeating: boolean;
  readonly debounceMs: number;
  readonly callback: (level: boolean, atMs: number) => void;
  timer: Timer | undefined;
}

interface Pin {
  isOutput: boolean;
  mode: string;
  /** What is driven from outside; undefined is an open pin. */
  input: boolean | undefined;
  output: boolean;
  readonly history: PinChange[];
  /** End of the last pulse that is still to come, and the timers of all of them. */
  pulseEndMs: number;
  readonly pulses: Set<Timer>;
}

/** Changes kept for each pin; the oldest go first. */
const MAX_HISTORY = 10_000;

export class Pins {
  private readonly pins = new Map<string, Pin>();
  private readonly watches = new Map<number, PinWatch>();
  private nextWatch = 1;

  constructor(
    private readonly clock: Clock,
    names: readonly string[],
    private readonly onChange: (pin: string, level: boolean, atMs: number) => void,
  ) {
    for (const name of names) {
      this.pins.set(name, {
        isOutput: false,
        mode: 'analog',
        input: undefined,
        output: false,
        history: [],
        pulseEndMs: 0,
        pulses: new Set(),
      });
    }
  }

  has(name: string): boolean {
    return this.pins.has(name);
  }

  /** What the pin is at: as driven by the board, else as driven from outside, else as pulled. */
  level(name: string): boolean {
    const pin = this.pin(name);
    if (pin.isOutput) return pin.output;
    return pin.input ?? pin.mode === 'input_pullup';
  }

  history(name: string): readonly PinChange[] {
    return this.pin(name).history;
  }

  mode(name: string): string {
    return this.pin(name).mode;
  }

  write(name: string, level: boolean): void {
    const pin = this.pin(name);
    if (!pin.isOutput) pin.mode = 'output';
    pin.isOutput = true;
    this.drive(name, pin, level);
  }

  setMode(name: string, mode: string): void {
    const pin = this.pin(name);
    pin.mode = mode;
    const wasOutput = pin.isOutput;
    pin.isOutput = mode === 'output' || mode === 'opendrain';
    if (wasOutput && !pin.isOutput) this.drive(name, pin, false);
  }

  /** One pulse, or several one after the other, by the hardware timer. */
  pulse(name: string, level: boolean, durationsMs: readonly number[]): void {
    const pin = this.pin(name);
    const nowMs = this.clock.nowMs();
    const isRunning = pin.pulses.size > 0;
    let endMs = isRunning ? pin.pulseEndMs : nowMs;
    if (!isRunning) this.write(name, level);
    let next = !level;
    for (const durationMs of durationsMs) {
      endMs += durationMs;
      const nextLevel = next;
      const timer = this.clock.setTimer(() => {
        pin.pulses.delete(timer);
        this.drive(name, pin, nextLevel);
      }, endMs - nowMs);
      pin.pulses.add(timer);
      next = !next;
    }
    pin.pulseEndMs = endMs;
  }

  /** Drives a pin from outside. */
  setInput(name: string, level: boolean | undefined): void {
    const pin = this.pin(name);
    const before = this.level(name);
    pin.input = level;
    const after = this.level(name);
    if (before === after) return;
    for (const [id, watch] of [...this.watches]) {
      if (watch.pin === name) this.notify(id, watch, after);
    }
  }

  watch(watch: Omit<PinWatch, 'timer'>): number {
    this.pin(watch.pin);
    const id = this.nextWatch++;
    this.watches.set(id, { ...watch, timer: undefined });
    return id;
  }

  clearWatch(id: number): void {
    const watch = this.watches.get(id);
    if (watch?.timer) this.clock.clearTimer(watch.timer);
    this.watches.delete(id);
  }

  /** Power or reset: outputs fall, pulses and watches end. */
  reset(): void {
    for (const id of [...this.watches.keys()]) this.clearWatch(id);
    for (const [name, pin] of this.pins) {
      for (const timer of pin.pulses) this.clock.clearTimer(timer);
      pin.pulses.clear();
      if (pin.isOutput) this.drive(name, pin, false);
      pin.isOutput = false;
      pin.mode = 'analog';
    }
  }

  private notify(id: number, watch: PinWatch, level: boolean): void {
    this.clock.clearTimer(watch.timer);
    const atMs = this.clock.nowMs();
    const fire = (): void => {
      watch.timer = undefined;
      if (this.level(watch.pin) !== level) return;
      if (watch.edge !== 'both' && (watch.edge === 'rising') !== level) return;
      if (!watch.isRepeating) this.watches.delete(id);
      watch.callback(level, atMs);
    };
    if (watch.debounceMs > 0) watch.timer = this.clock.setTimer(fire, watch.debounceMs);
    else fire();
  }

  private drive(name: string, pin: Pin, level: boolean): void {
    if (pin.output === level) return;
    pin.output = level;
    const atMs = this.clock.nowMs();
    pin.history.push({ level, atMs });
    if (pin.history.length > MAX_HISTORY) pin.history.shift();
    this.onChange(name, level, atMs);
  }

  private pin(name: string): Pin {
    const pin = this.pins.get(name);
    if (!pin) throw new Error('Invalid pin');
    return pin;
  }
}
