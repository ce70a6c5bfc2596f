/** What happened to an order can be read afterwards: by the host, by the server, and on the server in full. */
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { HostType } from '../../../src/protocol/host';
import { Play } from '../../../sim/world/play';
import type { PurchaseStep, SitePlan } from '../../../sim/world/plan';
import { QUIET_PURCHASE, QUIET_SITE, quietPlan } from './support';

/** States and their causes, retyped from docs/host-protocol.md. */
const STORY = [
  ['ACCEPTED', 'HOST_PAY'],
  ['PAID', 'SERVER_GRANT'],
  ['DISPENSING', 'RELAY_FREE'],
  ['DISPENSED', 'RELAY_DONE'],
  ['DONE', 'SERVER_DONE'],
];

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

/** What the machine's host is told of an order's log, or of everything (0), word by word. */
async function logOf(play: Play, order: number): Promise<string[][]> {
  const lines: string[][] = [];
  const { host } = play.world.sites[0]!;
  host.onFrame = (type, fields) => {
    if (type === HostType.Log) lines.push((fields.text as string).split(' '));
  };
  host.request(HostType.GetLog, { order, count: 20 });
  await play.world.loop.run(1_000);
  return lines;
}

function storyOf(lines: readonly string[][]): (string | undefined)[][] {
  return lines.map((words) => [words[1], words[4]]);
}

test('every entry of an order has a state, a reason, a time and a cause, on the device as on the server', async () => {
  const play = new Play(firmware, quietPlan(), undefined);
  const { world } = play;
  const { violations } = await play.run();
  expect(violations).toEqual([]);

  const lines = await logOf(play, 1);
  const nowS = world.loop.nowMs() / 1_000;
  expect(storyOf(lines)).toEqual(STORY);
  for (const [order, , reason, timeS] of lines) {
    expect([order, reason]).toEqual(['1', 'NONE']);
    expect(Number(timeS)).toBeGreaterThan(nowS - 60);
    expect(Number(timeS)).toBeLessThanOrEqual(nowS);
  }

  const heard: string[] = [];
  world.trace = (text) => heard.push(text);
  world.platform.askLog('CS000001', 1, 20);
  await world.loop.run(5_000);
  for (const words of lines) expect(heard.join('\n')).toContain(`server log CS000001 ${words.join(' ')}`);

  const events = await world.platform.store.events('CS000001_1');
  expect(
    events.map((event) => event.toState).filter((state, index, all) => state !== all[index - 1]),
  ).toEqual(['CREATED', 'PREPAID', 'PAID', 'GRANTED', 'DISPENSED']);
  for (const event of events) {
    expect(event.cause).toMatch(/^(device|gateway|provider|notification|time)$/);
    expect(event.type).not.toBe('');
    expect(event.atMs).toBeGreaterThan((nowS - 60) * 1_000);
  }
});

/** Stories whose end alone does not tell who caused it. */
const CAUSES: readonly [string, Partial<SitePlan>, Partial<PurchaseStep>, string[]][] = [
  ['the host reports delivery', { mode: 0 }, {}, ['DISPENSED', 'HOST_DONE']],
  ['the host reports a failure', { mode: 0 }, { report: 'failed' }, ['REFUNDING', 'HOST_FAILED']],
  ['the host is silent', { mode: 0 }, { report: 'silent' }, ['UNCERTAIN', 'HOST_SILENT']],
  ['the host gives up', {}, { customer: 'ignores', cancelMs: 700 }, ['CANCELLING', 'HOST_CANCEL']],
  ['the host wants the money back', {}, { refundMs: 500 }, ['REFUNDING', 'HOST_REFUND']],
  ['nobody pays', {}, { customer: 'ignores', ttlS: 30 }, ['CLOSED', 'SERVER_CLOSED']],
  ['the platform refuses', {}, { amountFen: 60_000 }, ['REFUSED', 'SERVER_REFUSED']],
  ['the money went back', {}, { report: 'failed' }, ['REFUNDED', 'SERVER_REFUNDED']],
];

test.each(CAUSES)('the log says who did it: %s', async (_name, site, step, entry) => {
  const purchase = { ...QUIET_PURCHASE, ...step };
  const sites = [{ ...QUIET_SITE, ...site }];
  const play = new Play(firmware, quietPlan([purchase], { sites, spanMs: 60_000 }), undefined);
  expect((await play.run()).violations).toEqual([]);
  expect(storyOf(await logOf(play, 1))).toContainEqual(entry);
});

test('while the clock is not set, an entry says after what, and how long after the start', async () => {
  const play = new Play(firmware, quietPlan(), undefined);
  const { world } = play;
  const site = world.sites[0]!;
  let isCut = false;
  world.onRelayMove = () => {
    if (isCut) return;
    isCut = true;
    // Nothing brings the clock back: the server is gone as well.
    world.platform.crash();
    site.cut(1_000);
  };
  await world.loop.run(15_000, () => world.isLinked);
  play.purchase({ ...QUIET_PURCHASE, report: 'silent' });
  await world.loop.run(8_000);
  const all = await logOf(play, 0);
  const lastS = Number(all.find((words) => words[1] === 'DISPENSING')![3]);
  expect(lastS).toBeGreaterThan(1_700_000_000);
  expect(all.slice(-2)).toEqual([
    ['0', 'START', 'POWER', `>${lastS}`],
    ['1', 'UNCERTAIN', 'POWER_CUT', expect.stringMatching(new RegExp(`^>${lastS}\\+[1-5]$`)), 'RESTART'],
  ]);
});
