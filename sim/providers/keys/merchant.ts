/**
 * A merchant of the sandbox: identities, keys and certificates for both providers, everything that a real one
 * would have after signing up, and what the platforms keep of it. The private keys belong to the merchant: the
 * sandbox keeps them only for the file that the demo merchant is handed out in.
 */

import { randomBytes, randomInt } from 'node:crypto';
import { DAY_MS } from '../core/beijing';
import type { MerchantAccount } from '../core/records';
import { alipayCertificateNumber, issueCertificate, publicKeyText } from './certificate';
import { ALIPAY_AUTHORITY, newKeyPair, newSerialHex, WECHAT_AUTHORITY, type PlatformKeys } from './platform';

const FIVE_YEARS_MS = 5 * 365 * DAY_MS;

/** How WeChat Pay signs for this merchant when the request does not say; new merchants get the public key. */
export type WechatMode = 'publicKey' | 'certificate';

/** How the Alipay app has deposited its key. */
export type AlipayMode = 'publicKey' | 'certificate';

/** Everything the merchant has. */
export interface MerchantParameters {
  readonly name: string;
  readonly wechat: {
    readonly mode: WechatMode;
    readonly mchId: string;
    readonly appId: string;
    readonly merchantPrivateKeyPem: string;
    readonly merchantCertificatePem: string;
    readonly merchantSerialNo: string;
    /** 32 characters. */
    readonly apiV3Key: string;
    readonly platformCertificatePem: string;
    readonly platformCertificateSerial: string;
    readonly platformPublicKeyPem: string;
    readonly platformPublicKeyId: string;
  };
  readonly alipay: {
    readonly mode: AlipayMode;
    readonly appId: string;
    readonly sellerId: string;
    readonly appPrivateKeyPem: string;
    readonly appPublicKeyPem: string;
    readonly alipayPublicKeyPem: string;
    /** The same key as Alipay's pages show it: Base64 without PEM lines. */
    readonly alipayPublicKey: string;
    /** Contents of appCertPublicKey_*.crt, alipayCertPublicKey_RSA2.crt, alipayRootCert.crt. */
    readonly appCertificatePem: string;
    readonly alipayCertificatePem: string;
    readonly alipayRootCertificatePem: string;
    readonly appCertSn: string;
    readonly alipayCertSn: string;
    readonly alipayRootCertSn: string;
  };
}

export interface MerchantOptions {
  readonly name?: string;
  readonly wechatMode?: WechatMode;
  readonly alipayMode?: AlipayMode;
}

/** A new merchant with keys of its own, certified by the given platforms. */
export async function newMerchant(
  platform: PlatformKeys,
  options: MerchantOptions,
  nowMs: number,
): Promise<MerchantParameters> {
  const [wechatKey, appKey] = await Promise.all([newKeyPair(), newKeyPair()]);
  const mchId = `16${digits(8)}`;
  const alipayAppId = `2021${digits(12)}`;
  const name = options.name ?? 'Coinslot 演示商户';
  const serial = newSerialHex(20);
  const appSerial = newSerialHex(16);
  const notBeforeMs = Math.floor(nowMs / 1000) * 1000 - DAY_MS;
  const validity = { notBeforeMs, notAfterMs: notBeforeMs + FIVE_YEARS_MS };
  const signing = platform.wechat.certificates.find((one) => one.serial === platform.wechat.signingSerial)!;
  return {
    name,
    wechat: {
      mode: options.wechatMode ?? 'publicKey',
      mchId,
      appId: `wx${randomBytes(8).toString('hex')}`,
      merchantPrivateKeyPem: wechatKey.privateKeyPem,
      merchantCertificatePem: issueCertificate({
        ...validity,
        subject: [
          ['C', 'CN'],
          ['O', '微信商户系统'],
          ['OU', name],
          ['CN', mchId],
        ],
        issuer: WECHAT_AUTHORITY,
        publicKeyPem: wechatKey.publicKeyPem,
        issuerKeyPem: platform.wechat.authority.privateKeyPem,
        serialHex: serial,
      }),
      merchantSerialNo: serial,
      apiV3Key: randomBytes(16).toString('hex'),
      platformCertificatePem: signing.certificatePem,
      platformCertificateSerial: signing.serial,
      platformPublicKeyPem: platform.wechat.publicKey.publicKeyPem,
      platformPublicKeyId: platform.wechat.publicKeyId,
    },
    alipay: {
      mode: options.alipayMode ?? 'publicKey',
      appId: alipayAppId,
      sellerId: `2088${digits(12)}`,
      appPrivateKeyPem: appKey.privateKeyPem,
      appPublicKeyPem: appKey.publicKeyPem,
      alipayPublicKeyPem: platform.alipay.signing.publicKeyPem,
      alipayPublicKey: publicKeyText(platform.alipay.signing.publicKeyPem),
      appCertificatePem: issueCertificate({
        ...validity,
        subject: [
          ['C', 'CN'],
          ['O', name],
          ['OU', 'Alipay'],
          ['CN', alipayAppId],
        ],
        issuer: ALIPAY_AUTHORITY,
        publicKeyPem: appKey.publicKeyPem,
        issuerKeyPem: platform.alipay.root.privateKeyPem,
        serialHex: appSerial,
      }),
      alipayCertificatePem: platform.alipay.certificatePem,
      alipayRootCertificatePem: platform.alipay.rootCertificatePem,
      appCertSn: alipayCertificateNumber(ALIPAY_AUTHORITY, appSerial),
      alipayCertSn: platform.alipay.certificateNumber,
      alipayRootCertSn: platform.alipay.rootCertificateNumber,
    },
  };
}

/** What the model needs to know of it, one account for each provider. */
export function accountsOf(merchant: MerchantParameters): readonly MerchantAccount[] {
  const { wechat, alipay, name } = merchant;
  return [
    { channel: 'wechat', merchantId: wechat.mchId, appId: wechat.appId, sellerId: wechat.mchId, name },
    { channel: 'alipay', merchantId: alipay.appId, appId: alipay.appId, sellerId: alipay.sellerId, name },
  ];
}

function digits(count: number): string {
  return Array.from({ length: count }, () => String(randomInt(10))).join('');
}
