/** A serial port on the virtual board and on the interpreter: chunks, every byte value, exceptions, order. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProfile } from '../../scripts/build/profile';
import { VirtualBoard } from '../../sim/board';
import { FlashChip, memoryStore } from '../../sim/flash';
import { findInterpreter, makeImage, Running } from '../../sim/interpreter/interpreter';
import { openPty } from '../../sim/interpreter/pty';
import { serialPair } from '../../sim/serial/line';
import { VirtualClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';

/** Sent to the program in one burst: every byte value, more than fits into one event. */
const SENT = Buffer.from(Array.from({ length: 1024 }, (_, index) => index & 255));
const DONE = Buffer.from('end');

/** Throws at the first event, then gives back what it got, and last the longest event's length. */
const ECHO = `
var got = "", most = 0, events = 0;
E.setConsole(null, { force: true });
Serial1.on("data", function (data) {
  events++;
  got += data;
  if (data.length > most) most = data.length;
  if (got.length === ${SENT.length}) setTimeout(function () { Serial1.write(got); Serial1.write(String.fromCharCode(most)); Serial1.write("end"); }, 20);
  if (events === 1) throw new Error("first");
});
Serial1.setup(115200, { path: "host.pty" });
Serial1.write("go");
`;

interface Echo {
  readonly bytes: Buffer;
  readonly longestEvent: number;
}

function echoOf(answer: Buffer): Echo {
  const bytes = answer.subarray(2, -DONE.length - 1);
  return { bytes, longestEvent: answer[answer.length - DONE.length - 1]! };
}

function onBoard(): Echo {
  const clock = new VirtualClock();
  const random = new Random(1);
  const [host, uart] = serialPair(clock, random);
  const sectors = [{ address: 0x10034000, bytes: 1024, eraseMs: 0, wordWriteUs: 0 }];
  const board = new VirtualBoard({
    code: ECHO,
    profile: loadProfile('linux'),
    clock,
    random,
    flash: new FlashChip({ sectors, random, store: memoryStore(1024) }),
    serials: { 1: uart, 2: serialPair(clock, random)[0] },
  });
  let answer = Buffer.alloc(0);
  host.onData = (bytes) => {
    answer = Buffer.concat([answer, bytes]);
    if (answer.length === 2) host.write(SENT);
  };
  board.powerOn();
  clock.advance(5000);
  return echoOf(answer);
}

async function onInterpreter(): Promise<Echo> {
  const interpreter = findInterpreter()!;
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-serial-'));
  const pty = await openPty();
  symlinkSync(pty.path, path.join(folder, 'host.pty'));
  await makeImage(interpreter, folder, { '.bootcde': ECHO });
  const answered = new Promise<Buffer>((resolve) => {
    let answer = Buffer.alloc(0);
    pty.onData = (bytes) => {
      const isFirst = answer.length === 0;
      answer = Buffer.concat([answer, bytes]);
      if (isFirst) pty.write(SENT);
      if (answer.subarray(-DONE.length).equals(DONE)) resolve(answer);
    };
  });
  const running = new Running(interpreter, folder);
  try {
    return echoOf(await answered);
  } finally {
    await running.kill();
    pty.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('serial port', () => {
  it('on the virtual board hands over every byte in events of at most 32, also after an exception', () => {
    const { bytes, longestEvent } = onBoard();
    expect(bytes).toEqual(SENT);
    expect(longestEvent).toBe(32);
  });

  (findInterpreter() ? it : it.skip)('does the same on the interpreter', async () => {
    const { bytes, longestEvent } = await onInterpreter();
    expect(bytes).toEqual(SENT);
    expect(longestEvent).toBeLessThanOrEqual(32);
    expect(longestEvent).toBeGreaterThan(0);
  });
});
