/**
 * `npm run powercuts [-- --scenario NAME] [--singles] [--jobs N] [--shard I/N] [--every N] [--progress FILE]
 * [--minutes N] [--replay ID] [--log]`: the power of a machine fails at every flash operation and every message
 * boundary of each scenario, before, in the middle of and after it; then at every pair of such points, with a restart in
 * between. The full stack is used throughout: built bundle, board, flash, modem, cell, server core, provider model
 * (sim/world/cuts.ts). Everything is judged by the independent auditor while it runs and at rest. One line of JSON
 * last; exits with 1 on a violation.
 */
import { InvalidArgumentError } from 'commander';
import { buildFirmware, type Firmware } from '../build/build';
import { bundleWorker, DEFAULT_JOBS, MAX_JOBS, Pool, type WorkerCode } from '../campaign/pool';
import { command, number, oneOf, whole } from '../command-line';
import { nameOf, playCuts, readPoints } from '../../sim/world/cuts';
import { fingerprint, ProgressFile } from './progress';
import { SCENARIOS } from './scenarios';
import type { CutResult, CutTask } from './worker';

const PROFILE = 'espruino-wifi';
const PROGRESS_MS = 20_000;
const MAX_REPORTS = 10;
const MOST_MINUTES = 1_000_000;

interface Options {
  readonly scenario?: string;
  readonly singles: boolean;
  readonly jobs: number;
  readonly shard: readonly [number, number];
  readonly replay?: string;
  readonly log?: true;
  readonly every: number;
  readonly progress?: string;
  readonly minutes: number;
  readonly stopAtFirst: boolean;
}

const values = command('powercuts', 'the power of a machine fails at every point of every scenario')
  .option('--scenario <name>', 'this one alone', oneOf(Object.keys(SCENARIOS)))
  .option('--singles', 'one cut a run, not every pair', false)
  .option('--jobs <number>', 'threads', whole(1, MAX_JOBS), DEFAULT_JOBS)
  .option('--shard <I/N>', 'part I (from 0) of N', shard, [0, 1])
  .option('--replay <id>', 'plays one cut again')
  .option('--log', 'what happened in each run')
  .option('--every <number>', 'one pair in so many, for a short slice', whole(1), 1)
  .option('--progress <file>', 'keeps what was done there, and leaves out what stands there')
  .option('--minutes <number>', 'begins nothing more after so long', number(0, MOST_MINUTES), MOST_MINUTES)
  .option('--stop-at-first', 'stops at the first violation', false)
  .parse()
  .opts<Options>();

function shard(text: string): readonly [number, number] {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  if (!match || Number(match[1]) >= Number(match[2])) {
    throw new InvalidArgumentError('expected a part from 0 and how many there are, like 0/4.');
  }
  return [Number(match[1]), Number(match[2])];
}

type FirstCut = Extract<CutTask, { kind: 'cut' }>;

interface Sums {
  scenarios: number;
  points: number;
  pairs: number;
  violations: number;
  seconds: number;
  /** First points whose cuts have all been made, and how many there are. */
  firstPoints: number;
  ofFirstPoints: number;
  jobs: number;
}

function keyOf({ scenario, point }: FirstCut): string {
  return `${scenario}:${nameOf([point])}`;
}

class Campaign {
  readonly sums: Sums;
  private readonly startMs = performance.now();
  private saidMs = this.startMs;
  /** Cuts that were made now, and not found in a file. */
  private made = 0;

  constructor(
    private readonly pool: Pool<CutTask, CutResult>,
    private readonly progress: ProgressFile | undefined,
    private readonly limitMs: number,
    jobs: number,
  ) {
    this.sums = {
      scenarios: 0,
      points: 0,
      pairs: 0,
      violations: 0,
      seconds: 0,
      firstPoints: 0,
      ofFirstPoints: 0,
      jobs,
    };
  }

