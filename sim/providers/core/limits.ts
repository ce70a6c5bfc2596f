/**
 * Rate limits: calls a second, for each merchant and each kind of call. The refund figures are WeChat Pay's own
 * (150 a second, 6 bad ones, 300 queries; "申请退款", "查询单笔退款"); for the rest neither provider publishes
 * one, and 600 stands for "more than an honest merchant of this size sends".
 * Invariant: within any whole second of the clock no more than the limit is let through.
 */

export type LimitName = 'order' | 'query' | 'refund' | 'badRefund' | 'refundQuery' | 'bill';

export type CallsPerSecond = Readonly<Record<LimitName, number>>;

export const DOCUMENTED_LIMITS: CallsPerSecond = {
  order: 600,
  query: 600,
  refund: 150,
  badRefund: 6,
  refundQuery: 300,
  bill: 60,
};

const MAX_COUNTERS = 10_000;

export class RateLimits {
  private readonly counters = new Map<string, { second: number; calls: number }>();

  constructor(private readonly perSecond: CallsPerSecond) {}

  /** Counts one call; false when it is one too many. */
  allow(name: LimitName, merchant: string, nowMs: number): boolean {
    const counter = this.counter(name, merchant, nowMs);
    counter.calls += 1;
    return counter.calls <= this.perSecond[name];
  }

  /** Whether one more call would be refused, without counting it. */
  isExhausted(name: LimitName, merchant: string, nowMs: number): boolean {
    return this.counter(name, merchant, nowMs).calls >= this.perSecond[name];
  }

  private counter(name: LimitName, merchant: string, nowMs: number): { second: number; calls: number } {
    const key = `${name}/${merchant}`;
    const second = Math.floor(nowMs / 1000);
    let counter = this.counters.get(key);
    if (!counter || counter.second !== second) {
      if (this.counters.size >= MAX_COUNTERS) this.counters.clear();
      counter = { second, calls: 0 };
      this.counters.set(key, counter);
    }
    return counter;
  }
}
