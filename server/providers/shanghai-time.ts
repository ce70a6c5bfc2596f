/**
 * Times as the two providers write them: Alipay and both bills in Beijing local time without a zone, WeChat as
 * RFC 3339. China has had one zone and no summer time since 1991, so the offset is a constant. The machine's
 * own zone is never used: alipay-sdk would stamp its requests with it.
 */

const OFFSET_MS = 8 * 3_600_000;
const LOCAL_PATTERN = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.\d{1,3})?$/;
const RFC3339_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

/** The whole seconds of a time, as "2026-01-01 08:00:00" in Beijing. */
export function formatLocal(timeMs: number): string {
  return new Date(timeMs + OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** The whole seconds of a time, as "2026-01-01T08:00:00+08:00". */
export function formatRfc3339(timeMs: number): string {
  return `${formatLocal(timeMs).replace(' ', 'T')}+08:00`;
}

/** Reads "2026-01-01 08:00:00" (Beijing) to milliseconds since the epoch; undefined for anything else. */
export function parseLocal(text: string): number | undefined {
  const match = LOCAL_PATTERN.exec(text);
  if (!match) return undefined;
  const timeMs = Date.parse(`${match[1]}T${match[2]}+08:00`);
  // Date.parse turns 31 June into 1 July; a time that does not come back as it was written is none.
  return Number.isNaN(timeMs) || formatLocal(timeMs) !== `${match[1]} ${match[2]}` ? undefined : timeMs;
}

/** Reads an RFC 3339 time to milliseconds since the epoch; undefined for anything else. */
export function parseRfc3339(text: string): number | undefined {
  if (!RFC3339_PATTERN.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Whether this is a day that exists, written `YYYY-MM-DD`. */
export function isDay(day: string): boolean {
  return DAY_PATTERN.test(day) && parseLocal(`${day} 00:00:00`) !== undefined;
}
