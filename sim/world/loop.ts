/**
 * The main loop of a world: one virtual clock for devices, networks, server and providers. The server's code is
 * written with promises; after each event that concerned it (`touch`), its promise jobs run to their end before
 * the next event, so that a seed gives the same run every time.
 * Invariant: while an event runs, no job of the server is half done, and no time passes while jobs run.
 */
import { VirtualClock, type Clock, type Timer } from '../time/clock';

/**
 * All promise jobs that are ready, and those that they make ready, have run: nothing in a world waits for more. Node
 * comes back to its ticks when no job is left; a turn of its whole event loop would cost five times as much.
 */
function jobsDone(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

export class Loop {
  readonly clock = new VirtualClock();
  /** Events that have run, for the profile. */
  events = 0;
  private isTouched = false;

  nowMs(): number {
    return this.clock.nowMs();
  }

  /** The server has been given something to do: its jobs run before the next event. */
  touch(): void {
    this.isTouched = true;
  }

  /** Lets everything that is ready happen; no time passes. */
  async settle(): Promise<void> {
    while (this.isTouched) {
      this.isTouched = false;
      await jobsDone();
    }
  }

  /** Runs events until `isDone()` or until `limitMs` have passed; gives whether `isDone()` held at the end. */
  async run(limitMs: number, isDone: () => boolean = () => false): Promise<boolean> {
    const { clock } = this;
    const endMs = clock.nowMs() + limitMs;
    for (;;) {
      if (this.isTouched) await this.settle();
      if (isDone()) return true;
      const dueMs = clock.nextDueMs();
      if (dueMs === undefined || dueMs > endMs) {
        clock.advance(endMs - clock.nowMs());
        return false;
      }
      this.events += 1;
      clock.runNext();
    }
  }

  /** The loop's clock for code that is written with promises: whole milliseconds, as `Date.now` gives them. */
  touchingClock(): Clock {
    const { clock } = this;
    return {
      nowMs: () => Math.floor(clock.nowMs()),
      setTimer: (callback, delayMs) =>
        clock.setTimer(() => {
          this.touch();
          callback();
        }, delayMs),
      clearTimer: (timer: Timer | undefined) => clock.clearTimer(timer),
    };
  }
}
