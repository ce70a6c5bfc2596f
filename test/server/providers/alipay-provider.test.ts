import {
  createProvider,
  type AlipayParameters,
  type Outcome,
  type Provider,
} from '../../../server/providers';
import * as fixture from './alipay-peer';
import { CUTS_CONNECTION, drips, HANGS, TRUNCATES, type RecordedRequest, type Reply } from './loopback';

const { json } = fixture;
const peer = new fixture.AlipayPeer();
let baseUrl: string;
let provider: Provider;
let logged: unknown[];

const trade = {
  outTradeNo: 'CS000001_17',
  amountFen: 150,
  description: '可乐 A&B=C/D, one',
  expiresAtMs: peer.clock.nowMs() + 290_000,
  notifyUrl: 'https://pay.example.com/notify/alipay/m1',
};
const refundRequest = {
  outTradeNo: 'CS000001_17',
  outRefundNo: 'CS000001_17_r1',
  refundFen: 100,
  totalFen: 150,
  reason: '未出货',
};
const PAID = {
  out_trade_no: 'CS000001_17',
  trade_no: '2026010122001404721234567890',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '1.50',
  receipt_amount: '1.50',
  buyer_pay_amount: '1.50',
  send_pay_date: '2026-01-01 08:00:10',
  buyer_logon_id: '159****5620',
};
const CREATED = { out_trade_no: 'CS000001_17', qr_code: 'https://qr.alipay.com/bavh4wjlxf12tper3a' };
const REFUND_FOUND = {
  out_trade_no: 'CS000001_17',
  out_request_no: 'CS000001_17_r1',
  trade_no: '2026010122001404721234567890',
  total_amount: '1.50',
  refund_amount: '1.00',
  refund_status: 'REFUND_SUCCESS',
};

function make(change: Partial<AlipayParameters> = {}, httpTimeoutMs = 30_000): Provider {
  return createProvider(
    'alipay',
    {
      appId: fixture.APP_ID,
      sellerId: fixture.SELLER_ID,
      appPrivateKey: peer.app.privatePem,
      verification: 'publicKey',
      alipayPublicKey: peer.alipay.publicPem,
      ...change,
    },
    {
      baseUrl,
      clock: peer.clock,
      httpTimeoutMs,
      log: { warn: (...entry) => void logged.push(entry) },
    },
  );
}

const methodOf = (request: RecordedRequest): string => peer.parametersOf(request).method!;

/** Answers each method with the success it is given. */
function serves(answers: Record<string, object>): void {
  peer.responder = (request) => {
    const method = methodOf(request);
    const fields = answers[method];
    return fields ? peer.success(method, fields) : peer.failure(method, '40004', 'ACQ.TRADE_NOT_EXIST');
  };
}

