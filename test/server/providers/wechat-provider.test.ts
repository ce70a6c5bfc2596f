import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import {
  createProvider,
  type Outcome,
  type Provider,
  type WechatParameters,
} from '../../../server/providers';
import { CUTS_CONNECTION, drips, HANGS, TRUNCATES, type Responder } from './loopback';
import * as fixture from './wechat-peer';

const peer = new fixture.WechatPeer();
let baseUrl: string;
let provider: Provider;
let logged: unknown[];

const trade = {
  outTradeNo: 'CS000001_17',
  amountFen: 150,
  description: '可乐 one can',
  expiresAtMs: peer.clock.nowMs() + 300_000,
  notifyUrl: 'https://pay.example.com/notify/wechat/m1',
};
const refundRequest = {
  outTradeNo: 'CS000001_17',
  outRefundNo: 'CS000001_17_r1',
  refundFen: 100,
  totalFen: 150,
  reason: '未出货',
};

function parameters(change: Partial<WechatParameters> = {}): WechatParameters {
  return {
    mchid: fixture.MCHID,
    appid: fixture.APPID,
    merchantSerial: fixture.MERCHANT_SERIAL,
    merchantPrivateKey: peer.merchant.privatePem,
    apiV3Key: fixture.API_V3_KEY,
    verification: 'publicKey',
    platformPublicKeyId: fixture.PUBLIC_KEY_ID,
    platformPublicKey: peer.platform.publicPem,
    ...change,
  };
}

function make(change: Partial<WechatParameters> = {}, httpTimeoutMs = 30_000): Provider {
  const log = { warn: (...entry: unknown[]) => void logged.push(entry) };
  return createProvider('wechat', parameters(change), { baseUrl, clock: peer.clock, httpTimeoutMs, log });
}

beforeAll(async () => {
  baseUrl = await peer.start();
});
afterAll(() => peer.stop());
beforeEach(() => {
  logged = [];
  peer.requests.length = 0;
  peer.responder = () => peer.answer(200, { code_url: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' });
  provider = make();
});

type Call = (provider: Provider) => Promise<Outcome<unknown>>;
const CALLS: Record<string, Call> = {
  create: (it) => it.create(trade),
  query: (it) => it.query('CS000001_17'),
  close: (it) => it.close('CS000001_17'),
  refund: (it) => it.refund(refundRequest),
  queryRefund: (it) => it.queryRefund('CS000001_17', 'CS000001_17_r1'),
  bill: (it) => it.bill('2026-01-01'),
};
const ALL_CALLS = Object.entries(CALLS);

describe('what is sent', () => {
  test('an order, signed over exactly the bytes sent, at the injected time', async () => {
    const outcome = await provider.create(trade);
    expect(outcome).toEqual({ kind: 'ok', value: { codeUrl: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' } });
    const [request] = peer.requests;
    expect(request!.method).toBe('POST');
    expect(request!.url).toBe('/v3/pay/transactions/native');
    expect(request!.headers['content-type']).toContain('application/json');
    expect(peer.isSignedByMerchant(request!)).toBe(true);
    expect(JSON.parse(request!.body)).toEqual({
      appid: 'wxd678efh567hg6787',
      mchid: '1900000109',
      description: '可乐 one can',
      out_trade_no: 'CS000001_17',
      time_expire: '2026-01-01T08:05:00+08:00',
      notify_url: 'https://pay.example.com/notify/wechat/m1',
      amount: { total: 150, currency: 'CNY' },
    });
  });

  test('every call is signed, and in public-key mode asks for that key', async () => {
    for (const [, call] of ALL_CALLS) await call(provider);
    expect(peer.requests).toHaveLength(ALL_CALLS.length);
    for (const request of peer.requests) {
      expect(peer.isSignedByMerchant(request)).toBe(true);
      expect(request.headers['wechatpay-serial']).toBe('PUB_KEY_ID_0119000001092024112000382');
    }
    expect(peer.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v3/pay/transactions/native',
      'GET /v3/pay/transactions/out-trade-no/CS000001_17?mchid=1900000109',
      'POST /v3/pay/transactions/out-trade-no/CS000001_17/close',
      'POST /v3/refund/domestic/refunds',
      'GET /v3/refund/domestic/refunds/CS000001_17_r1',
      'GET /v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL&tar_type=GZIP',
    ]);
  });

  test.each([
    ['a number with a space', { outTradeNo: 'CS 0001_17' }],
    ['a number that leaves the path', { outTradeNo: '../../refund' }],
    ['a number of five characters', { outTradeNo: 'CS_17' }],
    ['a number of 33 characters', { outTradeNo: 'C'.repeat(33) }],
    ['nothing to pay', { amountFen: 0 }],
    ['a negative amount', { amountFen: -1 }],
    ['half a fen', { amountFen: 1.5 }],
    ['an amount over the limit', { amountFen: 10_000_000_001 }],
    ['no description', { description: ' \u0000\u200b ' }],
    ['an expired code', { expiresAtMs: peer.clock.nowMs() }],
    ['an endless code', { expiresAtMs: Number.POSITIVE_INFINITY }],
    ['an address with a query', { notifyUrl: 'https://pay.example.com/n?m=1' }],
    ['an address that is none', { notifyUrl: 'pay.example.com/n' }],
    ['an address of another kind', { notifyUrl: 'ftp://pay.example.com/n' }],
  ])('refuses %s without sending it', async (_name, change) => {
    const outcome = await provider.create({ ...trade, ...change });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'REQUEST_INVALID' });
    expect(peer.requests).toHaveLength(0);
  });

  test('a refund of more than was paid is not sent', async () => {
    const outcome = await provider.refund({ ...refundRequest, refundFen: 151 });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'REQUEST_INVALID' });
    expect(peer.requests).toHaveLength(0);
  });

  test('a long description is cut at a character, without control characters', async () => {
    await provider.create({ ...trade, description: `a\n\tb${'瓶'.repeat(200)}` });
    expect(JSON.parse(peer.requests[0]!.body).description).toBe(`a b${'瓶'.repeat(124)}`);
  });
});

