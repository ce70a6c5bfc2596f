/** Lets virtual time pass until a promise is settled. */
import type { VirtualClock } from '../../../sim/time/clock';

export async function drive<Result>(
  clock: VirtualClock,
  promise: Promise<Result>,
  limitMs = 3_600_000,
): Promise<Result> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  const endMs = clock.nowMs() + limitMs;
  while (!isSettled) {
    if (clock.nowMs() > endMs) throw new Error(`not settled after ${limitMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
    if (!isSettled && !clock.runNext()) clock.advance(1);
  }
  return settled;
}
