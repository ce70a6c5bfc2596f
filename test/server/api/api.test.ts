/** The HTTP side: who may do what, what is refused and how, and that nothing secret or foreign comes out. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { API_ERRORS } from '../../../server/admin/errors';
import type { Order } from '../../../server/orders/model';
import { query } from '../support/cluster';
import { DEVICE, KEY, ServerBench } from '../support/server';
import { until } from '../support/until';

let bench: ServerBench;
let annToken: string;
let otherMerchant: number;
let foreignDifference: number;

beforeAll(async () => {
  bench = await ServerBench.start();
  const { core } = bench.server;
  otherMerchant = (await core.merchants.add({ name: 'Cola' }, 1)).id;
  await bench.switchOn(otherMerchant);
  await core.devices.add(
    { id: 'CS000002', merchantId: otherMerchant, name: 'two', key: Buffer.alloc(16, 2), maxAmountFen: 100 },
    1,
  );
  bench.provider.bills.set('2026-01-31', [
    { kind: 'payment', outTradeNo: 'SHOP_1', transactionId: 'T', amountFen: 9, atMs: 1, providerState: 'X' },
  ]);
  const day = { day: '2026-01-31' };
  await bench.api('POST', `/merchants/${otherMerchant}/channels/wechat/reconcile`, day);
  const differences = await bench.api('GET', '/differences');
  foreignDifference = differences.body[0]!.id as number;
  const theirs = { n: 1, channel: 'wechat', amountFen: 50, ttlS: 300, reference: '', goods: '' } as const;
  await core.service.open({ deviceId: 'CS000002', session: 0, ...theirs });
  annToken = (await bench.api('POST', '/tokens', { name: 'ann', merchantId: bench.merchantId })).body
    .token as string;
});

afterAll(() => bench.stop());

/** Routes that another merchant's token was tried against. */
const tried = new Set<string>();

/** The route that an address belongs to. */
function patternOf(method: string, url: string): string {
  const [, first, id, ...rest] = url.split('/');
  const tail = rest.map((word) => (word === 'wechat' ? ':channel' : word));
  return [`${method} /${first}`, ...(id === undefined ? [] : [':id']), ...tail].join('/');
}

