/**
 * Days of the providers' bills: China time, and when a day's bill may be asked for. Source: WeChat Pay, 申请交易账单
 * (made from 9:00, recommended after 10:00 of the next day); Alipay, bill.downloadurl.query (9:00 of the next day).
 */
import { formatLocal, parseLocal } from '../providers/shanghai-time';
import type { Channel } from '../providers';

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A little after the providers' hour: thousands of merchants ask at its first second. */
const READY_AFTER_MS: Readonly<Record<Channel, number>> = {
  wechat: 10 * HOUR_MS + 300_000,
  alipay: 9 * HOUR_MS + 300_000,
};

/** The day in China at a time, `YYYY-MM-DD`. */
export function dayOf(timeMs: number): string {
  return formatLocal(timeMs).slice(0, 10);
}

/** First millisecond of a day. */
export function startOfDay(day: string): number {
  return parseLocal(`${day} 00:00:00`)!;
}

/** When the bill of a day may be asked for. */
export function readyAtMs(channel: Channel, day: string): number {
  return startOfDay(day) + DAY_MS + READY_AFTER_MS[channel];
}

/** The last day whose bill may be asked for now. */
export function lastReadyDay(channel: Channel, nowMs: number): string {
  return dayOf(nowMs - DAY_MS - READY_AFTER_MS[channel]);
}

/** The days from `first` to `last`, at most the latest `maxDays` of them. */
export function daysBetween(first: string, last: string, maxDays: number): string[] {
  const days: string[] = [];
  const endMs = startOfDay(last);
  const startMs = Math.max(startOfDay(first), endMs - (maxDays - 1) * DAY_MS);
  for (let timeMs = startMs; timeMs <= endMs; timeMs += DAY_MS) days.push(dayOf(timeMs));
  return days;
}
