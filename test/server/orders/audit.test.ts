/** The ledger check finds each kind of damage, and none where there is none. */
import { audit, type Audit } from '../../../server/orders/audit';
import { query } from '../support/cluster';
import { DEVICE, OPERATOR, ServerBench } from '../support/server';
import { until } from '../support/until';

let bench: ServerBench;

/** Runs statements that the schema would refuse. */
async function damage(...statements: string[]): Promise<void> {
  const tables = ['orders', 'order_events', 'ledger_entries'];
  const off = tables.map((table) => `alter table ${table} disable trigger user`);
  const on = tables.map((table) => `alter table ${table} enable trigger user`);
  await query(bench.databaseUrl, [...off, ...statements, ...on].join(';'));
}

const check = (nowMs = Date.now()): Promise<Audit> => audit(bench.server.core.database.db, nowMs);

beforeAll(async () => {
  bench = await ServerBench.start();
  const device = await bench.greeted();
  for (let n = 1; n <= 6; n++) {
    device.pay(n, 100 + n);
    await device.hear('code', n);
    if (n === 6) continue;
    bench.provider.pay(`${DEVICE}_${n}`);
    await bench.notify(`${DEVICE}_${n}`);
    await device.hear('grant', n);
    if (n === 5) continue;
    device.send(['end', n, n % 2 === 0 ? 7 : 8, 0, '']);
    await device.hear('fin', n);
  }
  const settled = await bench.server.core.orders.list(OPERATOR, { state: 'REFUNDED' });
  expect(settled.map((order) => order.n)).toEqual([3, 1]);
});

afterAll(() => bench.stop());

test('sound books have no violations, and their sums are told', async () => {
  const report = await check();
  expect(report).toMatchObject({
    orders: 6,
    unsound: [],
    mismatched: [],
    brokenLogs: [],
    stuck: [],
    violations: 0,
    waiting: { device: 1, person: 0, provider: 0 },
  });
  expect(report.balances).toEqual({
    '1/clearing/wechat': 102 + 104 + 105,
    '1/held': -105,
    '1/earned': -(102 + 104),
    '1/refunds': 0,
  });
  expect(report.entries).toBe(5 + 2 + 2 * 2);
});

const FIRST_ENTRY = `where id = (select min(id) from ledger_entries where out_trade_no = '${DEVICE}_2')`;

test('money that vanished from an entry is found', async () => {
  await damage(`update ledger_entries set amount_fen = amount_fen - 1 ${FIRST_ENTRY}`);
  expect(await check()).toMatchObject({ unsound: [], mismatched: [`${DEVICE}_2`], violations: 1 });
  await damage(`update ledger_entries set amount_fen = amount_fen + 1 ${FIRST_ENTRY}`);
  expect((await check()).violations).toBe(0);
});

test.each([
  ['moves nothing', 'amount_fen = 0', 'amount_fen = 102'],
  ['moves money backwards', 'amount_fen = -102', 'amount_fen = 102'],
  ['moves money nowhere', "credit = '1/clearing/wechat'", "credit = '1/held'"],
  ['no event stands behind', 'event_id = 999999', 'event_id = -event_id'],
])('an entry that %s is found', async (_what, harm, repair) => {
  const [entry] = await query(bench.databaseUrl, `select event_id from ledger_entries ${FIRST_ENTRY}`);
  const constraints = ['ledger_entries_sound', 'ledger_entries_event_fkey'];
  await damage(
    ...constraints.map((name) => `alter table ledger_entries drop constraint if exists ${name}`),
    `update ledger_entries set ${harm} ${FIRST_ENTRY}`,
  );
  const report = await check();
  expect(report.unsound).toHaveLength(1);
  await damage(
    `update ledger_entries set ${repair.replace('-event_id', entry!.event_id as string)} ${FIRST_ENTRY}`,
  );
  expect((await check()).violations).toBe(0);
});

test('an order whose state says something else than its money is found', async () => {
  await damage(`update orders set state = 'DISPENSED' where n = 1`);
  const report = await check();
  expect(report.mismatched).toEqual([`${DEVICE}_1`]);
  expect(report.brokenLogs).toEqual([`${DEVICE}_1`]);
  await damage(`update orders set state = 'REFUNDED' where n = 1`);
});

test('an order that no look at the active ones would find is found', async () => {
  await damage(`update orders set is_active = false where n = 6`);
  expect((await check()).stuck).toEqual([`${DEVICE}_6`]);
  await damage(`update orders set is_active = true where n = 6`);
  expect((await check()).violations).toBe(0);
});

test('money booked to another merchant is found', async () => {
  await damage(
    `update ledger_entries set credit = '2/earned' where credit = '1/earned' and out_trade_no = '${DEVICE}_4'`,
  );
  expect((await check()).mismatched).toEqual([`${DEVICE}_4`]);
  await damage(`update ledger_entries set credit = '1/earned' where credit = '2/earned'`);
});

test('a refund that has been under way for more than two weeks is found, from when the money began to go back', async () => {
  await damage(
    `update orders set state = 'REFUNDING', wake_at_ms = 9000000000000 where n = 1`,
    `update order_events set to_state = 'REFUNDING' where out_trade_no = '${DEVICE}_1' and to_state = 'REFUNDED'`,
  );
  const [{ at }] = (await query(
    bench.databaseUrl,
    `select at_ms as at from order_events
      where out_trade_no = '${DEVICE}_1' and to_state = 'REFUNDING' and from_state <> 'REFUNDING'`,
  )) as [{ at: string }];
  const twoWeeksMs = 14 * 86_400_000;
  expect((await check(Number(at) + twoWeeksMs)).slowRefunds).toEqual([]);
  const late = await check(Number(at) + twoWeeksMs + 1);
  expect(late.slowRefunds).toEqual([`${DEVICE}_1`]);
  expect(late.violations).toBeGreaterThanOrEqual(1);
  await damage(
    `update orders set state = 'REFUNDED', wake_at_ms = null where n = 1`,
    `update order_events set to_state = 'REFUNDED' where out_trade_no = '${DEVICE}_1' and from_state = 'REFUNDING'`,
  );
  expect((await check(Number(at) + twoWeeksMs + 1)).slowRefunds).toEqual([]);
});

test('a line missing from the event log is found', async () => {
  await damage(`delete from order_events where out_trade_no = '${DEVICE}_6' and type = 'open'`);
  expect((await check()).brokenLogs).toEqual([`${DEVICE}_6`]);
});

test('an order that nobody woke is found, and so is one that waits for nothing', async () => {
  const [order] = await bench.server.core.orders.list(OPERATOR, { state: 'PREPAID' });
  expect((await check(order!.wakeAtMs! + 120_000)).stuck).toEqual([]);
  const later = await check(order!.wakeAtMs! + 120_001);
  expect(later.stuck).toContain(`${DEVICE}_6`);
  await until(async () => (await query(bench.databaseUrl, 'select 1')).length === 1);
  await damage(`update orders set wake_at_ms = null where n = 6`);
  expect((await check()).stuck).toEqual([`${DEVICE}_6`]);
});
