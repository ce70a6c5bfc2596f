import fc from 'fast-check';
import { Journal, type JournalReport, RecordKind } from '../../../src/payment/journal';
import { nodeCrc32 } from '../ports/ports';
import { Nor, type Phase, PowerCut, sectorsOf } from '../ports/nor';
import { holds } from '../../support/random';

const PHASES: Phase[] = ['before', 'middle', 'after'];

/** A key-value store on a journal: what must survive is easy to say. */
class Store {
  readonly values = new Map<number, number>();
  readonly journal: Journal;
  readonly report: JournalReport;

  constructor(nor: Nor) {
    this.journal = new Journal(nor, nodeCrc32, nor.sectors, {
      onRecord: (_kind, value) => this.take(value as [number, number]),
      carryOver: (write) => this.values.forEach((value, key) => write(RecordKind.Change, [key, value])),
    });
    this.report = this.journal.open();
  }

  put(key: number, value: number): void {
    this.journal.append(RecordKind.Change, [key, value]);
    this.take([key, value]);
  }

  private take([key, value]: [number, number]): void {
    this.values.set(key, value);
  }
}

describe('the journal', () => {
  test('finds everything again, over many turns of the ring', () => {
    const nor = new Nor(sectorsOf(3, 512));
    const store = new Store(nor);
    expect(store.report.isVirgin).toBe(true);
    for (let index = 0; index < 400; index++) {
      store.put(index % 7, index);
      expect(new Store(nor).values).toEqual(store.values);
    }
  });

  test('finds the records of one number wherever they lie, and the end of a sector from any place', () => {
    holds(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.string({ maxLength: 40 })), {
          minLength: 150,
          maxLength: 400,
        }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 8, max: 3000 }),
        (records, n, bytes) => {
          const nor = new Nor(sectorsOf(3, 4096));
          const journal = new Journal(nor, nodeCrc32, nor.sectors, {
            onRecord: () => {},
            carryOver: () => {},
          });
          journal.open();
          for (const record of records) journal.append(RecordKind.Change, record);
          for (let age = 0; age < 3; age++) {
            const all: unknown[] = [];
            const found: unknown[] = [];
            const end: unknown[] = [];
            journal.history(age, 0x7ffffffc, (_kind, value) => all.push(value));
            journal.find(age, `[${n},`, (_kind, value) => found.push(value));
            journal.history(age, bytes, (_kind, value) => end.push(value));
            expect(found).toEqual([
              ...all.slice(0, 1),
              ...all.filter((record) => (record as [number])[0] === n),
            ]);
            expect(end).toEqual(all.slice(all.length - end.length));
          }
        },
      ),
    );
  });

  test('loses nothing that was acknowledged, wherever the power is cut, and cut again while starting', () => {
    const puts: [number, number][] = Array.from({ length: 40 }, (_, index) => [index % 5, index]);
    for (const phase of PHASES) {
      for (let cutAt = 0; ; cutAt++) {
        const nor = new Nor(sectorsOf(3, 256));
        nor.cutAt = cutAt;
        nor.phase = phase;
        const acknowledged = new Map<number, number>();
        let attempted: [number, number] | undefined;
        let wasCut = false;
        try {
          const store = new Store(nor);
          for (const put of puts) {
            attempted = put;
            store.put(...put);
            acknowledged.set(...put);
          }
        } catch (error) {
          if (!(error instanceof PowerCut)) throw error;
          wasCut = true;
        }
        if (!wasCut) break;
        const expected = [new Map(acknowledged), new Map(acknowledged)];
        if (attempted) expected[1]!.set(...attempted);
        for (let again = 0; again < 6; again++) {
          const copy = new Nor(nor.sectors);
          nor.cells.copy(copy.cells);
          copy.cutAt = again;
          copy.phase = phase;
          try {
            new Store(copy);
          } catch (error) {
            if (!(error instanceof PowerCut)) throw error;
          }
          copy.restart();
          const found = new Store(copy);
          expect(expected).toContainEqual(found.values);
          found.put(99, cutAt);
          expect(new Store(copy).values.get(99)).toBe(cutAt);
        }
      }
    }
  });

  test('that is full refuses what is new, loses nothing, and goes on when less is needed', () => {
    for (let bytes = 160; bytes <= 320; bytes += 4) {
      const nor = new Nor(sectorsOf(3, bytes));
      const store = new Store(nor);
      let key = 10;
      const fill = (): void => {
        for (;;) store.put(key++, 5);
      };
      for (let round = 0; round < 3; round++) {
        expect(fill).toThrow('JOURNAL_FULL');
        expect(new Store(nor).values).toEqual(store.values);
        // Refused again, in the same way, by a module that has just started.
        expect(() => new Store(nor).put(99_999, 123_456_789)).toThrow('JOURNAL_FULL');
        expect(new Store(nor).values).toEqual(store.values);
        // What is no longer needed makes room.
        for (const old of [...store.values.keys()].slice(0, 3)) store.values.delete(old);
        store.put(key++, 6);
        expect(new Store(nor).values.get(key - 1)).toBe(6);
      }
    }
  });

  test('a record that was torn never comes back later, even if its bits settle', () => {
    const nor = new Nor(sectorsOf(3, 512));
    new Store(nor).put(1, 1);
    const before = Buffer.from(nor.cells);
    const whole = new Nor(nor.sectors);
    before.copy(whole.cells);
    new Store(whole).put(1, 2);
    // Torn: all there but for one bit of the CRC.
    const torn = new Nor(nor.sectors);
    whole.cells.copy(torn.cells);
    const lastCleared = whole.cells.findLastIndex((byte, index) => byte !== before[index]);
    const original = torn.cells[lastCleared]!;
    torn.cells[lastCleared] = original | (~original & 0xff & -(~original & 0xff));
    expect(new Store(torn).values.get(1)).toBe(1);
    torn.cells[lastCleared]! &= original;
    expect(new Store(torn).values.get(1)).toBe(1);
  });

  test('goes on behind a damaged record and says so', () => {
    const nor = new Nor(sectorsOf(3, 2048));
    const store = new Store(nor);
    for (let key = 0; key < 10; key++) store.put(key, key);
    const needle = nor.cells.indexOf('[4,4]');
    nor.cells[needle + 1]! &= 0x30;
    const again = new Store(nor);
    expect(again.report.skipped).toBe(1);
    expect([...again.values.keys()]).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
  });

  test('tells when the newest sector is gone instead of going back in time in silence', () => {
    const nor = new Nor(sectorsOf(3, 256));
    const store = new Store(nor);
    while (!nor.cells.subarray(256, 512).includes('GOOD')) store.put(1, 1);
    expect(new Store(nor).report.isStale).toBe(false);
    nor.cells.fill(0, 256, 512);
    expect(new Store(nor).report.isStale).toBe(true);
  });

  test('uses another place when cells are worn out', () => {
    const nor = new Nor(sectorsOf(3, 512));
    const store = new Store(nor);
    // Cells in the body of each sector, and in the header of one.
    const wornCells = [100, 131, 700, 1200, 1300, 520];
    for (let index = 0; index < 300; index++) {
      if (index % 40 === 0 && wornCells.length) nor.worn.add(wornCells.shift()!);
      store.put(index % 3, index);
    }
    expect(new Store(nor).values).toEqual(store.values);
  });

  test('a sector of garbage that is not the newest costs nothing', () => {
    holds(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (garbage) => {
        const nor = new Nor(sectorsOf(3, 512));
        const store = new Store(nor);
        for (let index = 0; index < 10; index++) store.put(index, index);
        Buffer.from(garbage).copy(nor.cells, 512);
        const again = new Store(nor);
        for (let index = 0; index < 60; index++) again.put(index % 8, index + 100);
        expect(new Store(nor).values).toEqual(again.values);
      }),
    );
  });

  test('one from a newer firmware is refused and left as it is', () => {
    const nor = new Nor(sectorsOf(3, 512));
    new Store(nor).put(1, 1);
    nor.cells[7] = 2;
    nor.cells.writeUInt32LE(nodeCrc32(nor.cells.toString('latin1', 4, 12)), 12);
    const before = Buffer.from(nor.cells);
    expect(() => new Store(nor)).toThrow('JOURNAL_VERSION');
    expect(nor.cells.equals(before)).toBe(true);
  });

  test('a record that is too long is refused before anything is written', () => {
    const nor = new Nor(sectorsOf(3, 512));
    const store = new Store(nor);
    const before = Buffer.from(nor.cells);
    expect(() => store.journal.append(RecordKind.Note, 'x'.repeat(250))).toThrow('JOURNAL_RECORD');
    expect(nor.cells.equals(before)).toBe(true);
  });

  test('erases ahead, so that a turn does not have to', () => {
    const nor = new Nor(sectorsOf(3, 256));
    const store = new Store(nor);
    expect(store.journal.needsErase()).toBe(true);
    store.journal.eraseAhead();
    expect(store.journal.needsErase()).toBe(false);
    const erase = jest.spyOn(nor, 'erase');
    while (!nor.cells.subarray(256, 512).includes('GOOD')) store.put(1, 1);
    expect(erase).not.toHaveBeenCalled();
  });
});
