/**
 * A NOR flash chip as on an STM32F4: programming only clears bits, by words of four bytes, erase is by sector
 * and stalls the CPU; every operation has a number, and power can be cut before it, in the middle of it or
 * after it. A cut write leaves whole words, one half-programmed word and untouched ones; a cut erase leaves a
 * mixture; cells touched by a cut may read differently from one time to the next.
 * Rules from: RM0383 (STM32F411), sections 3.5.1 to 3.5.4; RM0090 (STM32F405), the same chapter.
 * Invariant: no operation but an erase ever sets a bit, and after a cut the chip does nothing until `powerOn`.
 */
import type { Random } from '../time/random';

export interface FlashSectorGeometry {
  readonly address: number;
  readonly bytes: number;
  /** How long an erase stalls the CPU. */
  readonly eraseMs: number;
  readonly wordWriteUs: number;
}

export type FlashOperationKind = 'write' | 'erase';
export type CutPhase = 'before' | 'during' | 'after';

export interface FlashOperation {
  /** Counted from 1 over the life of the chip object. */
  readonly number: number;
  readonly kind: FlashOperationKind;
  readonly address: number;
  readonly bytes: number;
}

/** Thrown when power fails at a flash operation; the code that called is dead. */
export class PowerCut extends Error {
  constructor(
    readonly operation: FlashOperation,
    readonly phase: CutPhase,
  ) {
    super(`power cut ${phase} ${operation.kind} ${operation.number}`);
  }
}

/** A use of the chip that the real one would not survive, or would answer with a fault. */
export class FlashFault extends Error {}

/** Where the bytes live: memory, or a file that lasts. */
export interface FlashStore {
  readonly bytes: Uint8Array;
  /** Makes `count` bytes from `offset` durable. */
  save(offset: number, count: number): void;
}

export interface FlashOptions {
  readonly sectors: readonly FlashSectorGeometry[];
  /** For what a torn operation leaves behind. */
  readonly random: Random;
  readonly store: FlashStore;
  /** Erases that a sector surely survives (RM0383 and data sheet: 10,000); beyond, cells get stuck. */
  readonly enduranceErases?: number;
  /** Whether cells touched by a cut may read unstably until they are erased or fully programmed again. */
  readonly unstableBits?: boolean;
}

export const WORD_BYTES = 4;
export const BLANK = 0xff;
const ENDURANCE_ERASES = 10_000;
/** Of the cells touched by a cut, so many are left at a level where they read at random. */
const UNSTABLE_SHARE = 0.1;
/** After the endurance, each erase leaves this share of a sector's words with a bit that stays 0. */
const WORN_WORD_SHARE = 0.001;

export class FlashChip {
  /** Asked before each operation; what it gives back is the phase at which power fails. */
  onOperation: (operation: FlashOperation) => CutPhase | undefined = () => undefined;

  private operationCount = 0;
  private changeCount = 0;
  private isDead = false;
  private stallMs = 0;
  private readonly offsets: number[] = [];
  private readonly eraseCounts: number[];
  /** Masks of bits that read at random, and of bits stuck at 0, by offset. */
  private readonly unstable = new Map<number, number>();
  private readonly stuck = new Map<number, number>();

  constructor(private readonly options: FlashOptions) {
    let offset = 0;
    for (const sector of options.sectors) {
      if (sector.bytes % WORD_BYTES !== 0 || sector.address % WORD_BYTES !== 0) {
        throw new FlashFault(`sector at ${hex(sector.address)} is not made of words`);
      }
      this.offsets.push(offset);
      offset += sector.bytes;
    }
    if (options.store.bytes.length !== offset) {
      throw new FlashFault(`the store has ${options.store.bytes.length} bytes, the chip ${offset}`);
    }
    this.eraseCounts = options.sectors.map(() => 0);
  }

  /** Operations so far. */
  get operations(): number {
    return this.operationCount;
  }

  /** How often cells have been changed, wholly or not: where this stands still, nothing has. */
  get changes(): number {
    return this.changeCount;
  }

  get sectors(): readonly FlashSectorGeometry[] {
    return this.options.sectors;
  }

