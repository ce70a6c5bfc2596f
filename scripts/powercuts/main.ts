/**
 * `npm run powercuts [-- --scenario NAME] [--singles] [--jobs N] [--shard I/N] [--replay ID] [--log]`: the power of
 * a machine fails at every flash operation and every message boundary of each scenario, before, in the middle of
 * and after it; then at every pair of such points, with a restart in between. The full stack is used throughout:
 * built bundle, board, flash, modem, cell, server core, provider model (sim/world/cuts.ts). Everything is judged
 * by the independent auditor while it runs and at rest. One line of JSON last; exits with 1 on a violation.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { buildFirmware, type Firmware } from '../build/build';
import { nameOf, playCuts, pointsOf, readPoints, type CutPoint, type CutRun } from '../../sim/world/cuts';
import { SCENARIOS } from './scenarios';

const PROFILE = 'espruino-wifi';
/** The power is back at once, or when every grant has lapsed. Pairs are cut with the first. */
const OFF_TIMES_MS = [800, 120_000];
const PROGRESS_MS = 20_000;
const MAX_REPORTS = 10;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    singles: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    shard: { type: 'string' },
    replay: { type: 'string' },
    log: { type: 'boolean', default: false },
    /** Looks at one pair in so many only: for a short slice. */
    every: { type: 'string', default: '1' },
    'stop-at-first': { type: 'boolean', default: false },
  },
});

interface Sums {
  scenarios: number;
  points: number;
  pairs: number;
  violations: number;
  seconds: number;
}

/** `success@800:12b+3d`: scenario, time without power, points. */
function idOf(scenario: string, offMs: number, points: readonly CutPoint[]): string {
  return `${scenario}@${offMs}:${nameOf(points)}`;
}

class Campaign {
  readonly sums: Sums = { scenarios: 0, points: 0, pairs: 0, violations: 0, seconds: 0 };
  private saidMs = performance.now();
  private counted = 0;

  constructor(
    private readonly firmware: Firmware,
    private readonly shard: { index: number; count: number },
    private readonly every: number,
  ) {}

  get isOver(): boolean {
    return values['stop-at-first'] && this.sums.violations > 0;
  }

  async scenario(name: string): Promise<void> {
    const whole = await this.cut(name, OFF_TIMES_MS[0]!, []);
    this.sums.scenarios += 1;
    const first = pointsOf(whole.events);
    for (const point of first) {
      if (!this.isMine() || this.isOver) continue;
      for (const offMs of OFF_TIMES_MS) {
        const single = await this.cut(name, offMs, [point]);
        this.sums.points += 1;
        if (offMs === OFF_TIMES_MS[0] && !values.singles) await this.pairs(name, offMs, point, single);
      }
    }
    this.say(`${name}: ${first.length} points`, true);
  }

  /** The second cut at every point behind the restart after the first. */
  private async pairs(name: string, offMs: number, point: CutPoint, single: CutRun): Promise<void> {
    const second = pointsOf(single.events);
    for (let index = point.event % this.every; index < second.length && !this.isOver; index += this.every) {
      await this.cut(name, offMs, [point, second[index]!]);
      this.sums.pairs += 1;
      this.say(`${name}: at ${nameOf([point])}`, false);
    }
  }

  private async cut(name: string, offMs: number, points: readonly CutPoint[]): Promise<CutRun> {
    const run = await playCuts(this.firmware, SCENARIOS[name]!, points, offMs);
    const { violations } = run.result;
    if (violations.length === 0) return run;
    this.sums.violations += 1;
    if (this.sums.violations <= MAX_REPORTS) {
      const id = idOf(name, offMs, points);
      console.log(`VIOLATION ${id}`);
      for (const { law, check, what } of violations.slice(0, 4)) console.log(`  ${law}, ${check}: ${what}`);
      console.log(`  replay: npm run powercuts -- --replay '${id}'`);
    }
    return run;
  }

  /** Shards take turns at the first points. */
  private isMine(): boolean {
    return this.counted++ % this.shard.count === this.shard.index;
  }

  private say(text: string, isAlways: boolean): void {
    if (!isAlways && performance.now() - this.saidMs < PROGRESS_MS) return;
    this.saidMs = performance.now();
    const { points, pairs, violations } = this.sums;
    console.log(`  ${text}; so far ${points} single cuts, ${pairs} pairs, ${violations} violations`);
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

/** One process a shard; their sums are added. */
async function inParallel(jobs: number): Promise<Sums> {
  const sums = await Promise.all(
    Array.from({ length: jobs }, async (_, index) => {
      const given = process.argv.slice(2);
      const child = spawn(
        process.execPath,
        [...process.execArgv, process.argv[1]!, ...given, '--shard', `${index}/${jobs}`],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let last = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (last + text).split('\n');
        last = lines.pop()!;
        for (const line of lines) {
          if (line.startsWith('{')) last = `${line}\n`;
          else console.log(line);
        }
      });
      const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
      if (code !== 0 && code !== 1) throw new Error(`shard ${index} ended with ${code}`);
      return JSON.parse(last) as Sums;
    }),
  );
  return sums.reduce((all, one) => ({
    scenarios: all.scenarios,
    points: all.points + one.points,
    pairs: all.pairs + one.pairs,
    violations: all.violations + one.violations,
    seconds: Math.max(all.seconds, one.seconds),
  }));
}

async function main(): Promise<void> {
  const names = values.scenario === undefined ? Object.keys(SCENARIOS) : [values.scenario];
  if (!names.every((name) => Object.hasOwn(SCENARIOS, name))) {
    throw new Error(`no scenario '${values.scenario}'; there are: ${Object.keys(SCENARIOS).join(', ')}`);
  }
  const jobs = Number(values.jobs);
  if (!(jobs >= 1 && Number.isInteger(jobs)))
    throw new Error(`--jobs must be a whole number, got '${values.jobs}'`);
  const started = performance.now();
  let sums: Sums;
  if (values.replay !== undefined) {
    process.exitCode = (await replay(await buildFirmware(PROFILE), values.replay)) > 0 ? 1 : 0;
    return;
  }
  if (jobs > 1 && values.shard === undefined) sums = await inParallel(jobs);
  else {
    const [index, count] = (values.shard ?? '0/1').split('/').map(Number) as [number, number];
    if (!(index >= 0 && index < count)) throw new Error(`--shard must be I/N, got '${values.shard}'`);
    const campaign = new Campaign(await buildFirmware(PROFILE), { index, count }, Number(values.every));
    for (const name of names) if (!campaign.isOver) await campaign.scenario(name);
    sums = campaign.sums;
  }
  sums.seconds = Math.round((performance.now() - started) / 100) / 10;
  console.log(JSON.stringify(sums));
  process.exitCode = sums.violations > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
