/**
 * `npm run torture -- --seed N --runs N [--jobs N] [--sites N] [--orders N] [--only i,j,…] [--log] [--where]
 * [--no-minimise]`: whole fleets in virtual time under random trouble (sim/world), on so many threads; the figures
 * depend on the seeds alone. Run k has seed N + k; a violation is printed with its seed, its law and the command
 * that replays its smallest trace. `--where` says where the time goes. One line of JSON last; exits with 1 when a
 * law was broken.
 */
import { InvalidArgumentError } from 'commander';
import { buildFirmware, type Firmware } from '../build/build';
import { bundleWorker, DEFAULT_JOBS, MAX_JOBS, Pool } from '../campaign/pool';
import { command, whole } from '../command-line';
import { DEFAULT_PLAN, drawPlan, type Plan, type PlanOptions } from '../../sim/world/plan';
import { play, type PlayResult } from '../../sim/world/play';
import { minimise } from './minimise';
import type { TortureTask } from './worker';

const PROFILE = 'espruino-wifi';
const PROGRESS_MS = 10_000;
/** Parts of the project below this share are not worth a line. */
const LEAST_SHARE = 0.005;

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly sites: number;
  readonly orders: number;
  readonly jobs: number;
  readonly only?: readonly number[];
  readonly log?: true;
  readonly where?: true;
  readonly maxViolations: number;
  readonly minimise: boolean;
}

const values = command('torture', 'fleets of machines in virtual time under random trouble')
  .option('--seed <number>', 'of the first run; run k has seed N + k', whole(0), 1)
  .option('--runs <number>', 'fleets', whole(1), 20)
  .option('--sites <number>', 'machines of a fleet', whole(1), DEFAULT_PLAN.sites)
  .option('--orders <number>', 'purchases of a fleet', whole(1), DEFAULT_PLAN.orders)
  .option('--jobs <number>', 'threads', whole(1, MAX_JOBS), DEFAULT_JOBS)
  .option('--only <i,j,…>', 'these steps of the plan alone, or "none"', steps)
  .option('--log', 'tell everything that happens')
  .option('--where', 'say where the time goes')
  .option('--max-violations <number>', 'stop after so many', whole(1), 3)
  .option('--no-minimise', 'do not look for the smallest trace')
  .parse()
  .opts<Options>();

function steps(text: string): readonly number[] {
  if (text === 'none') return [];
  if (!/^\d+(,\d+)*$/.test(text)) throw new InvalidArgumentError('expected numbers of steps, like 3,17.');
  return text.split(',').map(Number);
}

interface Sums {
  runs: number;
  orders: number;
  paid: number;
  dispensed: number;
  refunded: number;
  uncertain: number;
  cuts: number;
  faults: number;
  violations: number;
  virtualHours: number;
  seconds: number;
  /** Of wall time, and of processor time over all threads. */
  ordersPerSecond: number;
  ordersPerCpuSecond: number;
  jobs: number;
}

function add(sums: Sums, result: PlayResult): void {
  const { totals } = result;
  sums.runs += 1;
  sums.orders += totals.orders;
  sums.paid += totals.paid;
  sums.dispensed += totals.dispensed;
  sums.refunded += totals.refunded;
  sums.uncertain += totals.uncertain;
  sums.cuts += result.cuts;
  sums.faults += result.faults;
  if (result.violations.length > 0) sums.violations += 1;
}

/** The steps of a plan by number, as `--only` names them. */
function part(plan: Plan, numbers: readonly number[]): Plan {
  return { ...plan, steps: numbers.map((number) => plan.steps[number]!).filter(Boolean) };
}

async function report(firmware: Firmware, plan: Plan, result: PlayResult, options: string): Promise<void> {
  const first = result.violations[0]!;
  console.log(`\nVIOLATION seed ${plan.seed}: ${first.law}, ${first.check}`);
  for (const { law, check, what, atMs } of result.violations.slice(0, 8)) {
    console.log(`  ${(atMs / 1000).toFixed(3)} s ${law}, ${check}: ${what}`);
  }
  if (!values.minimise || values.only) return;
  const numbers = await minimise(plan.steps.length, async (kept) => {
    const { violations } = await play(firmware, part(plan, kept));
    return violations.some((violation) => violation.check === first.check);
  });
  console.log(`  smallest trace (${numbers.length} of ${plan.steps.length} steps):`);
  for (const number of numbers) console.log(`    ${number}: ${JSON.stringify(plan.steps[number])}`);
  console.log(
    `  replay: npm run torture -- --seed ${plan.seed} --runs 1${options} --only ${numbers.join(',') || 'none'} --log`,
  );
}

