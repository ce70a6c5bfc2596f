/**
 * Daily reconciliation as pg-boss jobs: each day's bill of a channel gets one, born in the transaction that put
 * the day on the plan, and another whenever it has to be looked at again. A sweep plans what is due and finds
 * days whose job was lost. What is done is reconciliation/reconciler.ts's; repeating it does no harm.
 */
import { CompiledQuery, type Transaction } from 'kysely';
import type PgBoss from 'pg-boss';
import type { Schema } from '../db/schema';
import type { BillDay, ReconcileJobs as Jobs, ReconciliationBook } from '../reconciliation/book';
import type { Reconciler } from '../reconciliation/reconciler';
import type { Clock, Timer } from '../time';

export interface ReconcileJobsOptions {
  readonly boss: PgBoss;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

export interface ReconcileWork {
  readonly reconciler: Reconciler;
  readonly book: ReconciliationBook;
}

const QUEUE = 'reconcile';
const FIRST_MS = 1_000;
const PAUSE_MS = 30_000;
/** Bills are large and nobody waits for them: one at a time in each process. */
const BATCH = 1;
/** A bill that is not through by then is given to another process. */
const EXPIRE_S = 900;
const OVERDUE_MS = 120_000;
/** A job that comes so much before its time is as good as in time. */
const EARLY_MS = 10_000;
const SWEEP_LIMIT = 20;

export class ReconcileJobs implements Jobs {
  private timer: Timer | undefined;
  private work: ReconcileWork | undefined;
  private running: Promise<void> = Promise.resolve();
  private ending = new AbortController();

  constructor(private readonly options: ReconcileJobsOptions) {}

  async later(transaction: Transaction<Schema>, day: BillDay, atMs: number): Promise<void> {
    const db = {
      executeSql: async (text: string, values: unknown[]): Promise<{ rows: unknown[] }> => {
        const result = await transaction.executeQuery(CompiledQuery.raw(text, values));
        return { rows: result.rows };
      },
    };
    const { merchantId, channel, day: date } = day;
    await this.options.boss.send(
      QUEUE,
      { merchantId, channel, day: date },
      { startAfter: new Date(atMs), db },
    );
  }

  /** Makes the queue; the boss has been started. */
  async prepare(): Promise<void> {
    await this.options.boss.createQueue(QUEUE, {
      name: QUEUE,
      policy: 'standard',
      retryLimit: 3,
      retryDelay: 60,
      expireInSeconds: EXPIRE_S,
    });
  }

  start(work: ReconcileWork): void {
    this.work = work;
    this.ending = new AbortController();
    this.repeat(FIRST_MS);
  }

  /** Ends with the call to the provider that is being made; the bill is looked at again. */
  async pause(): Promise<void> {
    this.work = undefined;
    this.ending.abort(new Error('the server is stopping'));
    this.options.clock.clearTimer(this.timer);
    await this.running;
  }

  private repeat(pauseMs: number): void {
    this.timer = this.options.clock.setTimer(() => {
      this.running = this.round()
        .catch((error: Error) => this.options.onError(error))
        .then(() => {
          if (this.work) this.repeat(PAUSE_MS);
        });
    }, pauseMs);
  }

  private async round(): Promise<void> {
    await this.work?.reconciler.plan();
    while (this.work && (await this.takeJob(this.work))) {
      // One after the other, until the queue is empty.
    }
    await this.sweep();
  }

  private async takeJob(work: ReconcileWork): Promise<boolean> {
    const { boss, onError } = this.options;
    const [job] = await boss.fetch<BillDay>(QUEUE, { batchSize: BATCH });
    if (!job) return false;
    try {
      if (await this.isDue(work, job.data)) await work.reconciler.run(job.data, this.ending.signal);
      await boss.complete(QUEUE, job.id);
    } catch (error) {
      if (!this.ending.signal.aborted) onError(error as Error);
      await boss.fail(QUEUE, job.id, { message: (error as Error).message });
    }
    return true;
  }

  /** The queue goes by the database's clock: where that is ahead of ours, a job comes early, and the sweep later. */
  private async isDue({ book }: ReconcileWork, day: BillDay): Promise<boolean> {
    const nextTryAtMs = (await book.find(day))?.nextTryAtMs ?? 0;
    return nextTryAtMs <= this.options.clock.nowMs() + EARLY_MS;
  }

  /** Days that no job came for. */
  private async sweep(): Promise<void> {
    const beforeMs = Math.round(this.options.clock.nowMs()) - OVERDUE_MS;
    const days = (await this.work?.book.overdue(beforeMs, SWEEP_LIMIT)) ?? [];
    for (const day of days) await this.work?.reconciler.run(day, this.ending.signal);
  }
}
