/**
 * The settings page of a module damaged in every way, on the real interpreter: it boots, says that it has no identity,
 * opens its bench console, and takes a new identity; where a newer firmware wrote the page, it is left untouched.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { buildFirmware } from '../../../scripts/build/build';
import { makeBrisk } from '../../../sim/interpreter/brisk';
import { InterpreterBox } from '../../../sim/interpreter/box';
import { RealNetwork } from '../../../sim/network/real-network';
import { Machine } from '../../../sim/product/machine';
import { Random } from '../../../sim/time/random';
import { type HostFields, HostType } from '../../../src/protocol/host';
import { CabledBoard, command, interpreter, type Said } from './board';
import { LooseClock } from './loose-clock';

const FLASH_START = 0x10000000;
const LIMIT_MS = 20_000;
const STORAGE = 18;
const IDENTITY = {
  id: 'CSBENCH1',
  key: '000102030405060708090a0b0c0d0e0f',
  host: 'gateway.example',
  port: 7001,
  apn: 'cmnet',
  user: 'someone',
  pass: 'word',
  pin: '1234',
};
const onInterpreter = interpreter ? describe : describe.skip;

onInterpreter('a damaged settings page', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-damaged-'));
  const clock = new LooseClock();
  const network = new RealNetwork({ clock });
  const random = new Random(1);
  let box: InterpreterBox;
  let machine: Machine;
  let flashFile: string;
  /** The flash of a module that has its identity. */
  let good: Buffer;
  let journal: { from: number; to: number };

  beforeAll(async () => {
    const firmware = await buildFirmware('linux');
    if (firmware.profile.journal.kind !== 'flash') throw new Error('the interpreter has a journal in flash');
    const { sectors } = firmware.profile.journal;
    const last = sectors[sectors.length - 1]!;
    journal = { from: sectors[0]!.address - FLASH_START, to: last.address + last.bytes - FLASH_START };
    box = await InterpreterBox.make({
      interpreter: makeBrisk(interpreter!, folder),
      firmware,
      folder: path.join(folder, 'box'),
      clock,
      random,
      network,
    });
    flashFile = path.join(folder, 'box', 'espruino.flash');
    machine = new Machine(box.host, clock);
    await start();
    await provision();
    await box.cutPower();
    good = readFileSync(flashFile);
  });

  afterAll(async () => {
    await box.close();
    network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<HostFields> {
    const info = machine.waitFor(HostType.Info, () => true, LIMIT_MS);
    box.powerOn();
    return info;
  }

  async function provision(): Promise<void> {
    const info = machine.waitFor(HostType.Info, ({ deviceId }) => deviceId === IDENTITY.id, LIMIT_MS);
    await machine.request(HostType.Provision, { json: JSON.stringify(IDENTITY) });
    await info;
  }

  /** Starts the module on a flash that is as good but for a change of its journal. */
  async function startWith(damage: (page: Buffer) => void): Promise<HostFields> {
    await box.cutPower();
    const flash = Buffer.from(good);
    damage(flash.subarray(journal.from, journal.to));
    writeFileSync(flashFile, flash);
    return start();
  }

  async function lastStart(): Promise<string> {
    const lines: string[] = [];
    const listener = (type: HostType, { text }: HostFields): void => {
      if (type === HostType.Log) lines.push(text as string);
    };
    machine.listeners.add(listener);
    const last = machine.waitFor(HostType.Log, ({ left }) => left === 0, LIMIT_MS);
    await machine.request(HostType.GetLog, { order: 0, count: 20 });
    await last;
    machine.listeners.delete(listener);
    return lines.filter((line) => line.includes('START')).pop()!;
  }

  it('is none when nothing is damaged', async () => {
    expect(await startWith(() => {})).toMatchObject({ deviceId: IDENTITY.id });
  });

  it.each(Object.keys(IDENTITY))(
    'a bit of the %s has changed: no identity, and the log tells of it',
    async (field) => {
      const info = await startWith((page) => {
        const at = page.indexOf(`"${field}":`) + field.length + 4;
        page[at]! ^= 1;
      });
      expect(info).toMatchObject({ deviceId: '' });
      // The reason of the start, the time, and how many places could not be read.
      expect(await lastStart()).toMatch(/^0 START \S+ \S+ 1$/);
    },
    60_000,
  );

  const lost: [string, (page: Buffer) => void][] = [
    ['torn in the midst of the identity', (page) => page.fill(0xff, page.indexOf('"apn":'))],
    ['blank', (page) => page.fill(0xff)],
    ['zero', (page) => page.fill(0)],
    ['noise', (page) => random.bytes(page.length).copy(page)],
    ['noise behind the headers', (page) => random.bytes(page.length - 64).copy(page, 64)],
    ['without a commit mark', (page) => page.fill(0xff, 16, 20)],
  ];

  it.each(lost)(
    '%s: boots without an identity, and takes one again',
    async (_what, damage) => {
      expect(await startWith(damage)).toMatchObject({ deviceId: '' });
      await machine.request(HostType.Hello, { version: 1, name: 'test' });
      await provision();
      expect(machine.info).toMatchObject({ deviceId: IDENTITY.id });
    },
    60_000,
  );

  it('of a newer firmware: boots, refuses with STORAGE, and leaves the page as it is', async () => {
    const newer = (page: Buffer): void => {
      for (let at = 0; at < page.length; at += 16384) {
        if (page.toString('latin1', at + 4, at + 8) !== 'CSJ\x01') continue;
        page[at + 7] = 2;
        page.writeUInt32LE(crc32(page.subarray(at + 4, at + 12)), at + 12);
      }
    };
    expect(await startWith(newer)).toMatchObject({ deviceId: '' });
    const json = JSON.stringify(IDENTITY);
    await expect(machine.request(HostType.Provision, { json })).rejects.toMatchObject({ reason: STORAGE });
    await box.cutPower();
    const expected = Buffer.from(good);
    newer(expected.subarray(journal.from, journal.to));
    expect(readFileSync(flashFile).subarray(journal.from).equals(expected.subarray(journal.from))).toBe(true);
  });

  /** A program of another name is not run: as on a board whose button is held while it starts. */
  function withButtonHeld(flash: Buffer): Buffer {
    const held = Buffer.from(flash);
    held.write('.bootcdx', held.indexOf('.bootcde'), 'latin1');
    return held;
  }

  it('is not touched by flashing: identity and settings are there with the new program', async () => {
    await startWith(() => {});
    await machine.request(HostType.SetSettings, { json: '{"onMs":777}' });
    await box.cutPower();
    const before = readFileSync(flashFile);
    const board = new CabledBoard();
    try {
      writeFileSync(path.join(board.folder, 'espruino.flash'), withButtonHeld(before));
      const port = await board.plugIn();
      const flashed = (): Promise<Said> => command('scripts/flash.ts', '--port', port, '--board', 'linux');
      let { status, text } = await flashed();
      // The interpreter may have ended itself; the same command again, as its sentence says.
      for (let crashes = 0; status !== 0 && board.crashes > crashes; crashes = board.crashes) {
        ({ status, text } = await flashed());
      }
      expect(text).toMatch(/read back byte by byte\nthis module has kept its identity and its orders/);
      expect(status).toBe(0);
      writeFileSync(flashFile, readFileSync(path.join(board.folder, 'espruino.flash')));
    } finally {
      board.close();
    }
    const pages = [before, readFileSync(flashFile)].map((flash) => flash.subarray(journal.from));
    expect(pages[0]!.equals(pages[1]!)).toBe(true);
    expect(await start()).toMatchObject({ deviceId: IDENTITY.id });
    const settings = machine.waitFor(HostType.Settings, () => true, LIMIT_MS);
    await machine.request(HostType.GetSettings);
    expect((await settings).json).toContain('"onMs":777');
  }, 300_000);

  it('keeps the console of a module shut until its button is held, and flashing says so', async () => {
    const board = new CabledBoard();
    try {
      writeFileSync(path.join(board.folder, 'espruino.flash'), good);
      const port = await board.plugIn();
      const { status, text } = await command('scripts/flash.ts', '--port', port, '--board', 'linux');
      expect(text).toMatch(/nobody answers at .*it answers when it is started with its button held/);
      expect(status).toBe(1);
      expect(
        readFileSync(path.join(board.folder, 'espruino.flash'))
          .subarray(0, journal.from)
          .equals(good.subarray(0, journal.from)),
      ).toBe(true);
    } finally {
      board.close();
    }
  });
});
