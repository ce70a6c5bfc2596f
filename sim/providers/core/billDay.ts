/**
 * What belongs into the bill of one Chinese day (or, at Alipay, month): payments by the moment they were paid, refunds by the moment
 * they were accepted (WeChat) or done (Alipay). Also says whether the day's bill exists yet.
 */

import type { Desk } from './adapter';
import { DAY_MS, startOfChinaDay, toChinaDate } from './beijing';
import type { MerchantAccount, Refund, Trade } from './records';

export interface BillDay {
  readonly payments: readonly Trade[];
  readonly refunds: readonly { readonly refund: Refund; readonly trade: Trade }[];
}

export type BillState = 'READY' | 'NOT_YET' | 'NOT_OVER';

/** From `startMs` up to, not including, `endMs`. */
export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/** The period that `2026-01-05` or `2026-01` names, or undefined when there is no such day or month. */
export function periodOf(date: string): Period | undefined {
  if (date.length === 10) {
    const startMs = startOfChinaDay(date);
    return startMs === undefined ? undefined : { startMs, endMs: startMs + DAY_MS };
  }
  const startMs = startOfChinaDay(`${date}-01`);
  if (startMs === undefined) return undefined;
  const nextMonth = toChinaDate(startMs + 31 * DAY_MS).slice(0, 7);
  return { startMs, endMs: startOfChinaDay(`${nextMonth}-01`)! };
}

/** NOT_YET: the period is over but its bill is still being made. */
export function billStateOf(desk: Desk, period: Period): BillState {
  const nowMs = desk.clock.nowMs();
  if (nowMs >= period.endMs + desk.settings.billDelayMs) return 'READY';
  return nowMs >= period.endMs ? 'NOT_YET' : 'NOT_OVER';
}

/** Reads the whole book: bills are rare. */
export function collectDay(
  desk: Desk,
  account: MerchantAccount,
  { startMs, endMs }: Period,
  by: 'createdMs' | 'doneMs',
): BillDay {
  const isOnDay = (atMs: number | null): boolean => atMs !== null && atMs >= startMs && atMs < endMs;
  const isOwn = (record: Trade | Refund): boolean =>
    record.channel === account.channel && record.merchantId === account.merchantId;
  const payments = [...desk.book.all('trades')].filter((trade) => isOwn(trade) && isOnDay(trade.paidMs));
  const refunds = [...desk.book.all('refunds')]
    .filter((refund) => isOwn(refund) && isOnDay(refund[by]))
    .map((refund) => ({
      refund,
      trade: desk.book.trade(refund.channel, refund.merchantId, refund.outTradeNo)!,
    }));
  return { payments, refunds };
}

/** Bills separate by commas and lines: a hostile name must not make a column or a row. */
export function billText(text: string): string {
  return [...text].map((char) => (char < ' ' || ',`"\t\u2028\u2029'.includes(char) ? ' ' : char)).join('');
}
