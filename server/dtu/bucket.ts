/**
 * A rate limit: bytes come in evenly, at most `burstBytes` are kept.
 * Invariant: over any span no more is taken than the burst and what came in meanwhile.
 */
import type { Clock } from '../time';

export class Bucket {
  private bytes: number;
  private atMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly bytesPerSecond: number,
    private readonly burstBytes: number,
  ) {
    this.bytes = burstBytes;
    this.atMs = clock.nowMs();
  }

  /** Takes `byteCount` (at most the burst); false when there are not so many. */
  take(byteCount: number): boolean {
    const nowMs = this.clock.nowMs();
    this.bytes = Math.min(this.burstBytes, this.bytes + ((nowMs - this.atMs) * this.bytesPerSecond) / 1000);
    this.atMs = nowMs;
    if (this.bytes < byteCount) return false;
    this.bytes -= byteCount;
    return true;
  }

  /** How long until `byteCount` are there. */
  waitMs(byteCount: number): number {
    return Math.max(1, Math.ceil(((byteCount - this.bytes) * 1000) / this.bytesPerSecond));
  }
}
