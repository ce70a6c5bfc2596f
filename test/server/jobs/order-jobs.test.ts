/** Wake-up calls as pg-boss jobs on a real database: made of orders' times once, done once, found again when lost. */
import { sql } from 'kysely';
import { openDatabase, type Database } from '../../../server/db/database';
import { migrate } from '../../../server/db/migrate';
import { OrderJobs } from '../../../server/jobs/order-jobs';
import { Lanes } from '../../../server/orders/lanes';
import { isActive, type Order } from '../../../server/orders/model';
import { systemClock } from '../../../server/time';
import { testDatabase } from '../support/cluster';
import { newOrder } from '../support/orders';
import { until } from '../support/until';

let database: Database;
let jobs: OrderJobs;
let lanes: Lanes;
let performed: string[];
/** When each was performed, by the clock that the jobs go by. */
let performedAtMs: Map<string, number>;
let failures: Map<string, number>;
let overdue: string[];
const errors: Error[] = [];

interface JobRow {
  readonly state: string;
  readonly name: string;
}

async function rows(): Promise<JobRow[]> {
  const { rows: found } = await sql<JobRow>`select state, data->>'outTradeNo' as name from pgboss.job
    where name = 'order-wake' order by created_on`.execute(database.db);
  return found;
}

/** An order that wants a job after `delayMs`; gives the time. */
async function wake(name: string, delayMs: number, change: Partial<Order> = {}): Promise<number> {
  const [deviceId, n] = name.split('_') as [string, string];
  const jobAtMs = systemClock.nowMs() + delayMs;
  const order = newOrder({
    outTradeNo: name,
    deviceId,
    n: Number(n),
    merchantId: 1,
    wakeAtMs: jobAtMs,
    jobAtMs,
    ...change,
  });
  const row = {
    ...order,
    wakeAtMs: order.wakeAtMs ?? null,
    jobAtMs: order.jobAtMs ?? null,
    isActive: isActive(order),
  };
  await database.db.insertInto('orders').values(row).execute();
  return jobAtMs;
}

async function jobTimes(): Promise<(number | null)[]> {
  const found = await database.db.selectFrom('orders').select('jobAtMs').orderBy('n').execute();
  return found.map((row) => row.jobAtMs);
}

function start(): void {
  const tasks = {
    perform: async (name: string) => {
      const left = failures.get(name) ?? 0;
      failures.set(name, left - 1);
      if (left > 0) throw new Error('database away');
      performed.push(name);
      performedAtMs.set(name, systemClock.nowMs());
    },
  };
  const store = { overdue: async () => overdue.splice(0) };
  jobs.start({ store, tasks, lanes } as never);
}

beforeAll(async () => {
  database = openDatabase({
    url: await testDatabase(),
    maxConnections: 8,
    applicationName: 'test',
    onError: () => undefined,
  });
  await migrate(database.db as never);
  await sql`insert into merchants (name, max_amount_fen, max_open_orders, uncertain_policy, refund_window_ms, created_at_ms)
    values ('M', 500, 5, 'refund', 0, 1)`.execute(database.db);
  await sql`insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms)
    values ('DEV1', 1, 'x', 500, 1)`.execute(database.db);
});

beforeEach(async () => {
  performed = [];
  performedAtMs = new Map();
  failures = new Map();
  overdue = [];
  lanes = new Lanes(4, 100, (error) => errors.push(error as Error));
  jobs = new OrderJobs({ pool: database.pool, clock: systemClock, onError: (error) => errors.push(error) });
  await jobs.prepare();
  await sql`delete from pgboss.job`.execute(database.db);
  await sql`alter table orders disable trigger orders_stay`.execute(database.db);
  await sql`delete from orders`.execute(database.db);
  await sql`alter table orders enable trigger orders_stay`.execute(database.db);
});

afterEach(() => jobs.stop());
afterAll(() => database.close());

test('a time that has come becomes one job, and is taken away with it, whoever looks', async () => {
  await wake('DEV1_1', -5);
  await wake('DEV1_2', 60_000);
  await wake('DEV1_3', -5, { state: 'DISPENSED', wakeAtMs: undefined });
  const other = new OrderJobs({
    pool: database.pool,
    clock: systemClock,
    onError: (error) => errors.push(error),
  });
  await other.prepare();
  const handed = await Promise.all([jobs.handOut(), other.handOut(), jobs.handOut()]);
  await other.stop();
  expect(handed.sort()).toEqual([0, 0, 1]);
  expect(await rows()).toEqual([{ state: 'created', name: 'DEV1_1' }]);
  expect(await jobTimes()).toEqual([null, expect.any(Number), expect.any(Number)]);
});

test('when the job cannot be made, the time stays for the next look', async () => {
  await wake('DEV1_1', -5);
  const insert = jobs.boss.insert.bind(jobs.boss);
  jobs.boss.insert = async () => Promise.reject(new Error('queue away'));
  await expect(jobs.handOut()).rejects.toThrow('queue away');
  expect(await rows()).toEqual([]);
  expect(await jobTimes()).toEqual([expect.any(Number)]);
  jobs.boss.insert = insert;
  expect(await jobs.handOut()).toBe(1);
});

test('it comes at its time, not before, and once', async () => {
  await wake('DEV1_1', 0);
  const laterMs = await wake('DEV1_2', 1_500);
  start();
  await until(() => performed.length === 2);
  expect(performed.sort()).toEqual(['DEV1_1', 'DEV1_2']);
  expect(performedAtMs.get('DEV1_2')).toBeGreaterThanOrEqual(laterMs);
  await jobs.stop();
  expect((await rows()).map((row) => row.state)).toEqual(['completed', 'completed']);
});

test('it comes again when it failed', async () => {
  failures.set('DEV1_1', 1);
  await wake('DEV1_1', 0);
  start();
  await until(() => performed.length === 1);
  expect(errors.map((error) => error.message)).toContain('database away');
});

test('what no job came for is found by the sweep', async () => {
  overdue = ['D_9'];
  start();
  await until(() => performed.length === 1);
  expect(performed).toEqual(['D_9']);
});

test('a slow order does not hold up the others', async () => {
  let release = (): void => undefined;
  const slow = new Promise<void>((resolve) => (release = resolve));
  for (let index = 0; index < 20; index++) await wake(`DEV1_${index + 1}`, 0);
  const tasks = {
    perform: async (name: string) => {
      if (name === 'DEV1_1') await slow;
      performed.push(name);
    },
  };
  jobs.start({ store: { overdue: async () => [] }, tasks, lanes } as never);
  await until(() => performed.length === 19);
  release();
  await until(() => performed.length === 20);
});
