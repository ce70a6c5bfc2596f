/**
 * X.509 v3 certificates (RFC 5280) signed with SHA-256 and RSA, as both providers hand them out: the merchant's
 * and the platform's of WeChat Pay, app, platform and root certificate of Alipay. Also Alipay's "certificate
 * number": MD5 over the issuer's name, last attribute first, and the serial number in decimal ("证书序列号计算").
 */

import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto';
import {
  bitString,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  primitive,
  printableString,
  sequence,
  set,
  tagged,
  time,
  trueValue,
  utf8String,
} from './der';

const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
/** Bits of KeyUsage, the first one highest: digitalSignature and nonRepudiation; keyCertSign and cRLSign. */
const SIGNING_USAGE = { bits: 0b11000000, unusedBits: 6 };
const AUTHORITY_USAGE = { bits: 0b00000110, unusedBits: 1 };
const ATTRIBUTES = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const;

/** In the order in which they stand in the certificate: country first. */
export type Name = readonly (readonly [keyof typeof ATTRIBUTES, string])[];

export interface CertificateRequest {
  readonly subject: Name;
  readonly issuer: Name;
  readonly publicKeyPem: string;
  readonly issuerKeyPem: string;
  /** Upper-case hexadecimal, first digit 1 to 7, so that it is positive and keeps its length. */
  readonly serialHex: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isAuthority?: boolean;
}

/** PEM text of the certificate. */
export function issueCertificate(request: CertificateRequest): string {
  const algorithm = sequence(objectIdentifier(SHA256_WITH_RSA), nullValue());
  const content = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.from(request.serialHex, 'hex')),
    algorithm,
    nameOf(request.issuer),
    sequence(time(request.notBeforeMs), time(request.notAfterMs)),
    nameOf(request.subject),
    createPublicKey(request.publicKeyPem).export({ type: 'spki', format: 'der' }),
    tagged(3, extensionsOf(request)),
  );
  const signature = sign('RSA-SHA256', content, request.issuerKeyPem);
  return toPem('CERTIFICATE', sequence(content, algorithm, bitString(signature)));
}

function extensionsOf(request: CertificateRequest): Buffer {
  const isAuthority = request.isAuthority ?? false;
  const usage = isAuthority ? AUTHORITY_USAGE : SIGNING_USAGE;
  const issuerKeyId = primitive(0, keyIdentifier(createPublicKey(request.issuerKeyPem)));
  return sequence(
    extension(BASIC_CONSTRAINTS, isAuthority ? sequence(trueValue()) : sequence(), true),
    extension(KEY_USAGE, bitString(Uint8Array.of(usage.bits), usage.unusedBits), true),
    extension(SUBJECT_KEY_IDENTIFIER, octetString(keyIdentifier(createPublicKey(request.publicKeyPem)))),
    extension(AUTHORITY_KEY_IDENTIFIER, sequence(issuerKeyId)),
  );
}

function extension(identifier: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [trueValue()] : [];
  return sequence(objectIdentifier(identifier), ...critical, octetString(value));
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 of the key's bits, which for RSA are its PKCS #1 form. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'pkcs1', format: 'der' }))
    .digest();
}

/** Alipay's number of a certificate: 32 hexadecimal digits. */
export function alipayCertificateNumber(issuer: Name, serialHex: string): string {
  const name = [...issuer]
    .reverse()
    .map(([kind, value]) => `${kind}=${value}`)
    .join(',');
  return createHash('md5')
    .update(`${name}${BigInt(`0x${serialHex}`).toString(10)}`, 'utf8')
    .digest('hex');
}

/** Base64 of a public key without PEM lines, as Alipay's pages show it. */
export function publicKeyText(pem: string): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
}

function nameOf(name: Name): Buffer {
  const parts = name.map(([kind, value]) =>
    set(
      sequence(objectIdentifier(ATTRIBUTES[kind]), kind === 'C' ? printableString(value) : utf8String(value)),
    ),
  );
  return sequence(...parts);
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
