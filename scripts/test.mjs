/**
 * `npm test`: installs what is missing, then types, lint, format, build gates and all Jest tests. Every gate
 * runs even when one before it failed, so that one run tells everything. `npm test -- PATTERN` runs only the
 * Jest tests that match.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, root } from './install.mjs';

ensureInstalled();
const bin = (name) => join(root, 'node_modules', '.bin', name);
const patterns = process.argv.slice(2);

function run(title, command, args) {
  console.log(`\n── ${title}`);
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`── ${title}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
  return status === 0;
}

const gates = patterns.length
  ? []
  : [
      ['types', bin('tsc'), ['-p', '.']],
      ['firmware types', bin('tsc'), ['-p', 'src']],
      ['lint', bin('eslint'), ['.', '--max-warnings', '0']],
      ['format', bin('prettier'), ['--check', '--log-level', 'warn', '.']],
      [
        'firmware build and budget',
        process.execPath,
        [join('scripts', 'run.mjs'), 'scripts/budget.ts', '--bytes'],
      ],
    ];
const failedGates = gates.filter((gate) => !run(...gate)).map(([title]) => title);

const folder = mkdtempSync(join(tmpdir(), 'coinslot-test-'));
const report = join(folder, 'jest.json');
const isJestGreen = run('tests', bin('jest'), ['--json', '--outputFile', report, ...patterns]);
const figures = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
rmSync(folder, { recursive: true, force: true });

if (failedGates.length) console.log(`\nFailed: ${failedGates.join(', ')}`);
const passed = figures?.numPassedTests ?? 0;
const failed =
  (figures?.numFailedTests ?? 0) + (figures?.numRuntimeErrorTestSuites ?? 1) + failedGates.length;
console.log(`\n${passed} passed, ${failed} failed, ${figures?.numPendingTests ?? 0} skipped`);
process.exitCode = isJestGreen && failedGates.length === 0 && passed > 0 ? 0 : 1;
