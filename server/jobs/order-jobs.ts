/**
 * Orders' wake-up calls as pg-boss jobs. The transaction that decides on one writes its time into the order; when
 * the time has come, one transaction takes it away and makes the job, so that either survives any kill, and the many
 * orders that are over before their first call never cost a job. A job says only which order to look at; what is
 * due, the order itself knows (orders/tasks.ts), so a job that comes late, twice, or for nothing does no harm.
 * A sweep over the orders finds what no job came for.
 */
import PgBoss from 'pg-boss';
import type { Pool } from 'pg';
import type { Lanes } from '../orders/lanes';
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
/** Jobs made in one transaction. */
const HAND_OUT_LIMIT = 500;

/** Takes the times that have come; another process that does the same is not waited for. */
const TAKE_DUE = {
  name: 'take due',
  text: `update orders set job_at_ms = null where out_trade_no in (
      select out_trade_no from orders where is_active and job_at_ms <= $1::bigint
      order by job_at_ms limit $2::integer for no key update skip locked)
    returning out_trade_no`,
} as const;

interface WakeData {
  readonly outTradeNo: string;
}

export class OrderJobs {
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

  /** Makes jobs of the orders' times that have come; gives how many. */
  async handOut(): Promise<number> {
    const client = await this.options.pool.connect();
    try {
      await client.query('begin');
      const values = [Math.round(this.options.clock.nowMs()), HAND_OUT_LIMIT];
      const { rows } = await client.query<{ out_trade_no: string }>({ ...TAKE_DUE, values });
      const db = { executeSql: (text: string, words: unknown[]) => client.query(text, words) };
      const jobs = rows.map((row) => ({
        name: QUEUE,
        data: { outTradeNo: row.out_trade_no } satisfies WakeData,
      }));
      if (jobs.length > 0) await this.boss.insert(jobs, { db });
      await client.query('commit');
      client.release();
      return jobs.length;
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
  }

  /** Makes jobs of what is due, and takes jobs as long as there are some and hands are free. */
  private async poll(): Promise<void> {
    await this.report();
    while (this.work && (await this.handOut()) === HAND_OUT_LIMIT);
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
