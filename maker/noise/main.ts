/**
 * `npm run maker:noise -- --orders N --seed N`: runs the campaign in both kinds of delivery and prints a summary; the last
 * line is JSON. Exits with 1 when an order was lost or doubled; the seed repeats the run.
 */
import { parseArgs } from 'node:util';
import { buildFirmware } from '../../scripts/build/build';
import { compileProgram, hostCompiler, SANITIZER_FLAGS } from '../c/compile';
import { Campaign, type CampaignResult } from './campaign';
import { ROUGH } from './spoilt-line';

const PROFILE = 'espruino-wifi';

function readArguments(): { orders: number; seed: number; share: number; restartShare: number } {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      share: { type: 'string', default: String(ROUGH.share) },
      restarts: { type: 'string', default: '0.1' },
    },
  });
  const wholeNumber = (name: 'orders' | 'seed'): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
    return value;
  };
  const share = Number(values.share);
  if (!(share >= 0 && share <= 0.05)) throw new Error('--share must be from 0 to 0.05');
  const restartShare = Number(values.restarts);
  if (!(restartShare >= 0 && restartShare <= 1)) throw new Error('--restarts must be from 0 to 1');
  return { orders: wholeNumber('orders'), seed: wholeNumber('seed'), share, restartShare };
}

async function main(): Promise<void> {
  const { orders, seed, share, restartShare } = readArguments();
  if (!hostCompiler()) throw new Error('needs a C compiler (Debian: apt-get install gcc)');
  const firmware = await buildFirmware(PROFILE);
  const program = compileProgram('lockstep-noise', ['lockstep/lockstep.c'], SANITIZER_FLAGS);
  const halves = [
    { relayMode: 0 as const, count: Math.ceil(orders / 2) },
    { relayMode: 1 as const, count: Math.floor(orders / 2) },
  ];
  const results: CampaignResult[] = [];
  for (const { relayMode, count } of halves.filter((half) => half.count > 0)) {
    const who = relayMode === 0 ? 'the machine delivers' : 'the relay delivers';
    const onProgress = (done: number): void => {
      if (done % 100 === 0 || done === count) console.log(`${who}: ${done} of ${count} sales over`);
    };
    const noise = { ...ROUGH, share };
    const result = new Campaign({
      firmware,
      program,
      orders: count,
      seed: seed * 2 + relayMode,
      noise,
      relayMode,
      restartShare,
      onProgress,
    }).run();
    for (const complaint of result.complaints) console.log(`  wrong: ${complaint}`);
    results.push(result);
  }
  const sum = (pick: (result: CampaignResult) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  const summary = {
    orders: sum((result) => result.orders),
    lost: sum((result) => result.lost),
    doubled: sum((result) => result.doubled),
    bitErrors: sum((result) => result.bitErrors),
    delivered: sum((result) => result.delivered),
    refunded: sum((result) => result.refunded),
    notPaid: sum((result) => result.notPaid),
    brokenFrames: sum((result) => result.brokenFrames),
    restarts: sum((result) => result.restarts),
    virtualS: sum((result) => result.virtualS),
    seed,
  };
  const isGood =
    summary.lost + summary.doubled === 0 && results.every((result) => result.complaints.length === 0);
  if (!isGood) console.log(`repeat with: npm run maker:noise -- --orders ${orders} --seed ${seed}`);
  console.log(JSON.stringify(summary));
  process.exitCode = isGood && summary.orders === orders ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
