/**
 * Which remedy comes next: the ladder from a new socket up to cutting the supply (design, section 9), climbed
 * only as far as needed, with limits on how often each rung may be used, jittered back-off, and a memory of
 * the rung that helped against the same fault before. Pure: told of faults and successes, it answers with a
 * rung and a delay; what a rung does is left to the keeper. Asked when something fails: @overlay.
 * Invariant: a rung is never used again before its interval, which doubles with each use until the link has
 * been steady.
 */
import type { Random } from '../protocol/ports';
import { Fault, type LadderMemory, Rung } from './keeper-rungs';

/** Lowest and highest rung that can help, by fault. */
const LOWEST: readonly number[] = [0, 0, 1, 1, 1, 4, 5, 0, 4];
const HIGHEST: readonly number[] = [6, 6, 6, 6, 3, 6, 6, 0, 6];
/** Uses of a rung in a row before the next one, by rung. */
const TRIES: readonly number[] = [3, 2, 1, 1, 1, 1, 1];
const OFF_TRIES = 5;
/** Least time between two uses, by rung; doubled with each use. */
const INTERVALS_MS: readonly number[] = [0, 2000, 60000, 120000, 45000, 45000, 60000];
const MAX_DOUBLINGS = 6;
/** Of the pins: a modem that wedges again and again is not left wedged for longer than some minutes. */
const MAX_PIN_DOUBLINGS = 2;

/**
 * Back-off, by fault: half to one and a half times the first delay, doubled up to the longest. A server that
 * refuses us is asked less often; a modem that is off is looked after often, because its supply may be back.
 */
const FIRST_DELAYS_MS: readonly number[] = [500, 500, 500, 5000, 500, 500, 2000, 30000, 500];
const LONGEST_DELAYS_MS: readonly number[] = [60000, 60000, 60000, 120000, 120000, 120000, 2000, 600000, 500];
/** How long a rung that helped is tried first. */
const MEMORY_MS = 1800000;

export interface Ladder {
  /** Sets `rung` and `delayMs` for what just failed. `isThere[rung]` false: the board has no pin for it. */
  next(fault: Fault, nowMs: number, random: Random, isThere: readonly boolean[]): void;
  /** Whether the planned rung helps against this fault as well. */
  covers(fault: Fault): boolean;
  /** The rung is being used. */
  used(nowMs: number): void;
  /** The link is alive: what helped is remembered, and the next fault starts from below. */
  worked(nowMs: number): void;
}

/** The ladder over its memory. */
export function ladder(memory: LadderMemory): Ladder {
  function allowedInMs(rung: Rung, nowMs: number, fault: Fault): number {
    const lastMs = memory.lastUsedMs[rung];
    // The key of a modem that is off can do no harm.
    if (lastMs === undefined || (fault === Fault.Off && rung === Rung.PowerKey)) return 0;
    return Math.max(0, lastMs + INTERVALS_MS[rung]! * (1 << (memory.doublings[rung] || 0)) - nowMs);
  }

  function remembered(fault: Fault, nowMs: number): Rung {
    return nowMs < (memory.helpedUntilMs[fault] || 0) ? memory.helped[fault]! : Rung.Socket;
  }

  function choose(fault: Fault, nowMs: number, isThere: readonly boolean[]): Rung {
    const lowest = LOWEST[fault]!;
    const highest = HIGHEST[fault]!;
    // What has turned out to be worse than it looked is a fault of its own: what helped against that is tried first.
    let rung = memory.isClimbing && memory.rung >= lowest ? memory.rung : remembered(fault, nowMs);
    // The key of a modem that is off is tried more often: its supply may only be on the way back.
    const mostTries = fault === Fault.Off ? OFF_TRIES : TRIES[rung]!;
    if (memory.isClimbing && memory.tries >= mostTries && rung >= lowest) rung++;
    rung = Math.min(Math.max(rung, lowest), highest);
    while (rung < highest && !isThere[rung]) rung++;
    while (rung > lowest && (!isThere[rung] || allowedInMs(rung, nowMs, fault) > 0)) rung--;
    return rung;
  }

  return {
    next(fault: Fault, nowMs: number, random: Random, isThere: readonly boolean[]): void {
      const before = memory.isClimbing ? memory.rung : -1;
      const rung = choose(fault, nowMs, isThere);
      const isHigher = rung > before;
      if (before < LOWEST[fault]!) memory.firstFault = fault;
      memory.isClimbing = true;
      memory.tries = rung === before ? memory.tries + 1 : 1;
      memory.rung = rung;
      // A higher rung follows at once; the same or a lower one waits longer and longer.
      const exponent = isHigher && before >= 0 ? 0 : memory.failures++;
      const firstMs = FIRST_DELAYS_MS[fault]!;
      const delayMs = Math.min(firstMs * Math.pow(2, Math.min(exponent, 12)), LONGEST_DELAYS_MS[fault]!);
      const chance = random.bytes(1).charCodeAt(0) / 256;
      memory.delayMs = Math.max(delayMs * (0.5 + chance), allowedInMs(rung, nowMs, fault));
    },
    covers(fault: Fault): boolean {
      return memory.isClimbing && memory.rung >= LOWEST[fault]!;
    },
    used(nowMs: number): void {
      const rung = memory.rung;
      memory.uses[rung]!++;
      if (memory.lastUsedMs[rung] !== undefined) {
        const most = rung < Rung.Reset ? MAX_DOUBLINGS : MAX_PIN_DOUBLINGS;
        memory.doublings[rung] = Math.min((memory.doublings[rung] || 0) + 1, most);
      }
      memory.lastUsedMs[rung] = nowMs;
    },
    worked(nowMs: number): void {
      if (!memory.isClimbing) return;
      memory.isClimbing = false;
      const fault = memory.firstFault;
      if (memory.rung > LOWEST[fault]! && remembered(fault, nowMs) !== memory.rung) {
        memory.helped[fault] = memory.rung;
        memory.helpedUntilMs[fault] = nowMs + MEMORY_MS;
      }
    },
  };
}
