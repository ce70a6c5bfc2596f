/**
 * Looks after what is sealed in the database (device keys, payment parameters): whether our master keys open it, and
 * sealing it anew when the master key changes. Nothing that is opened here leaves this file.
 * Invariant: a row that somebody else changes meanwhile keeps his change.
 */
import { sql } from 'kysely';
import type { Db } from '../db/database';
import { keyOwner } from '../devices/devices';
import { parametersOwner } from '../merchants/merchants';
import type { Channel } from '../providers';
import type { SealedBox, SecretOwner } from '../secrets';
import { StartError } from '../start-error';

interface Row {
  readonly sealed: string;
  readonly owner: SecretOwner;
  readonly what: string;
  /** Puts another text in its place, unless it changed meanwhile. Gives whether it did. */
  replace(sealed: string): Promise<boolean>;
}

export class SecretDesk {
  constructor(
    private readonly db: Db,
    private readonly box: SealedBox,
  ) {}

  /** One row of each master key must open. @throws StartError when one does not: all of them would fail later. */
  async demandOpenable(): Promise<void> {
    const seen = new Set<string>();
    for (const row of await this.rows(true)) {
      const keyId = row.sealed.split('.')[1]!;
      if (seen.has(keyId)) continue;
      seen.add(keyId);
      const opened = this.box.open(row.sealed, row.owner);
      if (opened.ok) continue;
      throw new StartError(
        opened.code === 'KEY_UNKNOWN'
          ? `COINSLOT_MASTER_KEY lacks the key "${keyId}", under which ${row.what} is sealed`
          : `COINSLOT_MASTER_KEY has another key "${keyId}" than the one under which ${row.what} was sealed`,
      );
    }
  }

  /** Seals everything under the first master key. Gives how many rows each key held before, and how many changed. */
  async reseal(): Promise<{ readonly resealed: number; readonly current: number }> {
    let resealed = 0;
    let current = 0;
    for (const row of await this.rows(false)) {
      if (this.box.isCurrent(row.sealed)) {
        current += 1;
        continue;
      }
      const next = this.box.reseal(row.sealed, row.owner);
      if (!next.ok) throw new Error(`${row.what} does not open: ${next.code}`);
      if (await row.replace(next.sealed)) resealed += 1;
    }
    return { resealed, current };
  }

  /** All sealed rows, or one of each master key. */
  private async rows(oneEach: boolean): Promise<readonly Row[]> {
    const devices = await this.db
      .selectFrom('devices')
      .$if(oneEach, (query) => query.distinctOn(sql`split_part(sealed_key, '.', 2)`))
      .select(['id', 'sealedKey'])
      .execute();
    const channels = await this.db
      .selectFrom('channels')
      .select(['merchantId', 'channel', 'sealedParameters'])
      .where('sealedParameters', 'like', 'cs1.%')
      .execute();
    return [
      ...devices.map(({ id, sealedKey }) => this.deviceRow(id, sealedKey)),
      ...channels.map((row) => this.channelRow(row.merchantId, row.channel, row.sealedParameters)),
    ];
  }

  private deviceRow(id: string, sealed: string): Row {
    return {
      sealed,
      owner: keyOwner(id),
      what: `the key of device ${id}`,
      replace: async (sealedKey) => {
        const result = await this.db
          .updateTable('devices')
          .set({ sealedKey })
          .where('id', '=', id)
          .where('sealedKey', '=', sealed)
          .executeTakeFirst();
        return result.numUpdatedRows > 0n;
      },
    };
  }

  private channelRow(merchantId: number, channel: Channel, sealed: string): Row {
    return {
      sealed,
      owner: parametersOwner(merchantId, channel),
      what: `${channel} of merchant ${merchantId}`,
      replace: async (sealedParameters) => {
        const result = await this.db
          .updateTable('channels')
          .set({ sealedParameters })
          .where('merchantId', '=', merchantId)
          .where('channel', '=', channel)
          .where('sealedParameters', '=', sealed)
          .executeTakeFirst();
        return result.numUpdatedRows > 0n;
      },
    };
  }
}
