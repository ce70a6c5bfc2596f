/**
 * A refund's way from acceptance to its end, the same for both providers: the promise is booked at once, the
 * money moves when the refund is due, also over a restart. Whether a refund is allowed at all is decided before,
 * by wechat/ and alipay/; fault rules may delay it or let it end otherwise.
 */

import type { Context } from './context';
import { REFUND_FAULTS } from './faults';
import { acceptRefund, finishRefund } from './ledger';
import { newRefundNo } from './numbers';
import type { Refund, RefundState, Trade } from './records';

export interface RefundDraft {
  readonly outRefundNo: string;
  readonly amountFen: number;
  readonly reason: string;
  readonly notifyUrl: string;
  /** From acceptance to the end; 0 = done when accepted. */
  readonly delayMs: number;
}

export class RefundDesk {
  constructor(
    private readonly context: Context,
    private readonly onFinished: (trade: Trade, refund: Refund) => void,
  ) {}

  /** Books the refund. Gives it as it stands when the answer is written. */
  accept(trade: Trade, draft: RefundDraft): Refund {
    const { context } = this;
    const { channel, merchantId, outTradeNo } = trade;
    const nowMs = Math.floor(context.clock.nowMs());
    const question = { channel, operation: 'refund', outTradeNo };
    const rule = context.faults.take(REFUND_FAULTS, question, nowMs);
    const outcomes: Partial<Record<string, RefundState>> = {
      refundAbnormal: 'ABNORMAL',
      refundClosed: 'CLOSED',
    };
    const delayMs = draft.delayMs + (rule?.delayMs ?? 0);
    const refund: Refund = {
      channel,
      merchantId,
      outTradeNo,
      outRefundNo: draft.outRefundNo,
      refundNo: newRefundNo(context.random, nowMs),
      amountFen: draft.amountFen,
      totalFen: trade.amountFen,
      reason: draft.reason,
      notifyUrl: draft.notifyUrl,
      state: 'PROCESSING',
      outcome: outcomes[rule?.kind ?? ''] ?? 'SUCCESS',
      createdMs: nowMs,
      dueMs: nowMs + delayMs,
      doneMs: null,
    };
    acceptRefund(context, trade, refund);
    if (delayMs === 0) return this.finish(refund);
    this.arm(refund);
    return refund;
  }

  /** The merchant deals with a refund that hangs, in the provider's console: its money goes out after all. */
  payOut(refund: Refund): Refund {
    return this.finish({ ...refund, outcome: 'SUCCESS' });
  }

  /** After a restart: every refund that was under way. */
  resume(): void {
    for (const refund of this.context.book.all('refunds')) {
      if (refund.state === 'PROCESSING') this.arm(refund);
    }
  }

  private arm(refund: Refund): void {
    const { clock } = this.context;
    clock.setTimer(() => this.finish(refund), Math.max(0, refund.dueMs! - clock.nowMs()));
  }

  private finish(refund: Refund): Refund {
    const done = finishRefund(this.context, refund, refund.outcome);
    this.onFinished(done.trade, done.refund);
    return done.refund;
  }
}
