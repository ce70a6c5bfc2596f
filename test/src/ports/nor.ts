/**
 * The simplest NOR flash that can be cut: bits only clear, sectors erase to 0xFF, and at operation `cutAt` the
 * power fails before, in the middle of, or after it. sim/flash is the faithful one; this checks the journal alone.
 */
import type { FlashPort, JournalSector } from '../../../src/payment/journal';

export class PowerCut extends Error {}

export type Phase = 'before' | 'middle' | 'after';

export class Nor implements FlashPort {
  readonly cells: Buffer;
  /** Operations so far; the power fails at number `cutAt`. */
  operations = 0;
  cutAt = Infinity;
  phase: Phase = 'before';
  /** Byte addresses whose bits are stuck at 0. */
  readonly worn = new Set<number>();
  private isDead = false;

  constructor(readonly sectors: readonly JournalSector[]) {
    this.cells = Buffer.alloc(
      sectors.reduce((sum, sector) => sum + sector.bytes, 0),
      0xff,
    );
  }

  restart(): void {
    this.isDead = false;
    this.cutAt = Infinity;
    this.operations = 0;
  }

  read(address: number, count: number): string {
    if (this.isDead) throw new PowerCut();
    return this.cells.toString('latin1', address, address + count);
  }

  write(address: number, bytes: string): void {
    if (address % 4 !== 0 || bytes.length % 4 !== 0) throw new Error('unaligned');
    this.perform((share) => {
      const count = Math.floor(bytes.length * share);
      for (let index = 0; index < count; index++) {
        this.cells[address + index]! &= this.worn.has(address + index) ? 0 : bytes.charCodeAt(index);
      }
      // The word under way at the cut has some of its bits cleared.
      if (share < 1) this.cells[address + count]! &= bytes.charCodeAt(count) | 0x5a;
    });
  }

  erase(address: number): void {
    const sector = this.sectors.find((candidate) => candidate.address === address);
    if (!sector) throw new Error('not a sector');
    this.perform((share) => this.cells.fill(0xff, address, address + Math.floor(sector.bytes * share)));
  }

  private perform(operation: (share: number) => void): void {
    if (this.isDead) throw new PowerCut();
    if (this.operations++ !== this.cutAt) {
      operation(1);
      return;
    }
    if (this.phase === 'middle') operation(0.55);
    if (this.phase === 'after') operation(1);
    this.isDead = true;
    throw new PowerCut();
  }
}

export function sectorsOf(count: number, bytes: number): JournalSector[] {
  return Array.from({ length: count }, (_, index) => ({ address: index * bytes, bytes }));
}
