/**
 * The keys of the two platforms: WeChat Pay's certificates (several while it rotates) and its public key, the
 * authority that signs WeChat's certificates, Alipay's root and signing certificate. Made once for a sandbox and
 * kept in its vault as PEM text; only this file and merchant.ts make keys.
 */

import { generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { DAY_MS } from '../core/beijing';
import { alipayCertificateNumber, issueCertificate, type Name } from './certificate';

const generate = promisify(generateKeyPair);

const RSA_BITS = 2048;
const FIVE_YEARS_MS = 5 * 365 * DAY_MS;
const TWENTY_YEARS_MS = 20 * 365 * DAY_MS;

export const WECHAT_AUTHORITY: Name = [
  ['C', 'CN'],
  ['O', 'Tenpay.com'],
  ['OU', 'Tenpay.com CA Center'],
  ['CN', 'Tenpay.com Root CA'],
];
export const ALIPAY_AUTHORITY: Name = [
  ['C', 'CN'],
  ['O', 'Ant Financial'],
  ['OU', 'Certification Authority'],
  ['CN', 'Ant Financial Certification Authority R1'],
];

export interface PemPair {
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
}

/** One of WeChat Pay's platform certificates. */
export interface PlatformCertificate extends PemPair {
  readonly serial: string;
  readonly certificatePem: string;
  readonly effectiveMs: number;
  readonly expireMs: number;
}

export interface PlatformKeys {
  readonly wechat: {
    readonly authority: PemPair;
    /** All that `/v3/certificates` lists; the oldest first. */
    readonly certificates: readonly PlatformCertificate[];
    /** The one that signs in certificate mode. */
    readonly signingSerial: string;
    readonly publicKey: PemPair;
    readonly publicKeyId: string;
  };
  readonly alipay: {
    readonly root: PemPair;
    readonly rootCertificatePem: string;
    readonly rootCertificateNumber: string;
    readonly signing: PemPair;
    readonly certificatePem: string;
    readonly certificateNumber: string;
  };
}

/** A fresh RSA-2048 pair: PKCS#8 and SPKI. */
export async function newKeyPair(): Promise<PemPair> {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: RSA_BITS });
  return { privateKeyPem: pemOf(privateKey, 'pkcs8'), publicKeyPem: pemOf(publicKey, 'spki') };
}

/** A serial number of `bytes` bytes that stays positive: its first digit is 1 to 7. */
export function newSerialHex(bytes: number): string {
  const serial = randomBytes(bytes);
  serial[0] = (serial[0]! & 0x6f) | 0x10;
  return serial.toString('hex').toUpperCase();
}

/** All keys of a new sandbox. Takes about a second of computing. */
export async function newPlatformKeys(nowMs: number): Promise<PlatformKeys> {
  const [authority, wechatKey, wechatPublic, root, alipayKey] = await Promise.all([
    newKeyPair(),
    newKeyPair(),
    newKeyPair(),
    newKeyPair(),
    newKeyPair(),
  ]);
  const certificate = wechatCertificate(authority, wechatKey, nowMs);
  const rootSerial = newSerialHex(16);
  const signingSerial = newSerialHex(16);
  return {
    wechat: {
      authority,
      certificates: [certificate],
      signingSerial: certificate.serial,
      publicKey: wechatPublic,
      publicKeyId: `PUB_KEY_ID_0${BigInt(`0x${newSerialHex(16)}`)
        .toString()
        .padStart(39, '0')
        .slice(0, 39)}`,
    },
    alipay: {
      root,
      rootCertificatePem: alipayCertificate(root, root, rootSerial, ALIPAY_AUTHORITY, nowMs, true),
      rootCertificateNumber: alipayCertificateNumber(ALIPAY_AUTHORITY, rootSerial),
      signing: alipayKey,
      certificatePem: alipayCertificate(
        root,
        alipayKey,
        signingSerial,
        [
          ['C', 'CN'],
          ['O', '支付宝(中国)网络技术有限公司'],
          ['OU', 'Alipay'],
          ['CN', '支付宝(中国)网络技术有限公司-sandbox'],
        ],
        nowMs,
        false,
      ),
      certificateNumber: alipayCertificateNumber(ALIPAY_AUTHORITY, signingSerial),
    },
  };
}

/** A further platform certificate for WeChat Pay's rotation: listed, not yet signing. */
export async function addPlatformCertificate(keys: PlatformKeys, nowMs: number): Promise<PlatformKeys> {
  const certificate = wechatCertificate(keys.wechat.authority, await newKeyPair(), nowMs);
  return { ...keys, wechat: { ...keys.wechat, certificates: [...keys.wechat.certificates, certificate] } };
}

/** The newest certificate signs from now on; the older ones are still listed. */
export function switchPlatformCertificate(keys: PlatformKeys): PlatformKeys {
  const newest = keys.wechat.certificates.at(-1)!;
  return { ...keys, wechat: { ...keys.wechat, signingSerial: newest.serial } };
}

/** Only the signing certificate is listed from now on. */
export function retirePlatformCertificates(keys: PlatformKeys): PlatformKeys {
  const { certificates, signingSerial } = keys.wechat;
  const left = certificates.filter((certificate) => certificate.serial === signingSerial);
  return { ...keys, wechat: { ...keys.wechat, certificates: left } };
}

function wechatCertificate(authority: PemPair, pair: PemPair, nowMs: number): PlatformCertificate {
  const serial = newSerialHex(20);
  const effectiveMs = Math.floor(nowMs / 1000) * 1000 - DAY_MS;
  const expireMs = effectiveMs + FIVE_YEARS_MS;
  const certificatePem = issueCertificate({
    subject: [
      ['C', 'CN'],
      ['O', 'Tenpay.com'],
      ['OU', 'Tenpay.com CA Center'],
      ['CN', 'Tenpay.com sign'],
    ],
    issuer: WECHAT_AUTHORITY,
    publicKeyPem: pair.publicKeyPem,
    issuerKeyPem: authority.privateKeyPem,
    serialHex: serial,
    notBeforeMs: effectiveMs,
    notAfterMs: expireMs,
  });
  return { ...pair, serial, certificatePem, effectiveMs, expireMs };
}

function alipayCertificate(
  root: PemPair,
  pair: PemPair,
  serialHex: string,
  subject: Name,
  nowMs: number,
  isAuthority: boolean,
): string {
  const notBeforeMs = Math.floor(nowMs / 1000) * 1000 - DAY_MS;
  return issueCertificate({
    subject,
    issuer: ALIPAY_AUTHORITY,
    publicKeyPem: pair.publicKeyPem,
    issuerKeyPem: root.privateKeyPem,
    serialHex,
    notBeforeMs,
    notAfterMs: notBeforeMs + TWENTY_YEARS_MS,
    isAuthority,
  });
}

function pemOf(key: KeyObject, type: 'pkcs8' | 'spki'): string {
  return String(key.export({ type: type as 'spki', format: 'pem' }));
}
