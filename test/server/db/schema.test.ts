/** What the database itself holds: it refuses what breaks the books, whoever tries. */
import { Client } from 'pg';
import { sql, type Kysely } from 'kysely';
import { openDatabase, type Database } from '../../../server/db/database';
import { migrate, MIGRATIONS, type Migration } from '../../../server/db/migrate';
import { testDatabase } from '../support/cluster';

let url: string;
let client: Client;

const ORDER = `insert into orders select 'CS000001_1', 'CS000001', 1, 1, 'wechat', 150, 'r', 'g', 1, 2, 'PAID', 0, '', 'u', '', '', 150, 1,
  0, 0, 0, false, 0, 0, '', 0, 5, 1`;

beforeAll(async () => {
  url = await testDatabase();
  const database = open();
  await migrate(database.db as never);
  await database.close();
  client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`insert into merchants (name, max_amount_fen, max_open_orders, uncertain_policy, refund_window_ms,
    created_at_ms) values ('M', 500, 5, 'refund', 0, 1)`);
  await client.query(`insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms)
    values ('CS000001', 1, 'x', 500, 1)`);
  await client.query(ORDER);
  await client.query(`insert into order_events (out_trade_no, at_ms, cause, type, detail, from_state, to_state)
    values ('CS000001_1', 1, 'device', 'open', '{}', '', 'CREATED')`);
  await client.query(entry("1, 'CS000001_1', 'a', 'b', 150"));
});

function entry(values: string): string {
  return `insert into ledger_entries (event_id, out_trade_no, debit, credit, amount_fen) values (${values})`;
}

afterAll(() => client.end());

function open(): Database {
  return openDatabase({ url, maxConnections: 4, applicationName: 'test', onError: () => undefined });
}

test.each([
  'update ledger_entries set amount_fen = 1',
  'update ledger_entries set amount_fen = 1 where false',
  'delete from ledger_entries',
  'truncate ledger_entries',
  "update order_events set cause = 'nobody'",
  'delete from order_events',
  'truncate order_events cascade',
  'delete from orders',
  'update orders set amount_fen = 1',
  "update orders set reference = 'other'",
  "update orders set device_id = 'CS000002'",
])('refuses: %s', async (statement) => {
  await expect(client.query(statement)).rejects.toThrow('MONEY');
});

test.each(["1, 'CS000001_1', 'a', 'b', 0", "1, 'CS000001_1', 'a', 'b', -5", "1, 'CS000001_1', 'a', 'a', 5"])(
  'refuses an entry that moves nothing, backwards or nowhere: %s',
  async (values) => {
    await expect(client.query(entry(values))).rejects.toThrow('ledger_entries_sound');
  },
);

test('shows each entry as its two lines', async () => {
  const { rows } = await client.query(
    'select event_id, out_trade_no, account, amount_fen from ledger_lines order by account',
  );
  const common = { event_id: '1', out_trade_no: 'CS000001_1' };
  expect(rows).toEqual([
    { ...common, account: 'a', amount_fen: '150' },
    { ...common, account: 'b', amount_fen: '-150' },
  ]);
});

test('refuses unknown channels and orders that are there', async () => {
  await expect(
    client.query(
      ORDER.replace("'CS000001_1'", "'CS000001_2'").replace('1, 1,', '2, 1,').replace('wechat', 'cash'),
    ),
  ).rejects.toThrow('check');
  await expect(client.query(ORDER)).rejects.toThrow('unique');
  await expect(client.query(ORDER.replace("'CS000001_1'", "'CS000001_3'"))).rejects.toThrow('orders_number');
});

test.each([
  ['update orders set outside_fen = 151', 'orders_paid'],
  ['update orders set paid_fen = 5, outside_fen = 6', 'orders_paid'],
  ['update devices set max_amount_fen = 0', 'devices_max_amount_fen'],
  ["update devices set id = 'x'", 'devices_id'],
  [
    `insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms) values ('CS1;', 1, 'x', 5, 1)`,
    'devices_id',
  ],
  [entry("1, 'CS000001_9', 'a', 'b', 1"), 'ledger_entries_event_fkey'],
  [ORDER.replace("'CS000001_1', 'CS000001', 1, 1,", "'CS000001_2', 'CS000001', 2, 2,"), 'orders_device_fkey'],
])('refuses: %s', async (statement, constraint) => {
  await expect(client.query(statement)).rejects.toThrow(constraint);
});

test('gives a number that is not safe as an error, never rounded', async () => {
  const database = open();
  await expect(sql`select 9007199254740993::bigint as big`.execute(database.db)).rejects.toThrow(
    'not a safe integer',
  );
  const { rows } = await sql<{ big: number }>`select 9007199254740991::bigint as big`.execute(database.db);
  expect(rows).toEqual([{ big: 9007199254740991 }]);
  await database.close();
});

