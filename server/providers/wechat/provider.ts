/**
 * WeChat Pay API v3, Native: orders, refunds, notifications and bills of one merchant. Says what is sent where
 * and what each answer means; signing and verifying are in client.ts, keys in platform-keys.ts, codes in
 * error-codes.ts. Source: WeChat Pay APIv3 documents of the named interfaces.
 * Invariant: an outcome is `ok` or `refused` only on an authentic answer (or before anything was sent).
 */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { parseWechatBill, unpackWechatBill } from '../bills/wechat-bill';
import { readPrivateKey, readPublicKey } from '../keys';
import { ok, refused, unknown } from '../outcome';
import { PROVIDER_CODES, type CodeOf } from '../codes';
import * as rules from '../request-rules';
import { formatRfc3339, isDay } from '../shanghai-time';
import type { WechatParameters } from '../parameters';
import type * as Shared from '../provider';
import { MAXIMUM_BILL_BYTES, WechatClient, type Answer } from './client';
import { meaningOf, type WechatOperation } from './error-codes';
import { readRefund, readTrade } from './messages';
import { readWechatNotification } from './notification';
import { PlatformKeys } from './platform-keys';

type Outcome<Value> = Shared.Outcome<Value>;

const codeUrlSchema = z.object({ code_url: z.string().startsWith('weixin://').max(512) });
const billUrlSchema = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9A-Fa-f]{40}$/),
  download_url: z.url().max(2048),
});

export class WechatProvider implements Shared.Provider {
  readonly channel = 'wechat';
  readonly #mchid: string;
  readonly #appid: string;
  readonly #apiV3Key: KeyObject;
  readonly #options: Shared.ProviderOptions;
  readonly #client: WechatClient;
  readonly #keys: PlatformKeys;
  readonly #findKey: PlatformKeys['find'];
  readonly #usesCertificates: boolean;

