/** The calls of an Alipay app, one method each, as the documents write them. */

import type { MerchantParameters } from '../../../../sim/providers';
import { callAlipay, type GatewayCall, type GatewayReply } from './alipayCaller';
import type { Bench } from './bench';

export interface Precreate {
  readonly outTradeNo: string;
  readonly amount?: string;
  readonly notifyUrl?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

export class AlipayShop {
  constructor(
    readonly bench: Bench,
    readonly merchant: MerchantParameters = bench.sandbox.demoMerchant,
  ) {}

  call(method: string, biz: unknown, more: Partial<GatewayCall> = {}): Promise<GatewayReply> {
    return callAlipay(this.bench.sandbox, this.merchant, {
      method,
      biz,
      nowMs: this.bench.clock.nowMs(),
      ...more,
    });
  }

  precreate(order: Precreate): Promise<GatewayReply> {
    const biz = {
      out_trade_no: order.outTradeNo,
      total_amount: order.amount ?? '3.00',
      subject: '可乐 330ml',
      ...order.more,
    };
    return this.call('alipay.trade.precreate', biz, {
      notifyUrl: order.notifyUrl ?? 'http://shop.example/notify',
    });
  }

  query(outTradeNo: string): Promise<GatewayReply> {
    return this.call('alipay.trade.query', { out_trade_no: outTradeNo });
  }

  close(outTradeNo: string): Promise<GatewayReply> {
    return this.call('alipay.trade.close', { out_trade_no: outTradeNo });
  }

  cancel(outTradeNo: string): Promise<GatewayReply> {
    return this.call('alipay.trade.cancel', { out_trade_no: outTradeNo });
  }

  refund(outTradeNo: string, amount: string, requestNo?: string): Promise<GatewayReply> {
    return this.call('alipay.trade.refund', {
      out_trade_no: outTradeNo,
      refund_amount: amount,
      ...(requestNo === undefined ? {} : { out_request_no: requestNo }),
    });
  }

  queryRefund(outTradeNo: string, requestNo: string): Promise<GatewayReply> {
    return this.call('alipay.trade.fastpay.refund.query', {
      out_trade_no: outTradeNo,
      out_request_no: requestNo,
    });
  }

  async link(order: Precreate): Promise<string> {
    return String((await this.precreate(order)).node['qr_code']);
  }

  async paid(order: Precreate): Promise<string> {
    const link = await this.link(order);
    const result = this.bench.sandbox.model.wallet.pay(link);
    if (!result.ok) throw new Error(`not paid: ${result.reason}`);
    return link;
  }
}

/** `[code, sub_code]`, the way the tables of errors are written. */
export function codesOf(reply: GatewayReply): [unknown, unknown] {
  return [reply.node['code'], reply.node['sub_code']];
}

export const SUCCESS: [string, undefined] = ['10000', undefined];
