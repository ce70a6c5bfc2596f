/** The arithmetic of `npm run bench:server`; the servers that it measures have tests of their own. */
import { CpuMeter } from '../../scripts/bench-server/cpu';
import { measureSessions, quantile, round } from '../../scripts/bench-server/figures';
import type { Clock } from '../../server/time';

/** Time that passes at once. */
const instant: Clock = {
  nowMs: () => 0,
  setTimer: (callback) => setImmediate(callback),
  clearTimer: () => undefined,
};
const EACH = 3_000;
const MB = 1_048_576;

/** Measures `count` sessions of `EACH` bytes in a process whose memory does `jump` of its own as they open. */
async function measured(count: number, jump: (open: number) => number): Promise<number> {
  const seen: number[] = [];
  const { opened, bytes } = await measureSessions(
    count,
    () => 100 * MB + seen.length * EACH + jump(seen.length),
    async (index) => {
      seen.push(index);
      return index;
    },
    instant,
  );
  expect(opened).toEqual(Array.from({ length: count }, (_, index) => index));
  return bytes;
}

test('each session costs what it costs', async () => {
  expect(await measured(2_000, () => 0)).toBe(EACH);
  expect(await measured(37, () => 0)).toBe(EACH);
});

test.each([
  ['given back', -8 * MB],
  ['taken', 8 * MB],
])('what is %s in one go does not count', async (_what, bytes) => {
  for (const at of [500, 1_100, 1_900]) {
    expect(await measured(2_000, (open) => (open >= at ? bytes : 0))).toBe(EACH);
  }
});

test('what a process needs once does not count', async () => {
  expect(await measured(2_000, (open) => Math.min(open, 300) * 40_000)).toBe(EACH);
});

test('what grows with the sessions counts', async () => {
  expect(await measured(2_000, (open) => open * 500)).toBe(EACH + 500);
});

test('memory that does not come to rest is measured all the same, and said', async () => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  let at = 0;
  const bytes = await measured(100, () => ((at += 1) % 2) * MB);
  expect(said).toHaveBeenCalledWith(expect.stringContaining('does not come to rest'));
  said.mockRestore();
  expect(Number.isFinite(bytes)).toBe(true);
});

test('quantiles are of what was measured', () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(sorted, share))).toEqual([1, 51, 100, 100]);
  expect(quantile([7], 0.5)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
  expect([round(1.25, 1), round(0.7139, 3), round(4.5)]).toEqual([1.3, 0.714, 5]);
});

test('processor time is shared out by part, over the pieces that were metered only', async () => {
  const used = { server: 5, postgres: 7, bench: 1 };
  const meter = new CpuMeter(() => ({ ...used }));
  for (let piece = 0; piece < 2; piece++) {
    const given = await meter.around(async () => {
      used.server += 30;
      used.postgres += 50;
      used.bench += 10;
      return piece;
    });
    expect(given).toBe(piece);
    used.server += 1_000;
  }
  expect(meter.per(60)).toEqual({ server: 1_000, postgres: 1_667, bench: 333, all: 3_000 });
});
