/**
 * The journal: a ring of flash sectors in which nothing that was acknowledged is ever lost (docs/journal.md:
 * layout, recovery, wear). Keeps records; what they mean is left to orders.ts.
 * Rules from: RM0383 (STM32F411), section 3.5: programming only clears bits, erase is by sector; a cut in the
 * middle leaves any mixture.
 * Invariant: the committed sector with the highest generation alone holds the whole truth, because a sector is
 * committed only after everything still needed has been copied into it; a record counts only with its CRC; and a
 * sector marked as history is never taken for the truth in silence.
 */
import { readU16, readU32, u32 } from '../protocol/bytes';
import type { Crc32 } from '../protocol/ports';

/** Flash as the journal needs it. `bytes` and addresses are multiples of 4. Any call may throw. */
export interface FlashPort {
  read(address: number, count: number): string;
  /** Clears bits; what stands there afterwards is old AND new. */
  write(address: number, bytes: string): void;
  /** Sets the whole sector that begins at `address` to 0xFF. */
  erase(address: number): void;
}

export interface JournalSector {
  readonly address: number;
  readonly bytes: number;
}

export const enum RecordKind {
  /** [lastOrder, starts, dispensedCount]: first in each sector. */
  Base = 1,
  /** An order as it stands, with all that is needed to go on. */
  Order = 2,
  /** [n, state, reason, …]: a change of an order. */
  Change = 3,
  /** The settings object. */
  Settings = 4,
  /** [resetReason]: the module started. */
  Start = 5,
  /** [what, text, timeS]: something about the module itself. */
  Note = 6,
  /** The module's identity. */
  Identity = 7,
}

export interface JournalOwner {
  /** A record found while opening, oldest first. */
  onRecord(kind: RecordKind, value: unknown): void;
  /** Everything that the next sector must begin with. */
  carryOver(write: (kind: RecordKind, value: unknown) => void): void;
}

/** What opening found. */
export interface JournalReport {
  /** Places where something unreadable was passed over. */
  skipped: number;
  /** True when no committed sector was there: a new module, or a new flash. */
  isVirgin: boolean;
  /** True when the newest sector cannot be read any more: what was found is older than what happened. */
  isStale: boolean;
}

/** 'CSJ' and the version of the layout. */
const FORMAT = 'CSJ\x01';
/** Written after an erase has finished: the sector is blank and its bits are settled. */
const ERASED_MARK = 'EROK';
/** Written last of all when a sector is prepared. */
const COMMIT_MARK = 'GOOD';
/** Written when the next sector has been committed: this one is history. */
const PAST_MARK = 'PAST';
/** erased mark, format, generation, CRC of both, commit mark, past mark. */
const HEADER_BYTES = 24;
const COMMIT_AT = 16;
const PAST_AT = 20;
const RECORD_OVERHEAD_BYTES = 8;
export const MAX_RECORD_BYTES = 250;
const BLANK_WORD = '\xff\xff\xff\xff';
const DEAD_WORD = '\0\0\0\0';
/** A write that reads back wrong (a worn cell) is tried again further on, so often. */
const MAX_WRITE_TRIES = 4;
/** CRC-32 of anything that its own CRC-32 follows. */
const CRC_OF_WHOLE = 0x2144df1c;
/** Bytes read at once: the most that a FRAM gives (drivers/flash). */
const PIECE_BYTES = 512;
/** How far a search goes on with each piece: what lies across two is found in the first. */
const SEARCH_BYTES = 496;

/** Bytes that a record with so many bytes of payload takes in flash. */
function recordBytes(payloadBytes: number): number {
  return RECORD_OVERHEAD_BYTES + ((payloadBytes + 3) & ~3);
}

export class Journal {
  private active: number;
  private generation: number;
  private offset: number;
  private sequence: number;
  /** Sectors known to be erased and marked. */
  private readonly isErased: boolean[];
  private isTurning: boolean;

