/** A clock for tests that count days: midnight in China, at which a day's count begins anew, is twelve hours away. */
import { systemClock, type Clock } from '../../../server/time';

const DAY_MS = 86_400_000;
/** 12:00 in China. */
const NOON_UTC_MS = 4 * 3_600_000;

/** The machine's clock, set back to the last noon in China. */
export function sinceNoon(): Clock {
  const startMs = systemClock.nowMs();
  const backMs = (((startMs - NOON_UTC_MS) % DAY_MS) + DAY_MS) % DAY_MS;
  return { ...systemClock, nowMs: () => systemClock.nowMs() - backMs };
}
