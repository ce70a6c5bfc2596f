/**
 * Proof of life: when the server must be asked for a sign, when a link counts as dead, and how long it may be
 * idle. The interval grows while the link holds, shrinks when it was lost silently after being idle, and stays
 * below what was fatal before: a carrier's NAT drops idle links after anything from 2 to 30 minutes.
 * Sends nothing itself; only `heard`, which the session calls for authentic words of the server, counts as life.
 * Invariant: the interval stays between its limits; an unanswered question ends in Dead within a bounded time.
 */

export interface HeartbeatTimes {
  readonly leastMs: number;
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What a look at the clock says. */
export const enum Pulse {
  Fine = 0,
  /** Ask the server for an answer now. */
  Due = 1,
  Dead = 2,
}

/** From the connection to the first authentic word of the server. */
const FIRST_WORD_MS = 30000;
/** From a question to its answer; a GPRS round trip is 0.5 to 1.5 s. */
const ANSWER_MS = 10000;
/** Questions that may go unanswered in a row. */
const MAX_BEATS = 2;
/** How long a link without a cell is held, and how long it may take to wake up in a new one. */
const HOLD_MS = 120000;
const WAKE_MS = 6000;

const GROWTH = 1.25;
const SHRINK = 0.6;
/** Share of an idle time known to be fatal that is still tried. */
const SAFE_SHARE = 0.85;
/** Answers at the ceiling before it is lifted a little (most of a day): carriers change. */
const HOLDS_TO_LIFT = 500;
const LIFT = 1.1;

export class Heartbeat {
  intervalMs: number;
  /** When the server was first heard in this connection; 0 = not yet. */
  firstHeardMs!: number;
  private beginMs!: number;
  private lastHeardMs!: number;
  /** When something went out that nobody has answered; 0 = nothing. */
  private askedMs!: number;
  /** When the last beat was asked for, 0 = none open; how many in a row; the idle time before the first. */
  private beatMs!: number;
  private beats!: number;
  private idleMs: number;
  private ceilingMs: number;
  private holds: number;

  constructor(private readonly times: HeartbeatTimes) {
    this.intervalMs = times.firstMs;
    this.ceilingMs = times.mostMs;
    this.holds = 0;
    this.idleMs = 0;
    this.begin(0);
  }

  /** A connection begins. */
  begin(nowMs: number): void {
    this.beginMs = nowMs;
    this.lastHeardMs = nowMs;
    this.firstHeardMs = 0;
    this.askedMs = 0;
    this.beatMs = 0;
    this.beats = 0;
  }

  /** Something was sent that the server will answer; `lastTrafficMs`: when a byte last passed before. */
  asked(nowMs: number, lastTrafficMs: number): void {
    if (this.askedMs || this.beatMs) return;
    this.askedMs = nowMs;
    this.idleMs = nowMs - lastTrafficMs;
  }

  /** The server was heard. */
  heard(nowMs: number): void {
    if (!this.firstHeardMs) this.firstHeardMs = nowMs;
    if (this.beatMs && this.idleMs >= this.intervalMs * 0.9) this.grow();
    this.lastHeardMs = nowMs;
    this.askedMs = 0;
    this.beatMs = 0;
    this.beats = 0;
  }

  /** True while an answer is awaited. */
  isWaiting(): boolean {
    return !this.firstHeardMs || this.askedMs > 0 || this.beatMs > 0;
  }

  /** True when an answer is overdue or a beat has been asked for. */
  isLate(): boolean {
    return this.beatMs > 0;
  }

  /** When a quiet link will be asked for a sign of life. */
  dueMs(): number {
    return this.lastHeardMs + this.intervalMs;
  }

  /** Waits on although no answer comes, because none can; false when it has waited long enough. */
  hold(nowMs: number): boolean {
    if (nowMs - this.lastHeardMs > HOLD_MS + this.intervalMs) return false;
    this.beats = MAX_BEATS;
    this.beatMs = nowMs - ANSWER_MS + WAKE_MS;
    return true;
  }

  /** To be called every second or so, and at `dueMs`; `lastTrafficMs`: when a byte last passed in either direction. */
  check(nowMs: number, lastTrafficMs: number): Pulse {
    if (!this.firstHeardMs) return nowMs - this.beginMs > FIRST_WORD_MS ? Pulse.Dead : Pulse.Fine;
    if (this.beatMs) {
      if (nowMs - this.beatMs < ANSWER_MS) return Pulse.Fine;
      if (this.beats >= MAX_BEATS) {
        this.shrink();
        return Pulse.Dead;
      }
    } else {
      const isOverdue = this.askedMs && nowMs - this.askedMs >= ANSWER_MS;
      if (isOverdue) this.beats = 1;
      else if (nowMs - this.lastHeardMs < this.intervalMs) return Pulse.Fine;
      else this.idleMs = nowMs - lastTrafficMs;
    }
    this.beatMs = nowMs;
    this.beats++;
    return Pulse.Due;
  }

  private grow(): void {
    if (this.intervalMs >= this.ceilingMs && ++this.holds >= HOLDS_TO_LIFT) {
      this.holds = 0;
      this.ceilingMs = Math.min(this.ceilingMs * LIFT, this.times.mostMs);
    }
    this.intervalMs = Math.min(this.intervalMs * GROWTH, this.ceilingMs);
  }

  /** A death in the middle of traffic teaches nothing about idle times. */
  private shrink(): void {
    if (this.idleMs < this.intervalMs * 0.5) return;
    this.holds = 0;
    this.ceilingMs = Math.max(Math.min(this.ceilingMs, this.idleMs * SAFE_SHARE), this.times.leastMs);
    this.intervalMs = Math.max(Math.min(this.idleMs * SHRINK, this.ceilingMs), this.times.leastMs);
  }
}