  constructor(
    private readonly flash: FlashPort,
    private readonly crc32: Crc32,
    private readonly sectors: readonly JournalSector[],
    private readonly owner: JournalOwner,
  ) {
    this.active = -1;
    this.generation = 0;
    this.offset = 0;
    this.sequence = 0;
    this.isErased = [];
    this.isTurning = false;
  }

  /**
   * Finds the newest committed sector and gives its records to the owner. Throws 'JOURNAL_VERSION' when a
   * newer firmware wrote it: nothing is changed then.
   */
  open(): JournalReport {
    const report: JournalReport = { skipped: 0, isVirgin: true, isStale: false };
    for (let index = 0; index < this.sectors.length; index++) this.inspect(index);
    if (this.active < 0) {
      this.turn();
      return report;
    }
    report.isVirgin = false;
    report.isStale = this.flash.read(this.sector().address + PAST_AT, 4) !== BLANK_WORD;
    this.replay(report);
    if (report.isStale) this.turn();
    else this.markPast(this.generation - 1);
    return report;
  }

  /** Adds a record; it is durable when this returns. Throws 'JOURNAL_FULL' or what the flash throws. */
  append(kind: RecordKind, value: unknown): void {
    const text = JSON.stringify(value);
    if (text.length > MAX_RECORD_BYTES) throw new Error('JOURNAL_RECORD');
    const mostBytes = RECORD_OVERHEAD_BYTES + text.length + 3;
    for (let tries = 0; tries < MAX_WRITE_TRIES; tries++) {
      if (mostBytes > this.freeBytes() && !this.isTurning) this.turn();
      // What is carried over may leave no room for it: it must not run into the next sector.
      if (mostBytes > this.freeBytes()) throw new Error('JOURNAL_FULL');
      if (this.put(kind, text)) return;
    }
    throw new Error('JOURNAL_WORN');
  }

  /** How many sectors the ring has. */
  sectorCount(): number {
    return this.sectors.length;
  }

  /** Bytes left in the active sector. */
  freeBytes(): number {
    return this.sector().bytes - this.offset;
  }

  /** True when the sector that comes next still has to be erased. */
  needsErase(): boolean {
    return !this.isErased[(this.active + 1) % this.sectors.length];
  }

  /** Erases the sector that comes next. Stalls for up to half a second: call it in an idle moment. */
  eraseAhead(): void {
    const next = (this.active + 1) % this.sectors.length;
    if (!this.isErased[next]) this.erase(next);
  }

  /**
   * Gives the records in the last `bytes` of the sector that was filled `age` turns ago to `onRecord`, oldest first. What
   * cannot be read is passed over. The rest is not looked at: a whole ring would take a board a quarter of a minute.
   */
  history(age: number, bytes: number, onRecord: JournalOwner['onRecord']): void {
    const index = this.indexOf(age);
    const generation = this.generationOf(index);
    if (generation < 0) return;
    const end = age ? this.sectors[index]!.bytes : this.offset;
    this.scan(index, generation, { onRecord }, false, Math.max(HEADER_BYTES, end - (bytes & ~3)), end);
  }

  /** The first record, which knows the time, and those whose JSON begins with `prefix`, 16 bytes at the most. */
  find(age: number, prefix: string, onRecord: JournalOwner['onRecord']): void {
    const index = this.indexOf(age);
    const generation = this.generationOf(index);
    if (generation < 0) return;
    const sector = this.sectors[index]!;
    const give = (from: number): number =>
      this.scan(index, generation, { onRecord }, false, from, from + RECORD_OVERHEAD_BYTES);
    give(HEADER_BYTES);
    for (let at = 0; at < sector.bytes; at += SEARCH_BYTES) {
      const bytes = this.flash.read(sector.address + at, Math.min(PIECE_BYTES, sector.bytes - at));
      let hit = bytes.indexOf(prefix);
      while (hit >= 0 && hit < SEARCH_BYTES) {
        give(at + hit - 4);
        hit = bytes.indexOf(prefix, hit + 1);
      }
    }
  }