beforeAll(async () => {
  baseUrl = await peer.start();
});
afterAll(() => peer.stop());
beforeEach(() => {
  logged = [];
  peer.requests.length = 0;
  serves({ 'alipay.trade.precreate': CREATED, 'alipay.trade.query': PAID });
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
  test('an order, signed, stamped in Beijing time whatever the machine’s zone', async () => {
    expect(await provider.create(trade)).toEqual({
      kind: 'ok',
      value: { codeUrl: 'https://qr.alipay.com/bavh4wjlxf12tper3a' },
    });
    const [request] = peer.requests;
    expect(request!.method).toBe('POST');
    expect(request!.url.startsWith('/gateway.do?')).toBe(true);
    expect(peer.isSignedByApp(request!)).toBe(true);
    expect(peer.parametersOf(request!)).toMatchObject({
      app_id: '2014072300007148',
      method: 'alipay.trade.precreate',
      charset: 'utf-8',
      sign_type: 'RSA2',
      version: '1.0',
      timestamp: '2026-01-01 08:00:00',
      notify_url: 'https://pay.example.com/notify/alipay/m1',
    });
    expect(peer.bizContentOf(request!)).toEqual({
      out_trade_no: 'CS000001_17',
      total_amount: '1.50',
      subject: '可乐 A B C D， one',
      product_code: 'FACE_TO_FACE_PAYMENT',
      seller_id: '2088102146225135',
      time_expire: '2026-01-01 08:04:50',
      qr_code_timeout_express: '5m',
    });
  });

  test('every call is signed', async () => {
    for (const [, call] of ALL_CALLS) await call(provider);
    expect(peer.requests.map(methodOf)).toEqual([
      'alipay.trade.precreate',
      'alipay.trade.query',
      'alipay.trade.close',
      'alipay.trade.refund',
      'alipay.trade.fastpay.refund.query',
      'alipay.data.dataservice.bill.downloadurl.query',
    ]);
    expect(peer.requests.every((request) => peer.isSignedByApp(request))).toBe(true);
    expect(peer.bizContentOf(peer.requests[5]!)).toEqual({ bill_type: 'trade', bill_date: '2026-01-01' });
  });

  test.each([
    ['a number with a space', { outTradeNo: 'CS 0001_17' }],
    ['nothing to pay', { amountFen: 0 }],
    ['half a fen', { amountFen: 0.5 }],
    ['an expired code', { expiresAtMs: peer.clock.nowMs() }],
    ['an address that is none', { notifyUrl: '/notify' }],
  ])('refuses %s without sending it', async (_name, change) => {
    expect(await provider.create({ ...trade, ...change })).toMatchObject({
      kind: 'refused',
      code: 'REQUEST_INVALID',
    });
    expect(peer.requests).toHaveLength(0);
  });

  test.each([
    ['PKCS#1 PEM', () => peer.app.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['bare PKCS#8', () => peer.app.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')],
    ['bare PKCS#1', () => peer.app.privateKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')],
  ])('signs with a private key given as %s', async (_name, keyText) => {
    const bare = peer.alipay.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const other = make({ appPrivateKey: keyText(), alipayPublicKey: bare });
    expect((await other.create(trade)).kind).toBe('ok');
    expect(peer.isSignedByApp(peer.requests[0]!)).toBe(true);
  });
});

describe('answers that prove nothing are unknown, for every call', () => {
  type Answer = (method: string) => Reply;
  const body = { code: '10000', msg: 'Success', ...CREATED, ...PAID };
  const text = JSON.stringify(body);
  const key = (method: string): string => `${method.replaceAll('.', '_')}_response`;
  const genuine = `{"code":"10000","msg":"Success","out_trade_no":"CS000001_16"}`;
  const rows: [string, Answer, string][] = [
    ['no signature', (method) => peer.answer(method, body, { omitSign: true }), 'ANSWER_UNSIGNED'],
    ['an empty signature', (method) => json(`{"${key(method)}":${text},"sign":""}`), 'ANSWER_UNSIGNED'],
    [
      'a signature that is no text',
      (method) => json(`{"${key(method)}":${text},"sign":7}`),
      'ANSWER_UNSIGNED',
    ],
    [
      'no signature on a refusal',
      (method) => peer.answer(method, { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' }, { omitSign: true }),
      'ANSWER_UNSIGNED',
    ],
    [
      'an unsigned error_response',
      () => json('{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}'),
      'ANSWER_UNSIGNED',
    ],
    [
      'a stranger’s signature',
      (method) => peer.answer(method, body, { key: peer.stranger }),
      'ANSWER_SIGNATURE_WRONG',
    ],
    [
      'the signature of another payload',
      (method) => peer.answer(method, body, { signedText: genuine }),
      'ANSWER_SIGNATURE_WRONG',
    ],
    [
      'a second payload behind a genuine one',
      (method) =>
        json(`{"${key(method)}":${genuine},"sign":"${peer.sign(genuine)}","${key(method)}":${text}}`),
      'ANSWER_MALFORMED',
    ],
    [
      'an error_response beside a genuine payload',
      (method) =>
        json(`{"error_response":${text},"${key(method)}":${genuine},"sign":"${peer.sign(genuine)}"}`),
      'ANSWER_MALFORMED',
    ],
    [
      'a genuine payload under another name',
      (method) => json(`{"${key(method)}":${text},"note":${genuine},"sign":"${peer.sign(genuine)}"}`),
      'ANSWER_MALFORMED',
    ],
    [
      'a payload that is a text',
      (method) => json(`{"${key(method)}":"secret","sign":"${peer.sign('"secret"')}"}`),
      'ANSWER_MALFORMED',
    ],
    ['another method’s payload', () => peer.answer('alipay.trade.pay', body), 'PROVIDER_FAILED'],
    ['no JSON', () => json('<html>'), 'ANSWER_MALFORMED'],
    ['null', () => json('null'), 'ANSWER_MALFORMED'],
    ['nothing', () => json(''), 'ANSWER_MALFORMED'],
    ['status 500', (method) => ({ ...peer.answer(method, body), status: 500 }), 'PROVIDER_FAILED'],
    ['status 502 of a proxy', () => ({ status: 502, body: '<html>' }), 'PROVIDER_FAILED'],
    ['20000', (method) => peer.failure(method, '20000', 'isp.unknow-error'), 'PROVIDER_FAILED'],
    ['ACQ.SYSTEM_ERROR', (method) => peer.failure(method, '40004', 'ACQ.SYSTEM_ERROR'), 'PROVIDER_FAILED'],
    [
      'a code that is not listed',
      (method) => peer.failure(method, '40004', 'ACQ.BRAND_NEW'),
      'CODE_UNLISTED',
    ],
    ['a class that is not listed', (method) => peer.failure(method, '10003'), 'CODE_UNLISTED'],
    [
      'a success with a sub code',
      (method) => peer.failure(method, '10000', 'ACQ.BRAND_NEW'),
      'CODE_UNLISTED',
    ],
    ['no code', (method) => peer.answer(method, { msg: 'Success' }), 'ANSWER_MALFORMED'],
    [
      'another order’s refusal',
      (method) => peer.failure(method, '40004', 'ACQ.TRADE_NOT_EXIST', { out_trade_no: 'CS000001_16' }),
      'ANSWER_MISMATCH',
    ],
  ];
  test.each(rows)('%s', async (_name, answer, code) => {
    for (const [name, call] of ALL_CALLS) {
      peer.responder = (request) => answer(methodOf(request));
      expect([name, await call(provider)]).toMatchObject([name, { kind: 'unknown', code }]);
    }
  });

  test.each([
    ['a connection cut at once', CUTS_CONNECTION],
    ['half an answer', TRUNCATES],
    ['an answer without end', () => json(' '.repeat(1_100_000))],
  ])('%s is a failed connection', async (_name, responder) => {
    peer.responder = responder;
    for (const [, call] of ALL_CALLS) {
      expect(await call(provider)).toMatchObject({ kind: 'unknown', code: 'CONNECTION_FAILED' });
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

  test('members may come in any order, with any spacing', async () => {
    const spaced = ` { "sign" :\n"${peer.sign(text)}" ,\t"alipay_trade_query_response" : ${text} } `;
    peer.responder = () => json(spaced);
    expect(await provider.query('CS000001_17')).toMatchObject({ kind: 'ok', value: { state: 'PAID' } });
  });

  test('a payload is verified as it stands, escapes, braces and quotes included', async () => {
    const odd = `{"code":"10000", "out_trade_no":"CS000001_17","total_amount":"1.50","trade_no":"1","note":"}\\"sign\\":\\"{\\\\","trade_status":"TRADE_SUCCESS"}`;
    peer.responder = () => json(`{"alipay_trade_query_response":${odd},"sign":"${peer.sign(odd)}"}`);
    expect(await provider.query('CS000001_17')).toMatchObject({ kind: 'ok', value: { amountFen: 150 } });
  });

  test('a signed error_response is a refusal', async () => {
    const said = { code: '40002', msg: 'Invalid Arguments', sub_code: 'isv.invalid-app-id' };
    peer.responder = (request) => peer.answer(methodOf(request), said, { payloadKey: 'error_response' });
    expect(await provider.create(trade)).toMatchObject({ kind: 'refused', code: 'CREDENTIALS_REFUSED' });
  });
});

describe('authentic refusals', () => {
  const rows: [string, string, string | undefined, object][] = [
    ['create', '40004', 'ACQ.TRADE_HAS_SUCCESS', { kind: 'refused', code: 'ORDERPAID' }],
    ['create', '40004', 'ACQ.TRADE_HAS_CLOSE', { kind: 'refused', code: 'ORDER_CLOSED' }],
    ['create', '40004', 'ACQ.CONTEXT_INCONSISTENT', { kind: 'refused', code: 'OUT_TRADE_NO_USED' }],
    ['create', '40004', 'ACQ.EXIST_FORBIDDEN_WORD', { kind: 'refused', code: 'CONTENT_REFUSED' }],
    ['create', '40004', 'ACQ.TOTAL_FEE_EXCEED', { kind: 'refused', code: 'AMOUNT_REFUSED' }],
    ['create', '40004', 'ACQ.INVALID_PARAMETER', { kind: 'refused', code: 'PARAMETERS_REFUSED' }],
    ['create', '40002', 'isv.invalid-signature', { kind: 'refused', code: 'CREDENTIALS_REFUSED' }],
    ['create', '40006', 'isv.insufficient-isv-permissions', { kind: 'refused', code: 'PERMISSION_REFUSED' }],
    ['create', '40006', undefined, { kind: 'refused', code: 'PERMISSION_REFUSED' }],
    ['create', '40004', 'isv.app-call-limited', { kind: 'refused', code: 'RATE_LIMITED', retry: true }],
    ['create', '40004', 'ACQ.TRADE_NOT_EXIST', { kind: 'unknown', code: 'CODE_UNLISTED' }],
    ['query', '40004', 'ACQ.TRADE_NOT_EXIST', { kind: 'ok', value: { state: 'NOT_FOUND' } }],
    ['close', '40004', 'ACQ.TRADE_NOT_EXIST', { kind: 'refused', code: 'TRADE_NOT_FOUND' }],
    ['close', '40004', 'ACQ.TRADE_HAS_CLOSE', { kind: 'ok' }],
    [
      'refund',
      '40004',
      'ACQ.SELLER_BALANCE_NOT_ENOUGH',
      { kind: 'refused', code: 'BALANCE_NOT_ENOUGH', retry: true },
    ],
    ['refund', '40004', 'ACQ.TRADE_HAS_FINISHED', { kind: 'refused', code: 'TRADE_STATE' }],
    ['refund', '40004', 'ACQ.DISCORDANT_REPEAT_REQUEST', { kind: 'refused', code: 'REFUND_REFUSED' }],
    ['refund', '40004', 'ACQ.TRADE_NOT_EXIST', { kind: 'refused', code: 'TRADE_NOT_FOUND' }],
    ['queryRefund', '40004', 'ACQ.TRADE_NOT_EXIST', { kind: 'ok', value: { state: 'NOT_FOUND' } }],
    ['bill', '40004', 'isp.bill_not_exist', { kind: 'refused', code: 'BILL_NOT_FOUND', retry: true }],
  ];
  test.each(rows)('%s answered %s %s', async (name, code, subCode, expected) => {
    peer.responder = (request) => peer.failure(methodOf(request), code, subCode);
    const outcome = await CALLS[name]!(provider);
    expect(outcome).toMatchObject(expected);
    if (outcome.kind !== 'ok') expect(outcome.providerCode).toBe(subCode ?? code);
    expect('retry' in outcome).toBe('retry' in expected);
  });
});

describe('trades', () => {
  test('a paid one', async () => {
    expect(await provider.query('CS000001_17')).toEqual({
      kind: 'ok',
      value: {
        outTradeNo: 'CS000001_17',
        state: 'PAID',
        providerState: 'TRADE_SUCCESS',
        transactionId: '2026010122001404721234567890',
        amountFen: 150,
        paidAtMs: Date.parse('2026-01-01T00:00:10Z'),
      },
    });
  });

  test.each([
    ['WAIT_BUYER_PAY', undefined, 'WAITING'],
    ['TRADE_SUCCESS', '2026-01-01 08:00:10', 'PAID'],
    ['TRADE_FINISHED', '2026-01-01 08:00:10', 'PAID'],
    ['TRADE_CLOSED', undefined, 'CLOSED'],
    ['TRADE_CLOSED', '2026-01-01 08:00:10', 'REFUNDED'],
  ])('trade_status %s, paid at %s, is %s', async (trade_status, send_pay_date, state) => {
    serves({ 'alipay.trade.query': { ...PAID, trade_status, send_pay_date } });
    expect(await provider.query('CS000001_17')).toMatchObject({ kind: 'ok', value: { state } });
  });

  test.each([
    ['an amount as a number', { total_amount: 1.5 }, 150],
    ['an amount that floating point would spoil', { total_amount: '1.15' }, 115],
    ['the same as a number', { total_amount: 1.15 }, 115],
  ])('reads %s exactly', async (_name, change, amountFen) => {
    serves({ 'alipay.trade.query': { ...PAID, ...change } });
    expect(await provider.query('CS000001_17')).toMatchObject({ kind: 'ok', value: { amountFen } });
  });

  test.each([
    ['another order', { out_trade_no: 'CS000001_18' }, 'ANSWER_MISMATCH'],
    ['an unlisted state', { trade_status: 'DONE' }, 'STATE_UNLISTED'],
    ['paid, but no amount', { total_amount: undefined }, 'ANSWER_MALFORMED'],
    ['paid, but no number', { trade_no: undefined }, 'ANSWER_MALFORMED'],
    ['a third of a fen', { total_amount: '1.503' }, 'ANSWER_MALFORMED'],
    ['an exponent', { total_amount: '1e2' }, 'ANSWER_MALFORMED'],
  ])('an answer about %s is unknown', async (_name, change, code) => {
    serves({ 'alipay.trade.query': { ...PAID, ...change } });
    expect(await provider.query('CS000001_17')).toMatchObject({ kind: 'unknown', code });
  });

  test('a code for another order is unknown', async () => {
    serves({ 'alipay.trade.precreate': { ...CREATED, out_trade_no: 'CS000001_18' } });
    expect(await provider.create(trade)).toMatchObject({ kind: 'unknown', code: 'ANSWER_MISMATCH' });
  });

  test.each([{ qr_code: 'javascript:alert(1)' }, { qr_code: 7 }, { qr_code: undefined }])(
    'a code that is no address (%j) is unknown',
    async (change) => {
      serves({ 'alipay.trade.precreate': { ...CREATED, ...change } });
      expect(await provider.create(trade)).toMatchObject({ kind: 'unknown', code: 'ANSWER_MALFORMED' });
    },
  );
});

describe('closing', () => {
  const notClosable = (found: object | undefined): void => {
    peer.responder = (request) => {
      const method = methodOf(request);
      if (method === 'alipay.trade.close') return peer.failure(method, '40004', 'ACQ.TRADE_STATUS_ERROR');
      return found ? peer.success(method, found) : { status: 500 };
    };
  };

  test('a closed one is ok', async () => {
    serves({ 'alipay.trade.close': { out_trade_no: 'CS000001_17', trade_no: '1' } });
    expect(await provider.close('CS000001_17')).toEqual({ kind: 'ok', value: undefined });
  });

  test.each([
    ['paid', PAID, { kind: 'refused', code: 'ORDERPAID' }],
    ['closed before', { ...PAID, trade_status: 'TRADE_CLOSED', send_pay_date: undefined }, { kind: 'ok' }],
    ['paid and refunded', { ...PAID, trade_status: 'TRADE_CLOSED' }, { kind: 'refused', code: 'ORDERPAID' }],
    [
      'waiting after all',
      { ...PAID, trade_status: 'WAIT_BUYER_PAY' },
      { kind: 'unknown', code: 'ANSWER_MISMATCH' },
    ],
    ['not to be known', undefined, { kind: 'unknown', code: 'PROVIDER_FAILED' }],
  ])('TRADE_STATUS_ERROR is explained by a query: %s', async (_name, found, expected) => {
    notClosable(found);
    expect(await provider.close('CS000001_17')).toMatchObject(expected);
  });
});

describe('refunds', () => {
  const refunded = { out_trade_no: 'CS000001_17', trade_no: '1', fund_change: 'Y', refund_fee: '1.00' };

  test('is sent with its own number, and proved by a query that names it', async () => {
    serves({ 'alipay.trade.refund': refunded, 'alipay.trade.fastpay.refund.query': REFUND_FOUND });
    expect(await provider.refund(refundRequest)).toEqual({
      kind: 'ok',
      value: {
        outTradeNo: 'CS000001_17',
        outRefundNo: 'CS000001_17_r1',
        state: 'SUCCESS',
        providerState: 'REFUND_SUCCESS',
        refundFen: 100,
      },
    });
    expect(peer.bizContentOf(peer.requests[0]!)).toEqual({
      out_trade_no: 'CS000001_17',
      out_request_no: 'CS000001_17_r1',
      refund_amount: '1.00',
      refund_reason: '未出货',
    });
  });

  test.each([
    ['not found yet', { out_trade_no: 'CS000001_17' }, { kind: 'ok', value: { state: 'PROCESSING' } }],
    [
      'of another amount',
      { ...REFUND_FOUND, refund_amount: '1.50' },
      { kind: 'unknown', code: 'ANSWER_MISMATCH' },
    ],
    [
      'of another number',
      { ...REFUND_FOUND, out_request_no: 'x' },
      { kind: 'unknown', code: 'ANSWER_MISMATCH' },
    ],
    [
      'in an unlisted state',
      { ...REFUND_FOUND, refund_status: 'MAYBE' },
      { kind: 'unknown', code: 'STATE_UNLISTED' },
    ],
    [
      'without amount',
      { ...REFUND_FOUND, refund_amount: undefined },
      { kind: 'unknown', code: 'ANSWER_MALFORMED' },
    ],
  ])('a refund that the query shows %s', async (_name, found, expected) => {
    serves({
      'alipay.trade.refund': { ...refunded, fund_change: 'N' },
      'alipay.trade.fastpay.refund.query': found,
    });
    expect(await provider.refund(refundRequest)).toMatchObject(expected);
  });

  test('a query without refund_status finds nothing', async () => {
    serves({
      'alipay.trade.fastpay.refund.query': { ...REFUND_FOUND, refund_status: undefined },
    });
    expect(await provider.queryRefund('CS000001_17', 'CS000001_17_r1')).toMatchObject({
      kind: 'ok',
      value: { state: 'NOT_FOUND' },
    });
  });
});

test('unknown outcomes are logged with the order’s number and codes only', async () => {
  peer.responder = (request) => peer.failure(methodOf(request), '40004', 'ACQ.SYSTEM_ERROR');
  await provider.query('CS000001_17');
  expect(logged).toEqual([
    [
      {
        channel: 'alipay',
        appId: '2014072300007148',
        operation: 'query',
        outTradeNo: 'CS000001_17',
        kind: 'unknown',
        code: 'PROVIDER_FAILED',
        providerCode: 'ACQ.SYSTEM_ERROR',
      },
      'The provider had an internal error.',
    ],
  ]);
});
