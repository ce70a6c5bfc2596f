/**
 * Several server processes on one database, as far as one process can play them: words find the process that has
 * the device, sessions replace each other across processes, and what is lost on the way is found again.
 */
import { systemClock, type Clock } from '../../server/time';
import { query } from './support/cluster';
import { DEVICE, KEY, OPERATOR, ServerBench } from './support/server';
import { until } from './support/until';

/** The router's look at the outbox comes this often; the test's own number, after docs/operating.md. */
const SWEEP_MS = 3_000;
const CHECK_MS = 30_000;

let first: ServerBench;
let second: ServerBench;
let number = 0;

/** The machine's clock, but what would happen after `delayMs` never does. */
function without(delayMs: number): Clock {
  const { setTimer } = systemClock;
  return { ...systemClock, setTimer: (work, ms) => (ms === delayMs ? {} : setTimer(work, ms)) };
}

beforeAll(async () => {
  first = await ServerBench.start();
  // It does not hold its sessions against the database now and then: a test may last until it would.
  second = await first.beside({ clock: without(CHECK_MS) });
});

afterAll(async () => {
  await second.stop();
  await first.stop();
});

const name = (): string => `${DEVICE}_${number}`;

test('a notification to one process becomes a grant through the other, by the word alone', async () => {
  // This process never looks into the outbox by itself: only what it is told can bring the grant.
  const third = await first.beside({ clock: without(SWEEP_MS) });
  try {
    const device = await third.greeted();
    device.pay(++number, 150);
    await device.hear('code', number);
    first.provider.pay(name());
    expect((await first.notify(name())).status).toBe(200);
    await device.hear('grant', number);
    device.send(['end', number, 7, 0, '']);
    await device.hear('fin', number);
    await until(async () => (await query(first.databaseUrl, 'select 1 from outbox')).length === 0);
  } finally {
    await third.stop();
  }
});

test('a session at one process ends the older one at the other, which takes no grant any more', async () => {
  const old = await first.greeted();
  const young = await second.greeted();
  await old.closed;
  young.pay(++number, 150);
  await young.hear('code', number);
  first.provider.pay(name());
  await first.notify(name());
  expect((await young.hear('grant', number))[1]).toBe(number);
  expect(old.heard.map((message) => message[0])).not.toContain('grant');
  young.send(['end', number, 7, 0, '']);
  await young.hear('fin', number);
});

test('a word that is lost between commit and NOTIFY is found in the outbox', async () => {
  const device = await second.greeted();
  device.pay(++number, 150);
  await device.hear('code', number);
  const lost = jest.spyOn(first.server.core.router, 'tell').mockImplementation(() => undefined);
  first.provider.pay(name());
  await first.notify(name());
  lost.mockRestore();
  await device.hear('grant', number);
  device.send(['end', number, 7, 0, '']);
  await device.hear('fin', number);
});

test('a word that comes while the listening connection is broken is found in the outbox', async () => {
  const device = await second.greeted();
  device.pay(++number, 150);
  await device.hear('code', number);
  first.provider.pay(name());
  await query(
    first.databaseUrl,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'coinslot listen'
      and datname = current_database()`,
  );
  await first.notify(name());
  await device.hear('grant', number);
  device.send(['end', number, 7, 0, '']);
  await device.hear('fin', number);
});

test.each<[string, () => Promise<unknown>]>([
  ['a newer session', () => first.greeted()],
  ['switching off', () => first.server.core.shop.changeDevice(OPERATOR, DEVICE, { isEnabled: false })],
  ['another key', () => first.server.core.devices.setKey(DEVICE, KEY)],
])(
  'the word of %s is lost: the session ends all the same when the listening is up again',
  async (_what, act) => {
    const device = await second.greeted();
    // Nothing is said at all, and the ear of the other process is torn off, as by a broken network.
    const mute = jest.spyOn(first.server.core.router as unknown as { say(): void }, 'say');
    mute.mockImplementation(() => undefined);
    await act();
    expect(device.isClosed).toBe(false);
    mute.mockRestore();
    await query(
      first.databaseUrl,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'coinslot listen'
      and datname = current_database()`,
    );
    await device.closed;
    await first.server.core.shop.changeDevice(OPERATOR, DEVICE, { isEnabled: true });
  },
);

test('a word that is lost although all listen: the session ends with the next look', async () => {
  // Its 30 seconds are half a second; what the gateway allows its devices takes its time.
  const clock: Clock = {
    ...systemClock,
    setTimer: (work, delayMs) => systemClock.setTimer(work, delayMs === CHECK_MS ? 500 : delayMs),
  };
  const third = await first.beside({ clock });
  try {
    const device = await third.greeted();
    await query(first.databaseUrl, `update devices set session = session + 1 where id = '${DEVICE}'`);
    await device.closed;
  } finally {
    await third.stop();
  }
});

test('what others say on our channel of the database is nothing, and ends nothing', async () => {
  const device = await second.greeted();
  for (const payload of [
    '',
    'x',
    '{}',
    '[]',
    'null',
    '{"from":"x","words":[{"kind":"off"}]}',
    '{"words":7}',
  ]) {
    await query(first.databaseUrl, 'select pg_notify($1, $2)', ['coinslot', payload]);
  }
  device.send(['ping', 5, 20, 1]);
  expect((await device.hear('pong'))[1]).toBe(5);
  const other = { from: 'x', words: [{ kind: 'off', deviceId: DEVICE }] };
  await query(first.databaseUrl, 'select pg_notify($1, $2)', ['coinslot', JSON.stringify(other)]);
  await device.closed;
});

test('switching off and settings reach a device at the other process', async () => {
  const device = await second.greeted();
  await first.server.core.shop.changeDevice(OPERATOR, DEVICE, { settings: { onMs: 700 } });
  expect((await device.hear('set'))[2]).toEqual({ onMs: 700 });
  await first.server.core.shop.changeDevice(OPERATOR, DEVICE, { isEnabled: false });
  await device.closed;
  await first.server.core.shop.changeDevice(OPERATOR, DEVICE, { isEnabled: true });
});

test('whoever is left does the work: polls and refunds go on when a process has stopped', async () => {
  const third = await first.beside();
  const device = await third.greeted();
  device.pay(++number, 150);
  await device.hear('code', number);
  first.provider.pay(name());
  await third.stop();
  const back = await second.connect();
  await back.greet([[number, 3]], number);
  await back.hear('grant', number);
  back.send(['end', number, 8, 24, '']);
  expect((await back.hear('fin', number)).slice(2)).toEqual([13, 24]);
});

test('two processes that settle the same order at the same moment settle it once', async () => {
  const device = await second.greeted();
  device.pay(++number, 150);
  await device.hear('code', number);
  first.provider.pay(name());
  await Promise.all(
    Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? first : second).notify(name())),
  );
  await device.hear('grant', number);
  device.send(['end', number, 7, 0, '']);
  await device.hear('fin', number);
  const refunds = await Promise.allSettled(
    [first, second, first, second].map(({ server }) => server.core.orders.refund(OPERATOR, name())),
  );
  expect(refunds.filter((result) => result.status === 'fulfilled').length).toBe(1);
  await until(async () => (await first.server.core.store.find(name()))!.state === 'REFUNDED');
  const events = await first.server.core.store.events(name());
  expect(events.map((event) => event.toState).filter((state) => state === 'PAID')).toHaveLength(1);
  expect([...first.provider.refunds.keys()].filter((key) => key.startsWith(`${name()}_`))).toHaveLength(1);
});
