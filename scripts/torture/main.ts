/**
 * `npm run torture -- --seed N --runs N [--sites N] [--orders N] [--only i,j,…] [--log] [--no-minimise]`: whole
 * fleets in virtual time under random trouble (sim/world). Run k has seed N + k; a violation is printed with its
 * seed, its law and the command that replays its smallest trace. One line of JSON last; exits with 1 when a law
 * was broken.
 */
import { parseArgs } from 'node:util';
import { buildFirmware, type Firmware } from '../build/build';
import { DEFAULT_PLAN, drawPlan, type Plan } from '../../sim/world/plan';
import { play, type PlayResult } from '../../sim/world/play';
import { minimise } from './minimise';

const PROFILE = 'espruino-wifi';
const PROGRESS_MS = 10_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '20' },
    sites: { type: 'string', default: String(DEFAULT_PLAN.sites) },
    orders: { type: 'string', default: String(DEFAULT_PLAN.orders) },
    only: { type: 'string' },
    log: { type: 'boolean', default: false },
    'max-violations': { type: 'string', default: '3' },
    'no-minimise': { type: 'boolean', default: false },
  },
});

function whole(text: string, name: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`--${name} must be a whole number from ${least} on, got '${text}'`);
  }
  return value;
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
  sums.virtualHours += result.virtualMs / 3_600_000;
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
  if (values['no-minimise'] || values.only) return;
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

async function main(): Promise<void> {
  const seed = whole(values.seed, 'seed', 0);
  const runs = whole(values.runs, 'runs', 1);
  const mostViolations = whole(values['max-violations'], 'max-violations', 1);
  const size = { sites: whole(values.sites, 'sites', 1), orders: whole(values.orders, 'orders', 1) };
  const options =
    (size.sites === DEFAULT_PLAN.sites ? '' : ` --sites ${size.sites}`) +
    (size.orders === DEFAULT_PLAN.orders ? '' : ` --orders ${size.orders}`);
  const firmware = await buildFirmware(PROFILE);
  console.log(
    `torture, seeds ${seed} to ${seed + runs - 1}, ${size.sites} machines and ${size.orders} purchases a run`,
  );
  const sums: Sums = {
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
  };
  const startMs = performance.now();
  let saidMs = startMs;
  for (let run = 0; run < runs && sums.violations < mostViolations; run++) {
    const whole = drawPlan(seed + run, { ...DEFAULT_PLAN, ...size });
    const plan = values.only ? part(whole, values.only.split(',').map(Number)) : whole;
    const result = await play(firmware, plan, values.log ? (text) => console.log(text) : undefined);
    add(sums, result);
    if (result.violations.length > 0) await report(firmware, plan, result, options);
    if (performance.now() - saidMs > PROGRESS_MS) {
      saidMs = performance.now();
      console.log(`  ${run + 1} runs, ${sums.orders} orders, ${sums.violations} with violations`);
    }
  }
  sums.seconds = Math.round((performance.now() - startMs) / 100) / 10;
  sums.virtualHours = Math.round(sums.virtualHours * 10) / 10;
  console.log(`${Math.round(sums.orders / Math.max(sums.seconds, 0.1))} orders a second of wall time`);
  console.log(JSON.stringify(sums));
  process.exitCode = sums.violations > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
