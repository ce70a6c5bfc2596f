/**
 * The two places where a conformance program runs: the virtual board (profile `linux`, virtual time) and the
 * real interpreter (a process with a blank flash of its own). Both give what `out` printed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProfile } from '../../scripts/build/profile';
import { VirtualBoard } from '../../sim/board';
import { FlashChip, memoryStore } from '../../sim/flash';
import { runFile, type Interpreter } from '../../sim/interpreter/interpreter';
import { serialPair } from '../../sim/serial/line';
import { VirtualClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';

const AREA = 0x10034000;
const PAGE_BYTES = 1024;
const PAGES = 4;
const MARK = '@@';
const RUN_MS = 2000;

function wrapped(code: string): string {
  return `var AREA = ${AREA};
function out(value) { print(${JSON.stringify(MARK)} + JSON.stringify(value === undefined ? null : value)); }
${code}
`;
}

function printed(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const at = line.indexOf(MARK);
    return at < 0 ? [] : [line.slice(at + MARK.length)];
  });
}

/** Runs a program on the virtual board. */
export function runOnBoard(code: string): string[] {
  const clock = new VirtualClock();
  const random = new Random(1);
  const sectors = Array.from({ length: PAGES }, (_, index) => ({
    address: AREA + index * PAGE_BYTES,
    bytes: PAGE_BYTES,
    eraseMs: 0,
    wordWriteUs: 0,
  }));
  const lines: string[] = [];
  const board = new VirtualBoard({
    code: wrapped(code),
    profile: loadProfile('linux'),
    clock,
    random,
    flash: new FlashChip({ sectors, random, store: memoryStore(PAGES * PAGE_BYTES) }),
    serials: { 1: serialPair(clock, random)[0], 2: serialPair(clock, random)[0] },
    onConsole: (line) => lines.push(line),
  });
  board.powerOn();
  clock.advance(RUN_MS);
  return printed(lines);
}

/** Runs a program on the interpreter. */
export async function runOnInterpreter(interpreter: Interpreter, code: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-conformance-'));
  try {
    writeFileSync(path.join(folder, 'program.js'), wrapped(code), 'latin1');
    return printed((await runFile(interpreter, folder, 'program.js')).split(/\r?\n/));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
