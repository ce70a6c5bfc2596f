/**
 * Alipay's side of the model: which methods there are, how trouble is told, what notifications contain
 * ("异步通知说明" of face-to-face payment). Only TRADE_SUCCESS is announced unless the settings say more, so a
 * partial refund is told (the trade stays TRADE_SUCCESS) and a full one is not.
 */

import type { Adapter, Desk } from '../core/adapter';
import { toAlipayTime } from '../core/beijing';
import { closeTrade, closeWhenOver } from '../core/ledger';
import { fenToYuan, yuanToFen } from '../core/money';
import type { Announcement } from '../core/notices';
import type { MerchantAccount, Refund, Trade } from '../core/records';
import { queryBillAddress } from './bill';
import { alipayError, isAlipayRefusal } from './errors';
import { queryRefund, refund } from './refunds';
import { cancel, close, precreate, query, statusOf } from './trades';

export const alipayAdapter: Adapter = {
  operations: {
    'alipay.trade.precreate': { limit: 'order', run: precreate },
    'alipay.trade.query': { limit: 'query', run: query },
    'alipay.trade.close': { limit: 'order', run: close },
    'alipay.trade.cancel': { limit: 'order', run: cancel },
    'alipay.trade.refund': { limit: 'refund', run: refund },
    'alipay.trade.fastpay.refund.query': { limit: 'refundQuery', run: queryRefund },
    'alipay.data.dataservice.bill.downloadurl.query': { limit: 'bill', run: queryBillAddress },
  },
  unknownMerchant: alipayError('isv.invalid-app-id'),
  unknownOperation: alipayError('isv.invalid-method'),
  systemError: alipayError('ACQ.SYSTEM_ERROR'),
  busy: alipayError('isp.unknow-error'),
  frequencyLimited: alipayError('isv.app-call-limited'),
  isRefusal: isAlipayRefusal,
  expire: closeWhenOver,
  paymentNotice: (account, trade) => notice(account, trade, 'TRADE_SUCCESS', undefined),
  afterRefund: (desk: Desk, account: MerchantAccount, trade: Trade, done: Refund) => {
    const isAllBack = trade.refundedFen === trade.amountFen;
    const after = isAllBack ? closeTrade(desk, trade) : trade;
    const status = statusOf(desk, after);
    if (done.state !== 'SUCCESS' || !desk.settings.alipayNoticeStates.includes(status)) return undefined;
    return notice(account, after, status, done);
  },
  falsify: (content, lie) => {
    const other = '2021000000000001';
    if (lie === 'merchant')
      return { ...content, app_id: other, auth_app_id: other, seller_id: '2088000000000001' };
    const yuan = fenToYuan(yuanToFen(content['total_amount'])! + 1);
    return { ...content, total_amount: yuan, receipt_amount: yuan, buyer_pay_amount: yuan };
  },
};

function notice(
  account: MerchantAccount,
  trade: Trade,
  status: string,
  done: Refund | undefined,
): Announcement {
  const yuan = fenToYuan(trade.amountFen);
  return {
    channel: 'alipay',
    merchantId: trade.merchantId,
    event: done ? 'refund' : 'payment',
    eventType: status,
    outTradeNo: trade.outTradeNo,
    outRefundNo: done?.outRefundNo ?? null,
    url: trade.notifyUrl,
    content: {
      app_id: account.appId,
      auth_app_id: account.appId,
      trade_no: trade.tradeNo,
      out_trade_no: trade.outTradeNo,
      buyer_id: trade.payer,
      buyer_logon_id: '159****5620',
      seller_id: account.sellerId,
      seller_email: 'sel***@sandbox.example',
      trade_status: status,
      total_amount: yuan,
      receipt_amount: yuan,
      invoice_amount: yuan,
      buyer_pay_amount: yuan,
      point_amount: '0.00',
      subject: trade.title,
      ...(trade.detail === '' ? {} : { body: trade.detail }),
      gmt_create: toAlipayTime(trade.createdMs),
      gmt_payment: toAlipayTime(trade.paidMs!),
      fund_bill_list: JSON.stringify([{ amount: yuan, fundChannel: 'ALIPAYACCOUNT' }]),
      ...(done
        ? {
            refund_fee: fenToYuan(trade.refundedFen),
            gmt_refund: `${toAlipayTime(done.doneMs!)}.000`,
            out_biz_no: done.outRefundNo,
          }
        : {}),
      ...(trade.closedMs === null ? {} : { gmt_close: toAlipayTime(trade.closedMs) }),
    },
  };
}
