/**
 * A WeChat Pay merchant for tests, written from the documents ("如何构造接口请求签名", "如何验证签名", "如何解密回调
 * 报文") with node:crypto alone; shares no line with the sandbox or with our own client.
 */

import { createDecipheriv, createSign, createVerify, randomBytes } from 'node:crypto';
import type { MerchantParameters, Sandbox } from '../../../../sim/providers';
import { http, type HttpReply } from './http';

export interface CallOptions {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: unknown;
  readonly nowMs: number;
  readonly timeoutMs?: number;
  /** Spoils one part of the request after or before signing. */
  readonly change?: Partial<{
    mchid: string;
    serial: string;
    timestamp: string;
    nonce: string;
    privateKey: string;
    signedBody: string;
    signedUrl: string;
    signedMethod: string;
    authorization: string | undefined;
    headers: Record<string, string | undefined>;
    rawBody: string;
  }>;
}

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly raw: HttpReply;
}

export function authorizationFor(merchant: MerchantParameters, options: CallOptions, text: string): string {
  const { change = {} } = options;
  const mchid = change.mchid ?? merchant.wechat.mchId;
  const timestamp = change.timestamp ?? String(Math.floor(options.nowMs / 1000));
  const nonce = change.nonce ?? randomBytes(16).toString('hex');
  const serial = change.serial ?? merchant.wechat.merchantSerialNo;
  const message = [
    change.signedMethod ?? options.method,
    change.signedUrl ?? options.url,
    timestamp,
    nonce,
    change.signedBody ?? text,
    '',
  ].join('\n');
  const signature = createSign('RSA-SHA256')
    .update(message, 'utf8')
    .sign(change.privateKey ?? merchant.wechat.merchantPrivateKeyPem, 'base64');
  return `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${serial}"`;
}

export async function callWechat(
  sandbox: Sandbox,
  merchant: MerchantParameters,
  options: CallOptions,
): Promise<Reply> {
  const { change = {} } = options;
  const text = change.rawBody ?? (options.body === undefined ? '' : JSON.stringify(options.body));
  const authorization =
    'authorization' in change ? change.authorization : authorizationFor(merchant, options, text);
  const headers: Record<string, string | undefined> = {
    accept: 'application/json',
    'user-agent': 'coinslot-test/1.0',
    ...(options.method === 'POST' ? { 'content-type': 'application/json' } : {}),
    ...(authorization === undefined ? {} : { authorization }),
    ...change.headers,
  };
  const raw = await http(`${sandbox.url}${options.url}`, {
    method: options.method,
    headers,
    body: text,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const isJson = String(raw.headers['content-type'] ?? '').startsWith('application/json');
  const body = isJson ? (JSON.parse(raw.body) as Record<string, unknown>) : {};
  return { status: raw.status, body, raw };
}

export interface SignedMessage {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Whether an answer or notification carries a good signature of the given key (certificate or public key). */
export function isSignedByPlatform(message: SignedMessage, publicKey: string): boolean {
  const header = (name: string): string => String(message.headers[name] ?? '');
  const text = `${header('wechatpay-timestamp')}\n${header('wechatpay-nonce')}\n${message.body}\n`;
  return createVerify('RSA-SHA256')
    .update(text, 'utf8')
    .verify(publicKey, header('wechatpay-signature'), 'base64');
}

interface EncryptedPart {
  readonly algorithm: string;
  readonly ciphertext: string;
  readonly associated_data: string;
  readonly nonce: string;
}

/** AEAD_AES_256_GCM: the last sixteen bytes are the tag. */
export function decryptPart(part: EncryptedPart, apiV3Key: string): string {
  if (part.algorithm !== 'AEAD_AES_256_GCM') throw new Error(`unknown algorithm ${part.algorithm}`);
  const bytes = Buffer.from(part.ciphertext, 'base64');
  const decipher = createDecipheriv(
    'aes-256-gcm',
    Buffer.from(apiV3Key, 'utf8'),
    Buffer.from(part.nonce, 'utf8'),
  );
  decipher.setAuthTag(bytes.subarray(bytes.length - 16));
  decipher.setAAD(Buffer.from(part.associated_data, 'utf8'));
  return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - 16)), decipher.final()]).toString(
    'utf8',
  );
}
