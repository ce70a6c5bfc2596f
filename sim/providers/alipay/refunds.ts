/**
 * Alipay refunds (alipay.trade.refund, alipay.trade.fastpay.refund.query). Done when answered; refund_fee is the
 * trade's total so far, fund_change says whether this request moved anything: a repeat of the same out_request_no
 * answers N. A partial refund needs an out_request_no. Fully refunded means TRADE_CLOSED.
 */

import type { Answer, Desk } from '../core/adapter';
import { toAlipayTime } from '../core/beijing';
import { refundableFen } from '../core/ledger';
import { fenToYuan, yuanToFen } from '../core/money';
import type { MerchantAccount, Refund, Trade } from '../core/records';
import { alipayError, alipaySuccess } from './errors';
import { REFUND_FIELDS, REFUND_QUERY_FIELDS } from './fields';
import { findTrade, statusOf } from './trades';

type Input = Readonly<Record<string, unknown>>;

/** alipay.trade.refund */
export function refund(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const found = findTrade(desk, account, REFUND_FIELDS, input);
  if (found.refusal) return found.refusal;
  const { trade } = found;
  const amountFen = yuanToFen(input['refund_amount']);
  if (amountFen === undefined || amountFen < 1) {
    return alipayError('ACQ.INVALID_PARAMETER', '参数无效，退款金额(refund_amount)不合法');
  }
  const given = typeof input['out_request_no'] === 'string' ? input['out_request_no'] : '';
  // "如果在退款请求时未传入，则该值为创建交易时的商户订单号"
  const outRequestNo = given || trade.outTradeNo;
  const repeated = findRefund(desk, trade, outRequestNo);
  if (repeated) {
    return repeated.amountFen === amountFen
      ? alipaySuccess(refundFields(trade, repeated, 'N'))
      : alipayError('ACQ.DISCORDANT_REPEAT_REQUEST');
  }
  const refusal = refuse(desk, trade, amountFen, given !== '');
  if (refusal) return refusal;
  // Nothing below may refuse: the refund is booked.
  const done = desk.refunds.accept(trade, {
    outRefundNo: outRequestNo,
    amountFen,
    reason: typeof input['refund_reason'] === 'string' ? input['refund_reason'] : '',
    notifyUrl: '',
    delayMs: 0,
  });
  const settled = desk.book.trade('alipay', account.merchantId, trade.outTradeNo)!;
  return alipaySuccess(refundFields(settled, done, done.state === 'SUCCESS' ? 'Y' : 'N'));
}

/** alipay.trade.fastpay.refund.query: a refund that does not exist is a success without refund_status. */
export function queryRefund(desk: Desk, account: MerchantAccount, input: Input): Answer {
  const found = findTrade(desk, account, REFUND_QUERY_FIELDS, input);
  if (found.refusal) return found.refusal;
  const { trade } = found;
  const refund = findRefund(desk, trade, String(input['out_request_no']));
  if (!refund) return alipaySuccess({});
  return alipaySuccess({
    out_request_no: refund.outRefundNo,
    out_trade_no: trade.outTradeNo,
    refund_amount: fenToYuan(refund.amountFen),
    ...(refund.state === 'SUCCESS' ? { refund_status: 'REFUND_SUCCESS' } : {}),
    total_amount: fenToYuan(trade.amountFen),
    trade_no: trade.tradeNo,
  });
}

function findRefund(desk: Desk, trade: Trade, outRequestNo: string): Refund | undefined {
  return desk.book.get('refunds', `alipay/${trade.merchantId}/${trade.outTradeNo}/${outRequestNo}`);
}

function refuse(desk: Desk, trade: Trade, amountFen: number, hasRequestNo: boolean): Answer | undefined {
  const status = statusOf(desk, trade);
  const none = { refund_fee: '0.00', send_back_fee: '0.00', out_trade_no: trade.outTradeNo };
  if (status === 'TRADE_CLOSED') return alipayError('ACQ.TRADE_HAS_CLOSE', undefined, none);
  if (status === 'TRADE_FINISHED') return alipayError('ACQ.TRADE_HAS_FINISHED', undefined, none);
  if (status === 'WAIT_BUYER_PAY') return alipayError('ACQ.TRADE_STATUS_ERROR', undefined, none);
  if (!hasRequestNo && amountFen !== trade.amountFen) {
    return alipayError('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', undefined, none);
  }
  if (amountFen > refundableFen(trade))
    return alipayError('ACQ.REASON_TRADE_REFUND_FEE_ERR', undefined, none);
  const availableFen = desk.book.availableFen('alipay', trade.merchantId);
  return availableFen < amountFen ? alipayError('ACQ.SELLER_BALANCE_NOT_ENOUGH', undefined, none) : undefined;
}

function refundFields(trade: Trade, refund: Refund, fundChange: 'Y' | 'N'): Record<string, unknown> {
  return {
    buyer_logon_id: '159****5620',
    buyer_user_id: trade.payer,
    fund_change: fundChange,
    ...(refund.doneMs === null ? {} : { gmt_refund_pay: toAlipayTime(refund.doneMs) }),
    out_trade_no: trade.outTradeNo,
    refund_fee: fenToYuan(trade.refundedFen),
    send_back_fee: fundChange === 'Y' ? fenToYuan(refund.amountFen) : '0.00',
    trade_no: trade.tradeNo,
  };
}
