/**
 * What devices and server say about orders: how each state is told, what a reconnect does, and that a grant goes
 * out only after it is durable, to the newest session, once.
 */
import type { Message } from '../../../src/protocol/messages';
import type { Order } from '../../../server/orders/model';
import { base64, TestDevice } from '../support/device';
import { GatewayBench } from '../support/gateway';
import { until } from '../support/until';
import { DEVICE } from '../support/world';

let bench: GatewayBench;

beforeEach(async () => {
  bench = await new GatewayBench().start();
});
afterEach(() => bench.stop());

const nameOf = (n: number): string => `${DEVICE}_${n}`;

/** Pays order `n` up to its code. */
async function toCode(device: TestDevice, n: number): Promise<void> {
  device.pay(n, 150);
  await device.hear('code', n);
  device.heard.length = 0;
}

/** The link breaks, and the gateway has noticed. */
async function leave(device: TestDevice): Promise<void> {
  await device.close();
  await until(() => !bench.gateway.has(DEVICE));
}

async function toPaid(n: number): Promise<void> {
  bench.world.provider.pay(nameOf(n));
  await bench.world.notify(bench.world.provider.notification(nameOf(n)));
}

async function toGrant(device: TestDevice, n: number): Promise<Message> {
  await toCode(device, n);
  await toPaid(n);
  return device.hear('grant', n);
}

async function order(n: number): Promise<Order> {
  return bench.world.order(n);
}

/** Everything that the device hears until it is answered to a ping. */
async function heardNow(device: TestDevice): Promise<Message[]> {
  device.send(['ping', 99, 1, 1]);
  await device.hear('pong', 99);
  return device.heard.splice(0);
}

describe('hi', () => {
  test('is answered with the clock and the highest order number', async () => {
    const first = await bench.greeted();
    await toCode(first, 41);
    const again = await bench.connect();
    again.send(['hi', 123_456, '1', 'b', 'i', 'c', 0, 1, 0, 0, [[41, 3]]]);
    expect(await again.hear('ho')).toEqual(['ho', 123_456, Math.round(bench.world.nowMs()), 41]);
  });

  test('brings newer settings only', async () => {
    bench.devices.settings.set(DEVICE, { version: 3, settings: { mode: 1 } });
    const old = await bench.connect();
    old.send(['hi', 1, '1', 'b', 'i', 'c', 0, 1, 0, 2, []]);
    expect(await old.hear('set')).toEqual(['set', 3, { mode: 1 }]);
    const current = await bench.connect();
    current.send(['hi', 1, '1', 'b', 'i', 'c', 0, 1, 0, 3, []]);
    expect((await heardNow(current)).map((message) => message[0])).toEqual(['ho']);
  });

  test('answers every listed order as it stands', async () => {
    const device = await bench.greeted();
    for (const n of [1, 2, 3, 4, 5]) await toCode(device, n);
    bench.world.clock.advance(10_000);
    device.send(['cancel', 2]);
    await device.hear('fin', 2);
    await toGrant(device, 6);
    device.send(['end', 6, 7, 0, '']);
    await device.hear('fin', 6);
    await toGrant(device, 7);
    device.send(['end', 7, 8, 24, '']);
    await device.hear('fin', 7);
    await leave(device);
    bench.world.clock.advance(5_000);
    const back = await bench.connect();
    const listed: [number, number][] = [
      [1, 3],
      [2, 4],
      [3, 1],
      [4, 2],
      [5, 3],
      [6, 7],
      [7, 8],
      [9, 1],
    ];
    await back.greet(listed, 9);
    expect((await heardNow(back)).map((message) => message.slice(0, 3))).toEqual([
      ['code', 1, `https://pay.example/${nameOf(1)}`],
      ['fin', 2, 12],
      ['code', 3, `https://pay.example/${nameOf(3)}`],
      ['code', 4, `https://pay.example/${nameOf(4)}`],
      ['code', 5, `https://pay.example/${nameOf(5)}`],
      ['fin', 6, 10],
      ['fin', 7, 13],
      ['no', 9, 14],
    ]);
  });

  test('a device that wants a refund does not take “dispensed” for the answer', async () => {
    const device = await bench.greeted();
    await toGrant(device, 1);
    device.send(['end', 1, 7, 0, '']);
    await device.hear('fin', 1);
    const back = await bench.connect();
    await back.greet([[1, 8]], 1);
    expect(await heardNow(back)).toEqual([['state', 1, 'DISPENSED']]);
    back.send(['back', 1, 28, base64('cold')]);
    expect(await back.hear('fin', 1)).toEqual(['fin', 1, 13, 28]);
  });

  test('orders that the device does not list are given up, or the money goes back', async () => {
    const device = await bench.greeted();
    await toCode(device, 1);
    await toCode(device, 2);
    await leave(device);
    await toPaid(2);
    expect(await order(2)).toMatchObject({ state: 'PAID' });
    const back = await bench.greeted();
    await heardNow(back);
    await bench.world.settle();
    expect(await order(1)).toMatchObject({ state: 'CLOSED', reason: 42 });
    expect(await order(2)).toMatchObject({ state: 'REFUNDED', reason: 14 });
  });
});

