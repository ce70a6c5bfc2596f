/** Both memories of the journal behind one port: the chip's flash and a SPI FRAM, on virtual boards. */

import { journalSectors, loadProfile } from '../../../scripts/build/profile';
import { memoryStore, type FlashStore } from '../../../sim/flash';
import { FramFlash, InternalFlash, type NativeFlash } from '../../../src/drivers/flash';
import { SpiBus } from '../../../sim/board/spi';
import { Random } from '../../../sim/time/random';
import { bench } from '../../sim/board/bench';
import { buildProgram } from '../../support/program';

const PROGRAM = `import { journalFlash, JOURNAL_SECTORS } from 'board-profile';
E.setConsole(null, { force: true });
const first = JOURNAL_SECTORS[0].address, second = JOURNAL_SECTORS[1].address, size = JOURNAL_SECTORS[0].bytes;
let long = '';
while (long.length < 400) long += String.fromCharCode(long.length & 255);
journalFlash.erase(first);
journalFlash.erase(second);
journalFlash.write(first + 8, long);
journalFlash.write(second, '\\x01\\x02\\x03\\x04');
print(journalFlash.read(first + 8, 400) === long, btoa(journalFlash.read(first, 12)), btoa(journalFlash.read(second, 4)));
journalFlash.erase(first);
print(btoa(journalFlash.read(first + 8, 4)), btoa(journalFlash.read(first + size - 4, 4)), btoa(journalFlash.read(second, 4)));`;

async function run(profileName: string): Promise<{ lines: string[]; fram: FlashStore }> {
  const { code, modules } = await buildProgram(profileName, PROGRAM);
  const profile = loadProfile(profileName);
  const fram = memoryStore(profile.fram?.bytes ?? 64);
  const made = bench(code, { profile, modules, fram });
  made.board.powerOn();
  made.clock.advance(20_000);
  expect(made.crashes).toEqual([]);
  return { lines: made.lines, fram };
}

describe('memory of the journal', () => {
  it.each(['espruino-wifi', 'stm32f4-generic', 'pico', 'rp2040'])(
    '%s reads what it wrote and erases by sector',
    async (name) => {
      const { lines } = await run(name);
      expect(lines).toEqual([
        'true //////////8AAQID AQIDBA==',
        '///// ///// AQIDBA=='.replace(/\/{5}/g, '/////w=='),
      ]);
    },
  );

  it('is in the FRAM on the Pico', async () => {
    const { fram } = await run('pico');
    const second = journalSectors(loadProfile('pico'))[1]!.address;
    expect([...fram.bytes.subarray(second, second + 4)]).toEqual([1, 2, 3, 4]);
  });
});

describe('internal flash', () => {
  it('erases a sector page by page where pages are smaller', () => {
    const erased: number[] = [];
    const chip: NativeFlash = {
      read: () => new Uint8Array(0),
      write: () => {},
      erasePage: (address) => erased.push(address),
      getPage: (address) => ({ addr: address & ~1023, length: 1024 }),
    };
    new InternalFlash(chip, () => '', 4096).erase(0x10034000);
    expect(erased).toEqual([0x10034000, 0x10034400, 0x10034800, 0x10034c00]);
  });

  it('says so when there is no page', () => {
    const chip = { getPage: () => undefined } as unknown as NativeFlash;
    expect(() => new InternalFlash(chip, () => '', 1024).erase(0)).toThrow('FLASH_PAGE');
  });
});

describe('FRAM', () => {
  const chip = (): { bus: SpiBus; fram: FramFlash; store: FlashStore } => {
    const store = memoryStore(8192);
    const bus = new SpiBus(store, new Random(1));
    const api = bus.api(() => {}) as { send(bytes: string, pin: string): string };
    return { bus, store, fram: new FramFlash(api, 'A4', 2048) };
  };

  it('writes nothing without the write enable before it', () => {
    const { bus, store } = chip();
    const api = bus.api(() => {}) as { send(bytes: string): string };
    api.send('\x02\x00\x00\x01\x02');
    expect(store.bytes[0]).toBe(255);
    api.send('\x06');
    api.send('\x02\x00\x00\x01\x02');
    expect([store.bytes[0], store.bytes[1]]).toEqual([1, 2]);
  });

  it('leaves the head of a write that power cut in the middle', () => {
    const { bus, store, fram } = chip();
    bus.onOperation = ({ number }) => (number === 2 ? 'during' : undefined);
    fram.write(0, '\0'.repeat(100));
    expect(() => fram.write(100, '\0'.repeat(100))).toThrow(/power cut during/);
    const zeros = store.bytes.filter((byte) => byte === 0).length;
    expect(zeros).toBeGreaterThanOrEqual(100);
    expect(zeros).toBeLessThan(200);
  });
});
