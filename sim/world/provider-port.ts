/**
 * WeChat Pay and Alipay for the server's core in virtual time: the sandbox's model is called directly, without
 * HTTP and RSA (a signature costs more than a whole order here, and is tested elsewhere). What is kept: requests
 * in the provider's own fields, answers read by the server's own readers and tables of codes, latency, silence,
 * broken connections, bad signatures, and requests that arrive only after the caller has given them up.
 * Invariant: an outcome is `ok` or `refused` only when an answer came back in time.
 */
import { fenToYuan } from '../../server/providers/money';
import { ok, refused, unknown } from '../../server/providers/outcome';
import type * as Shared from '../../server/providers/provider';
import { formatLocal, formatRfc3339 } from '../../server/providers/shanghai-time';
import type { Delivery, Outcome as ModelOutcome, ProviderModel } from '../providers';
import type { Clock } from '../time/clock';
import type { Random } from '../time/random';
import { judgeAlipay, judgeWechat, readAlipay, readWechat, type Body } from './provider-answers';

type Outcome<Value> = Shared.Outcome<Value>;
type Channel = Shared.Channel;

/** Who the merchant is at each provider. */
export const ACCOUNTS = {
  wechat: { merchantId: '1900000109', appId: 'wxd678efh567hg6787', sellerId: '1900000109' },
  alipay: { merchantId: '2021000000000009', appId: '2021000000000009', sellerId: '2088000000000009' },
} as const;

/** The server gives a call up after this, as in server/app.ts. */
const TIMEOUT_MS = 10_000;
const LEAST_TRIP_MS = 10;
const MOST_TRIP_MS = 150;
const MINUTE_MS = 60_000;

export interface ProviderPortOptions {
  readonly model: ProviderModel;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the carrier of a notification puts on the wire in place of a signed body. */
export function noticeBody(delivery: Delivery): Shared.RawNotification {
  const { forgery, noticeId, event, content } = delivery;
  return { headers: { forgery: forgery ?? '' }, body: JSON.stringify({ noticeId, event, content }) };
}

export class ProviderPort implements Shared.Provider {
  /** Share of requests that reach the provider only after the caller has given up. */
  lateShare = 0;

  constructor(
    readonly channel: Channel,
    private readonly options: ProviderPortOptions,
  ) {}

  async create(trade: Shared.CreateTrade): Promise<Outcome<{ readonly codeUrl: string }>> {
    const { appId, merchantId } = ACCOUNTS[this.channel];
    const { outTradeNo, amountFen, description, expiresAtMs, notifyUrl } = trade;
    const nowMs = this.options.clock.nowMs();
    const answer =
      this.channel === 'wechat'
        ? await this.call('create', 'native', {
            appid: appId,
            mchid: merchantId,
            description,
            out_trade_no: outTradeNo,
            time_expire: formatRfc3339(expiresAtMs),
            notify_url: notifyUrl,
            amount: { total: amountFen, currency: 'CNY' },
          })
        : await this.call('create', 'alipay.trade.precreate', {
            out_trade_no: outTradeNo,
            total_amount: fenToYuan(amountFen),
            subject: description,
            product_code: 'FACE_TO_FACE_PAYMENT',
            time_expire: formatLocal(expiresAtMs),
            qr_code_timeout_express: `${Math.ceil((expiresAtMs - nowMs) / MINUTE_MS)}m`,
            notify_url: notifyUrl,
          });
    if (answer.kind !== 'ok') return answer;
    const codeUrl = this.channel === 'wechat' ? answer.value['code_url'] : answer.value['qr_code'];
    return typeof codeUrl === 'string' ? ok({ codeUrl }) : unknown('ANSWER_MALFORMED');
  }

  async query(outTradeNo: string): Promise<Outcome<Shared.Trade>> {
    const answer =
      this.channel === 'wechat'
        ? await this.call('query', 'query', { out_trade_no: outTradeNo, mchid: ACCOUNTS.wechat.merchantId })
        : await this.call('query', 'alipay.trade.query', { out_trade_no: outTradeNo });
    if (answer.kind === 'refused' && answer.code === 'TRADE_NOT_FOUND') {
      return ok({ outTradeNo, state: 'NOT_FOUND', providerState: answer.providerCode ?? '' });
    }
    if (answer.kind !== 'ok') return answer;
    return this.channel === 'wechat'
      ? readWechat.readTrade(answer.value, this.owner(), outTradeNo)
      : readAlipay.readTrade(answer.value, outTradeNo);
  }

  async close(outTradeNo: string): Promise<Outcome<void>> {
    const isWechat = this.channel === 'wechat';
    const { merchantId } = ACCOUNTS[this.channel];
    const answer = isWechat
      ? await this.call('close', 'close', { out_trade_no: outTradeNo, mchid: merchantId })
      : await this.call('close', 'alipay.trade.close', { out_trade_no: outTradeNo });
    if (answer.kind === 'ok' || (answer.kind === 'refused' && answer.code === 'ORDER_CLOSED')) {
      return ok(undefined);
    }
    if (answer.kind !== 'refused' || answer.code !== 'TRADE_STATE' || isWechat) return answer;
    const found = await this.query(outTradeNo);
    if (found.kind !== 'ok') return unknown('ANSWER_MISMATCH');
    if (found.value.state === 'PAID' || found.value.state === 'REFUNDED') return refused('ORDERPAID');
    return found.value.state === 'CLOSED' ? ok(undefined) : unknown('ANSWER_MISMATCH');
  }

