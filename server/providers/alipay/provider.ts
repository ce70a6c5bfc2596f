/**
 * Alipay face to face (precreate): orders, refunds, notifications and bills of one merchant. Says what is sent
 * and what each answer means; signing and verifying are in client.ts, codes in error-codes.ts.
 * A trade exists at Alipay only once its code has been scanned: before, a query says NOT_FOUND and close says
 * TRADE_NOT_FOUND, and the code can still be paid until it expires. alipay.trade.cancel is not used: on a paid
 * trade it refunds, and here a payment wins.
 * Source: alipay.trade.precreate, query, close, refund, fastpay.refund.query, bill.downloadurl.query.
 * Invariant: an outcome is `ok` or `refused` only on an authentic answer (or before anything was sent).
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PROVIDER_CODES, type CodeOf } from '../codes';
import { fenToYuan } from '../money';
import { cleanCode, ok, refused, unknown } from '../outcome';
import * as rules from '../request-rules';
import { formatLocal, isDay } from '../shanghai-time';
import type { AlipayParameters } from '../parameters';
import type * as Shared from '../provider';
import { downloadAlipayBill } from './bill-download';
import { AlipayClient, type Payload } from './client';
import { meaningOf, SUCCESS_CODE, type AlipayOperation } from './error-codes';
import { readRefund, readTrade } from './messages';
import { readAlipayNotification } from './notification';

type Outcome<Value> = Shared.Outcome<Value>;

const MINUTE_MS = 60_000;
/** Alipay wants less than 90 days; it counts unscanned codes at most 2 hours anyway. */
const MAXIMUM_MINUTES = 1440;

const METHODS = {
  create: 'alipay.trade.precreate',
  query: 'alipay.trade.query',
  close: 'alipay.trade.close',
  refund: 'alipay.trade.refund',
  queryRefund: 'alipay.trade.fastpay.refund.query',
  bill: 'alipay.data.dataservice.bill.downloadurl.query',
} as const;

const createdSchema = z.object({
  out_trade_no: z.string(),
  qr_code: z.url({ protocol: /^https?$/ }).max(512),
});
const numberSchema = z.object({ out_trade_no: z.string() });
const refundedSchema = z.object({ out_trade_no: z.string(), fund_change: z.string().optional() });
const billSchema = z.object({ bill_download_url: z.string().max(4096) });

export class AlipayProvider implements Shared.Provider {
  readonly channel = 'alipay';
  readonly #appId: string;
  readonly #sellerId: string;
  readonly #options: Shared.ProviderOptions;
  readonly #client: AlipayClient;

  /** Throws on parameters that checkParameters would refuse, without saying their values. */
  constructor(parameters: AlipayParameters, options: Shared.ProviderOptions) {
    this.#appId = parameters.appId;
    this.#sellerId = parameters.sellerId;
    this.#options = options;
    this.#client = new AlipayClient(parameters, options);
  }

  async create(trade: Shared.CreateTrade): Promise<Outcome<{ readonly codeUrl: string }>> {
    const nowMs = this.#options.clock.nowMs();
    if (!rules.isSendableTrade(trade, nowMs)) return refused('REQUEST_INVALID');
    // The absolute time binds; the minutes are for the code before it is scanned, rounded up so as not to undercut.
    const minutes = Math.min(MAXIMUM_MINUTES, Math.ceil((trade.expiresAtMs - nowMs) / MINUTE_MS));
    const bizContent = {
      out_trade_no: trade.outTradeNo,
      total_amount: fenToYuan(trade.amountFen),
      subject: subjectOf(trade.description),
      product_code: 'FACE_TO_FACE_PAYMENT',
      seller_id: this.#sellerId,
      time_expire: formatLocal(trade.expiresAtMs),
      qr_code_timeout_express: `${minutes}m`,
    };
    const answer = await this.#call('create', bizContent, trade.notifyUrl);
    if (answer.kind !== 'ok') return answer;
    const said = createdSchema.safeParse(answer.value);
    return said.success
      ? ok({ codeUrl: said.data.qr_code })
      : this.#report('create', unknown('ANSWER_MALFORMED'), trade.outTradeNo);
  }