describe('answers that prove nothing are unknown, for every call', () => {
  const body = { code: 'ORDERPAID', code_url: 'weixin://wxpay/bizpayurl?pr=forged' };
  const rows: [string, Responder, string][] = [
    ['no signature at all', () => ({ status: 200, body: JSON.stringify(body) }), 'ANSWER_UNSIGNED'],
    ['no signature on a refusal', () => ({ status: 400, body: JSON.stringify(body) }), 'ANSWER_UNSIGNED'],
    ...['Timestamp', 'Nonce', 'Serial', 'Signature'].map((name): [string, Responder, string] => [
      `no Wechatpay-${name}`,
      () => peer.answer(200, body, { omit: `Wechatpay-${name}` }),
      'ANSWER_UNSIGNED',
    ]),
    ['a wrong signature', () => peer.answer(200, body, { key: peer.stranger }), 'ANSWER_SIGNATURE_WRONG'],
    [
      'a wrong signature on a refusal',
      () => peer.answer(403, body, { key: peer.stranger }),
      'ANSWER_SIGNATURE_WRONG',
    ],
    [
      'another body than was signed',
      () => peer.answer(200, body, { signedBody: JSON.stringify({ ...body, code_url: 'weixin://genuine' }) }),
      'ANSWER_SIGNATURE_WRONG',
    ],
    [
      'an empty body with the signature of another',
      () => ({ ...peer.answer(200, body), body: '' }),
      'ANSWER_SIGNATURE_WRONG',
    ],
    [
      'the platform’s signature probe',
      () => peer.answer(200, body, { signature: `WECHATPAY/SIGNTEST/${'a'.repeat(325)}` }),
      'ANSWER_SIGNATURE_WRONG',
    ],
    [
      'a signature that is no base64',
      () => peer.answer(200, body, { signature: '!' }),
      'ANSWER_SIGNATURE_WRONG',
    ],
    ['an unknown serial', () => peer.answer(200, body, { serial: 'PUB_KEY_ID_9' }), 'ANSWER_SERIAL_UNKNOWN'],
    ['a time 301 s back', () => peer.answer(200, body, { offsetSeconds: -301 }), 'ANSWER_STALE'],
    ['a time 301 s ahead', () => peer.answer(200, body, { offsetSeconds: 301 }), 'ANSWER_STALE'],
    ['500', () => peer.error(500, 'SYSTEM_ERROR'), 'PROVIDER_FAILED'],
    ['502 of a proxy', () => ({ status: 502, body: '<html>' }), 'PROVIDER_FAILED'],
    ['503, signed, with a refusal’s code', () => peer.error(503, 'ORDERPAID'), 'PROVIDER_FAILED'],
    ['SYSTEM_ERROR with status 400', () => peer.error(400, 'SYSTEM_ERROR'), 'PROVIDER_FAILED'],
    ['a code that is not listed', () => peer.error(400, 'BRAND_NEW_ERROR'), 'CODE_UNLISTED'],
    ['a code named like a property', () => peer.error(400, 'constructor'), 'CODE_UNLISTED'],
    ['a refusal without a code', () => peer.answer(400, {}), 'ANSWER_MALFORMED'],
    ['202, accepted but not done', () => peer.answer(202, body), 'ANSWER_MALFORMED'],
    [
      'a redirect',
      () => ({ ...peer.answer(302, body), headers: { location: '/elsewhere' } }),
      'ANSWER_UNSIGNED',
    ],
    ['a connection cut at once', CUTS_CONNECTION, 'CONNECTION_FAILED'],
    ['half an answer', TRUNCATES, 'ANSWER_MALFORMED'],
    [
      'an answer without end',
      () => ({ status: 200, body: Buffer.alloc(1_100_000, 0x20) }),
      'ANSWER_MALFORMED',
    ],
  ];
  test.each(rows)('%s', async (_name, responder, code) => {
    for (const [, call] of ALL_CALLS) {
      peer.responder = responder;
      const outcome = await call(provider);
      expect(outcome).toMatchObject({ kind: 'unknown', code });
    }
  });

  test.each([
    ['silence', HANGS],
    ['a byte now and then', drips(20)],
  ])('%s is a time-out', async (_name, responder) => {
    const hasty = make({}, 80);
    peer.responder = responder;
    const outcomes = await Promise.all(ALL_CALLS.map(([, call]) => call(hasty)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'unknown', code: 'TIMEOUT' });
  });

  test('nobody listening is a failed connection', async () => {
    const other = new fixture.WechatPeer();
    const address = await other.start();
    await other.stop();
    const lonely = createProvider('wechat', parameters(), {
      baseUrl: address,
      clock: peer.clock,
      httpTimeoutMs: 30_000,
    });
    expect(await lonely.query('CS000001_17')).toMatchObject({ kind: 'unknown', code: 'CONNECTION_FAILED' });
  });

  test('well-signed nonsense is unknown', async () => {
    for (const json of [[], 'text', 7, null, {}, { code_url: 7 }, { code_url: 'https://evil.example' }]) {
      peer.responder = () => peer.answer(200, json);
      for (const name of ['create', 'query', 'refund', 'queryRefund', 'bill']) {
        expect(await CALLS[name]!(provider)).toMatchObject({ kind: 'unknown', code: 'ANSWER_MALFORMED' });
      }
    }
  });

  test('a time exactly 300 s off is still fresh', async () => {
    peer.responder = () => peer.answer(200, { code_url: 'weixin://x' }, { offsetSeconds: -300 });
    expect((await provider.create(trade)).kind).toBe('ok');
  });

  test('unknown outcomes are logged with the order’s number and codes only', async () => {
    peer.responder = () => peer.error(500, 'SYSTEM_ERROR');
    await provider.query('CS000001_17');
    expect(logged).toEqual([
      [
        {
          channel: 'wechat',
          mchid: '1900000109',
          operation: 'query',
          outTradeNo: 'CS000001_17',
          kind: 'unknown',
          code: 'PROVIDER_FAILED',
          providerCode: 'SYSTEM_ERROR',
        },
        'The provider had an internal error.',
      ],
    ]);
  });
});

