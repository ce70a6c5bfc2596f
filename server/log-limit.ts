/**
 * Keeps strangers from filling the log: of lines that anybody outside can cause, so many a second are written, and how
 * many more there were. Metrics count all of them.
 */
import type { Clock } from './time';

export interface WarnLog {
  warn(fields: object, message: string): void;
}

/** Lines a second that strangers may cause, of one kind. */
const LINES_PER_SECOND = 20;
const SECOND_MS = 1_000;

export class LineLimit {
  private endMs = -Infinity;
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly linesPerSecond = LINES_PER_SECOND,
  ) {}

  /** Whether another line may be written; those of an earlier second that were not are told of first. */
  take(log: WarnLog, message: string): boolean {
    const nowMs = this.clock.nowMs();
    if (nowMs >= this.endMs) {
      const more = this.count - this.linesPerSecond;
      if (more > 0) log.warn({ more }, `${message}: and more, not logged`);
      this.endMs = nowMs + SECOND_MS;
      this.count = 0;
    }
    this.count += 1;
    return this.count <= this.linesPerSecond;
  }
}

/** The same log, for warnings that strangers cause. */
export function limitedLog(log: WarnLog, limit: LineLimit): WarnLog {
  return {
    warn: (fields, message) => {
      if (limit.take(log, message)) log.warn(fields, message);
    },
  };
}
