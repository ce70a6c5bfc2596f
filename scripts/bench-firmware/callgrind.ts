/**
 * Instructions of chosen pieces of JavaScript on the Linux interpreter, counted by callgrind: exact, the same at every
 * run, whatever else the machine does. Two native functions that the firmware never calls are the marks: collecting
 * goes on while `E.mapInPlace` runs, so a piece is measured by being called from it; each end of it, and each start
 * of `E.clip`, writes what was counted since the last one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const COUNTED = 'jswrap_espruino_mapInPlace';
const MARK = 'jswrap_espruino_clip';
const OUTPUT = 'callgrind.out';

/** Whether valgrind is at hand. */
export function hasCallgrind(): boolean {
  return spawnSync('valgrind', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** The command that an interpreter is run under to be counted; its results go to `folder`. */
export function callgrindCommand(folder: string): string[] {
  return [
    'valgrind',
    '-q',
    '--tool=callgrind',
    `--toggle-collect=${COUNTED}`,
    `--dump-after=${COUNTED}`,
    `--dump-before=${MARK}`,
    `--callgrind-out-file=${path.join(folder, OUTPUT)}`,
  ];
}

/** JavaScript of `counted(f)`, which calls f and counts it, and of `mark()`, which ends a piece in the midst of it. */
export const COUNTING = `
var countedBytes=new Uint8Array(1);
function counted(f){E.mapInPlace(countedBytes,countedBytes,f)}
function mark(){E.clip(1,0,1)}
`;

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