  /** Erases of each sector since the chip object was made. */
  get wear(): readonly number[] {
    return this.eraseCounts;
  }

  /** Sets how often a sector has been erased already, for tests of worn flash. */
  setWear(sectorIndex: number, erases: number): void {
    this.eraseCounts[sectorIndex] = erases;
  }

  /** Milliseconds of CPU stall since the last call: whoever runs the CPU lets them pass. */
  takeStallMs(): number {
    const stallMs = this.stallMs;
    this.stallMs = 0;
    return stallMs;
  }

  /** Power is there (again). */
  powerOn(): void {
    this.isDead = false;
    this.stallMs = 0;
  }

  /** Power is gone: every call throws until `powerOn`. */
  powerOff(): void {
    this.isDead = true;
  }

  read(address: number, count: number): Uint8Array {
    this.assertAlive();
    const offset = this.locate(address, count);
    const bytes = this.options.store.bytes.slice(offset, offset + count);
    if (this.unstable.size > 0) this.disturb(bytes, offset);
    return bytes;
  }

  /** Clears bits. Address and length are multiples of four, inside one sector. */
  write(address: number, bytes: Uint8Array): void {
    this.assertAlive();
    if (address % WORD_BYTES !== 0 || bytes.length % WORD_BYTES !== 0) {
      throw new FlashFault(`write of ${bytes.length} bytes at ${hex(address)} is not aligned to words`);
    }
    if (bytes.length === 0) return;
    const offset = this.locate(address, bytes.length);
    const sector = this.options.sectors[this.sectorIndex(address)]!;
    const operation = this.begin('write', address, bytes.length);
    const phase = this.onOperation(operation);
    if (phase === 'before') this.cut(operation, phase);
    if (phase === 'during') {
      this.tornWrite(offset, bytes);
      this.cut(operation, phase);
    }
    this.program(offset, bytes, bytes.length);
    this.changed(offset, bytes.length);
    this.stallMs += (bytes.length / WORD_BYTES) * (sector.wordWriteUs / 1000);
    if (phase === 'after') this.cut(operation, phase);
  }

  /** Sets the sector that holds `address` to 0xFF. */
  erase(address: number): void {
    this.assertAlive();
    const index = this.sectorIndex(address);
    const sector = this.options.sectors[index]!;
    const operation = this.begin('erase', sector.address, sector.bytes);
    const phase = this.onOperation(operation);
    if (phase === 'before') this.cut(operation, phase);
    this.eraseCounts[index]! += 1;
    if (phase === 'during') {
      this.tornErase(index);
      this.cut(operation, phase);
    }
    const offset = this.offsets[index]!;
    this.options.store.bytes.fill(BLANK, offset, offset + sector.bytes);
    this.settle(offset, sector.bytes);
    this.wearOut(index);
    this.changed(offset, sector.bytes);
    this.stallMs += sector.eraseMs;
    if (phase === 'after') this.cut(operation, phase);
  }

  /** The sector that holds an address. */
  sectorAt(address: number): FlashSectorGeometry | undefined {
    return this.options.sectors.find(
      (sector) => address >= sector.address && address < sector.address + sector.bytes,
    );
  }

  private begin(kind: FlashOperationKind, address: number, bytes: number): FlashOperation {
    this.operationCount += 1;
    return { number: this.operationCount, kind, address, bytes };
  }

  private changed(offset: number, count: number): void {
    this.changeCount += 1;
    this.options.store.save(offset, count);
  }

  private cut(operation: FlashOperation, phase: CutPhase): never {
    this.isDead = true;
    throw new PowerCut(operation, phase);
  }

  private assertAlive(): void {
    if (this.isDead) throw new FlashFault('the chip has no power');
  }

  private program(offset: number, bytes: Uint8Array, count: number): void {
    const cells = this.options.store.bytes;
    for (let index = 0; index < count; index++) {
      const at = offset + index;
      cells[at]! &= bytes[index]! & ~(this.stuck.get(at) ?? 0);
      // A bit programmed to 0 again is a sure 0; one that was left in between stays so.
      const mask = (this.unstable.get(at) ?? 0) & bytes[index]!;
      if (this.unstable.has(at)) this.setUnstable(at, mask);
    }
  }

