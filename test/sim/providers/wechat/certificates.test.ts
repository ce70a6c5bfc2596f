import { X509Certificate } from 'node:crypto';
import { openBench, type Bench } from '../support/bench';
import { postJson } from '../support/http';
import { decryptPart, isSignedByPlatform, type Reply } from '../support/wechatCaller';
import { codeOf, WechatShop } from '../support/wechatShop';

interface Listed {
  readonly serial_no: string;
  readonly effective_time: string;
  readonly expire_time: string;
  readonly encrypt_certificate: Parameters<typeof decryptPart>[0];
}

let bench: Bench;
let shop: WechatShop;

beforeEach(async () => {
  bench = await openBench();
  shop = new WechatShop(bench, bench.other);
});
afterEach(async () => bench.sandbox.close());

const list = (): Promise<Reply> => shop.call('GET', '/v3/certificates');

function readList(reply: Reply): Map<string, string> {
  const data = reply.body['data'] as Listed[];
  const { apiV3Key } = bench.other.wechat;
  return new Map(data.map((one) => [one.serial_no, decryptPart(one.encrypt_certificate, apiV3Key)]));
}

it('the list holds the platform certificate, encrypted under the merchant’s key', async () => {
  const reply = await list();
  const [[serial, pem]] = [...readList(reply)] as [[string, string]];
  const certificate = new X509Certificate(pem);
  expect(certificate.serialNumber).toBe(serial);
  expect(pem).toBe(bench.other.wechat.platformCertificatePem);
  expect(isSignedByPlatform(reply.raw, pem)).toBe(true);
  const [entry] = reply.body['data'] as Listed[];
  expect(Date.parse(entry!.expire_time)).toBe(Date.parse(certificate.validTo));
  expect(entry!.encrypt_certificate.associated_data).toBe('certificate');
  expect(() => decryptPart(entry!.encrypt_certificate, '0'.repeat(32))).toThrow();
});

it('a merchant of the public-key mode has none', async () => {
  const reply = await new WechatShop(bench).call('GET', '/v3/certificates');
  expect(codeOf(reply)).toEqual([404, 'RESOURCE_NOT_EXISTS']);
});

it('during a rotation both are listed; the new one signs after the switch; then the old one goes', async () => {
  const old = bench.other.wechat.platformCertificateSerial;
  const rotate = (phase: string) => postJson(`${bench.sandbox.url}/sandbox/rotate`, { phase });
  await rotate('announce');
  const announced = await list();
  const serials = [...readList(announced).keys()];
  expect(serials).toHaveLength(2);
  expect(announced.raw.headers['wechatpay-serial']).toBe(old);
  const fresh = serials.find((serial) => serial !== old)!;

  await rotate('switch');
  const switched = await list();
  expect(switched.raw.headers['wechatpay-serial']).toBe(fresh);
  expect(isSignedByPlatform(switched.raw, readList(announced).get(fresh)!)).toBe(true);
  expect(isSignedByPlatform(switched.raw, readList(announced).get(old)!)).toBe(false);

  await rotate('retire');
  expect([...readList(await list()).keys()]).toEqual([fresh]);
});
