/** Small things that the measurements share. */
import { sleep, systemClock, type Clock } from '../../server/time';

/** Handshakes at a time. */
const OPENING = 50;
/** After connections were opened or closed, so that all has come to rest. */
export const SETTLE_MS = 2_000;
/** Pieces in which sessions are opened while memory is watched; odd, so that there is a middle one. */
const PIECES = 9;
/** Memory has come to rest when so many readings, so far apart, lie so close together. */
const STEADY = { readings: 3, everyMs: 300, withinBytes: 128 * 1_024, mostReadings: 40 } as const;

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;

export const round = (value: number, digits = 0): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** Opens those from `first` to before `end`, in order. */
async function openSome<One>(
  first: number,
  end: number,
  open: (index: number) => Promise<One>,
): Promise<One[]> {
  const opened: One[] = [];
  for (let at = first; at < end; at += OPENING) {
    const some = Math.min(OPENING, end - at);
    opened.push(...(await Promise.all(Array.from({ length: some }, (_, index) => open(at + index)))));
  }
  return opened;
}

async function restingBytes(memory: () => number | Promise<number>, clock: Clock): Promise<number> {
  const seen: number[] = [];
  for (;;) {
    await sleep(clock, STEADY.everyMs);
    seen.push(await memory());
    const last = seen.slice(-STEADY.readings);
    const spread = Math.max(...last) - Math.min(...last);
    if (last.length === STEADY.readings && spread <= STEADY.withinBytes) return seen.at(-1)!;
    if (seen.length === STEADY.mostReadings) {
      say(`memory does not come to rest: ${spread} bytes apart`);
      return seen.at(-1)!;
    }
  }
}

/**
 * Opens `count` sessions, and gives them with the resident bytes that each cost: the median over pieces of the last
 * four fifths. With the first fifth, what a process needs once has been allocated; what an allocator or V8 takes or
 * gives back in one go falls into one piece and leaves the median alone.
 */
export async function measureSessions<One>(
  count: number,
  memory: () => number | Promise<number>,
  open: (index: number) => Promise<One>,
  clock = systemClock,
): Promise<{ opened: One[]; bytes: number }> {
  const first = Math.floor(count / 5);
  const opened = await openSome(0, first, open);
  const costs: number[] = [];
  let before = await restingBytes(memory, clock);
  for (let piece = 1; piece <= PIECES; piece++) {
    const from = opened.length;
    opened.push(...(await openSome(from, first + Math.floor(((count - first) * piece) / PIECES), open)));
    const after = await restingBytes(memory, clock);
    costs.push((after - before) / (opened.length - from));
    before = after;
  }
  return {
    opened,
    bytes: round(
      quantile(
        costs.sort((left, right) => left - right),
        0.5,
      ),
    ),
  };
}
