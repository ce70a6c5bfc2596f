/**
 * How long a link may be idle before the server is asked for a sign of life. Grows while the link holds,
 * shrinks when it was lost silently after being idle, and remembers where it was lost: a carrier's NAT drops
 * idle links after anything from 2 to 30 minutes. Sends nothing itself.
 * Invariant: the interval stays between its limits, and below what is known to be too long.
 */

export interface HeartbeatTimes {
  readonly leastMs: number;
  readonly firstMs: number;
  readonly mostMs: number;
}

const GROWTH = 1.25;
const SHRINK = 0.6;
/** Share of an idle time known to be fatal that is still tried. */
const SAFE_SHARE = 0.85;
/** Answers at the ceiling before it is lifted a little: carriers change. */
const HOLDS_TO_LIFT = 40;

export class Heartbeat {
  intervalMs: number;
  private ceilingMs: number;
  private holds: number;

  constructor(private readonly times: HeartbeatTimes) {
    this.intervalMs = times.firstMs;
    this.ceilingMs = times.mostMs;
    this.holds = 0;
  }

  /** The link lived after being idle for `idleMs`. */
  held(idleMs: number): void {
    if (idleMs < this.intervalMs * 0.9) return;
    if (this.intervalMs >= this.ceilingMs && ++this.holds >= HOLDS_TO_LIFT) {
      this.holds = 0;
      this.ceilingMs = Math.min(this.ceilingMs * 1.1, this.times.mostMs);
    }
    this.intervalMs = Math.min(this.intervalMs * GROWTH, this.ceilingMs);
  }

  /** The link was found dead after being idle for `idleMs`; a death in the middle of traffic teaches nothing. */
  lost(idleMs: number): void {
    if (idleMs < this.intervalMs * 0.5) return;
    this.holds = 0;
    this.ceilingMs = Math.max(Math.min(this.ceilingMs, idleMs * SAFE_SHARE), this.times.leastMs);
    this.intervalMs = Math.max(Math.min(idleMs * SHRINK, this.ceilingMs), this.times.leastMs);
  }
}
