/** When a day's job is worked off, when it is put off, and how a stop ends it. */
import type PgBoss from 'pg-boss';
import { ReconcileJobs, type ReconcileWork } from '../../../server/jobs/reconcile-jobs';
import { VirtualClock } from '../../../sim/time/clock';

const DAY = { merchantId: 1, channel: 'wechat', day: '2026-01-31' } as const;

class Bench {
  readonly clock = new VirtualClock(1_000_000);
  readonly complaints: string[] = [];
  readonly ran: (AbortSignal | undefined)[] = [];
  readonly completed: string[] = [];
  readonly failed: string[] = [];
  nextTryAtMs: number | null = 0;
  work: (signal: AbortSignal) => Promise<void> = async () => undefined;
  readonly jobs: ReconcileJobs;
  private waiting = ['job 1'];

  constructor() {
    const boss = {
      fetch: async () => this.waiting.splice(0, 1).map((id) => ({ id, data: DAY })),
      complete: async (_queue: string, id: string) => void this.completed.push(id),
      fail: async (_queue: string, id: string) => void this.failed.push(id),
    } as unknown as PgBoss;
    const onError = (error: Error): void => void this.complaints.push(error.message);
    this.jobs = new ReconcileJobs({ boss, clock: this.clock, onError });
  }

  start(): void {
    this.jobs.start({
      reconciler: {
        plan: async () => 0,
        run: async (_day: unknown, signal: AbortSignal) => {
          this.ran.push(signal);
          await this.work(signal);
        },
      },
      book: { find: async () => ({ nextTryAtMs: this.nextTryAtMs }), overdue: async () => [] },
    } as unknown as ReconcileWork);
    this.clock.advance(1_000);
  }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

test.each([
  ['that is due is worked off', 0, 1],
  ['of a day that is done is worked off again: its last run had failed', null, 1],
  ['that comes a little early is worked off', 1_005_000, 1],
  ['that comes an hour early, by a database whose clock is ahead, is not', 4_600_000, 0],
])('a job %s', async (_what, nextTryAtMs, runs) => {
  const bench = new Bench();
  bench.nextTryAtMs = nextTryAtMs;
  bench.start();
  await settle();
  expect(bench.ran).toHaveLength(runs);
  expect(bench.completed).toEqual(['job 1']);
});

test('a stop tells the work to end, has the job come again, and complains of nothing', async () => {
  const bench = new Bench();
  bench.work = (signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  bench.start();
  await settle();
  expect(bench.ran).toHaveLength(1);
  await bench.jobs.pause();
  expect([bench.failed, bench.completed, bench.complaints]).toEqual([['job 1'], [], []]);
});

test('work that fails by itself is complained of, and its job comes again', async () => {
  const bench = new Bench();
  bench.work = () => Promise.reject(new Error('no database'));
  bench.start();
  await settle();
  expect([bench.failed, bench.complaints]).toEqual([['job 1'], ['no database']]);
  await bench.jobs.pause();
});
