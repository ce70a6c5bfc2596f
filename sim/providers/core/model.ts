/**
 * The whole sandbox without HTTP, keys or wall clock: (request) → outcome over a book of plain records, with
 * injected time, chance and carrier of notifications. The HTTP shells verify and sign around it; a campaign
 * calls it directly in virtual time and gets the same rules, faults and retries.
 * Invariant: the same seed, clock and calls give the same outcomes; `audit()` is empty at any moment.
 */

import type { Clock } from '../../time/clock';
import type { Random } from '../../time/random';
import { BAD_GATEWAY, type Adapter, type Answer, type Desk } from './adapter';
import { auditBook, type AuditTotals } from './audit';
import { Book } from './book';
import { DOCUMENTED_SETTINGS, type Context, type Deliver, type ModelSettings } from './context';
import { Downloads } from './downloads';
import { CALL_FAULTS, Faults, type FaultRule } from './faults';
import { refundableFen } from './ledger';
import { RateLimits } from './limits';
import { Notices } from './notices';
import type { Channel, Forgery, MerchantAccount, Notice, Refund, Trade } from './records';
import { RefundDesk } from './refundDesk';
import { TimerSet } from './timerSet';
import { Wallet } from './wallet';

export interface ProviderRequest {
  readonly channel: Channel;
  /** WeChat: native, query, queryById, close, refund, refundQuery, tradeBill. Alipay: the method's name. */
  readonly operation: string;
  /** Who signed: mchid or app_id. */
  readonly merchantId: string;
  /** The request's own fields: body, path and query together. */
  readonly input: Readonly<Record<string, unknown>>;
}

export type Outcome =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      readonly delayMs: number;
      readonly isSignatureBad: boolean;
    }
  /** No answer ever comes. */
  | { readonly kind: 'silence' }
  /** The connection breaks. */
  | { readonly kind: 'reset' };

export interface ModelPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly deliver: Deliver;
  readonly adapters: Readonly<Record<Channel, Adapter>>;
  readonly book?: Book;
  readonly settings?: Partial<ModelSettings>;
  /** Where the sandbox can be reached, for the addresses of bills. */
  readonly baseUrl?: () => string;
}

const DEFAULT_SLOWNESS_MS = 3_000;

export class ProviderModel {
  readonly book: Book;
  readonly faults: Faults;
  readonly notices: Notices;
  readonly wallet: Wallet;
  readonly downloads: Downloads;
  readonly settings: ModelSettings;
  private readonly desk: Desk;
  private readonly adapters: Readonly<Record<Channel, Adapter>>;
  private readonly timers: TimerSet;

  constructor(ports: ModelPorts) {
    this.book = ports.book ?? new Book();
    this.settings = { ...DOCUMENTED_SETTINGS, ...ports.settings };
    this.faults = new Faults(ports.random.fork('faults'));
    this.adapters = ports.adapters;
    this.timers = new TimerSet(ports.clock);
    const context: Context = {
      clock: this.timers,
      random: ports.random.fork('numbers'),
      book: this.book,
      faults: this.faults,
      limits: new RateLimits(this.settings.callsPerSecond),
      settings: this.settings,
    };
    const refunds = new RefundDesk(context, (trade, refund) => this.refundFinished(trade, refund));
    this.downloads = new Downloads(context);
    this.desk = { ...context, refunds, downloads: this.downloads, baseUrl: ports.baseUrl ?? (() => '') };
    this.notices = new Notices(context, ports.deliver, (channel, content, lie) =>
      this.adapters[channel].falsify(content, lie),
    );
    this.wallet = new Wallet(this.desk, this.adapters, (trade) => this.paid(trade));
  }

  addMerchant(account: MerchantAccount): void {
    this.book.put('merchants', `${account.channel}/${account.merchantId}`, account);
  }

  /** One call of a merchant whose identity has been established. */
  handle(request: ProviderRequest): Outcome {
    const adapter = this.adapters[request.channel];
    const account = this.book.account(request.channel, request.merchantId);
    if (!account) return plain(adapter.unknownMerchant);
    return this.perform(request, () => this.run(adapter, account, request));
  }

  /** Does `work` under the fault rules that apply to the request; for calls that only a shell can answer. */
  perform(request: ProviderRequest, work: () => Answer): Outcome {
    const adapter = this.adapters[request.channel];
    const rule = this.takeCallFault(request);
    const early = rule && this.failBefore(adapter, rule);
    if (early) return early;
    const answer = work();
    return rule ? this.failAfter(adapter, rule, answer) : plain(answer);
  }

  /** Sends the merchant a message that the provider would never send; for an unpaid trade too. */
  forge(channel: Channel, merchantId: string, outTradeNo: string, forgery: Forgery): Notice | undefined {
    const trade = this.book.trade(channel, merchantId, outTradeNo);
    const account = this.book.account(channel, merchantId);
    if (!trade || !account || trade.notifyUrl === '') return undefined;
    const pretended: Trade = {
      ...trade,
      state: 'PAID',
      paidMs: trade.paidMs ?? Math.floor(this.desk.clock.nowMs()),
      payer: trade.payer ?? 'unknown',
    };
    const announcement = this.adapters[channel].paymentNotice(account, pretended);
    return this.notices.forge(announcement, forgery);
  }

