/**
 * An Alipay notification as it goes over the wire ("异步通知说明"): a form with a signature over the sorted pairs,
 * made anew at each attempt with the time of sending; the notify_id stays. Accepted by the text `success` only.
 */

import { toAlipayTime } from '../core/beijing';
import type { Delivery } from '../core/context';
import type { KeyRing } from '../keys/keyRing';
import { signText } from '../keys/rsa';
import { signedText } from './signature';

const STALE_MS = 10 * 60_000;

export function alipayMessage(
  keys: KeyRing,
  delivery: Delivery,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const atMs = delivery.forgery === 'stale' ? delivery.sentMs - STALE_MS : delivery.sentMs;
  const parameters = new Map<string, string>(
    Object.entries({
      notify_time: toAlipayTime(atMs),
      notify_type: 'trade_status_sync',
      notify_id: delivery.noticeId,
      charset: 'utf-8',
      version: '1.0',
      sign_type: 'RSA2',
      ...delivery.content,
    }).map(([name, value]) => [name, String(value)]),
  );
  const { signing, root } = keys.platform.alipay;
  const key = delivery.forgery === 'signature' ? root.privateKeyPem : signing.privateKeyPem;
  const signature = signText(key, signedText(parameters, ['sign', 'sign_type']));
  const body = new URLSearchParams([...parameters, ['sign', signature]]).toString();
  return { headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' }, body };
}

export function isAcceptedByAlipay(status: number, body: string): boolean {
  return status === 200 && body.trim() === 'success';
}