/** In order of the seeds, on this thread: for a trace that people read. */
async function playHere(firmware: Firmware, plans: readonly Plan[], take: TakeResult): Promise<void> {
  for (const [index, plan] of plans.entries()) {
    const result = await play(firmware, plan, values.log ? (text) => console.log(text) : undefined);
    if (!take(result, index)) return;
  }
}

type TakeResult = (result: PlayResult, index: number) => boolean;

async function playInPool(
  firmware: Firmware,
  tasks: readonly TortureTask[],
  jobs: number,
  take: TakeResult,
): Promise<void> {
  const pool = new Pool<TortureTask, PlayResult>(
    await bundleWorker('scripts/torture/worker.ts'),
    jobs,
    firmware,
  );
  try {
    if (values.where) await pool.startProfile();
    await pool.run(tasks, take);
    if (values.where) sayWhere(await pool.stopProfile());
  } finally {
    await pool.close();
  }
}

function sayWhere(parts: ReadonlyMap<string, number>): void {
  const allMs = [...parts.values()].reduce((sum, ms) => sum + ms, 0);
  console.log('where the time goes:');
  for (const [name, ms] of [...parts].sort((left, right) => right[1] - left[1])) {
    if (ms / allMs >= LEAST_SHARE) console.log(`  ${((ms / allMs) * 100).toFixed(1).padStart(5)} % ${name}`);
  }
}

/** What came of all runs so far, and when to stop. */
class Tally {
  readonly sums: Sums;
  readonly failed: { readonly index: number; readonly result: PlayResult }[] = [];
  private readonly startMs = performance.now();
  private readonly startCpu = process.cpuUsage();
  private saidMs = this.startMs;
  private virtualMs = 0;

  constructor(
    private readonly mostViolations: number,
    jobs: number,
  ) {
    this.sums = {
      runs: 0,
      orders: 0,
      paid: 0,
      dispensed: 0,
      refunded: 0,
      uncertain: 0,
      cuts: 0,
      faults: 0,
      violations: 0,
      virtualHours: 0,
      seconds: 0,
      ordersPerSecond: 0,
      ordersPerCpuSecond: 0,
      jobs,
    };
  }

  take(result: PlayResult, index: number): boolean {
    const { sums } = this;
    add(sums, result);
    this.virtualMs += result.virtualMs;
    if (result.violations.length > 0) this.failed.push({ index, result });
    if (performance.now() - this.saidMs > PROGRESS_MS) {
      this.saidMs = performance.now();
      console.log(`  ${index + 1} runs, ${sums.orders} orders, ${sums.violations} with violations`);
    }
    return sums.violations < this.mostViolations;
  }

  /** The time is over: rates and rounded figures. */
  finish(): void {
    const { sums } = this;
    const seconds = (performance.now() - this.startMs) / 1000;
    const { user, system } = process.cpuUsage(this.startCpu);
    sums.seconds = Math.round(seconds * 10) / 10;
    sums.virtualHours = Math.round(this.virtualMs / 360_000) / 10;
    sums.ordersPerSecond = Math.round(sums.orders / seconds);
    sums.ordersPerCpuSecond = Math.round((sums.orders * 1_000_000) / (user + system));
  }
}

async function main(): Promise<void> {
  const { seed, runs, sites, orders } = values;
  const size = { sites, orders };
  const isHere = values.only !== undefined || values.log === true;
  const jobs = isHere ? 1 : Math.min(values.jobs, runs);
  const options =
    (size.sites === DEFAULT_PLAN.sites ? '' : ` --sites ${size.sites}`) +
    (size.orders === DEFAULT_PLAN.orders ? '' : ` --orders ${size.orders}`);
  const firmware = await buildFirmware(PROFILE);
  console.log(
    `torture, seeds ${seed} to ${seed + runs - 1}, ${size.sites} machines and ${size.orders} purchases a run, ${jobs} threads`,
  );
  const planOptions: PlanOptions = { ...DEFAULT_PLAN, ...size };
  const tasks = Array.from({ length: runs }, (_, run) => ({ seed: seed + run, options: planOptions }));
  const plan = (index: number): Plan => {
    const drawn = drawPlan(tasks[index]!.seed, planOptions);
    return values.only ? part(drawn, values.only) : drawn;
  };
  const tally = new Tally(values.maxViolations, jobs);
  const take: TakeResult = (result, index) => tally.take(result, index);
  if (isHere)
    await playHere(
      firmware,
      tasks.map((_task, index) => plan(index)),
      take,
    );
  else await playInPool(firmware, tasks, jobs, take);
  tally.finish();
  for (const { index, result } of tally.failed) await report(firmware, plan(index), result, options);
  const { sums } = tally;
  console.log(
    `${sums.ordersPerSecond} orders a second of wall time, ${sums.ordersPerCpuSecond} a second of processor time`,
  );
  console.log(JSON.stringify(sums));
  process.exitCode = sums.violations > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
