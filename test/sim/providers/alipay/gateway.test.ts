import { generateKeyPairSync } from 'node:crypto';
import { openBench, type Bench } from '../support/bench';
import {
  chinaTime,
  isAnswerSigned,
  readReply,
  signedParameters,
  type GatewayCall,
} from '../support/alipayCaller';
import { AlipayShop, codesOf, SUCCESS } from '../support/alipayShop';
import { http } from '../support/http';

let bench: Bench;
let shop: AlipayShop;

beforeAll(async () => {
  bench = await openBench();
  shop = new AlipayShop(bench);
});
afterAll(async () => bench.sandbox.close());

const query = (more: Partial<GatewayCall> = {}) =>
  shop.call('alipay.trade.query', { out_trade_no: 'CS000001_1' }, more);
const at = (offsetMs: number): string => chinaTime(bench.clock.nowMs() + offsetMs);

describe('the gateway', () => {
  it('takes a rightly signed request and signs its answer over the raw text', async () => {
    const reply = await query();
    expect(reply.status).toBe(200);
    expect(reply.nodeName).toBe('alipay_trade_query_response');
    expect(codesOf(reply)).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
    expect(isAnswerSigned(reply, shop.merchant.alipay.alipayPublicKeyPem)).toBe(true);
  });

  it('writes slashes as \\/, so that a re-encoded answer does not verify', async () => {
    const reply = await shop.precreate({ outTradeNo: 'CS000001_2' });
    expect(reply.raw).toContain('https:\\/\\/qr.alipay.com\\/');
    expect(isAnswerSigned(reply, shop.merchant.alipay.alipayPublicKeyPem)).toBe(true);
    const reencoded = readReply(200, JSON.stringify(reply.whole));
    expect(isAnswerSigned(reencoded, shop.merchant.alipay.alipayPublicKeyPem)).toBe(false);
  });

  it('takes the parameters from the query as well', async () => {
    const { biz_content: content, ...rest } = signedParameters(shop.merchant, {
      method: 'alipay.trade.query',
      biz: { out_trade_no: 'CS000001_1' },
      nowMs: bench.clock.nowMs(),
    });
    const split = await http(`${bench.sandbox.url}/gateway.do?${new URLSearchParams(rest)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ biz_content: content! }).toString(),
    });
    expect(codesOf(readReply(split.status, split.body))).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
  });

  const refusals: [string, () => Partial<GatewayCall>, string, string][] = [
    ['no method', () => ({ change: { method: undefined } }), '40001', 'isv.missing-method'],
    [
      'an unknown method',
      () => ({ change: { method: 'alipay.trade.guess' } }),
      '40002',
      'isv.invalid-method',
    ],
    [
      'a name of Object.prototype as its method',
      () => ({ change: { method: 'constructor' } }),
      '40002',
      'isv.invalid-method',
    ],
    ['no app_id', () => ({ change: { app_id: undefined } }), '40001', 'isv.missing-app-id'],
    ['an unknown app_id', () => ({ change: { app_id: '2021999999999999' } }), '40002', 'isv.invalid-app-id'],
    ['no sign_type', () => ({ change: { sign_type: undefined } }), '40001', 'isv.missing-signature-type'],
    ['the old RSA', () => ({ change: { sign_type: 'RSA' } }), '40002', 'isv.invalid-signature-type'],
    ['no sign', () => ({ spoil: { sign: undefined } }), '40001', 'isv.missing-signature'],
    [
      'a changed biz_content',
      () => ({ spoil: { biz_content: '{"out_trade_no":"X"}' } }),
      '40002',
      'isv.invalid-signature',
    ],
    ['an added parameter', () => ({ spoil: { app_auth_token: 'x' } }), '40002', 'isv.invalid-signature'],
    ['a foreign key', () => ({ privateKey: foreignKey() }), '40002', 'isv.invalid-signature'],
    ['no timestamp', () => ({ change: { timestamp: undefined } }), '40001', 'isv.missing-timestamp'],
    [
      'a timestamp of another form',
      () => ({ change: { timestamp: '2026-03-02T10:00:00' } }),
      '40002',
      'isv.invalid-timestamp',
    ],
    [
      'a date that does not exist',
      () => ({ change: { timestamp: '2026-02-30 10:00:00' } }),
      '40002',
      'isv.invalid-timestamp',
    ],
    ['an old timestamp', () => ({ change: { timestamp: at(-301_000) } }), '40002', 'isv.invalid-timestamp'],
    ['a timestamp ahead', () => ({ change: { timestamp: at(301_000) } }), '40002', 'isv.invalid-timestamp'],
    ['no version', () => ({ change: { version: undefined } }), '40001', 'isv.missing-version'],
    ['another version', () => ({ change: { version: '2.0' } }), '40002', 'isv.invalid-version'],
    ['another charset', () => ({ change: { charset: 'GBK' } }), '40002', 'isv.invalid-charset'],
    ['another format', () => ({ change: { format: 'XML' } }), '40002', 'isv.invalid-format'],
    [
      'an unknown public parameter',
      () => ({ change: { notifyurl: 'http://x' } }),
      '40002',
      'isv.invalid-parameter',
    ],
    [
      'a biz_content that is no JSON',
      () => ({ change: { biz_content: '{' } }),
      '40002',
      'isv.invalid-parameter',
    ],
    [
      'a biz_content that is a list',
      () => ({ change: { biz_content: '[]' } }),
      '40002',
      'isv.invalid-parameter',
    ],
    [
      'certificate numbers in key mode',
      () => ({ change: { app_cert_sn: 'a'.repeat(32) } }),
      '40002',
      'isv.app-cert-not-exist',
    ],
  ];
  it.each(refusals)('refuses a request with %s', async (_what, more, code, subCode) => {
    const reply = await query(more());
    expect(reply.status).toBe(200);
    expect(codesOf(reply)).toEqual([code, subCode]);
  });

  it('takes a timestamp up to five minutes old', async () => {
    expect(codesOf(await query({ change: { timestamp: at(-299_000) } }))).toEqual([
      '40004',
      'ACQ.TRADE_NOT_EXIST',
    ]);
  });

  it('does not take one app’s signature for another', async () => {
    const reply = await query({ change: { app_id: bench.other.alipay.appId } });
    expect(codesOf(reply)).toEqual(['40002', 'isv.missing-app-cert-sn']);
  });

  it('gives no signature to an unknown app', async () => {
    const reply = await query({ change: { app_id: '2021999999999999' } });
    expect(Object.keys(reply.whole)).toEqual(['alipay_trade_query_response']);
  });

  it('does not let a method name into the answer’s structure', async () => {
    const reply = await query({ change: { method: 'x":{"code":"10000"},"y' } });
    expect(reply.nodeName).toBe('error_response');
    expect(codesOf(reply)).toEqual(['40002', 'isv.invalid-method']);
  });

  it('checks the form of timestamps only, when told so', async () => {
    const lax = await openBench({ alipayTimestampCheck: 'form' });
    const reply = await new AlipayShop(lax).call(
      'alipay.trade.query',
      { out_trade_no: 'x' },
      { change: { timestamp: at(-8 * 3_600_000) } },
    );
    expect(codesOf(reply)).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
    await lax.sandbox.close();
  });
});

describe('certificate mode', () => {
  let certified: AlipayShop;
  beforeAll(() => {
    certified = new AlipayShop(bench, bench.other);
  });
  const ask = (change: Record<string, string | undefined> = {}) =>
    certified.call(
      'alipay.trade.precreate',
      { out_trade_no: 'CERT_1', total_amount: '1', subject: 'x' },
      { change },
    );

  it('answers with the number of the platform’s certificate', async () => {
    const reply = await ask();
    expect(codesOf(reply)).toEqual(SUCCESS);
    expect(reply.whole['alipay_cert_sn']).toBe(bench.other.alipay.alipayCertSn);
    expect(isAnswerSigned(reply, bench.other.alipay.alipayCertificatePem)).toBe(true);
  });

  it.each([
    ['app_cert_sn', undefined, 'isv.missing-app-cert-sn'],
    ['app_cert_sn', 'f'.repeat(32), 'isv.app-cert-not-exist'],
    ['alipay_root_cert_sn', undefined, 'isv.missing-alipay-root-cert-sn'],
    ['alipay_root_cert_sn', 'f'.repeat(32), 'isv.invalid-alipay-root-cert-sn'],
  ])('refuses %s = %s', async (name, value, subCode) => {
    expect(codesOf(await ask({ [name]: value }))).toEqual(['40002', subCode]);
  });
});

function foreignKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
