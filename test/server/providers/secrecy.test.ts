/**
 * Law L6: whatever goes wrong, nothing that is thrown, logged, returned or inspected holds a secret. Secrets are
 * looked for in pieces and in several spellings; each hostile scene is one that made an SDK quote something.
 */
import { inspect } from 'node:util';
import {
  checkParameters,
  createProvider,
  readParameters,
  type Channel,
  type Provider,
} from '../../../server/providers';
import { AlipayPeer, APP_ID, json, SELLER_ID } from './alipay-peer';
import { makeKeyPair, type KeyPair } from './certificates';
import { CUTS_CONNECTION, HANGS, TRUNCATES, type Responder } from './loopback';
import * as wechat from './wechat-peer';

/** Pieces of a private key that would betray it: lines of the PEM, and the middle of the DER in hex. */
function piecesOf({ privatePem, privateKey }: KeyPair): string[] {
  const der = privateKey.export({ type: 'pkcs1', format: 'der' });
  const bare = der.toString('base64');
  return [
    ...privatePem.split('\n').slice(2, -3),
    bare.slice(400, 440),
    der.subarray(300, 320).toString('hex'),
  ];
}

const wechatPeer = new wechat.WechatPeer();
const alipayPeer = new AlipayPeer();
const strangers = makeKeyPair();
const WECHAT = {
  mchid: wechat.MCHID,
  appid: wechat.APPID,
  merchantSerial: wechat.MERCHANT_SERIAL,
  merchantPrivateKey: wechatPeer.merchant.privatePem,
  apiV3Key: wechat.API_V3_KEY,
  verification: 'publicKey',
  platformPublicKeyId: wechat.PUBLIC_KEY_ID,
  platformPublicKey: wechatPeer.platform.publicPem,
} as const;
const ALIPAY = {
  appId: APP_ID,
  sellerId: SELLER_ID,
  appPrivateKey: alipayPeer.app.privatePem,
  verification: 'publicKey',
  alipayPublicKey: alipayPeer.alipay.publicPem,
} as const;

/** What the platforms say in free text; it must not reach logs either (it can quote signed strings). */
const FREE_TEXT = ['secret of the platform', '网关生成的验签字符串'];
const SECRETS = [
  ...piecesOf(wechatPeer.merchant),
  ...piecesOf(alipayPeer.app),
  ...piecesOf(strangers),
  wechat.API_V3_KEY,
  Buffer.from(wechat.API_V3_KEY).toString('base64'),
  Buffer.from(wechat.API_V3_KEY).toString('hex'),
  ...FREE_TEXT,
  // Requests' own signatures, wherever an error might carry the request along.
  'WECHATPAY2-SHA256-RSA2048 mchid',
  'Authorization',
  'biz_content',
];

const trade = (peer: { clock: { nowMs(): number } }): Parameters<Provider['create']>[0] => ({
  outTradeNo: 'CS000001_17',
  amountFen: 150,
  description: 'cola',
  expiresAtMs: peer.clock.nowMs() + 60_000,
  notifyUrl: 'https://pay.example.com/n',
});

let everything: string;
const note = (...things: unknown[]): void => {
  for (const thing of things) {
    everything += `\n${inspect(thing, { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null })}`;
    everything += `\n${JSON.stringify(thing) ?? ''}`;
    if (thing instanceof Error) everything += `\n${thing.stack} ${String(thing.cause)}`;
  }
};
const log = { warn: (...entry: unknown[]) => note(entry) };

beforeAll(async () => {
  await Promise.all([wechatPeer.start(), alipayPeer.start()].map(async (url, at) => (urls[at] = await url)));
});
afterAll(() => Promise.all([wechatPeer.stop(), alipayPeer.stop()]));
beforeEach(() => {
  everything = '';
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, name).mockImplementation((...entry) => note('console', entry));
  }
});
afterEach(() => {
  jest.restoreAllMocks();
  const found = SECRETS.filter(
    (secret) => everything.includes(secret) || everything.includes(JSON.stringify(secret).slice(1, -1)),
  );
  expect(found).toEqual([]);
});
const urls: string[] = [];

async function runAll(provider: Provider, peer: { clock: { nowMs(): number } }): Promise<void> {
  const calls = [
    provider.create(trade(peer)),
    provider.query('CS000001_17'),
    provider.close('CS000001_17'),
    provider.refund({ outTradeNo: 'CS000001_17', outRefundNo: 'r1', refundFen: 1, totalFen: 1, reason: 'x' }),
    provider.queryRefund('CS000001_17', 'r1'),
    provider.bill('2026-01-01'),
  ];
  for (const result of await Promise.allSettled(calls)) {
    note(result);
    expect(result.status).toBe('fulfilled');
  }
  note(provider, Object.getOwnPropertyNames(provider));
  expect(everything.length).toBeGreaterThan(100);
}

const COMMON: [string, Responder][] = [
  ['a cut connection', CUTS_CONNECTION],
  ['silence', HANGS],
  ['half an answer', TRUNCATES],
  ['a proxy’s page', () => ({ status: 502, body: `<html>${FREE_TEXT[0]}` })],
  ['a redirect', () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })],
  ['no JSON', () => json(`<${FREE_TEXT[0]}`)],
  ['codes that are texts', () => json(JSON.stringify({ code: FREE_TEXT[0], message: FREE_TEXT[1] }))],
];

