/**
 * New orders the short way: what was decided on is remembered, and an order is written only if all of it is still
 * so. Else it is decided anew on what the database has.
 */
import { openDatabase, type Database } from '../../../server/db/database';
import { migrate } from '../../../server/db/migrate';
import type { Statement } from '../../../server/db/pipes';
import { PostgresStore } from '../../../server/orders/postgres-store';
import type { Change, OpenFacts, OpenRequest, OpenWindow } from '../../../server/orders/store';
import { query, testDatabase } from '../support/cluster';
import { newOrder, NOW_MS, record, request } from '../support/orders';
import { until } from '../support/until';

const WINDOW: OpenWindow = { referenceSinceMs: 0, recentSinceMs: 0, recentLimit: 10 };
let url: string;
let database: Database;
let store: PostgresStore;
let statements: string[];

const wish = (n: number, change: Partial<OpenRequest> = {}): OpenRequest => request({ n, ...change });

function opening({ deviceId, n, outTradeNo, reference }: OpenRequest, merchantId = 1): Change {
  const order = newOrder({ merchantId, deviceId, n, outTradeNo, reference });
  return { order, records: [record()], wakeAtMs: order.wakeAtMs, tell: false };
}

/** Opens an order; gives the facts of each decision. */
async function open(asked: OpenRequest, window: OpenWindow = WINDOW): Promise<OpenFacts[]> {
  const seen: OpenFacts[] = [];
  await store.open(asked, window, (facts) => {
    seen.push(facts);
    return facts.sameNumber || !facts.device ? undefined : opening(asked, facts.device.merchantId);
  });
  return seen;
}

const count = async (): Promise<number> => (await query(url, 'select 1 from orders')).length;

function makeStore(): PostgresStore {
  const { pipes } = database;
  return new PostgresStore(database.db, {
    query: (statement: Statement) => {
      statements.push(statement.text.trimStart().split(' ', 1)[0]!);
      return pipes.query(statement);
    },
  });
}

beforeEach(async () => {
  url = await testDatabase();
  database = openDatabase({ url, maxConnections: 4, applicationName: 'test', onError: () => undefined });
  await migrate(database.db as never);
  await query(
    url,
    `insert into merchants (name, max_amount_fen, max_open_orders, uncertain_policy, refund_window_ms, created_at_ms)
      values ('M', 500, 5, 'refund', 0, 1);
    insert into channels (merchant_id, channel, is_enabled, sealed_parameters, version, updated_at_ms)
      values (1, 'wechat', true, 'x', 1, 1), (1, 'alipay', true, 'x', 1, 1);
    insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms, session)
      values ('CS000001', 1, 'x', 500, 1, 4), ('CS000002', 1, 'x', 500, 1, 4)`,
  );
  statements = [];
  store = makeStore();
});
afterEach(() => database.close());

test('the second order of a device is one statement', async () => {
  expect(await open(wish(1))).toHaveLength(1);
  expect(statements).toEqual(['select', 'with']);
  const [facts, ...more] = await open(wish(2));
  expect(statements).toEqual(['select', 'with', 'with']);
  expect(more).toEqual([]);
  expect(facts).toMatchObject({
    device: { merchantId: 1, isEnabled: true, maxAmountFen: 500, session: 4 },
    merchant: { isEnabled: true, maxAmountFen: 500, maxOpenOrders: 5 },
    isChannelOn: true,
  });
  expect(await store.find('CS000001_2')).toEqual(store.recent('CS000001_2'));
  expect(await query(url, `select last_order from devices where id = 'CS000001'`)).toEqual([
    { last_order: '2' },
  ]);
});

test.each<[string, string, unknown]>([
  [
    'the device is switched off',
    'update devices set is_enabled = false',
    { device: expect.objectContaining({ isEnabled: false }) },
  ],
  [
    'the device has another limit',
    'update devices set max_amount_fen = 100',
    { device: expect.objectContaining({ maxAmountFen: 100 }) },
  ],
  [
    'the device has another session',
    'update devices set session = 5',
    { device: expect.objectContaining({ session: 5 }) },
  ],
  [
    'the merchant is switched off',
    'update merchants set is_enabled = false',
    { merchant: expect.objectContaining({ isEnabled: false }) },
  ],
  [
    'the merchant has another limit',
    'update merchants set max_amount_fen = 100',
    { merchant: expect.objectContaining({ maxAmountFen: 100 }) },
  ],
  [
    'the merchant may have fewer open orders',
    'update merchants set max_open_orders = 4',
    { merchant: expect.objectContaining({ maxOpenOrders: 4 }) },
  ],
  [
    'the channel is switched off',
    `update channels set is_enabled = false where channel = 'wechat'`,
    { isChannelOn: false },
  ],
  ['the channel is gone', `delete from channels where channel = 'wechat'`, { isChannelOn: false }],
])('decides anew when %s', async (_what, statement, fresh) => {
  await open(wish(1));
  await query(url, statement);
  const seen = await open(wish(2));
  expect(seen).toHaveLength(2);
  expect(seen[0]).not.toMatchObject(fresh as object);
  expect(seen[1]).toMatchObject(fresh as object);
  // What was seen last is what the next order is decided on.
  expect(await open(wish(3))).toMatchObject([fresh]);
});

