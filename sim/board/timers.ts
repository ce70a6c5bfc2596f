/**
 * setTimeout and setInterval of a virtual board (jswrap_interactive.c): identities count up from 1 in each power
 * cycle, an interval keeps its beat, `clear…()` without an argument clears all, with `undefined` it throws.
 * The board's clock may run fast or slow against the world's. Invariant: no timer outlives its power cycle.
 */
import type { Clock, Timer } from '../time/clock';
import type { Realm } from './realm';

/** Shorter times are taken as this (TIMER_MIN_INTERVAL in jswrap_interactive.h). */
const MIN_DELAY_MS = 0.1;

interface JsTimer {
  timer: Timer | undefined;
  readonly callback: (...values: unknown[]) => void;
  readonly values: readonly unknown[];
  periodMs: number | undefined;
  dueMs: number;
}

export class JsTimers {
  private readonly timers = new Map<number, JsTimer>();
  private created = 0;

  constructor(
    private readonly clock: Clock,
    private readonly realm: Realm,
    /** Milliseconds of the board in one of the world. */
    private readonly rate: number,
    private readonly submit: (work: () => void) => void,
  ) {}

  /** Timers pending, for tests of leaks. */
  get count(): number {
    return this.timers.size;
  }

  setTimeout(callback: unknown, delayMs: unknown, values: readonly unknown[]): number {
    return this.add(callback, delayMs, values, false);
  }

  setInterval(callback: unknown, periodMs: unknown, values: readonly unknown[]): number {
    return this.add(callback, periodMs, values, true);
  }

  /** `given` are the arguments of the call, as there is a difference between none and undefined. */
  clear(name: string, given: readonly unknown[]): void {
    if (given.length === 0) {
      this.reset();
      return;
    }
    if (given[0] === undefined) {
      throw new this.realm.Error(`${name}(undefined) not allowed. Use ${name}() instead`);
    }
    this.remove(given[0] as number);
  }

  changeInterval(id: unknown, periodMs: unknown): void {
    const entry = this.timers.get(id as number);
    if (!entry) return;
    entry.periodMs = milliseconds(periodMs);
    entry.dueMs = this.clock.nowMs() + entry.periodMs / this.rate;
    this.clock.clearTimer(entry.timer);
    this.arm(id as number, entry);
  }

  /** Forgets all of them. */
  reset(): void {
    for (const id of [...this.timers.keys()]) this.remove(id);
  }

  private add(callback: unknown, delay: unknown, values: readonly unknown[], isInterval: boolean): number {
    if (typeof callback !== 'function') {
      throw new this.realm.Error('Function not supplied!');
    }
    const delayMs = milliseconds(delay);
    const id = ++this.created;
    const entry: JsTimer = {
      timer: undefined,
      callback: callback as JsTimer['callback'],
      values,
      periodMs: isInterval ? delayMs : undefined,
      dueMs: this.clock.nowMs() + delayMs / this.rate,
    };
    this.timers.set(id, entry);
    this.arm(id, entry);
    return id;
  }

  private arm(id: number, entry: JsTimer): void {
    const waitMs = Math.max(0, entry.dueMs - this.clock.nowMs());
    entry.timer = this.clock.setTimer(() => this.submit(() => this.fire(id, entry)), waitMs);
  }

  private fire(id: number, entry: JsTimer): void {
    if (this.timers.get(id) !== entry) return;
    if (entry.periodMs === undefined) {
      this.timers.delete(id);
    } else {
      entry.dueMs += entry.periodMs / this.rate;
      this.arm(id, entry);
    }
    entry.callback(...entry.values);
  }

  private remove(id: number): void {
    const entry = this.timers.get(id);
    if (!entry) return;
    this.clock.clearTimer(entry.timer);
    this.timers.delete(id);
  }
}

function milliseconds(value: unknown): number {
  const number = Number(value);
  return number > MIN_DELAY_MS ? number : MIN_DELAY_MS;
}
