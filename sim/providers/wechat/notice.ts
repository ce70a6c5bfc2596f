/**
 * A WeChat Pay notification as it goes over the wire ("支付成功回调通知", "退款结果通知"): JSON with the content
 * encrypted, signed anew at each attempt. Accepted by 200 or 204. A forged one carries the signature of another
 * key, a stale one a time ten minutes ago under a good signature.
 */

import { toRfc3339 } from '../core/beijing';
import type { Delivery } from '../core/context';
import type { KeyRing } from '../keys/keyRing';
import { encryptFor, signedHeaders, signingKeyFor } from './signer';

export interface WireMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STALE_MS = 10 * 60_000;

const SUMMARIES: Readonly<Record<string, string>> = {
  'TRANSACTION.SUCCESS': '支付成功',
  'REFUND.SUCCESS': '退款成功',
  'REFUND.ABNORMAL': '退款异常',
  'REFUND.CLOSED': '退款关闭',
};

export function wechatMessage(keys: KeyRing, delivery: Delivery): WireMessage {
  const merchant = keys.byWechat(delivery.merchantId)!;
  const kind = delivery.event === 'payment' ? 'transaction' : 'refund';
  const body = JSON.stringify({
    id: delivery.noticeId,
    create_time: toRfc3339(delivery.createdMs),
    resource_type: 'encrypt-resource',
    event_type: delivery.eventType,
    summary: SUMMARIES[delivery.eventType],
    resource: { original_type: kind, ...encryptFor(merchant, JSON.stringify(delivery.content), kind) },
  });
  const key = signingKeyFor(keys.platform, merchant, undefined);
  const forger = { serial: key.serial, privateKeyPem: keys.platform.wechat.authority.privateKeyPem };
  const signer = delivery.forgery === 'signature' ? forger : key;
  const atMs = delivery.forgery === 'stale' ? delivery.sentMs - STALE_MS : delivery.sentMs;
  return {
    headers: {
      'Content-Type': 'application/json',
      Accept: '*/*',
      'User-Agent': 'Mozilla/4.0',
      ...signedHeaders(signer, body, atMs),
    },
    body,
  };
}

export function isAcceptedByWechat(status: number): boolean {
  return status === 200 || status === 204;
}
