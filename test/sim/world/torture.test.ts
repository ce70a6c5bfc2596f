/** A short slice of the torture, and proof that the world is one world: the same seed, the same run. */
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { minimise } from '../../../scripts/torture/minimise';
import { drawPlan } from '../../../sim/world/plan';
import { Play, play } from '../../../sim/world/play';
import { QUIET_PURCHASE, QUIET_SITE, quietPlan } from './support';

// Whole fleets: seconds each, and more on a busy machine.

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

const SMALL = { sites: 2, orders: 20, spanMs: 240_000 };

test.each([1, 2, 3, 4])('no law is broken under the trouble of seed %i', async (seed) => {
  const { violations, totals } = await play(firmware, drawPlan(seed, SMALL));
  expect(violations).toEqual([]);
  expect(totals.orders).toBeGreaterThan(5);
});

test('the same seed gives the same run, to the last event', async () => {
  const lines: string[][] = [[], []];
  for (const trace of lines) {
    await play(firmware, drawPlan(11, { ...SMALL, orders: 8, spanMs: 90_000 }), (text) => trace.push(text));
  }
  expect(lines[0]!.length).toBeGreaterThan(100);
  expect(lines[1]).toEqual(lines[0]);
});

test.each([-250, 250])('a clock that jumps by %i s breaks nothing, and the link lives on', async (byS) => {
  const steps = [QUIET_PURCHASE, { kind: 'clock step' as const, atMs: 1_000, site: 0, byS }];
  const { violations, totals } = await play(firmware, quietPlan(steps, { cell: 'gprs', spanMs: 60_000 }));
  expect(violations).toEqual([]);
  expect(totals).toMatchObject({ orders: 1, paid: 1, dispensed: byS < 0 ? 1 : expect.any(Number) });
});

test('a hold is delivered whole by a machine whose clock is fast, one order right after the other', async () => {
  const site = { ...QUIET_SITE, mode: 3, clockRate: 1.045 };
  const steps = [1, 2, 3].map((n) => ({
    ...QUIET_PURCHASE,
    reference: `P${n}`,
    amountFen: 500,
    thinkMs: 9_000,
  }));
  const { violations, totals } = await play(
    firmware,
    quietPlan(steps, { cell: 'gprs', sites: [site], spanMs: 60_000 }),
  );
  expect(violations).toEqual([]);
  expect(totals.dispensed).toBe(3);
});

test('a refund that hangs at the provider waits for a person, and is paid out once', async () => {
  const refused = { ...QUIET_PURCHASE, report: 'failed' as const };
  const fault = {
    kind: 'provider fault' as const,
    atMs: 0,
    fault: 'refundAbnormal' as const,
    share: 1,
    forMs: 60_000,
  };
  const run = new Play(firmware, quietPlan([fault, refused], { spanMs: 60_000 }), undefined);
  const { violations, totals } = await run.run();
  expect(violations).toEqual([]);
  expect(totals).toMatchObject({ paid: 1, dispensed: 0, refunded: 1 });
  expect(run.paidOut).toBe(1);
});

test('a failing trace is made small', async () => {
  const kept = await minimise(40, async (numbers) => numbers.includes(7) && numbers.includes(31));
  expect(kept).toEqual([7, 31]);
});
