/** Grants and deadlines where it hurts: servers that die at every change, late grants, clocks that are set back. */
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import type { Platform } from '../../../sim/world/platform';
import { Play } from '../../../sim/world/play';
import { QUIET_PURCHASE, QUIET_SITE, quietPlan } from './support';

// Dozens of whole worlds a test: seconds, and more on a busy machine.

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

/** Changes of an order from its opening to its end, with some to spare. */
const CHANGES = 9;

test.each([
  ['back at once', 500],
  ['away until every grant has lapsed', 100_000],
])('a server that dies at any change, before or after it is durable, %s', async (_name, downMs) => {
  const ends = new Set<string>();
  for (let skip = 0; skip < CHANGES; skip++) {
    for (const phase of ['before', 'after'] as const) {
      const crash = { kind: 'server crash at change' as const, atMs: 0, skip, phase, downMs };
      const play = new Play(firmware, quietPlan([crash, QUIET_PURCHASE], { spanMs: 130_000 }), undefined);
      const { violations, totals } = await play.run();
      expect({ skip, phase, violations }).toEqual({ skip, phase, violations: [] });
      ends.add(`${totals.dispensed} dispensed, ${totals.refunded} refunded of ${totals.paid}`);
    }
  }
  expect([...ends].sort()).toEqual(
    downMs < 1_000
      ? ['1 dispensed, 0 refunded of 1']
      : expect.arrayContaining(['1 dispensed, 0 refunded of 1']),
  );
});

test('a grant that reaches the device after its deadline is not dispensed, and the money goes back', async () => {
  const play = new Play(firmware, quietPlan([QUIET_PURCHASE], { spanMs: 200_000 }), undefined);
  const { world } = play;
  let isHeldUp = false;
  world.onTraffic = (direction) => {
    const isGranted = world.platform.store.all().some((order) => order.state === 'GRANTED');
    if (direction !== 'down' || !isGranted || isHeldUp) return;
    isHeldUp = true;
    world.sites[0]!.network.outage(100_000);
  };
  const { violations, totals } = await play.run();
  expect(isHeldUp).toBe(true);
  expect(violations).toEqual([]);
  expect(totals).toMatchObject({ paid: 1, dispensed: 0, refunded: 1 });
});

test('an order whose turn at the relay comes too late is given back, also by a clock that was set back', async () => {
  for (const byS of [0, -200]) {
    const slow = { kind: 'settings' as const, atMs: 0, site: 0, change: { msPerFen: 200 } };
    const first = { ...QUIET_PURCHASE, atMs: 1_000, amountFen: 500 };
    const second = { ...QUIET_PURCHASE, atMs: 2_000, reference: 'P2', amountFen: 100 };
    const step = { kind: 'clock step' as const, atMs: 50_000, site: 0, byS };
    const play = new Play(
      firmware,
      quietPlan([slow, first, second, step], { sites: [{ ...QUIET_SITE, mode: 3 }], spanMs: 130_000 }),
      undefined,
    );
    const { violations, totals } = await play.run();
    expect(violations).toEqual([]);
    expect(totals).toMatchObject({ orders: 2, paid: 2, dispensed: 1, refunded: 1 });
  }
});

test('a grant that is said twice moves the relay once', async () => {
  const play = new Play(firmware, quietPlan(), undefined);
  const { world } = play;
  let edges = 0;
  world.onRelayMove = () => {
    edges += 1;
    // The device asks again while it dispenses, and the server says again what it said.
    world.platform.store.outbox.set('CS000001/1', 99);
  };
  const { violations } = await play.run();
  expect(violations).toEqual([]);
  expect(edges).toBe(2);
});

/** Deadline that is surely not over. */
const soonMs = (play: Play): number => play.world.loop.nowMs() + 60_000;

/** What a server that is wrong, or not ours, might say of the order with number 1, over 200 fen by WeChat Pay. */
const FOREIGN: readonly (readonly [string, (play: Play) => readonly [string, ...unknown[]]])[] = [
  ['of another device', (play) => ['grant', 1, 'CS000002_1', 200, 1, soonMs(play)]],
  ['of another order', (play) => ['grant', 1, 'CS000001_2', 200, 1, soonMs(play)]],
  ['for an order that it never opened', (play) => ['grant', 2, 'CS000001_2', 200, 1, soonMs(play)]],
  ['over more', (play) => ['grant', 1, 'CS000001_1', 201, 1, soonMs(play)]],
  ['over less', (play) => ['grant', 1, 'CS000001_1', 199, 1, soonMs(play)]],
  ['of the other channel', (play) => ['grant', 1, 'CS000001_1', 200, 2, soonMs(play)]],
  ['with a deadline that is over', (play) => ['grant', 1, 'CS000001_1', 200, 1, play.world.loop.nowMs() - 1]],
];

/** An order that nobody pays, and a word of the server about it, twice. Gives how often the relay moved. */
async function said(play: Play, word: (play: Play) => readonly [string, ...unknown[]]): Promise<number> {
  let edges = 0;
  play.world.onRelayMove = () => (edges += 1);
  for (const afterMs of [3_000, 6_000]) {
    play.world.loop.clock.setTimer(() => {
      play.world.platform.say('CS000001', word(play) as Parameters<Platform['say']>[1]);
    }, 12_000 + afterMs);
  }
  await play.run();
  return edges;
}

const UNPAID = { ...QUIET_PURCHASE, customer: 'ignores' as const, ttlS: 30 };

test.each(FOREIGN)(
  'a grant %s moves nothing, and the order ends as if it had not been said',
  async (_name, word) => {
    const play = new Play(firmware, quietPlan([UNPAID], { spanMs: 60_000 }), undefined);
    expect(await said(play, word)).toBe(0);
    expect(play.world.auditor.violations).toEqual([]);
    expect(play.world.verdict.totals).toMatchObject({ orders: 1, paid: 0, dispensed: 0, refunded: 0 });
  },
);

test('the auditor sees a grant that only the money was missing for', async () => {
  const play = new Play(firmware, quietPlan([UNPAID], { spanMs: 60_000 }), undefined);
  expect(await said(play, (now) => ['grant', 1, 'CS000001_1', 200, 1, soonMs(now)])).toBe(2);
  expect(play.world.auditor.violations.map(({ law }) => law)).toContain('L2 once');
});
