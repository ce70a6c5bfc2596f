/**
 * An Alipay app for tests, written from the documents ("自行实现签名", "自行实现验签", "异步通知验签") with node:crypto
 * alone; shares no line with the sandbox or with our own client.
 */

import { createSign, createVerify } from 'node:crypto';
import type { MerchantParameters, Sandbox } from '../../../../sim/providers';
import { http } from './http';

export interface GatewayCall {
  readonly method: string;
  readonly biz?: unknown;
  readonly nowMs: number;
  readonly notifyUrl?: string;
  /** Parameters to set, or (undefined) to leave out, before signing. */
  readonly change?: Readonly<Record<string, string | undefined>>;
  /** The same after signing. */
  readonly spoil?: Readonly<Record<string, string | undefined>>;
  readonly privateKey?: string;
  readonly timeoutMs?: number;
}

export interface GatewayReply {
  readonly status: number;
  readonly raw: string;
  /** The response node. */
  readonly node: Record<string, unknown>;
  readonly nodeName: string;
  readonly whole: Record<string, unknown>;
}

/** GMT+8, as the documents have it. */
export function chinaTime(atMs: number): string {
  return new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

export function signedParameters(merchant: MerchantParameters, call: GatewayCall): Record<string, string> {
  const certificates =
    merchant.alipay.mode === 'certificate'
      ? { app_cert_sn: merchant.alipay.appCertSn, alipay_root_cert_sn: merchant.alipay.alipayRootCertSn }
      : {};
  const before: Record<string, string | undefined> = {
    app_id: merchant.alipay.appId,
    method: call.method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: chinaTime(call.nowMs),
    version: '1.0',
    ...certificates,
    ...(call.notifyUrl === undefined ? {} : { notify_url: call.notifyUrl }),
    biz_content: JSON.stringify(call.biz ?? {}),
    ...call.change,
  };
  const pairs = Object.entries(before).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const text = pairs
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
  const sign = createSign('RSA-SHA256')
    .update(text, 'utf8')
    .sign(call.privateKey ?? merchant.alipay.appPrivateKeyPem, 'base64');
  const after = { ...Object.fromEntries(pairs), sign, ...call.spoil };
  return Object.fromEntries(
    Object.entries(after).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

export async function callAlipay(
  sandbox: Sandbox,
  merchant: MerchantParameters,
  call: GatewayCall,
): Promise<GatewayReply> {
  const reply = await http(`${sandbox.url}/gateway.do`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    body: new URLSearchParams(signedParameters(merchant, call)).toString(),
    ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
  });
  return readReply(reply.status, reply.body);
}

export function readReply(status: number, raw: string): GatewayReply {
  if (!raw.startsWith('{')) return { status, raw, node: {}, nodeName: '', whole: {} };
  const whole = JSON.parse(raw) as Record<string, unknown>;
  const [nodeName = ''] = Object.keys(whole);
  return { status, raw, node: whole[nodeName] as Record<string, unknown>, nodeName, whole };
}

/** Checks the signature over the node's text exactly as it stands in the answer. */
export function isAnswerSigned(reply: GatewayReply, publicKey: string): boolean {
  const start = reply.raw.indexOf(':') + 1;
  let depth = 0;
  let inText = false;
  for (let index = start; index < reply.raw.length; index += 1) {
    const char = reply.raw[index];
    if (inText && char === '\\') index += 1;
    else if (char === '"') inText = !inText;
    else if (!inText && char === '{') depth += 1;
    else if (!inText && char === '}' && (depth -= 1) === 0) {
      const text = reply.raw.slice(start, index + 1);
      const signature = String(reply.whole['sign'] ?? '');
      return createVerify('RSA-SHA256').update(text, 'utf8').verify(publicKey, signature, 'base64');
    }
  }
  return false;
}

/** A notification's form: everything but sign and sign_type, sorted, decoded. */
export function isNoticeSigned(form: string, publicKey: string): boolean {
  const fields = new URLSearchParams(form);
  const text = [...fields]
    .filter(([name, value]) => name !== 'sign' && name !== 'sign_type' && value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
  return createVerify('RSA-SHA256')
    .update(text, 'utf8')
    .verify(publicKey, fields.get('sign') ?? '', 'base64');
}
