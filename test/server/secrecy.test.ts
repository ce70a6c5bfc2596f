/**
 * Everything that a whole server says, at its most talkative, while keys are set, devices come and go, people are
 * refused and attackers try: no secret is in it, and what others choose (goods names, tokens, bodies) makes no line.
 */
import { Writable } from 'node:stream';
import pino from 'pino';
import { checkParameters } from '../../server/providers';
import { newMerchant, newPlatformKeys } from '../../sim/providers';
import { systemClock } from '../../server/time';
import { base64 } from './support/device';
import { parametersFor } from './support/sandbox-merchant';
import { DEVICE, KEY, OPERATOR_TOKEN, ServerBench } from './support/server';

const HOSTILE = `"}\\n'; drop table orders; -- \${7*7} <script>alert(1)</script> \u2028%0a{"level":60}`;

let output = '';
let bench: ServerBench;

beforeAll(async () => {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      output += String(chunk);
      done();
    },
  });
  bench = await ServerBench.start({
    log: pino({ level: 'trace', base: undefined }, stream),
    masterKey: MASTER,
  });
});
afterAll(() => bench.stop());

const MASTER = `first:${Buffer.alloc(32, 9).toString('base64')}`;

test('what a hostile host calls its goods is stored as it is, and changes nothing else', async () => {
  const device = await bench.greeted();
  device.pay(1, 150, 1, 'r1', HOSTILE);
  await device.hear('code', 1);
  const { body } = await bench.api('GET', `/orders/${DEVICE}_1`);
  expect(body.goods).toBe(HOSTILE);
  expect((await bench.api('GET', `/orders?search=${encodeURIComponent(HOSTILE.slice(0, 60))}`)).status).toBe(
    200,
  );
  expect((await bench.api('GET', '/orders')).body).toHaveLength(1);
  device.send(['log', 0, base64(HOSTILE)]);
  device.pay(2, 150, 1, 'r2', 'two\nlines');
  await device.closed;
});

test('a device whose text has control characters, and one with a wrong key, are let go', async () => {
  const wrong = await bench.connect(DEVICE, Buffer.alloc(16, 7));
  await wrong.closed;
  const right = await bench.greeted();
  right.sendText(HOSTILE);
  await right.closed;
});

test('tokens, keys and parameters go in and are not heard of again', async () => {
  const nowMs = systemClock.nowMs();
  const merchant = await newMerchant(await newPlatformKeys(nowMs), {}, nowMs);
  const parameters = parametersFor('wechat', merchant);
  const secrets = new Map<string, string>([
    ['operator token', OPERATOR_TOKEN],
    ['master key', MASTER.split(':')[1]!],
    ['device key, hex', KEY.toString('hex')],
    ['device key, base64', KEY.toString('base64')],
  ]);
  secrets.set('APIv3 key', parameters.apiV3Key as string);
  secrets.set('private key', (parameters.merchantPrivateKey as string).split('\n')[1]!);
  const set = await bench.api('PUT', `/merchants/${bench.merchantId}/channels/wechat`, {
    ...parameters,
    mchid: HOSTILE,
  });
  expect(set.status).toBe(422);
  const checked = await checkParameters(
    'wechat',
    { ...parameters, appid: 7 },
    { clock: systemClock, httpTimeoutMs: 1 },
    'https://pay.example.com/notify/wechat/1',
  );
  expect(JSON.stringify(checked)).not.toContain(parameters.apiV3Key as string);
  const made = await bench.api('POST', '/devices', { id: 'CS000009', merchantId: bench.merchantId });
  secrets.set('new device key', made.body.key as string);
  const token = await bench.api('POST', '/tokens', { name: 'ann', merchantId: bench.merchantId });
  secrets.set('merchant token', token.body.token as string);
  expect((await bench.api('GET', '/me', undefined, token.body.token as string)).status).toBe(200);
  expect((await bench.api('GET', '/me', undefined, `wrong-${OPERATOR_TOKEN}`)).status).toBe(401);
  const answers: string[] = [JSON.stringify(set.body)];
  for (const path of [
    '/merchants',
    `/merchants/${bench.merchantId}`,
    '/devices',
    `/devices/${DEVICE}`,
    '/tokens',
  ]) {
    answers.push(JSON.stringify((await bench.api('GET', path)).body));
  }
  await fetch(`${bench.server.httpUrl}/notify/wechat/${bench.merchantId}`, { method: 'POST', body: HOSTILE });
  answers.push(await (await fetch(`${bench.server.httpUrl}/metrics`)).text());
  for (const [name, secret] of secrets) {
    expect([name, output.includes(secret)]).toEqual([name, false]);
    for (const answer of answers) expect([name, answer.includes(secret)]).toEqual([name, false]);
  }
});

test('every line of the log is one JSON object of ours', () => {
  const lines = output.trim().split('\n');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) });
  expect(lines.filter((line) => (JSON.parse(line) as { level: number }).level >= 60)).toEqual([]);
});
