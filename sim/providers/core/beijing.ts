/**
 * The providers' ways of writing a time. Both live in China Standard Time (UTC+8, no daylight saving): WeChat Pay
 * writes RFC 3339 with that offset (API v3, "接口规则"), Alipay writes `yyyy-MM-dd HH:mm:ss` without one (open
 * platform, public parameter `timestamp`), bills are cut by the Chinese day.
 * Invariant: all numbers are milliseconds since the Unix epoch; a text that is not exactly of the form is refused.
 */

const CHINA_OFFSET_MS = 8 * 3_600_000;
export const DAY_MS = 86_400_000;

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const ALIPAY_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/;
const DATE = /^\d{4}-\d\d-\d\d$/;

function chinaIso(atMs: number): string {
  return new Date(Math.floor(atMs) + CHINA_OFFSET_MS).toISOString();
}

/** `2018-06-08T10:34:56+08:00`. */
export function toRfc3339(atMs: number): string {
  return `${chinaIso(atMs).slice(0, 19)}+08:00`;
}

/** `2018-06-08 10:34:56`, China Standard Time. */
export function toAlipayTime(atMs: number): string {
  return chinaIso(atMs).slice(0, 19).replace('T', ' ');
}

/** `2018-06-08`, China Standard Time. */
export function toChinaDate(atMs: number): string {
  return chinaIso(atMs).slice(0, 10);
}

/** Milliseconds, or undefined when the text is no RFC 3339 time. */
export function parseRfc3339(text: string): number | undefined {
  if (!RFC3339.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** Milliseconds, or undefined when the text is no existing time in Alipay's form. */
export function parseAlipayTime(text: string): number | undefined {
  const parts = ALIPAY_TIME.exec(text);
  if (!parts) return undefined;
  const atMs = Date.parse(`${parts[1]}T${parts[2]}+08:00`);
  return Number.isNaN(atMs) || toAlipayTime(atMs) !== text ? undefined : atMs;
}

/** Start of that Chinese day in milliseconds, or undefined when there is no such date. */
export function startOfChinaDay(date: string): number | undefined {
  if (!DATE.test(date)) return undefined;
  const atMs = Date.parse(`${date}T00:00:00+08:00`);
  return Number.isNaN(atMs) || toChinaDate(atMs) !== date ? undefined : atMs;
}
