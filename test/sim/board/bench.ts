/** A virtual board with a program given as text, for the tests of the board itself. */
import { journalSectors, loadProfile } from '../../../scripts/build/profile';
import { VirtualBoard, type VirtualBoardOptions } from '../../../sim/board';
import { FlashChip, memoryStore, type FlashStore } from '../../../sim/flash';
import { serialPair, type SerialPort } from '../../../sim/serial/line';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';

export interface Bench {
  readonly board: VirtualBoard;
  readonly clock: VirtualClock;
  readonly flash: FlashChip;
  readonly store: FlashStore;
  readonly host: SerialPort;
  readonly modem: SerialPort;
  readonly lines: string[];
  readonly crashes: unknown[];
  /** All bytes that the host has received. */
  heard(): string;
}

/** Moves the console out of the way and opens the host port. */
export const OPEN_HOST = `E.setConsole(null, { force: true }); Serial1.setup(115200, {});`;

/** Address of the first journal sector of the WiFi. */
export const AREA = 0x08004000;

export function bench(code: string, change: Partial<VirtualBoardOptions> = {}): Bench {
  const clock = new VirtualClock();
  const random = new Random(7);
  const profile = change.profile ?? loadProfile('espruino-wifi');
  const sectors = profile.journal.kind === 'flash' ? journalSectors(profile) : [];
  const store = memoryStore(sectors.reduce((sum, sector) => sum + sector.bytes, 0));
  const flash = new FlashChip({ sectors, random, store });
  const [host, uart1] = serialPair(clock, random);
  const [modem, uart2] = serialPair(clock, random.fork('modem'));
  const lines: string[] = [];
  const crashes: unknown[] = [];
  let heard = '';
  host.onData = (bytes) => {
    heard += bytes.toString('latin1');
  };
  const board = new VirtualBoard({
    code,
    profile,
    clock,
    random,
    flash,
    serials: { 1: uart1, 2: uart2 },
    bootMs: 100,
    onConsole: (line) => lines.push(line),
    onCrash: (error) => crashes.push(error),
    ...change,
  });
  return { board, clock, flash, store, host, modem, lines, crashes, heard: () => heard };
}

/** The same, switched on and run for a second. */
export function running(code: string, change: Partial<VirtualBoardOptions> = {}): Bench {
  const made = bench(code, change);
  made.board.powerOn();
  made.clock.advance(1000);
  return made;
}