test.each([
  ...COMMON,
  ['a signed error with a text', () => wechatPeer.error(500, 'SYSTEM_ERROR')],
  ['a signed refusal with a text', () => wechatPeer.error(400, 'PARAM_ERROR')],
  ['a code that is a text', () => wechatPeer.error(400, FREE_TEXT[1]!)],
  ['a wrong signature', () => wechatPeer.answer(200, { code_url: FREE_TEXT[0] }, { key: strangers })],
] satisfies [string, Responder][])('WeChat: %s', async (_name, responder) => {
  wechatPeer.responder = responder;
  const options = { baseUrl: urls[0]!, clock: wechatPeer.clock, httpTimeoutMs: 300, log };
  await runAll(createProvider('wechat', WECHAT, options), wechatPeer);
  await runAll(createProvider('wechat', { ...WECHAT, verification: 'certificates' }, options), wechatPeer);
});

test.each([
  ...COMMON,
  [
    'a signed error with a text',
    (request) =>
      alipayPeer.failure(alipayPeer.parametersOf(request).method!, '40002', 'isv.invalid-signature'),
  ],
  [
    'a sub code that is a text',
    (request) => alipayPeer.failure(alipayPeer.parametersOf(request).method!, '40004', FREE_TEXT[1]),
  ],
  [
    'a wrong signature',
    (request) =>
      alipayPeer.answer(
        alipayPeer.parametersOf(request).method!,
        { code: '10000', msg: FREE_TEXT[0] },
        { key: strangers },
      ),
  ],
  [
    'no signature',
    (request) =>
      alipayPeer.answer(
        alipayPeer.parametersOf(request).method!,
        { code: '10000', msg: FREE_TEXT[0] },
        { omitSign: true },
      ),
  ],
] satisfies [string, Responder][])('Alipay: %s', async (_name, responder) => {
  alipayPeer.responder = responder;
  const options = { baseUrl: urls[1]!, clock: alipayPeer.clock, httpTimeoutMs: 300, log };
  await runAll(createProvider('alipay', ALIPAY, options), alipayPeer);
});

test.each(['wechat', 'alipay'] as const)('%s: notifications of every wrong kind', async (channel) => {
  const provider =
    channel === 'wechat'
      ? createProvider('wechat', WECHAT, { clock: wechatPeer.clock, httpTimeoutMs: 300, log })
      : createProvider('alipay', ALIPAY, { clock: alipayPeer.clock, httpTimeoutMs: 300, log });
  const bodies = [
    '',
    FREE_TEXT[0]!,
    `sign=${FREE_TEXT[0]}&sign_type=RSA2`,
    wechatPeer.notificationBody({ ...wechat.PAID_TRADE, trade_state: FREE_TEXT[0] }, 'TRANSACTION.SUCCESS'),
    wechatPeer.notificationBody(wechat.PAID_TRADE, FREE_TEXT[1]!),
    alipayPeer.notification({
      app_id: APP_ID,
      seller_id: SELLER_ID,
      notify_time: '2026-01-01 08:00:00',
      notify_type: FREE_TEXT[1]!,
    }),
  ];
  for (const body of bodies) {
    for (const headers of [
      {},
      wechatPeer.signatureHeaders(body),
      wechatPeer.signatureHeaders(body, { key: strangers }),
    ]) {
      note(await provider.readNotification({ headers, body }));
    }
  }
  expect(everything).toContain('NOTIFICATION_');
});

test.each(['wechat', 'alipay'] as const)(
  '%s: parameters that are wrong in any one place',
  async (channel) => {
    const good: Record<string, unknown> = channel === 'wechat' ? WECHAT : ALIPAY;
    const peer = channel === 'wechat' ? wechatPeer : alipayPeer;
    peer.responder = () => ({
      status: 401,
      body: JSON.stringify({ code: 'SIGN_ERROR', message: FREE_TEXT[0] }),
    });
    const options = {
      baseUrl: urls[channel === 'wechat' ? 0 : 1]!,
      clock: peer.clock,
      httpTimeoutMs: 30_000,
      log,
    };
    const keyText = String(good[channel === 'wechat' ? 'merchantPrivateKey' : 'appPrivateKey']);
    for (const field of [...Object.keys(good), 'unknownField', keyText]) {
      for (const value of [
        keyText,
        keyText.slice(0, 700),
        wechat.API_V3_KEY,
        `${strangers.privatePem}x`,
        7,
        null,
      ]) {
        const candidate = { ...good, [field]: value };
        note(
          readParameters(channel as Channel, candidate).ok
            ? 'ok'
            : readParameters(channel as Channel, candidate),
        );
        note(await checkParameters(channel as Channel, candidate, options, 'https://a.example/notify'));
        try {
          note(createProvider(channel as 'wechat', candidate as never, options));
        } catch (error) {
          note(error);
        }
      }
    }
    expect(everything).toContain('PARAMETERS_INCOMPLETE');
  },
);

test('the search itself finds a secret that is there', () => {
  note({ key: wechatPeer.merchant.privatePem });
  expect(SECRETS.some((secret) => everything.includes(secret))).toBe(true);
  everything = '';
});
