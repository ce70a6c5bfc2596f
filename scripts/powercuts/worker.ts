/**
 * One thread of the power cuts: plays a scenario whole, or cuts it at one first point, alone with both times
 * without power, then together with every second point behind the restart.
 */
import { nameOf, playCuts, pointsOf, type CutPoint, type CutRun } from '../../sim/world/cuts';
import type { Firmware } from '../build/build';
import { serve } from '../campaign/worker';
import { SCENARIOS } from './scenarios';

/** The power is back at once, or when every grant has lapsed. Pairs are cut with the first. */
const OFF_TIMES_MS = [800, 120_000];

export type CutTask =
  | { readonly kind: 'scout'; readonly scenario: string }
  | {
      readonly kind: 'cut';
      readonly scenario: string;
      readonly point: CutPoint;
      readonly isSingle: boolean;
      /** One pair in so many. */
      readonly every: number;
      readonly stopsAtFirst: boolean;
    };

export interface BrokenCut {
  readonly id: string;
  readonly what: readonly string[];
}

export interface CutResult {
  /** The points of a whole run; empty unless asked for. */
  readonly first: readonly CutPoint[];
  readonly points: number;
  readonly pairs: number;
  readonly broken: readonly BrokenCut[];
}

/** `success@800:12b+3d`: scenario, time without power, points. */
function idOf(scenario: string, offMs: number, points: readonly CutPoint[]): string {
  return `${scenario}@${offMs}:${nameOf(points)}`;
}

class Work {
  readonly broken: BrokenCut[] = [];
  points = 0;
  pairs = 0;

  constructor(
    private readonly firmware: Firmware,
    private readonly scenario: string,
    private readonly stopsAtFirst: boolean,
  ) {}

  get isOver(): boolean {
    return this.stopsAtFirst && this.broken.length > 0;
  }

  async cut(offMs: number, points: readonly CutPoint[]): Promise<CutRun> {
    const run = await playCuts(this.firmware, SCENARIOS[this.scenario]!, points, offMs);
    const { violations } = run.result;
    if (violations.length > 0) {
      const what = violations.slice(0, 4).map(({ law, check, what }) => `${law}, ${check}: ${what}`);
      this.broken.push({ id: idOf(this.scenario, offMs, points), what });
    }
    return run;
  }

  async singles(point: CutPoint): Promise<CutRun> {
    const runs: CutRun[] = [];
    for (const offMs of OFF_TIMES_MS) {
      if (this.isOver) break;
      runs.push(await this.cut(offMs, [point]));
      this.points += 1;
    }
    return runs[0]!;
  }

  async pairsBehind(point: CutPoint, single: CutRun, every: number): Promise<void> {
    const second = pointsOf(single.events);
    for (let index = point.event % every; index < second.length && !this.isOver; index += every) {
      await this.cut(OFF_TIMES_MS[0]!, [point, second[index]!]);
      this.pairs += 1;
    }
  }
}

async function work(task: CutTask, firmware: Firmware): Promise<CutResult> {
  const work = new Work(firmware, task.scenario, task.kind === 'cut' && task.stopsAtFirst);
  let first: readonly CutPoint[] = [];
  if (task.kind === 'scout') first = pointsOf((await work.cut(OFF_TIMES_MS[0]!, [])).events);
  else {
    const single = await work.singles(task.point);
    if (!task.isSingle) await work.pairsBehind(task.point, single, task.every);
  }
  const { points, pairs, broken } = work;
  return { first, points, pairs, broken };
}

serve<Firmware, CutTask>(work);