  async query(outTradeNo: string): Promise<Outcome<Shared.Trade>> {
    if (!rules.isOutTradeNo(outTradeNo)) return refused('REQUEST_INVALID');
    const answer = await this.#call('query', { out_trade_no: outTradeNo });
    if (answer.kind === 'refused' && answer.code === 'TRADE_NOT_FOUND') {
      return ok({ outTradeNo, state: 'NOT_FOUND', providerState: answer.providerCode ?? '' });
    }
    if (answer.kind !== 'ok') return answer;
    return this.#report('query', readTrade(answer.value, outTradeNo), outTradeNo);
  }

  async close(outTradeNo: string): Promise<Outcome<void>> {
    if (!rules.isOutTradeNo(outTradeNo)) return refused('REQUEST_INVALID');
    const answer = await this.#call('close', { out_trade_no: outTradeNo });
    if (answer.kind === 'ok') {
      const said = numberSchema.safeParse(answer.value);
      return said.success ? ok(undefined) : this.#report('close', unknown('ANSWER_MALFORMED'), outTradeNo);
    }
    if (answer.kind === 'refused' && answer.code === 'ORDER_CLOSED') return ok(undefined);
    if (answer.kind === 'refused' && answer.code === 'TRADE_STATE') return this.#explainNotClosed(outTradeNo);
    return answer;
  }

