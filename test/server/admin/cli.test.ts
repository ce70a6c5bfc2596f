/** The command line as a person uses it: beside a running server and without one. */
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { DEVICE, OPERATOR, OPERATOR_TOKEN, ServerBench } from '../support/server';
import { until } from '../support/until';

const ROOT = path.resolve(__dirname, '../../..');
let bench: ServerBench;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** The last of `words` may be variables of the environment. */
function run(script: string, ...words: (string | Record<string, string>)[]): Promise<Result> {
  return new Promise((resolve) => {
    const environment = {
      PATH: process.env.PATH,
      USER: 'ann',
      DATABASE_URL: bench.databaseUrl,
      COINSLOT_DATA_DIR: bench.dataDir,
      COINSLOT_API_TOKEN: OPERATOR_TOKEN,
      ...words.filter((word) => typeof word === 'object').at(-1),
    };
    const typed = words.filter((word) => typeof word === 'string');
    execFile(
      process.execPath,
      ['--require', 'tsx/cjs', path.join(ROOT, 'server/admin', script), ...typed],
      { cwd: ROOT, env: environment },
      (error, out, errors) => resolve({ code: error ? Number(error.code) : 0, out, errors }),
    );
  });
}

const admin = (...words: string[]): Promise<Result> => run('cli.ts', ...words);
const json = (result: Result): Record<string, unknown> => JSON.parse(result.out) as Record<string, unknown>;

beforeAll(async () => {
  bench = await ServerBench.start();
});
afterAll(() => bench.stop());

test('makes a merchant and a device, whose key opens a session at the running server', async () => {
  const merchant = json(
    await admin('merchants', 'add', '--name', '茶 Tea', '--max', '12.5', '--uncertain', 'person'),
  );
  expect(merchant).toMatchObject({ name: '茶 Tea', maxAmountFen: 1250, uncertainPolicy: 'person' });
  const added = json(await admin('devices', 'add', 'CS000777', '--merchant', String(merchant.id)));
  expect(added).toEqual({ id: 'CS000777', key: expect.stringMatching(/^[0-9a-f]{32}$/) });
  const device = await bench.connect('CS000777', Buffer.from(added.key as string, 'hex'));
  expect((await device.greet()).isClosed).toBe(false);
  await admin('devices', 'set', 'CS000777', '--setting', 'onMs=600', 'mode=1', '--max', '3');
  expect(await device.hear('set')).toEqual(['set', 1, { onMs: 600, mode: 1 }]);
  await admin('devices', 'set', 'CS000777', '--enabled', 'no');
  await device.closed;
});

test('refunds an order and shows its story, with who did it', async () => {
  const device = await bench.greeted();
  device.pay(1, 150);
  await device.hear('code', 1);
  bench.provider.pay(`${DEVICE}_1`);
  await bench.notify(`${DEVICE}_1`);
  await device.hear('grant', 1);
  const early = await admin('orders', 'refund', `${DEVICE}_1`);
  expect([early.code, early.out]).toEqual([1, '']);
  expect(early.errors).toContain('WRONG_STATE: the order is GRANTED');
  device.send(['end', 1, 9, 26, '']);
  await until(async () => (await bench.server.core.store.find(`${DEVICE}_1`))!.state === 'REFUNDED');
  const story = json(await admin('orders', 'show', `${DEVICE}_1`));
  expect(story.order).toMatchObject({ state: 'REFUNDED', reason: 47 });
  const listed = json(await admin('orders', 'list', '--state', 'REFUNDED')) as unknown as { n: number }[];
  expect(listed.map((order) => order.n)).toEqual([1]);
});

test('looks at a bill, lists what differs, and takes a person’s word for it', async () => {
  const day = '2026-01-31';
  bench.provider.bills.set(day, [
    {
      kind: 'payment',
      outTradeNo: 'SHOP_1',
      transactionId: 'T1',
      amountFen: 900,
      atMs: 1,
      providerState: 'X',
    },
  ]);
  const { core } = bench.server;
  const report = await core.reconciliation.run(OPERATOR, bench.merchantId, 'wechat', { day });
  expect(report).toMatchObject({ state: 'DONE', billLines: 1, open: 1 });
  const [found] = json(await admin('differences')) as unknown as Record<string, unknown>[];
  expect(found).toMatchObject({ kind: 'PAYMENT_OF_UNKNOWN_ORDER', outTradeNo: 'SHOP_1', billFen: 900, day });
  // The server itself may have looked at other days meanwhile.
  const looked = json(await admin('reconciliations', '--merchant', String(bench.merchantId)));
  expect(looked).toContainEqual(expect.objectContaining({ day, state: 'DONE', paidFen: 900 }));
  const figures = await (await fetch(`${bench.server.httpUrl}/metrics`)).text();
  expect(figures).toMatch(/^coinslot_bill_differences_open 1$/m);
  expect(figures).toMatch(/^coinslot_bills_total\{channel="wechat",state="DONE"\} 1$/m);
  const check = await run('ledger-check.ts');
  expect(JSON.parse(check.out.trim().split('\n').at(-1)!)).toMatchObject({ openDifferences: 1 });
  const closed = json(
    await admin('differences', 'close', String(found!.id), '--note', 'the kiosk next door'),
  );
  expect(closed).toMatchObject({ isOpen: false, endedBy: 'person:ann', note: 'the kiosk next door' });
  expect(json(await admin('differences'))).toEqual([]);
  expect(json(await admin('differences', '--all'))).toHaveLength(1);
  const twice = await admin('differences', 'close', String(found!.id), '--note', 'again');
  expect(twice.errors).toContain('WRONG_STATE');
  const early = await admin('reconcile', String(bench.merchantId), 'wechat', '--day', '2999-01-01');
  expect(early.errors).toContain('BAD_REQUEST: day');
});

