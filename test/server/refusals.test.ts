/** Each kind of bad input that is refused leaves a line in the log for whoever looks for intruders, without secrets. */
import * as net from 'node:net';
import { Writable } from 'node:stream';
import pino from 'pino';
import { systemClock, type Clock } from '../../server/time';
import { DEVICE, KEY, ServerBench } from './support/server';
import { until } from './support/until';

let bench: ServerBench;
/** The second in which everything happens, while a test says so. */
let standsAtMs: number | undefined;
const clock: Clock = { ...systemClock, nowMs: () => standsAtMs ?? systemClock.nowMs() };
let output = '';
let annToken = '';
let other = 0;

beforeAll(async () => {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      output += String(chunk);
      done();
    },
  });
  bench = await ServerBench.start({ clock, log: pino({ level: 'trace', base: undefined }, stream) });
  const { core } = bench.server;
  other = (await core.merchants.add({ name: 'Cola' }, 1)).id;
  await core.devices.add(
    { id: 'CS000002', merchantId: other, name: 'two', key: Buffer.alloc(16, 2), maxAmountFen: 100 },
    1,
  );
  const made = await bench.api('POST', '/tokens', { name: 'ann', merchantId: bench.merchantId });
  annToken = made.body.token as string;
});
afterAll(() => bench.stop());
beforeEach(() => void (output = ''));

type Line = Record<string, unknown>;

/** The first line with this message, once it is there. */
async function line(message: string): Promise<Line> {
  const find = (): Line | undefined =>
    output
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Line)
      .find((entry) => entry.msg === message);
  await until(() => find() !== undefined);
  return find()!;
}

function raw(bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(Number(new URL(bench.server.httpUrl).port), '127.0.0.1', () =>
      socket.write(bytes),
    );
    socket.on('error', () => undefined).on('close', () => resolve());
    socket.resume();
  });
}

test.each([
  ['another merchant’s device', 'PATCH', '/devices/CS000002', 'FOREIGN', 404],
  ['another merchant', 'GET', '/merchants/2', 'FOREIGN', 404],
  ['the operator’s work', 'POST', `/devices/${DEVICE}/key`, 'FORBIDDEN', 403],
])('a merchant’s token on %s', async (_what, method, path, code, status) => {
  const body = method === 'PATCH' ? { isEnabled: false } : undefined;
  expect((await bench.api(method, path, body, annToken)).status).toBe(status);
  expect(await line('request refused')).toMatchObject({ level: 40, actor: 'ann', method, code });
  expect(output).not.toContain(annToken);
});

test('a token that is none, which is not repeated', async () => {
  expect((await bench.api('GET', '/orders', undefined, 'wrong-token-of-somebody')).status).toBe(401);
  expect(await line('request refused')).toMatchObject({ code: 'UNAUTHORIZED', address: '127.0.0.1' });
  expect(output).not.toContain('wrong-token');
});

test('a body that is too large', async () => {
  expect((await bench.api('POST', '/merchants', { name: 'x'.repeat(300_000) })).status).toBe(413);
  expect(await line('request refused')).toMatchObject({ code: 'BODY_TOO_LARGE', url: '/api/v1/merchants' });
});

test('bytes that are no request, of which none are repeated', async () => {
  await raw(`GET / HTTP/1.1\r\nAuthorization: Bearer ${annToken}\r\nbroken header\r\n\r\n`);
  expect(await line('request malformed or too slow')).toMatchObject({ status: 400, address: '127.0.0.1' });
  expect(output).not.toContain(annToken);
  expect(output).not.toContain('broken header');
});

test('a forged notification, one of another merchant’s order, one for a merchant that is none', async () => {
  const device = await bench.greeted();
  device.pay(1, 150);
  await device.hear('code', 1);
  const { body } = bench.provider.notification(`${DEVICE}_1`, {
    state: 'PAID',
    providerState: 'SUCCESS',
    transactionId: 'T',
    amountFen: 150,
  });
  const post = (merchant: number, signature: string): Promise<Response> =>
    fetch(`${bench.server.httpUrl}/notify/wechat/${merchant}`, {
      method: 'POST',
      body,
      headers: { signature },
    });
  for (const [merchant, signature, fate] of [
    [bench.merchantId, 'bad', 'not authentic'],
    [other, 'good', 'foreign order'],
  ] as const) {
    output = '';
    expect((await post(merchant, signature)).status).toBe(500);
    const said = await line('notification refused');
    expect(said).toMatchObject({ level: 40, channel: 'wechat', fate });
    // A name that is authentic is told; what a forger wrote is not repeated.
    expect(said.outTradeNo).toBe(signature === 'good' ? `${DEVICE}_1` : undefined);
  }
  expect((await bench.server.core.store.find(`${DEVICE}_1`))!.state).toBe('PREPAID');
});

test('forged notifications without end do not fill the log', async () => {
  output = '';
  // A new second, of which the tests before have logged nothing.
  standsAtMs = systemClock.nowMs() + 2_000;
  for (let count = 0; count < 60; count++) {
    await fetch(`${bench.server.httpUrl}/notify/wechat/${bench.merchantId}`, {
      method: 'POST',
      body: '{}',
      headers: { signature: 'bad' },
    });
  }
  await line('notification refused');
  expect(output.match(/"fate":"not authentic"/g)!.length).toBe(20);
  standsAtMs = undefined;
  const figures = await (await fetch(`${bench.server.httpUrl}/metrics`)).text();
  const counted = /coinslot_notifications_total\{channel="wechat",fate="not authentic"\} (\d+)/.exec(figures);
  expect(Number(counted![1])).toBeGreaterThanOrEqual(60);
});

test('a payment of another amount: never granted, and a person is called', async () => {
  const device = await bench.greeted([[1, 3]]);
  await bench.provider.query(`${DEVICE}_1`);
  bench.provider.pay(`${DEVICE}_1`, 149);
  expect((await bench.notify(`${DEVICE}_1`)).status).toBe(200);
  expect(await line('order needs a person')).toMatchObject({
    level: 40,
    outTradeNo: `${DEVICE}_1`,
    merchantId: bench.merchantId,
    alarm: 'WRONG_AMOUNT',
  });
  // The notification alone decides nothing: it is the query behind it that finds the wrong amount paid.
  const state = async (): Promise<string> => (await bench.server.core.store.find(`${DEVICE}_1`))!.state;
  await until(async () => (await state()) === 'UNCERTAIN');
  expect(device.heard.map(([type]) => type)).not.toContain('grant');
});

test('a device with a wrong key', async () => {
  const device = await bench.connect(DEVICE, Buffer.alloc(16, 7));
  await device.closed;
  expect(await line('device connection ended')).toMatchObject({
    level: 40,
    reason: 'bad handshake',
    claimedId: DEVICE,
  });
  expect(output).not.toContain(KEY.toString('hex'));
});

test('too many connections that say nothing of themselves are counted', async () => {
  const quiet = await bench.beside({ gatewayLimits: { maxUnknownPerAddress: 1 } });
  const sockets = [0, 1].map(() =>
    net.connect(quiet.server.gatewayPort, '127.0.0.1').on('error', () => undefined),
  );
  await Promise.race(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
  const metrics = await (await fetch(`${quiet.server.httpUrl}/metrics`)).text();
  expect(metrics).toContain('coinslot_connections_refused_total{door="gateway"} 1');
  sockets.forEach((socket) => socket.destroy());
  await quiet.stop();
});