test('a device that comes with a newer session is looked at again', async () => {
  await open(wish(1));
  await query(url, 'update devices set session = 5');
  expect(await open(wish(2, { session: 5 }))).toMatchObject([{ device: { session: 5 } }]);
});

test('a reference that was used is seen, in the window only, and where it was not refused', async () => {
  await open(wish(1));
  const same = await open(wish(2, { reference: 'r1' }));
  expect(same.map(({ sameReference }) => sameReference?.n)).toEqual([undefined, 1]);
  const later = { ...WINDOW, referenceSinceMs: NOW_MS + 1 };
  expect(await open(wish(3, { reference: 'r1' }), later)).toHaveLength(1);
  await query(url, `update orders set state = 'REFUSED'`);
  expect(await open(wish(4, { reference: 'r1' }))).toHaveLength(1);
  expect(await open(wish(5, { reference: '' }))).toHaveLength(1);
  expect(await open(wish(6, { reference: '' }))).toHaveLength(1);
});

test('orders are counted where the limit of recent ones is reached, of this device and this time only', async () => {
  const window = { ...WINDOW, recentLimit: 2 };
  await open(wish(1), window);
  await open(wish(1, { deviceId: 'CS000002' }), window);
  expect(await open(wish(2), window)).toHaveLength(1);
  expect((await open(wish(3), window)).map(({ recentOrders }) => recentOrders)).toEqual([0, 2]);
  expect(await open(wish(4), { ...window, recentSinceMs: NOW_MS })).toHaveLength(1);
});

test('orders are counted where the merchant has as many open as he may, his own only', async () => {
  await query(
    url,
    `insert into merchants (name, max_amount_fen, max_open_orders, uncertain_policy, refund_window_ms, created_at_ms)
      values ('N', 500, 5, 'refund', 0, 1);
    insert into channels (merchant_id, channel, is_enabled, sealed_parameters, version, updated_at_ms)
      values (2, 'wechat', true, 'x', 1, 1);
    insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms, session)
      values ('CS000009', 2, 'x', 500, 1, 4)`,
  );
  expect(await open(wish(1, { deviceId: 'CS000009' }))).toHaveLength(1);
  await query(url, 'update merchants set max_open_orders = 2');
  await open(wish(1));
  expect(await open(wish(2))).toHaveLength(1);
  expect((await open(wish(3))).map(({ openOrders }) => openOrders)).toEqual([0, 2]);
  await query(url, `update orders set state = 'CLOSED', is_active = false`);
  expect(await open(wish(4))).toHaveLength(1);
});

test('an order that is there already is seen, by whoever wrote it', async () => {
  await open(wish(1));
  statements = [];
  // In this process, and in another.
  expect((await open(wish(1))).at(-1)!.sameNumber).toMatchObject({ n: 1 });
  expect(statements).toEqual([]);
  store = makeStore();
  const seen = await open(wish(1, { reference: 'other' }));
  expect(seen.map(({ sameNumber }) => sameNumber?.n)).toEqual([undefined, 1]);
  expect(await count()).toBe(1);
  expect(await query(url, 'select 1 from order_events')).toHaveLength(1);
});

test('an unknown device, and a device of another session, are what the database says', async () => {
  const unknown = await open(wish(1, { deviceId: 'CS999999' }));
  expect(unknown).toMatchObject([{ device: undefined }]);
  const refusing: (number | undefined)[] = [];
  await store.open(wish(1, { session: 3 }), WINDOW, ({ device }) => {
    refusing.push(device?.session);
    return undefined;
  });
  expect(refusing).toEqual([4, 4]);
  expect(await count()).toBe(0);
});

test('a device whose row somebody holds does not hold up the others, and is waited for', async () => {
  await open(wish(1));
  const holder = await database.pool.connect();
  try {
    await holder.query(`begin; update devices set name = 'held' where id = 'CS000001'`);
    const held = open(wish(2));
    const isWaiting = async (): Promise<boolean> =>
      (
        await query(
          url,
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'test'`,
        )
      ).length > 0;
    // The short way gives up, and the long one waits.
    await until(isWaiting);
    expect(await open(wish(1, { deviceId: 'CS000002' }))).toHaveLength(1);
    await holder.query('commit');
    expect(await held).toHaveLength(2);
  } finally {
    holder.release();
  }
  expect(await count()).toBe(3);
});