  /** The bank takes the merchant's money away, so that refunds may find too little. Gives the fen taken. */
  settle(channel: Channel, merchantId: string): number {
    const amountFen = this.book.availableFen(channel, merchantId);
    if (amountFen <= 0) return 0;
    this.book.addMovement({
      kind: 'settlement',
      channel,
      merchantId,
      outTradeNo: null,
      outRefundNo: null,
      amountFen,
      atMs: Math.floor(this.desk.clock.nowMs()),
    });
    return amountFen;
  }

  /** The merchant pays out what hangs of a trade's refunds (ABNORMAL), in the provider's console. Gives how many. */
  payOutAbnormal(trade: Trade): number {
    const hanging = this.book.refundsOf(trade).filter(({ state }) => state === 'ABNORMAL');
    for (const refund of hanging) this.desk.refunds.payOut(refund);
    return hanging.length;
  }

  /**
   * The merchant gives money back in the provider's console, past every server: all that is left, or `amountFen` of
   * it. Undefined when the trade is not paid or not so much is left.
   */
  refundInConsole(trade: Trade, amountFen = refundableFen(trade)): Refund | undefined {
    const { channel, merchantId } = trade;
    const isFit = trade.state === 'PAID' && amountFen > 0 && amountFen <= refundableFen(trade);
    if (!isFit || this.book.availableFen(channel, merchantId) < amountFen) return undefined;
    return this.desk.refunds.accept(trade, {
      outRefundNo: `console_${this.book.refundsOf(trade).length + 1}_${trade.outTradeNo}`,
      amountFen,
      reason: '',
      notifyUrl: '',
      delayMs: 0,
    });
  }

  /** Its time, whose timers end with `stop()`. */
  get clock(): Clock {
    return this.timers;
  }

  audit(): AuditTotals {
    return auditBook(this.book);
  }

  /** After the book was loaded: takes up refunds and notifications where they stood. */
  resume(): void {
    this.desk.refunds.resume();
    this.notices.resume();
  }

  /** Ends every timer and every retry; the book stays as it is. */
  stop(): void {
    this.notices.stop();
    this.timers.clear();
  }

  private run(adapter: Adapter, account: MerchantAccount, request: ProviderRequest): Answer {
    const operation = Object.hasOwn(adapter.operations, request.operation)
      ? adapter.operations[request.operation]!
      : undefined;
    if (!operation) return adapter.unknownOperation;
    const { limits, clock } = this.desk;
    const who = `${account.channel}/${account.merchantId}`;
    const isRefund = operation.limit === 'refund';
    if (!limits.allow(operation.limit, who, clock.nowMs())) return adapter.frequencyLimited;
    if (isRefund && limits.isExhausted('badRefund', who, clock.nowMs())) return adapter.frequencyLimited;
    const answer = operation.run(this.desk, account, request.input);
    if (isRefund && adapter.isRefusal(answer)) limits.allow('badRefund', who, clock.nowMs());
    return answer;
  }

  private takeCallFault(request: ProviderRequest): FaultRule | undefined {
    const { channel, operation, merchantId, input } = request;
    const given = input['out_trade_no'];
    const number = input['transaction_id'] ?? input['trade_no'];
    const known =
      typeof number === 'string' ? this.book.tradeByTradeNo(channel, merchantId, number) : undefined;
    const outTradeNo = typeof given === 'string' ? given : known?.outTradeNo;
    return this.faults.take(CALL_FAULTS, { channel, operation, outTradeNo }, this.desk.clock.nowMs());
  }

  private failBefore(adapter: Adapter, rule: FaultRule): Outcome | undefined {
    switch (rule.kind) {
      case 'silence':
        return { kind: 'silence' };
      case 'reset':
        return { kind: 'reset' };
      case 'unavailable':
        return plain(BAD_GATEWAY);
      case 'busy':
        return plain(adapter.busy);
      case 'systemError':
        return plain(adapter.systemError);
      case 'frequencyLimited':
        return plain(adapter.frequencyLimited);
      default:
        return undefined;
    }
  }

  private failAfter(adapter: Adapter, rule: FaultRule, answer: Answer): Outcome {
    switch (rule.kind) {
      case 'silenceDone':
        return { kind: 'silence' };
      case 'resetDone':
        return { kind: 'reset' };
      case 'unavailableDone':
        return plain(BAD_GATEWAY);
      case 'busyDone':
        return plain(adapter.busy);
      case 'systemErrorDone':
        return plain(adapter.systemError);
      case 'badSignature':
        return { ...plain(answer), isSignatureBad: true };
      default:
        return { ...plain(answer), delayMs: rule.delayMs ?? DEFAULT_SLOWNESS_MS };
    }
  }

  private paid(trade: Trade): void {
    const account = this.book.account(trade.channel, trade.merchantId)!;
    this.notices.announce(this.adapters[trade.channel].paymentNotice(account, trade));
  }

  private refundFinished(trade: Trade, refund: Refund): void {
    const account = this.book.account(trade.channel, trade.merchantId)!;
    const announcement = this.adapters[trade.channel].afterRefund(this.desk, account, trade, refund);
    if (announcement) this.notices.announce(announcement);
  }
}

function plain(answer: Answer): Extract<Outcome, { kind: 'answer' }> {
  return { kind: 'answer', answer, delayMs: 0, isSignatureBad: false };
}