  /** The sector that was filled `age` turns ago. */
  private indexOf(age: number): number {
    return (this.active + this.sectors.length - age) % this.sectors.length;
  }

  private sector(): JournalSector {
    return this.sectors[this.active]!;
  }

  /** Marks the sector of a generation as history, unless it is. */
  private markPast(generation: number): void {
    for (let index = 0; index < this.sectors.length; index++) {
      const address = this.sectors[index]!.address + PAST_AT;
      if (this.generationOf(index) === generation && this.flash.read(address, 4) === BLANK_WORD) {
        this.flash.write(address, PAST_MARK);
      }
    }
  }

  /** The generation of a committed sector, -1 for any other. */
  private generationOf(index: number): number {
    const header = this.flash.read(this.sectors[index]!.address, HEADER_BYTES);
    if (header.substr(COMMIT_AT, 4) !== COMMIT_MARK) return -1;
    if (readU32(header, 12) !== this.crc32(header.substr(4, 8))) return -1;
    if (header.substr(4, 4) !== FORMAT) {
      if (header.substr(4, 3) === FORMAT.substr(0, 3) && header.charCodeAt(7) > FORMAT.charCodeAt(3)) {
        throw new Error('JOURNAL_VERSION');
      }
      return -1;
    }
    return readU32(header, 8);
  }

  private inspect(index: number): void {
    const generation = this.generationOf(index);
    if (generation >= this.generation) {
      this.generation = generation;
      this.active = index;
    }
    const address = this.sectors[index]!.address;
    this.isErased[index] =
      generation < 0 && this.flash.read(address, 4) === ERASED_MARK && this.isBlank(index, 4);
  }

  /** Whether a sector is blank from `offset` on. */
  private isBlank(index: number, offset: number): boolean {
    const sector = this.sectors[index]!;
    const blank = BLANK_WORD.repeat(PIECE_BYTES / 4);
    while (offset < sector.bytes) {
      const count = Math.min(PIECE_BYTES, sector.bytes - offset);
      if (this.flash.read(sector.address + offset, count) !== blank.substr(0, count)) return false;
      offset += count;
    }
    return true;
  }

  private replay(report: JournalReport): void {
    const sector = this.sector();
    this.offset = this.scan(this.active, this.generation, this.owner, report, HEADER_BYTES, sector.bytes);
  }

  /**
   * A cut may leave bits that read now this way and now that. Programming the same value again settles the last
   * sound record; clearing the first word of an unsound one makes sure that it never reads sound later.
   */
  private settle(address: number, count: number): void {
    this.flash.write(address, this.flash.read(address, count));
  }

  /**
   * Reads the records of a sector that begin at `from` or later and not behind `end`; gives the offset behind the last
   * thing that was ever written there. With a `report` the sector is the active one, and is mended where a cut left
   * something unsound. Flash is read in pieces of many records: this runs at each start, hundreds of times.
   */
  private scan(
    index: number,
    generation: number,
    sink: Pick<JournalOwner, 'onRecord'>,
    report: JournalReport | false,
    from: number,
    end: number,
  ): number {
    const address = this.sectors[index]!.address;
    const sectorBytes = this.sectors[index]!.bytes;
    const tail = u32(generation);
    let bytes = '';
    let bytesAt = from;
    let offset = from;
    let lastAt = 0;
    let isLost = false;
    while (offset + RECORD_OVERHEAD_BYTES <= end) {
      let at = offset - bytesAt;
      // Past the end of the piece a character's code is NaN, which counts for 0 here.
      let wholeBytes = RECORD_OVERHEAD_BYTES + ((bytes.charCodeAt(at) + 3) & ~3);
      if (at + wholeBytes > bytes.length) {
        bytes = this.flash.read(address + offset, Math.min(PIECE_BYTES, sectorBytes - offset));
        bytesAt = offset;
        at = 0;
        wholeBytes = RECORD_OVERHEAD_BYTES + ((bytes.charCodeAt(0) + 3) & ~3);
      }
      const record = bytes.substr(at, 4 + bytes.charCodeAt(at));
      // What ran over the end of the sector would have no CRC.
      if (this.crc32(record + tail + bytes.substr(at + wholeBytes - 4, 4)) === CRC_OF_WHOLE) {
        sink.onRecord(record.charCodeAt(1), JSON.parse(record.substr(4)));
        lastAt = offset;
        offset += wholeBytes;
        isLost = false;
      } else {
        if (bytes.substr(at, 4) === BLANK_WORD && this.isBlank(index, offset)) break;
        if (report && !isLost) {
          report.skipped++;
          this.flash.write(address + offset, DEAD_WORD);
        }
        isLost = true;
        offset += 4;
      }
    }
    if (report) this.mend(address, lastAt);
    return offset;
  }

