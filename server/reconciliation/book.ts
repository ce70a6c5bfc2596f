/**
 * What is kept of reconciliation: one row for each day's bill of a channel, and the differences. Leaves comparing
 * and deciding to reconciler.ts and settle.ts.
 * Invariant: a difference is kept once, however often its bill is compared, and never removed.
 */
import { sql, type Selectable, type Transaction } from 'kysely';
import type { Db } from '../db/database';
import type { DifferencesTable, ReconciliationsTable, Schema } from '../db/schema';
import type { Channel, Difference } from '../providers';

export type KeptDifference = Selectable<DifferencesTable>;
export type Reconciliation = Selectable<ReconciliationsTable>;

/** One day's bill of one channel. */
export interface BillDay {
  readonly merchantId: number;
  readonly channel: Channel;
  readonly day: string;
}

export interface DifferenceFilter {
  readonly merchantId?: number | undefined;
  readonly channel?: Channel | undefined;
  readonly day?: string | undefined;
  readonly isOpen?: boolean | undefined;
  /** Only those that have a rule other than a person's decision. */
  readonly isClear?: boolean;
  /** Only those found after this one. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** Makes the job that looks at a day (again), within the transaction that decided on it. */
export interface ReconcileJobs {
  later(transaction: Transaction<Schema>, day: BillDay, atMs: number): Promise<void>;
}

export class ReconciliationBook {
  constructor(
    private readonly db: Db,
    private readonly jobs: ReconcileJobs,
  ) {}

  /** Channels with parameters, the last day that is on the plan, and the merchant's first order; null: none yet. */
  async channels(): Promise<
    readonly { merchantId: number; channel: Channel; lastDay: string | null; firstOrderMs: number | null }[]
  > {
    const { rows } = await sql<{
      merchantId: number;
      channel: Channel;
      lastDay: string | null;
      firstOrderMs: number | null;
    }>`select channels.merchant_id, channels.channel,
      (select max(day) from reconciliations where reconciliations.merchant_id = channels.merchant_id
        and reconciliations.channel = channels.channel) as last_day,
      (select min(created_at_ms) from orders where orders.merchant_id = channels.merchant_id) as first_order_ms
      from channels order by channels.merchant_id, channels.channel`.execute(this.db);
    return rows;
  }

  /** Puts days on the plan; each gets its job, once. Gives how many were new. */
  async plan(days: readonly BillDay[], nowMs: number): Promise<number> {
    if (days.length === 0) return 0;
    return this.db.transaction().execute(async (transaction) => {
      const added = await transaction
        .insertInto('reconciliations')
        .values(
          days.map((day) => ({ ...day, state: 'WAITING' as const, nextTryAtMs: nowMs, doneAtMs: null })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .returning(['merchantId', 'channel', 'day'])
        .execute();
      for (const day of added) await this.jobs.later(transaction, day, nowMs);
      return added.length;
    });
  }

  async find(day: BillDay): Promise<Reconciliation | undefined> {
    return this.db
      .selectFrom('reconciliations')
      .selectAll()
      .where((eb) => eb.and(ofDay(day)))
      .executeTakeFirst();
  }

  async list(filter: DifferenceFilter): Promise<readonly Reconciliation[]> {
    let query = this.db.selectFrom('reconciliations').selectAll();
    if (filter.merchantId !== undefined) query = query.where('merchantId', '=', filter.merchantId);
    if (filter.channel !== undefined) query = query.where('channel', '=', filter.channel);
    return query
      .orderBy('day', 'desc')
      .orderBy('merchantId')
      .orderBy('channel')
      .limit(filter.limit)
      .execute();
  }

  /** Days whose job is overdue: lost, or its process was killed. */
  async overdue(beforeMs: number, limit: number): Promise<readonly BillDay[]> {
    return this.db
      .selectFrom('reconciliations')
      .select(['merchantId', 'channel', 'day'])
      .where('nextTryAtMs', '<', beforeMs)
      .orderBy('nextTryAtMs')
      .limit(limit)
      .execute();
  }

  /** The bill was not to be had: tried again at `nextTryAtMs`, or given up. */
  async missed(
    day: BillDay,
    state: 'WAITING' | 'EMPTY' | 'MISSING',
    code: string,
    nextTryAtMs: number | null,
  ): Promise<void> {
    await this.db.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('reconciliations')
        .where((eb) => eb.and(ofDay(day)))
        .set((eb) => ({ state, code, nextTryAtMs, tries: eb('tries', '+', 1) }))
        .execute();
      if (nextTryAtMs !== null) await this.jobs.later(transaction, day, nextTryAtMs);
    });
  }

