/** Small things that the measurements share. */

/** Handshakes at a time. */
const OPENING = 50;
/** Before memory is read, so that what was just opened has come to rest. */
export const SETTLE_MS = 2_000;

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;

export const round = (value: number, digits = 0): number => Math.round(value * 10 ** digits) / 10 ** digits;

export async function openAll<One>(count: number, open: (index: number) => Promise<One>): Promise<One[]> {
  const opened: One[] = [];
  for (let at = 0; at < count; at += OPENING) {
    const some = Math.min(OPENING, count - at);
    opened.push(...(await Promise.all(Array.from({ length: some }, (_, index) => open(at + index)))));
  }
  return opened;
}
