/** A flash in a file is found again, also when the process that wrote it is gone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileStore, FlashChip } from '../../../sim/flash';
import { Random } from '../../../sim/time/random';

const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-flash-'));
afterAll(() => rmSync(folder, { recursive: true }));
const sectors = [{ address: 0x1000, bytes: 4096, eraseMs: 0, wordWriteUs: 0 }];

function chipIn(file: string): FlashChip {
  return new FlashChip({ sectors, store: new FileStore(file, 4096), random: new Random(1) });
}

describe('flash in a file', () => {
  it('has written every operation when it returns', () => {
    const file = path.join(folder, 'kept');
    const flash = chipIn(file);
    flash.write(0x1010, Uint8Array.of(1, 2, 3, 4));
    expect([...readFileSync(file).subarray(0x10, 0x14)]).toEqual([1, 2, 3, 4]);
    expect([...chipIn(file).read(0x1010, 4)]).toEqual([1, 2, 3, 4]);
    flash.erase(0x1000);
    expect(readFileSync(file).every((byte) => byte === 255)).toBe(true);
  });

  it('fills a short file up with blank bytes and leaves what is there', () => {
    const file = path.join(folder, 'short');
    writeFileSync(file, Uint8Array.of(7, 8));
    expect([...chipIn(file).read(0x1000, 4)]).toEqual([7, 8, 255, 255]);
    expect(readFileSync(file).length).toBe(4096);
  });
});
