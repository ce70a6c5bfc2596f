/**
 * RSA-SHA256 (PKCS #1 v1.5), the one signature that both providers use. Keys come as PEM text; reading one costs
 * three times as much as signing with it, so that the keys read are remembered.
 */

import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

const MAX_REMEMBERED = 10_000;

const privateKeys = new Map<string, KeyObject>();
const publicKeys = new Map<string, KeyObject>();

function remembered(keys: Map<string, KeyObject>, pem: string, read: (pem: string) => KeyObject): KeyObject {
  const known = keys.get(pem);
  if (known) return known;
  if (keys.size >= MAX_REMEMBERED) keys.clear();
  const key = read(pem);
  keys.set(pem, key);
  return key;
}

/** Base64 of the signature over the UTF-8 text. */
export function signText(privateKeyPem: string, text: string): string {
  const key = remembered(privateKeys, privateKeyPem, createPrivateKey);
  return sign('RSA-SHA256', Buffer.from(text, 'utf8'), key).toString('base64');
}

/** `publicPem` is a public key or a certificate. */
export function isSignedBy(publicPem: string, text: string, signatureBase64: string): boolean {
  const key = remembered(publicKeys, publicPem, createPublicKey);
  return verify('RSA-SHA256', Buffer.from(text, 'utf8'), key, Buffer.from(signatureBase64, 'base64'));
}
