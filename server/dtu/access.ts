/**
 * Who may take a device's stream: tokens of makers' backends. A token is good for one device or for all of its
 * merchant's, for streams only, and only its SHA-256 is in the database.
 * Invariant: a token is readable once, when it is made; what is not its own looks like what does not exist.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Db } from '../db/database';

const TOKEN_BYTES = 24;
const TOKEN_PREFIX = 'cdt_';

export interface StreamToken {
  readonly id: number;
  readonly name: string;
  readonly merchantId: number;
  /** Null: every device of the merchant. */
  readonly deviceId: string | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export type Admission =
  | { readonly ok: true; readonly tokenId: number; readonly name: string }
  | { readonly ok: false; readonly code: 'UNAUTHORIZED' | 'NOT_FOUND' };

export class StreamTokens {
  constructor(private readonly db: Db) {}

  /** Makes a token for a merchant's devices, or for one of them; undefined when there is no such one. */
  async add(
    token: { readonly name: string; readonly merchantId: number; readonly deviceId?: string },
    nowMs: number,
  ): Promise<{ readonly id: number; readonly token: string } | undefined> {
    const { name, merchantId, deviceId } = token;
    const owner = deviceId === undefined ? await this.merchant(merchantId) : await this.merchantOf(deviceId);
    if (owner !== merchantId) return undefined;
    const text = TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
    const values = { name, merchantId, deviceId: deviceId ?? null, tokenHash: hashOf(text) };
    const row = await this.db
      .insertInto('dtuTokens')
      .values({ ...values, createdAtMs: nowMs, revokedAtMs: null })
      .returning('id')
      .executeTakeFirstOrThrow();
    return { id: row.id, token: text };
  }

  async list(merchantId?: number): Promise<readonly StreamToken[]> {
    const columns = ['id', 'name', 'merchantId', 'deviceId', 'createdAtMs', 'revokedAtMs'] as const;
    let query = this.db.selectFrom('dtuTokens').select(columns).orderBy('id');
    if (merchantId !== undefined) query = query.where('merchantId', '=', merchantId);
    return query.execute();
  }

  /** False: there is no such token, or it is revoked already. */
  async revoke(id: number, nowMs: number): Promise<boolean> {
    const result = await this.db
      .updateTable('dtuTokens')
      .set({ revokedAtMs: nowMs })
      .where('id', '=', id)
      .where('revokedAtMs', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async admit(token: string, deviceId: string): Promise<Admission> {
    const row = await this.db
      .selectFrom('dtuTokens')
      .innerJoin('merchants', 'merchants.id', 'dtuTokens.merchantId')
      .select(['dtuTokens.id', 'dtuTokens.name', 'dtuTokens.merchantId', 'dtuTokens.deviceId'])
      .where('tokenHash', '=', hashOf(token))
      .where('revokedAtMs', 'is', null)
      .where('merchants.isEnabled', '=', true)
      .executeTakeFirst();
    if (!row) return { ok: false, code: 'UNAUTHORIZED' };
    const isOwn = row.deviceId === null || row.deviceId === deviceId;
    if (!isOwn || (await this.merchantOf(deviceId)) !== row.merchantId)
      return { ok: false, code: 'NOT_FOUND' };
    return { ok: true, tokenId: row.id, name: row.name };
  }

  private async merchant(id: number): Promise<number | undefined> {
    const row = await this.db.selectFrom('merchants').select('id').where('id', '=', id).executeTakeFirst();
    return row?.id;
  }

  private async merchantOf(deviceId: string): Promise<number | undefined> {
    const row = await this.db
      .selectFrom('devices')
      .select('merchantId')
      .where('id', '=', deviceId)
      .executeTakeFirst();
    return row?.merchantId;
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
