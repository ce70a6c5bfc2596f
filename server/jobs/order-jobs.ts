/**
 * Orders' wake-up calls as pg-boss jobs: born in the transaction that decided on them, they survive any kill.
 * A job says only which order to look at; what is due, the order itself knows (orders/tasks.ts), so a job that
 * comes late, twice, or for nothing does no harm. A sweep over the orders finds what no job came for.
 */
import { CompiledQuery } from 'kysely';
import PgBoss from 'pg-boss';
import type { Pool } from 'pg';
import type { Lanes } from '../orders/lanes';
import type { Insertion } from '../orders/quick-writes';
import type { Transaction, WakeJobs } from '../orders/postgres-store';
import type { Store } from '../orders/store';
import type { TaskRunner } from '../orders/tasks';
import type { Clock, Timer } from '../time';

export interface OrderJobsOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

export interface OrderWork {
  readonly store: Store;
  readonly tasks: TaskRunner;
  readonly lanes: Lanes;
}

const QUEUE = 'order-wake';
const POLL_MS = 500;
/** Jobs in hand at a time; a slow provider holds up its own orders only. */
const MAX_ACTIVE = 100;
/** A job whose process was killed is given out again after this. */
const EXPIRE_S = 60;
const MAINTENANCE_S = 30;
const KEEP_DONE_S = 600;
const SWEEP_MS = 15_000;
/** Later than this, a wake-up call is lost or stuck in a killed process. */
const OVERDUE_MS = 10_000;
const SWEEP_LIMIT = 500;

interface WakeData {
  readonly outTradeNo: string;
}

export class OrderJobs implements WakeJobs {
  /** The queue; other kinds of jobs share it. */
  readonly boss: PgBoss;
  private readonly timers = new Map<string, Timer>();
  private work: OrderWork | undefined;
  private active = 0;
  private done: string[] = [];
  private polling: Promise<void> = Promise.resolve();

  constructor(private readonly options: OrderJobsOptions) {
    const { pool, onError } = options;
    this.boss = new PgBoss({
      db: { executeSql: (text, values) => pool.query(text, values as unknown[]) },
      schedule: false,
      maintenanceIntervalSeconds: MAINTENANCE_S,
      archiveCompletedAfterSeconds: KEEP_DONE_S,
      deleteAfterHours: 1,
    });
    this.boss.on('error', onError);
  }

  async wake(transaction: Transaction, outTradeNo: string, atMs: number): Promise<void> {
    const db = {
      executeSql: async (text: string, values: unknown[]): Promise<{ rows: unknown[] }> => {
        const result = await transaction.executeQuery(CompiledQuery.raw(text, values));
        return { rows: result.rows };
      },
    };
    await this.boss.send(QUEUE, { outTradeNo } satisfies WakeData, { startAfter: new Date(atMs), db });
  }

  /** pg-boss writes the statement; instead of running it, it is handed on. */
  async insertion(outTradeNo: string, atMs: number): Promise<Insertion> {
    let written: Insertion | undefined;
    const db = {
      executeSql: async (text: string, values: unknown[]): Promise<{ rows: unknown[] }> => {
        written = { text, values };
        return { rows: [{ id: '' }] };
      },
    };
    await this.boss.send(QUEUE, { outTradeNo } satisfies WakeData, { startAfter: new Date(atMs), db });
    return written!;
  }

  /** Makes queue and schema; jobs may be sent from here on. */
  async prepare(): Promise<void> {
    await this.boss.start();
    await this.boss.createQueue(QUEUE, {
      name: QUEUE,
      policy: 'standard',
      retryLimit: 10,
      retryDelay: 2,
      retryBackoff: true,
      expireInSeconds: EXPIRE_S,
    });
  }

  /** Begins to work off jobs. */
  start(work: OrderWork): void {
    this.work = work;
    this.repeat('poll', POLL_MS, () => (this.polling = this.poll()));
    this.repeat('sweep', SWEEP_MS, () => this.sweep());
  }

  /** Takes no more jobs; those in hand go on. */
  async pause(): Promise<void> {
    this.work = undefined;
    for (const timer of this.timers.values()) this.options.clock.clearTimer(timer);
    await this.polling.catch(() => undefined);
  }

  /** Tells the queue of those that are done, and lets go of it. */
  async stop(): Promise<void> {
    await this.pause();
    await this.report();
    await this.boss.stop({ graceful: false });
  }

  /** Works again and again, with a pause after each time; failures are reported and do not end it. */
  private repeat(name: string, pauseMs: number, work: () => Promise<void>): void {
    if (!this.work) return;
    const timer = this.options.clock.setTimer(() => {
      work()
        .catch((error: Error) => this.options.onError(error))
        .finally(() => this.repeat(name, pauseMs, work));
    }, pauseMs);
    this.timers.set(name, timer);
  }

  /** Takes jobs as long as there are some and hands are free. */
  private async poll(): Promise<void> {
    await this.report();
    for (;;) {
      const { work } = this;
      const batchSize = MAX_ACTIVE - this.active;
      if (!work || batchSize <= 0) return;
      const jobs = await this.boss.fetch<WakeData>(QUEUE, { batchSize });
      for (const job of jobs) void this.perform(work, job);
      if (jobs.length < batchSize) return;
    }
  }

  private async perform(work: OrderWork, job: PgBoss.Job<WakeData>): Promise<void> {
    const { outTradeNo } = job.data;
    this.active += 1;
    try {
      await work.lanes.run(outTradeNo, () => work.tasks.perform(outTradeNo, false));
      this.done.push(job.id);
    } catch (error) {
      this.options.onError(error as Error);
      await this.boss.fail(QUEUE, job.id, { message: (error as Error).message }).catch(this.options.onError);
    } finally {
      this.active -= 1;
    }
  }

  /** Tells the queue of finished jobs, many at a time; a job told twice or never is harmless. */
  private async report(): Promise<void> {
    const done = this.done.splice(0);
    if (done.length > 0) await this.boss.complete(QUEUE, done);
  }

  private async sweep(): Promise<void> {
    const { work } = this;
    if (!work) return;
    const beforeMs = Math.round(this.options.clock.nowMs()) - OVERDUE_MS;
    for (const outTradeNo of await work.store.overdue(beforeMs, SWEEP_LIMIT)) {
      work.lanes.add(outTradeNo, () => work.tasks.perform(outTradeNo, false));
    }
  }
}
