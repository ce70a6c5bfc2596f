/** Flash as RM0383, section 3.5 has it, and as a power cut leaves it. */
import { FlashChip, FlashFault, memoryStore, PowerCut, type CutPhase } from '../../../sim/flash';
import { Random } from '../../../sim/time/random';

const BASE = 0x08004000;
const SECTOR = 16384;

function chip(options: { seed?: number; unstableBits?: boolean; enduranceErases?: number } = {}): FlashChip {
  const sectors = [0, 1, 2].map((index) => ({
    address: BASE + index * SECTOR,
    bytes: SECTOR,
    eraseMs: 400,
    wordWriteUs: 16,
  }));
  const random = new Random(options.seed ?? 1);
  return new FlashChip({ sectors, store: memoryStore(3 * SECTOR), ...options, random });
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function read(flash: FlashChip, address: number, count: number): number[] {
  return [...flash.read(address, count)];
}

/** Cuts power at the next operation; gives the error. */
function cutAt(flash: FlashChip, phase: CutPhase, operation: () => void): unknown {
  flash.onOperation = () => phase;
  let thrown: unknown;
  try {
    operation();
  } catch (error) {
    thrown = error;
  }
  flash.onOperation = () => undefined;
  return thrown;
}

describe('flash chip', () => {
  it('is blank at first', () => {
    expect(read(chip(), BASE, 4)).toEqual([255, 255, 255, 255]);
  });

  it('only clears bits when it is written', () => {
    const flash = chip();
    flash.write(BASE, bytes(0b10101010, 0, 255, 0x5a));
    flash.write(BASE, bytes(0b11001100, 255, 0x0f, 0xa5));
    expect(read(flash, BASE, 4)).toEqual([0b10001000, 0, 0x0f, 0]);
  });

  it.each([
    ['an unaligned address', BASE + 2, 4],
    ['an odd length', BASE, 3],
    ['an address outside', BASE - 4, 4],
    ['a write over the end of a sector', BASE + SECTOR - 4, 8],
  ])('refuses %s', (_what, address, count) => {
    expect(() => chip().write(address, new Uint8Array(count))).toThrow(FlashFault);
  });

  it('erases the whole sector of an address and no other', () => {
    const flash = chip();
    for (const index of [0, 1, 2]) flash.write(BASE + index * SECTOR, bytes(1, 2, 3, 4));
    flash.erase(BASE + SECTOR + 100);
    expect([0, 1, 2].map((index) => flash.read(BASE + index * SECTOR, 1)[0])).toEqual([1, 255, 1]);
    expect(flash.wear).toEqual([0, 1, 0]);
  });

  it('tells how long the CPU stalls: 400 ms for an erase, 16 µs for a word', () => {
    const flash = chip();
    flash.erase(BASE);
    flash.write(BASE, new Uint8Array(40));
    expect(flash.takeStallMs()).toBeCloseTo(400.16, 6);
    expect(flash.takeStallMs()).toBe(0);
  });

  it('numbers its operations', () => {
    const flash = chip();
    const seen: [number, string, number][] = [];
    flash.onOperation = ({ number, kind, address }) => {
      seen.push([number, kind, address]);
      return undefined;
    };
    flash.write(BASE, bytes(1, 2, 3, 4));
    flash.erase(BASE + SECTOR + 8);
    flash.read(BASE, 4);
    expect(seen).toEqual([
      [1, 'write', BASE],
      [2, 'erase', BASE + SECTOR],
    ]);
    expect(flash.operations).toBe(2);
  });
});

describe('power cut at a flash operation', () => {
  it('before a write leaves nothing of it, after it all of it', () => {
    const flash = chip();
    expect(cutAt(flash, 'before', () => flash.write(BASE, bytes(1, 2, 3, 4)))).toBeInstanceOf(PowerCut);
    flash.powerOn();
    expect(read(flash, BASE, 4)).toEqual([255, 255, 255, 255]);
    cutAt(flash, 'after', () => flash.write(BASE, bytes(1, 2, 3, 4)));
    flash.powerOn();
    expect(read(flash, BASE, 4)).toEqual([1, 2, 3, 4]);
  });

  it('leaves the chip dead until power is back', () => {
    const flash = chip();
    cutAt(flash, 'after', () => flash.write(BASE, bytes(1, 2, 3, 4)));
    expect(() => flash.read(BASE, 4)).toThrow(FlashFault);
    expect(() => flash.write(BASE, bytes(0, 0, 0, 0))).toThrow(FlashFault);
    flash.powerOn();
    expect(read(flash, BASE, 4)).toEqual([1, 2, 3, 4]);
  });

  it('in the middle of a write leaves whole words, one torn word and untouched ones', () => {
    const record = Uint8Array.from({ length: 32 }, (_, index) => index);
    const endings = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const flash = chip({ seed });
      cutAt(flash, 'during', () => flash.write(BASE, record));
      flash.powerOn();
      const left = flash.read(BASE, 32);
      let torn = 0;
      while (torn < 32 && left.subarray(torn, torn + 4).every((byte, at) => byte === record[torn + at]))
        torn += 4;
      endings.add(torn);
      for (let at = torn; at < torn + 4 && at < 32; at++) expect(left[at]! & record[at]!).toBe(record[at]);
      for (let at = torn + 4; at < 32; at++) expect(left[at]).toBe(255);
    }
    expect(endings.size).toBeGreaterThanOrEqual(8);
  });

  it('in the middle of an erase can leave old, cleared and blank bits', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const flash = chip({ seed });
      flash.write(BASE, new Uint8Array(SECTOR).fill(0x55));
      cutAt(flash, 'during', () => flash.erase(BASE));
      flash.powerOn();
      const left = flash.read(BASE, SECTOR);
      const zeros = left.filter((byte) => byte === 0).length;
      const raised = left.some((byte) => (byte & 0xaa) !== 0);
      seen.add(zeros === SECTOR ? 'all cleared' : raised ? 'partly blank' : 'partly cleared');
    }
    expect([...seen].sort()).toEqual(['all cleared', 'partly blank', 'partly cleared']);
  });

  it('may leave bits that read differently from one time to the next, until they are erased', () => {
    let unstable = 0;
    for (let seed = 0; seed < 50; seed++) {
      const flash = chip({ seed, unstableBits: true });
      cutAt(flash, 'during', () => flash.write(BASE, new Uint8Array(64)));
      flash.powerOn();
      const readings = new Set(Array.from({ length: 20 }, () => String(flash.read(BASE, 64))));
      if (readings.size > 1) unstable += 1;
      flash.erase(BASE);
      expect(flash.read(BASE, 64).every((byte) => byte === 255)).toBe(true);
    }
    expect(unstable).toBeGreaterThan(10);
  });

  it('leaves a bit that is programmed again at a sure 0', () => {
    for (let seed = 0; seed < 20; seed++) {
      const flash = chip({ seed, unstableBits: true });
      cutAt(flash, 'during', () => flash.write(BASE, new Uint8Array(64)));
      flash.powerOn();
      flash.write(BASE, new Uint8Array(64));
      for (let times = 0; times < 20; times++) {
        expect(flash.read(BASE, 64).every((byte) => byte === 0)).toBe(true);
      }
    }
  });

  it('is the same for the same seed', () => {
    const left = [1, 1, 2].map((seed) => {
      const flash = chip({ seed });
      cutAt(flash, 'during', () => flash.write(BASE, new Uint8Array(256)));
      flash.powerOn();
      return String(flash.read(BASE, 256));
    });
    expect(left[0]).toBe(left[1]);
    expect(left[0]).not.toBe(left[2]);
  });
});

describe('worn flash', () => {
  it('keeps some bits at 0 after more erases than it is good for', () => {
    const flash = chip({ enduranceErases: 10_000 });
    flash.setWear(0, 10_000);
    flash.erase(BASE);
    expect(flash.read(BASE, SECTOR).some((byte) => byte !== 255)).toBe(true);
    flash.setWear(1, 9_999);
    flash.erase(BASE + SECTOR);
    expect(flash.read(BASE + SECTOR, SECTOR).every((byte) => byte === 255)).toBe(true);
  });
});
