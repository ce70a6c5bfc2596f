/** The files that callgrind writes, and the commands that make it write them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { callbackCommand, pieceCommand, readCounts } from '../../../scripts/bench-firmware/callgrind';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'coinslot-callgrind-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function part(number: number | undefined, total: number | undefined): void {
  const name = number === undefined ? 'callgrind.out' : `callgrind.out.${number}`;
  const head = '# callgrind format\nversion: 1\nevents: Ir\nfn=(1) jsvLock\n+3 120\n';
  writeFileSync(
    path.join(folder, name),
    head + (total === undefined ? '' : `\ntotals: ${total}\n`),
    'latin1',
  );
}

describe('counts of callgrind', () => {
  it('are the totals of the parts, in the order of time', () => {
    part(1, 10);
    part(2, 0);
    part(3, 123_456_789);
    // Written when the process ends by itself; no piece of ours.
    part(undefined, 5);
    expect(readCounts(folder)).toEqual([10, 0, 123_456_789]);
  });

  it('end at the first part that is missing, so that none is taken for another', () => {
    part(1, 10);
    part(3, 30);
    expect(readCounts(folder)).toEqual([10]);
  });

  it('are refused when a part was not written to its end', () => {
    part(1, 10);
    part(2, undefined);
    expect(() => readCounts(folder)).toThrow('callgrind wrote no total in part 2');
  });

  it('tell an interpreter without symbols from one that did nothing', () => {
    expect(readCounts(folder)).toEqual([]);
    part(undefined, 5);
    expect(() => readCounts(folder)).toThrow('the interpreter has no symbols');
  });
});

describe('the commands', () => {
  it('count in one function of the interpreter, and write to the folder', () => {
    const output = `--callgrind-out-file=${path.join('there', 'callgrind.out')}`;
    expect(pieceCommand('there')).toEqual([
      'valgrind',
      '-q',
      '--tool=callgrind',
      '--toggle-collect=jswrap_espruino_mapInPlace',
      '--dump-after=jswrap_espruino_mapInPlace',
      output,
    ]);
    expect(callbackCommand('there')).toEqual([
      'valgrind',
      '-q',
      '--tool=callgrind',
      '--toggle-collect=jsiExecuteEventCallback',
      '--dump-before=jswrap_espruino_clip',
      output,
    ]);
  });
});
