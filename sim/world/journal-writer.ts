/**
 * Makes a journal as a module in the field has it: provisioned, with settings, and with a sector that is filled
 * as far as wanted, so that a campaign meets the turn of the ring early. Written from docs/journal.md, like
 * journal-reader.ts, and sharing nothing with the firmware.
 */
import { crc32 } from 'node:zlib';
import type { SectorPlace } from './journal-reader';

export interface JournalContent {
  readonly identity: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, number>>;
  readonly lastOrder: number;
  /** The server has confirmed the count. */
  readonly isSynced: boolean;
  /** Bytes that are left in the sector. */
  readonly freeBytes: number;
  /** Fills the sector with orders that have ended, numbered from 1, and not with notes. */
  readonly isHistory?: boolean;
  /** Layout's version; what the firmware writes is 1. */
  readonly version?: number;
}

const HEADER_BYTES = 24;
const OVERHEAD_BYTES = 8;
const KIND_BASE = 1;
const KIND_ORDER = 2;
const KIND_CHANGE = 3;
const KIND_SETTINGS = 4;
const KIND_NOTE = 6;
const KIND_IDENTITY = 7;
const MAX_NOTE_CHARS = 200;
const GENERATION = 1;

/** Writes the first sector of a ring; the others stay blank. */
export function writeJournal(
  bytes: Uint8Array,
  places: readonly SectorPlace[],
  content: JournalContent,
): void {
  const place = places[0]!;
  const sector = Buffer.from(bytes.buffer, bytes.byteOffset + place.offset, place.bytes);
  bytes.fill(0xff);
  let at = HEADER_BYTES;
  let sequence = 0;
  const put = (kind: number, value: unknown): void => {
    const record = encode(kind, sequence++, JSON.stringify(value));
    record.copy(sector, at);
    at += record.length;
  };
  put(KIND_BASE, [content.lastOrder, 0, content.isSynced ? 1 : 0]);
  put(KIND_SETTINGS, content.settings);
  put(KIND_IDENTITY, content.identity);
  for (const [kind, value] of content.isHistory ? endedOrders() : []) {
    if (recordBytes(JSON.stringify(value)) > place.bytes - at - content.freeBytes) break;
    put(kind, value);
  }
  for (;;) {
    const spareBytes = place.bytes - at - content.freeBytes - OVERHEAD_BYTES;
    if (spareBytes < OVERHEAD_BYTES) break;
    put(KIND_NOTE, ['x'.repeat(Math.min(MAX_NOTE_CHARS, spareBytes - 4) & ~3)]);
  }
  sector.write('EROK', 0, 'latin1');
  sector.write(`CSJ${String.fromCharCode(content.version ?? 1)}`, 4, 'latin1');
  sector.writeUInt32LE(GENERATION, 8);
  sector.writeUInt32LE(crc32(sector.subarray(4, 12)), 12);
  sector.write('GOOD', 16, 'latin1');
}

/** Records of one paid order after the other, as the firmware writes them: PAID, DISPENSING, DISPENSED, DONE. */
function* endedOrders(): Generator<readonly [number, readonly unknown[]]> {
  const unixS = 1_767_225_600;
  for (let n = 1; ; n++) {
    yield [KIND_ORDER, [n, 1, 0, 1, 350, 120, `R${1000 + n}`, 'dGVhIOiMtg==', 0, 0, unixS + n, 0]];
    yield [KIND_CHANGE, [n, 5, 0, (unixS + n) * 1000 + 60_000, unixS + n, 7]];
    yield [KIND_CHANGE, [n, 6, 0, 0, unixS + n, 8]];
    yield [KIND_CHANGE, [n, 7, 0, 0, unixS + n, 10]];
    yield [KIND_CHANGE, [n, 10, 0, 0, unixS + n, 16]];
  }
}

function recordBytes(text: string): number {
  return OVERHEAD_BYTES + Math.ceil(text.length / 4) * 4;
}

function encode(kind: number, sequence: number, text: string): Buffer {
  const wholeBytes = recordBytes(text);
  const record = Buffer.alloc(wholeBytes, 0xff);
  record[0] = text.length;
  record[1] = kind;
  record.writeUInt16LE(sequence, 2);
  record.write(text, 4, 'latin1');
  const generation = Buffer.alloc(4);
  generation.writeUInt32LE(GENERATION);
  record.writeUInt32LE(
    crc32(Buffer.concat([record.subarray(0, 4 + text.length), generation])),
    wholeBytes - 4,
  );
  return record;
}