describe('tokens', () => {
  test.each([[''], ['Bearer '], ['Bearer wrong'], ['Basic b3A6b3A='], [`Bearer ${'x'.repeat(300)}`]])(
    'without a valid one (%s) nothing is answered',
    async (authorization) => {
      for (const url of ['/api/v1/merchants', '/api/v1/nothing', '/api/v1/orders/x/refund']) {
        const response = await fetch(bench.server.httpUrl + url, { headers: { authorization } });
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({
          error: 'UNAUTHORIZED',
          text: 'A valid bearer token is needed.',
        });
      }
    },
  );

  test('of a merchant reach what is his, and nothing else exists for him', async () => {
    expect((await bench.api('GET', '/me', undefined, annToken)).body).toEqual({ name: 'ann', merchantId: 1 });
    const seen = (await bench.api('GET', '/devices', undefined, annToken)).body as unknown as {
      id: string;
    }[];
    expect(seen.map((device) => device.id)).toEqual([DEVICE]);
    const merchants = (await bench.api('GET', '/merchants', undefined, annToken))
      .body as unknown as unknown[];
    expect(merchants.length).toBe(1);
    const foreign: [string, string, unknown?][] = [
      ['GET', `/merchants/${otherMerchant}`],
      ['PATCH', `/merchants/${otherMerchant}`, { name: 'Mine' }],
      ['PUT', `/merchants/${otherMerchant}/channels/wechat`, {}],
      ['POST', `/merchants/${otherMerchant}/channels/wechat/check`],
      ['PATCH', `/merchants/${otherMerchant}/channels/wechat`, { isEnabled: false }],
      ['POST', `/merchants/${otherMerchant}/channels/wechat/reconcile`, {}],
      ['POST', `/differences/${foreignDifference}/close`, { note: 'mine' }],
      ['GET', '/orders/CS000002_1'],
      ['POST', '/orders/CS000002_1/refund'],
      ['POST', '/orders/CS000002_1/settle', { decision: 'acknowledge' }],
      ['GET', '/devices/CS000002'],
      ['PATCH', '/devices/CS000002', { isEnabled: false }],
    ];
    expect(
      (await bench.api('GET', `/differences?merchantId=${otherMerchant}`, undefined, annToken)).body,
    ).toEqual([]);
    expect((await bench.api('GET', '/reconciliations', undefined, annToken)).body).toEqual([]);
    for (const [method, url, body] of foreign) {
      expect([url, (await bench.api(method, url, body, annToken)).status]).toEqual([url, 404]);
    }
    expect((await bench.server.core.devices.find('CS000002'))!.isEnabled).toBe(true);
    for (const [method, url] of foreign) tried.add(patternOf(method, url));
    // Not even whether there is such an order, or when it was made: one of his own is older, so that it would be listed.
    const own = { n: 40, channel: 'wechat', amountFen: 0, ttlS: 300, reference: '', goods: '' } as const;
    await bench.server.core.service.open({ deviceId: DEVICE, session: 0, ...own });
    await query(bench.databaseUrl, `update orders set created_at_ms = 1 where out_trade_no = '${DEVICE}_40'`);
    const listed = async (filter: string): Promise<string[]> =>
      ((await bench.api('GET', `/orders?${filter}`, undefined, annToken)).body as unknown as Order[]).map(
        (order) => order.outTradeNo,
      );
    expect(await listed('limit=50')).toEqual([`${DEVICE}_40`]);
    expect(await listed('before=NOBODY_1')).toEqual([]);
    expect(await listed('before=CS000002_1')).toEqual([]);
    expect(await listed('deviceId=CS000002')).toEqual([]);
    expect(await listed('search=CS000002_1')).toEqual([]);
    expect(await listed(`merchantId=${otherMerchant}`)).toEqual([`${DEVICE}_40`]);
  });

  test('of a merchant do not do the operator’s work', async () => {
    const operators: [string, string, unknown?][] = [
      ['POST', '/merchants', { name: 'New' }],
      ['POST', '/devices', { id: 'CS000009', merchantId: bench.merchantId }],
      ['POST', `/devices/${DEVICE}/key`],
      ['PATCH', `/merchants/${bench.merchantId}`, { maxAmountFen: 1_000_000 }],
      ['PATCH', `/devices/${DEVICE}`, { maxAmountFen: 1_000_000 }],
      ['POST', '/tokens', { name: 'more' }],
      ['GET', '/tokens'],
      ['DELETE', '/tokens/1'],
    ];
    for (const [method, url, body] of operators) {
      expect([url, (await bench.api(method, url, body, annToken)).status]).toEqual([url, 403]);
      tried.add(patternOf(method, url));
    }
  });

  test('were tried against every route that there is', () => {
    const source = fs.readFileSync(path.resolve(__dirname, '../../../server/api/admin-routes.ts'), 'utf8');
    const channel = /const channel = '(.*)';/.exec(source)![1]!;
    const routes = [...source.matchAll(/\broute\('([A-Z]+)', (?:'(.*?)'|(channel)|`(.*?)`)/g)].map(
      (match) => {
        const url = match[2] ?? (match[3] ? channel : match[4]!.replace('${channel}', channel));
        return `${match[1]} ${url}`;
      },
    );
    expect(routes.length).toBeGreaterThan(20);
    // Lists and one's own name: what they show was looked at above.
    const lists = ['/me', '/merchants', '/devices', '/orders', '/reconciliations', '/differences'];
    const open = lists.map((url) => `GET ${url}`);
    expect(routes.filter((route) => !tried.has(route) && !open.includes(route))).toEqual([]);
  });

  test('are kept as hashes, and end when they are revoked', async () => {
    const { token } = (await bench.api('POST', '/tokens', { name: 'bob', merchantId: 1 })).body;
    const rows = await bench.server.core.database.db.selectFrom('apiTokens').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token);
    const list = (await bench.api('GET', '/tokens')).body as unknown as { id: number; name: string }[];
    expect(JSON.stringify(list)).not.toContain(token);
    const { id } = list.find((entry) => entry.name === 'bob')!;
    expect((await bench.api('GET', '/me', undefined, token as string)).status).toBe(200);
    expect((await bench.api('DELETE', `/tokens/${id}`)).status).toBe(200);
    expect((await bench.api('GET', '/me', undefined, token as string)).status).toBe(401);
    expect((await bench.api('DELETE', `/tokens/${id}`)).status).toBe(404);
  });
});

