import { createProvider, type Provider, type RawNotification } from '../../../server/providers';
import * as fixture from './wechat-peer';

const peer = new fixture.WechatPeer();
const logged: unknown[] = [];
let baseUrl: string;
let provider: Provider;

function make(verification: 'publicKey' | 'certificates', url = baseUrl): Provider {
  return createProvider(
    'wechat',
    {
      mchid: fixture.MCHID,
      appid: fixture.APPID,
      merchantSerial: fixture.MERCHANT_SERIAL,
      merchantPrivateKey: peer.merchant.privatePem,
      apiV3Key: fixture.API_V3_KEY,
      verification,
      platformPublicKeyId: fixture.PUBLIC_KEY_ID,
      platformPublicKey: peer.platform.publicPem,
    },
    {
      baseUrl: url,
      clock: peer.clock,
      httpTimeoutMs: 30_000,
      log: { warn: (...entry) => void logged.push(entry) },
    },
  );
}

/** A notification as Node hands it over: header names in lower case. */
function packet(body: string, options: fixture.SignOptions = {}): RawNotification {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(peer.signatureHeaders(body, options))) {
    headers[name.toLowerCase()] = value;
  }
  return { headers, body };
}

const paid = (change: object = {}): string =>
  peer.notificationBody({ ...fixture.PAID_TRADE, ...change }, 'TRANSACTION.SUCCESS');

beforeAll(async () => {
  baseUrl = await peer.start();
});
afterAll(() => peer.stop());
beforeEach(() => {
  logged.length = 0;
  peer.requests.length = 0;
  provider = make('publicKey');
});

test('an authentic notification gives the trade', async () => {
  expect(await provider.readNotification(packet(paid()))).toEqual({
    kind: 'ok',
    value: {
      notificationId: 'EV-2018022511223320873',
      trade: {
        outTradeNo: 'CS000001_17',
        state: 'PAID',
        providerState: 'SUCCESS',
        transactionId: '4200000985202103031441826014',
        amountFen: 150,
        paidAtMs: Date.parse('2026-01-01T00:00:10Z'),
      },
    },
  });
  expect(logged).toEqual([]);
});

test('a refund’s notification gives the refund and no trade', async () => {
  const { status, ...refund } = fixture.REFUND;
  const resource = { ...refund, mchid: fixture.MCHID, refund_status: 'SUCCESS' };
  expect(status).toBe('PROCESSING');
  const body = peer.notificationBody(resource, 'REFUND.SUCCESS');
  expect(await provider.readNotification(packet(body))).toEqual({
    kind: 'ok',
    value: {
      notificationId: 'EV-2018022511223320873',
      refund: {
        outTradeNo: 'CS000001_17',
        outRefundNo: 'CS000001_17_r1',
        state: 'SUCCESS',
        providerState: 'SUCCESS',
        refundFen: 100,
        refundId: '50000000382019052709732678859',
      },
    },
  });
});

test('a refund’s notification without a merchant is nobody’s', async () => {
  const body = peer.notificationBody({ ...fixture.REFUND, refund_status: 'SUCCESS' }, 'REFUND.SUCCESS');
  expect(await provider.readNotification(packet(body))).toMatchObject({ code: 'NOTIFICATION_FOREIGN' });
});

