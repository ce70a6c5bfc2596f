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
  await client.query(`insert into ledger_lines (event_id, out_trade_no, account, amount_fen)
    values (1, 'CS000001_1', 'a', 150), (1, 'CS000001_1', 'b', -150)`);
});

afterAll(() => client.end());

function open(): Database {
  return openDatabase({ url, maxConnections: 4, applicationName: 'test', onError: () => undefined });
}

test.each([
  'update ledger_lines set amount_fen = 1',
  'update ledger_lines set amount_fen = 1 where false',
  'delete from ledger_lines',
  'truncate ledger_lines',
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

test('refuses an entry that does not sum to zero, also one that was sound before', async () => {
  const insert = 'insert into ledger_lines (event_id, out_trade_no, account, amount_fen) values';
  await expect(client.query(`${insert} (1, 'CS000001_1', 'a', 1)`)).rejects.toThrow('sums to 1');
  await expect(
    client.query(`${insert} (1, 'CS000001_1', 'a', 5), (1, 'CS000001_1', 'b', -4)`),
  ).rejects.toThrow('sums to 1');
  await client.query(`${insert} (1, 'CS000001_1', 'a', 1), (1, 'CS000001_1', 'c', -1)`);
});

test('refuses amounts of zero, unknown channels and states out of order', async () => {
  const line = `insert into ledger_lines (event_id, out_trade_no, account, amount_fen) values (1, 'CS000001_1', 'a', 0)`;
  await expect(client.query(line)).rejects.toThrow('check');
  await expect(
    client.query(
      ORDER.replace("'CS000001_1'", "'CS000001_2'").replace('1, 1,', '2, 1,').replace('wechat', 'cash'),
    ),
  ).rejects.toThrow('check');
  await expect(client.query(ORDER)).rejects.toThrow('unique');
  await expect(client.query(ORDER.replace("'CS000001_1'", "'CS000001_3'"))).rejects.toThrow('orders_number');
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
