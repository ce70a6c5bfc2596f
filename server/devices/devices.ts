/**
 * Devices in the database: who they are, whose they are, their keys (sealed), their sessions. Leaves what they
 * say about orders to the order service.
 * Invariant: a session number only goes up, and the highest is the device's only valid session.
 */
import { sql } from 'kysely';
import type { Db } from '../db/database';
import type { SealedBox, SecretOwner } from '../secrets';
import type { DeviceDirectory, Greeting, SessionEnd } from './directory';

export interface Device {
  readonly id: string;
  readonly merchantId: number;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly maxAmountFen: number;
  readonly isOnline: boolean;
  readonly seenAtMs: number | undefined;
  readonly lastOrder: number;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settingsVersion: number;
}

/** A device whose session somewhere must end: a newer one is its only one, or none may be. */
export interface Outdated {
  readonly id: string;
  readonly session: number;
  readonly isEnabled: boolean;
}

export interface NewDevice {
  readonly id: string;
  readonly merchantId: number;
  readonly name: string;
  /** 16 bytes, shared with the device. */
  readonly key: Buffer;
  readonly maxAmountFen: number;
}

const COLUMNS = [
  'id',
  'merchantId',
  'name',
  'isEnabled',
  'maxAmountFen',
  'isOnline',
  'seenAtMs',
  'lastOrder',
  'facts',
  'settings',
  'settingsVersion',
] as const;

export class Devices implements DeviceDirectory {
  constructor(
    private readonly db: Db,
    private readonly box: SealedBox,
  ) {}

  async add(device: NewDevice, nowMs: number): Promise<void> {
    const { id, merchantId, name, key, maxAmountFen } = device;
    const sealedKey = this.box.seal(key.toString('hex'), keyOwner(id));
    const values = { id, merchantId, name, sealedKey, maxAmountFen, createdAtMs: nowMs };
    await this.db.insertInto('devices').values(values).execute();
  }

  /** Gives the device another key; the old one is worth nothing any more, and neither is a session that it opened. */
  async setKey(id: string, key: Buffer): Promise<boolean> {
    const sealedKey = this.box.seal(key.toString('hex'), keyOwner(id));
    const result = await this.db
      .updateTable('devices')
      .set((eb) => ({ sealedKey, session: eb('session', '+', 1), isOnline: false }))
      .where('id', '=', id)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async find(id: string): Promise<Device | undefined> {
    const row = await this.db.selectFrom('devices').select(COLUMNS).where('id', '=', id).executeTakeFirst();
    return row && { ...row, seenAtMs: row.seenAtMs ?? undefined };
  }

  async list(merchantId?: number): Promise<readonly Device[]> {
    let query = this.db.selectFrom('devices').select(COLUMNS).orderBy('id');
    if (merchantId !== undefined) query = query.where('merchantId', '=', merchantId);
    return (await query.execute()).map((row) => ({ ...row, seenAtMs: row.seenAtMs ?? undefined }));
  }

  async key(id: string): Promise<string | undefined> {
    const row = await this.db
      .selectFrom('devices')
      .innerJoin('merchants', 'merchants.id', 'devices.merchantId')
      .select('devices.sealedKey')
      .where('devices.id', '=', id)
      .where('devices.isEnabled', '=', true)
      .where('merchants.isEnabled', '=', true)
      .executeTakeFirst();
    if (!row) return undefined;
    const opened = this.box.open(row.sealedKey, keyOwner(id));
    if (!opened.ok) throw new Error(`the key of device ${id} does not open: ${opened.code}`);
    return Buffer.from(opened.plaintext, 'hex').toString('latin1');
  }

  async beginSession(id: string, nowMs: number): Promise<number | undefined> {
    const row = await this.db
      .updateTable('devices')
      .set((eb) => ({
        session: eb('session', '+', 1),
        isOnline: true,
        seenAtMs: nowMs,
        connectedAtMs: nowMs,
      }))
      .where('id', '=', id)
      .where('isEnabled', '=', true)
      .returning('session')
      .executeTakeFirst();
    return row?.session;
  }

  async endSessions(ends: ReadonlyMap<string, SessionEnd>): Promise<void> {
    const sessions = [...ends.values()];
    await sql`update devices set is_online = false, seen_at_ms = ended.at_ms
      from unnest(${[...ends.keys()]}::text[], ${sessions.map((end) => end.session)}::bigint[],
        ${sessions.map((end) => end.heardMs)}::bigint[]) as ended (id, session, at_ms)
      where devices.id = ended.id and devices.session = ended.session`.execute(this.db);
  }

  /** Which of these sessions are over: another began since, or the device or its merchant is switched off. */
  async outdated(sessions: ReadonlyMap<string, number>): Promise<readonly Outdated[]> {
    const { rows } = await sql<Outdated>`select devices.id, devices.session,
        devices.is_enabled and merchants.is_enabled as is_enabled
      from unnest(${[...sessions.keys()]}::text[], ${[...sessions.values()]}::bigint[]) as held (id, session)
      join devices on devices.id = held.id join merchants on merchants.id = devices.merchant_id
      where devices.session > held.session or not (devices.is_enabled and merchants.is_enabled)`.execute(
      this.db,
    );
    return rows;
  }

  async greet(
    id: string,
    facts: Readonly<Record<string, unknown>>,
    nowMs: number,
  ): Promise<Greeting | undefined> {
    return this.db
      .updateTable('devices')
      .set({ facts: JSON.stringify(facts), seenAtMs: nowMs })
      .where('id', '=', id)
      .returning(['lastOrder', 'settings', 'settingsVersion'])
      .executeTakeFirst();
  }

  async heard(seen: ReadonlyMap<string, number>): Promise<void> {
    if (seen.size === 0) return;
    await sql`update devices set seen_at_ms = heard.at_ms
      from unnest(${[...seen.keys()]}::text[], ${[...seen.values()]}::bigint[]) as heard (id, at_ms)
      where devices.id = heard.id`.execute(this.db);
  }

  /** Changes settings; the device gets them at once or when it comes back. Gives their version. */
  async setSettings(id: string, settings: Readonly<Record<string, unknown>>): Promise<number | undefined> {
    const row = await this.db
      .updateTable('devices')
      .set((eb) => ({ settings: JSON.stringify(settings), settingsVersion: eb('settingsVersion', '+', 1) }))
      .where('id', '=', id)
      .returning('settingsVersion')
      .executeTakeFirst();
    return row?.settingsVersion;
  }

  async update(
    id: string,
    change: { readonly name?: string; readonly isEnabled?: boolean; readonly maxAmountFen?: number },
  ): Promise<boolean> {
    const result = await this.db.updateTable('devices').set(change).where('id', '=', id).executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }
}

/** Binds the sealed key to its device: in another device's row it does not open. */
export function keyOwner(id: string): SecretOwner {
  return { merchantId: `device/${id}`, channel: 'link' };
}