describe('authentic refusals', () => {
  const rows: [string, number, string, object][] = [
    ['create', 403, 'OUT_TRADE_NO_USED', { kind: 'refused', code: 'OUT_TRADE_NO_USED' }],
    ['create', 400, 'INVALID_REQUEST', { kind: 'refused', code: 'OUT_TRADE_NO_USED' }],
    ['create', 400, 'ORDERPAID', { kind: 'refused', code: 'ORDERPAID' }],
    ['create', 400, 'ORDER_CLOSED', { kind: 'refused', code: 'ORDER_CLOSED' }],
    ['create', 400, 'PARAM_ERROR', { kind: 'refused', code: 'PARAMETERS_REFUSED' }],
    ['create', 403, 'NO_AUTH', { kind: 'refused', code: 'PERMISSION_REFUSED' }],
    ['create', 403, 'RULE_LIMIT', { kind: 'refused', code: 'ACCOUNT_REFUSED' }],
    ['create', 400, 'APPID_MCHID_NOT_MATCH', { kind: 'refused', code: 'CREDENTIALS_REFUSED' }],
    ['create', 401, 'SIGN_ERROR', { kind: 'refused', code: 'CREDENTIALS_REFUSED' }],
    ['create', 429, 'FREQUENCY_LIMITED', { kind: 'refused', code: 'RATE_LIMITED', retry: true }],
    ['create', 429, 'RATELIMIT_EXCEEDED', { kind: 'refused', code: 'RATE_LIMITED', retry: true }],
    ['create', 404, 'ORDER_NOT_EXIST', { kind: 'unknown', code: 'CODE_UNLISTED' }],
    ['query', 404, 'ORDER_NOT_EXIST', { kind: 'ok', value: { state: 'NOT_FOUND' } }],
    ['query', 404, 'ORDERNOTEXIST', { kind: 'ok', value: { state: 'NOT_FOUND' } }],
    ['query', 400, 'ORDERPAID', { kind: 'unknown', code: 'CODE_UNLISTED' }],
    ['close', 400, 'ORDERPAID', { kind: 'refused', code: 'ORDERPAID' }],
    ['close', 400, 'ORDER_CLOSED', { kind: 'ok' }],
    ['close', 404, 'ORDER_NOT_EXIST', { kind: 'refused', code: 'TRADE_NOT_FOUND' }],
    ['refund', 403, 'NOT_ENOUGH', { kind: 'refused', code: 'BALANCE_NOT_ENOUGH', retry: true }],
    ['refund', 400, 'INVALID_REQUEST', { kind: 'refused', code: 'REFUND_REFUSED' }],
    ['refund', 404, 'RESOURCE_NOT_EXISTS', { kind: 'refused', code: 'TRADE_NOT_FOUND' }],
    ['refund', 403, 'USER_ACCOUNT_ABNORMAL', { kind: 'refused', code: 'ACCOUNT_REFUSED' }],
    ['queryRefund', 404, 'RESOURCE_NOT_EXISTS', { kind: 'ok', value: { state: 'NOT_FOUND' } }],
    ['bill', 400, 'NO_STATEMENT_EXIST', { kind: 'refused', code: 'BILL_NOT_FOUND', retry: true }],
    ['bill', 400, 'STATEMENT_CREATING', { kind: 'refused', code: 'BILL_NOT_READY', retry: true }],
  ];
  test.each(rows)('%s answered %d %s', async (name, status, providerCode, expected) => {
    peer.responder = () => peer.error(status, providerCode);
    const outcome = await CALLS[name]!(provider);
    expect(outcome).toMatchObject(expected);
    if (outcome.kind !== 'ok') expect(outcome.providerCode).toBe(providerCode);
    expect('retry' in outcome).toBe('retry' in expected);
  });
});

