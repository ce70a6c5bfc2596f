/**
 * Reads a notification of WeChat Pay: first the signature over the raw body, then the content, then whose it is.
 * Nothing is decrypted before the signature is right. Order and amount are the ledger's to check.
 * Source: WeChat Pay APIv3, 支付通知, 退款结果通知, 证书和回调报文解密.
 * Invariant: ok only for an authentic, fresh notification for this merchant and application; unknown only when
 * the platform's keys could not be fetched (the caller asks for the notification again).
 */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ok, refused, unknown } from '../outcome';
import type { CodeOf } from '../codes';
import type { Notification, Outcome, RawNotification, Refused } from '../provider';
import { parseJson, type KeyFinder } from './client';
import { readRefund, readTrade, type Owner } from './messages';
import { encryptedResourceSchema, openResource } from './resource';
import { isFresh, judge, readSignatureHeaders, type Verdict } from './signature';

const MAXIMUM_BODY_CHARS = 65_536;

const envelopeSchema = z.object({
  id: z.string().min(1).max(64),
  event_type: z.string().max(64),
  resource: encryptedResourceSchema,
});

type Envelope = z.infer<typeof envelopeSchema>;

const VERDICT_CODES: Readonly<Record<Exclude<Verdict, 'authentic'>, CodeOf<'notification'>>> = {
  stale: 'NOTIFICATION_STALE',
  serialUnknown: 'NOTIFICATION_SERIAL_UNKNOWN',
  wrong: 'NOTIFICATION_SIGNATURE_WRONG',
};

export interface NotificationContext extends Owner {
  readonly apiV3Key: KeyObject;
  readonly findKey: KeyFinder;
  readonly nowMs: number;
}

/** Verifies, opens and reads a notification. */
export async function readWechatNotification(
  raw: RawNotification,
  context: NotificationContext,
): Promise<Outcome<Notification>> {
  if (raw.body.length > MAXIMUM_BODY_CHARS) return refused('NOTIFICATION_MALFORMED');
  const headers = readSignatureHeaders(raw.headers);
  if (!headers) return refused('NOTIFICATION_UNSIGNED');
  // Before the key is looked for: a replayed packet must not make us download certificates.
  if (!isFresh(headers, context.nowMs)) return refused('NOTIFICATION_STALE');
  const key = await context.findKey(headers.serial);
  if (key === 'unavailable') return unknown('KEYS_UNAVAILABLE');
  const verdict = judge(headers, Buffer.from(raw.body, 'utf8'), key, context.nowMs);
  if (verdict !== 'authentic') return refused(VERDICT_CODES[verdict]);

  const envelope = envelopeSchema.safeParse(parseJson(raw.body));
  if (!envelope.success) return refused('NOTIFICATION_MALFORMED');
  const text = openResource(envelope.data.resource, context.apiV3Key);
  if (text === undefined) return refused('NOTIFICATION_NOT_DECRYPTED');
  return readContent(envelope.data, parseJson(text), context);
}

function readContent(envelope: Envelope, json: unknown, owner: Owner): Outcome<Notification> {
  const notificationId = envelope.id;
  if (envelope.event_type.startsWith('TRANSACTION.')) {
    const trade = readTrade(json, owner);
    return trade.kind === 'ok' ? ok({ notificationId, trade: trade.value }) : asNotification(trade);
  }
  if (envelope.event_type.startsWith('REFUND.')) {
    const refund = readRefund(json, owner.mchid);
    return refund.kind === 'ok' ? ok({ notificationId, refund: refund.value }) : asNotification(refund);
  }
  return refused('NOTIFICATION_UNSUPPORTED', envelope.event_type);
}

/** What would leave an answer unknown makes a notification refused: the caller may query at any time. */
function asNotification(failure: Exclude<Outcome<never>, { kind: 'ok' }>): Refused {
  if (failure.code === 'ANSWER_MISMATCH') return refused('NOTIFICATION_FOREIGN');
  if (failure.code === 'STATE_UNLISTED') return refused('NOTIFICATION_UNSUPPORTED', failure.providerCode);
  return refused('NOTIFICATION_MALFORMED');
}
