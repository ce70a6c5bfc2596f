/**
 * `npm run test:espruino`: the built bundle on the real interpreter, end to end. It boots from its own flash
 * image, talks to a maker's machine and to the modem simulator over pseudo-terminals, buys on both channels
 * through the real server, and is killed at many points. Without the interpreter it says what was not checked.
 * Last line: one JSON object; exit 1 when anything was wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFirmware } from '../../scripts/build/build';
import { findInterpreter } from '../../sim/interpreter/interpreter';
import { startPlatform } from './platform';
import { runSuite } from './suite';

/** Purchases on each channel: `--long` for a night, `--rounds N` for anything between. */
const ROUNDS = roundsOf(process.argv.slice(2));

function roundsOf(options: readonly string[]): number {
  if (options.includes('--long')) return 5000;
  const at = options.indexOf('--rounds');
  return at < 0 ? 4 : Number(options[at + 1]);
}

async function main(): Promise<void> {
  const interpreter = findInterpreter();
  if (!interpreter) {
    console.log(
      'skipped: there is no Espruino interpreter (Linux build) on PATH; README tells where to get one.',
    );
    console.log(
      'Not checked: that the bundle boots on the real interpreter, answers HELLO, takes orders, keeps them over kills, and its JsVars.',
    );
    console.log(JSON.stringify({ skipped: true, reason: 'no interpreter on PATH' }));
    return;
  }
  console.log(`interpreter ${interpreter.version} (${interpreter.binary})`);
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-espruino-'));
  const firmware = await buildFirmware('linux');
  console.log('starting server and provider sandbox');
  const platform = await startPlatform(path.join(folder, 'platform'));
  try {
    const result = await runSuite({
      interpreter,
      firmware,
      platform,
      folder,
      rounds: ROUNDS,
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