describe('the grant', () => {
  test('goes out after it is durable: what the device hears is what is stored', async () => {
    const device = await bench.greeted();
    let stored: Order | undefined;
    const grant = toGrant(device, 1).then(async (message) => {
      stored = await order(1);
      return message;
    });
    expect(await grant).toEqual(['grant', 1, nameOf(1), 150, 1, stored!.grantDeadlineMs]);
    expect(stored).toMatchObject({ state: 'GRANTED', grantSession: 1 });
  });

  test('is not sent when it cannot be made durable', async () => {
    const device = await bench.greeted();
    await toCode(device, 1);
    const { store } = bench.world;
    const change = store.change.bind(store);
    store.change = async (name, decide) => {
      const decision = await change(name, (locked) => {
        const wanted = decide(locked);
        if (wanted?.order.state === 'GRANTED') throw new Error('disk full');
        return wanted;
      });
      return decision;
    };
    await toPaid(1);
    await device.closed;
    expect(device.heard.map((message) => message[0])).not.toContain('grant');
    expect(await order(1)).toMatchObject({ state: 'PAID' });
    store.change = change;
    const back = await bench.connect();
    await back.greet([[1, 3]], 1);
    expect((await back.hear('grant', 1))[5]).toBe((await order(1)).grantDeadlineMs);
  });

  test('waits for a device that is away, and is given when it lists the order', async () => {
    const device = await bench.greeted();
    await toCode(device, 1);
    await leave(device);
    await toPaid(1);
    expect(await order(1)).toMatchObject({ state: 'PAID' });
    const back = await bench.connect();
    await back.greet([[1, 3]], 1);
    expect((await back.hear('grant', 1)).slice(0, 3)).toEqual(['grant', 1, nameOf(1)]);
  });

  test('that got lost with its session is given again with another deadline', async () => {
    const device = await bench.greeted();
    const first = await toGrant(device, 1);
    await leave(device);
    bench.world.clock.advance(30_000);
    const back = await bench.connect();
    await back.greet([[1, 3]], 1);
    const second = await back.hear('grant', 1);
    expect((second[5] as number) - (first[5] as number)).toBe(30_000);
    expect(await order(1)).toMatchObject({ grantCount: 2, grantSession: 2 });
  });

  test('that got lost goes back when nobody waits any more', async () => {
    const device = await bench.greeted();
    await toGrant(device, 1);
    await leave(device);
    bench.world.clock.advance(301_000);
    const back = await bench.connect();
    await back.greet([[1, 3]], 1);
    expect(await back.hear('fin', 1)).toEqual(['fin', 1, 13, 25]);
  });

  test('that the device has is not given again', async () => {
    const device = await bench.greeted();
    await toGrant(device, 1);
    device.send(['got', 1]);
    await leave(device);
    const back = await bench.connect();
    await back.greet([[1, 6]], 1);
    expect(await heardNow(back)).toEqual([['state', 1, 'GRANTED']]);
    back.send(['ask', 1]);
    expect(await back.hear('state', 1)).toEqual(['state', 1, 'GRANTED']);
    expect(await order(1)).toMatchObject({ grantCount: 1, isGrantReceived: true });
  });

  test('is said again, unchanged, to a device that asks on the same session and has not got it', async () => {
    const device = await bench.greeted();
    const first = await toGrant(device, 1);
    bench.world.clock.advance(10_000);
    device.send(['ask', 1]);
    expect(await device.hear('grant', 1)).toEqual(first);
    bench.world.clock.advance(90_000);
    device.send(['ask', 1]);
    expect(await device.hear('state', 1)).toEqual(['state', 1, 'GRANTED']);
  });

  test('never goes to a session that is no longer the newest, though its socket is open', async () => {
    const device = await bench.greeted();
    await toCode(device, 1);
    // Another process took the device over; our gateway has not heard of it yet.
    bench.world.store.devices.get(DEVICE)!.session = 2;
    await toPaid(1);
    const heard = await heardNow(device);
    expect(heard.map((message) => message[0])).not.toContain('grant');
    expect(await order(1)).toMatchObject({ state: 'PAID', grantCount: 0 });
  });

  test('is offered when the device cancels an order that was paid meanwhile', async () => {
    const device = await bench.greeted();
    await toCode(device, 1);
    bench.world.provider.pay(nameOf(1));
    device.send(['cancel', 1]);
    expect((await device.hear('grant', 1))[1]).toBe(1);
  });
});

