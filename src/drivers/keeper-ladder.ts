/**
 * Which remedy comes next: the ladder from a new socket up to cutting the supply (design, section 9), climbed
 * only as far as needed, with limits on how often each rung may be used, jittered back-off, and a memory of
 * the rung that helped against the same fault before. Pure: told of faults and successes, it answers with a
 * rung and a delay; what a rung does is left to the keeper.
 * Invariant: a rung is never used again before its interval, which doubles with each use until the link has
 * been steady.
 */
import type { Random } from '../protocol/ports';

export const enum Rung {
  Socket = 0,
  Bearer = 1,
  Attach = 2,
  Radio = 3,
  Reset = 4,
  PowerKey = 5,
  Supply = 6,
}

export const enum Fault {
  /** A socket did not open, failed or was closed. */
  Socket = 0,
  /** The server does not answer. */
  Silent = 1,
  /** The bearer fell or does not come up. */
  Bearer = 2,
  /** No registration, or attachment refused. */
  Network = 3,
  /** No SIM, or one that cannot be used. */
  Sim = 4,
  /** The modem does not answer. */
  Modem = 5,
  /** The modem is off. */
  Off = 6,
  /** The server answered and will not talk to us: only time helps. */
  Refused = 7,
  /** The modem has restarted by itself: it is brought up again, without a rung. */
  Restart = 8,
}

/** Lowest and highest rung that can help, by fault. */
const LOWEST: readonly number[] = [0, 0, 1, 1, 1, 4, 5, 0, 4];
const HIGHEST: readonly number[] = [6, 6, 6, 6, 3, 6, 6, 0, 6];
/** Uses of a rung in a row before the next one, by rung. */
const TRIES: readonly number[] = [3, 2, 1, 1, 1, 1, 1];
const OFF_TRIES = 5;
/** Least time between two uses, by rung; doubled with each use. */
const INTERVALS_MS: readonly number[] = [0, 2000, 60000, 120000, 45000, 45000, 60000];
const MAX_DOUBLINGS = 6;

/**
 * Back-off, by fault: half to one and a half times the first delay, doubled up to the longest. A server that
 * refuses us is asked less often; a modem that is off is looked after often, because its supply may be back.
 */
const FIRST_DELAYS_MS: readonly number[] = [500, 500, 500, 5000, 500, 500, 2000, 30000, 500];
const LONGEST_DELAYS_MS: readonly number[] = [60000, 60000, 60000, 120000, 120000, 120000, 3000, 600000, 500];
/** How long a rung that helped is tried first. */
const MEMORY_MS = 1800000;

export class Ladder {
  /** The rung to use now, and after how long. */
  rung: Rung;
  delayMs: number;
  /** Uses of each rung since the start, for INFO. */
  readonly uses: number[];
  private isClimbing: boolean;
  private tries: number;
  private failures: number;
  private firstFault: Fault;
  private readonly lastUsedMs: (number | undefined)[];
  private readonly doublings: number[];
  private readonly memory: number[];
  private readonly memoryUntilMs: number[];

  /** `isThere[rung]` false: the board has no pin for it. */
  constructor(
    private readonly random: Random,
    private readonly isThere: readonly boolean[],
  ) {
    this.rung = Rung.Socket;
    this.delayMs = 0;
    this.uses = [0, 0, 0, 0, 0, 0, 0];
    this.isClimbing = false;
    this.tries = 0;
    this.failures = 0;
    this.firstFault = Fault.Socket;
    this.lastUsedMs = [];
    this.doublings = [0, 0, 0, 0, 0, 0, 0];
    this.memory = [];
    this.memoryUntilMs = [];
  }

  /** Sets `rung` and `delayMs` for what just failed. */
  next(fault: Fault, nowMs: number): void {
    const before = this.isClimbing ? this.rung : -1;
    const rung = this.choose(fault, nowMs);
    const isHigher = rung > before;
    if (!this.isClimbing) this.firstFault = fault;
    this.isClimbing = true;
    this.tries = rung === before ? this.tries + 1 : 1;
    this.rung = rung;
    // A higher rung follows at once; the same or a lower one waits longer and longer.
    const exponent = isHigher && before >= 0 ? 0 : this.failures++;
    const firstMs = FIRST_DELAYS_MS[fault]!;
    const delayMs = Math.min(firstMs * Math.pow(2, Math.min(exponent, 12)), LONGEST_DELAYS_MS[fault]!);
    this.delayMs = Math.max(delayMs * (0.5 + this.chance()), this.allowedInMs(rung, nowMs, fault));
  }

  /** Whether the planned rung helps against this fault as well. */
  covers(fault: Fault): boolean {
    return this.isClimbing && this.rung >= LOWEST[fault]!;
  }

  /** The rung is being used. */
  used(nowMs: number): void {
    const rung = this.rung;
    this.uses[rung]!++;
    if (this.lastUsedMs[rung] !== undefined) {
      this.doublings[rung] = Math.min(this.doublings[rung]! + 1, MAX_DOUBLINGS);
    }
    this.lastUsedMs[rung] = nowMs;
  }

  /** The link is alive: what helped is remembered, and the next fault starts from below. */
  worked(nowMs: number): void {
    if (!this.isClimbing) return;
    this.isClimbing = false;
    const fault = this.firstFault;
    if (this.rung > LOWEST[fault]! && this.remembered(fault, nowMs) !== this.rung) {
      this.memory[fault] = this.rung;
      this.memoryUntilMs[fault] = nowMs + MEMORY_MS;
    }
  }

  /** The link has been alive for a while: patience and limits start anew. */
  steady(): void {
    this.failures = 0;
    for (let rung = Rung.Socket; rung <= Rung.Supply; rung++) {
      this.lastUsedMs[rung] = undefined;
      this.doublings[rung] = 0;
    }
  }

  private choose(fault: Fault, nowMs: number): Rung {
    const lowest = LOWEST[fault]!;
    const highest = HIGHEST[fault]!;
    let rung = this.isClimbing ? this.rung : this.remembered(fault, nowMs);
    // The key of a modem that is off is tried more often: its supply may only be on the way back.
    const mostTries = fault === Fault.Off ? OFF_TRIES : TRIES[rung]!;
    if (this.isClimbing && this.tries >= mostTries && rung >= lowest) rung++;
    rung = Math.min(Math.max(rung, lowest), highest);
    while (rung < highest && !this.isThere[rung]) rung++;
    while (rung > lowest && (!this.isThere[rung] || this.allowedInMs(rung, nowMs, fault) > 0)) rung--;
    return rung;
  }

  private remembered(fault: Fault, nowMs: number): Rung {
    return nowMs < (this.memoryUntilMs[fault] || 0) ? this.memory[fault]! : Rung.Socket;
  }

  private allowedInMs(rung: Rung, nowMs: number, fault: Fault): number {
    const lastMs = this.lastUsedMs[rung];
    // The key of a modem that is off can do no harm.
    if (lastMs === undefined || (fault === Fault.Off && rung === Rung.PowerKey)) return 0;
    return Math.max(0, lastMs + INTERVALS_MS[rung]! * (1 << this.doublings[rung]!) - nowMs);
  }

  /** 0 to 1. */
  private chance(): number {
    return this.random.bytes(1).charCodeAt(0) / 256;
  }
}
