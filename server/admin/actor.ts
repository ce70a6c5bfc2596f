/**
 * Who asks: the operator, or somebody of one merchant. Every admin service checks what it touches against this.
 * Tokens of the API lead to an actor; only their SHA-256 is in the database.
 * Invariant: what belongs to another merchant looks like what does not exist.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Db } from '../db/database';
import { ApiError, ForeignError } from './errors';

export interface Actor {
  /** Goes into the event log of what he moves. */
  readonly name: string;
  /** Undefined for the operator, who may touch everything. */
  readonly merchantId: number | undefined;
}

/** @throws ApiError FORBIDDEN unless the actor is the operator. */
export function demandOperator(actor: Actor): void {
  if (actor.merchantId !== undefined) throw new ApiError('FORBIDDEN');
}

/** Whether the actor may see and touch what belongs to `merchantId`. */
export function mayTouch(actor: Actor, merchantId: number): boolean {
  return actor.merchantId === undefined || actor.merchantId === merchantId;
}

/** @throws ApiError NOT_FOUND when it is another merchant's. */
export function demandMerchant(actor: Actor, merchantId: number): void {
  if (!mayTouch(actor, merchantId)) throw new ForeignError();
}

const TOKEN_BYTES = 24;
const TOKEN_PREFIX = 'cst_';

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export interface TokenInfo {
  readonly id: number;
  readonly name: string;
  readonly merchantId: number | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export class Tokens {
  private readonly operatorHash: Buffer;

  /** `operatorToken` comes from the configuration. */
  constructor(
    private readonly db: Db,
    operatorToken: string,
  ) {
    this.operatorHash = hashOf(operatorToken);
  }

  /** Makes a token; this is the only time that it can be read. @throws ApiError NOT_FOUND for no such merchant. */
  async add(name: string, merchantId: number | undefined, nowMs: number): Promise<string> {
    if (merchantId !== undefined) await this.demandThere(merchantId);
    const token = TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
    const values = { name, merchantId: merchantId ?? null, tokenHash: hashOf(token), createdAtMs: nowMs };
    await this.db
      .insertInto('apiTokens')
      .values({ ...values, revokedAtMs: null })
      .execute();
    return token;
  }

  private async demandThere(merchantId: number): Promise<void> {
    const query = this.db.selectFrom('merchants').select('id').where('id', '=', merchantId);
    if (!(await query.executeTakeFirst())) throw new ApiError('NOT_FOUND', `no merchant ${merchantId}`);
  }

  async list(): Promise<readonly TokenInfo[]> {
    const columns = ['id', 'name', 'merchantId', 'createdAtMs', 'revokedAtMs'] as const;
    return this.db.selectFrom('apiTokens').select(columns).orderBy('id').execute();
  }

  async revoke(id: number, nowMs: number): Promise<boolean> {
    const result = await this.db
      .updateTable('apiTokens')
      .set({ revokedAtMs: nowMs })
      .where('id', '=', id)
      .where('revokedAtMs', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** Whose token it is; undefined for none of ours. */
  async actor(token: string): Promise<Actor | undefined> {
    const tokenHash = hashOf(token);
    if (timingSafeEqual(tokenHash, this.operatorHash)) return { name: 'operator', merchantId: undefined };
    const row = await this.db
      .selectFrom('apiTokens')
      .leftJoin('merchants', 'merchants.id', 'apiTokens.merchantId')
      .select(['apiTokens.name', 'apiTokens.merchantId', 'merchants.isEnabled'])
      .where('tokenHash', '=', tokenHash)
      .where('revokedAtMs', 'is', null)
      .executeTakeFirst();
    if (!row || row.isEnabled === false) return undefined;
    return { name: row.name, merchantId: row.merchantId ?? undefined };
  }
}
