/**
 * Who is calling: WeChat Pay's request signature ("如何构造接口请求签名", WECHATPAY2-SHA256-RSA2048). Checks form,
 * age (five minutes either way), merchant, certificate number, RSA-SHA256 over `METHOD\nurl\ntime\nnonce\nbody\n`,
 * and that the nonce is new. Every failure is 401 SIGN_ERROR, unsigned, as nobody has been recognised.
 * Invariant: nothing of the request's content is read before its signature has been verified.
 */

import type { Answer } from '../core/adapter';
import type { KeyRing } from '../keys/keyRing';
import type { MerchantParameters } from '../keys/merchant';
import { isSignedBy } from '../keys/rsa';
import { wechatError } from './errors';

export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export type Identity =
  { readonly merchant: MerchantParameters; readonly refusal?: undefined } | { readonly refusal: Answer };

const SCHEME = 'WECHATPAY2-SHA256-RSA2048';
const FIELD = /^\s*([a-z_]+)="([^"]*)"\s*$/;
const FIELD_NAMES = ['mchid', 'nonce_str', 'timestamp', 'serial_no', 'signature'] as const;
const TOLERANCE_S = 300;
const MAX_NONCES = 200_000;

type Fields = Readonly<Record<(typeof FIELD_NAMES)[number], string>>;

export class WechatAuthorizer {
  /** Used nonces with the second in which they may be forgotten; oldest first. */
  private readonly nonces = new Map<string, number>();

  constructor(
    private readonly keys: KeyRing,
    private readonly nowMs: () => number,
  ) {}

  identify(request: SignedRequest): Identity {
    const fields = parse(request.authorization);
    if (!fields) {
      return refuse(
        'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》',
        request,
        'format',
      );
    }
    const nowS = this.nowMs() / 1000;
    if (!/^\d{1,12}$/.test(fields.timestamp) || Math.abs(nowS - Number(fields.timestamp)) > TOLERANCE_S) {
      return refuse('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟', request, 'timestamp');
    }
    const merchant = this.keys.byWechat(fields.mchid);
    if (!merchant) return refuse('商户号不存在', request, 'mchid');
    if (fields.serial_no !== merchant.wechat.merchantSerialNo) {
      return refuse('商户证书序列号有误。请使用签名私钥匹配的证书序列号', request, 'serial_no');
    }
    if (!isSigned(request, fields, merchant.wechat.merchantCertificatePem)) {
      return refuse('签名错误，请检查后再试', request, 'signature', fields);
    }
    if (!this.isFresh(`${fields.mchid}/${fields.nonce_str}`, nowS)) {
      return refuse('Http头Authorization中的nonce_str已被使用', request, 'nonce_str');
    }
    return { merchant };
  }

  private isFresh(nonce: string, nowS: number): boolean {
    for (const [old, forgetS] of this.nonces) {
      if (forgetS > nowS && this.nonces.size < MAX_NONCES) break;
      this.nonces.delete(old);
    }
    if (this.nonces.has(nonce)) return false;
    this.nonces.set(nonce, nowS + 2 * TOLERANCE_S);
    return true;
  }
}

/** The text that is signed. */
export function requestMessage(request: SignedRequest, timestamp: string, nonce: string): string {
  return `${request.method}\n${request.url}\n${timestamp}\n${nonce}\n${request.body}\n`;
}

function parse(authorization: string | undefined): Fields | undefined {
  if (!authorization?.startsWith(`${SCHEME} `)) return undefined;
  const found = new Map<string, string>();
  for (const part of authorization.slice(SCHEME.length + 1).split(',')) {
    const field = FIELD.exec(part);
    if (!field || found.has(field[1]!)) return undefined;
    found.set(field[1]!, field[2]!);
  }
  const isComplete = found.size === FIELD_NAMES.length && FIELD_NAMES.every((name) => found.get(name));
  return isComplete ? (Object.fromEntries(found) as Fields) : undefined;
}

function isSigned(request: SignedRequest, fields: Fields, certificatePem: string): boolean {
  const message = requestMessage(request, fields.timestamp, fields.nonce_str);
  return isSignedBy(certificatePem, message, fields.signature);
}

function refuse(message: string, request: SignedRequest, field: string, fields?: Fields): Identity {
  const signed = fields ? requestMessage(request, fields.timestamp, fields.nonce_str) : '';
  const information = {
    method: request.method,
    url: request.url,
    truncated_sign_message: signed.split('\n').slice(0, 4).join('\n'),
    sign_message_length: Buffer.byteLength(signed),
  };
  return {
    refusal: wechatError('SIGN_ERROR', message, {
      field,
      location: 'authorization',
      ...(fields ? { issue: 'sign not match', sign_information: information } : {}),
    }),
  };
}
