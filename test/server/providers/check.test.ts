import { checkParameters, readParameters, type CheckResult } from '../../../server/providers';
import { makeKeyPair } from './certificates';
import { AlipayPeer, APP_ID, type AnswerOptions, certificateSerialOf, SELLER_ID } from './alipay-peer';
import { HANGS, type RecordedRequest, type Reply } from './loopback';
import * as wechat from './wechat-peer';

const DAY_MS = 86_400_000;
const NOTIFY_URL = 'https://pay.example.com/notify/wechat/1';
const CREATE_PATH = '/v3/pay/transactions/native';
const short = makeKeyPair(1024);

describe('WeChat parameters', () => {
  const peer = new wechat.WechatPeer();
  const platform = peer.newPlatformCertificate('1A2B3C4D5E6F70819A0B');
  const NOT_FOUND = (): Reply =>
    peer.error(404, 'ORDER_NOT_EXIST', { key: platform.keys, serial: platform.serial });
  const signer = { key: platform.keys, serial: platform.serial };
  let baseUrl: string;
  let queryReply: () => Reply;
  let createReply: () => Reply;
  let closeReply: () => Reply;
  let certificatesReply: () => Reply;

  const good = {
    mchid: wechat.MCHID,
    appid: wechat.APPID,
    merchantSerial: wechat.MERCHANT_SERIAL,
    merchantPrivateKey: peer.merchant.privatePem,
    merchantCertificate: peer.merchantCertificate,
    apiV3Key: wechat.API_V3_KEY,
    verification: 'certificates',
  };
  const publicKey = {
    ...good,
    verification: 'publicKey',
    platformPublicKeyId: wechat.PUBLIC_KEY_ID,
    platformPublicKey: peer.platform.publicPem,
  };
  const check = (candidate: unknown, httpTimeoutMs = 30_000): Promise<CheckResult> =>
    checkParameters('wechat', candidate, { baseUrl, clock: peer.clock, httpTimeoutMs }, NOTIFY_URL);

  beforeAll(async () => {
    baseUrl = await peer.start();
  });
  afterAll(() => peer.stop());
  beforeEach(() => {
    peer.requests.length = 0;
    peer.certificates = [platform];
    queryReply = NOT_FOUND;
    certificatesReply = () => peer.certificatesAnswer();
    createReply = () => peer.answer(200, { code_url: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' }, signer);
    closeReply = () => peer.answer(204, undefined, signer);
    peer.responder = ({ url }) => {
      if (url === '/v3/certificates') return certificatesReply();
      if (url === CREATE_PATH) return createReply();
      return url.endsWith('/close') ? closeReply() : queryReply();
    };
  });

  test('good ones pass after signed calls, the last of which closes what was opened', async () => {
    expect(await check(good)).toEqual({ ok: true });
    const [certificates, query, create, close, ...rest] = peer.requests;
    expect([certificates!.method, query!.method, create!.method, rest]).toEqual(['GET', 'GET', 'POST', []]);
    expect(peer.requests.every((request) => peer.isSignedByMerchant(request))).toBe(true);
    const opened = JSON.parse(create!.body) as Record<string, string>;
    expect(opened).toMatchObject({
      mchid: wechat.MCHID,
      appid: wechat.APPID,
      amount: { total: 1, currency: 'CNY' },
      notify_url: NOTIFY_URL,
    });
    expect(Date.parse(opened.time_expire!) - peer.clock.nowMs()).toBeLessThanOrEqual(300_000);
    expect(close!.url).toBe(`/v3/pay/transactions/out-trade-no/${opened.out_trade_no}/close`);
  });

  test('each check opens an order of its own', async () => {
    await check(good);
    await check(good);
    const opened = peer.requests.filter(({ url }) => url === CREATE_PATH).map(({ body }) => JSON.parse(body));
    expect(opened).toHaveLength(2);
    expect(opened[0].out_trade_no).not.toBe(opened[1].out_trade_no);
  });

  test('good ones of public-key mode pass', async () => {
    queryReply = () => peer.error(404, 'ORDER_NOT_EXIST');
    createReply = () => peer.answer(200, { code_url: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' });
    closeReply = () => peer.answer(204, undefined);
    expect(await check(publicKey)).toEqual({ ok: true });
    expect(peer.requests).toHaveLength(3);
  });

  test.each([
    ['APPID_MCHID_NOT_MATCH', 400, /\(APPID_MCHID_NOT_MATCH\) Look at appid/],
    ['NO_AUTH', 403, /\(NO_AUTH\) Native payment has to be enabled/],
  ])('an order that is refused with %s is told with what to look at', async (code, status, sentence) => {
    createReply = () => peer.error(status, code, signer);
    const outcome = await check(good);
    expect(outcome).toMatchObject({ ok: false, code: 'CHECK_CALL_REFUSED' });
    expect(outcome.ok === false && outcome.message).toMatch(sentence);
    expect(peer.requests.filter(({ url }) => url.endsWith('/close'))).toEqual([]);
  });

  test('an order whose opening is left open proves nothing, and is closed all the same', async () => {
    createReply = () => peer.error(500, 'SYSTEM_ERROR', signer);
    expect(await check(good)).toMatchObject({ ok: false, code: 'CHECK_CALL_FAILED' });
    expect(peer.requests.at(-1)!.url).toMatch(/\/close$/);
  });

  test('an order that does not close is no fault of the parameters', async () => {
    closeReply = () => ({ status: 502, body: '' });
    expect(await check(good)).toEqual({ ok: true });
  });

  test('a serial is taken with leading zeros and in lower case', async () => {
    const pem = peer.certificateOf(peer.merchant, '0057F09EFDC096DE15EBE81A47057A7232F1B8E1');
    const outcome = await check({
      ...good,
      merchantCertificate: pem,
      merchantSerial: '0057f09efdc096de15ebe81a47057a7232f1b8e1',
    });
    expect(outcome).toEqual({ ok: true });
  });

  test.each([
    ['no merchant number', { mchid: undefined }, 'PARAMETERS_INCOMPLETE', 'mchid'],
    ['a merchant number with letters', { mchid: '19000001O9' }, 'PARAMETERS_INCOMPLETE', 'mchid'],
    ['an application of another kind', { appid: '2014072300007148' }, 'PARAMETERS_INCOMPLETE', 'appid'],
    ['a serial with colons', { merchantSerial: '51:57:F0' }, 'PARAMETERS_INCOMPLETE', 'merchantSerial'],
    ['no mode', { verification: 'both' }, 'PARAMETERS_INCOMPLETE', 'verification'],
    ['a field that is not known', { secret: 'xyzzy' }, 'PARAMETERS_INCOMPLETE', 'unknown field'],
    [
      'public-key mode without key',
      { verification: 'publicKey' },
      'PARAMETERS_INCOMPLETE',
      'platformPublicKey',
    ],
    [
      'a public key without its id',
      { platformPublicKey: peer.platform.publicPem },
      'PARAMETERS_INCOMPLETE',
      'platformPublicKeyId',
    ],
    [
      'a certificate for a key',
      { merchantPrivateKey: peer.merchantCertificate },
      'PRIVATE_KEY_UNREADABLE',
      'merchantPrivateKey',
    ],
    ['a short key', { merchantPrivateKey: short.privatePem }, 'PRIVATE_KEY_UNREADABLE', 'merchantPrivateKey'],
    [
      'a key cut short',
      { merchantPrivateKey: peer.merchant.privatePem.slice(0, 900) },
      'PRIVATE_KEY_UNREADABLE',
      'merchantPrivateKey',
    ],
    [
      'a key for a certificate',
      { merchantCertificate: peer.merchant.publicPem },
      'CERTIFICATE_UNREADABLE',
      'merchantCertificate',
    ],
    [
      'an expired certificate',
      { merchantCertificate: peer.certificateOf(peer.merchant, wechat.MERCHANT_SERIAL, -400, -1) },
      'CERTIFICATE_EXPIRED',
      'merchantCertificate',
    ],
    [
      'another’s key',
      { merchantPrivateKey: peer.stranger.privatePem },
      'KEY_PAIR_MISMATCH',
      'merchantCertificate',
    ],
    [
      'another serial',
      { merchantSerial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E2' },
      'SERIAL_MISMATCH',
      'merchantSerial',
    ],
    ['an APIv3 key of 31', { apiV3Key: 'a'.repeat(31) }, 'API_V3_KEY_LENGTH', 'apiV3Key'],
    ['an APIv3 key with a space', { apiV3Key: `${'a'.repeat(31)} ` }, 'API_V3_KEY_LENGTH', 'apiV3Key'],
    ['an APIv3 key of 32 letters in 64 bytes', { apiV3Key: 'é'.repeat(32) }, 'API_V3_KEY_LENGTH', 'apiV3Key'],
  ])('%s is found before any call', async (_name, change, code, field) => {
    const outcome = await check({ ...good, ...change });
    expect(outcome).toMatchObject({ ok: false, code });
    expect(outcome.ok === false && outcome.message).toContain(`(${field}`);
    expect(peer.requests).toHaveLength(0);
  });

  test.each([
    ['no key', { platformPublicKey: `${'x'.repeat(200)}` }, 'PLATFORM_KEY_UNREADABLE'],
    ['a short one', { platformPublicKey: short.publicPem }, 'PLATFORM_KEY_UNREADABLE'],
    ['a private one', { platformPublicKey: peer.platform.privatePem }, 'PLATFORM_KEY_UNREADABLE'],
    ['the merchant’s own', { platformPublicKey: peer.merchant.publicPem }, 'PLATFORM_KEY_IS_OWN'],
  ])('a platform key that is %s is found before any call', async (_name, change, code) => {
    expect(await check({ ...publicKey, ...change })).toMatchObject({ ok: false, code });
    expect(peer.requests).toHaveLength(0);
  });

  test('another APIv3 key is found by decrypting', async () => {
    certificatesReply = () => peer.certificatesAnswer(platform, 'z'.repeat(32));
    expect(await check(good)).toMatchObject({ ok: false, code: 'API_V3_KEY_WRONG' });
  });

  test.each([
    [
      'an unsigned 401, as for a wrong key',
      () => ({ status: 401, body: '{"code":"SIGN_ERROR"}' }),
      'CHECK_CALL_REFUSED',
      'SIGN_ERROR',
    ],
    [
      'a signed refusal',
      () => peer.error(403, 'NO_AUTH', { key: platform.keys, serial: platform.serial }),
      'CHECK_CALL_REFUSED',
      'NO_AUTH',
    ],
    [
      'a stranger’s signature',
      () => peer.error(404, 'ORDER_NOT_EXIST', { key: peer.stranger, serial: platform.serial }),
      'CHECK_CALL_UNVERIFIED',
      'ANSWER_SIGNATURE_WRONG',
    ],
    [
      'an old time: our clock is off',
      () =>
        peer.error(404, 'ORDER_NOT_EXIST', {
          key: platform.keys,
          serial: platform.serial,
          offsetSeconds: -900,
        }),
      'CHECK_CALL_UNVERIFIED',
      'ANSWER_STALE',
    ],
    [
      'no signature and no code',
      () => ({ status: 404, body: '' }),
      'CHECK_CALL_UNVERIFIED',
      'ANSWER_UNSIGNED',
    ],
    ['an outage', () => ({ status: 502, body: '' }), 'CHECK_CALL_FAILED', 'PROVIDER_FAILED'],
  ])('%s', async (_name, reply, code, detail) => {
    queryReply = reply;
    const outcome = await check(good);
    expect(outcome).toMatchObject({ ok: false, code });
    expect(outcome.ok === false && outcome.message).toContain(`(${detail})`);
  });

  test('certificates that the platform does not give are a refusal', async () => {
    certificatesReply = () => ({ status: 401, body: '{"code":"SIGN_ERROR"}' });
    expect(await check(good)).toMatchObject({ ok: false, code: 'CHECK_CALL_REFUSED' });
  });

  test('silence proves nothing', async () => {
    peer.responder = HANGS;
    expect(await check(publicKey, 60)).toMatchObject({ ok: false, code: 'CHECK_CALL_FAILED' });
  });
});

describe('Alipay parameters', () => {
  const peer = new AlipayPeer();
  const root = makeKeyPair();
  const rootPem = peer.certificateOf(root, 'Ant root', root, 'Ant root', { isAuthority: true });
  const alipayPem = peer.certificateOf(peer.alipay, 'Alipay', root, 'Ant root');
  const appPem = peer.certificateOf(peer.app, 'App', root, 'Ant root');
  const strangerPem = peer.certificateOf(peer.alipay, 'Alipay', peer.stranger, 'Ant root');
  let baseUrl: string;

  const good = {
    appId: APP_ID,
    sellerId: SELLER_ID,
    appPrivateKey: peer.app.privatePem,
    verification: 'publicKey',
    alipayPublicKey: peer.alipay.publicPem,
  };
  const certified = {
    ...good,
    verification: 'certificate',
    appCertificate: appPem,
    alipayCertificate: alipayPem,
    alipayRootCertificate: rootPem,
  };
  const check = (candidate: unknown): Promise<CheckResult> =>
    checkParameters('alipay', candidate, { baseUrl, clock: peer.clock, httpTimeoutMs: 30_000 }, NOTIFY_URL);
  const notFound = { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' };

  beforeAll(async () => {
    baseUrl = await peer.start();
  });
  afterAll(() => peer.stop());
  beforeEach(() => {
    peer.requests.length = 0;
    peer.responder = (request) => answerTo(request);
  });

  /** Finds no order, and opens any. */
  function answerTo(request: RecordedRequest, options: AnswerOptions = {}): Reply {
    const { method } = peer.parametersOf(request);
    if (method !== 'alipay.trade.precreate') return peer.answer(method!, notFound, options);
    const { out_trade_no } = peer.bizContentOf(request);
    return peer.success(
      method,
      { out_trade_no, qr_code: 'https://qr.alipay.com/bavh4wjlxf12tper3a' },
      options,
    );
  }

  test('good ones pass after signed calls, the last of which closes what was opened', async () => {
    expect(await check(good)).toEqual({ ok: true });
    expect(peer.requests.map((request) => peer.parametersOf(request).method)).toEqual([
      'alipay.trade.query',
      'alipay.trade.precreate',
      'alipay.trade.close',
    ]);
    expect(peer.requests.every((request) => peer.isSignedByApp(request))).toBe(true);
    const [, opened, closed] = peer.requests.map((request) => peer.bizContentOf(request));
    expect(opened).toMatchObject({ total_amount: '0.01', seller_id: SELLER_ID });
    expect(closed!.out_trade_no).toBe(opened!.out_trade_no);
  });

  test('good ones of certificate mode pass', async () => {
    const certificateSerial = certificateSerialOf(alipayPem);
    peer.responder = (request) => answerTo(request, { certificateSerial });
    expect(await check(certified)).toEqual({ ok: true });
  });

  test.each([
    ['ACQ.INVALID_PARAMETER', /\(ACQ\.INVALID_PARAMETER\) Look at sellerId/],
    ['ACQ.ACCESS_FORBIDDEN', /\(ACQ\.ACCESS_FORBIDDEN\) Face-to-face payment has to be signed for\.$/],
  ])('an order that is refused with %s is told with what to look at', async (subCode, sentence) => {
    peer.responder = (request) => {
      const { method } = peer.parametersOf(request);
      if (method !== 'alipay.trade.precreate') return answerTo(request);
      return peer.failure(method, '40004', subCode);
    };
    const outcome = await check(good);
    expect(outcome).toMatchObject({ ok: false, code: 'CHECK_CALL_REFUSED' });
    expect(outcome.ok === false && outcome.message).toMatch(sentence);
    expect(peer.requests).toHaveLength(2);
  });

  test.each([
    ['an application number with letters', { appId: 'wx1' }, 'PARAMETERS_INCOMPLETE'],
    ['an account for the seller number', { sellerId: 'me@example.com' }, 'PARAMETERS_INCOMPLETE'],
    ['no key of Alipay’s', { alipayPublicKey: undefined }, 'PARAMETERS_INCOMPLETE'],
    ['certificate mode without certificates', { verification: 'certificate' }, 'PARAMETERS_INCOMPLETE'],
    ['no private key', { appPrivateKey: 'MII'.repeat(60) }, 'PRIVATE_KEY_UNREADABLE'],
    [
      'the application’s own public key for Alipay’s',
      { alipayPublicKey: peer.app.publicPem },
      'PLATFORM_KEY_IS_OWN',
    ],
    ['an unreadable public key', { alipayPublicKey: 'MII'.repeat(60) }, 'PLATFORM_KEY_UNREADABLE'],
  ])('%s is found before any call', async (_name, change, code) => {
    expect(await check({ ...good, ...change })).toMatchObject({ ok: false, code });
    expect(peer.requests).toHaveLength(0);
  });

  test.each([
    ['another’s application certificate', { appCertificate: alipayPem }, 'KEY_PAIR_MISMATCH'],
    ['a root that did not issue it', { alipayCertificate: strangerPem }, 'CERTIFICATE_UNTRUSTED'],
    [
      'an unreadable certificate of Alipay’s',
      { alipayCertificate: 'x'.repeat(200) },
      'CERTIFICATE_UNREADABLE',
    ],
    ['an unreadable root', { alipayRootCertificate: 'x'.repeat(200) }, 'CERTIFICATE_UNREADABLE'],
  ])('%s is found before any call', async (_name, change, code) => {
    expect(await check({ ...certified, ...change })).toMatchObject({ ok: false, code });
    expect(peer.requests).toHaveLength(0);
  });

  test('expired certificates are found', async () => {
    peer.clock.advance(400 * DAY_MS);
    expect(await check(certified)).toMatchObject({ ok: false, code: 'CERTIFICATE_EXPIRED' });
  });

  test.each([
    ['a signature that Alipay does not accept', 'isv.invalid-signature', true, 'CHECK_CALL_REFUSED'],
    ['the same, unsigned', 'isv.invalid-signature', false, 'CHECK_CALL_REFUSED'],
    ['an application that it does not know', 'isv.invalid-app-id', false, 'CHECK_CALL_REFUSED'],
  ])('%s is told with its code', async (_name, subCode, isSigned, code) => {
    const said = { code: '40002', sub_code: subCode };
    peer.responder = () =>
      peer.answer('alipay.trade.query', said, { payloadKey: 'error_response', omitSign: !isSigned });
    const outcome = await check(good);
    expect(outcome).toMatchObject({ ok: false, code });
    expect(outcome.ok === false && outcome.message).toContain(`(${subCode})`);
  });

  test.each([
    ['isv.invalid-timestamp', /\(isv\.invalid-timestamp\) Look at this machine’s clock\.$/],
    ['isv.invalid-app-id', /\(isv\.invalid-app-id\) Look at appId\.$/],
    ['isv.missing-app-cert-sn', /verification has to be certificate\.$/],
    ['isv.something-new', /\(isv\.something-new\)$/],
    ['constructor', /\(constructor\)$/],
  ])('after %s it says what to look at, where that is known', async (subCode, sentence) => {
    const said = { code: '40002', sub_code: subCode };
    peer.responder = () => peer.answer('alipay.trade.query', said, { payloadKey: 'error_response' });
    const outcome = await check(good);
    expect(outcome.ok === false && outcome.message).toMatch(sentence);
  });

  test('another key than Alipay’s is told', async () => {
    peer.responder = () => peer.answer('alipay.trade.query', notFound, { key: peer.stranger });
    expect(await check(good)).toMatchObject({ ok: false, code: 'CHECK_CALL_UNVERIFIED' });
  });
});

test('form alone gives typed parameters, trimmed', () => {
  const result = readParameters('alipay', {
    appId: ` ${APP_ID}\n`,
    sellerId: SELLER_ID,
    appPrivateKey: `${'k'.repeat(200)}\n`,
    verification: 'publicKey',
    alipayPublicKey: 'p'.repeat(200),
  });
  expect(result).toMatchObject({ ok: true, parameters: { appId: APP_ID, appPrivateKey: 'k'.repeat(200) } });
});

test.each([undefined, null, 7, 'text', [], {}])('%p is no set of parameters', (candidate) => {
  expect(readParameters('wechat', candidate).ok).toBe(false);
});
