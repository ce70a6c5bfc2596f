/**
 * A log that a stranger cannot fill: of warnings that anybody outside can cause, so many a second are written, and how
 * many more there were. Metrics count all of them.
 */
import type { Clock } from './time';

export interface WarnLog {
  warn(fields: object, message: string): void;
}

/** Warnings a second that strangers may cause, of one kind. */
export const STRANGERS_LINES_PER_SECOND = 20;
const SECOND_MS = 1_000;

/** The same log, with at most so many lines a second; the rest is told as a number with the next one. */
export function limitedLog(log: WarnLog, clock: Clock, linesPerSecond = STRANGERS_LINES_PER_SECOND): WarnLog {
  let endMs = -Infinity;
  let count = 0;
  return {
    warn: (fields, message) => {
      const nowMs = clock.nowMs();
      if (nowMs >= endMs) {
        const more = count - linesPerSecond;
        if (more > 0) log.warn({ more }, `${message}: and more, not logged`);
        endMs = nowMs + SECOND_MS;
        count = 0;
      }
      count += 1;
      if (count <= linesPerSecond) log.warn(fields, message);
    },
  };
}
