/**
 * Alipay's RSA2 signatures ("自行实现签名", "自行实现验签"): requests over the sorted `key=value` pairs without `sign`,
 * answers over the raw JSON text of the response node, notifications over the sorted pairs without `sign` and
 * `sign_type`. Empty values take no part.
 */

import { sign, verify } from 'node:crypto';

export type Parameters = ReadonlyMap<string, string>;

/** `a=1&b=2`, sorted by name, values as they are. */
export function signedText(parameters: Parameters, leftOut: readonly string[]): string {
  return [...parameters]
    .filter(([name, value]) => value !== '' && !leftOut.includes(name))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

export function isSignedBy(publicKeyPem: string, text: string, signature: string): boolean {
  return verify('RSA-SHA256', Buffer.from(text, 'utf8'), publicKeyPem, Buffer.from(signature, 'base64'));
}

/** Base64. */
export function signText(privateKeyPem: string, text: string): string {
  return sign('RSA-SHA256', Buffer.from(text, 'utf8'), privateKeyPem).toString('base64');
}
