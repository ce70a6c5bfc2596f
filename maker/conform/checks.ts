/**
 * Checks of a conformance run: each situation collects named checks, and the table says which passed. A check that fails
 * does not end its situation; an exception does, and is a failed check itself.
 */
import type { Clock } from '../../sim/time/clock';

export interface Check {
  readonly what: string;
  readonly isPassed: boolean;
  /** What was seen instead. */
  readonly detail: string;
}

export interface SituationResult {
  readonly name: string;
  readonly checks: readonly Check[];
  /** Why it was not played. */
  readonly skipped?: string;
}

/** Thrown to leave a situation that cannot be played here. */
export class Skipped extends Error {}

export class Checks {
  readonly all: Check[] = [];

  /** Notes a check; gives whether it passed. */
  that(what: string, isPassed: boolean, detail = ''): boolean {
    this.all.push({ what, isPassed, detail: isPassed ? '' : detail });
    return isPassed;
  }

  equal(what: string, seen: unknown, expected: unknown): boolean {
    const [left, right] = [JSON.stringify(seen), JSON.stringify(expected)];
    return this.that(what, left === right, `${left} instead of ${right}`);
  }
}

export interface Situation<Context> {
  readonly name: string;
  readonly title: string;
  play(context: Context, checks: Checks): Promise<void>;
}

/** Plays one situation to its end. */
export async function playSituation<Context>(
  situation: Situation<Context>,
  context: Context,
): Promise<SituationResult> {
  const checks = new Checks();
  try {
    await situation.play(context, checks);
  } catch (error) {
    if (error instanceof Skipped) return { name: situation.name, checks: checks.all, skipped: error.message };
    checks.that((error as Error).message, false, 'the situation ended here');
  }
  return { name: situation.name, checks: checks.all };
}

export function pauseOf(clock: Clock): (durationMs: number) => Promise<void> {
  return (durationMs) => new Promise((resolve) => clock.setTimer(resolve, durationMs));
}

/** The table, a line a situation, with the failed checks below. */
export function resultTable(results: readonly SituationResult[]): string {
  const width = Math.max(...results.map((result) => result.name.length));
  return results.map((result) => rowOf(result, width)).join('\n');
}

function rowOf({ name, checks, skipped }: SituationResult, width: number): string {
  const failed = checks.filter((check) => !check.isPassed);
  const verdict = failed.length ? 'FAILED ' : skipped === undefined ? 'passed ' : 'skipped';
  const count = `${checks.length - failed.length}/${checks.length}`.padStart(7);
  const why = skipped === undefined ? '' : `  ${skipped}`;
  const details = failed.map((check) => `\n    ✗ ${check.what}${check.detail ? `: ${check.detail}` : ''}`);
  return `${name.padEnd(width)}  ${verdict}${count}${why}${details.join('')}`;
}

export function summaryOf(results: readonly SituationResult[]): {
  passed: number;
  failed: number;
  skipped: number;
} {
  const isFailed = ({ checks }: SituationResult): boolean => checks.some((check) => !check.isPassed);
  const failed = results.filter(isFailed).length;
  const skipped = results.filter((result) => result.skipped !== undefined && !isFailed(result)).length;
  return { passed: results.length - failed - skipped, failed, skipped };
}
