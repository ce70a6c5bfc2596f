/** Statements that follow each other on a connection: each has its own answer, whatever becomes of the others. */
import { once } from 'node:events';
import * as net from 'node:net';
import { Client } from 'pg';
import { isLockedOut, Pipes, type Statement } from '../../../server/db/pipes';
import { query, testDatabase } from '../support/cluster';
import { until } from '../support/until';

let url: string;
let pipes: Pipes;
let errors: string[];

function make(count: number, at = url): Pipes {
  return new Pipes({
    url: at,
    count,
    applicationName: 'piped',
    types: undefined,
    onError: (error) => errors.push(error.message),
  });
}

const plus = (left: number, right: number): Statement => ({
  name: 'plus',
  text: 'select $1::int + $2::int as sum',
  values: [left, right],
});
const into = (value: number): Statement => ({
  name: 'into',
  text: 'insert into piped values ($1::int)',
  values: [value],
});
const backends = (): Promise<Record<string, unknown>[]> =>
  query(url, `select pid from pg_stat_activity where application_name = 'piped'`);

beforeEach(async () => {
  errors = [];
  url = await testDatabase();
  await query(url, 'create table piped (value int primary key)');
  pipes = make(1);
});
afterEach(() => pipes.close());

test('statements that are under way together have each their own answer, over no more connections than asked', async () => {
  await pipes.close();
  pipes = make(2);
  const sums = Array.from({ length: 200 }, (_, index) => pipes.query(plus(index, 1)));
  expect(pipes.underWay).toBe(200);
  const answers = await Promise.all(sums);
  expect(answers.map(({ rows }) => rows)).toEqual(answers.map((_, index) => [{ sum: index + 1 }]));
  expect(pipes.underWay).toBe(0);
  expect(await backends()).toHaveLength(2);
});

test('each is a transaction of its own: one that fails takes no other with it', async () => {
  const results = await Promise.allSettled([1, 2, 2, 3].map((value) => pipes.query(into(value))));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(await query(url, 'select value from piped order by 1')).toEqual(
    [1, 2, 3].map((value) => ({ value })),
  );
  await pipes.query(into(4));
});

test('a connection that breaks fails what is under way, is reported, and is made anew', async () => {
  await pipes.query(plus(1, 1));
  const slow = pipes.query({ name: 'slow', text: 'select pg_sleep(600)', values: [] });
  const behind = pipes.query(into(1));
  const both = Promise.allSettled([slow, behind]);
  await until(
    async () =>
      (await query(url, `select 1 from pg_stat_activity where query like '%pg_sleep(600)'`)).length > 0,
  );
  await query(url, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'piped'`);
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await query(url, 'select 1 from piped')).toEqual([]);
  await until(async () => (await backends()).length === 0);
  expect((await pipes.query(plus(2, 2))).rows).toEqual([{ sum: 4 }]);
  expect(errors.length).toBeGreaterThan(0);
});

test('a database that is away fails statements, and is found when it is back', async () => {
  const { port } = new URL(url);
  const door = net.createServer((socket) => {
    socket.pipe(net.connect(Number(port), '127.0.0.1')).pipe(socket);
  });
  const open = (at: number): Promise<unknown> => once(door.listen(at, '127.0.0.1'), 'listening');
  await open(0);
  const at = (door.address() as net.AddressInfo).port;
  await new Promise((resolve) => door.close(resolve));
  const early = make(1, url.replace(port, String(at)));
  await expect(early.query(plus(1, 1))).rejects.toThrow('ECONNREFUSED');
  await open(at);
  expect((await early.query(plus(1, 1))).rows).toEqual([{ sum: 2 }]);
  await early.close();
  await new Promise((resolve) => door.close(resolve));
});

test('what waits for a lock is refused soon, so that what is behind it goes on', async () => {
  await pipes.query(into(1));
  const holder = new Client({ connectionString: url });
  await holder.connect();
  await holder.query('begin; update piped set value = 1');
  const raise = { name: 'raise', text: 'update piped set value = $1::int', values: [9] };
  const [locked, free] = await Promise.allSettled([pipes.query(raise), pipes.query(into(2))]);
  expect(locked.status === 'rejected' && isLockedOut(locked.reason)).toBe(true);
  expect(free.status).toBe('fulfilled');
  await holder.end();
  await pipes.query(raise).catch((error) => expect(isLockedOut(error)).toBe(false));
});

test('closing waits for the answers, and takes no more', async () => {
  const answers = [1, 2, 3].map((value) => pipes.query(into(value)));
  await new Promise(setImmediate);
  await pipes.close();
  await Promise.all(answers);
  expect(await query(url, 'select 1 from piped')).toHaveLength(3);
  await expect(pipes.query(into(4))).rejects.toThrow('closed');
});
