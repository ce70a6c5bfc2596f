/**
 * WeChat Pay Native: order, query, close ("Native下单" 4012791877, "商户订单号查询订单" 4012791880, "关闭订单"
 * 4012791881). Takes checked identities, gives the provider's own JSON; money moves only in core/.
 * Rules kept: out_trade_no unique per merchant, the same content may be sent again, other content is refused;
 * code_url lives two hours; time_expire earlier than a minute from now is moved to a minute; an order past its
 * time stays NOTPAY until it is closed; closing is idempotent and does not tell an unknown order from a known.
 */

import type { Answer, Desk } from '../core/adapter';
import { parseRfc3339, toRfc3339 } from '../core/beijing';
import { closeTrade, openTrade } from '../core/ledger';
import { fresh, newLink } from '../core/numbers';
import type { MerchantAccount, PayCode, Trade } from '../core/records';
import { firstViolation, type Schema } from '../core/schema';
import { violationAnswer, wechatError } from './errors';
import {
  CLOSE_FIELDS,
  NATIVE_FIELDS,
  OUT_TRADE_NO_FIELDS,
  QUERY_FIELDS,
  TRANSACTION_ID_FIELDS,
} from './fields';

type Input = Readonly<Record<string, unknown>>;

const CODE_LIFE_MS = 2 * 3_600_000;
const LEAST_PAY_TIME_MS = 60_000;

const STATE_TEXT: Readonly<Record<string, string>> = {
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
};

/** POST /v3/pay/transactions/native */
export function placeOrder(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const violation = firstViolation(NATIVE_FIELDS, input);
  if (violation) return violationAnswer(violation, 'body');
  const order = input as unknown as NativeOrder;
  if (order.mchid !== account.merchantId) return mchidMismatch();
  if (order.appid !== account.appId) return wechatError('APPID_MCHID_NOT_MATCH');
  const payByMs = endOfPayment(desk, order.time_expire);
  if (payByMs === undefined) {
    return wechatError('PARAM_ERROR', '输入源“/body/time_expire”映射到字段“支付结束时间”的时间格式不合法', {
      location: 'body',
      value: order.time_expire,
    });
  }
  const known = desk.book.trade('wechat', account.merchantId, order.out_trade_no);
  if (known) return placeAgain(desk, account, known, order);
  const code = newCode(desk, account, order, payByMs);
  openTrade(desk, code, fingerprintOf(order));
  desk.book.put('codes', code.link, code);
  return { status: 200, body: { code_url: code.link } };
}

/** GET /v3/pay/transactions/out-trade-no/{out_trade_no}?mchid= */
export function queryByOutTradeNo(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const refusal = checkQuery(account, input, OUT_TRADE_NO_FIELDS);
  if (refusal) return refusal;
  const trade = desk.book.trade('wechat', account.merchantId, String(input['out_trade_no']));
  return trade ? { status: 200, body: transactionOf(account, trade) } : wechatError('ORDER_NOT_EXIST');
}

/** GET /v3/pay/transactions/id/{transaction_id}?mchid=: only paid orders have such a number for the merchant. */
export function queryByTransactionId(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const refusal = checkQuery(account, input, TRANSACTION_ID_FIELDS);
  if (refusal) return refusal;
  const trade = desk.book.tradeByTradeNo('wechat', account.merchantId, String(input['transaction_id']));
  return trade?.paidMs
    ? { status: 200, body: transactionOf(account, trade) }
    : wechatError('ORDER_NOT_EXIST');
}

/** POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close */
export function closeOrder(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const { out_trade_no: outTradeNo, ...body } = input;
  const badPath = firstViolation(OUT_TRADE_NO_FIELDS, { out_trade_no: outTradeNo });
  if (badPath) return violationAnswer(badPath, 'uri_template');
  const badBody = firstViolation(CLOSE_FIELDS, body);
  if (badBody) return violationAnswer(badBody, 'body');
  if (body['mchid'] !== account.merchantId) return mchidMismatch();
  const trade = desk.book.trade('wechat', account.merchantId, String(outTradeNo));
  if (trade?.state === 'PAID') return wechatError('ORDERPAID');
  if (trade?.state === 'WAITING') closeTrade(desk, trade);
  return { status: 204, body: null };
}

