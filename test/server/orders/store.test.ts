/** What every store promises, shown for the one in memory and the one on PostgreSQL. */
import { openDatabase, type Database } from '../../../server/db/database';
import { migrate } from '../../../server/db/migrate';
import { MemoryStore } from '../../../server/orders/memory-store';
import { PostgresStore } from '../../../server/orders/postgres-store';
import type { Order } from '../../../server/orders/model';
import type { Change, OpenFacts, OpenRequest, OpenWindow, Store } from '../../../server/orders/store';
import { testDatabase } from '../support/cluster';
import { newOrder, NOW_MS, record, request } from '../support/orders';

interface Bench {
  readonly store: Store;
  /** Times at which a job is to come. */
  wakes(): Promise<readonly { outTradeNo: string; atMs: number }[]>;
  /** Words in the outbox as `device/n → version`. */
  outbox(): Promise<Map<string, number>>;
  close(): Promise<void>;
}

async function memoryBench(): Promise<Bench> {
  const wakes: { outTradeNo: string; atMs: number }[] = [];
  const store = new MemoryStore(({ outTradeNo, atMs }) => wakes.push({ outTradeNo, atMs }));
  store.merchants.set(1, {
    isEnabled: true,
    maxAmountFen: 500,
    maxOpenOrders: 10,
    policy: { uncertain: 'person', refundWindowMs: 1_000 },
    channels: new Set(['wechat']),
  });
  const device = { merchantId: 1, isEnabled: true, maxAmountFen: 400, session: 4, lastOrder: 0 };
  store.devices.set('CS000001', { ...device });
  store.devices.set('CS000002', { ...device });
  return {
    store,
    wakes: async () => [...wakes],
    outbox: async () => store.outbox,
    close: async () => undefined,
  };
}

async function postgresBench(isQuick: boolean): Promise<Bench> {
  const url = await testDatabase();
  const database: Database = openDatabase({
    url,
    maxConnections: 8,
    applicationName: 'test',
    onError: () => undefined,
  });
  const { db } = database;
  await migrate(db as never);
  await db
    .insertInto('merchants')
    .values({
      name: 'Tea',
      maxAmountFen: 500,
      maxOpenOrders: 10,
      uncertainPolicy: 'person',
      refundWindowMs: 1_000,
      createdAtMs: NOW_MS,
    })
    .execute();
  await db
    .insertInto('channels')
    .values({
      merchantId: 1,
      channel: 'wechat',
      isEnabled: true,
      sealedParameters: 'x',
      version: 1,
      updatedAtMs: 1,
    })
    .execute();
  for (const id of ['CS000001', 'CS000002']) {
    const values = { id, merchantId: 1, sealedKey: 'x', maxAmountFen: 400, session: 4, createdAtMs: NOW_MS };
    await db.insertInto('devices').values(values).execute();
  }
  const store = new PostgresStore(db, isQuick ? database.pipes : undefined);
  const wakes: Bench['wakes'] = async () => {
    const rows = await db
      .selectFrom('orders')
      .select(['outTradeNo', 'jobAtMs'])
      .where('isActive', '=', true)
      .execute();
    return rows.map(({ outTradeNo, jobAtMs }) => ({ outTradeNo, atMs: jobAtMs! }));
  };
  const outbox = async (): Promise<Map<string, number>> => {
    const rows = await db.selectFrom('outbox').selectAll().execute();
    return new Map(rows.map((row) => [`${row.deviceId}/${row.n}`, row.version]));
  };
  return { store, wakes, outbox, close: () => database.close() };
}

const WINDOW = { referenceSinceMs: NOW_MS - 1_000, recentSinceMs: NOW_MS - 1_000, recentLimit: 30 };
/** No short way: how many orders there are counts from the first. */
const EXACT = { ...WINDOW, recentLimit: 0 };

function opening(order: Order, more: Partial<Change> = {}): Change {
  return { order, records: [record()], wakeAtMs: order.wakeAtMs, tell: false, ...more };
}

const orderFor = (wish: OpenRequest, change: Partial<Order> = {}): Order =>
  newOrder({
    outTradeNo: wish.outTradeNo,
    deviceId: wish.deviceId,
    n: wish.n,
    merchantId: 1,
    reference: wish.reference,
    createdAtMs: wish.nowMs,
    ...change,
  });

