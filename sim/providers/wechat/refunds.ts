/**
 * WeChat Pay refunds ("申请退款" 4012791882, "查询单笔退款" 4012791884, "退款结果通知"). An accepted refund answers
 * PROCESSING and ends later; the same out_refund_no with the same content gives the same refund, with other
 * content a refusal; at most 50 refunds an order, a minute apart, within a year, never more than was paid.
 */

import type { Answer, Desk } from '../core/adapter';
import { DAY_MS, toRfc3339 } from '../core/beijing';
import { refundableFen } from '../core/ledger';
import type { MerchantAccount, Refund, Trade } from '../core/records';
import { firstViolation } from '../core/schema';
import { violationAnswer, wechatError } from './errors';
import { OUT_REFUND_NO_FIELDS, REFUND_FIELDS } from './fields';

type Input = Readonly<Record<string, unknown>>;

const MAX_REFUNDS = 50;
const REFUND_PERIOD_MS = 365 * DAY_MS;
const RECEIVED_BY = '支付用户零钱';

interface RefundRequest {
  readonly transaction_id?: string;
  readonly out_trade_no?: string;
  readonly out_refund_no: string;
  readonly reason?: string;
  readonly notify_url?: string;
  readonly amount: { readonly refund: number; readonly total: number; readonly currency: string };
}

/** POST /v3/refund/domestic/refunds */
export function applyRefund(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const violation = firstViolation(REFUND_FIELDS, input);
  if (violation) return violationAnswer(violation, 'body');
  const request = input as unknown as RefundRequest;
  if (request.transaction_id === undefined && request.out_trade_no === undefined) {
    return wechatError('PARAM_ERROR', '微信支付订单号与商户订单号不能同时为空', {
      location: 'body',
      value: '',
    });
  }
  const trade = findTrade(desk, account, request);
  if (!trade) return wechatError('RESOURCE_NOT_EXISTS', '订单不存在');
  const repeated = findRefund(desk, account, request.out_refund_no);
  if (repeated) return repeat(trade, repeated, request);
  const refusal = refuse(desk, trade, request);
  if (refusal) return refusal;
  // Nothing below may refuse: the refund is booked.
  const refund = desk.refunds.accept(trade, {
    outRefundNo: request.out_refund_no,
    amountFen: request.amount.refund,
    reason: request.reason ?? '',
    notifyUrl: request.notify_url ?? '',
    delayMs: desk.settings.refundDelayMs,
  });
  return { status: 200, body: refundOf(trade, refund) };
}

/** GET /v3/refund/domestic/refunds/{out_refund_no} */
export function queryRefund(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const violation = firstViolation(OUT_REFUND_NO_FIELDS, input);
  if (violation) return violationAnswer(violation, 'uri_template');
  const refund = findRefund(desk, account, String(input['out_refund_no']));
  if (!refund) return wechatError('RESOURCE_NOT_EXISTS', '退款单不存在');
  const trade = desk.book.trade('wechat', account.merchantId, refund.outTradeNo)!;
  return { status: 200, body: refundOf(trade, refund) };
}

/** The encrypted part of a refund's notification. */
export function refundNoticeOf(trade: Trade, refund: Refund): Record<string, unknown> {
  return {
    mchid: refund.merchantId,
    out_trade_no: refund.outTradeNo,
    transaction_id: trade.tradeNo,
    out_refund_no: refund.outRefundNo,
    refund_id: refund.refundNo,
    refund_status: refund.state,
    ...(refund.doneMs === null ? {} : { success_time: toRfc3339(refund.doneMs) }),
    user_received_account: RECEIVED_BY,
    amount: {
      total: refund.totalFen,
      refund: refund.amountFen,
      payer_total: refund.totalFen,
      payer_refund: refund.amountFen,
    },
  };
}

function refundOf(trade: Trade, refund: Refund): Record<string, unknown> {
  return {
    refund_id: refund.refundNo,
    out_refund_no: refund.outRefundNo,
    transaction_id: trade.tradeNo,
    out_trade_no: refund.outTradeNo,
    channel: 'ORIGINAL',
    user_received_account: RECEIVED_BY,
    ...(refund.doneMs === null ? {} : { success_time: toRfc3339(refund.doneMs) }),
    create_time: toRfc3339(refund.createdMs),
    status: refund.state,
    funds_account: 'UNSETTLED',
    amount: {
      total: refund.totalFen,
      refund: refund.amountFen,
      from: [],
      payer_total: refund.totalFen,
      payer_refund: refund.amountFen,
      settlement_refund: refund.amountFen,
      settlement_total: refund.totalFen,
      discount_refund: 0,
      currency: 'CNY',
      refund_fee: 0,
    },
    promotion_detail: [],
  };
}

function findTrade(desk: Desk, account: MerchantAccount, request: RefundRequest): Trade | undefined {
  const { transaction_id: number, out_trade_no: outTradeNo } = request;
  const byNumber =
    number === undefined ? undefined : desk.book.tradeByTradeNo('wechat', account.merchantId, number);
  const byName =
    outTradeNo === undefined ? undefined : desk.book.trade('wechat', account.merchantId, outTradeNo);
  if (number !== undefined && outTradeNo !== undefined) return byNumber === byName ? byNumber : undefined;
  return byNumber ?? byName;
}

function findRefund(desk: Desk, account: MerchantAccount, outRefundNo: string): Refund | undefined {
  return desk.book.get('refunds', `wechat/${account.merchantId}/${outRefundNo}`);
}

function repeat(trade: Trade, refund: Refund, request: RefundRequest): Answer {
  const isSame =
    refund.outTradeNo === trade.outTradeNo &&
    refund.amountFen === request.amount.refund &&
    refund.totalFen === request.amount.total;
  return isSame
    ? { status: 200, body: refundOf(trade, refund) }
    : wechatError('INVALID_REQUEST', '订单金额或退款金额与之前请求不一致，请核实后再试');
}

function refuse(desk: Desk, trade: Trade, request: RefundRequest): Answer | undefined {
  const { settings, book } = desk;
  const nowMs = desk.clock.nowMs();
  const { amount } = request;
  if (trade.state !== 'PAID') return wechatError('INVALID_REQUEST', '订单未支付，无法退款');
  if (amount.total !== trade.amountFen) {
    return wechatError('INVALID_REQUEST', '订单金额或退款金额与之前请求不一致，请核实后再试');
  }
  if (refundableFen(trade) === 0) return wechatError('INVALID_REQUEST', '订单已全额退款');
  if (amount.refund > refundableFen(trade))
    return wechatError('INVALID_REQUEST', '申请退款金额大于订单可退金额');
  if (trade.refundCount >= MAX_REFUNDS) return wechatError('INVALID_REQUEST', '退款次数超过限制');
  if (nowMs > trade.paidMs! + REFUND_PERIOD_MS)
    return wechatError('INVALID_REQUEST', '订单已超过可退款的最大期限');
  const pauseMs = settings.refundIntervalMs * settings.retryScale;
  if (trade.lastRefundMs !== null && nowMs < trade.lastRefundMs + pauseMs) {
    return wechatError('FREQUENCY_LIMITED', '同一笔订单多次退款的请求需间隔1分钟');
  }
  const availableFen = book.availableFen('wechat', trade.merchantId);
  return availableFen < amount.refund ? wechatError('NOT_ENOUGH') : undefined;
}
