/**
 * `npm run maker:noise -- --orders N --seed N`: runs the campaign in both kinds of delivery and prints a summary; the last
 * line is JSON. Exits with 1 when an order was lost or doubled; the seed repeats the run.
 */
import { buildFirmware } from '../../scripts/build/build';
import { command, number, whole } from '../../scripts/command-line';
import { compileProgram, hostCompiler, SANITIZER_FLAGS } from '../c/compile';
import { Campaign, type CampaignResult } from './campaign';
import { ROUGH } from './spoilt-line';

const PROFILE = 'espruino-wifi';

interface Options {
  readonly orders: number;
  readonly seed: number;
  readonly share: number;
  readonly restarts: number;
}

function readOptions(): Options {
  return command('maker:noise', 'sells over a spoilt line with the C library and the module’s firmware')
    .option('--orders <number>', 'half with each kind of delivery', whole(1), 1_000)
    .option('--seed <number>', 'same seed, same run', whole(1), 1)
    .option('--share <number>', 'of bits that arrive wrong', number(0, 0.05), ROUGH.share)
    .option(
      '--restarts <number>',
      'share of sales during which the machine is switched off and on',
      number(0, 1),
      0.1,
    )
    .parse()
    .opts<Options>();
}

async function main(): Promise<void> {
  const { orders, seed, share, restarts: restartShare } = readOptions();
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
