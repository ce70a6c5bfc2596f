/**
 * The short way of the store: it takes hold only while everything that was decided on is still so, whoever changed
 * it meanwhile, and then the long way decides anew.
 */
import { openDatabase, type Database } from '../../../server/db/database';
import { migrate } from '../../../server/db/migrate';
import type { Order } from '../../../server/orders/model';
import { PostgresStore } from '../../../server/orders/postgres-store';
import type { Change, EventRecord, LockedOrder } from '../../../server/orders/store';
import { query, testDatabase } from '../support/cluster';
import { newOrder, NOW_MS, request } from '../support/orders';

const ORDER = 'CS000001_7';
const WINDOW = { referenceSinceMs: 0, recentSinceMs: 0, recentLimit: 1_000 };
let url: string;
let databases: Database[];

function store(): PostgresStore {
  const database = openDatabase({
    url,
    maxConnections: 4,
    applicationName: 'test',
    onError: () => undefined,
  });
  databases.push(database);
  return new PostgresStore(database.db, database.pipes);
}

const record = (change: Partial<EventRecord> = {}): EventRecord => ({
  atMs: NOW_MS,
  cause: 'device',
  type: 'test',
  detail: {},
  fromState: 'CREATED',
  toState: 'CREATED',
  entries: [],
  ...change,
});

/** The next version of an order, with what is changed in it. */
function next(order: Order, change: Partial<Order>): Change {
  const changed = { ...order, ...change, version: order.version + 1 };
  return { order: changed, records: [record()], wakeAtMs: NOW_MS, tell: true };
}

const asked = request();

async function opened(): Promise<PostgresStore> {
  const first = store();
  await first.open(asked, WINDOW, () => ({
    order: newOrder({ merchantId: 1 }),
    records: [record({ fromState: '', type: 'open' })],
    wakeAtMs: undefined,
    tell: false,
  }));
  return first;
}

beforeEach(async () => {
  databases = [];
  url = await testDatabase();
  const database = openDatabase({
    url,
    maxConnections: 1,
    applicationName: 'test',
    onError: () => undefined,
  });
  await migrate(database.db as never);
  await database.close();
  await query(
    url,
    `insert into merchants (name, max_amount_fen, max_open_orders, uncertain_policy, refund_window_ms,
    created_at_ms) values ('M', 500, 5, 'refund', 0, 1)`,
  );
  await query(
    url,
    `insert into devices (id, merchant_id, sealed_key, max_amount_fen, created_at_ms, session)
    values ('CS000001', 1, 'x', 500, 1, 4)`,
  );
});
afterEach(async () => {
  for (const database of databases) await database.close();
});

test('a known order is decided once, and all of the change is stored', async () => {
  const first = await opened();
  const seen: LockedOrder[] = [];
  await first.change(ORDER, (locked) => {
    seen.push(locked!);
    return next(locked!.order, { goods: 'tea', alarm: 'UNGRANTED' });
  });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ session: 4, policy: { uncertain: 'refund', refundWindowMs: 0 } });
  expect(await first.find(ORDER)).toEqual(first.recent(ORDER));
  expect(await first.find(ORDER)).toMatchObject({ alarm: 'UNGRANTED', version: 2 });
  expect((await first.events(ORDER)).map(({ type }) => type)).toEqual(['open', 'test']);
  expect(await query(url, 'select n, version from outbox')).toEqual([{ n: '7', version: 2 }]);
});

test('events of one change have numbers in their order, and each its own ledger entries', async () => {
  const first = await opened();
  await first.change(ORDER, (locked) => ({
    ...next(locked!.order, { state: 'PAID', paidFen: 150, transactionId: 'T' }),
    records: ['one', 'two', 'three'].map((type, index) =>
      record({
        type,
        entries: index === 1 ? [] : [{ debit: type, credit: 'rest', amountFen: 5 }],
      }),
    ),
  }));
  const events = (await first.events(ORDER)).slice(1);
  expect(events.map(({ type, entries }) => [type, entries.map(({ debit }) => debit)])).toEqual([
    ['one', ['one']],
    ['two', []],
    ['three', ['three']],
  ]);
});