  private tornWrite(offset: number, bytes: Uint8Array): void {
    const random = this.options.random;
    const words = bytes.length / WORD_BYTES;
    const whole = random.between(0, words - 1) * WORD_BYTES;
    this.program(offset, bytes, whole);
    for (let index = whole; index < whole + WORD_BYTES; index++) {
      const keeps = random.uint32() & 0xff;
      this.half(offset + index, bytes[index]! | keeps, bytes[index]!);
    }
    this.changed(offset, whole + WORD_BYTES);
  }

  /** One byte of a word that was being programmed: some of its bits made it. */
  private half(at: number, reached: number, aim: number): void {
    const cells = this.options.store.bytes;
    const before = cells[at]!;
    cells[at] = before & reached;
    this.maybeUnstable(at, before & ~aim);
  }

  private tornErase(index: number): void {
    const { random, store, sectors } = this.options;
    const offset = this.offsets[index]!;
    const { bytes } = sectors[index]!;
    const how = random.fraction();
    for (let at = offset; at < offset + bytes; at++) {
      const before = store.bytes[at]!;
      // An erase first programs all cells to 0, then brings them up together: any stage may be met.
      const level = how < 0.2 ? before & random.uint32() : how < 0.4 ? 0 : before | random.uint32();
      store.bytes[at] = level & 0xff;
      if (random.chance(0.02)) this.maybeUnstable(at, 0xff);
    }
    this.changed(offset, bytes);
  }

  private maybeUnstable(at: number, touched: number): void {
    if (!this.options.unstableBits) return;
    const random = this.options.random;
    let mask = 0;
    for (let bit = 1; bit < 256; bit <<= 1) {
      if (touched & bit && random.chance(UNSTABLE_SHARE)) mask |= bit;
    }
    this.setUnstable(at, (this.unstable.get(at) ?? 0) | mask);
  }

  private setUnstable(at: number, mask: number): void {
    if (mask === 0) this.unstable.delete(at);
    else this.unstable.set(at, mask);
  }

  private settle(offset: number, count: number): void {
    for (const at of [...this.unstable.keys()]) {
      if (at >= offset && at < offset + count) this.unstable.delete(at);
    }
  }

  private disturb(bytes: Uint8Array, offset: number): void {
    for (const [at, mask] of this.unstable) {
      const index = at - offset;
      if (index < 0 || index >= bytes.length) continue;
      const noise = this.options.random.uint32() & mask;
      bytes[index] = (bytes[index]! & ~mask) | noise;
    }
  }

  private wearOut(index: number): void {
    const endurance = this.options.enduranceErases ?? ENDURANCE_ERASES;
    if (this.eraseCounts[index]! <= endurance) return;
    const { random, sectors, store } = this.options;
    const offset = this.offsets[index]!;
    const { bytes } = sectors[index]!;
    const wornWords = Math.max(1, Math.round((bytes / WORD_BYTES) * WORN_WORD_SHARE));
    for (let word = 0; word < wornWords; word++) {
      const at = offset + random.between(0, bytes - 1);
      this.stuck.set(at, (this.stuck.get(at) ?? 0) | (1 << random.between(0, 7)));
    }
    for (const [at, mask] of this.stuck) {
      if (at >= offset && at < offset + bytes) store.bytes[at]! &= ~mask;
    }
  }

  private sectorIndex(address: number): number {
    const index = this.options.sectors.findIndex(
      (sector) => address >= sector.address && address < sector.address + sector.bytes,
    );
    if (index < 0) throw new FlashFault(`no flash at ${hex(address)}`);
    return index;
  }

  private locate(address: number, count: number): number {
    const index = this.sectorIndex(address);
    const sector = this.options.sectors[index]!;
    const within = address - sector.address;
    if (within + count > sector.bytes) {
      throw new FlashFault(`${count} bytes at ${hex(address)} reach over the end of the sector`);
    }
    return this.offsets[index]! + within;
  }
}

function hex(address: number): string {
  return `0x${address.toString(16).padStart(8, '0')}`;
}