  /** Throws on parameters that checkParameters would refuse, without saying their values. */
  constructor(parameters: WechatParameters, options: Shared.ProviderOptions) {
    const privateKey = readPrivateKey(parameters.merchantPrivateKey);
    const publicKey = parameters.platformPublicKey && readPublicKey(parameters.platformPublicKey);
    if (!privateKey) throw new Error(PROVIDER_CODES.PRIVATE_KEY_UNREADABLE.text);
    if (parameters.platformPublicKey && !publicKey)
      throw new Error(PROVIDER_CODES.PLATFORM_KEY_UNREADABLE.text);
    this.#mchid = parameters.mchid;
    this.#appid = parameters.appid;
    this.#apiV3Key = createSecretKey(Buffer.from(parameters.apiV3Key, 'utf8'));
    this.#options = options;
    const id = parameters.platformPublicKeyId;
    this.#usesCertificates = parameters.verification === 'certificates';
    const { mchid, merchantSerial } = parameters;
    const asked = !this.#usesCertificates && id ? { platformPublicKeyId: id } : {};
    this.#client = new WechatClient({ mchid, merchantSerial, privateKey, ...asked }, options);
    this.#keys = new PlatformKeys(
      {
        usesCertificates: this.#usesCertificates,
        apiV3Key: this.#apiV3Key,
        ...(publicKey && id ? { publicKey: { id, key: publicKey } } : {}),
      },
      this.#client,
      options.clock,
    );
    this.#findKey = (serial) => this.#keys.find(serial);
  }

  async create(trade: Shared.CreateTrade): Promise<Outcome<{ readonly codeUrl: string }>> {
    if (!rules.isSendableTrade(trade, this.#options.clock.nowMs())) return refused('REQUEST_INVALID');
    const answer = await this.#call('create', trade.outTradeNo, 'post', '/v3/pay/transactions/native', {
      appid: this.#appid,
      mchid: this.#mchid,
      description: rules.cleanDescription(trade.description),
      out_trade_no: trade.outTradeNo,
      time_expire: formatRfc3339(trade.expiresAtMs),
      notify_url: trade.notifyUrl,
      amount: { total: trade.amountFen, currency: 'CNY' },
    });
    if (answer.kind !== 'ok') return answer;
    const said = codeUrlSchema.safeParse(answer.value.json);
    return said.success
      ? ok({ codeUrl: said.data.code_url })
      : this.#report('create', unknown('ANSWER_MALFORMED'), trade.outTradeNo);
  }

  async query(outTradeNo: string): Promise<Outcome<Shared.Trade>> {
    if (!rules.isOutTradeNo(outTradeNo)) return refused('REQUEST_INVALID');
    const answer = await this.#call(
      'query',
      outTradeNo,
      'get',
      `${tradePath(outTradeNo)}?mchid=${this.#mchid}`,
    );
    if (answer.kind === 'refused' && answer.code === 'TRADE_NOT_FOUND') {
      return ok({ outTradeNo, state: 'NOT_FOUND', providerState: answer.providerCode ?? '' });
    }
    if (answer.kind !== 'ok') return answer;
    const owner = { mchid: this.#mchid, appid: this.#appid };
    return this.#report('query', readTrade(answer.value.json, owner, outTradeNo), outTradeNo);
  }

  async close(outTradeNo: string): Promise<Outcome<void>> {
    if (!rules.isOutTradeNo(outTradeNo)) return refused('REQUEST_INVALID');
    const answer = await this.#call('close', outTradeNo, 'post', `${tradePath(outTradeNo)}/close`, {
      mchid: this.#mchid,
    });
    const isClosed = answer.kind === 'ok' || (answer.kind === 'refused' && answer.code === 'ORDER_CLOSED');
    return isClosed ? ok(undefined) : answer;
  }

  async refund(request: Shared.RefundRequest): Promise<Outcome<Shared.Refund>> {
    if (!rules.isSendableRefund(request)) return refused('REQUEST_INVALID');
    const reason = rules.cleanReason(request.reason);
    const answer = await this.#call('refund', request.outTradeNo, 'post', '/v3/refund/domestic/refunds', {
      out_trade_no: request.outTradeNo,
      out_refund_no: request.outRefundNo,
      ...(reason.length > 0 ? { reason } : {}),
      ...(request.notifyUrl === undefined ? {} : { notify_url: request.notifyUrl }),
      amount: { refund: request.refundFen, total: request.totalFen, currency: 'CNY' },
    });
    if (answer.kind !== 'ok') return answer;
    const refund = readRefund(answer.value.json, this.#mchid, request);
    const isOther = refund.kind === 'ok' && refund.value.refundFen !== request.refundFen;
    return this.#report('refund', isOther ? unknown('ANSWER_MISMATCH') : refund, request.outTradeNo);
  }

  async queryRefund(outTradeNo: string, outRefundNo: string): Promise<Outcome<Shared.Refund>> {
    if (!rules.isOutTradeNo(outTradeNo) || !rules.isOutRefundNo(outRefundNo))
      return refused('REQUEST_INVALID');
    const answer = await this.#call(
      'queryRefund',
      outTradeNo,
      'get',
      `/v3/refund/domestic/refunds/${outRefundNo}`,
    );
    if (answer.kind === 'refused' && answer.code === 'TRADE_NOT_FOUND') {
      const providerState = answer.providerCode ?? '';
      return ok({ outTradeNo, outRefundNo, state: 'NOT_FOUND', providerState });
    }
    if (answer.kind !== 'ok') return answer;
    return this.#report(
      'queryRefund',
      readRefund(answer.value.json, this.#mchid, { outTradeNo, outRefundNo }),
      outTradeNo,
    );
  }

  async readNotification(raw: Shared.RawNotification): Promise<Outcome<Shared.Notification>> {
    const outcome = await readWechatNotification(raw, {
      mchid: this.#mchid,
      appid: this.#appid,
      apiV3Key: this.#apiV3Key,
      findKey: this.#findKey,
      nowMs: this.#options.clock.nowMs(),
    });
    if (outcome.kind !== 'ok') this.#log('notification', outcome);
    return outcome;
  }

  notificationReply(accepted: boolean): { status: number; contentType: string; body: string } {
    return accepted
      ? { status: 204, contentType: 'application/json', body: '' }
      : { status: 500, contentType: 'application/json', body: '{"code":"FAIL","message":"FAIL"}' };
  }

  async bill(day: string): Promise<Outcome<readonly Shared.BillLine[]>> {
    if (!isDay(day)) return refused('REQUEST_INVALID');
    const path = `/v3/bill/tradebill?bill_date=${day}&bill_type=ALL&tar_type=GZIP`;
    const answer = await this.#call('bill', undefined, 'get', path);
    if (answer.kind !== 'ok') return answer;
    const said = billUrlSchema.safeParse(answer.value.json);
    if (!said.success) return this.#report('bill', unknown('ANSWER_MALFORMED'));
    return this.#report('bill', await this.#download(said.data.download_url, said.data.hash_value));
  }

  /** The file itself is not signed; the signed answer before it gave its digest. */
  async #download(url: string, sha1Hex: string): Promise<Outcome<readonly Shared.BillLine[]>> {
    const { pathname, search } = new URL(url);
    // Only the path: a signed request goes to no other host than the configured one.
    const sent = await this.#client.send('get', pathname + search, undefined, MAXIMUM_BILL_BYTES);
    if (sent.kind !== 'ok') return sent;
    if (sent.value.status !== 200) return unknown('PROVIDER_FAILED');
    const text = unpackWechatBill(sent.value.body, sha1Hex);
    if (text === undefined) return unknown('BILL_HASH_WRONG');
    const lines = parseWechatBill(text, this.#mchid);
    return lines === undefined ? unknown('BILL_MALFORMED') : ok(lines);
  }

  /** Proves the parameters by a call that changes nothing; for checkParameters. */
  async probe(): Promise<Outcome<void>> {
    // Opening the certificates proves the APIv3 key; in public-key mode nothing short of a payment does.
    const fetched = this.#usesCertificates ? await this.#keys.refresh() : ok(undefined);
    if (fetched.kind !== 'ok') return fetched;
    const outTradeNo = `probe_${createHash('sha256').update(this.#mchid).digest('hex').slice(0, 20)}`;
    const found = await this.query(outTradeNo);
    return found.kind === 'ok' ? ok(undefined) : found;
  }

  async #call(
    operation: WechatOperation,
    outTradeNo: string | undefined,
    method: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Outcome<Answer>> {
    const answer = await this.#client.call(this.#findKey, method, path, body);
    const judged = answer.kind === 'ok' ? judgeStatus(operation, answer.value) : answer;
    return this.#report(operation, judged, outTradeNo);
  }

  #report<Value>(operation: WechatOperation, outcome: Outcome<Value>, outTradeNo?: string): Outcome<Value> {
    if (outcome.kind === 'unknown') this.#log(operation, outcome, outTradeNo);
    return outcome;
  }

  #log(operation: string, outcome: Shared.Refused | Shared.Unknown, outTradeNo?: string): void {
    const { kind, code, providerCode } = outcome;
    this.#options.log?.warn(
      { channel: this.channel, mchid: this.#mchid, operation, outTradeNo, kind, code, providerCode },
      outcome.message,
    );
  }
}

function tradePath(outTradeNo: string): string {
  return `/v3/pay/transactions/out-trade-no/${outTradeNo}`;
}

/** 200 and 204 are done; 202 is "accepted, not done"; the rest is an error whose code says what happened. */
function judgeStatus(operation: WechatOperation, answer: Answer): Outcome<Answer> {
  if (answer.status === 200 || answer.status === 204) return ok(answer);
  if (answer.status < 400) return unknown('ANSWER_MALFORMED');
  const said = (answer.json as { code?: unknown } | undefined)?.code;
  const code = meaningOf(operation, typeof said === 'string' ? said : undefined);
  return isRefusal(code) ? refused(code, said) : unknown(code, said);
}

function isRefusal(code: CodeOf<'refused'> | CodeOf<'unknown'>): code is CodeOf<'refused'> {
  return PROVIDER_CODES[code].kind === 'refused';
}
