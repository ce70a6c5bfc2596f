/**
 * Verifies what the platform signed: answers and notifications, over the bytes as received. The plugin's own
 * verifier passes every answer that is not 2xx and reads the machine's clock, so it is not used.
 * Source: WeChat Pay APIv3, 签名验证: RSA-SHA256 over timestamp\nnonce\nbody\n; times more than five minutes off
 * are refused. The platform probes merchants with wrong signatures (WECHATPAY/SIGNTEST/…): they fail like any.
 * Invariant: `authentic` only for a fresh time, a known key and a right signature, checked in this order.
 */
import { verify, type KeyObject } from 'node:crypto';

const MAXIMUM_AGE_SECONDS = 300;
const MAXIMUM_HEADER_CHARS = 1024;
const TIMESTAMP_PATTERN = /^\d{1,12}$/;
const SERIAL_PATTERN = /^[0-9A-Za-z_]{1,80}$/;
const BASE64_PATTERN = /^[A-Za-z0-9+/]{300,}={0,2}$/;

export type Headers = Readonly<Record<string, unknown>>;

export interface SignatureHeaders {
  readonly timestamp: string;
  readonly nonce: string;
  readonly serial: string;
  readonly signature: string;
}

export type Verdict = 'authentic' | 'stale' | 'serialUnknown' | 'wrong';

/** The four headers of a signed message; undefined when one is missing, doubled or of impossible form. */
export function readSignatureHeaders(headers: Headers): SignatureHeaders | undefined {
  const timestamp = headerOf(headers, 'wechatpay-timestamp');
  const nonce = headerOf(headers, 'wechatpay-nonce');
  const serial = headerOf(headers, 'wechatpay-serial');
  const signature = headerOf(headers, 'wechatpay-signature');
  if (!timestamp || !nonce || !serial || !signature) return undefined;
  if (!TIMESTAMP_PATTERN.test(timestamp) || !SERIAL_PATTERN.test(serial)) return undefined;
  return { timestamp, nonce, serial, signature };
}

/** Whether the message's time is within five minutes of `nowMs`, either way. */
export function isFresh(headers: SignatureHeaders, nowMs: number): boolean {
  return Math.abs(nowMs - Number(headers.timestamp) * 1000) <= MAXIMUM_AGE_SECONDS * 1000;
}

/** Judges a message whose key has been looked up by its serial (`undefined`: no such key). */
export function judge(
  headers: SignatureHeaders,
  body: Buffer,
  key: KeyObject | undefined,
  nowMs: number,
): Verdict {
  if (!isFresh(headers, nowMs)) return 'stale';
  if (key === undefined) return 'serialUnknown';
  if (!BASE64_PATTERN.test(headers.signature)) return 'wrong';
  const message = Buffer.concat([
    Buffer.from(`${headers.timestamp}\n${headers.nonce}\n`),
    body,
    Buffer.from('\n'),
  ]);
  return verify('RSA-SHA256', message, key, Buffer.from(headers.signature, 'base64')) ? 'authentic' : 'wrong';
}

/** Header names come in any case from an HTTP library, in lower case from Node. */
function headerOf(headers: Headers, name: string): string | undefined {
  let found: string | undefined;
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() !== name) continue;
    if (found !== undefined || typeof value !== 'string' || value.length > MAXIMUM_HEADER_CHARS)
      return undefined;
    found = value;
  }
  return found;
}