describe('bad input', () => {
  test.each([
    ['no JSON', 'POST', '/merchants', '{', 400, 'BAD_REQUEST'],
    ['an unknown field', 'POST', '/merchants', { name: 'X', admin: true }, 400, 'BAD_REQUEST'],
    ['no name', 'POST', '/merchants', {}, 400, 'BAD_REQUEST'],
    ['a token for no merchant', 'POST', '/tokens', { name: 'X', merchantId: 999 }, 404, 'NOT_FOUND'],
    ['a fraction of a fen', 'POST', '/merchants', { name: 'X', maxAmountFen: 1.5 }, 400, 'BAD_REQUEST'],
    ['a device id in small letters', 'POST', '/devices', { id: 'cs01', merchantId: 1 }, 400, 'BAD_REQUEST'],
    [
      'a merchant that is not there',
      'POST',
      '/devices',
      { id: 'CS000077', merchantId: 99 },
      404,
      'NOT_FOUND',
    ],
    ['a device that is there', 'POST', '/devices', { id: DEVICE, merchantId: 1 }, 409, 'EXISTS'],
    ['a number that is none', 'GET', '/merchants/1%20or%201=1', undefined, 404, 'NOT_FOUND'],
    ['an unknown channel', 'PUT', '/merchants/1/channels/paypal', {}, 404, 'NOT_FOUND'],
    ['an unknown state', 'GET', '/orders?state=LOST', undefined, 400, 'BAD_REQUEST'],
    ['a limit beyond all', 'GET', '/orders?limit=100000', undefined, 400, 'BAD_REQUEST'],
    ['an unknown decision', 'POST', '/orders/X/settle', { decision: 'maybe' }, 400, 'BAD_REQUEST'],
    ['an order that is not there', 'GET', "/orders/'; drop table orders; --", undefined, 404, 'NOT_FOUND'],
    [
      'settings that are no numbers',
      'PATCH',
      `/devices/${DEVICE}`,
      { settings: { a: 'x' } },
      400,
      'BAD_REQUEST',
    ],
    ['nothing at all', 'PATCH', '/merchants/1', {}, 400, 'BAD_REQUEST'],
    ['a name with a zero byte', 'POST', '/merchants', { name: 'a\u0000b' }, 400, 'BAD_REQUEST'],
    ['a name with half a character', 'POST', '/merchants', { name: 'a\ud800b' }, 400, 'BAD_REQUEST'],
    ['a name with a line feed', 'PATCH', `/devices/${DEVICE}`, { name: 'a\nb' }, 400, 'BAD_REQUEST'],
    ['a token’s name with a zero byte', 'POST', '/tokens', { name: 'a\u0000' }, 400, 'BAD_REQUEST'],
    ['a note with a zero byte', 'POST', '/differences/1/close', { note: '\u0000' }, 400, 'BAD_REQUEST'],
    ['a search for a zero byte', 'GET', '/orders?search=%00', undefined, 400, 'BAD_REQUEST'],
    ['a device with a zero byte', 'GET', '/orders?deviceId=%00', undefined, 400, 'BAD_REQUEST'],
    ['a page after a zero byte', 'GET', '/orders?before=%00', undefined, 400, 'BAD_REQUEST'],
    ['an order with a zero byte', 'GET', '/orders/%00', undefined, 404, 'NOT_FOUND'],
    ['a device’s address with a zero byte', 'GET', '/devices/%00', undefined, 404, 'NOT_FOUND'],
    ['a broken escape', 'GET', '/orders/%zz', undefined, 400, 'BAD_REQUEST'],
    ['a merchant beyond all', 'GET', '/merchants/999999999999999', undefined, 404, 'NOT_FOUND'],
    ['a difference beyond all', 'POST', '/differences/99999999999/close', { note: 'x' }, 404, 'NOT_FOUND'],
    ['a token beyond all', 'DELETE', '/tokens/99999999999', undefined, 404, 'NOT_FOUND'],
    [
      'a device of a merchant beyond all',
      'POST',
      '/devices',
      { id: 'CS9999', merchantId: 99999999999 },
      404,
      'NOT_FOUND',
    ],
    ['a filter beyond all', 'GET', '/orders?merchantId=99999999999', undefined, 200, undefined],
    ['differences after all', 'GET', '/differences?after=99999999999', undefined, 200, undefined],
    ['an amount beyond all', 'PATCH', '/merchants/1', { maxAmountFen: 1e15 }, 400, 'BAD_REQUEST'],
    ['a body that is a list', 'PATCH', '/merchants/1', [1], 400, 'BAD_REQUEST'],
    ['a body that is null', 'POST', '/merchants', 'null', 400, 'BAD_REQUEST'],
    ['JavaScript’s own names', 'POST', '/merchants', '{"name":"x","__proto__":{"a":1}}', 400, 'BAD_REQUEST'],
    ['a body of 300 kB', 'POST', '/merchants', { name: 'x'.repeat(300_000) }, 413, 'BODY_TOO_LARGE'],
  ])('%s is refused with its code', async (_what, method, url, body, status, error) => {
    const answer = await bench.api(method, url, body);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  test('of another media type is refused', async () => {
    const response = await fetch(`${bench.server.httpUrl}/api/v1/merchants`, {
      method: 'POST',
      headers: { authorization: 'Bearer operator-token-of-the-tests', 'content-type': 'application/xml' },
      body: '<name/>',
    });
    expect(response.status).toBe(415);
  });

  test('parameters that do not work are refused with a sentence, without their values', async () => {
    const secret = 'SECRET0123456789';
    const answer = await bench.api('PUT', '/merchants/1/channels/alipay', {
      appId: secret,
      verification: 'x',
    });
    expect([answer.status, answer.body.error]).toEqual([422, 'PARAMETERS_WRONG']);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    expect(answer.body.detail).toContain('PARAMETERS_INCOMPLETE');
  });

  test('an unexpected failure tells the caller nothing but its code', async () => {
    const broken = jest
      .spyOn(bench.server.core.merchants, 'list')
      .mockRejectedValueOnce(new Error('password=x'));
    const answer = await bench.api('GET', '/merchants');
    expect(answer).toEqual({ status: 500, body: { error: 'INTERNAL', text: API_ERRORS.INTERNAL.text } });
    broken.mockRestore();
  });

  test('the same for a provider, to whom the address is open', async () => {
    const broken = jest.spyOn(bench.server.core.store, 'find');
    broken.mockRejectedValueOnce(new Error('insert into 10.1.2.3 password=x'));
    const response = await fetch(`${bench.server.httpUrl}/notify/wechat/${bench.merchantId}`, {
      method: 'POST',
      headers: { signature: 'good' },
      body: JSON.stringify({ notificationId: 'N', trade: { outTradeNo: 'CS000001_900', state: 'PAID' } }),
    });
    expect([response.status, await response.json()]).toEqual([
      500,
      { error: 'INTERNAL', text: API_ERRORS.INTERNAL.text },
    ]);
    broken.mockRestore();
  });

  test.each([
    ['a connection that PostgreSQL ended', { code: '57P01' }],
    ['a PostgreSQL that is not there', { code: 'ECONNREFUSED' }],
    ['a connection that broke', { message: 'Connection terminated unexpectedly' }],
    ['no free connection in time', { message: 'timeout exceeded when trying to connect' }],
    ['more under way than the database answers', { message: 'DATABASE: too much under way' }],
    ['a connection that was closed', { message: 'Client was closed and is not queryable' }],
  ])('%s is no failure of ours: come again', async (_what, fields) => {
    const away = jest.spyOn(bench.server.core.merchants, 'list');
    away.mockRejectedValueOnce(Object.assign(new Error('no'), fields));
    expect(await bench.api('GET', '/merchants')).toEqual({
      status: 503,
      body: { error: 'UNAVAILABLE', text: API_ERRORS.UNAVAILABLE.text },
    });
    away.mockRestore();
  });

  test.each([
    ['GET', '/nothing', 404, 'NOT_FOUND'],
    ['POST', '/healthz', 404, 'NOT_FOUND'],
    ['GET', '/notify/wechat/1', 404, 'NOT_FOUND'],
  ])('%s %s is answered like everything else', async (method, url, status, error) => {
    const response = await fetch(bench.server.httpUrl + url, { method });
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([status, error]);
  });
});

describe('what it is for', () => {
  test('a new device’s key is shown once, and opens a session', async () => {
    const added = await bench.api('POST', '/devices', { id: 'CS000003', merchantId: 1, name: 'three' });
    expect(added.body).toEqual({ id: 'CS000003', key: expect.stringMatching(/^[0-9a-f]{32}$/) });
    const shown = (await bench.api('GET', '/devices/CS000003')).body;
    expect(JSON.stringify(shown)).not.toContain(added.body.key);
    expect(shown).not.toHaveProperty('sealedKey');
    const device = await bench.connect('CS000003', Buffer.from(added.body.key as string, 'hex'));
    expect((await device.greet()).isClosed).toBe(false);
    const renewed = await bench.api('POST', '/devices/CS000003/key');
    await device.closed;
    expect((await bench.connect('CS000003', Buffer.from(added.body.key as string, 'hex'))).goodbye).toBe(32);
    const again = await bench.connect('CS000003', Buffer.from(renewed.body.key as string, 'hex'));
    expect(again.sealer).toBeDefined();
  });

  test('settings reach a connected device at once, and are merged', async () => {
    const device = await bench.greeted();
    await bench.api('PATCH', `/devices/${DEVICE}`, { settings: { onMs: 500 } });
    expect(await device.hear('set')).toEqual(['set', 1, { onMs: 500 }]);
    const changed = await bench.api('PATCH', `/devices/${DEVICE}`, { settings: { mode: 2 } });
    expect(await device.hear('set')).toEqual(['set', 2, { onMs: 500, mode: 2 }]);
    expect(changed.body).toMatchObject({ settingsVersion: 2, isOnline: true });
    await device.close();
    const back = await bench.connect();
    await back.greet();
    expect(await back.hear('set')).toEqual(['set', 2, { onMs: 500, mode: 2 }]);
    await back.close();
  });

  test('settings that no module takes are refused, and nothing else of that change is done', async () => {
    const answer = await bench.api('PATCH', '/devices/CS000003', { name: 'renamed', settings: { onMs: 5 } });
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining('settings.onMs') } });
    expect((await bench.api('GET', '/devices/CS000003')).body).toMatchObject({ name: 'three', settings: {} });
  });

  test('a device whose server was killed is not online for ever', async () => {
    const seen = (minutes: number): Promise<unknown> =>
      query(
        bench.databaseUrl,
        `update devices set is_online = true, seen_at_ms = ${Date.now() - minutes * 60_000} where id = 'CS000003'`,
      );
    await seen(39);
    expect((await bench.api('GET', '/devices/CS000003')).body).toMatchObject({ isOnline: true });
    await seen(42);
    expect((await bench.api('GET', '/devices/CS000003')).body).toMatchObject({ isOnline: false });
    const { body } = await bench.api('GET', '/devices');
    expect((body as unknown as { id: string }[]).find(({ id }) => id === 'CS000003')).toMatchObject({
      isOnline: false,
    });
  });

  test('a device that is switched off is let go and its orders are refused', async () => {
    const device = await bench.greeted();
    await bench.api('PATCH', `/devices/${DEVICE}`, { isEnabled: false });
    await device.closed;
    expect((await bench.connect()).goodbye).toBe(32);
    await bench.api('PATCH', `/devices/${DEVICE}`, { isEnabled: true });
    expect((await bench.connect()).sealer).toBeDefined();
  });

  test('an order’s whole story can be read, and the merchant refunds it', async () => {
    const device = await bench.greeted();
    device.pay(50, 150, 1, 'host-50');
    await device.hear('code', 50);
    bench.provider.pay(`${DEVICE}_50`);
    await bench.notify(`${DEVICE}_50`);
    await device.hear('grant', 50);
    expect((await bench.api('POST', `/orders/${DEVICE}_50/refund`)).body.error).toBe('WRONG_STATE');
    device.send(['end', 50, 7, 0, '']);
    await device.hear('fin', 50);
    const story = (await bench.api('GET', `/orders/${DEVICE}_50`, undefined, annToken)).body;
    expect(story).toMatchObject({
      state: 'DISPENSED',
      amountFen: 150,
      reference: 'host-50',
      reasonName: 'NONE',
    });
    const events = story.events as { type: string; cause: string }[];
    expect(events.map((event) => event.type)).toEqual(['open', 'created', 'paid', 'offer', 'endDispensed']);
    const found = (await bench.api('GET', '/orders?search=host-50')).body as unknown as { n: number }[];
    expect(found.map((order) => order.n)).toEqual([50]);
    expect((await bench.api('POST', `/orders/${DEVICE}_50/refund`, undefined, annToken)).status).toBe(200);
    await until(async () => (await bench.server.core.store.find(`${DEVICE}_50`))!.state === 'REFUNDED');
    const refunded = (await bench.api('GET', `/orders/${DEVICE}_50`)).body.events as { cause: string }[];
    expect(refunded.map((event) => event.cause)).toContain('person:ann');
  });

  test('lists go page by page, newest first', async () => {
    const device = await bench.greeted();
    for (let n = 60; n < 65; n++) {
      device.pay(n, 150);
      await device.hear('code', n);
    }
    const numbers: number[] = [];
    let before = '';
    for (let pages = 0; pages < 10; pages++) {
      const page = (
        await bench.api('GET', `/orders?limit=2&state=PREPAID&merchantId=${bench.merchantId}${before}`)
      ).body as unknown as {
        n: number;
        outTradeNo: string;
      }[];
      if (page.length === 0) break;
      numbers.push(...page.map((order) => order.n));
      before = `&before=${page.at(-1)!.outTradeNo}`;
    }
    expect(numbers).toEqual([64, 63, 62, 61, 60]);
  });
});

