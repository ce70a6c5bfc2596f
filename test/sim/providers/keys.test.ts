import { AlipaySdk } from 'alipay-sdk';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  newMerchant,
  newPlatformKeys,
  type MerchantParameters,
  type PlatformKeys,
} from '../../../sim/providers';
import { toGbk } from '../../../sim/providers/alipay/gbk';
import { fenToYuan, yuanToFen } from '../../../sim/providers/core/money';
import { integer, objectIdentifier, sequence, time } from '../../../sim/providers/keys/der';

const NOW_MS = Date.parse('2026-03-02T10:00:00+08:00');

let platform: PlatformKeys;
let merchant: MerchantParameters;

beforeAll(async () => {
  platform = await newPlatformKeys(NOW_MS);
  merchant = await newMerchant(platform, { name: '商户,甲' }, NOW_MS);
});

const samePublicKey = (left: string, right: string): boolean =>
  createPublicKey(left).export({ type: 'spki', format: 'pem' }) ===
  createPublicKey(right).export({ type: 'spki', format: 'pem' });

describe('certificates', () => {
  it('belong to their keys, carry their numbers and are signed by their authority', () => {
    const { wechat, alipay } = merchant;
    const shopCertificate = new X509Certificate(wechat.merchantCertificatePem);
    expect(shopCertificate.checkPrivateKey(createPrivateKey(wechat.merchantPrivateKeyPem))).toBe(true);
    expect(shopCertificate.serialNumber).toBe(wechat.merchantSerialNo);
    expect(wechat.merchantSerialNo).toMatch(/^[1-7][0-9A-F]{39}$/);
    expect(shopCertificate.subject).toContain(`CN=${wechat.mchId}`);
    expect(shopCertificate.verify(createPublicKey(platform.wechat.authority.publicKeyPem))).toBe(true);

    const appCertificate = new X509Certificate(alipay.appCertificatePem);
    const root = new X509Certificate(alipay.alipayRootCertificatePem);
    expect(appCertificate.checkPrivateKey(createPrivateKey(alipay.appPrivateKeyPem))).toBe(true);
    expect(appCertificate.verify(root.publicKey)).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.ca).toBe(true);
    expect(appCertificate.ca).toBe(false);
    expect(samePublicKey(alipay.alipayCertificatePem, alipay.alipayPublicKeyPem)).toBe(true);
    expect(Date.parse(appCertificate.validFrom)).toBeLessThan(NOW_MS);
    expect(Date.parse(appCertificate.validTo)).toBeGreaterThan(NOW_MS);
  });

  it('satisfy OpenSSL’s own check of the chain', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-keys-'));
    try {
      writeFileSync(join(folder, 'root.pem'), merchant.alipay.alipayRootCertificatePem);
      writeFileSync(join(folder, 'app.pem'), merchant.alipay.appCertificatePem);
      const check = ['verify', '-x509_strict', '-no_check_time', '-CAfile', 'root.pem', 'app.pem'];
      expect(String(execFileSync('openssl', check, { cwd: folder }))).toBe('app.pem: OK\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('have the numbers that Alipay’s own SDK reads from them', () => {
    const { alipay } = merchant;
    const { config } = new AlipaySdk({
      appId: alipay.appId,
      privateKey: alipay.appPrivateKeyPem,
      keyType: 'PKCS8',
      appCertContent: alipay.appCertificatePem,
      alipayPublicCertContent: alipay.alipayCertificatePem,
      alipayRootCertContent: alipay.alipayRootCertificatePem,
    });
    expect(config.appCertSn).toBe(alipay.appCertSn);
    expect(config.alipayCertSn).toBe(alipay.alipayCertSn);
    expect(config.alipayRootCertSn).toBe(alipay.alipayRootCertSn);
    expect(samePublicKey(config.alipayPublicKey!, alipay.alipayPublicKeyPem)).toBe(true);
  });
});

describe('DER', () => {
  const hex = (bytes: Buffer): string => bytes.toString('hex');

  it.each([
    ['00', '020100'],
    ['7f', '02017f'],
    ['80', '02020080'],
    ['0000ff', '020200ff'],
  ])('writes the integer %s as %s', (bytes, expected) => {
    expect(hex(integer(Buffer.from(bytes, 'hex')))).toBe(expected);
  });

  it.each([
    [0x7f, '307f'],
    [0x80, '308180'],
    [0xff, '3081ff'],
    [0x100, '30820100'],
    [0xffff, '3082ffff'],
    [0x10000, '3083010000'],
  ])('writes a length of %i', (bytes, start) => {
    expect(hex(sequence(Buffer.alloc(bytes))).startsWith(start)).toBe(true);
  });

  it('writes object identifiers and times', () => {
    expect(hex(objectIdentifier('1.2.840.113549.1.1.11'))).toBe('06092a864886f70d01010b');
    expect(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1')).toBe('\x17\x0d491231235959Z');
    expect(time(Date.UTC(2050, 0, 1)).toString('latin1')).toBe('\x18\x0f20500101000000Z');
  });
});

describe('text and money', () => {
  it('GBK can be read back by Node’s decoder', () => {
    const text = '业务明细（元）：可乐 330ml，¥1.50 龘';
    expect(new TextDecoder('gbk').decode(toGbk(text))).toBe(text.replace('¥', '?'));
  });

  it('yuan and fen convert without floating point', () => {
    for (let fen = 0; fen <= 30_000; fen += 1) expect(yuanToFen(fenToYuan(fen))).toBe(fen);
    expect(fenToYuan(-5)).toBe('-0.05');
    expect(yuanToFen('1.1')).toBe(110);
    expect(yuanToFen(0.1 + 0.2)).toBeUndefined();
  });
});