describe('trades', () => {
  test.each([
    ['SUCCESS', 'PAID'],
    ['REFUND', 'REFUNDED'],
    ['NOTPAY', 'WAITING'],
    ['USERPAYING', 'WAITING'],
    ['CLOSED', 'CLOSED'],
    ['REVOKED', 'CLOSED'],
    ['PAYERROR', 'FAILED'],
  ])('trade_state %s is %s', async (providerState, state) => {
    peer.responder = () => peer.answer(200, { ...fixture.PAID_TRADE, trade_state: providerState });
    expect(await provider.query('CS000001_17')).toEqual({
      kind: 'ok',
      value: {
        outTradeNo: 'CS000001_17',
        state,
        providerState,
        transactionId: '4200000985202103031441826014',
        amountFen: 150,
        paidAtMs: Date.parse('2026-01-01T00:00:10Z'),
      },
    });
  });

  test('an unpaid trade has neither number nor time', async () => {
    const { appid, mchid, out_trade_no, amount } = fixture.PAID_TRADE;
    peer.responder = () => peer.answer(200, { appid, mchid, out_trade_no, amount, trade_state: 'NOTPAY' });
    expect(await provider.query('CS000001_17')).toEqual({
      kind: 'ok',
      value: { outTradeNo: 'CS000001_17', state: 'WAITING', providerState: 'NOTPAY', amountFen: 150 },
    });
  });

  test.each([
    ['another merchant', { mchid: '1900000110' }, 'ANSWER_MISMATCH'],
    ['another application', { appid: 'wx0000000000000000' }, 'ANSWER_MISMATCH'],
    ['another order', { out_trade_no: 'CS000001_18' }, 'ANSWER_MISMATCH'],
    ['another currency', { amount: { total: 150, currency: 'USD' } }, 'ANSWER_MISMATCH'],
    ['a state that is not listed', { trade_state: 'DELIVERED' }, 'STATE_UNLISTED'],
    ['a state named like a property', { trade_state: 'toString' }, 'STATE_UNLISTED'],
    ['paid, but no amount', { amount: undefined }, 'ANSWER_MALFORMED'],
    ['paid, but no number', { transaction_id: undefined }, 'ANSWER_MALFORMED'],
    ['an amount in text', { amount: { total: '150' } }, 'ANSWER_MALFORMED'],
    ['half a fen', { amount: { total: 150.5 } }, 'ANSWER_MALFORMED'],
    ['a negative amount', { amount: { total: -150 } }, 'ANSWER_MALFORMED'],
  ])('an answer about %s is unknown', async (_name, change, code) => {
    peer.responder = () => peer.answer(200, { ...fixture.PAID_TRADE, ...change });
    expect(await provider.query('CS000001_17')).toMatchObject({ kind: 'unknown', code });
  });

  test('closing is told by 204 with a signed empty body', async () => {
    peer.responder = () => peer.answer(204, undefined);
    expect(await provider.close('CS000001_17')).toEqual({ kind: 'ok', value: undefined });
    expect(JSON.parse(peer.requests[0]!.body)).toEqual({ mchid: '1900000109' });
  });

  test('204 without a signature closes nothing', async () => {
    peer.responder = () => ({ status: 204 });
    expect(await provider.close('CS000001_17')).toMatchObject({ kind: 'unknown', code: 'ANSWER_UNSIGNED' });
  });
});