describe('the end', () => {
  test.each([
    [7, 0, ['fin', 1, 10, 0]],
    [8, 24, ['fin', 1, 13, 24]],
  ])('state %d is answered in the end, and again when it is said again', async (state, reason, fin) => {
    const device = await bench.greeted();
    await toGrant(device, 1);
    device.send(['end', 1, state, reason, '']);
    expect(await device.hear('fin', 1)).toEqual(fin);
    device.heard.length = 0;
    device.send(['end', 1, state, reason, '']);
    expect(await device.hear('fin', 1)).toEqual(fin);
    expect(await order(1)).toMatchObject({ state: state === 7 ? 'DISPENSED' : 'REFUNDED' });
  });

  test('that nobody knows waits for a person where the merchant wants it so', async () => {
    const device = await bench.greeted();
    await toGrant(device, 1);
    device.send(['end', 1, 9, 26, '']);
    expect(await device.hear('state', 1)).toEqual(['state', 1, 'UNCERTAIN']);
    await bench.world.service.apply(nameOf(1), 'person:ann', { type: 'settleDispensed' });
    expect(await device.hear('fin', 1)).toEqual(['fin', 1, 10, 0]);
  });

  test('of an order that was never paid is refused', async () => {
    const device = await bench.greeted();
    await toCode(device, 1);
    device.send(['end', 1, 7, 0, '']);
    expect(await device.hear('no', 1)).toEqual(['no', 1, 45, base64('NOT_PAID')]);
    expect(await order(1)).toMatchObject({ state: 'PREPAID', alarm: 'UNGRANTED' });
  });

  test('too late to take back is refused', async () => {
    const device = await bench.greeted();
    await toGrant(device, 1);
    device.send(['end', 1, 7, 0, '']);
    await device.hear('fin', 1);
    bench.world.clock.advance(30 * 60_000);
    device.send(['ping', 1, 1, 1]);
    await device.hear('pong');
    bench.world.store.merchants.get(1)!.policy = { uncertain: 'person', refundWindowMs: 1_000 };
    device.send(['back', 1, 28, '']);
    expect(await device.hear('no', 1)).toEqual(['no', 1, 46, base64('TOO_LATE')]);
  });
});

test('what is said of an order that we do not know is answered UNKNOWN_ORDER', async () => {
  const device = await bench.greeted();
  const messages: Message[] = [
    ['ask', 8],
    ['cancel', 8],
    ['end', 8, 7, 0, ''],
    ['back', 8, 28, ''],
  ];
  for (const message of messages) {
    device.send(message);
    expect(await device.hear('no', 8)).toEqual(['no', 8, 14, base64('UNKNOWN_ORDER')]);
  }
  expect(bench.world.store.all()).toEqual([]);
});

test('a refused order is refused again, with the same reason', async () => {
  const device = await bench.greeted();
  bench.world.store.merchants.get(1)!.channels.clear();
  device.pay(1, 150);
  expect(await device.hear('no', 1)).toEqual(['no', 1, 34, base64('CHANNEL_OFF')]);
  bench.world.store.merchants.get(1)!.channels.add('wechat');
  device.pay(1, 150);
  expect(await device.hear('no', 1)).toEqual(['no', 1, 34, base64('CHANNEL_OFF')]);
  device.pay(1, 151);
  expect(await device.hear('no', 1)).toEqual(['no', 1, 36, base64('REFERENCE_REUSED')]);
  expect(await order(1)).toMatchObject({ state: 'REFUSED', amountFen: 150 });
});

test('goods in any script come through unharmed', async () => {
  const device = await bench.greeted();
  const goods = '冰红茶 “500ml” <b>&\'";--';
  device.pay(1, 150, 1, 'r1', goods);
  await device.hear('code', 1);
  expect((await order(1)).goods).toBe(goods);
});
