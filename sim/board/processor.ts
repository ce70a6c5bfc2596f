/**
 * The processor of a virtual board as far as time goes: one callback at a time, none while it stalls, none after
 * the power is gone. Work that comes during a stall waits and is done in order afterwards.
 * Leaves what the callbacks are to board.ts. Invariant: work given in one power cycle (generation) is never run
 * in another.
 */
import type { Clock, Timer } from '../time/clock';

export class Processor {
  private waiting: (() => void)[] = [];
  private wake: Timer | undefined;
  private busyUntilMs = 0;
  private stallFromMs = 0;
  private isHung = false;
  private isRunning = false;
  private current = 0;

  constructor(
    private readonly clock: Clock,
    private readonly run: (work: () => void) => void,
  ) {}

  /** Number of the present power cycle. */
  get generation(): number {
    return this.current;
  }

  /** Time as the firmware sees it: stalls of the callback that runs now are over for it. */
  nowMs(): number {
    return Math.max(this.clock.nowMs(), this.busyUntilMs);
  }

  /** Begins a power cycle, or ends one: everything waiting is forgotten. */
  nextGeneration(): void {
    this.current += 1;
    this.waiting = [];
    this.clock.clearTimer(this.wake);
    this.wake = undefined;
    this.busyUntilMs = 0;
    this.stallFromMs = 0;
    this.isHung = false;
  }

  /** The program hangs from now on: nothing runs until the next generation. */
  hang(): void {
    this.isHung = true;
  }

  /** The CPU stands still for so long, beginning where the last stall ends. */
  stall(durationMs: number): void {
    if (durationMs <= 0) return;
    const fromMs = this.nowMs();
    if (fromMs > this.busyUntilMs || this.busyUntilMs === 0) this.stallFromMs = fromMs;
    this.busyUntilMs = fromMs + durationMs;
  }

  /** Whether the CPU stands still at a moment: bytes arriving then are lost. */
  isStalledAt(atMs: number): boolean {
    return atMs > this.stallFromMs && atMs < this.busyUntilMs;
  }

  /** Whether the CPU stood still at any moment after `sinceMs`. */
  hasStalledSince(sinceMs: number): boolean {
    return this.busyUntilMs > sinceMs;
  }

  /** Runs work now, or as soon as the CPU is free. */
  submit(work: () => void): void {
    if (this.isHung) return;
    if (!this.isRunning && this.waiting.length === 0 && this.clock.nowMs() >= this.busyUntilMs) {
      this.execute(work);
      return;
    }
    this.waiting.push(work);
    this.scheduleWake();
  }

  private scheduleWake(): void {
    if (this.wake) return;
    this.wake = this.clock.setTimer(
      () => {
        this.wake = undefined;
        this.drain();
      },
      Math.max(0, this.busyUntilMs - this.clock.nowMs()),
    );
  }

  private drain(): void {
    const generation = this.current;
    while (this.waiting.length > 0 && generation === this.current && !this.isHung) {
      if (this.clock.nowMs() < this.busyUntilMs) {
        this.scheduleWake();
        return;
      }
      this.execute(this.waiting.shift()!);
    }
  }

  private execute(work: () => void): void {
    this.isRunning = true;
    try {
      this.run(work);
    } finally {
      this.isRunning = false;
    }
  }
}
