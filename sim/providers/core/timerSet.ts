/**
 * A clock that knows which of its timers are pending, so that a stopped sandbox leaves none behind (a real
 * clock's timers would keep the process alive). Time itself is the inner clock's.
 */

import type { Clock, Timer } from '../../time/clock';

export class TimerSet implements Clock {
  private readonly pending = new Set<Timer>();

  constructor(private readonly inner: Clock) {}

  nowMs(): number {
    return this.inner.nowMs();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = this.inner.setTimer(() => {
      this.pending.delete(timer);
      callback();
    }, delayMs);
    this.pending.add(timer);
    return timer;
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer) this.pending.delete(timer);
    this.inner.clearTimer(timer);
  }

  /** Forgets every pending timer. */
  clear(): void {
    for (const timer of this.pending) this.inner.clearTimer(timer);
    this.pending.clear();
  }
}
