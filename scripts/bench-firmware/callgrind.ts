/**
 * Instructions of chosen pieces of JavaScript on the Linux interpreter, counted by callgrind: exact, the same at every
 * run, whatever else the machine does. Counting goes on while one function of the interpreter runs. In a small program
 * that is `E.mapInPlace`, which the firmware never calls: a piece is measured by being called from it, and each end of
 * it writes what was counted since the last one. In a module that works by itself it is whatever runs the callbacks of
 * timers and ports; there `mark()` (`E.clip`, never called either) writes what was counted since the last mark.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const COUNTED = 'jswrap_espruino_mapInPlace';
const MARK = 'jswrap_espruino_clip';
const CALLBACKS = 'jsiExecuteEventCallback';
const OUTPUT = 'callgrind.out';

/** Whether valgrind is at hand. */
export function hasCallgrind(): boolean {
  return spawnSync('valgrind', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** The command that an interpreter is run under to be counted by `counted`; its results go to `folder`. */
export function pieceCommand(folder: string): string[] {
  return command(folder, [`--toggle-collect=${COUNTED}`, `--dump-after=${COUNTED}`]);
}

/** The same for `mark`. */
export function callbackCommand(folder: string): string[] {
  return command(folder, [`--toggle-collect=${CALLBACKS}`, `--dump-before=${MARK}`]);
}

function command(folder: string, options: readonly string[]): string[] {
  const output = `--callgrind-out-file=${path.join(folder, OUTPUT)}`;
  return ['valgrind', '-q', '--tool=callgrind', ...options, output];
}

/** JavaScript of `counted(f)`, which calls f and counts it. */
export const COUNTED_CALL = `
var countedBytes=new Uint8Array(1);
function counted(f){E.mapInPlace(countedBytes,countedBytes,f)}
`;

/** JavaScript of `mark()`, which ends a part. */
export const MARK_CALL = 'function mark(){E.clip(1,0,1)}';

/** What was counted, piece by piece in the order of time. */
export function readCounts(folder: string): number[] {
  const counts: number[] = [];
  for (let part = 1; existsSync(path.join(folder, `${OUTPUT}.${part}`)); part++) {
    const text = readFileSync(path.join(folder, `${OUTPUT}.${part}`), 'latin1');
    const total = /^totals: (\d+)/m.exec(text);
    if (!total) throw new Error(`callgrind wrote no total in part ${part}`);
    counts.push(Number(total[1]));
  }
  const isStripped = counts.length === 0 && readdirSync(folder).includes(OUTPUT);
  if (isStripped) throw new Error('the interpreter has no symbols: callgrind cannot find its marks');
  return counts;
}
