/**
 * A second reader of the device's journal, written from docs/journal.md and sharing nothing with the firmware: it
 * tells the auditor what an order's state in flash is at any moment. Reads only; it looks at the bytes as the
 * chip holds them, so it never disturbs what an unstable cell shows to the firmware.
 */
import { crc32 } from 'node:zlib';

export interface SectorPlace {
  readonly offset: number;
  readonly bytes: number;
}

/** An order as the records say. */
export interface StoredOrder {
  readonly n: number;
  state: number;
  reason: number;
  readonly channel: number;
  readonly amountFen: number;
  readonly ttlS: number;
  readonly reference: string;
  deadlineMs: number;
  byHost: number;
}

const HEADER_BYTES = 24;
const OVERHEAD_BYTES = 8;
const MAX_PAYLOAD_BYTES = 250;
const KIND_BASE = 1;
const KIND_ORDER = 2;
const KIND_CHANGE = 3;
const KIND_SETTINGS = 4;
const STATE_PAID = 5;
const STATE_DISPENSING = 6;

type OrderRecord = [number, number, number, number, number, number, string, string, number, number];
type ChangeRecord = [number, number, number, number];

let blankBytes: Buffer = Buffer.alloc(0);

function blank(count: number): Buffer {
  if (blankBytes.length < count) blankBytes = Buffer.alloc(count, 0xff);
  return blankBytes.subarray(0, count);
}

export class JournalReader {
  readonly orders = new Map<number, StoredOrder>();
  lastOrder = 0;
  generation = -1;
  /** The settings as last written; empty before the first were. */
  settings: Readonly<Record<string, number>> = {};
  /** Hears of each state that stands in flash, also again after a fresh reading. */
  onState: (n: number, state: number) => void = () => undefined;
  private sector: SectorPlace | undefined;
  private at = 0;
  private readAt = -1;

  /** `changes` counts what changed the flash: where nothing did, nothing is new; NaN: nobody counts. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly sectors: readonly SectorPlace[],
    private readonly changes: () => number = () => NaN,
  ) {}

  /** Reads on from where it stood; all over again with `isAnew` or when the ring has turned. */
  read(isAnew = false): this {
    const changes = this.changes();
    if (!isAnew && changes === this.readAt) return this;
    this.readAt = changes;
    const newest = this.newestSector();
    if (!newest) {
      this.forget(undefined, -1);
      return this;
    }
    if (isAnew || newest.generation !== this.generation) this.forget(newest.place, newest.generation);
    this.readOn();
    return this;
  }

  private forget(sector: SectorPlace | undefined, generation: number): void {
    this.orders.clear();
    this.lastOrder = 0;
    this.sector = sector;
    this.generation = generation;
    this.at = HEADER_BYTES;
  }

  private newestSector(): { place: SectorPlace; generation: number } | undefined {
    let newest: { place: SectorPlace; generation: number } | undefined;
    for (const place of this.sectors) {
      const head = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + place.offset, HEADER_BYTES);
      const isCommitted =
        head.toString('latin1', 16, 20) === 'GOOD' && head.toString('latin1', 4, 8) === 'CSJ\x01';
      if (!isCommitted || crc32(head.subarray(4, 12)) !== head.readUInt32LE(12)) continue;
      const generation = head.readUInt32LE(8);
      if (!newest || generation > newest.generation) newest = { place, generation };
    }
    return newest;
  }

  private readOn(): void {
    const place = this.sector!;
    // What is not sound is passed over only for a sound record behind it: more may still be written here.
    for (let at = this.at; at + OVERHEAD_BYTES <= place.bytes;) {
      const record = this.recordAt(place, at);
      if (record) {
        this.take(record.kind, JSON.parse(record.payload));
        at += record.bytes;
        this.at = at;
      } else if (this.isBlankFrom(place, at)) return;
      else at += 4;
    }
  }

  private isBlankFrom(place: SectorPlace, at: number): boolean {
    if (this.bytes[place.offset + at] !== 0xff) return false;
    const begin = this.bytes.byteOffset + place.offset;
    const rest = Buffer.from(this.bytes.buffer, begin + at, place.bytes - at);
    return rest.equals(blank(rest.length));
  }

  private recordAt(
    place: SectorPlace,
    at: number,
  ): { kind: number; payload: string; bytes: number } | undefined {
    const base = place.offset + at;
    const payloadBytes = this.bytes[base]!;
    const wholeBytes = OVERHEAD_BYTES + Math.ceil(payloadBytes / 4) * 4;
    if (payloadBytes > MAX_PAYLOAD_BYTES || at + wholeBytes > place.bytes) return undefined;
    const record = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + base, wholeBytes);
    const generation = Buffer.alloc(4);
    generation.writeUInt32LE(this.generation);
    const checked = Buffer.concat([record.subarray(0, 4 + payloadBytes), generation]);
    if (crc32(checked) !== record.readUInt32LE(wholeBytes - 4)) return undefined;
    return { kind: record[1]!, payload: record.toString('latin1', 4, 4 + payloadBytes), bytes: wholeBytes };
  }

  private take(kind: number, value: unknown): void {
    if (kind === KIND_BASE) this.lastOrder = Math.max(this.lastOrder, (value as number[])[0]!);
    else if (kind === KIND_ORDER) this.takeOrder(value as OrderRecord);
    else if (kind === KIND_CHANGE) this.takeChange(value as ChangeRecord);
    else if (kind === KIND_SETTINGS) this.settings = value as Record<string, number>;
  }

  private takeOrder(record: OrderRecord): void {
    const [n, state, reason, channel, amountFen, ttlS, reference, , deadlineMs, byHost] = record;
    this.lastOrder = Math.max(this.lastOrder, n);
    this.orders.set(n, { n, state, reason, channel, amountFen, ttlS, reference, deadlineMs, byHost });
    this.onState(n, state);
  }

  private takeChange([n, state, reason, extra]: ChangeRecord): void {
    const order = this.orders.get(n);
    if (!order) return;
    order.state = state;
    order.reason = reason;
    if (state === STATE_PAID) order.deadlineMs = extra;
    if (state === STATE_DISPENSING) order.byHost = extra;
    this.onState(n, state);
  }
}
