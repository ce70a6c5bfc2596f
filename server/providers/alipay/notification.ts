/**
 * Reads a notification of Alipay: a form post whose sorted fields, without sign and sign_type, are signed. The
 * form is parsed here, not by a web framework: a field that comes twice would be signed one way and read
 * another. Only RSA2 counts; alipay-sdk would take the weaker algorithm that the notification itself names.
 * Source: Alipay open platform, 异步通知说明, 异步返回结果的验签. notify_id stays the same when it is sent again.
 * Invariant: ok only for an authentic notification for this application and seller.
 */
import { verify, type KeyObject } from 'node:crypto';
import { yuanToFen } from '../money';
import { ok, refused } from '../outcome';
import { parseLocal } from '../shanghai-time';
import type { Notification, Outcome, RawNotification, Refund } from '../provider';
import { stateOf } from './messages';

const MAXIMUM_BODY_CHARS = 65_536;
const MAXIMUM_FIELDS = 64;
/** Alipay repeats for 24 h 24 min and does not say whether notify_time is then renewed. */
const MAXIMUM_AGE_MS = 26 * 3_600_000;
const MAXIMUM_LEAD_MS = 300_000;

export interface NotificationContext {
  readonly appId: string;
  readonly sellerId: string;
  readonly keys: readonly KeyObject[];
  readonly nowMs: number;
}

type Form = ReadonlyMap<string, string>;

/** Verifies and reads a notification. */
export function readAlipayNotification(
  raw: RawNotification,
  context: NotificationContext,
): Outcome<Notification> {
  const form = parseForm(raw.body);
  if (!form) return refused('NOTIFICATION_MALFORMED');
  const sign = form.get('sign');
  if (!sign || form.get('sign_type') !== 'RSA2') return refused('NOTIFICATION_UNSIGNED');
  if (!isAuthentic(form, sign, context.keys)) return refused('NOTIFICATION_SIGNATURE_WRONG');

  if (form.get('app_id') !== context.appId || form.get('seller_id') !== context.sellerId) {
    return refused('NOTIFICATION_FOREIGN');
  }
  const sentAtMs = parseLocal(form.get('notify_time') ?? '');
  if (sentAtMs === undefined) return refused('NOTIFICATION_MALFORMED');
  const ageMs = context.nowMs - sentAtMs;
  if (ageMs > MAXIMUM_AGE_MS || ageMs < -MAXIMUM_LEAD_MS) return refused('NOTIFICATION_STALE');
  const type = form.get('notify_type');
  if (type !== 'trade_status_sync') return refused('NOTIFICATION_UNSUPPORTED', type);
  return readContent(form);
}

function readContent(form: Form): Outcome<Notification> {
  const notificationId = form.get('notify_id');
  const outTradeNo = form.get('out_trade_no');
  const transactionId = form.get('trade_no');
  const providerState = form.get('trade_status');
  const amountFen = yuanToFen(form.get('total_amount') ?? '');
  if (!notificationId || !outTradeNo || !transactionId || !providerState || amountFen === undefined) {
    return refused('NOTIFICATION_MALFORMED');
  }
  const paidAtMs = parseLocal(form.get('gmt_payment') ?? '');
  const refund = readRefund(form, outTradeNo, providerState);
  const state = stateOf(providerState, paidAtMs !== undefined || refund !== undefined);
  if (state === undefined) return refused('NOTIFICATION_UNSUPPORTED', providerState);
  return ok({
    notificationId,
    trade: {
      outTradeNo,
      state,
      providerState,
      transactionId,
      amountFen,
      ...(paidAtMs === undefined ? {} : { paidAtMs }),
    },
    ...(refund === undefined ? {} : { refund }),
  });
}

/** `refund_fee` is the sum of all refunds so far, not this one's: the amount is left out. */
function readRefund(form: Form, outTradeNo: string, providerState: string): Refund | undefined {
  const outRefundNo = form.get('out_biz_no');
  const isRefund = form.has('gmt_refund') && (yuanToFen(form.get('refund_fee') ?? '') ?? 0) > 0;
  return isRefund && outRefundNo ? { outTradeNo, outRefundNo, state: 'SUCCESS', providerState } : undefined;
}

function isAuthentic(form: Form, sign: string, keys: readonly KeyObject[]): boolean {
  const content = [...form.keys()]
    .filter((name) => name !== 'sign' && name !== 'sign_type')
    .sort()
    .map((name) => `${name}=${form.get(name)!}`)
    .join('&');
  const signature = Buffer.from(sign, 'base64');
  return keys.some((key) => verify('RSA-SHA256', Buffer.from(content, 'utf8'), key, signature));
}

/** The fields of a form body; undefined when a name comes twice or an escape is broken. */
function parseForm(body: string): Form | undefined {
  if (body.length > MAXIMUM_BODY_CHARS) return undefined;
  const form = new Map<string, string>();
  for (const pair of body.split('&')) {
    const separator = pair.indexOf('=');
    if (separator < 1 || form.size === MAXIMUM_FIELDS) return undefined;
    const name = decode(pair.slice(0, separator));
    const value = decode(pair.slice(separator + 1));
    if (!name || value === undefined || form.has(name)) return undefined;
    form.set(name, value);
  }
  return form;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