  async refund(request: Shared.RefundRequest): Promise<Outcome<Shared.Refund>> {
    if (!rules.isSendableRefund(request)) return refused('REQUEST_INVALID');
    const { outTradeNo, outRefundNo, refundFen } = request;
    const reason = rules.cleanReason(request.reason);
    const answer = await this.#call('refund', {
      out_trade_no: outTradeNo,
      out_request_no: outRefundNo,
      refund_amount: fenToYuan(refundFen),
      ...(reason.length > 0 ? { refund_reason: reason } : {}),
    });
    if (answer.kind !== 'ok') return answer;
    const said = refundedSchema.safeParse(answer.value);
    if (!said.success) return this.#report('refund', unknown('ANSWER_MALFORMED'), outTradeNo);
    // The answer names no refund number, so an old one could be sent again for a second part; and without
    // fund_change Y it proves nothing at all. The query names it.
    const found = await this.queryRefund(outTradeNo, outRefundNo);
    if (found.kind !== 'ok') return found.kind === 'refused' ? unknown('ANSWER_MISMATCH', found.code) : found;
    if (found.value.state === 'NOT_FOUND') {
      return ok({ outTradeNo, outRefundNo, state: 'PROCESSING', providerState: said.data.fund_change ?? '' });
    }
    const isOurs = found.value.refundFen === refundFen;
    return this.#report('refund', isOurs ? found : unknown('ANSWER_MISMATCH'), outTradeNo);
  }

  async queryRefund(outTradeNo: string, outRefundNo: string): Promise<Outcome<Shared.Refund>> {
    const isSendable = rules.isOutTradeNo(outTradeNo) && rules.isOutRefundNo(outRefundNo);
    if (!isSendable) return refused('REQUEST_INVALID');
    const bizContent = { out_trade_no: outTradeNo, out_request_no: outRefundNo };
    const answer = await this.#call('queryRefund', bizContent);
    if (answer.kind === 'refused' && answer.code === 'TRADE_NOT_FOUND') {
      const providerState = answer.providerCode ?? '';
      return ok({ outTradeNo, outRefundNo, state: 'NOT_FOUND', providerState });
    }
    if (answer.kind !== 'ok') return answer;
    return this.#report('queryRefund', readRefund(answer.value, outTradeNo, outRefundNo), outTradeNo);
  }

  async readNotification(raw: Shared.RawNotification): Promise<Outcome<Shared.Notification>> {
    const outcome = readAlipayNotification(raw, {
      appId: this.#appId,
      sellerId: this.#sellerId,
      keys: this.#client.notificationKeys(),
      nowMs: this.#options.clock.nowMs(),
    });
    if (outcome.kind !== 'ok') this.#log('notification', outcome);
    return outcome;
  }

  notificationReply(accepted: boolean): { status: number; contentType: string; body: string } {
    return { status: 200, contentType: 'text/plain', body: accepted ? 'success' : 'failure' };
  }

  async bill(day: string): Promise<Outcome<readonly Shared.BillLine[]>> {
    if (!isDay(day)) return refused('REQUEST_INVALID');
    const answer = await this.#call('bill', { bill_type: 'trade', bill_date: day });
    if (answer.kind !== 'ok') return answer;
    const said = billSchema.safeParse(answer.value);
    if (!said.success) return this.#report('bill', unknown('ANSWER_MALFORMED'));
    const url = said.data.bill_download_url;
    return this.#report('bill', await downloadAlipayBill(url, this.#sellerId, this.#options.httpTimeoutMs));
  }

  /** Proves the parameters by a call that changes nothing; for checkParameters. */
  async probe(): Promise<Outcome<void>> {
    const outTradeNo = `probe_${createHash('sha256').update(this.#appId).digest('hex').slice(0, 20)}`;
    const found = await this.query(outTradeNo);
    return found.kind === 'ok' ? ok(undefined) : found;
  }

  /** Alipay refuses to close both paid and closed trades with one code; the trade says which it was. */
  async #explainNotClosed(outTradeNo: string): Promise<Outcome<void>> {
    const found = await this.query(outTradeNo);
    if (found.kind !== 'ok') return found.kind === 'refused' ? unknown('ANSWER_MISMATCH', found.code) : found;
    if (found.value.state === 'PAID' || found.value.state === 'REFUNDED') return refused('ORDERPAID');
    return found.value.state === 'CLOSED' ? ok(undefined) : unknown('ANSWER_MISMATCH');
  }

  async #call(
    operation: keyof typeof METHODS,
    bizContent: object,
    notifyUrl?: string,
  ): Promise<Outcome<Payload>> {
    const answer = await this.#client.call(METHODS[operation], bizContent, notifyUrl);
    const asked = (bizContent as { out_trade_no?: string }).out_trade_no;
    if (answer.kind !== 'ok') return this.#report(operation, answer, asked);
    const said = answer.value.out_trade_no;
    // Refusals name the order too, mostly; an old one about another order must not be taken for this one's.
    if (said !== undefined && said !== asked)
      return this.#report(operation, unknown('ANSWER_MISMATCH'), asked);
    return this.#report(operation, judgePayload(operation, answer.value), asked);
  }

  #report<Value>(operation: AlipayOperation, outcome: Outcome<Value>, outTradeNo?: string): Outcome<Value> {
    if (outcome.kind === 'unknown') this.#log(operation, outcome, outTradeNo);
    return outcome;
  }

  #log(operation: string, outcome: Shared.Refused | Shared.Unknown, outTradeNo?: string): void {
    const { kind, code, providerCode } = outcome;
    this.#options.log?.warn(
      { channel: this.channel, appId: this.#appId, operation, outTradeNo, kind, code, providerCode },
      outcome.message,
    );
  }
}

function judgePayload(operation: AlipayOperation, payload: Payload): Outcome<Payload> {
  const code = cleanCode(payload.code);
  const subCode = cleanCode(payload.sub_code);
  if (code === SUCCESS_CODE && subCode === undefined) return ok(payload);
  const meaning = meaningOf(operation, code, subCode);
  return isRefusal(meaning) ? refused(meaning, subCode ?? code) : unknown(meaning, subCode ?? code);
}

function isRefusal(code: CodeOf<'refused'> | CodeOf<'unknown'>): code is CodeOf<'refused'> {
  return PROVIDER_CODES[code].kind === 'refused';
}

/** Alipay forbids /, = and & in a subject; a comma would shift the columns of its bill. */
function subjectOf(description: string): string {
  return rules.cleanDescription(description.replace(/[/=&]/g, ' ').replaceAll(',', '，')) || '-';
}
