/**
 * Time for everything simulated. A `Clock` is the only source of time and timers under sim/; nothing there
 * calls Date.now or setTimeout. `VirtualClock` moves only when told (tests, campaigns: as fast as the machine
 * allows, the same every run); `RealClock` goes as steadily as a board's crystal, optionally faster; `WallClock`
 * shows what the machine's other programs read, steps of that clock included.
 * Invariant: a timer never fires early, timers fire in order of due time, then of creation, and a timer is
 * taken off the queue before its callback runs.
 */

/** A pending timer; opaque to its owner. */
export interface Timer {
  readonly dueMs: number;
}

export interface Clock {
  /** Milliseconds since the Unix epoch, may have a fraction. Never goes backwards, but for a WallClock that is set. */
  nowMs(): number;
  /** Calls `callback` once, `delayMs` (>= 0) from now. */
  setTimer(callback: () => void, delayMs: number): Timer;
  /** Forgets a timer; harmless when it has fired or was cleared. */
  clearTimer(timer: Timer | undefined): void;
}

interface HeapEntry extends Timer {
  readonly order: number;
  callback: (() => void) | undefined;
}

function isBefore(left: HeapEntry, right: HeapEntry): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
}

/** 2026-01-01T00:00:00Z: an arbitrary but plausible start for virtual time. */
export const VIRTUAL_EPOCH_MS = 1_767_225_600_000;

export class VirtualClock implements Clock {
  private heap: HeapEntry[] = [];
  private created = 0;
  private cleared = 0;

  constructor(private currentMs: number = VIRTUAL_EPOCH_MS) {}

  nowMs(): number {
    return this.currentMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    if (!(delayMs >= 0)) throw new RangeError(`delayMs must be >= 0, got ${delayMs}`);
    const entry: HeapEntry = { dueMs: this.currentMs + delayMs, order: this.created++, callback };
    this.push(entry);
    return entry;
  }

  clearTimer(timer: Timer | undefined): void {
    const entry = timer as HeapEntry | undefined;
    if (!entry?.callback) return;
    entry.callback = undefined;
    this.cleared += 1;
    if (this.cleared > 64 && this.cleared * 2 > this.heap.length) this.sweep();
  }

  /** Due time of the next timer, or undefined when nothing is pending. */
  nextDueMs(): number | undefined {
    this.dropCleared();
    return this.heap[0]?.dueMs;
  }

  /** Moves to the next timer and runs it. Gives false when nothing is pending. */
  runNext(): boolean {
    this.dropCleared();
    const entry = this.pop();
    if (!entry) return false;
    this.currentMs = Math.max(this.currentMs, entry.dueMs);
    const callback = entry.callback;
    entry.callback = undefined;
    callback?.();
    return true;
  }

  /** Runs every timer due within the next `durationMs`, then stands exactly there. */
  advance(durationMs: number): void {
    const endMs = this.currentMs + durationMs;
    for (let dueMs = this.nextDueMs(); dueMs !== undefined && dueMs <= endMs; dueMs = this.nextDueMs()) {
      this.runNext();
    }
    this.currentMs = Math.max(this.currentMs, endMs);
  }

  /**
   * Runs timers until `isDone()` or until `limitMs` of virtual time has passed.
   * Gives whether `isDone()` held at the end.
   */
  runUntil(isDone: () => boolean, limitMs: number): boolean {
    const endMs = this.currentMs + limitMs;
    while (!isDone()) {
      const dueMs = this.nextDueMs();
      if (dueMs === undefined || dueMs > endMs) {
        this.currentMs = endMs;
        return isDone();
      }
      this.runNext();
    }
    return true;
  }

  private dropCleared(): void {
    while (this.heap.length > 0 && !this.heap[0]!.callback) {
      this.pop();
      this.cleared -= 1;
    }
  }

  private sweep(): void {
    const live = this.heap.filter((entry) => entry.callback);
    this.heap = [];
    this.cleared = 0;
    for (const entry of live) this.push(entry);
  }

  private push(entry: HeapEntry): void {
    const heap = this.heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): HeapEntry | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

interface RealTimer extends Timer {
  handle: NodeJS.Timeout;
}

/** Starts with the machine's clock, then goes `speed` times as fast as time does (1 = real time). */
export class RealClock implements Clock {
  private readonly originMs = Date.now();
  private readonly originTick = performance.now();

  constructor(private readonly speed = 1) {}

  nowMs(): number {
    return this.originMs + (performance.now() - this.originTick) * this.speed;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const dueMs = this.nowMs() + delayMs;
    const fire = (): void => {
      const leftMs = dueMs - this.nowMs();
      if (leftMs > 0) timer.handle = setTimeout(fire, leftMs / this.speed);
      else callback();
    };
    const timer: RealTimer = { dueMs, handle: setTimeout(fire, delayMs / this.speed) };
    return timer;
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer) clearTimeout((timer as RealTimer).handle);
  }
}

/**
 * The machine's clock as it is set, again and again: a computer that slept or asked a time server has moved on, and
 * who compares times with its other programs must move with it. Timers take their time, whatever the clock shows.
 */
export class WallClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer: RealTimer = { dueMs: Date.now() + delayMs, handle: setTimeout(callback, delayMs) };
    return timer;
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer) clearTimeout((timer as RealTimer).handle);
  }
}