describe.each([
  ['in memory', memoryBench],
  ['on PostgreSQL', () => postgresBench(false)],
  ['on PostgreSQL, the short way', () => postgresBench(true)],
])('the store %s', (_name, makeBench) => {
  let bench: Bench;
  let store: Store;
  beforeAll(async () => {
    bench = await makeBench();
    store = bench.store;
  });
  afterAll(() => bench.close());

  /** Opens an order and gives the facts that were decided on. */
  async function open(
    wish: OpenRequest,
    change: Partial<Order> = {},
    window: OpenWindow = WINDOW,
  ): Promise<OpenFacts> {
    let seen: OpenFacts | undefined;
    await store.open(wish, window, (facts) => {
      seen = facts;
      return opening(orderFor(wish, change));
    });
    return seen!;
  }

  /** The same facts, without opening anything. */
  async function look(wish: OpenRequest, window: OpenWindow = WINDOW): Promise<OpenFacts> {
    let seen: OpenFacts | undefined;
    await store.open(wish, window, (facts) => void (seen = facts));
    return seen!;
  }

  test('gives back an order as it was stored, with its log and its wake-up call', async () => {
    const wish = request();
    const facts = await open(wish, { goods: 'tea "with" ☕ \\ \'quotes\'; --' });
    expect(facts.device).toMatchObject({ merchantId: 1, isEnabled: true, maxAmountFen: 400, session: 4 });
    expect(facts.merchant).toMatchObject({ isEnabled: true, maxAmountFen: 500, maxOpenOrders: 10 });
    expect(facts).toMatchObject({ isChannelOn: true, sameNumber: undefined, sameReference: undefined });
    expect(await store.find('CS000001_7')).toEqual(
      orderFor(wish, { goods: 'tea "with" ☕ \\ \'quotes\'; --' }),
    );
    expect(await store.events('CS000001_7')).toMatchObject([
      { type: 'open', cause: 'device', toState: 'CREATED' },
    ]);
    expect((await bench.wakes()).at(-1)).toEqual({ outTradeNo: 'CS000001_7', atMs: NOW_MS + 20_000 });
    expect(await store.find('CS000001_8')).toBeUndefined();
  });

  test('stores order, log, ledger and outbox together', async () => {
    const entries = [
      { debit: '1/clearing/wechat', credit: '1/held', amountFen: 200 },
      { debit: '1/held', credit: '1/clearing/wechat', amountFen: 50 },
    ];
    await store.change('CS000001_7', (locked) => {
      expect(locked!.policy).toEqual({ uncertain: 'person', refundWindowMs: 1_000 });
      expect(locked!.session).toBe(4);
      const order: Order = { ...locked!.order, state: 'PAID', paidFen: 150, version: 2, wakeAtMs: undefined };
      return {
        order,
        records: [
          record({ type: 'paid', fromState: 'CREATED', toState: 'PAID', detail: { a: 'ö' }, entries }),
        ],
        wakeAtMs: undefined,
        tell: true,
      };
    });
    expect(await store.find('CS000001_7')).toMatchObject({
      state: 'PAID',
      paidFen: 150,
      wakeAtMs: undefined,
    });
    const events = await store.events('CS000001_7');
    expect(events[1]).toMatchObject({
      type: 'paid',
      fromState: 'CREATED',
      toState: 'PAID',
      detail: { a: 'ö' },
      entries,
    });
    expect(Object.fromEntries(await store.balances())).toEqual({ '1/clearing/wechat': 150, '1/held': -150 });
    expect(await bench.outbox()).toEqual(new Map([['CS000001/7', 2]]));
  });

  test('keeps nothing when there is nothing to keep', async () => {
    const before = await store.find('CS000001_7');
    expect(await store.change('CS000001_7', () => undefined)).toBeUndefined();
    expect(await store.change('CS000009_1', (locked) => void expect(locked).toBeUndefined())).toBeUndefined();
    expect(await store.find('CS000001_7')).toEqual(before);
  });

  const wrong: [string, (order: Order) => Change][] = [
    ['skips a version', (order) => ({ ...opening({ ...order, version: order.version + 2 }) })],
    ['repeats a version', (order) => ({ ...opening(order) })],
    [
      'moves no money in an entry',
      (order) => ({
        ...opening({ ...order, version: order.version + 1 }),
        records: [record({ entries: [{ debit: '1/held', credit: '1/earned', amountFen: 0 }] })],
      }),
    ],
  ];
  test.each(wrong)('refuses a change that %s, whole', async (_what, make) => {
    const before = await store.find('CS000001_7');
    const events = await store.events('CS000001_7');
    const wakes = (await bench.wakes()).length;
    await expect(store.change('CS000001_7', (locked) => make(locked!.order))).rejects.toThrow();
    expect(await store.find('CS000001_7')).toEqual(before);
    expect(await store.events('CS000001_7')).toEqual(events);
    expect((await bench.wakes()).length - wakes).toBeLessThanOrEqual(1);
    expect(Object.fromEntries(await store.balances())).toEqual({ '1/clearing/wechat': 150, '1/held': -150 });
  });

  test('refuses an order that is there already', async () => {
    await expect(open(request())).rejects.toThrow();
  });

  test('sees orders of the same number and the same reference, and counts', async () => {
    const again = await look(request({ reference: 'other' }));
    expect(again.sameNumber!.outTradeNo).toBe('CS000001_7');
    expect(again).toMatchObject({ recentOrders: 1, openOrders: 1 });
    const sameReference = await open(request({ n: 8, reference: 'r7' }), {}, EXACT);
    expect(sameReference.sameReference!.n).toBe(7);
    const refused = { state: 'REFUSED', reason: 35, wakeAtMs: undefined } as const;
    const later = await open(request({ n: 9, reference: 'r7' }), refused, EXACT);
    expect(later.sameReference!.n).toBe(8);
    expect(later).toMatchObject({ recentOrders: 2, openOrders: 2 });
    const elsewhere = await open(request({ n: 7, deviceId: 'CS000002', reference: 'r7' }), {}, EXACT);
    expect(elsewhere).toMatchObject({
      sameReference: undefined,
      sameNumber: undefined,
      recentOrders: 0,
      openOrders: 2,
    });
    const empty = await open(request({ n: 8, deviceId: 'CS000002', reference: '' }));
    const emptyAgain = await open(request({ n: 9, deviceId: 'CS000002', reference: '' }));
    expect([empty.sameReference, emptyAgain.sameReference]).toEqual([undefined, undefined]);
  });

  test('does not see a reference that is older than asked for', async () => {
    const window = { referenceSinceMs: NOW_MS + 1, recentSinceMs: NOW_MS, recentLimit: 0 };
    const facts = await look(request({ n: 20, reference: 'r7' }), window);
    expect(facts).toMatchObject({ sameReference: undefined, recentOrders: 0 });
  });

  test('says when device, or channel, are not there', async () => {
    expect((await look(request({ deviceId: 'CS999999', n: 1 }))).device).toBeUndefined();
    expect(await look(request({ channel: 'alipay', n: 30 }))).toMatchObject({ isChannelOn: false });
  });

  test('lists what is open, and what should have been woken', async () => {
    expect((await store.openOrders('CS000001')).map((order) => order.n)).toEqual([7, 8]);
    expect((await store.openOrders('CS000002')).map((order) => order.n)).toEqual([7, 8, 9]);
    expect(await store.overdue(NOW_MS + 20_000, 10)).toEqual([]);
    expect((await store.overdue(NOW_MS + 20_001, 2)).length).toBe(2);
    expect((await store.overdue(NOW_MS + 20_001, 10)).slice().sort()).toEqual([
      'CS000001_8',
      'CS000002_7',
      'CS000002_8',
      'CS000002_9',
    ]);
  });

  test('lets changes of one order pass one after the other', async () => {
    const wish = request({ n: 40 });
    await open(wish);
    const count = 20;
    const raise = (): Promise<unknown> =>
      store.change(wish.outTradeNo, ({ order } = undefined as never) => ({
        ...opening({ ...order, attempt: order.attempt + 1, version: order.version + 1 }),
        records: [],
        wakeAtMs: undefined,
      }));
    await Promise.all(Array.from({ length: count }, raise));
    expect(await store.find(wish.outTradeNo)).toMatchObject({ attempt: count, version: count + 1 });
  });
});
