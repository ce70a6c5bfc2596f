/** Wake-up calls as pg-boss jobs on a real database: born with their change, done once, found again when lost. */
import { sql } from 'kysely';
import { openDatabase, type Database } from '../../../server/db/database';
import { migrate } from '../../../server/db/migrate';
import { OrderJobs } from '../../../server/jobs/order-jobs';
import { Lanes } from '../../../server/orders/lanes';
import { systemClock } from '../../../server/time';
import { testDatabase } from '../support/cluster';
import { until } from '../support/until';

let database: Database;
let jobs: OrderJobs;
let lanes: Lanes;
let performed: string[];
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

function wake(name: string, delayMs: number): Promise<void> {
  return database.db
    .transaction()
    .execute((transaction) => jobs.wake(transaction, name, Date.now() + delayMs));
}

function start(): void {
  const tasks = {
    perform: async (name: string) => {
      const left = failures.get(name) ?? 0;
      failures.set(name, left - 1);
      if (left > 0) throw new Error('database away');
      performed.push(name);
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
});

beforeEach(async () => {
  performed = [];
  failures = new Map();
  overdue = [];
  lanes = new Lanes(4, 100, (error) => errors.push(error as Error));
  jobs = new OrderJobs({ pool: database.pool, clock: systemClock, onError: (error) => errors.push(error) });
  await jobs.prepare();
  await sql`delete from pgboss.job`.execute(database.db);
});

afterEach(() => jobs.stop());
afterAll(() => database.close());

test('a wake-up call lives and dies with its transaction', async () => {
  await expect(
    database.db.transaction().execute(async (transaction) => {
      await jobs.wake(transaction, 'D_1', Date.now());
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await rows()).toEqual([]);
  await wake('D_2', 0);
  expect(await rows()).toEqual([{ state: 'created', name: 'D_2' }]);
});

test('it comes at its time, not before, and once', async () => {
  await wake('D_1', 0);
  await wake('D_2', 1_500);
  const startMs = Date.now();
  start();
  await until(() => performed.length === 2);
  expect(performed).toEqual(['D_1', 'D_2']);
  expect(Date.now() - startMs).toBeGreaterThanOrEqual(1_000);
  await jobs.stop();
  expect((await rows()).map((row) => row.state)).toEqual(['completed', 'completed']);
});

test('it comes again when it failed', async () => {
  failures.set('D_1', 1);
  await wake('D_1', 0);
  start();
  await until(() => performed.length === 1);
  expect(errors.map((error) => error.message)).toContain('database away');
});

test('what no job came for is found by the sweep', async () => {
  overdue = ['D_9'];
  start();
  await until(() => performed.length === 1, 25_000);
  expect(performed).toEqual(['D_9']);
});

test('a slow order does not hold up the others', async () => {
  let release = (): void => undefined;
  const slow = new Promise<void>((resolve) => (release = resolve));
  for (let index = 0; index < 20; index++) await wake(`D_${index}`, 0);
  const tasks = {
    perform: async (name: string) => {
      if (name === 'D_0') await slow;
      performed.push(name);
    },
  };
  jobs.start({ store: { overdue: async () => [] }, tasks, lanes } as never);
  await until(() => performed.length === 19);
  release();
  await until(() => performed.length === 20);
});