describe('migrations', () => {
  const note = (name: string, statement: string): Migration => ({
    name,
    up: async (db: Kysely<unknown>) => void (await sql.raw(statement).execute(db)),
  });

  test('are applied once, however many start at once', async () => {
    const fresh = await testDatabase();
    const databases = [1, 2, 3].map(() =>
      openDatabase({ url: fresh, maxConnections: 2, applicationName: 'test', onError: () => undefined }),
    );
    const applied = await Promise.all(databases.map(({ db }) => migrate(db as never)));
    expect(applied.flat().sort()).toEqual(MIGRATIONS.map((migration) => migration.name));
    await Promise.all(databases.map((database) => database.close()));
  });

  test('keep the orders of a database that was made before the writes were lightened', async () => {
    const earlier = await testDatabase();
    const database = openDatabase({
      url: earlier,
      maxConnections: 2,
      applicationName: 'test',
      onError: () => undefined,
    });
    const { db } = database;
    await migrate(
      db as never,
      MIGRATIONS.filter(({ name }) => name < '0011'),
    );
    const insert = async (statement: string): Promise<void> => void (await sql.raw(statement).execute(db));
    await insert(`insert into merchants (name, max_amount_fen, max_open_orders, uncertain_policy, refund_window_ms,
      created_at_ms) values ('M', 500, 5, 'refund', 0, 1)`);
    await insert(`insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms)
      values ('CS000001', 1, 'x', 500, 1)`);
    // State, alarm, wake, job.
    const stories = [
      'PREPAID,,90,80',
      'DISPENSED,,null,80',
      'CLOSED,,90,null',
      'REFUNDED,CONTRADICTION,null,null',
      'UNCERTAIN,,null,null',
    ];
    for (const [index, story] of stories.entries()) {
      const [state, alarm, wake, job] = story.split(',');
      const order = ORDER.replace("'CS000001_1'", `'CS000001_${index + 1}'`).replace(
        '1, 1,',
        `${index + 1}, 1,`,
      );
      const stated = order
        .replace("'PAID', 0, ''", `'${state}', 0, '${alarm}'`)
        .replace('0, 5, 1', `0, ${wake}, 1`);
      await insert(stated);
      await insert(`update orders set job_at_ms = ${job} where n = ${index + 1}`);
    }
    await insert(`insert into order_events (out_trade_no, at_ms, cause, type, detail, from_state, to_state)
      select out_trade_no, 1, 'device', 'open', '{}', '', state from orders`);
    // As two entries of one event were written: paid too late, and on its way back.
    await insert(`insert into ledger_lines (event_id, out_trade_no, account, amount_fen)
      select id, out_trade_no, account, fen from order_events,
        (values ('a', 150), ('b', -150), ('b', 150), ('c', -150)) as line (account, fen)`);
    const sums = `select (select count(*) from orders) as orders, (select count(*) from order_events) as events,
      (select sum(abs(amount_fen)) from ledger_lines) as fen`;
    const before = (await sql.raw(sums).execute(db)).rows;
    expect(await migrate(db as never)).toEqual([
      '0011-hot-writes',
      '0012-order-defaults',
      '0013-ledger-entries',
    ]);
    expect((await sql.raw(sums).execute(db)).rows).toEqual(before);
    expect(before).toEqual([{ orders: 5, events: 5, fen: 3000 }]);
    const entries = await sql`select out_trade_no, debit, credit, amount_fen from ledger_entries
      where out_trade_no = 'CS000001_2' order by id`.execute(db);
    expect(entries.rows).toEqual([
      { outTradeNo: 'CS000001_2', debit: 'a', credit: 'b', amountFen: 150 },
      { outTradeNo: 'CS000001_2', debit: 'b', credit: 'c', amountFen: 150 },
    ]);
    const { rows } = await sql`select n, is_active, job_at_ms from orders order by n`.execute(db);
    expect(rows).toEqual([
      { n: 1, isActive: true, jobAtMs: 80 },
      { n: 2, isActive: false, jobAtMs: 80 },
      { n: 3, isActive: true, jobAtMs: 90 },
      { n: 4, isActive: true, jobAtMs: null },
      { n: 5, isActive: true, jobAtMs: null },
    ]);
    await database.close();
  });

  test('refuse a ledger whose lines are no pairs, and leave it as it is', async () => {
    const database = openDatabase({
      url: await testDatabase(),
      maxConnections: 1,
      applicationName: 'test',
      onError: () => undefined,
    });
    const { db } = database;
    const insert = async (statement: string): Promise<void> => void (await sql.raw(statement).execute(db));
    await migrate(
      db as never,
      MIGRATIONS.filter(({ name }) => name < '0011'),
    );
    await insert(`insert into merchants (name, max_amount_fen, max_open_orders, uncertain_policy, refund_window_ms,
      created_at_ms) values ('M', 500, 5, 'refund', 0, 1)`);
    await insert(`insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms)
      values ('CS000001', 1, 'x', 500, 1)`);
    await insert(ORDER);
    await insert(`insert into order_events (out_trade_no, at_ms, cause, type, detail, from_state, to_state)
      values ('CS000001_1', 1, 'device', 'open', '{}', '', 'PAID')`);
    await insert(`insert into ledger_lines (event_id, out_trade_no, account, amount_fen)
      values (1, 'CS000001_1', 'a', 3), (1, 'CS000001_1', 'b', -1), (1, 'CS000001_1', 'c', -2)`);
    await expect(migrate(db as never)).rejects.toThrow('not pairs');
    const { rows } = await sql<{ sum: number }>`select sum(abs(amount_fen)) from ledger_lines`.execute(db);
    expect(rows).toEqual([{ sum: 6 }]);
    await database.close();
  });

  test('that fail leave nothing of themselves, and those before stay', async () => {
    const database = openDatabase({
      url: await testDatabase(),
      maxConnections: 2,
      applicationName: 'test',
      onError: () => undefined,
    });
    const { db } = database;
    const good = note('1-good', 'create table good (a int)');
    const bad = note('2-bad', 'create table half (a int); select no_such_function()');
    await expect(migrate(db as never, [good, bad])).rejects.toThrow('no_such_function');
    const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
      where table_schema = 'public' order by 1`.execute(db);
    expect(rows.map((row) => row.name)).toEqual(['good', 'migrations']);
    expect(await migrate(db as never, [good, note('2-bad', 'create table half (a int)')])).toEqual(['2-bad']);
    await expect(migrate(db as never, [good])).rejects.toThrow('newer version (it has 2-bad)');
    await database.close();
  });
});
