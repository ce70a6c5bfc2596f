/**
 * `npm run test:random -- [--times N] [--seed S] [PATTERN]`: the tests with random runs (those that use
 * test/support/random.ts), N times over with N seeds, from S on. The last line is one JSON object.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from './install.mjs';

ensureInstalled();

function refuse(sentence) {
  console.error(`error: ${sentence}`);
  process.exit(2);
}

/** What `work` gives; what it throws is the caller's mistake. */
function given(work) {
  try {
    return work();
  } catch (error) {
    return refuse(error.message);
  }
}

const fresh = String((Date.now() ^ process.pid) >>> 0);
const { values, positionals } = given(() =>
  parseArgs({
    options: { times: { type: 'string', default: '1' }, seed: { type: 'string', default: fresh } },
    allowPositionals: true,
  }),
);
const [times, seed] = [Number(values.times), Number(values.seed)];
if (!Number.isInteger(times) || times < 1 || !Number.isInteger(seed) || seed < 0)
  refuse('--times must be a whole number above 0, and --seed a whole number.');
const pattern = given(() => new RegExp(positionals[0] ?? ''));
const files = readdirSync(join(root, 'test'), { recursive: true })
  .filter((name) => name.endsWith('.test.ts') && pattern.test(name))
  .map((name) => join(root, 'test', name))
  .filter((file) => readFileSync(file, 'utf8').includes("/support/random';"));
if (files.length === 0) refuse('No random test matches.');
console.log(`${files.length} files, ${times} times, seeds from ${seed}`);

const folder = mkdtempSync(join(tmpdir(), 'coinslot-random-'));
const report = join(folder, 'jest.json');
const jest = join(root, 'node_modules', '.bin', 'jest');
const { status } = spawnSync(jest, ['--json', '--outputFile', report, '--runTestsByPath', ...files], {
  cwd: root,
  stdio: ['inherit', 'ignore', 'inherit'],
  env: { ...process.env, COINSLOT_TEST_RUNS: String(times), COINSLOT_TEST_SEED: String(seed) },
});
const figures = JSON.parse(readFileSync(report, 'utf8'));
rmSync(folder, { recursive: true });
const failures = figures.numFailedTests + figures.numRuntimeErrorTestSuites;
console.log(JSON.stringify({ files: files.length, tests: figures.numTotalTests, times, seed, failures }));
process.exitCode = status === 0 && failures === 0 ? 0 : 1;
