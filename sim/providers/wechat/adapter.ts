/**
 * WeChat Pay's side of the model: which operations there are, how trouble is told, what notifications contain
 * ("支付成功回调通知" 4012791861, "退款结果通知" 4012791865).
 */

import type { Adapter } from '../core/adapter';
import type { MerchantAccount, Refund, Trade } from '../core/records';
import { applyTradeBill } from './bill';
import { wechatError } from './errors';
import { closeOrder, placeOrder, queryByOutTradeNo, queryByTransactionId, transactionOf } from './orders';
import { applyRefund, queryRefund, refundNoticeOf } from './refunds';

export const wechatAdapter: Adapter = {
  operations: {
    native: { limit: 'order', run: placeOrder },
    query: { limit: 'query', run: queryByOutTradeNo },
    queryById: { limit: 'query', run: queryByTransactionId },
    close: { limit: 'order', run: closeOrder },
    refund: { limit: 'refund', run: applyRefund },
    refundQuery: { limit: 'refundQuery', run: queryRefund },
    tradeBill: { limit: 'bill', run: applyTradeBill },
  },
  unknownMerchant: wechatError('MCH_NOT_EXISTS'),
  unknownOperation: wechatError('RESOURCE_NOT_EXISTS', 'URL不存在'),
  systemError: wechatError('SYSTEM_ERROR'),
  busy: wechatError('SYSTEM_ERROR', '系统繁忙，请稍后重试'),
  frequencyLimited: wechatError('FREQUENCY_LIMITED'),
  isRefusal: (answer) => answer.status >= 400,
  /** A Native order past its time stays NOTPAY; only closing ends it. */
  expire: (_desk, trade) => trade,
  paymentNotice: (account, trade) => ({
    channel: 'wechat',
    merchantId: trade.merchantId,
    event: 'payment',
    eventType: 'TRANSACTION.SUCCESS',
    outTradeNo: trade.outTradeNo,
    outRefundNo: null,
    url: trade.notifyUrl,
    content: transactionOf(account, trade),
  }),
  afterRefund: (_desk, _account: MerchantAccount, trade: Trade, refund: Refund) => ({
    channel: 'wechat',
    merchantId: trade.merchantId,
    event: 'refund',
    eventType: `REFUND.${refund.state}`,
    outTradeNo: trade.outTradeNo,
    outRefundNo: refund.outRefundNo,
    url: refund.notifyUrl,
    content: refundNoticeOf(trade, refund),
  }),
  falsify: (content, lie) => {
    if (lie === 'merchant') return { ...content, mchid: '1900000001', appid: 'wx0000000000000001' };
    const amount = content['amount'] as { total: number; payer_total: number };
    return {
      ...content,
      amount: { ...amount, total: amount.total + 1, payer_total: amount.payer_total + 1 },
    };
  },
};
