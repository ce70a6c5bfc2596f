/**
 * The server's only source of time: wall clock and timers behind one interface, so that services and the order
 * machine can run under virtual time. Shaped like the simulators' clock on purpose: either fits.
 * Invariant: nothing else under server/ calls Date.now (lint holds this).
 */

/** A pending timer; opaque to its owner. */
export type Timer = object;

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Calls `callback` once, `delayMs` (>= 0) from now. */
  setTimer(callback: () => void, delayMs: number): Timer;
  /** Forgets a timer; harmless when it has fired. */
  clearTimer(timer: Timer | undefined): void;
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const MAX_TIMER_MS = 0x7fffffff;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS)),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** Resolves after `delayMs` of the clock's time. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(resolve, delayMs));
}

/**
 * What `work` comes to, but not later than after `limitMs`: then undefined, and `onLate` is told. Fails as `work` does
 * in time; what becomes of it later is nobody's business.
 */
export function within<Value>(
  clock: Clock,
  limitMs: number,
  work: Promise<Value>,
  onLate: () => void = () => undefined,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      onLate();
      resolve(undefined);
    }, limitMs);
    work.then(resolve, reject).finally(() => clock.clearTimer(timer));
  });
}
