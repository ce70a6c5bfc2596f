/**
 * Notifications: what is sent, when, and how often again. WeChat Pay repeats after 15 s, 15 s, 30 s, 3 min,
 * 10 min, 20 min, 30 min ×3, 60 min, 3 h ×3, 6 h ×2 ("支付成功回调通知"), Alipay after 4 min, 10 min ×2, 1 h, 2 h,
 * 6 h, 15 h ("异步通知说明"). Signing and carrying is the port's work. Fault rules lose, delay, double, reorder
 * and forge.
 * Invariant: a genuine notice is tried until it is accepted or its plan is used up, also over a restart; a
 * forged one is sent once and never counts as the genuine one's answer.
 */

import type { Context, Deliver } from './context';
import { NOTICE_FAULTS, type FaultRule } from './faults';
import { fresh, newNoticeId } from './numbers';
import type { Channel, Forgery, Notice, NoticeEvent } from './records';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits between one attempt and the next, before scaling. */
export const RETRY_PLANS_MS: Readonly<Record<Channel, readonly number[]>> = {
  wechat: [
    15 * SECOND_MS,
    15 * SECOND_MS,
    30 * SECOND_MS,
    3 * MINUTE_MS,
    10 * MINUTE_MS,
    20 * MINUTE_MS,
    30 * MINUTE_MS,
    30 * MINUTE_MS,
    30 * MINUTE_MS,
    60 * MINUTE_MS,
    3 * HOUR_MS,
    3 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    6 * HOUR_MS,
  ],
  alipay: [
    4 * MINUTE_MS,
    10 * MINUTE_MS,
    10 * MINUTE_MS,
    1 * HOUR_MS,
    2 * HOUR_MS,
    6 * HOUR_MS,
    15 * HOUR_MS,
  ],
};

/** When a rule gives no delay of its own. */
const DEFAULT_DELAY_MS = 30 * SECOND_MS;

const FORGERY_OF: Partial<Record<FaultRule['kind'], Forgery>> = {
  noticeForgedSignature: 'signature',
  noticeForgedMerchant: 'merchant',
  noticeForgedAmount: 'amount',
  noticeStale: 'stale',
};

export interface Announcement {
  readonly channel: Channel;
  readonly merchantId: string;
  readonly event: NoticeEvent;
  readonly eventType: string;
  readonly outTradeNo: string;
  readonly outRefundNo: string | null;
  readonly url: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The same content with another merchant or another amount in it. */
export type Falsify = (
  channel: Channel,
  content: Announcement['content'],
  lie: 'merchant' | 'amount',
) => Announcement['content'];

export class Notices {
  /** Notices held back by a `noticeReordered` rule until another one has gone out. */
  private readonly heldBack = new Set<string>();
  private isStopped = false;

  constructor(
    private readonly context: Context,
    private readonly deliver: Deliver,
    private readonly falsify: Falsify,
  ) {}

  /** Plans a genuine notice, with whatever the fault rules do to it. */
  announce(announcement: Announcement): Notice | undefined {
    if (announcement.url === '') return undefined;
    const { context } = this;
    const nowMs = Math.floor(context.clock.nowMs());
    const { channel, event: operation, outTradeNo } = announcement;
    const rule = context.faults.take(NOTICE_FAULTS, { channel, operation, outTradeNo }, nowMs);
    const forgery = rule && FORGERY_OF[rule.kind];
    if (forgery) this.forge(announcement, forgery);
    const isDelayed = rule?.kind === 'noticeLate' || rule?.kind === 'noticeReordered';
    const delayMs = context.settings.noticeDelayMs + (isDelayed ? (rule.delayMs ?? DEFAULT_DELAY_MS) : 0);
    const isLost = rule?.kind === 'noticeLost';
    const notice = this.create(
      announcement,
      null,
      isLost ? null : nowMs + delayMs,
      isLost ? 'LOST' : 'WAITING',
    );
    if (rule?.kind === 'noticeReordered') this.heldBack.add(notice.id);
    this.arm(notice);
    if (rule?.kind === 'noticeDoubled') this.context.clock.setTimer(() => this.repeat(notice.id), delayMs);
    return notice;
  }