const meanwhile: [string, (other: PostgresStore) => Promise<unknown>, Partial<LockedOrder>][] = [
  [
    'another process has changed the order',
    (other) => other.change(ORDER, (locked) => next(locked!.order, { alarm: 'CONTRADICTION' })),
    { order: expect.objectContaining({ alarm: 'CONTRADICTION', version: 2 }) as never },
  ],
  ['the device has another session', () => query(url, 'update devices set session = 5'), { session: 5 }],
  [
    'the merchant has another policy',
    () => query(url, `update merchants set uncertain_policy = 'person'`),
    { policy: { uncertain: 'person', refundWindowMs: 0 } },
  ],
  [
    'goods may be taken back for longer',
    () => query(url, 'update merchants set refund_window_ms = 9'),
    { policy: { uncertain: 'refund', refundWindowMs: 9 } },
  ],
];
test.each(meanwhile)('decides anew when %s', async (_what, happen, fresh) => {
  const first = await opened();
  await happen(store());
  const seen: LockedOrder[] = [];
  await first.change(ORDER, (locked) => {
    const { order, session, policy } = locked!;
    seen.push({ order, session, policy });
    return next(order, { alarm: 'UNGRANTED' });
  });
  expect(seen).toHaveLength(2);
  expect(seen[1]).toMatchObject(fresh);
  const order = await first.find(ORDER);
  expect(order).toMatchObject({ alarm: 'UNGRANTED', version: seen[1]!.order.version + 1 });
  expect(await query(url, `select 1 from order_events where type = 'test'`)).toHaveLength(order!.version - 1);
});

test('what a decision did not look at does not hold it up', async () => {
  const first = await opened();
  await query(url, 'update devices set session = 5');
  await query(url, `update merchants set uncertain_policy = 'person'`);
  const seen: number[] = [];
  await first.change(ORDER, (locked) => {
    seen.push(locked!.order.version);
    return next(locked!.order, { alarm: 'UNGRANTED' });
  });
  expect(seen).toEqual([1]);
  expect(await first.find(ORDER)).toMatchObject({ alarm: 'UNGRANTED', version: 2 });
});

test('a new order may differ from the usual one in every column', async () => {
  const first = store();
  const unusual = newOrder({
    merchantId: 1,
    state: 'REFUSED',
    reason: 39,
    alarm: 'WRONG_AMOUNT',
    codeUrl: 'u',
    providerState: 'p',
    transactionId: 't',
    paidFen: 9,
    paidAtMs: 8,
    outsideFen: 7,
    outsideRefunds: ['a', 'b'],
    grantDeadlineMs: 6,
    grantSession: 5,
    grantCount: 4,
    isGrantReceived: true,
    dispensedAtMs: 3,
    refundNo: 2,
    refundState: 'r',
    attempt: 1,
    wakeAtMs: undefined,
    jobAtMs: undefined,
  });
  const change = { order: unusual, records: [], wakeAtMs: undefined, tell: true };
  await first.open(asked, WINDOW, () => change);
  expect(await first.find(ORDER)).toEqual(unusual);
  expect(await first.find(ORDER)).toEqual(first.recent(ORDER));
  expect(await query(url, 'select n, version from outbox')).toEqual([{ n: '7', version: 1 }]);
});

test('whether an order is active is stored as it changes', async () => {
  const first = await opened();
  const isActiveNow = async (): Promise<unknown> => (await query(url, 'select is_active from orders'))[0];
  expect(await isActiveNow()).toEqual({ is_active: true });
  await first.change(ORDER, (locked) => next(locked!.order, { state: 'DISPENSED', wakeAtMs: undefined }));
  expect(await isActiveNow()).toEqual({ is_active: false });
  await first.change(ORDER, (locked) => next(locked!.order, { alarm: 'CONTRADICTION' }));
  expect(await isActiveNow()).toEqual({ is_active: true });
  // By the long way.
  await store().change(ORDER, (locked) => next(locked!.order, { alarm: '' }));
  expect(await isActiveNow()).toEqual({ is_active: false });
});

test('that nothing is to be done is said by the stored order, not by the remembered one', async () => {
  const first = await opened();
  await store().change(ORDER, (locked) => next(locked!.order, { alarm: 'CONTRADICTION' }));
  const seen: string[] = [];
  await first.change(ORDER, (locked) => {
    seen.push(locked!.order.alarm);
    return undefined;
  });
  expect(seen).toEqual(['', 'CONTRADICTION']);
});

test('one order is opened once, however many processes are asked at once', async () => {
  const stores = [store(), store(), store(), store()];
  const results = await Promise.allSettled(
    stores.map((each) =>
      each.open(asked, WINDOW, (facts) =>
        facts.sameNumber
          ? undefined
          : { order: newOrder({ merchantId: 1 }), records: [record()], wakeAtMs: undefined, tell: false },
      ),
    ),
  );
  expect(
    results.filter((result) => result.status === 'fulfilled' && result.value !== undefined),
  ).toHaveLength(1);
  expect(await query(url, 'select 1 from order_events')).toHaveLength(1);
});
