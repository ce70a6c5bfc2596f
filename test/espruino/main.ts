/**
 * `npm run test:espruino`: the built bundle on the real interpreter, end to end. It boots from its own flash
 * image, talks to a maker's machine and to the modem simulator over pseudo-terminals, buys on both channels
 * through the real server, and is killed at many points while the link fails. Without the interpreter it says what was not checked.
 * Last line: one JSON object; exit 1 when anything was wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFirmware } from '../../scripts/build/build';
import { command, whole } from '../../scripts/command-line';
import { makeBrisk } from '../../sim/interpreter/brisk';
import { findInterpreter } from '../../sim/interpreter/interpreter';
import { startPlatform } from './platform';
import { runSuite } from './suite';

interface Options {
  readonly long?: true;
  readonly seed: number;
  readonly hard?: number;
  readonly steady?: number;
}

const values = command('test:espruino', 'the built bundle on the real interpreter; about two minutes')
  .option('--long', '10,000 orders in about half an hour')
  .option('--seed <number>', 'same seed, same draws', whole(0), 1)
  .option('--hard <number>', 'orders with kills and link faults', whole(0))
  .option('--steady <number>', 'orders without', whole(0))
  .parse()
  .opts<Options>();
const HARD_ORDERS = values.hard ?? (values.long ? 56 : 14);
const STEADY_ORDERS = values.steady ?? (values.long ? 10_000 : 60);

async function main(): Promise<void> {
  const found = findInterpreter();
  if (!found) {
    console.log(
      'skipped: there is no Espruino interpreter (Linux build) on PATH; README tells where to get one.',
    );
    console.log(
      'Not checked: that the bundle boots on the real interpreter, answers HELLO, takes orders, keeps them over kills and link faults, keeps its console shut, and its JsVars.',
    );
    console.log(JSON.stringify({ skipped: true, reason: 'no interpreter on PATH' }));
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-espruino-'));
  const interpreter = makeBrisk(found, folder);
  const pace = interpreter.isBrisk
    ? ''
    : '; no C compiler to shorten its sleeps, so each order takes two seconds';
  console.log(`interpreter ${interpreter.version} (${interpreter.binary})${pace}`);
  const firmware = await buildFirmware('linux');
  console.log('starting server and provider sandbox');
  const platform = await startPlatform(path.join(folder, 'platform'));
  try {
    const result = await runSuite({
      interpreter,
      firmware,
      platform,
      folder,
      hardOrders: HARD_ORDERS,
      steadyOrders: STEADY_ORDERS,
      seed: values.seed,
      say: console.log,
    });
    for (const violation of result.violations) console.log(`WRONG: ${violation}`);
    process.exitCode = result.violations.length > 0 ? 1 : 0;
    console.log(JSON.stringify({ ...result, violations: result.violations.length }));
  } finally {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