describe('what is not authentic is refused and logged', () => {
  const rows: [string, () => RawNotification, string][] = [
    ['no headers', () => ({ headers: {}, body: paid() }), 'NOTIFICATION_UNSIGNED'],
    ...['Timestamp', 'Nonce', 'Serial', 'Signature'].map((name): [string, () => RawNotification, string] => [
      `no Wechatpay-${name}`,
      () => packet(paid(), { omit: `Wechatpay-${name}` }),
      'NOTIFICATION_UNSIGNED',
    ]),
    [
      'a header that came twice',
      () => {
        const { headers, body } = packet(paid());
        return { headers: { ...headers, 'wechatpay-serial': [fixture.PUBLIC_KEY_ID, 'PUB_KEY_ID_9'] }, body };
      },
      'NOTIFICATION_UNSIGNED',
    ],
    [
      'the same header in two spellings',
      () => {
        const { headers, body } = packet(paid());
        return { headers: { ...headers, 'Wechatpay-Serial': 'PUB_KEY_ID_9' }, body };
      },
      'NOTIFICATION_UNSIGNED',
    ],
    ['a forged signature', () => packet(paid(), { key: peer.stranger }), 'NOTIFICATION_SIGNATURE_WRONG'],
    ['an altered body', () => ({ ...packet(paid()), body: paid() }), 'NOTIFICATION_SIGNATURE_WRONG'],
    [
      'a body with one space more',
      () => {
        const { headers, body } = packet(paid());
        return { headers, body: `${body} ` };
      },
      'NOTIFICATION_SIGNATURE_WRONG',
    ],
    [
      'the platform’s probe',
      () => packet(paid(), { signature: `WECHATPAY/SIGNTEST/${'A'.repeat(325)}` }),
      'NOTIFICATION_SIGNATURE_WRONG',
    ],
    ['a replay after 301 s', () => packet(paid(), { offsetSeconds: -301 }), 'NOTIFICATION_STALE'],
    ['a time 301 s ahead', () => packet(paid(), { offsetSeconds: 301 }), 'NOTIFICATION_STALE'],
    ['an unknown serial', () => packet(paid(), { serial: 'PUB_KEY_ID_9' }), 'NOTIFICATION_SERIAL_UNKNOWN'],
    ['a certificate’s serial', () => packet(paid(), { serial: 'AB12CD34' }), 'NOTIFICATION_SERIAL_UNKNOWN'],
    ['no JSON', () => packet('<xml/>'), 'NOTIFICATION_MALFORMED'],
    ['no resource', () => packet('{"id":"1","event_type":"TRANSACTION.SUCCESS"}'), 'NOTIFICATION_MALFORMED'],
    [
      'another algorithm',
      () => packet(paid().replace('AEAD_AES_256_GCM', 'AEAD_AES_128_GCM')),
      'NOTIFICATION_MALFORMED',
    ],
    ['a huge body', () => packet(`{"pad":"${'x'.repeat(70_000)}"}`), 'NOTIFICATION_MALFORMED'],
    [
      'another APIv3 key',
      () => packet(peer.notificationBody(fixture.PAID_TRADE, 'TRANSACTION.SUCCESS', 'z'.repeat(32))),
      'NOTIFICATION_NOT_DECRYPTED',
    ],
    [
      'other associated data than was encrypted',
      () => packet(paid().replace('"associated_data":"transaction"', '"associated_data":"refund"')),
      'NOTIFICATION_NOT_DECRYPTED',
    ],
    [
      'a ciphertext without its tag',
      () => packet(paid().replace(/"ciphertext":"[^"]+"/, '"ciphertext":"AAAA"')),
      'NOTIFICATION_NOT_DECRYPTED',
    ],
    ['another merchant', () => packet(paid({ mchid: '1900000110' })), 'NOTIFICATION_FOREIGN'],
    ['another application', () => packet(paid({ appid: 'wx1' })), 'NOTIFICATION_FOREIGN'],
    ['dollars', () => packet(paid({ amount: { total: 150, currency: 'USD' } })), 'NOTIFICATION_FOREIGN'],
    ['a state not listed', () => packet(paid({ trade_state: 'DONE' })), 'NOTIFICATION_UNSUPPORTED'],
    [
      'another event',
      () => packet(peer.notificationBody(fixture.PAID_TRADE, 'COUPON.USE')),
      'NOTIFICATION_UNSUPPORTED',
    ],
    ['half a trade', () => packet(paid({ amount: undefined })), 'NOTIFICATION_MALFORMED'],
  ];
  test.each(rows)('%s', async (_name, arrange, code) => {
    const outcome = await provider.readNotification(arrange());
    expect(outcome).toMatchObject({ kind: 'refused', code });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject([
      { channel: 'wechat', operation: 'notification', code },
      expect.any(String),
    ]);
    expect(peer.requests).toHaveLength(0);
  });
});

test('an amount is handed on as it is, however wrong: the ledger decides', async () => {
  const outcome = await provider.readNotification(packet(paid({ amount: { total: 1, currency: 'CNY' } })));
  expect(outcome).toMatchObject({ kind: 'ok', value: { trade: { amountFen: 1 } } });
});

test('without the platform’s keys nothing is decided: the notification is to come again', async () => {
  peer.responder = () => ({ status: 503 });
  const waiting = make('certificates');
  const raw = packet(paid(), { serial: 'AB12CD34' });
  expect(await waiting.readNotification(raw)).toMatchObject({ kind: 'unknown', code: 'KEYS_UNAVAILABLE' });
});

test('a stale packet does not even make us ask for keys', async () => {
  const waiting = make('certificates');
  const raw = packet(paid(), { serial: 'AB12CD34', offsetSeconds: -301 });
  expect(await waiting.readNotification(raw)).toMatchObject({ code: 'NOTIFICATION_STALE' });
  expect(peer.requests).toHaveLength(0);
});

test('replies as WeChat wants it', () => {
  expect(provider.notificationReply(true)).toEqual({
    status: 204,
    contentType: 'application/json',
    body: '',
  });
  expect(provider.notificationReply(false)).toMatchObject({ status: 500 });
});
