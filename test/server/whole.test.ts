/** The whole server on a real PostgreSQL, with a device on a real socket and a provider under the test's hand. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { startServer, type RunningServer } from '../../server/app';
import { testDatabase } from './support/cluster';
import { base64, TestDevice } from './support/device';
import { FakeProvider } from './support/fake-provider';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

let server: RunningServer;
let provider: FakeProvider;
let dataDir: string;

beforeAll(async () => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-whole-'));
  provider = new FakeProvider();
  server = await startServer({
    dataDir,
    databaseUrl: await testDatabase(),
    logLevel: process.env.TEST_LOG ?? 'error',
    providers: { get: async () => provider },
  });
  const merchant = await server.core.merchants.add({ name: 'Tea' }, 1);
  await server.core.database.db
    .insertInto('channels')
    .values({
      merchantId: merchant.id,
      channel: 'wechat',
      isEnabled: true,
      sealedParameters: '',
      version: 1,
      updatedAtMs: 1,
    })
    .execute();
  await server.core.devices.add(
    { id: 'CS000001', merchantId: merchant.id, name: 'one', key: KEY, maxAmountFen: 10_000 },
    1,
  );
});

afterAll(async () => {
  await server.stop();
  fs.rmSync(dataDir, { recursive: true });
});

function notify(outTradeNo: string): Promise<Response> {
  const raw = provider.notification(outTradeNo);
  return fetch(`${server.httpUrl}/notify/wechat/1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', signature: 'good' },
    body: raw.body,
  });
}

test('an order goes from pay to fin by notification', async () => {
  const device = await (await TestDevice.connect(server.gatewayPort, 'CS000001', KEY)).greet();
  device.pay(1, 150);
  expect(await device.hear('state', 1)).toEqual(['state', 1, 'CREATED']);
  const code = await device.hear('code', 1);
  expect(code[2]).toBe('https://pay.example/CS000001_1');
  provider.pay('CS000001_1');
  const reply = await notify('CS000001_1');
  expect(reply.status).toBe(200);
  const grant = await device.hear('grant', 1);
  expect(grant.slice(0, 5)).toEqual(['grant', 1, 'CS000001_1', 150, 1]);
  device.send(['got', 1]);
  device.send(['end', 1, 7, 0, '']);
  expect(await device.hear('fin', 1)).toEqual(['fin', 1, 10, 0]);
  const order = await server.core.store.find('CS000001_1');
  expect(order).toMatchObject({
    state: 'DISPENSED',
    paidFen: 150,
    providerState: 'PAID',
    isGrantReceived: true,
  });
  expect(Object.fromEntries(await server.core.store.balances())).toEqual({
    '1/clearing/wechat': 150,
    '1/earned': -150,
    '1/held': 0,
  });
  await device.close();
});

test('an order goes to its grant by the planned query when no notification comes', async () => {
  const device = await (await TestDevice.connect(server.gatewayPort, 'CS000001', KEY)).greet();
  device.pay(2, 300);
  await device.hear('state', 2);
  await device.hear('code', 2);
  provider.pay('CS000001_2');
  await device.hear('grant', 2);
  expect(provider.calls).toContain('query CS000001_2');
  device.send(['end', 2, 8, 23, base64('no tea left')]);
  expect(await device.hear('state', 2)).toEqual(['state', 2, 'REFUNDING']);
  expect(await device.hear('fin', 2)).toEqual(['fin', 2, 13, 23]);
  await device.close();
});