describe('notifications', () => {
  const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(bench.server.httpUrl + url, { method: 'POST', body, headers: { signature: 'good', ...headers } });

  test('are taken only where a merchant is', async () => {
    expect((await post('/notify/wechat/0', '{}')).status).toBe(404);
    expect((await post('/notify/wechat/1e3', '{}')).status).toBe(404);
    expect((await post('/notify/paypal/1', '{}')).status).toBe(404);
    expect((await fetch(`${bench.server.httpUrl}/notify/wechat/1`)).status).toBe(404);
  });

  test('come to the provider’s code byte for byte, whatever their media type says', async () => {
    const body = '{"id" : "ä\u0000\\u00e4",\r\n "x":1 }  ';
    const types = [
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/json; charset=utf-8',
    ];
    for (const type of types) {
      const answer = await post('/notify/wechat/1', body, { 'content-type': type, signature: 'bad' });
      expect(answer.status).toBe(500);
      expect(bench.provider.bodies.at(-1)).toBe(body);
    }
  });

  test('that are too large are not read', async () => {
    expect((await post('/notify/wechat/1', 'x'.repeat(70_000))).status).toBe(413);
  });
});

describe('health', () => {
  test('tells that it lives, that it can serve, and its figures', async () => {
    expect(await (await fetch(`${bench.server.httpUrl}/healthz`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${bench.server.httpUrl}/readyz`)).json()).toEqual({ ok: true });
    const text = await (await fetch(`${bench.server.httpUrl}/metrics`)).text();
    expect(text).toMatch(/coinslot_order_transitions_total\{channel="wechat",state="DISPENSED"\} [1-9]/);
    expect(text).toMatch(
      /coinslot_provider_call_seconds_count\{channel="wechat",call="create",outcome="ok"\} [1-9]/,
    );
    expect(text).toMatch(/coinslot_notifications_total\{channel="wechat",fate="taken"\} [1-9]/);
    expect(text).toMatch(/coinslot_sessions \d/);
    expect(text).not.toContain(KEY.toString('hex'));
  });

  test('is not ready when the database is away, and says so quickly', async () => {
    const { pool } = bench.server.core.database;
    const ask = pool.query.bind(pool) as (...values: unknown[]) => unknown;
    const query = jest
      .spyOn(pool, 'query')
      .mockImplementation(((...values: unknown[]) =>
        values[0] === 'select 1' ? new Promise(() => undefined) : ask(...values)) as never);
    const response = await fetch(`${bench.server.httpUrl}/readyz`);
    expect([response.status, await response.json()]).toEqual([503, { ok: false }]);
    query.mockRestore();
  });
});

test('docs/operating.md lists the errors exactly as the code has them', () => {
  const text = fs.readFileSync(path.resolve(__dirname, '../../../docs/operating.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z_]+)`\s*\| (\d{3})\s*\| (.*?)\s*\|$/gm)];
  const documented = Object.fromEntries(
    rows.map(([, code, status, words]) => [code, { status: Number(status), text: words }]),
  );
  expect(documented).toEqual(API_ERRORS);
});
