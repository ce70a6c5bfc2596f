/**
 * What a start costs with a full journal: the built bundle on the real interpreter under callgrind, from its first
 * statement to INFO on its way to the host, with a sector of ended orders in flash. Exact and the same at every run,
 * whatever else the machine does. Leaves the limit to budget.ts.
 */
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InterpreterBox } from '../../sim/interpreter/box';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import { RealNetwork } from '../../sim/network/real-network';
import { RealClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';
import { JournalReader } from '../../sim/world/journal-reader';
import { writeJournal } from '../../sim/world/journal-writer';
import type { Firmware } from '../build/build';
import { convert } from '../bench-firmware/programs';
import { journalSectors } from '../build/profile';

/** Runs the boot files, and so the whole start of the bundle; nothing else calls it. */
const START = 'jsfLoadBootCodeFromFlash';
const OUTPUT = 'callgrind.out';
/** Where Espruino's flash begins on Linux (platform_config.h). */
const FLASH_START = 0x10000000;
const LIMIT_MS = 240_000;
/** On an F411: a quarter more for the build made for size, 1.75 cycles each for the wait states of its flash, at 100 MHz. */
const F411_MS = (1.25 * 1.75) / 100_000;
/** Room for one more START record and nothing else. */
const FREE_BYTES = 64;

export interface StartFigures {
  /** Instructions of the Linux build, with a full sector and with an empty one. */
  readonly full: number;
  readonly empty: number;
  readonly records: number;
  /** About so long on an F411. */
  readonly fullMs: number;
}

/** Counts both starts. `firmware` is built for the profile `linux`. */
export async function measureJournalStart(
  interpreter: Interpreter,
  firmware: Firmware,
): Promise<StartFigures> {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-start-'));
  try {
    const empty = await countStart(interpreter, firmware, path.join(folder, 'empty'), false);
    const full = await countStart(interpreter, firmware, path.join(folder, 'full'), true);
    const { median } = convert(interpreter, path.join(folder, 'known'));
    const fullMs = Math.round(full.instructions * median * F411_MS);
    return { full: full.instructions, empty: empty.instructions, records: full.records, fullMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function countStart(
  interpreter: Interpreter,
  firmware: Firmware,
  folder: string,
  isFull: boolean,
): Promise<{ instructions: number; records: number }> {
  const clock = new RealClock();
  const random = new Random(1);
  const output = path.join(folder, OUTPUT);
  const wrapper = [
    'valgrind',
    '-q',
    '--tool=callgrind',
    `--toggle-collect=${START}`,
    `--dump-after=${START}`,
    `--callgrind-out-file=${output}`,
  ];
  const box = await InterpreterBox.make({
    interpreter: { ...interpreter, wrapper },
    firmware,
    folder,
    clock,
    random,
    network: new RealNetwork({ clock, table: {} }),
  });
  try {
    const records = fillJournal(firmware, path.join(folder, 'espruino.flash'), isFull);
    box.powerOn();
    for (
      const limitMs = clock.nowMs() + LIMIT_MS;
      !existsSync(`${output}.1`) || box.firstByteAtMs === undefined;
    ) {
      if (clock.nowMs() > limitMs) throw new Error('the module did not start under callgrind');
      await new Promise<void>((resolve) => clock.setTimer(resolve, 100));
    }
    await new Promise<void>((resolve) => clock.setTimer(resolve, 500));
    return { instructions: readTotal(`${output}.1`), records };
  } finally {
    await box.close();
  }
}

/** Puts a journal into the flash file as a module in the field has it; gives the number of its records. */
function fillJournal(firmware: Firmware, file: string, isFull: boolean): number {
  const sectors = journalSectors(firmware.profile);
  let offset = 0;
  const places = sectors.map(({ bytes }) => {
    const place = { offset, bytes };
    offset += bytes;
    return place;
  });
  const bytes = new Uint8Array(offset);
  writeJournal(bytes, places, {
    identity: {
      id: 'CS000001',
      key: '00'.repeat(16),
      host: 'x.example',
      port: 7001,
      apn: 'cmnet',
      user: '',
      pass: '',
      pin: '',
    },
    settings: {},
    lastOrder: 0,
    isSynced: true,
    freeBytes: isFull ? FREE_BYTES : places[0]!.bytes - 1_000,
    isHistory: isFull,
  });
  const flash = openSync(file, 'r+');
  sectors.forEach((sector, index) => {
    const place = places[index]!;
    writeSync(flash, bytes, place.offset, place.bytes, sector.address - FLASH_START);
  });
  closeSync(flash);
  let records = 0;
  const reader = new JournalReader(bytes, places);
  reader.onState = () => (records += 1);
  reader.read();
  return records;
}

function readTotal(file: string): number {
  const total = /^totals: (\d+)/m.exec(readFileSync(file, 'latin1'));
  if (!total) throw new Error('callgrind wrote no total');
  return Number(total[1]);
}