  async refund(request: Shared.RefundRequest): Promise<Outcome<Shared.Refund>> {
    const { outTradeNo, outRefundNo, refundFen, totalFen } = request;
    if (this.channel === 'wechat') {
      const answer = await this.call('refund', 'refund', {
        out_trade_no: outTradeNo,
        out_refund_no: outRefundNo,
        amount: { refund: refundFen, total: totalFen, currency: 'CNY' },
      });
      return answer.kind === 'ok'
        ? readWechat.readRefund(answer.value, ACCOUNTS.wechat.merchantId, { outTradeNo, outRefundNo })
        : answer;
    }
    const answer = await this.call('refund', 'alipay.trade.refund', {
      out_trade_no: outTradeNo,
      out_request_no: outRefundNo,
      refund_amount: fenToYuan(refundFen),
    });
    if (answer.kind !== 'ok') return answer;
    const found = await this.queryRefund(outTradeNo, outRefundNo);
    if (found.kind !== 'ok' || found.value.state !== 'NOT_FOUND') return found;
    return ok({ outTradeNo, outRefundNo, state: 'PROCESSING', providerState: '' });
  }

  async queryRefund(outTradeNo: string, outRefundNo: string): Promise<Outcome<Shared.Refund>> {
    const answer =
      this.channel === 'wechat'
        ? await this.call('queryRefund', 'refundQuery', { out_refund_no: outRefundNo })
        : await this.call('queryRefund', 'alipay.trade.fastpay.refund.query', {
            out_trade_no: outTradeNo,
            out_request_no: outRefundNo,
          });
    if (answer.kind === 'refused' && answer.code === 'TRADE_NOT_FOUND') {
      return ok({ outTradeNo, outRefundNo, state: 'NOT_FOUND', providerState: '' });
    }
    if (answer.kind !== 'ok') return answer;
    return this.channel === 'wechat'
      ? readWechat.readRefund(answer.value, ACCOUNTS.wechat.merchantId, { outTradeNo, outRefundNo })
      : readAlipay.readRefund(answer.value, outTradeNo, outRefundNo);
  }

  async readNotification(raw: Shared.RawNotification): Promise<Outcome<Shared.Notification>> {
    if (raw.headers['forgery'] === 'signature') return refused('NOTIFICATION_SIGNATURE_WRONG');
    if (raw.headers['forgery'] === 'stale') return refused('NOTIFICATION_STALE');
    const { noticeId, event, content } = JSON.parse(raw.body) as {
      noticeId: string;
      event: string;
      content: Body;
    };
    return this.channel === 'wechat'
      ? readWechat.notification(noticeId, event, content, this.owner())
      : readAlipay.notification(noticeId, content, ACCOUNTS.alipay);
  }

  notificationReply(accepted: boolean): { status: number; contentType: string; body: string } {
    return { status: accepted ? 200 : 500, contentType: 'text/plain', body: accepted ? 'success' : 'fail' };
  }

  async bill(): Promise<Outcome<readonly Shared.BillLine[]>> {
    return refused('BILL_NOT_READY');
  }

  private owner(): { mchid: string; appid: string } {
    return { mchid: ACCOUNTS.wechat.merchantId, appid: ACCOUNTS.wechat.appId };
  }

  private async call(
    what: 'create' | 'query' | 'close' | 'refund' | 'queryRefund',
    operation: string,
    input: Body,
  ): Promise<Outcome<Body>> {
    const came = await this.exchange(operation, input);
    if (came === 'timeout') return unknown('TIMEOUT');
    if (came === 'reset') return unknown('CONNECTION_FAILED');
    if (came.isSignatureBad) return unknown('ANSWER_SIGNATURE_WRONG');
    return this.channel === 'wechat' ? judgeWechat(what, came.answer) : judgeAlipay(what, came.answer);
  }

  /** There and back again in virtual time; the request may arrive after the caller has stopped waiting. */
  private exchange(
    operation: string,
    input: Body,
  ): Promise<Extract<ModelOutcome, { kind: 'answer' }> | 'timeout' | 'reset'> {
    const { clock, random, model } = this.options;
    const { merchantId } = ACCOUNTS[this.channel];
    const isLate = this.lateShare > 0 && random.chance(this.lateShare);
    const thereMs = isLate
      ? TIMEOUT_MS + random.between(0, 30_000)
      : random.between(LEAST_TRIP_MS, MOST_TRIP_MS);
    return new Promise((resolve) => {
      const timer = clock.setTimer(() => resolve('timeout'), TIMEOUT_MS);
      const end = (outcome: Extract<ModelOutcome, { kind: 'answer' }> | 'reset'): void => {
        clock.clearTimer(timer);
        resolve(outcome);
      };
      clock.setTimer(() => {
        const outcome = model.handle({ channel: this.channel, operation, merchantId, input });
        if (outcome.kind === 'silence') return;
        if (outcome.kind === 'reset') end('reset');
        else
          clock.setTimer(() => end(outcome), outcome.delayMs + random.between(LEAST_TRIP_MS, MOST_TRIP_MS));
      }, thereMs);
    });
  }
}
