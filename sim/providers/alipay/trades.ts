/**
 * Alipay face to face: precreate, query, cancel, close (alipay.trade.*). Precreate only gives a link, good for two
 * hours; the trade exists from the scan on, until then ACQ.TRADE_NOT_EXIST is the normal answer. A trade past its
 * time closes itself. Close is for waiting trades only; cancel closes a waiting one, gives a paid one back, and
 * succeeds for an out_trade_no that has no trade (its links die).
 */

import type { Answer, Desk } from '../core/adapter';
import { DAY_MS, parseAlipayTime, toAlipayTime } from '../core/beijing';
import { closeTrade, closeWhenOver, refundableFen } from '../core/ledger';
import { fenToYuan, yuanToFen } from '../core/money';
import { fresh, newLink } from '../core/numbers';
import type { MerchantAccount, PayCode, Trade } from '../core/records';
import { firstViolation, type Schema, type Violation } from '../core/schema';
import { alipayError, alipaySuccess } from './errors';
import { CANCEL_FIELDS, CLOSE_FIELDS, PRECREATE_FIELDS, QUERY_FIELDS } from './fields';

type Input = Readonly<Record<string, unknown>>;

const CODE_LIFE_MS = 2 * 3_600_000;
const CANCEL_PERIOD_MS = DAY_MS;
/** "默认退款时间": after it a paid trade is finished and takes no refund. */
export const REFUND_PERIOD_MS = 365 * DAY_MS;
const AMOUNT_MAX_FEN = 10_000_000_000;
const LONGEST_TIMEOUT_MS = 15 * DAY_MS;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS };

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_FINISHED' | 'TRADE_CLOSED';

/** alipay.trade.precreate */
export function precreate(desk: Desk, account: MerchantAccount, request: Input): Answer {
  // notify_url is a public parameter of the gateway, not part of biz_content.
  const { notify_url: notifyUrl, ...input } = request;
  const violation = firstViolation(PRECREATE_FIELDS, input);
  if (violation) return parameterFault(violation);
  const outTradeNo = String(input['out_trade_no']);
  const amountFen = yuanToFen(input['total_amount']);
  if (amountFen === undefined || amountFen < 1 || amountFen > AMOUNT_MAX_FEN) {
    return alipayError('ACQ.INVALID_PARAMETER', '参数无效，订单总金额(total_amount)不合法');
  }
  if (input['seller_id'] !== undefined && input['seller_id'] !== account.sellerId) {
    return alipayError('ACQ.INVALID_PARAMETER', '参数无效，卖家支付宝用户ID(seller_id)不正确');
  }
  const times = timesOf(desk, input);
  if (!times) return alipayError('ACQ.INVALID_PARAMETER', '参数无效，超时时间不合法');
  const refusal = refuseKnown(desk, account, outTradeNo, amountFen, String(input['subject']));
  if (refusal) return refusal;
  const nowMs = Math.floor(desk.clock.nowMs());
  const code: PayCode = {
    link: fresh(
      () => newLink('alipay', desk.random),
      (link) => desk.book.has('codes', link),
    ),
    channel: 'alipay',
    merchantId: account.merchantId,
    outTradeNo,
    amountFen,
    title: String(input['subject']),
    detail: typeof input['body'] === 'string' ? input['body'] : '',
    notifyUrl: typeof notifyUrl === 'string' ? notifyUrl : '',
    createdMs: nowMs,
    expiresMs: nowMs + times.codeLifeMs,
    payByMs: times.payByMs,
    timeoutMs: times.timeoutMs,
    isVoid: false,
  };
  desk.book.put('codes', code.link, code);
  return alipaySuccess({ out_trade_no: outTradeNo, qr_code: code.link });
}

/** alipay.trade.query */
export function query(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const found = findTrade(desk, account, QUERY_FIELDS, input);
  if (found.refusal) return found.refusal;
  const { trade } = found;
  const paid = trade.paidMs === null ? {} : paidFields(trade);
  return alipaySuccess({
    buyer_logon_id: '159****5620',
    buyer_pay_amount: trade.paidMs === null ? '0.00' : fenToYuan(trade.amountFen),
    buyer_user_id: trade.payer,
    invoice_amount: trade.paidMs === null ? '0.00' : fenToYuan(trade.amountFen),
    out_trade_no: trade.outTradeNo,
    point_amount: '0.00',
    receipt_amount: trade.paidMs === null ? '0.00' : fenToYuan(trade.amountFen),
    total_amount: fenToYuan(trade.amountFen),
    trade_no: trade.tradeNo,
    trade_status: statusOf(desk, trade),
    ...paid,
  });
}

/** alipay.trade.close */
export function close(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const found = findTrade(desk, account, CLOSE_FIELDS, input);
  if (found.refusal) return found.refusal;
  if (found.trade.state !== 'WAITING') return alipayError('ACQ.REASON_TRADE_STATUS_INVALID');
  closeTrade(desk, found.trade);
  return alipaySuccess({ out_trade_no: found.trade.outTradeNo, trade_no: found.trade.tradeNo });
}

