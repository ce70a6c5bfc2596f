/**
 * Alipay's side for tests, written from its documents: verifies the request's signature over the sorted
 * parameters, signs payloads and notifications. Everything can be done wrongly on purpose. Independent of
 * server/ and of sim/providers.
 */
import { createHash, createSign, createVerify, X509Certificate } from 'node:crypto';
import { VirtualClock } from '../../../sim/time/clock';
import { makeCertificate, makeKeyPair, type KeyPair } from './certificates';
import { LoopbackPeer, type RecordedRequest, type Reply } from './loopback';

const DAY_MS = 86_400_000;

export const APP_ID = '2014072300007148';
export const SELLER_ID = '2088102146225135';

export interface AnswerOptions {
  readonly key?: KeyPair;
  readonly omitSign?: boolean;
  /** Signs this text instead of the payload. */
  readonly signedText?: string;
  readonly certificateSerial?: string;
  readonly payloadKey?: string;
}

export class AlipayPeer extends LoopbackPeer {
  readonly clock = new VirtualClock();
  readonly app = makeKeyPair();
  readonly alipay = makeKeyPair();
  readonly stranger = makeKeyPair();

  sign(text: string, key: KeyPair = this.alipay): string {
    return createSign('RSA-SHA256').update(text, 'utf8').sign(key.privateKey, 'base64');
  }

  /** An answer to `method`, signed over the payload as it stands in it. */
  answer(method: string, payload: object, options: AnswerOptions = {}): Reply {
    const text = JSON.stringify(payload);
    const key = options.payloadKey ?? `${method.replaceAll('.', '_')}_response`;
    const sign = this.sign(options.signedText ?? text, options.key);
    const serial = options.certificateSerial ? `,"alipay_cert_sn":"${options.certificateSerial}"` : '';
    return json(`{"${key}":${text}${serial}${options.omitSign ? '' : `,"sign":"${sign}"`}}`);
  }

  success(method: string, fields: object, options: AnswerOptions = {}): Reply {
    return this.answer(method, { code: '10000', msg: 'Success', ...fields }, options);
  }

  failure(method: string, code: string, subCode?: string, fields: object = {}): Reply {
    const sub =
      subCode === undefined ? {} : { sub_code: subCode, sub_msg: '网关生成的验签字符串为 app_id=…' };
    return this.answer(method, { code, msg: 'Business Failed', ...sub, ...fields });
  }

  /** All parameters of a request, those of the address and those of the body. */
  parametersOf(request: RecordedRequest): Record<string, string> {
    const query = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1));
    return Object.fromEntries([...query, ...new URLSearchParams(request.body)]);
  }

  bizContentOf(request: RecordedRequest): Record<string, unknown> {
    return JSON.parse(this.parametersOf(request).biz_content!) as Record<string, unknown>;
  }

  isSignedByApp(request: RecordedRequest): boolean {
    const { sign, ...rest } = this.parametersOf(request);
    const content = Object.keys(rest)
      .sort()
      .map((name) => `${name}=${rest[name]}`)
      .join('&');
    return createVerify('RSA-SHA256').update(content, 'utf8').verify(this.app.publicKey, sign!, 'base64');
  }

  /** The form body of a notification. */
  notification(fields: Record<string, string>, key: KeyPair = this.alipay): string {
    const content = Object.keys(fields)
      .sort()
      .map((name) => `${name}=${fields[name]}`)
      .join('&');
    const all = { ...fields, sign_type: 'RSA2', sign: this.sign(content, key) };
    return new URLSearchParams(all).toString();
  }

  certificateOf(
    keys: KeyPair,
    name: string,
    issuer: KeyPair,
    issuerName: string,
    change: { readonly isAuthority?: boolean; readonly toDays?: number; readonly organisation?: string } = {},
  ): string {
    const nowMs = this.clock.nowMs();
    return makeCertificate({
      commonName: name,
      issuerName,
      serialHex: createHash('sha1').update(name).digest('hex').slice(0, 20),
      publicKey: keys.publicKey,
      signingKey: issuer.privateKey,
      fromMs: nowMs - 365 * DAY_MS,
      toMs: nowMs + (change.toDays ?? 365) * DAY_MS,
      ...change,
    });
  }
}

/** Alipay's serial of a certificate: MD5 of the issuer, most special attribute first, and the decimal number. */
export function certificateSerialOf(pem: string): string {
  const certificate = new X509Certificate(pem);
  const issuer = certificate.issuer.split('\n').reverse().join(',');
  return createHash('md5')
    .update(issuer + BigInt(`0x${certificate.serialNumber}`).toString())
    .digest('hex');
}

export function json(body: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/json;charset=utf-8' }, body };
}
