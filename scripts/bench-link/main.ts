/**
 * `npm run bench:link -- --seed N [--runs N] [--only class] [--log]`: every fault class many times in virtual
 * time against the real driver and keeper, then DTU throughput; a table, and one line of JSON last. Exits with
 * 1 when an expectation is missed; the line says which, and class and seed repeat a run.
 */
import { command, oneOf, whole } from '../command-line';
import { FAULT_CASES, type FaultCase } from './cases';
import { measureThroughput } from './throughput';
import { runCase, type RunResult } from './runs';

interface Summary {
  runs: number;
  recovered: number;
  p50s: number;
  p99s: number;
  mostS: number;
  atCommands: number;
  worstSeed: number;
}

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly only?: string;
  readonly log?: true;
}

const {
  seed,
  runs: runCount,
  only,
  log,
} = command('bench:link', 'how the link comes back from each fault, and what DTU carries')
  .option('--seed <number>', 'same seed, same figures', whole(0), 1)
  .option('--runs <number>', 'of each fault class', whole(1), 20)
  .option('--only <class>', 'this fault class alone', oneOf(FAULT_CASES.map(({ name }) => name)))
  .option('--log', 'what happened in each run')
  .parse()
  .opts<Options>();

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function summarise(results: readonly RunResult[]): Summary {
  const times = results.map((result) => result.recoveryS).filter((one) => !Number.isNaN(one));
  const sorted = times.sort((left, right) => left - right);
  const worst = results.reduce((slowest, one) => (one.recoveryS > slowest.recoveryS ? one : slowest));
  const commands = results.reduce((sum, one) => sum + one.commands, 0);
  return {
    runs: results.length,
    recovered: times.length,
    p50s: round(quantile(sorted, 0.5)),
    p99s: round(quantile(sorted, 0.99)),
    mostS: round(sorted[sorted.length - 1] ?? NaN),
    atCommands: Math.round(commands / results.length),
    worstSeed: worst.seed,
  };
}

function missedBy(fault: FaultCase, summary: Summary): string[] {
  const missed: string[] = [];
  if (summary.recovered < summary.runs) missed.push(`${fault.name}: not recovered`);
  if (summary.p50s > (fault.p50LimitS ?? Infinity)) missed.push(`${fault.name}: p50 ${summary.p50s} s`);
  if (summary.mostS > (fault.mostLimitS ?? Infinity)) missed.push(`${fault.name}: ${summary.mostS} s`);
  return missed;
}

const cases = FAULT_CASES.filter((one) => !only || one.name === only);
const faults: Record<string, Summary> = {};
const missed: string[] = [];
const totals = { bytesLost: 0, ordersLost: 0, duplicateSends: 0, spoiltRefused: 0, stalls: 0 };

console.log(`link bench, seed ${seed}, ${runCount} runs a class (virtual time)`);
console.log('class                  runs  ok   p50 s   p99 s  most s  AT commands  worst seed');
for (const fault of cases) {
  const results = Array.from({ length: runCount }, (_, index) => runCase(fault, seed * 1_000 + index));
  const summary = summarise(results);
  faults[fault.name] = summary;
  missed.push(...missedBy(fault, summary));
  for (const result of results) {
    totals.bytesLost += result.bytesLost;
    totals.ordersLost += result.ordersLost;
    totals.duplicateSends += result.duplicates;
    totals.spoiltRefused += result.spoilt;
    if (Number.isNaN(result.recoveryS)) totals.stalls += 1;
    const lost = result.bytesLost + result.ordersLost + result.duplicates;
    if (lost > 0) missed.push(`${fault.name} seed ${result.seed}: lost or sent twice`);
    if (log) console.log(`--- ${fault.name} seed ${result.seed}\n${result.log.join('\n')}`);
  }
  const cells = [
    summary.runs,
    summary.recovered,
    summary.p50s,
    summary.p99s,
    summary.mostS,
    summary.atCommands,
  ];
  console.log(
    fault.name.padEnd(22) +
      cells.map((cell) => String(cell).padStart(7)).join(' ') +
      `  ${summary.worstSeed}`,
  );
}
const throughput = only ? undefined : measureThroughput(seed);
if (throughput) {
  console.log('DTU throughput:', JSON.stringify(throughput));
  if (throughput.upShare < 0.8 || throughput.downShare < 0.8) missed.push('DTU throughput below 80 %');
  if (throughput.addedDelayS > throughput.packetS) missed.push('DTU delays orders by more than a packet');
}
for (const [name, count] of Object.entries(totals)) {
  if (name !== 'spoiltRefused' && count > 0) missed.push(`${name}: ${count}`);
}
for (const text of missed) console.log(`MISSED ${text}`);
console.log(JSON.stringify({ faults, ...totals, dtu: throughput, seed, missed }));
process.exitCode = missed.length > 0 ? 1 : 0;