test.each([
  [['differences', 'close', '1'], "required option '--note"],
  [['reconcile', '1', 'cash'], 'wechat or alipay'],
  [['merchants', 'add'], "required option '--name"],
  [['merchants', 'add', '--name', 'X', '--max', '1.234'], 'an amount like 1.50 is needed'],
  [['merchants', 'show', 'one'], 'a whole number is needed'],
  [['merchants', 'show', '99'], 'NOT_FOUND'],
  [['tokens', 'add', '--name', 'X', '--merchant', '99'], 'NOT_FOUND: no merchant 99'],
  [['reconcile', '99', 'wechat'], 'NOT_FOUND: merchant 99 has no parameters for wechat'],
  [['reconcile', '1', 'alipay'], 'NOT_FOUND: merchant 1 has no parameters for alipay'],
  [['devices', 'add', 'small', '--merchant', '1'], 'BAD_REQUEST: id'],
  [['orders', 'settle', 'X_1', 'maybe'], 'BAD_REQUEST: decision'],
  [['devices', 'set', DEVICE, '--setting', 'onMS=500'], 'BAD_REQUEST: settings'],
  [['devices', 'set', DEVICE, '--setting', 'onMs=10'], 'BAD_REQUEST: settings.onMs'],
  [['merchants', 'set', '1', '--enabled', 'true'], 'yes or no'],
  [['merchants', 'channel', '1', 'wechat', 'ON'], 'on or off'],
  [['merchants', 'parameters', '1', 'wechat', '/nowhere.json'], 'ENOENT'],
  [['nothing'], 'unknown command'],
])('%j is refused with a word on why', async (words, text) => {
  const result = await admin(...words);
  expect([result.code, result.out]).toEqual([1, '']);
  expect(result.errors).toContain(text);
});

test('a parameter file that is no JSON is refused without a word of what it holds', async () => {
  const file = path.join(bench.dataDir, 'parameters.json');
  fs.writeFileSync(file, '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg');
  const result = await admin('merchants', 'parameters', '1', 'wechat', file);
  expect([result.code, result.out]).toEqual([1, '']);
  expect(result.errors).toContain('BAD_REQUEST');
  expect(result.errors).toContain('is not JSON');
  expect(result.errors).not.toMatch(/BEGIN|MIIE/);
});

test('what is sealed can be sealed anew', async () => {
  expect(json(await admin('secrets', 'reseal'))).toMatchObject({ resealed: 0 });
});

test('the ledger check says in its last line that all is well', async () => {
  const result = await run('ledger-check.ts');
  expect(result.code).toBe(0);
  expect(JSON.parse(result.out.trim().split('\n').at(-1)!)).toMatchObject({ violations: 0, stuck: 0 });
});

test.each([['cli.ts', 'orders', 'list'], ['ledger-check.ts']])(
  '%s in a folder without a database makes none, and proves nothing',
  async (script, ...words) => {
    const folder = path.join(bench.dataDir, 'wrong');
    const result = await run(script, ...words, { DATABASE_URL: '', COINSLOT_DATA_DIR: folder });
    expect(result.code).toBeGreaterThan(0);
    expect(result.out).toBe('');
    expect(result.errors).toContain(`there is no database in ${folder}: start the server once`);
    expect(fs.existsSync(folder)).toBe(false);
  },
);

test('tokens of makers’ backends, limits and use of data streams', async () => {
  const merchant = String(bench.merchantId);
  const made = json(
    await admin('dtu', 'tokens', 'add', '--name', 'cloud', '--merchant', merchant, '--device', DEVICE),
  );
  expect(made).toEqual({ id: expect.any(Number), token: expect.stringMatching(/^cdt_[\w-]{32}$/) });
  const listed = await admin('dtu', 'tokens', 'list', '--merchant', merchant);
  expect(JSON.parse(listed.out)).toMatchObject([
    { id: made.id, name: 'cloud', deviceId: DEVICE, revokedAt: null },
  ]);
  expect(listed.out).not.toContain(made.token as string);
  const limited = await admin('dtu', 'limit', DEVICE, '--day-bytes', '1000', '--bytes-per-second', '2000');
  expect(json(limited)).toEqual({ dayBytes: 1000, bytesPerSecond: 2000 });
  expect(json(await admin('dtu', 'show', DEVICE))).toEqual({
    limits: { dayBytes: 1000, bytesPerSecond: 2000 },
    lastEnd: 'NONE',
    days: [],
  });
  expect(json(await admin('dtu', 'limit', DEVICE))).toEqual({ dayBytes: 50_000_000, bytesPerSecond: 16_000 });
  expect(json(await admin('dtu', 'tokens', 'revoke', String(made.id)))).toEqual({ ok: true });
  for (const words of [
    ['dtu', 'tokens', 'revoke', String(made.id)],
    ['dtu', 'tokens', 'add', '--name', 'x', '--merchant', '99'],
    ['dtu', 'show', 'NOSUCH01'],
  ]) {
    expect((await admin(...words)).errors).toContain('NOT_FOUND');
  }
});
