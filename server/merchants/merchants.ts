/**
 * Merchants, what they allow, and their payment parameters. Parameters are checked in full before they are kept
 * (providers/check.ts), sealed under the master key, and never shown again.
 * Invariant: a channel's row holds parameters that passed the check.
 */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../db/database';
import type { MerchantsTable } from '../db/schema';
import type { UncertainPolicy } from '../orders/model';
import {
  PROVIDER_CODES,
  readParameters,
  type Channel,
  type CheckResult,
  type ParametersOf,
} from '../providers';
import type { SealedBox, SecretOwner } from '../secrets';

export type Merchant = Selectable<MerchantsTable>;

export interface MerchantSettings {
  readonly name: string;
  readonly isEnabled: boolean;
  /** Largest amount of one order. */
  readonly maxAmountFen: number;
  /** Orders that may be open at a time, over all devices. */
  readonly maxOpenOrders: number;
  readonly uncertainPolicy: UncertainPolicy;
  /** For how long after dispensing a host may ask for the money back. */
  readonly refundWindowMs: number;
}

export const DEFAULT_MERCHANT: Omit<MerchantSettings, 'name'> = {
  isEnabled: true,
  maxAmountFen: 50_000,
  maxOpenOrders: 1_000,
  uncertainPolicy: 'refund',
  refundWindowMs: 86_400_000,
};

export interface ChannelInfo {
  readonly channel: Channel;
  readonly isEnabled: boolean;
  readonly updatedAtMs: number;
}

/** Proves candidate parameters; providers/check.ts with the server's options. */
export type ParameterCheck = (
  merchantId: number,
  channel: Channel,
  candidate: unknown,
) => Promise<CheckResult>;

export class Merchants {
  constructor(
    private readonly db: Db,
    private readonly box: SealedBox,
    private readonly check: ParameterCheck,
  ) {}

  async add(
    settings: Partial<MerchantSettings> & { readonly name: string },
    nowMs: number,
  ): Promise<Merchant> {
    const values = { ...DEFAULT_MERCHANT, ...settings, createdAtMs: nowMs };
    return this.db.insertInto('merchants').values(values).returningAll().executeTakeFirstOrThrow();
  }

  async update(id: number, settings: Partial<MerchantSettings>): Promise<Merchant | undefined> {
    return this.db
      .updateTable('merchants')
      .set(settings)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
  }

  async find(id: number): Promise<Merchant | undefined> {
    return this.db.selectFrom('merchants').selectAll().where('id', '=', id).executeTakeFirst();
  }

  async list(): Promise<readonly Merchant[]> {
    return this.db.selectFrom('merchants').selectAll().orderBy('id').execute();
  }

  async channels(merchantId: number): Promise<readonly ChannelInfo[]> {
    return this.db
      .selectFrom('channels')
      .select(['channel', 'isEnabled', 'updatedAtMs'])
      .where('merchantId', '=', merchantId)
      .orderBy('channel')
      .execute();
  }

  /** Checks parameters with the provider, and keeps them sealed when they are right. */
  async setParameters(
    merchantId: number,
    channel: Channel,
    candidate: unknown,
    nowMs: number,
  ): Promise<CheckResult> {
    const result = await this.check(merchantId, channel, candidate);
    if (!result.ok) return result;
    if (await this.isAccountInUse(merchantId, channel, candidate)) return accountInUse();
    const sealedParameters = this.box.seal(JSON.stringify(candidate), parametersOwner(merchantId, channel));
    const values = { isEnabled: true, sealedParameters, updatedAtMs: nowMs };
    await this.db
      .insertInto('channels')
      .values({ merchantId, channel, version: 1, ...values })
      .onConflict((conflict) =>
        conflict
          .columns(['merchantId', 'channel'])
          .doUpdateSet((eb) => ({ ...values, version: eb('channels.version', '+', 1) })),
      )
      .execute();
    return result;
  }

  /**
   * Whether these are parameters of another account while orders may be under way under the present one: the provider
   * would not find them any more. With the channel off no new ones come.
   */
  private async isAccountInUse(merchantId: number, channel: Channel, candidate: unknown): Promise<boolean> {
    const present = await this.parameters(merchantId, channel).catch(() => undefined);
    const form = readParameters(channel, candidate);
    if (!present || !form.ok) return false;
    if (accountOf(channel, present.parameters) === accountOf(channel, form.parameters)) return false;
    const { rows } = await sql<{ isUsed: boolean }>`select
      exists (select from channels where merchant_id = ${merchantId} and channel = ${channel} and is_enabled)
      or exists (select from orders where merchant_id = ${merchantId} and channel = ${channel} and is_active)
      as is_used`.execute(this.db);
    return rows[0]!.isUsed;
  }

  /** Checks the parameters that are kept; undefined when there are none. */
  async checkStored(merchantId: number, channel: Channel): Promise<CheckResult | undefined> {
    const stored = await this.parameters(merchantId, channel);
    return stored && this.check(merchantId, channel, stored.parameters);
  }

  async setChannelEnabled(merchantId: number, channel: Channel, isEnabled: boolean): Promise<boolean> {
    const result = await this.db
      .updateTable('channels')
      .set({ isEnabled })
      .where('merchantId', '=', merchantId)
      .where('channel', '=', channel)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** Version of the parameters; undefined when there are none. Orders need them even when the channel is off. */
  async parametersVersion(merchantId: number, channel: Channel): Promise<number | undefined> {
    const row = await this.db
      .selectFrom('channels')
      .select('version')
      .where('merchantId', '=', merchantId)
      .where('channel', '=', channel)
      .executeTakeFirst();
    return row?.version;
  }

  /** The parameters in the clear, for the provider only. */
  async parameters(
    merchantId: number,
    channel: Channel,
  ): Promise<{ readonly version: number; readonly parameters: ParametersOf[Channel] } | undefined> {
    const row = await this.db
      .selectFrom('channels')
      .select(['version', 'sealedParameters'])
      .where('merchantId', '=', merchantId)
      .where('channel', '=', channel)
      .executeTakeFirst();
    if (!row) return undefined;
    const opened = this.box.open(row.sealedParameters, parametersOwner(merchantId, channel));
    if (!opened.ok)
      throw new Error(`parameters of merchant ${merchantId} (${channel}) do not open: ${opened.code}`);
    const form = readParameters(channel, JSON.parse(opened.plaintext));
    if (!form.ok) throw new Error(`parameters of merchant ${merchantId} (${channel}) are incomplete`);
    return { version: row.version, parameters: form.parameters };
  }
}

export function parametersOwner(merchantId: number, channel: Channel): SecretOwner {
  return { merchantId: String(merchantId), channel };
}

/** Under which the provider keeps the orders. */
function accountOf<Of extends Channel>(channel: Of, parameters: ParametersOf[Of]): string {
  const { mchid, appid, appId, sellerId } = parameters as Readonly<Record<string, unknown>>;
  return JSON.stringify(channel === 'wechat' ? [mchid, appid] : [appId, sellerId]);
}

function accountInUse(): CheckResult {
  const code = 'ACCOUNT_IN_USE';
  return { ok: false, code, message: PROVIDER_CODES[code].text };
}
