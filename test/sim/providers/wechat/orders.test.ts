import { openBench, START_MS, type Bench } from '../support/bench';
import { isSignedByPlatform } from '../support/wechatCaller';
import { codeOf, WechatShop } from '../support/wechatShop';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let bench: Bench;
let shop: WechatShop;

beforeEach(async () => {
  bench = await openBench();
  shop = new WechatShop(bench);
});
afterEach(async () => {
  expect(bench.sandbox.model.audit().faults).toEqual([]);
  await bench.sandbox.close();
});

describe('Native order', () => {
  it('gives a code_url and is NOTPAY', async () => {
    const reply = await shop.order({ outTradeNo: 'CS000001_1' });
    expect(reply.status).toBe(200);
    expect(Object.keys(reply.body)).toEqual(['code_url']);
    expect(reply.body['code_url']).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=\w+$/);
    const { body } = await shop.query('CS000001_1');
    expect(body).toEqual({
      mchid: shop.merchant.wechat.mchId,
      appid: shop.merchant.wechat.appId,
      out_trade_no: 'CS000001_1',
      trade_state: 'NOTPAY',
      trade_state_desc: '订单未支付',
      attach: '',
      amount: { total: 150, currency: 'CNY' },
    });
  });

  it('is SUCCESS once paid, with the money and the time', async () => {
    await shop.paid({ outTradeNo: 'CS000001_2', more: { attach: 'a,"<b>' } });
    const { body } = await shop.query('CS000001_2');
    expect(body).toMatchObject({
      trade_state: 'SUCCESS',
      trade_type: 'NATIVE',
      attach: 'a,"<b>',
      success_time: '2026-03-02T10:00:00+08:00',
      amount: { total: 150, payer_total: 150, currency: 'CNY', payer_currency: 'CNY' },
    });
    expect(body['transaction_id']).toMatch(/^4200\d{24}$/);
    expect((await shop.queryById(String(body['transaction_id']))).body).toEqual(body);
  });

  it('of another merchant is not found, by either number', async () => {
    await shop.paid({ outTradeNo: 'CS000001_3' });
    const { transaction_id: id } = (await shop.query('CS000001_3')).body;
    const other = new WechatShop(bench, bench.other);
    expect(codeOf(await other.query('CS000001_3'))).toEqual([404, 'ORDER_NOT_EXIST']);
    expect(codeOf(await other.queryById(String(id)))).toEqual([404, 'ORDER_NOT_EXIST']);
    expect(codeOf(await other.order({ outTradeNo: 'CS000001_3', totalFen: 7 }))).toEqual([200, undefined]);
  });

  const bad: [string, Record<string, unknown>][] = [
    ['no amount', { amount: undefined }],
    ['amount 0', { amount: { total: 0 } }],
    ['a negative amount', { amount: { total: -1 } }],
    ['a fraction of a fen', { amount: { total: 1.5 } }],
    ['an amount as text', { amount: { total: '150' } }],
    ['another currency', { amount: { total: 150, currency: 'USD' } }],
    ['an unknown field in the amount', { amount: { total: 150, refund: 1 } }],
    ['no description', { description: undefined }],
    ['an empty description', { description: '' }],
    ['a description of 128 characters', { description: '字'.repeat(128) }],
    ['an out_trade_no of 5 characters', { out_trade_no: 'CS_01' }],
    ['an out_trade_no of 33 characters', { out_trade_no: 'C'.repeat(33) }],
    ['an out_trade_no with a slash', { out_trade_no: 'CS0001/1' }],
    ['no notify_url', { notify_url: undefined }],
    ['a notify_url with a query', { notify_url: 'https://shop.example/n?a=1' }],
    ['a notify_url that is none', { notify_url: 'shop.example' }],
    ['an unknown field', { total_amount: '1.50' }],
    ['a time_expire that is no RFC 3339 time', { time_expire: '2026-03-02 11:00:00' }],
  ];
  it.each(bad)('with %s is a PARAM_ERROR that leaves no order', async (_what, more) => {
    const reply = await shop.order({ outTradeNo: 'CS000001_4', more });
    expect(codeOf(reply)).toEqual([400, 'PARAM_ERROR']);
    expect(reply.body['detail']).toBeDefined();
    expect(isSignedByPlatform(reply.raw, shop.merchant.wechat.platformPublicKeyPem)).toBe(true);
    expect(bench.sandbox.model.book.count('trades')).toBe(0);
  });

  it('takes the longest allowed values', async () => {
    const more = {
      description: '字'.repeat(127),
      attach: 'a'.repeat(128),
      out_trade_no: 'C'.repeat(26) + '_-|*09',
    };
    expect(codeOf(await shop.order({ outTradeNo: 'x', more }))).toEqual([200, undefined]);
  });

  it('with a foreign appid or mchid is refused', async () => {
    const appid = await shop.order({ outTradeNo: 'CS000001_5', more: { appid: 'wx0123456789abcdef' } });
    expect(codeOf(appid)).toEqual([400, 'APPID_MCHID_NOT_MATCH']);
    const mchid = await shop.order({ outTradeNo: 'CS000001_5', more: { mchid: '1900000001' } });
    expect(codeOf(mchid)).toEqual([400, 'INVALID_REQUEST']);
  });

  it.each(['{', '[]', '"x"', 'null'])('with the body %s is a PARAM_ERROR', async (rawBody) => {
    const reply = await shop.call('POST', '/v3/pay/transactions/native', undefined, { rawBody });
    expect(codeOf(reply)).toEqual([400, 'PARAM_ERROR']);
  });

  it('needs JSON as its content type, and a known address', async () => {
    const body = shop.orderBody({ outTradeNo: 'CS000001_6' });
    const form = { headers: { 'content-type': 'text/plain' } };
    expect(codeOf(await shop.call('POST', '/v3/pay/transactions/native', body, form))).toEqual([
      400,
      'PARAM_ERROR',
    ]);
    expect((await shop.call('POST', '/v3/pay/transactions/nativ', body)).status).toBe(404);
    expect((await shop.call('POST', '/v3/pay/transactions/native?a=1', body)).status).toBe(400);
  });
});

