/**
 * Fair use of data streams: what each device moved each day (China time), its limits, and how its last stream
 * ended. Counted in memory by the process that has the device, written every few seconds and at a stream's end;
 * a process that is killed forgets those seconds.
 */
import { sql } from 'kysely';
import type { Db } from '../db/database';
import type { Clock, Timer } from '../time';
import type { EndName } from './far-end';

export interface FairUse {
  /** Both directions together. */
  readonly dayBytes: number;
  /** In each direction, on average; several seconds' worth may come at once. */
  readonly bytesPerSecond: number;
}

export const DEFAULT_FAIR_USE: FairUse = { dayBytes: 50_000_000, bytesPerSecond: 16_000 };

const CHINA_OFFSET_MS = 8 * 3_600_000;
const WRITE_MS = 5_000;

/** A device's day, as it is counted. */
export interface Meter {
  readonly limits: FairUse;
  /** Counts; false once the day's share is spent. */
  spend(upBytes: number, downBytes: number): boolean;
  isSpent(): boolean;
}

export interface UsageDay {
  readonly day: string;
  readonly upBytes: number;
  readonly downBytes: number;
}

interface Count {
  readonly deviceId: string;
  readonly day: string;
  upBytes: number;
  downBytes: number;
}

export class Usage {
  /** Not written yet, by device and day. */
  private unwritten = new Map<string, Count>();
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    private readonly options: {
      readonly db: Db;
      readonly clock: Clock;
      readonly fairUse: FairUse;
      readonly onError: (error: Error) => void;
    },
  ) {}

  /** Begins to count for a device's stream. */
  async open(deviceId: string): Promise<Meter> {
    await this.write();
    const limits = await this.limits(deviceId);
    let day = this.day();
    let usedBytes = await this.usedBytes(deviceId, day);
    const isSpent = (): boolean => {
      const today = this.day();
      if (today !== day) {
        day = today;
        usedBytes = 0;
      }
      return usedBytes >= limits.dayBytes;
    };
    return {
      limits,
      isSpent,
      spend: (upBytes, downBytes) => {
        isSpent();
        usedBytes += upBytes + downBytes;
        this.count(deviceId, day, upBytes, downBytes);
        return usedBytes <= limits.dayBytes;
      },
    };
  }

  /** Notes how a stream ended. */
  async ended(deviceId: string, reason: EndName): Promise<void> {
    await this.write();
    const lastEndAtMs = Math.round(this.options.clock.nowMs());
    await this.options.db
      .insertInto('dtuDevices')
      .values({ deviceId, lastEnd: reason, lastEndAtMs })
      .onConflict((conflict) => conflict.column('deviceId').doUpdateSet({ lastEnd: reason, lastEndAtMs }))
      .execute();
  }

  async lastEnd(deviceId: string): Promise<EndName> {
    const row = await this.options.db
      .selectFrom('dtuDevices')
      .select('lastEnd')
      .where('deviceId', '=', deviceId)
      .executeTakeFirst();
    return (row?.lastEnd as EndName | null | undefined) ?? 'NONE';
  }

  /** A device's own limits; undefined: the server's. */
  async setLimits(deviceId: string, limits: Partial<FairUse>): Promise<void> {
    const values = { dayBytes: limits.dayBytes ?? null, bytesPerSecond: limits.bytesPerSecond ?? null };
    await this.options.db
      .insertInto('dtuDevices')
      .values({ deviceId, ...values })
      .onConflict((conflict) => conflict.column('deviceId').doUpdateSet(values))
      .execute();
  }

  async limits(deviceId: string): Promise<FairUse> {
    const row = await this.options.db
      .selectFrom('dtuDevices')
      .select(['dayBytes', 'bytesPerSecond'])
      .where('deviceId', '=', deviceId)
      .executeTakeFirst();
    const { dayBytes, bytesPerSecond } = this.options.fairUse;
    return { dayBytes: row?.dayBytes ?? dayBytes, bytesPerSecond: row?.bytesPerSecond ?? bytesPerSecond };
  }

  /** The last days, newest first. */
  async days(deviceId: string, count = 31): Promise<readonly UsageDay[]> {
    return this.options.db
      .selectFrom('dtuDays')
      .select(['day', 'upBytes', 'downBytes'])
      .where('deviceId', '=', deviceId)
      .orderBy('day', 'desc')
      .limit(count)
      .execute();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.options.clock.clearTimer(this.timer);
    await this.write();
  }

  private count(deviceId: string, day: string, upBytes: number, downBytes: number): void {
    const key = `${deviceId} ${day}`;
    const count = this.unwritten.get(key) ?? { deviceId, day, upBytes: 0, downBytes: 0 };
    count.upBytes += upBytes;
    count.downBytes += downBytes;
    this.unwritten.set(key, count);
    if (this.isStopped) return;
    this.timer ??= this.options.clock.setTimer(() => {
      this.timer = undefined;
      this.write().catch(this.options.onError);
    }, WRITE_MS);
  }

  /** One statement for all devices. */
  private async write(): Promise<void> {
    const counts = [...this.unwritten.values()];
    if (counts.length === 0) return;
    this.unwritten = new Map();
    try {
      await sql`insert into dtu_days (device_id, day, up_bytes, down_bytes)
        select * from unnest(${counts.map((one) => one.deviceId)}::text[], ${counts.map((one) => one.day)}::text[],
          ${counts.map((one) => one.upBytes)}::bigint[], ${counts.map((one) => one.downBytes)}::bigint[])
        on conflict (device_id, day) do update set up_bytes = dtu_days.up_bytes + excluded.up_bytes,
          down_bytes = dtu_days.down_bytes + excluded.down_bytes`.execute(this.options.db);
    } catch (error) {
      // Counted again with the next write.
      for (const { deviceId, day, upBytes, downBytes } of counts)
        this.count(deviceId, day, upBytes, downBytes);
      throw error;
    }
  }

  private async usedBytes(deviceId: string, day: string): Promise<number> {
    const row = await this.options.db
      .selectFrom('dtuDays')
      .select(['upBytes', 'downBytes'])
      .where('deviceId', '=', deviceId)
      .where('day', '=', day)
      .executeTakeFirst();
    return row ? row.upBytes + row.downBytes : 0;
  }

  private day(): string {
    return new Date(this.options.clock.nowMs() + CHINA_OFFSET_MS).toISOString().slice(0, 10);
  }
}
