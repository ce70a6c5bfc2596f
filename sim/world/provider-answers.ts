/**
 * What the providers' answers and notifications mean, by the server's own readers and tables of codes; only what
 * the HTTP clients do around them (status, class of code) is done here again.
 */
import {
  meaningOf as alipayMeaning,
  SUCCESS_CODE,
  type AlipayOperation,
} from '../../server/providers/alipay/error-codes';
import {
  readRefund as readAlipayRefund,
  readTrade as readAlipayTrade,
  stateOf,
} from '../../server/providers/alipay/messages';
import { PROVIDER_CODES, type CodeOf } from '../../server/providers/codes';
import { yuanToFen } from '../../server/providers/money';
import { ok, refused, unknown } from '../../server/providers/outcome';
import type { Notification, Outcome } from '../../server/providers/provider';
import { parseLocal } from '../../server/providers/shanghai-time';
import { meaningOf as wechatMeaning, type WechatOperation } from '../../server/providers/wechat/error-codes';
import {
  readRefund as readWechatRefund,
  readTrade as readWechatTrade,
  type Owner,
} from '../../server/providers/wechat/messages';
import type { Answer } from '../providers';

/** The fields of a request or an answer. */
export type Body = Readonly<Record<string, unknown>>;

type Meaning = CodeOf<'refused'> | CodeOf<'unknown'>;

function failure(meaning: Meaning, said: unknown): Outcome<never> {
  return PROVIDER_CODES[meaning].kind === 'refused'
    ? refused(meaning as CodeOf<'refused'>, said)
    : unknown(meaning as CodeOf<'unknown'>, said);
}

/** As server/providers/wechat/provider.ts judges a status; an unsigned 502 is no answer. */
export function judgeWechat(operation: WechatOperation, answer: Answer): Outcome<Body> {
  const { status, body } = answer;
  if (typeof body === 'string') return unknown('ANSWER_UNSIGNED');
  if (status === 200 || status === 204) return ok(body ?? {});
  const said = (body ?? {})['code'];
  return failure(wechatMeaning(operation, typeof said === 'string' ? said : undefined), said);
}

export function judgeAlipay(operation: AlipayOperation, answer: Answer): Outcome<Body> {
  const { body } = answer;
  if (body === null || typeof body === 'string') return unknown('ANSWER_UNSIGNED');
  const code = body['code'] as string | undefined;
  const subCode = body['sub_code'] as string | undefined;
  if (code === SUCCESS_CODE && subCode === undefined) return ok(body);
  return failure(alipayMeaning(operation, code, subCode), subCode ?? code);
}

export const readWechat = {
  readTrade: readWechatTrade,
  readRefund: readWechatRefund,
  notification(notificationId: string, event: string, content: Body, owner: Owner): Outcome<Notification> {
    if (event === 'payment') {
      const trade = readWechatTrade(content, owner);
      return trade.kind === 'ok'
        ? ok({ notificationId, trade: trade.value })
        : refused('NOTIFICATION_FOREIGN');
    }
    const refund = readWechatRefund(content, owner.mchid);
    return refund.kind === 'ok'
      ? ok({ notificationId, refund: refund.value })
      : refused('NOTIFICATION_FOREIGN');
  },
};

export const readAlipay = {
  readTrade: readAlipayTrade,
  readRefund: readAlipayRefund,
  notification(
    notificationId: string,
    content: Body,
    owner: { readonly appId: string; readonly sellerId: string },
  ): Outcome<Notification> {
    if (content['app_id'] !== owner.appId || content['seller_id'] !== owner.sellerId) {
      return refused('NOTIFICATION_FOREIGN');
    }
    const providerState = String(content['trade_status']);
    const paidAtMs = parseLocal(String(content['gmt_payment'] ?? ''));
    const state = stateOf(providerState, paidAtMs !== undefined);
    const amountFen = yuanToFen(String(content['total_amount']));
    if (state === undefined || amountFen === undefined) return refused('NOTIFICATION_MALFORMED');
    const trade = {
      outTradeNo: String(content['out_trade_no']),
      state,
      providerState,
      transactionId: String(content['trade_no']),
      amountFen,
      ...(paidAtMs === undefined ? {} : { paidAtMs }),
    };
    return ok({ notificationId, trade });
  },
};