/** alipay.trade.cancel */
export function cancel(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const found = findTrade(desk, account, CANCEL_FIELDS, input);
  if (found.refusal && (found.isFault || input['trade_no'] !== undefined)) return found.refusal;
  if (found.refusal) {
    const outTradeNo = String(input['out_trade_no']);
    for (const code of desk.book.codesOf('alipay', account.merchantId, outTradeNo)) {
      desk.book.put('codes', code.link, { ...code, isVoid: true });
    }
    return alipaySuccess({ out_trade_no: outTradeNo, retry_flag: 'N' });
  }
  const { trade } = found;
  const common = { out_trade_no: trade.outTradeNo, trade_no: trade.tradeNo, retry_flag: 'N' };
  if (trade.state === 'WAITING') {
    closeTrade(desk, trade);
    return alipaySuccess({ ...common, action: 'close' });
  }
  if (trade.state === 'CLOSED')
    return alipaySuccess({ ...common, action: trade.paidMs === null ? 'close' : 'refund' });
  if (desk.clock.nowMs() > trade.paidMs! + CANCEL_PERIOD_MS) return alipayError('ACQ.TRADE_CANCEL_TIME_OUT');
  const leftFen = refundableFen(trade);
  if (leftFen > desk.book.availableFen('alipay', account.merchantId)) {
    return alipayError('ACQ.SELLER_BALANCE_NOT_ENOUGH');
  }
  desk.refunds.accept(trade, {
    outRefundNo: `cancel_${trade.outTradeNo}`,
    amountFen: leftFen,
    reason: '交易撤销',
    notifyUrl: '',
    delayMs: 0,
  });
  return alipaySuccess({ ...common, action: 'refund' });
}

/** What Alipay calls the trade's state now. */
export function statusOf(desk: Pick<Desk, 'clock'>, trade: Trade): TradeStatus {
  if (trade.state === 'CLOSED') return 'TRADE_CLOSED';
  if (trade.state === 'WAITING') return 'WAIT_BUYER_PAY';
  return desk.clock.nowMs() > trade.paidMs! + REFUND_PERIOD_MS ? 'TRADE_FINISHED' : 'TRADE_SUCCESS';
}

export function parameterFault(violation: Violation): Answer {
  const field = violation.path.slice(1);
  const words: Readonly<Record<Violation['rule'], string>> = {
    unknown: '不是文档中定义的参数',
    missing: '不能为空',
    type: '类型不正确',
    short: '过短',
    long: '超过最大长度',
    pattern: '格式不正确',
    choice: '取值不正确',
  };
  return alipayError(
    'ACQ.INVALID_PARAMETER',
    `参数无效，${violation.label}(${field})${words[violation.rule]}`,
  );
}

type Found =
  | { readonly trade: Trade; readonly refusal?: undefined }
  | { readonly refusal: Answer; readonly isFault: boolean };

/** By trade_no before out_trade_no; a trade past its time is closed first. */
export function findTrade(desk: Desk, account: MerchantAccount, schema: Schema, input: Input): Found {
  const violation = firstViolation(schema, input);
  if (violation) return { refusal: parameterFault(violation), isFault: true };
  const { out_trade_no: outTradeNo, trade_no: tradeNo } = input;
  if (!outTradeNo && !tradeNo) {
    const refusal = alipayError('ACQ.INVALID_PARAMETER', '参数无效，商户订单号和支付宝交易号不能同时为空');
    return { refusal, isFault: true };
  }
  const trade = tradeNo
    ? desk.book.tradeByTradeNo('alipay', account.merchantId, String(tradeNo))
    : desk.book.trade('alipay', account.merchantId, String(outTradeNo));
  if (!trade) return { refusal: alipayError('ACQ.TRADE_NOT_EXIST'), isFault: false };
  return { trade: closeWhenOver(desk, trade) };
}

function refuseKnown(
  desk: Desk,
  account: MerchantAccount,
  outTradeNo: string,
  amountFen: number,
  subject: string,
): Answer | undefined {
  const known = desk.book.trade('alipay', account.merchantId, outTradeNo);
  if (!known) return undefined;
  const trade = closeWhenOver(desk, known);
  if (trade.state === 'PAID') return alipayError('ACQ.TRADE_HAS_SUCCESS');
  if (trade.state === 'CLOSED') return alipayError('ACQ.TRADE_HAS_CLOSE');
  const isSame = trade.amountFen === amountFen && trade.title === subject;
  return isSame ? undefined : alipayError('ACQ.CONTEXT_INCONSISTENT');
}

interface Times {
  readonly codeLifeMs: number;
  readonly payByMs: number | null;
  readonly timeoutMs: number | null;
}

function timesOf(desk: Desk, input: Input): Times | undefined {
  const { timeout_express: timeout, qr_code_timeout_express: codeTimeout, time_expire: expire } = input;
  const payByMs = typeof expire === 'string' ? parseAlipayTime(expire) : null;
  if (payByMs === undefined || (payByMs !== null && payByMs <= desk.clock.nowMs())) return undefined;
  const timeoutMs = typeof timeout === 'string' ? durationMs(desk, timeout) : null;
  const codeLifeMs = typeof codeTimeout === 'string' ? durationMs(desk, codeTimeout) : CODE_LIFE_MS;
  const isTooLong = Math.max(timeoutMs ?? 0, codeLifeMs) > LONGEST_TIMEOUT_MS;
  return isTooLong ? undefined : { codeLifeMs, payByMs, timeoutMs };
}

/** `90m`, `2h`, `15d`; `1c` is the end of the Chinese day. */
function durationMs(desk: Desk, text: string): number {
  if (text !== '1c') return Number(text.slice(0, -1)) * UNITS_MS[text.slice(-1)]!;
  const nowMs = desk.clock.nowMs();
  return parseAlipayTime(`${toAlipayTime(nowMs).slice(0, 10)} 00:00:00`)! + DAY_MS - nowMs;
}

function paidFields(trade: Trade): Record<string, unknown> {
  return {
    send_pay_date: toAlipayTime(trade.paidMs!),
    fund_bill_list: [{ amount: fenToYuan(trade.amountFen), fund_channel: 'ALIPAYACCOUNT' }],
  };
}