/** The transaction as query and notification give it. */
export function transactionOf(account: MerchantAccount, trade: Trade): Record<string, unknown> {
  const state = tradeStateOf(trade);
  const common = {
    mchid: trade.merchantId,
    appid: account.appId,
    out_trade_no: trade.outTradeNo,
    trade_state: state,
    trade_state_desc: STATE_TEXT[state],
    attach: trade.detail,
  };
  if (trade.paidMs === null) return { ...common, amount: { total: trade.amountFen, currency: 'CNY' } };
  return {
    ...common,
    transaction_id: trade.tradeNo,
    trade_type: 'NATIVE',
    bank_type: 'OTHERS',
    success_time: toRfc3339(trade.paidMs),
    payer: { openid: trade.payer },
    amount: {
      total: trade.amountFen,
      payer_total: trade.amountFen,
      currency: 'CNY',
      payer_currency: 'CNY',
    },
  };
}

/** REFUND from the first accepted refund on, also a partial one. */
export function tradeStateOf(trade: Trade): 'SUCCESS' | 'REFUND' | 'NOTPAY' | 'CLOSED' {
  if (trade.state === 'PAID') return trade.promisedFen > 0 ? 'REFUND' : 'SUCCESS';
  return trade.state === 'WAITING' ? 'NOTPAY' : 'CLOSED';
}

export function mchidMismatch(): Answer {
  return wechatError('INVALID_REQUEST', '请求参数中的mchid与签名的商户号不一致');
}

interface NativeOrder {
  readonly appid: string;
  readonly mchid: string;
  readonly description: string;
  readonly out_trade_no: string;
  readonly time_expire?: string;
  readonly attach?: string;
  readonly notify_url: string;
  readonly amount: { readonly total: number; readonly currency?: string };
}

function placeAgain(desk: Desk, account: MerchantAccount, known: Trade, order: NativeOrder): Answer {
  if (known.state === 'PAID') return wechatError('ORDERPAID');
  if (known.state === 'CLOSED') return wechatError('ORDER_CLOSED');
  if (known.fingerprint !== fingerprintOf(order)) return wechatError('OUT_TRADE_NO_USED');
  const nowMs = desk.clock.nowMs();
  const codes = desk.book.codesOf('wechat', account.merchantId, known.outTradeNo);
  const alive = codes.find((code) => nowMs < code.expiresMs);
  const code = alive ?? newCode(desk, account, order, known.payByMs);
  if (!alive) desk.book.put('codes', code.link, code);
  return { status: 200, body: { code_url: code.link } };
}

function newCode(desk: Desk, account: MerchantAccount, order: NativeOrder, payByMs: number | null): PayCode {
  const nowMs = Math.floor(desk.clock.nowMs());
  return {
    link: fresh(
      () => newLink('wechat', desk.random),
      (link) => desk.book.has('codes', link),
    ),
    channel: 'wechat',
    merchantId: account.merchantId,
    outTradeNo: order.out_trade_no,
    amountFen: order.amount.total,
    title: order.description,
    detail: order.attach ?? '',
    notifyUrl: order.notify_url,
    createdMs: nowMs,
    expiresMs: nowMs + CODE_LIFE_MS,
    payByMs,
    timeoutMs: null,
    isVoid: false,
  };
}

/** null: no end was asked for; undefined: not a time. */
function endOfPayment(desk: Desk, timeExpire: string | undefined): number | null | undefined {
  if (timeExpire === undefined) return null;
  const asked = parseRfc3339(timeExpire);
  return asked === undefined
    ? undefined
    : Math.max(asked, Math.floor(desk.clock.nowMs()) + LEAST_PAY_TIME_MS);
}

/** Everything that was sent, in one order of keys, so that a repeat is told from other content. */
function fingerprintOf(order: NativeOrder): string {
  return JSON.stringify(sorted(order));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function checkQuery(account: MerchantAccount, input: Input, pathFields: Schema): Answer | undefined {
  const [pathName] = Object.keys(pathFields) as [string];
  const { [pathName]: pathValue, ...query } = input;
  const badPath = firstViolation(pathFields, { [pathName]: pathValue });
  if (badPath) return violationAnswer(badPath, 'uri_template');
  const badQuery = firstViolation(QUERY_FIELDS, query);
  if (badQuery) return violationAnswer(badQuery, 'query');
  return query['mchid'] === account.merchantId ? undefined : mchidMismatch();
}
