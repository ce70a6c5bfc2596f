/** What happened to an order can be read afterwards: by the host, by the server, and on the server in full. */
import { buildFirmware } from '../../../scripts/build/build';
import { HostType } from '../../../src/protocol/host';
import { Play } from '../../../sim/world/play';
import { quietPlan } from './support';

const STORY = ['ACCEPTED', 'PAID', 'DISPENSING', 'DISPENSED', 'DONE'];

test('every entry of an order has a state, a reason and a time, on the device as on the server', async () => {
  const firmware = await buildFirmware('espruino-wifi');
  const play = new Play(firmware, quietPlan(), undefined);
  const { world } = play;
  const { violations } = await play.run();
  expect(violations).toEqual([]);

  const lines: string[] = [];
  const { host } = world.sites[0]!;
  host.onFrame = (type, fields) => {
    if (type === HostType.Log) lines.push(fields.text as string);
  };
  host.request(HostType.GetLog, { order: 1, count: 20 });
  await world.loop.run(1_000);
  const nowS = world.loop.nowMs() / 1_000;
  expect(lines.map((line) => line.split(' ').slice(0, 2))).toEqual(STORY.map((state) => ['1', state]));
  for (const line of lines) {
    const [, , reason, timeS] = line.split(' ');
    expect(reason).toBe('NONE');
    expect(Number(timeS)).toBeGreaterThan(nowS - 60);
    expect(Number(timeS)).toBeLessThanOrEqual(nowS);
  }

  const heard: string[] = [];
  world.trace = (text) => heard.push(text);
  world.platform.askLog('CS000001', 1, 20);
  await world.loop.run(5_000);
  for (const line of lines) expect(heard.join('\n')).toContain(`server log CS000001 ${line}`);

  const events = await world.platform.store.events('CS000001_1');
  expect(
    events.map((event) => event.toState).filter((state, index, all) => state !== all[index - 1]),
  ).toEqual(['CREATED', 'PREPAID', 'PAID', 'GRANTED', 'DISPENSED']);
  for (const event of events) {
    expect(event.cause).toMatch(/^(device|gateway|provider|notification|time)$/);
    expect(event.type).not.toBe('');
    expect(event.atMs).toBeGreaterThan((nowS - 60) * 1_000);
  }
}, 60_000);