  /** The bill was compared: what it showed. Gives the differences that were not known before. */
  async compared(
    day: BillDay,
    totals: { readonly billLines: number; readonly paidFen: number; readonly refundedFen: number },
    differences: readonly Difference[],
    nowMs: number,
  ): Promise<readonly KeptDifference[]> {
    return this.db.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('reconciliations')
        .where((eb) => eb.and(ofDay(day)))
        .set({ ...totals, state: 'DONE', code: '', doneAtMs: nowMs, nextTryAtMs: null })
        .execute();
      if (differences.length === 0) return [];
      const rows = differences.map((difference) => ({
        ...day,
        ...rowOf(difference),
        foundAtMs: nowMs,
        endedAtMs: null,
      }));
      return transaction
        .insertInto('differences')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .execute();
    });
  }

  /** Provider calls about differences had no answer: the day is looked at once more. */
  async again(day: BillDay, nextTryAtMs: number): Promise<void> {
    await this.db.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('reconciliations')
        .where((eb) => eb.and(ofDay(day)))
        .set((eb) => ({ nextTryAtMs, tries: eb('tries', '+', 1) }))
        .execute();
      await this.jobs.later(transaction, day, nextTryAtMs);
    });
  }

  async differences(filter: DifferenceFilter): Promise<readonly KeptDifference[]> {
    let query = this.db.selectFrom('differences').selectAll();
    if (filter.merchantId !== undefined) query = query.where('merchantId', '=', filter.merchantId);
    if (filter.channel !== undefined) query = query.where('channel', '=', filter.channel);
    if (filter.day !== undefined) query = query.where('day', '=', filter.day);
    if (filter.isOpen !== undefined) query = query.where('isOpen', '=', filter.isOpen);
    if (filter.isClear) query = query.where('rule', '<>', 'person');
    if (filter.after !== undefined) query = query.where('id', '>', filter.after);
    return query.orderBy('id').limit(filter.limit).execute();
  }

  async difference(id: number): Promise<KeptDifference | undefined> {
    return this.db.selectFrom('differences').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Open differences, of one channel or of all. */
  async openCount(of?: Pick<BillDay, 'merchantId' | 'channel'>): Promise<number> {
    let query = this.db
      .selectFrom('differences')
      .select((eb) => eb.fn.countAll<number>().as('open'))
      .where('isOpen', '=', true);
    if (of) query = query.where('merchantId', '=', of.merchantId).where('channel', '=', of.channel);
    return (await query.executeTakeFirstOrThrow()).open;
  }

  /** Notes what came out; an ended difference stays as it is. Gives whether it was still open. */
  async note(
    id: number,
    result: {
      readonly isEnded: boolean;
      readonly outcome: string;
      readonly by: string;
      readonly note?: string;
    },
    nowMs: number,
  ): Promise<boolean> {
    const { isEnded, outcome, by, note = '' } = result;
    const ending = isEnded ? { isOpen: false, endedAtMs: nowMs, endedBy: by, note } : {};
    const updated = await this.db
      .updateTable('differences')
      .set({ outcome, ...ending })
      .where('id', '=', id)
      .where('isOpen', '=', true)
      .executeTakeFirst();
    return updated.numUpdatedRows > 0n;
  }
}

function ofDay({ merchantId, channel, day }: BillDay): BillDay {
  return { merchantId, channel, day };
}

function rowOf(
  difference: Difference,
): Pick<
  KeptDifference,
  'kind' | 'rule' | 'outTradeNo' | 'outRefundNo' | 'transactionId' | 'billFen' | 'ledgerFen' | 'outcome'
> {
  const { kind, rule, outTradeNo, outRefundNo = '', line, row } = difference;
  return {
    kind,
    rule,
    outTradeNo,
    outRefundNo,
    transactionId: line?.transactionId ?? row?.transactionId ?? '',
    billFen: line?.amountFen ?? null,
    ledgerFen: row?.isBooked ? row.amountFen : null,
    outcome: rule === 'person' ? 'PERSON' : '',
  };
}