  async run(names: readonly string[], shard: readonly [number, number], every: number): Promise<void> {
    const all = await this.scout(names, every);
    const mine = all.filter((_task, index) => index % shard[1] === shard[0]);
    this.sums.ofFirstPoints = mine.length;
    const tasks = mine.filter((task) => {
      const known = this.progress?.find(keyOf(task));
      if (known) this.add(known);
      return !known;
    });
    console.log(
      `${names.length} scenarios, ${all.length} first points; ${mine.length} are asked for, ${tasks.length} are to be done`,
    );
    await this.pool.run(tasks, (result, index) => {
      this.progress?.add(keyOf(tasks[index]!), result);
      this.made += result.points + result.pairs;
      this.add(result);
      this.say(tasks[index]!);
      const isEnough = values.stopAtFirst && this.sums.violations > 0;
      return !isEnough && performance.now() - this.startMs < this.limitMs;
    });
    this.sums.seconds = Math.round((performance.now() - this.startMs) / 100) / 10;
  }

  /** Plays each scenario without a cut: where it can be cut first. */
  private async scout(names: readonly string[], every: number): Promise<FirstCut[]> {
    const tasks: FirstCut[] = [];
    const scouts = names.map((scenario) => ({ kind: 'scout' as const, scenario }));
    await this.pool.run(scouts, ({ first, broken }, index) => {
      this.sums.scenarios += 1;
      this.report(broken);
      const scenario = names[index]!;
      for (const point of first) {
        const { singles: isSingle, stopAtFirst: stopsAtFirst } = values;
        tasks.push({ kind: 'cut', scenario, point, isSingle, every, stopsAtFirst });
      }
      return true;
    });
    return tasks;
  }

  private add(result: CutResult): void {
    this.sums.points += result.points;
    this.sums.pairs += result.pairs;
    this.sums.firstPoints += 1;
    this.report(result.broken);
  }

  private report(broken: CutResult['broken']): void {
    for (const { id, what } of broken) {
      this.sums.violations += 1;
      if (this.sums.violations > MAX_REPORTS) continue;
      console.log(`VIOLATION ${id}`);
      for (const line of what) console.log(`  ${line}`);
      console.log(`  replay: npm run powercuts -- --replay '${id}'`);
    }
  }

  private say(task: FirstCut): void {
    const nowMs = performance.now();
    if (nowMs - this.saidMs < PROGRESS_MS) return;
    this.saidMs = nowMs;
    const { points, pairs, violations, firstPoints, ofFirstPoints } = this.sums;
    const rate = Math.round((this.made * 1000) / (nowMs - this.startMs));
    console.log(
      `  ${keyOf(task)}, ${firstPoints} of ${ofFirstPoints} first points: ${points} single cuts, ${pairs} pairs, ${violations} violations; ${rate} runs a second`,
    );
  }
}

async function replay(firmware: Firmware, id: string): Promise<number> {
  const match = /^(.+)@(\d+):(.*)$/.exec(id);
  const points = match && (match[3] === '' ? [] : readPoints(match[3]!));
  const story = match && SCENARIOS[match[1]!];
  if (!story || !points) throw new Error(`'${id}' is not the id of a cut`);
  const run = await playCuts(firmware, story, points, Number(match[2]), (text) => console.log(text));
  for (const { law, check, what } of run.result.violations)
    console.log(`VIOLATION ${law}, ${check}: ${what}`);
  console.log(JSON.stringify({ id, cuts: run.cuts, violations: run.result.violations.length }));
  return run.result.violations.length;
}

function progressFile(worker: WorkerCode, firmware: Firmware, every: number): ProgressFile | undefined {
  if (values.progress === undefined) return undefined;
  const choice = `every ${every}, ${values.singles ? 'singles' : 'pairs'}`;
  return new ProgressFile(values.progress, fingerprint(worker.code, firmware.code, choice));
}

async function main(): Promise<void> {
  const { scenario, jobs, every, minutes } = values;
  const names = scenario === undefined ? Object.keys(SCENARIOS) : [scenario];
  const firmware = await buildFirmware(PROFILE);
  if (values.replay !== undefined) {
    process.exitCode = (await replay(firmware, values.replay)) > 0 ? 1 : 0;
    return;
  }
  const worker = await bundleWorker('scripts/powercuts/worker.ts');
  const pool = new Pool<CutTask, CutResult>(worker, jobs, firmware);
  try {
    const progress = progressFile(worker, firmware, every);
    const campaign = new Campaign(pool, progress, minutes * 60_000, jobs);
    await campaign.run(names, values.shard, every);
    console.log(JSON.stringify(campaign.sums));
    process.exitCode = campaign.sums.violations > 0 ? 1 : 0;
  } finally {
    await pool.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