  /** Sends a message that no honest provider would send; once, whatever the answer. */
  forge(announcement: Announcement, forgery: Forgery): Notice {
    const { channel, content } = announcement;
    const isLie = forgery === 'merchant' || forgery === 'amount';
    const told = isLie ? { ...announcement, content: this.falsify(channel, content, forgery) } : announcement;
    const notice = this.create(told, forgery, Math.floor(this.context.clock.nowMs()), 'WAITING');
    this.arm(notice);
    return notice;
  }

  /** Sends a notice once more, now, whatever its state. False when there is none of that id. */
  repeat(id: string): boolean {
    const notice = this.context.book.get('notices', id);
    if (!notice || this.isStopped) return false;
    this.send(notice);
    return true;
  }

  /** After a restart: takes up every unfinished plan where it stood. */
  resume(): void {
    for (const notice of this.context.book.all('notices')) this.arm(notice);
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.isStopped = true;
  }

  private create(
    from: Announcement,
    forgery: Forgery | null,
    dueMs: number | null,
    state: Notice['state'],
  ): Notice {
    const { context } = this;
    const nowMs = Math.floor(context.clock.nowMs());
    const notice: Notice = {
      ...from,
      id: fresh(
        () => newNoticeId(from.channel, context.random, nowMs),
        (id) => context.book.has('notices', id),
      ),
      forgery,
      state,
      attempts: 0,
      dueMs,
      createdMs: nowMs,
      lastResult: '',
    };
    context.book.put('notices', notice.id, notice);
    return notice;
  }

  /** A notice that was under way when the sandbox was stopped has no due time: it goes out again at once. */
  private arm(notice: Notice): void {
    if (notice.state !== 'WAITING') return;
    const { clock } = this.context;
    const { id, dueMs } = notice;
    clock.setTimer(() => this.fire(id, dueMs), Math.max(0, (dueMs ?? 0) - clock.nowMs()));
  }

  private fire(id: string, dueMs: number | null): void {
    const notice = this.context.book.get('notices', id);
    if (this.isStopped || notice?.state !== 'WAITING' || notice.dueMs !== dueMs) return;
    this.heldBack.delete(id);
    this.send(notice);
    for (const heldId of this.heldBack) {
      this.heldBack.delete(heldId);
      this.repeat(heldId);
    }
  }

  private send(notice: Notice): void {
    const { id, channel, merchantId, event, eventType, url, content, createdMs, forgery } = notice;
    const sentMs = Math.floor(this.context.clock.nowMs());
    const attempt = notice.attempts + 1;
    this.update({ ...notice, attempts: attempt, dueMs: null });
    this.deliver(
      { noticeId: id, channel, merchantId, event, eventType, url, content, createdMs, sentMs, forgery },
      (result) => this.answered(id, attempt, result.isAccepted, result.detail),
    );
  }

  private answered(id: string, attempt: number, isAccepted: boolean, detail: string): void {
    const notice = this.context.book.get('notices', id);
    if (!notice || this.isStopped) return;
    if (isAccepted) {
      this.update({ ...notice, state: 'ACCEPTED', dueMs: null, lastResult: detail });
      return;
    }
    // An answer to an older attempt (a doubled notice) must not start a second chain of retries.
    if (notice.state !== 'WAITING' || attempt !== notice.attempts) return;
    const plan = notice.forgery ? [] : RETRY_PLANS_MS[notice.channel];
    const waitMs = plan[attempt - 1];
    if (waitMs === undefined) {
      this.update({ ...notice, state: 'GIVEN_UP', dueMs: null, lastResult: detail });
      return;
    }
    const { clock, settings } = this.context;
    const dueMs = Math.floor(clock.nowMs()) + Math.round(waitMs * settings.retryScale);
    this.arm(this.update({ ...notice, dueMs, lastResult: detail }));
  }

  private update(notice: Notice): Notice {
    this.context.book.put('notices', notice.id, notice);
    return notice;
  }
}