describe('refunds', () => {
  test('is sent with its own number and both amounts', async () => {
    peer.responder = () => peer.answer(200, fixture.REFUND);
    expect(await provider.refund({ ...refundRequest, notifyUrl: 'https://pay.example.com/r' })).toEqual({
      kind: 'ok',
      value: {
        outTradeNo: 'CS000001_17',
        outRefundNo: 'CS000001_17_r1',
        state: 'PROCESSING',
        providerState: 'PROCESSING',
        refundFen: 100,
        refundId: '50000000382019052709732678859',
      },
    });
    expect(JSON.parse(peer.requests[0]!.body)).toEqual({
      out_trade_no: 'CS000001_17',
      out_refund_no: 'CS000001_17_r1',
      reason: '未出货',
      notify_url: 'https://pay.example.com/r',
      amount: { refund: 100, total: 150, currency: 'CNY' },
    });
  });

  test.each(['SUCCESS', 'PROCESSING', 'CLOSED', 'ABNORMAL'])('status %s is told as it is', async (status) => {
    peer.responder = () => peer.answer(200, { ...fixture.REFUND, status });
    const expected = { kind: 'ok', value: { state: status, refundFen: 100 } };
    expect(await provider.queryRefund('CS000001_17', 'CS000001_17_r1')).toMatchObject(expected);
  });

  test.each([
    ['another order', { out_trade_no: 'CS000001_18' }, 'ANSWER_MISMATCH'],
    ['another refund', { out_refund_no: 'CS000001_17_r2' }, 'ANSWER_MISMATCH'],
    ['an unlisted state', { status: 'LOST' }, 'STATE_UNLISTED'],
    ['no state', { status: undefined }, 'ANSWER_MALFORMED'],
  ])('an answer about %s is unknown', async (_name, change, code) => {
    peer.responder = () => peer.answer(200, { ...fixture.REFUND, ...change });
    expect(await provider.refund(refundRequest)).toMatchObject({ kind: 'unknown', code });
    expect(await provider.queryRefund('CS000001_17', 'CS000001_17_r1')).toMatchObject({
      kind: 'unknown',
      code,
    });
  });

  test('a refund of another amount than asked for is unknown', async () => {
    peer.responder = () => peer.answer(200, { ...fixture.REFUND, amount: { total: 150, refund: 150 } });
    expect(await provider.refund(refundRequest)).toMatchObject({ kind: 'unknown', code: 'ANSWER_MISMATCH' });
  });
});