  /** Settles the commit mark and the last sound record of the active sector, and counts on from it. */
  private mend(address: number, lastAt: number): void {
    this.settle(address + COMMIT_AT, 4);
    if (!lastAt) return;
    const header = this.flash.read(address + lastAt, 4);
    this.sequence = (readU16(header, 2) + 1) & 0xffff;
    this.settle(address + lastAt, recordBytes(header.charCodeAt(0)));
  }

  /** Writes one record at the end of the active sector; gives whether it reads back. */
  private put(kind: RecordKind, text: string): boolean {
    const sequence = this.sequence;
    const body = String.fromCharCode(text.length, kind, sequence & 255, sequence >> 8) + text;
    const padding = BLANK_WORD.substr(0, -text.length & 3);
    // The short ends first: each `+` copies all that stands before it.
    const record = body + (padding + u32(this.crc32(body + u32(this.generation))));
    const address = this.sector().address + this.offset;
    this.offset += record.length;
    this.flash.write(address, record);
    if (this.flash.read(address, record.length) !== record) return false;
    this.sequence = (sequence + 1) & 0xffff;
    return true;
  }

  private erase(index: number): void {
    const address = this.sectors[index]!.address;
    this.isErased[index] = false;
    this.flash.erase(address);
    this.flash.write(address, ERASED_MARK);
    this.isErased[index] = true;
  }

  /** Goes on in the next sector that takes what is written to it. */
  private turn(): void {
    const from = this.active;
    for (let step = 1; step <= this.sectors.length; step++) {
      const index = (from + step) % this.sectors.length;
      if (index !== from && this.turnTo(index)) return;
    }
    throw new Error('JOURNAL_WORN');
  }

  /**
   * Makes sector `index` the active one: what is still needed is copied first, the commit mark comes last. A cut
   * anywhere before the mark leaves the old sector in force. Gives false, with nothing changed, when the sector
   * does not read back as written.
   */
  private turnTo(index: number): boolean {
    if (!this.isErased[index]) this.erase(index);
    this.isErased[index] = false;
    const oldActive = this.active;
    const oldOffset = this.offset;
    const oldSequence = this.sequence;
    const address = this.sectors[index]!.address;
    const identity = FORMAT + u32(this.generation + 1);
    const header = ERASED_MARK + identity + u32(this.crc32(identity)) + COMMIT_MARK;
    let isGood = false;
    this.isTurning = true;
    this.active = index;
    this.generation++;
    this.offset = HEADER_BYTES;
    this.sequence = 0;
    try {
      this.flash.write(address + 4, header.substr(4, 12));
      this.owner.carryOver((kind, value) => this.append(kind, value));
      this.flash.write(address + COMMIT_AT, COMMIT_MARK);
      isGood = this.flash.read(address, PAST_AT) === header;
    } finally {
      this.isTurning = false;
      if (!isGood) {
        // The old sector still holds everything; the half-made one will be erased before it is used again.
        this.active = oldActive;
        this.generation--;
        this.offset = oldOffset;
        this.sequence = oldSequence;
      }
    }
    if (isGood) this.markPast(this.generation - 1);
    return isGood;
  }
}
