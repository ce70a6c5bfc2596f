/**
 * Scripted misbehaviour: rules that say what goes wrong, for which calls, how often. The model asks here before
 * and while it works; the HTTP shells only carry out what a rule has decided (silence, a cut connection, a bad
 * signature). What each kind imitates is listed in docs/sandbox.md.
 * Invariant: a rule with a count acts exactly that many times; without rules the sandbox behaves.
 */

import type { Random } from '../../time/random';
import type { Channel } from './records';

/** Of a call: `…Done` carries the order out and then fails to say so. */
export const CALL_FAULTS = [
  'silence',
  'silenceDone',
  'reset',
  'resetDone',
  'unavailable',
  'unavailableDone',
  'systemError',
  'systemErrorDone',
  'busy',
  'busyDone',
  'frequencyLimited',
  'badSignature',
  'slow',
] as const;

/** Of a refund's later fate. */
export const REFUND_FAULTS = ['refundAbnormal', 'refundClosed', 'refundSlow'] as const;

/** Of a notification. */
export const NOTICE_FAULTS = [
  'noticeLost',
  'noticeLate',
  'noticeDoubled',
  'noticeReordered',
  'noticeForgedSignature',
  'noticeForgedMerchant',
  'noticeForgedAmount',
  'noticeStale',
] as const;

export const FAULT_KINDS = [...CALL_FAULTS, ...REFUND_FAULTS, ...NOTICE_FAULTS] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultOptions {
  readonly kind: FaultKind;
  readonly channel?: Channel;
  /** One of the model's operations, e.g. `native`, `refund`, `query`; any when missing. */
  readonly operation?: string;
  readonly outTradeNo?: string;
  /** How many times; for ever when missing. */
  readonly times?: number;
  /** 0 to 1; always when missing. */
  readonly probability?: number;
  /** For `slow`, `refundSlow`, `noticeLate` and `noticeReordered`. */
  readonly delayMs?: number;
  /** The rule ends at this time (milliseconds since the epoch): an outage with an end. */
  readonly untilMs?: number;
}

export interface FaultRule extends FaultOptions {
  readonly id: number;
  readonly hits: number;
}

export interface FaultQuestion {
  readonly channel: Channel;
  readonly operation?: string;
  readonly outTradeNo?: string | undefined;
}

export class Faults {
  private rules: FaultRule[] = [];
  private created = 0;

  constructor(private readonly random: Random) {}

  add(options: FaultOptions): FaultRule {
    this.created += 1;
    const rule = { ...options, id: this.created, hits: 0 };
    this.rules.push(rule);
    return rule;
  }

  list(): readonly FaultRule[] {
    return this.rules;
  }

  /** Removes one rule, or all. Gives how many went. */
  clear(id?: number): number {
    const before = this.rules.length;
    this.rules = id === undefined ? [] : this.rules.filter((rule) => rule.id !== id);
    return before - this.rules.length;
  }

  /** The first rule among `kinds` that applies now; its count goes down by one. */
  take(kinds: readonly FaultKind[], question: FaultQuestion, nowMs: number): FaultRule | undefined {
    for (const rule of this.rules) {
      if (!kinds.includes(rule.kind) || !applies(rule, question, nowMs)) continue;
      if (rule.probability !== undefined && !this.random.chance(rule.probability)) continue;
      this.count(rule);
      return rule;
    }
    return undefined;
  }

  private count(rule: FaultRule): void {
    const hits = rule.hits + 1;
    const isSpent = rule.times !== undefined && hits >= rule.times;
    this.rules = isSpent
      ? this.rules.filter((other) => other !== rule)
      : this.rules.map((other) => (other === rule ? { ...rule, hits } : other));
  }
}

function applies(rule: FaultRule, question: FaultQuestion, nowMs: number): boolean {
  if (rule.untilMs !== undefined && nowMs >= rule.untilMs) return false;
  if (rule.channel !== undefined && rule.channel !== question.channel) return false;
  if (rule.operation !== undefined && rule.operation !== question.operation) return false;
  return rule.outTradeNo === undefined || rule.outTradeNo === question.outTradeNo;
}