describe('the same out_trade_no again', () => {
  it('with the same content gives the same link while it lives, a new one after two hours', async () => {
    const order = { outTradeNo: 'CS000002_1' };
    const first = (await shop.order(order)).body['code_url'];
    bench.clock.advance(2 * HOUR_MS - 1);
    expect((await shop.order(order)).body['code_url']).toBe(first);
    bench.clock.advance(1);
    const second = (await shop.order(order)).body['code_url'];
    expect(second).not.toBe(first);
    expect(bench.sandbox.model.wallet.open(String(first))).toMatchObject({
      ok: false,
      reason: 'CODE_EXPIRED',
    });
    expect(bench.sandbox.model.wallet.pay(String(second))).toMatchObject({ ok: true });
  });

  it.each([
    ['amount', { amount: { total: 151 } }],
    ['description', { description: '雪碧' }],
    ['notify_url', { notify_url: 'https://shop.example/other' }],
    ['attach', { attach: 'x' }],
    ['time_expire', { time_expire: '2026-03-02T11:00:00+08:00' }],
  ])('with another %s is OUT_TRADE_NO_USED', async (_what, more) => {
    await shop.order({ outTradeNo: 'CS000002_2' });
    expect(codeOf(await shop.order({ outTradeNo: 'CS000002_2', more }))).toEqual([403, 'OUT_TRADE_NO_USED']);
  });

  it('with the fields in another order is the same content', async () => {
    const body = shop.orderBody({ outTradeNo: 'CS000002_3' });
    await shop.call('POST', '/v3/pay/transactions/native', body);
    const turned = Object.fromEntries(Object.entries(body).reverse());
    expect((await shop.call('POST', '/v3/pay/transactions/native', turned)).status).toBe(200);
  });

  it('is ORDERPAID after payment and ORDER_CLOSED after closing', async () => {
    await shop.paid({ outTradeNo: 'CS000002_4' });
    expect(codeOf(await shop.order({ outTradeNo: 'CS000002_4' }))).toEqual([400, 'ORDERPAID']);
    await shop.order({ outTradeNo: 'CS000002_5' });
    await shop.close('CS000002_5');
    expect(codeOf(await shop.order({ outTradeNo: 'CS000002_5' }))).toEqual([400, 'ORDER_CLOSED']);
  });
});

describe('the time to pay', () => {
  it('ends at time_expire; the order stays NOTPAY until it is closed', async () => {
    const more = { time_expire: '2026-03-02T10:05:00+08:00' };
    const link = String((await shop.order({ outTradeNo: 'CS000003_1', more })).body['code_url']);
    bench.clock.advance(5 * MINUTE_MS - 1);
    expect(bench.sandbox.model.wallet.open(link).ok).toBe(true);
    bench.clock.advance(1);
    expect(bench.sandbox.model.wallet.pay(link)).toMatchObject({ ok: false, reason: 'TRADE_EXPIRED' });
    expect((await shop.query('CS000003_1')).body['trade_state']).toBe('NOTPAY');
    await shop.close('CS000003_1');
    expect((await shop.query('CS000003_1')).body['trade_state']).toBe('CLOSED');
  });

  it('is at least a minute, whatever was asked for', async () => {
    const more = { time_expire: new Date(START_MS - HOUR_MS).toISOString() };
    const link = String((await shop.order({ outTradeNo: 'CS000003_2', more })).body['code_url']);
    bench.clock.advance(MINUTE_MS - 1);
    expect(bench.sandbox.model.wallet.open(link).ok).toBe(true);
    bench.clock.advance(1);
    expect(bench.sandbox.model.wallet.open(link)).toMatchObject({ ok: false, reason: 'TRADE_EXPIRED' });
  });
});

