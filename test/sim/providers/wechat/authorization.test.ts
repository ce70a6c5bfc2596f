import { generateKeyPairSync } from 'node:crypto';
import type { MerchantParameters } from '../../../../sim/providers';
import { openBench, type Bench } from '../support/bench';
import { callWechat, isSignedByPlatform, type CallOptions, type Reply } from '../support/wechatCaller';

let bench: Bench;
let merchant: MerchantParameters;

beforeAll(async () => {
  bench = await openBench();
  merchant = bench.sandbox.demoMerchant;
});
afterAll(async () => bench.sandbox.close());

const queryUrl = (): string => `/v3/pay/transactions/out-trade-no/CS000001_1?mchid=${merchant.wechat.mchId}`;

function query(change: CallOptions['change'] = {}): Promise<Reply> {
  return callWechat(bench.sandbox, merchant, {
    method: 'GET',
    url: queryUrl(),
    nowMs: bench.clock.nowMs(),
    change,
  });
}

const seconds = (offset: number): string => String(Math.floor(bench.clock.nowMs() / 1000) + offset);

describe('WeChat Pay request signatures', () => {
  it('let a rightly signed request through to the business answer', async () => {
    const reply = await query();
    expect([reply.status, reply.body['code']]).toEqual([404, 'ORDER_NOT_EXIST']);
  });

  const spoilt: [string, () => CallOptions['change']][] = [
    ['has no Authorization', () => ({ authorization: undefined })],
    ['uses another scheme', () => ({ authorization: 'Basic abc' })],
    ['lacks a field', () => ({ authorization: 'WECHATPAY2-SHA256-RSA2048 mchid="1"' })],
    ['names an unknown merchant', () => ({ mchid: '1999999999' })],
    ['names another certificate', () => ({ serial: 'AB'.repeat(20) })],
    ['is signed over another body', () => ({ signedBody: '{}' })],
    ['is signed over another address', () => ({ signedUrl: '/v3/certificates' })],
    ['is signed over another method', () => ({ signedMethod: 'POST' })],
    ['is more than five minutes old', () => ({ timestamp: seconds(-301) })],
    ['is more than five minutes ahead', () => ({ timestamp: seconds(301) })],
    ['has no number for a time', () => ({ timestamp: 'now' })],
    [
      'is signed with a foreign key',
      () => ({
        privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }) as string,
      }),
    ],
  ];

  it.each(spoilt)('refuse a request that %s: 401 SIGN_ERROR, unsigned', async (_what, change) => {
    const reply = await query(change());
    expect([reply.status, reply.body['code']]).toEqual([401, 'SIGN_ERROR']);
    expect(reply.raw.headers['wechatpay-signature']).toBeUndefined();
  });

  it('are taken up to five minutes either way', async () => {
    expect((await query({ timestamp: seconds(-299) })).status).toBe(404);
    expect((await query({ timestamp: seconds(299) })).status).toBe(404);
  });

  it('are taken once: a repeated nonce is refused', async () => {
    const nonce = '0123456789abcdef0123456789abcdef';
    expect((await query({ nonce })).status).toBe(404);
    expect((await query({ nonce })).status).toBe(401);
  });

  it('of one merchant do not speak for another', async () => {
    const other = bench.other;
    const reply = await callWechat(bench.sandbox, merchant, {
      method: 'GET',
      url: `/v3/pay/transactions/out-trade-no/CS000001_1?mchid=${other.wechat.mchId}`,
      nowMs: bench.clock.nowMs(),
    });
    expect([reply.status, reply.body['code']]).toEqual([400, 'INVALID_REQUEST']);
  });

  it('come before everything else: a bad body under a bad signature is a SIGN_ERROR', async () => {
    const reply = await callWechat(bench.sandbox, merchant, {
      method: 'POST',
      url: '/v3/pay/transactions/native',
      nowMs: bench.clock.nowMs(),
      change: { rawBody: '{not json', signedBody: '{}' },
    });
    expect(reply.body['code']).toBe('SIGN_ERROR');
  });

  it.each(['accept', 'user-agent'])('need the header %s as well', async (name) => {
    const reply = await query({ headers: { [name]: undefined } });
    expect([reply.status, reply.body['code']]).toEqual([400, 'PARAM_ERROR']);
  });
});

describe('WeChat Pay answers', () => {
  it('are signed with the WeChat Pay public key for a merchant of that mode', async () => {
    const reply = await query();
    expect(reply.raw.headers['wechatpay-serial']).toBe(merchant.wechat.platformPublicKeyId);
    expect(isSignedByPlatform(reply.raw, merchant.wechat.platformPublicKeyPem)).toBe(true);
    expect(
      isSignedByPlatform({ ...reply.raw, body: `${reply.raw.body} ` }, merchant.wechat.platformPublicKeyPem),
    ).toBe(false);
    expect(reply.raw.headers['wechatpay-timestamp']).toBe(seconds(0));
  });

  it('are signed with the platform certificate for a merchant of the other mode', async () => {
    const old = bench.other;
    const url = `/v3/pay/transactions/out-trade-no/CS000001_1?mchid=${old.wechat.mchId}`;
    const options = { method: 'GET', url, nowMs: bench.clock.nowMs() } as const;
    const reply = await callWechat(bench.sandbox, old, options);
    expect(reply.raw.headers['wechatpay-serial']).toBe(old.wechat.platformCertificateSerial);
    expect(isSignedByPlatform(reply.raw, old.wechat.platformCertificatePem)).toBe(true);
    const change = { headers: { 'wechatpay-serial': old.wechat.platformPublicKeyId } };
    const asked = await callWechat(bench.sandbox, old, { ...options, change });
    expect(asked.raw.headers['wechatpay-serial']).toBe(old.wechat.platformPublicKeyId);
    expect(isSignedByPlatform(asked.raw, old.wechat.platformPublicKeyPem)).toBe(true);
  });
});