describe('bills', () => {
  const text = [
    '\uFEFF交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注',
    '`2026-01-01 09:00:00,`wxd678efh567hg6787,`1900000109,`0,`,`4200001,`CS000001_17,`o1,`NATIVE,`SUCCESS,`OTHERS,`CNY,`1.50,`0.00,`0,`0,`0.00,`0.00,`,`,`cola, one,`,`0.00000,`0.60%,`1.50,`0.00,`',
    '`2026-01-01 10:00:00,`wxd678efh567hg6787,`1900000109,`0,`,`4200001,`CS000001_17,`o1,`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50001,`CS000001_17_r1,`1.00,`0.00,`ORIGINAL,`PROCESSING,`cola,`,`0.00000,`0.60%,`0.00,`1.00,`',
    '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额',
    '`2,`1.50,`1.00,`0.00,`0.00000,`1.50,`1.00',
    '',
  ].join('\r\n');
  const sha1 = createHash('sha1').update(text).digest('hex');

  function serves(file: Buffer, hash = sha1, downloadStatus = 200): void {
    peer.responder = ({ url }) =>
      url.startsWith('/v3/billdownload/')
        ? { status: downloadStatus, body: file }
        : peer.answer(200, {
            hash_type: 'SHA1',
            hash_value: hash,
            download_url:
              'https://api.mch.weixin.qq.com/v3/billdownload/file?token=6XIv5TUPto7pByrTQKhd6kwvyKLG2uY2',
          });
  }

  test('are fetched by a signed request from the configured host only, and read', async () => {
    serves(gzipSync(text));
    expect(await provider.bill('2026-01-01')).toEqual({
      kind: 'ok',
      value: [
        {
          kind: 'payment',
          outTradeNo: 'CS000001_17',
          transactionId: '4200001',
          amountFen: 150,
          atMs: Date.parse('2026-01-01T01:00:00Z'),
          providerState: 'SUCCESS',
        },
        {
          kind: 'refund',
          outTradeNo: 'CS000001_17',
          transactionId: '4200001',
          outRefundNo: 'CS000001_17_r1',
          amountFen: 100,
          atMs: Date.parse('2026-01-01T02:00:00Z'),
          providerState: 'PROCESSING',
        },
      ],
    });
    expect(peer.requests[1]!.url).toBe('/v3/billdownload/file?token=6XIv5TUPto7pByrTQKhd6kwvyKLG2uY2');
    expect(peer.isSignedByMerchant(peer.requests[1]!)).toBe(true);
  });

  test.each([
    ['one byte changed', () => serves(gzipSync(text.replace('1.50', '1.51'))), 'BILL_HASH_WRONG'],
    ['a file cut short', () => serves(gzipSync(text).subarray(0, 200)), 'BILL_HASH_WRONG'],
    ['a file that is not packed', () => serves(Buffer.from(text)), 'BILL_HASH_WRONG'],
    ['a failing download', () => serves(gzipSync(text), sha1, 404), 'PROVIDER_FAILED'],
  ])('with %s are unknown', async (_name, arrange, code) => {
    arrange();
    expect(await provider.bill('2026-01-01')).toMatchObject({ kind: 'unknown', code });
  });

  test.each(['2026-02-30', '20260101', '2026-1-1', '2026-01-01&tar_type=NONE', ''])(
    'for %p are not asked for',
    async (day) => {
      expect(await provider.bill(day)).toMatchObject({ kind: 'refused', code: 'REQUEST_INVALID' });
      expect(peer.requests).toHaveLength(0);
    },
  );
});
