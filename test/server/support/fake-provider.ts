/**
 * A provider that does exactly what a test tells it to: it keeps trades and refunds, and any call can be made to
 * fail, to be lost on its way back, or to wait. Not a model of WeChat Pay or Alipay; that is sim/providers.
 */
import type { ProviderCode } from '../../../server/providers/codes';
import type {
  BillLine,
  Channel,
  CreateTrade,
  Notification,
  Outcome,
  Provider,
  RawNotification,
  Refund,
  RefundRequest,
  Trade,
} from '../../../server/providers/provider';

type Call = 'create' | 'query' | 'close' | 'refund' | 'queryRefund';

/** `before`: fails and does nothing; `after`: does it, and the answer is lost. */
export type Fault = 'unknown before' | 'unknown after' | 'refused';

const UNKNOWN = { kind: 'unknown', code: 'TIMEOUT', message: 'no answer' } as const;

export class FakeProvider implements Provider {
  readonly trades = new Map<string, { state: Trade['state']; amountFen: number; paidAtMs?: number }>();
  readonly refunds = new Map<string, Refund>();
  readonly bills = new Map<string, readonly BillLine[]>();
  readonly calls: string[] = [];
  /** Bodies of notifications as they came. */
  readonly bodies: string[] = [];
  /** Faults to come, by call, first first. */
  readonly faults: Partial<Record<Call, Fault[]>> = {};
  /** What a refused call is refused with. */
  refusal: ProviderCode = 'REQUEST_INVALID';
  /** A device takes the provider's own links only. */
  codePrefix = 'https://pay.example/';
  /** State that a new refund gets. */
  refundState: Refund['state'] = 'SUCCESS';
  /** Awaited before every call: a test holds the provider up with it. */
  gate: () => Promise<void> = () => Promise.resolve();

  constructor(readonly channel: Channel = 'wechat') {}

  /** The customer pays. */
  pay(outTradeNo: string, amountFen?: number, paidAtMs?: number): void {
    const trade = this.trades.get(outTradeNo);
    if (!trade || trade.state !== 'WAITING') throw new Error(`${outTradeNo} cannot be paid`);
    trade.state = 'PAID';
    if (amountFen !== undefined) trade.amountFen = amountFen;
    if (paidAtMs !== undefined) trade.paidAtMs = paidAtMs;
  }

  /** A notification as the fake signs it. */
  notification(outTradeNo: string, change: Partial<Trade> = {}): RawNotification {
    const notice = { notificationId: `N${outTradeNo}`, trade: { ...this.trade(outTradeNo), ...change } };
    return { headers: { signature: 'good' }, body: JSON.stringify(notice) };
  }

  create(trade: CreateTrade): Promise<Outcome<{ readonly codeUrl: string }>> {
    return this.call('create', trade.outTradeNo, () => {
      if (!this.trades.has(trade.outTradeNo)) {
        this.trades.set(trade.outTradeNo, { state: 'WAITING', amountFen: trade.amountFen });
      }
      return { kind: 'ok', value: { codeUrl: this.codePrefix + trade.outTradeNo } };
    });
  }

  query(outTradeNo: string): Promise<Outcome<Trade>> {
    return this.call('query', outTradeNo, () => ({ kind: 'ok', value: this.trade(outTradeNo) }));
  }

  close(outTradeNo: string): Promise<Outcome<void>> {
    return this.call('close', outTradeNo, () => {
      const trade = this.trades.get(outTradeNo);
      if (!trade) return { kind: 'refused', code: 'TRADE_NOT_FOUND', message: 'none' };
      if (trade.state === 'PAID') return { kind: 'refused', code: 'ORDERPAID', message: 'paid' };
      trade.state = 'CLOSED';
      return { kind: 'ok', value: undefined };
    });
  }

  refund(request: RefundRequest): Promise<Outcome<Refund>> {
    return this.call('refund', request.outRefundNo, () => {
      const { outTradeNo, outRefundNo, refundFen } = request;
      const known = this.refunds.get(outRefundNo);
      const state = known?.state ?? this.refundState;
      const refund = { outTradeNo, outRefundNo, state, providerState: state, refundFen };
      this.refunds.set(outRefundNo, refund);
      if (state === 'SUCCESS') this.trades.get(outTradeNo)!.state = 'REFUNDED';
      return { kind: 'ok', value: refund };
    });
  }

  queryRefund(outTradeNo: string, outRefundNo: string): Promise<Outcome<Refund>> {
    return this.call('queryRefund', outRefundNo, () => ({
      kind: 'ok',
      value: this.refunds.get(outRefundNo) ?? {
        outTradeNo,
        outRefundNo,
        state: 'NOT_FOUND',
        providerState: 'NOT_FOUND',
      },
    }));
  }

  async readNotification(raw: RawNotification): Promise<Outcome<Notification>> {
    this.bodies.push(raw.body);
    if (raw.headers.signature !== 'good') {
      return { kind: 'refused', code: 'NOTIFICATION_SIGNATURE_WRONG', message: 'forged' } as never;
    }
    return { kind: 'ok', value: JSON.parse(raw.body) as Notification };
  }

  notificationReply(accepted: boolean): { status: number; contentType: string; body: string } {
    return { status: accepted ? 200 : 500, contentType: 'text/plain', body: accepted ? 'success' : 'fail' };
  }

  async bill(day: string): Promise<Outcome<readonly BillLine[]>> {
    return { kind: 'ok', value: this.bills.get(day) ?? [] };
  }

  private trade(outTradeNo: string): Trade {
    const trade = this.trades.get(outTradeNo);
    if (!trade) return { outTradeNo, state: 'NOT_FOUND', providerState: 'NOT_FOUND' };
    const { state, amountFen, paidAtMs } = trade;
    if (state !== 'PAID' && state !== 'REFUNDED') return { outTradeNo, state, providerState: state };
    const paid = { outTradeNo, state, providerState: state, transactionId: `T${outTradeNo}`, amountFen };
    return paidAtMs === undefined ? paid : { ...paid, paidAtMs };
  }

  private async call<Value>(
    call: Call,
    subject: string,
    work: () => Outcome<Value>,
  ): Promise<Outcome<Value>> {
    this.calls.push(`${call} ${subject}`);
    await this.gate();
    const fault = this.faults[call]?.shift();
    if (fault === 'refused') return { kind: 'refused', code: this.refusal, message: 'no' };
    if (fault === 'unknown before') return UNKNOWN;
    const outcome = work();
    return fault === 'unknown after' ? UNKNOWN : outcome;
  }
}
