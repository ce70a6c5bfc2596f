/**
 * Reads RSA keys and certificates in the forms that people paste: PEM of any kind, or the bare base64 that
 * Alipay's key tool gives. Everything unreadable is undefined, without a word of why: OpenSSL's messages can
 * quote the input. Keys shorter than 2048 bits are not accepted (both providers demand 2048).
 */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';

const MINIMUM_RSA_BITS = 2048;
const MAXIMUM_TEXT_CHARS = 65_536;
const CERTIFICATE_PATTERN = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const BASE64_PATTERN = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/** The RSA private key in PEM (PKCS#1, PKCS#8) or bare base64 of either; undefined when it is none. */
export function readPrivateKey(text: string): KeyObject | undefined {
  return readKey(text, ['pkcs8', 'pkcs1'], (input) => createPrivateKey(input));
}

/** The RSA public key in PEM (SPKI, PKCS#1) or bare base64 of either; undefined when it is none. */
export function readPublicKey(text: string): KeyObject | undefined {
  // createPublicKey would derive the public half of a private key: never accept one here.
  if (text.includes('PRIVATE KEY')) return undefined;
  return readKey(text, ['spki', 'pkcs1'], (input) => createPublicKey(input));
}

/** All certificates of a PEM text, in its order; those that cannot be parsed are left out. */
export function readCertificates(text: string): X509Certificate[] {
  if (text.length > MAXIMUM_TEXT_CHARS) return [];
  const certificates: X509Certificate[] = [];
  for (const pem of text.match(CERTIFICATE_PATTERN) ?? []) {
    try {
      certificates.push(new X509Certificate(pem));
    } catch {
      // Alipay's root file has SM2 certificates, which not every OpenSSL reads; the RSA ones are what we need.
    }
  }
  return certificates;
}

/** Whether both are the same public key. */
export function isSamePublicKey(left: KeyObject, right: KeyObject): boolean {
  const options = { type: 'spki', format: 'der' } as const;
  return left.export(options).equals(right.export(options));
}

/** The certificate's RSA public key; undefined for other kinds and short keys. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return isStrongRsa(certificate.publicKey) ? certificate.publicKey : undefined;
  } catch {
    return undefined;
  }
}

/** A serial as it is compared: upper case, without the zeros that some write in front. */
export function normalSerial(serialHex: string): string {
  return serialHex.toUpperCase().replace(/^0+/, '');
}

/** Whether `timeMs` lies within the certificate's validity. */
export function isValidAt(certificate: X509Certificate, timeMs: number): boolean {
  return Date.parse(certificate.validFrom) <= timeMs && timeMs <= Date.parse(certificate.validTo);
}

interface DerInput {
  readonly key: Buffer;
  readonly format: 'der';
  readonly type: never;
}

function readKey(
  text: string,
  types: readonly string[],
  parse: (input: string | DerInput) => KeyObject,
): KeyObject | undefined {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > MAXIMUM_TEXT_CHARS) return undefined;
  const inputs = BASE64_PATTERN.test(trimmed)
    ? types.map((type) => ({ key: Buffer.from(trimmed, 'base64'), format: 'der', type }) as DerInput)
    : [trimmed];
  for (const input of inputs) {
    try {
      const key = parse(input);
      if (isStrongRsa(key)) return key;
    } catch {
      // Not of this form; the next may fit.
    }
  }
  return undefined;
}

function isStrongRsa(key: KeyObject): boolean {
  return (
    key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MINIMUM_RSA_BITS
  );
}
