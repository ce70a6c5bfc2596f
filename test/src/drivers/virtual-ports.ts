/** The firmware's clock and chance on top of the simulators' virtual ones. */
import type { Clock, Random, TimerId } from '../../../src/protocol/ports';
import type { Timer, VirtualClock } from '../../../sim/time/clock';
import type { Random as SimRandom } from '../../../sim/time/random';

export class FirmwareClock implements Clock {
  /** Timers that wait: a driver that leaks timers shows here. */
  pending = 0;

  constructor(private readonly clock: VirtualClock) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  after(delayMs: number, callback: () => void): TimerId {
    this.pending += 1;
    const entry: { timer?: Timer } = {};
    entry.timer = this.clock.setTimer(() => {
      this.pending -= 1;
      entry.timer = undefined;
      callback();
    }, delayMs);
    return entry;
  }

  cancel(timer: TimerId): void {
    const entry = timer as { timer?: Timer };
    if (!entry.timer) return;
    this.pending -= 1;
    this.clock.clearTimer(entry.timer);
    entry.timer = undefined;
  }
}

export function firmwareRandom(random: SimRandom): Random {
  return { bytes: (count) => random.bytes(count).toString('latin1') };
}
