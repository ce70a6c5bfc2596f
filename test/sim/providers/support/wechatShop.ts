/** The calls of a WeChat Pay merchant, one method each, as the documents write them. */

import type { MerchantParameters } from '../../../../sim/providers';
import type { Bench } from './bench';
import { callWechat, type CallOptions, type Reply } from './wechatCaller';

export interface Order {
  readonly outTradeNo: string;
  readonly totalFen?: number;
  readonly notifyUrl?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

export class WechatShop {
  constructor(
    readonly bench: Bench,
    readonly merchant: MerchantParameters = bench.sandbox.demoMerchant,
  ) {}

  call(method: 'GET' | 'POST', url: string, body?: unknown, change?: CallOptions['change']): Promise<Reply> {
    return callWechat(this.bench.sandbox, this.merchant, {
      method,
      url,
      body,
      nowMs: this.bench.clock.nowMs(),
      ...(change ? { change } : {}),
    });
  }

  orderBody(order: Order): Record<string, unknown> {
    return {
      appid: this.merchant.wechat.appId,
      mchid: this.merchant.wechat.mchId,
      description: '可乐 330ml',
      out_trade_no: order.outTradeNo,
      notify_url: order.notifyUrl ?? 'https://shop.example/notify/wechat',
      amount: { total: order.totalFen ?? 150 },
      ...order.more,
    };
  }

  order(order: Order): Promise<Reply> {
    return this.call('POST', '/v3/pay/transactions/native', this.orderBody(order));
  }

  query(outTradeNo: string): Promise<Reply> {
    return this.call(
      'GET',
      `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${this.merchant.wechat.mchId}`,
    );
  }

  queryById(transactionId: string): Promise<Reply> {
    return this.call('GET', `/v3/pay/transactions/id/${transactionId}?mchid=${this.merchant.wechat.mchId}`);
  }

  close(outTradeNo: string): Promise<Reply> {
    const url = `/v3/pay/transactions/out-trade-no/${outTradeNo}/close`;
    return this.call('POST', url, { mchid: this.merchant.wechat.mchId });
  }

  refund(
    outTradeNo: string,
    outRefundNo: string,
    refund: number,
    total = 150,
    more: object = {},
  ): Promise<Reply> {
    return this.call('POST', '/v3/refund/domestic/refunds', {
      out_trade_no: outTradeNo,
      out_refund_no: outRefundNo,
      amount: { refund, total, currency: 'CNY' },
      ...more,
    });
  }

  queryRefund(outRefundNo: string): Promise<Reply> {
    return this.call('GET', `/v3/refund/domestic/refunds/${outRefundNo}`);
  }

  /** Orders and pays. Gives the link. */
  async paid(order: Order): Promise<string> {
    const link = String((await this.order(order)).body['code_url']);
    const result = this.bench.sandbox.model.wallet.pay(link);
    if (!result.ok) throw new Error(`not paid: ${result.reason}`);
    return link;
  }
}

/** `[status, code]`, the way the tables of errors are written. */
export function codeOf(reply: Reply): [number, unknown] {
  return [reply.status, reply.body['code']];
}