describe('closing', () => {
  it('answers 204 with a signature over nothing, also the second time and for an unknown order', async () => {
    await shop.order({ outTradeNo: 'CS000004_1' });
    for (const outTradeNo of ['CS000004_1', 'CS000004_1', 'CS000004_2']) {
      const reply = await shop.close(outTradeNo);
      expect([reply.status, reply.raw.body]).toEqual([204, '']);
      expect(isSignedByPlatform(reply.raw, shop.merchant.wechat.platformPublicKeyPem)).toBe(true);
    }
    expect((await shop.query('CS000004_1')).body['trade_state']).toBe('CLOSED');
    expect(codeOf(await shop.query('CS000004_2'))).toEqual([404, 'ORDER_NOT_EXIST']);
  });

  it('makes the link unpayable', async () => {
    const link = String((await shop.order({ outTradeNo: 'CS000004_3' })).body['code_url']);
    await shop.close('CS000004_3');
    expect(bench.sandbox.model.wallet.pay(link)).toMatchObject({ ok: false, reason: 'TRADE_CLOSED' });
  });

  it('of a paid order is ORDERPAID and changes nothing', async () => {
    await shop.paid({ outTradeNo: 'CS000004_4' });
    expect(codeOf(await shop.close('CS000004_4'))).toEqual([400, 'ORDERPAID']);
    expect((await shop.query('CS000004_4')).body['trade_state']).toBe('SUCCESS');
  });

  it('needs the merchant in its body, and nothing else', async () => {
    await shop.order({ outTradeNo: 'CS000004_5' });
    const url = '/v3/pay/transactions/out-trade-no/CS000004_5/close';
    const { mchId } = shop.merchant.wechat;
    expect(codeOf(await shop.call('POST', url, {}))).toEqual([400, 'PARAM_ERROR']);
    expect(codeOf(await shop.call('POST', url, { mchid: '1900000001' }))).toEqual([400, 'INVALID_REQUEST']);
    expect(codeOf(await shop.call('POST', url, { mchid: mchId, out_trade_no: 'x' }))).toEqual([
      400,
      'PARAM_ERROR',
    ]);
  });
});

describe('querying', () => {
  it('needs the mchid in the address, once', async () => {
    await shop.order({ outTradeNo: 'CS000005_1' });
    const url = '/v3/pay/transactions/out-trade-no/CS000005_1';
    const { mchId } = shop.merchant.wechat;
    expect(codeOf(await shop.call('GET', url))).toEqual([400, 'PARAM_ERROR']);
    expect(codeOf(await shop.call('GET', `${url}?mchid=${mchId}&x=1`))).toEqual([400, 'PARAM_ERROR']);
    expect(codeOf(await shop.call('GET', `${url}?mchid=${mchId}&mchid=${mchId}`))).toEqual([
      400,
      'PARAM_ERROR',
    ]);
  });

  it('by transaction_id does not find an unpaid order', async () => {
    await shop.order({ outTradeNo: 'CS000005_2' });
    const [trade] = bench.sandbox.model.book.all('trades');
    expect(codeOf(await shop.queryById(trade!.tradeNo))).toEqual([404, 'ORDER_NOT_EXIST']);
  });
});

it('more calls in a second than allowed are FREQUENCY_LIMITED, and pass again in the next', async () => {
  const limited = await openBench({
    settings: { callsPerSecond: { order: 3, query: 9, refund: 9, badRefund: 9, refundQuery: 9, bill: 9 } },
  });
  const busy = new WechatShop(limited);
  const codes = [];
  for (let index = 1; index <= 5; index += 1)
    codes.push((await busy.order({ outTradeNo: `CS00000${index}` })).status);
  expect(codes).toEqual([200, 200, 200, 429, 429]);
  limited.clock.advance(1000);
  expect((await busy.order({ outTradeNo: 'CS000006' })).status).toBe(200);
  await limited.sandbox.close();
});
