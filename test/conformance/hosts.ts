/**
 * The two places where a conformance program runs: the virtual board (profile `linux`, virtual time) and the
 * real interpreter (a process with a blank flash of its own). Both give what `out` printed.
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProfile } from '../../scripts/build/profile';
import { VirtualBoard } from '../../sim/board';
import { FlashChip, memoryStore } from '../../sim/flash';
import { runFile, type Interpreter } from '../../sim/interpreter/interpreter';
import { openPty } from '../../sim/interpreter/pty';
import { serialPair } from '../../sim/serial/line';
import { VirtualClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';

/** What stands at the other end of Serial1, opened as `LINE`: what it says when it has heard something. */
export type Peer = Readonly<Record<string, string>>;

const AREA = 0x10034000;
const PAGE_BYTES = 1024;
const PAGES = 4;
const MARK = '@@';
const RUN_MS = 2000;
const PORT_FILE = 'host.pty';

function wrapped(code: string): string {
  return `var AREA = ${AREA}, LINE = { path: ${JSON.stringify(PORT_FILE)} };
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

/** Says to the port what the peer has to say about all that was heard so far; each answer once. */
function answering(peer: Peer, say: (bytes: Buffer) => void): (bytes: Buffer) => void {
  const left = new Map(Object.entries(peer));
  let heard = '';
  return (bytes) => {
    heard += bytes.toString('latin1');
    for (const [word, answer] of left) {
      if (!heard.includes(word)) continue;
      left.delete(word);
      say(Buffer.from(answer, 'latin1'));
    }
  };
}

/** Runs a program on the virtual board. */
export function runOnBoard(code: string, peer: Peer = {}): string[] {
  const clock = new VirtualClock();
  const random = new Random(1);
  const sectors = Array.from({ length: PAGES }, (_, index) => ({
    address: AREA + index * PAGE_BYTES,
    bytes: PAGE_BYTES,
    eraseMs: 0,
    wordWriteUs: 0,
  }));
  const lines: string[] = [];
  const [host, uart] = serialPair(clock, random);
  host.onData = answering(peer, (bytes) => host.write(bytes));
  const board = new VirtualBoard({
    code: wrapped(code),
    profile: loadProfile('linux'),
    clock,
    random,
    flash: new FlashChip({ sectors, random, store: memoryStore(PAGES * PAGE_BYTES) }),
    serials: { 1: uart, 2: serialPair(clock, random)[0] },
    onConsole: (line) => lines.push(line),
  });
  board.powerOn();
  clock.advance(RUN_MS);
  return printed(lines);
}

/** Runs a program on the interpreter, until it has nothing to wait for any more. */
export async function runOnInterpreter(
  interpreter: Interpreter,
  code: string,
  peer?: Peer,
): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-conformance-'));
  const pty = peer && (await openPty());
  try {
    if (pty) {
      symlinkSync(pty.path, path.join(folder, PORT_FILE));
      pty.onData = answering(peer, (bytes) => pty.write(bytes));
    }
    writeFileSync(path.join(folder, 'program.js'), wrapped(code), 'latin1');
    return printed((await runFile(interpreter, folder, 'program.js')).split(/\r?\n/));
  } finally {
    pty?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
