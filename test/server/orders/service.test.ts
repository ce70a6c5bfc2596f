/** Orders through the service: provider calls that fail, answers that get lost, news that comes late or twice. */
import { EVENTS } from '../support/orders';
import { DEVICE, World } from '../support/world';

const ORDER = `${DEVICE}_1`;

/** An order that shows its code. */
async function prepaid(): Promise<World> {
  const world = new World();
  await world.open(1);
  await world.settle();
  expect(await world.order(1)).toMatchObject({ state: 'PREPAID' });
  return world;
}

/** An order whose grant is out on session 1. */
async function granted(): Promise<World> {
  const world = await prepaid();
  world.provider.pay(ORDER);
  await world.notify(world.provider.notification(ORDER));
  const applied = await world.service.apply(ORDER, 'gateway', { type: 'offer', session: 1 });
  expect(applied).toMatchObject({ granted: true, order: { state: 'GRANTED' } });
  return world;
}

async function story(world: World): Promise<string[]> {
  return (await world.store.events(ORDER)).map((event) => `${event.cause} ${event.type} ${event.toState}`);
}

afterEach(() => jest.restoreAllMocks());

describe('opening', () => {
  test('creates the trade after the order is durable, and tells the device of the code', async () => {
    const world = new World();
    const durable: unknown[] = [];
    world.provider.gate = async () => void durable.push((await world.order(1))?.state);
    const opened = await world.open(1);
    expect(opened).toMatchObject({ refusal: 0, order: { state: 'CREATED' } });
    await world.settle();
    expect(world.provider.calls).toEqual([`create ${ORDER}`]);
    expect(durable).toEqual(['CREATED']);
    expect(world.told.map((order) => [order.state, order.codeUrl])).toEqual([
      ['PREPAID', `https://pay.example/${ORDER}`],
    ]);
  });

  test('the same wish again is the same order, another one under its number is refused', async () => {
    const world = await prepaid();
    expect(await world.open(1)).toMatchObject({ refusal: 0, order: { state: 'PREPAID' } });
    for (const other of [
      { amountFen: 151 },
      { goods: 'cola' },
      { reference: 'x' },
      { channel: 'alipay' as const },
    ]) {
      expect(await world.open(1, other)).toEqual({ order: undefined, refusal: 36 });
    }
    expect(world.provider.calls).toEqual([`create ${ORDER}`]);
  });

  test('a wish from a session that is not the newest is not heard', async () => {
    const world = new World();
    world.store.devices.get(DEVICE)!.session = 2;
    expect(await world.open(1)).toBeUndefined();
    expect(await world.store.find(ORDER)).toBeUndefined();
  });

  test('a create without an answer is queried before it is made again', async () => {
    for (const fault of ['unknown before', 'unknown after'] as const) {
      const world = new World();
      world.provider.faults.create = [fault];
      await world.open(1);
      await world.settle();
      expect(await world.order(1)).toMatchObject({ state: 'CREATED', attempt: 1 });
      await world.pass(2_000);
      expect(world.provider.calls).toEqual([`create ${ORDER}`, `query ${ORDER}`, `create ${ORDER}`]);
      expect(await world.order(1)).toMatchObject({ state: 'PREPAID' });
    }
  });

  test('a process killed before or during its create is made good by the wake-up call, which asks first', async () => {
    for (const isCallMade of [false, true]) {
      const world = new World();
      let release = (): void => undefined;
      world.provider.gate = () => new Promise((resolve) => (release = resolve));
      await world.open(1);
      if (isCallMade) await world.settle();
      world.crash();
      release();
      world.provider.gate = () => Promise.resolve();
      await world.settle();
      await world.pass(20_000);
      expect(world.provider.calls.filter((call) => call.startsWith('query'))).not.toEqual([]);
      expect(await world.order(1)).toMatchObject({ state: 'PREPAID' });
    }
  });

  test('a provider that stays down ends the order CLOSED, with the reason', async () => {
    const world = new World();
    world.provider.faults.create = Array(4).fill('unknown before');
    await world.open(1);
    await world.pass(60_000);
    expect(await world.order(1)).toMatchObject({ state: 'CLOSED', reason: 40 });
    expect(world.told.at(-1)).toMatchObject({ state: 'CLOSED' });
  });

  test('a refused create ends REFUSED at once, or CLOSED when an earlier try may have worked', async () => {
    const refused = new World();
    refused.provider.faults.create = ['refused'];
    await refused.open(1);
    await refused.settle();
    expect(await refused.order(1)).toMatchObject({ state: 'REFUSED', reason: 39 });
    const unsure = new World();
    unsure.provider.faults.create = ['unknown after', 'refused'];
    await unsure.open(1);
    await unsure.pass(10_000);
    expect(await unsure.order(1)).toMatchObject({ state: 'CLOSED', reason: 39 });
    expect(unsure.provider.trades.get(ORDER)!.state).toBe('CLOSED');
  });

  test.each(['OUT_TRADE_NO_USED', 'ORDERPAID', 'ORDER_CLOSED'] as const)(
    'refused with %s: another process has opened the trade, so it is asked, and a payment wins',
    async (code) => {
      for (const isPaid of [true, false]) {
        const world = new World();
        world.provider.refusal = code;
        world.provider.faults.create = ['refused'];
        let release = (): void => undefined;
        world.provider.gate = () => new Promise((resolve) => (release = resolve));
        await world.open(1);
        await world.settle();
        world.provider.trades.set(ORDER, { state: isPaid ? 'PAID' : 'WAITING', amountFen: 150 });
        world.provider.gate = () => Promise.resolve();
        release();
        await world.pass(5_000);
        expect((await world.order(1)).state).toBe(isPaid ? 'PAID' : 'CLOSED');
        if (!isPaid) expect(world.provider.trades.get(ORDER)!.state).toBe('CLOSED');
      }
    },
  );
});

describe('a change that does not become durable', () => {
  /** The database decides and then fails to commit, until it is mended. */
  function breakCommits(world: World): () => void {
    const { store } = world;
    const { change, open } = store;
    store.change = async (outTradeNo, decide) => {
      const order = await store.find(outTradeNo);
      const { policy } = world;
      decide(order && { order, policy, session: 1 });
      throw new Error('no commit');
    };
    store.open = async (request, window, decide) => {
      await open.call(store, request, window, (facts) => {
        decide(facts);
        return undefined;
      });
      throw new Error('no commit');
    };
    return () => Object.assign(store, { change, open });
  }

  test('asks for nothing to be done, neither for a new order nor for one that is known', async () => {
    const world = await prepaid();
    const asked: string[] = [];
    world.service.connect(
      { tell: (order) => void asked.push(`tell ${order.state}`) },
      { act: (outTradeNo) => void asked.push(`act ${outTradeNo}`) },
    );
    breakCommits(world);
    await expect(world.open(2)).rejects.toThrow('no commit');
    await expect(world.service.apply(ORDER, 'device', EVENTS.cancel)).rejects.toThrow('no commit');
    expect(asked).toEqual([]);
  });

  test('sets nothing off: no call to the provider, no word to the device', async () => {
    const world = new World();
    const mend = breakCommits(world);
    await expect(world.open(1)).rejects.toThrow('no commit');
    await world.settle();
    expect([world.provider.calls, world.told]).toEqual([[], []]);
    mend();
    await world.open(1);
    await world.settle();
    world.told.length = 0;
    world.provider.pay(ORDER);
    breakCommits(world);
    await expect(world.notify(world.provider.notification(ORDER))).rejects.toThrow('no commit');
    await expect(world.service.apply(ORDER, 'device', EVENTS.cancel)).rejects.toThrow('no commit');
    await world.settle();
    expect(world.told).toEqual([]);
    expect(world.provider.calls).toEqual([`create ${ORDER}`]);
    expect(await world.order(1)).toMatchObject({ state: 'PREPAID', paidFen: 0 });
  });
});

describe('the result', () => {
  test('comes by notification, once, however often it is said', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER);
    for (let time = 0; time < 3; time++) {
      expect(await world.notify(world.provider.notification(ORDER))).toMatchObject({
        fate: 'taken',
        status: 200,
      });
    }
    expect(await world.order(1)).toMatchObject({ state: 'PAID', paidFen: 150, alarm: '' });
    expect((await story(world)).filter((line) => line.includes('paid'))).toEqual(['notification paid PAID']);
    expect(Object.fromEntries(await world.store.balances())).toEqual({
      '1/clearing/wechat': 150,
      '1/held': -150,
    });
  });

  test('comes by the planned query when no notification does', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER);
    await world.pass(4_999);
    expect(await world.order(1)).toMatchObject({ state: 'PREPAID' });
    await world.pass(1);
    expect(await world.order(1)).toMatchObject({ state: 'PAID' });
    await world.notify(world.provider.notification(ORDER));
    expect((await story(world)).filter((line) => line.includes('paid'))).toEqual(['provider paid PAID']);
  });

  test('is asked for at 5, 10, 15 s … while the code is payable', async () => {
    const world = await prepaid();
    await world.pass(60_000);
    expect(world.provider.calls.filter((call) => call.startsWith('query')).length).toBe(12);
  });

  test('is asked for when the device asks', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER);
    await world.tasks.look(ORDER);
    expect(await world.order(1)).toMatchObject({ state: 'PAID' });
  });

  test('by a forged, foreign or unknown notification is nothing, and it may come again', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER);
    const good = world.provider.notification(ORDER);
    const forged = await world.notify({ ...good, headers: { signature: 'bad' } });
    expect(forged).toMatchObject({ fate: 'not authentic', status: 500 });
    expect(await world.notify(good, 2)).toMatchObject({ fate: 'foreign order', status: 500 });
    expect(await world.notify(good, 1, 'alipay')).toMatchObject({ fate: 'foreign order' });
    const unknown = world.provider.notification(ORDER, { outTradeNo: `${DEVICE}_99` });
    expect(await world.notify(unknown)).toMatchObject({ fate: 'foreign order' });
    expect(await world.order(1)).toMatchObject({ state: 'PREPAID', paidFen: 0, alarm: '' });
  });

  test('with a wrong amount in a notification raises the alarm and asks the provider', async () => {
    const world = await prepaid();
    await world.notify(
      world.provider.notification(ORDER, {
        state: 'PAID',
        providerState: 'X',
        transactionId: 'T',
        amountFen: 1,
      }),
    );
    expect(await world.order(1)).toMatchObject({ state: 'PREPAID', alarm: 'WRONG_AMOUNT', paidFen: 0 });
    await world.settle();
    expect(world.provider.calls).toContain(`query ${ORDER}`);
    expect(await world.order(1)).toMatchObject({ state: 'PREPAID' });
  });

  test('with a wrong amount at the provider is never granted, and a person gives it back', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER, 1);
    await world.pass(5_000);
    expect(await world.order(1)).toMatchObject({ state: 'UNCERTAIN', alarm: 'WRONG_AMOUNT', paidFen: 1 });
    const offered = await world.service.apply(ORDER, 'gateway', { type: 'offer', session: 1 });
    expect(offered).toMatchObject({ granted: false });
    await world.service.apply(ORDER, 'person:ann', EVENTS.settleRefund);
    await world.settle();
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED' });
    expect(world.provider.refunds.get(`${ORDER}_R1`)).toMatchObject({ refundFen: 1 });
  });

  test('of a payment that is heard of too late goes back, not to a machine where nobody waits', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER, 150, world.nowMs());
    world.provider.faults.query = Array(200).fill('unknown before');
    await world.pass(400_000);
    world.provider.faults.query = [];
    await world.pass(60_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', reason: 42 });
    expect(await story(world)).not.toContain('gateway offer GRANTED');
  });
});

describe('expiry and cancelling', () => {
  test('ask before they close, and PAID wins', async () => {
    const world = await prepaid();
    await world.pass(299_000);
    world.provider.pay(ORDER);
    await world.service.apply(ORDER, 'device', EVENTS.cancel);
    await world.settle();
    expect(await world.order(1)).toMatchObject({ state: 'PAID' });
  });

  test('close an unpaid trade at the provider', async () => {
    const world = await prepaid();
    await world.pass(300_000);
    expect(await world.order(1)).toMatchObject({ state: 'CLOSED', reason: 41 });
    expect(world.provider.trades.get(ORDER)!.state).toBe('CLOSED');
    expect(world.told.at(-1)).toMatchObject({ state: 'CLOSED' });
  });

  test('are lost to a payment that comes between question and close', async () => {
    const world = await prepaid();
    world.provider.gate = async () => {
      if (world.provider.calls.at(-1) === `close ${ORDER}`) world.provider.pay(ORDER);
    };
    await world.service.apply(ORDER, 'device', EVENTS.cancel);
    await world.settle();
    expect(await world.order(1)).toMatchObject({ state: 'CLOSING', attempt: 1 });
    await world.pass(2_000);
    expect(await world.order(1)).toMatchObject({ state: 'PAID' });
  });

  test('go on until the provider answers, however long it is away', async () => {
    const world = await prepaid();
    world.provider.faults.query = Array(30).fill('unknown before');
    await world.service.apply(ORDER, 'device', EVENTS.cancel);
    await world.pass(600_000);
    expect(await world.order(1)).toMatchObject({ state: 'CLOSING', alarm: 'PROVIDER_SILENT' });
    await world.pass(1_500_000);
    expect(await world.order(1)).toMatchObject({ state: 'CLOSED', alarm: '' });
  });

  test('of a trade that the provider does not know is CLOSED, and a payment that slips through goes back', async () => {
    const world = await prepaid();
    world.provider.trades.delete(ORDER);
    await world.service.apply(ORDER, 'device', EVENTS.cancel);
    await world.settle();
    expect(await world.order(1)).toMatchObject({ state: 'CLOSED', reason: 23 });
    world.provider.trades.set(ORDER, { state: 'PAID', amountFen: 150 });
    await world.pass(420_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', reason: 46 });
    expect(Object.values(Object.fromEntries(await world.store.balances()))).toEqual([0, 0, 0]);
  });
});

describe('the grant', () => {
  test('that was never sent is withdrawn when the device stays away', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER, 150, world.nowMs());
    await world.notify(world.provider.notification(ORDER));
    await world.pass(299_999);
    expect(await world.order(1)).toMatchObject({ state: 'PAID' });
    await world.pass(1);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', reason: 42 });
  });

  test('that was sent is not taken back by time, only reported', async () => {
    const world = await granted();
    await world.pass(100 * 3_600_000);
    expect(await world.order(1)).toMatchObject({ state: 'GRANTED', alarm: 'DEVICE_SILENT' });
    await world.service.apply(ORDER, 'device', EVENTS.endDispensed);
    expect(await world.order(1)).toMatchObject({ state: 'DISPENSED', alarm: '' });
  });

  test('and its refund do not cross: one of the two wins', async () => {
    for (const first of ['offer', 'due'] as const) {
      const world = await prepaid();
      world.provider.pay(ORDER, 150, world.nowMs());
      await world.notify(world.provider.notification(ORDER));
      await world.pass(299_000);
      const offer = (): Promise<unknown> =>
        world.service.apply(ORDER, 'gateway', { type: 'offer', session: 1 });
      if (first === 'offer') await offer();
      await world.pass(2_000);
      if (first === 'due') await offer();
      await world.pass(10_000);
      expect(await world.order(1)).toMatchObject({ state: first === 'offer' ? 'GRANTED' : 'REFUNDED' });
    }
  });
});

describe('the refund', () => {
  test('goes out once under one number, whatever becomes of its answers', async () => {
    for (const fault of ['unknown before', 'unknown after'] as const) {
      const world = await granted();
      world.provider.faults.refund = [fault];
      await world.service.apply(ORDER, 'device', EVENTS.endFailed);
      await world.pass(5_000);
      expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', refundNo: 1 });
      expect([...world.provider.refunds.keys()]).toEqual([`${ORDER}_R1`]);
      const calls = world.provider.calls.filter((call) => call.endsWith('_R1'));
      expect(calls.slice(0, 2)).toEqual([`refund ${ORDER}_R1`, `queryRefund ${ORDER}_R1`]);
    }
  });

  test('that is under way is asked for until it is done', async () => {
    const world = await granted();
    world.provider.refundState = 'PROCESSING';
    await world.service.apply(ORDER, 'device', EVENTS.endFailed);
    await world.pass(60_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDING', refundState: 'PROCESSING' });
    const refund = world.provider.refunds.get(`${ORDER}_R1`)!;
    world.provider.refunds.set(`${ORDER}_R1`, { ...refund, state: 'SUCCESS', providerState: 'SUCCESS' });
    await world.pass(120_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', refundState: 'SUCCESS' });
    expect(world.provider.calls.filter((call) => call === `refund ${ORDER}_R1`).length).toBe(1);
  });

  test('that is under way for two weeks is reported, and goes on being asked for', async () => {
    const world = await granted();
    world.provider.refundState = 'PROCESSING';
    await world.service.apply(ORDER, 'device', EVENTS.endFailed);
    await world.pass(14 * 86_400_000 - 7_200_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDING', alarm: '' });
    await world.pass(3 * 3_600_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDING', alarm: 'REFUND_SLOW' });
    const byHand = await world.service.apply(ORDER, 'person:test', EVENTS.settleRefunded);
    expect(byHand!.refusal).toBe(15);
    const refund = world.provider.refunds.get(`${ORDER}_R1`)!;
    world.provider.refunds.set(`${ORDER}_R1`, { ...refund, state: 'SUCCESS', providerState: 'SUCCESS' });
    await world.pass(3_600_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', alarm: '' });
  });

  test('that was refused and is then under way is not stuck: nobody may give the money back by hand', async () => {
    const world = await granted();
    world.provider.faults.refund = ['refused'];
    world.provider.refundState = 'PROCESSING';
    await world.service.apply(ORDER, 'device', EVENTS.endFailed);
    await world.settle();
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDING', alarm: 'REFUND_STUCK' });
    await world.pass(700_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDING', alarm: '' });
    expect((await world.service.apply(ORDER, 'person:test', EVENTS.settleRefunded))!.refusal).toBe(15);
  });

  test('that is refused is tried again under its number, with an alarm', async () => {
    const world = await granted();
    world.provider.faults.refund = ['refused', 'refused'];
    await world.service.apply(ORDER, 'device', EVENTS.endFailed);
    await world.pass(60_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDING', alarm: 'REFUND_STUCK', refundNo: 1 });
    await world.pass(1_300_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', alarm: '', refundNo: 1 });
  });

  test('of another amount under our number is not taken for ours', async () => {
    const world = await prepaid();
    world.provider.pay(ORDER);
    await world.notify(world.provider.notification(ORDER));
    world.provider.faults.refund = ['unknown before'];
    await world.service.apply(ORDER, 'person:test', { type: 'refund' });
    await world.settle();
    const outRefundNo = `${ORDER}_R1`;
    const other = { state: 'SUCCESS', providerState: 'SUCCESS', refundFen: 1 } as const;
    world.provider.refunds.set(outRefundNo, { outTradeNo: ORDER, outRefundNo, ...other });
    await world.pass(60_000);
    expect(await world.order(1)).toMatchObject({
      state: 'REFUNDING',
      alarm: 'REFUND_STUCK',
      refundState: 'OTHER_AMOUNT',
    });
  });

  test('that the provider closed gets another number', async () => {
    const world = await granted();
    world.provider.refundState = 'CLOSED';
    await world.service.apply(ORDER, 'device', EVENTS.endFailed);
    await world.settle();
    world.provider.refundState = 'SUCCESS';
    await world.pass(700_000);
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED', refundNo: 2 });
  });

  test('survives a process killed at any moment of it', async () => {
    for (const callsBefore of [0, 1]) {
      const world = await granted();
      let release = (): void => undefined;
      world.provider.gate = () => new Promise((resolve) => (release = resolve));
      await world.service.apply(ORDER, 'device', EVENTS.endFailed);
      if (callsBefore > 0) await world.settle();
      world.crash();
      world.provider.gate = () => Promise.resolve();
      release();
      await world.pass(60_000);
      expect(await world.order(1)).toMatchObject({ state: 'REFUNDED' });
      expect([...world.provider.refunds.keys()]).toEqual([`${ORDER}_R1`]);
    }
  });

  test('that a notification reports is taken for its own number only', async () => {
    const world = await granted();
    world.provider.refundState = 'PROCESSING';
    await world.service.apply(ORDER, 'device', EVENTS.endFailed);
    await world.settle();
    const notice = (outRefundNo: string): string =>
      JSON.stringify({
        notificationId: 'N',
        refund: { outTradeNo: ORDER, outRefundNo, state: 'SUCCESS', providerState: 'SUCCESS' },
      });
    await world.notify({ headers: { signature: 'good' }, body: notice(`${ORDER}_R9`) });
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDING' });
    await world.notify({ headers: { signature: 'good' }, body: notice(`${ORDER}_R1`) });
    expect(await world.order(1)).toMatchObject({ state: 'REFUNDED' });
  });
});

test('every order of a long day of faults comes to rest, and the books close', async () => {
  const world = new World();
  world.store.merchants.get(1)!.maxOpenOrders = 1_000;
  let seed = 7;
  const chance = (): number => (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff;
  const calls = ['create', 'query', 'close', 'refund', 'queryRefund'] as const;
  for (let n = 1; n <= 60; n++) {
    for (const call of calls) {
      if (chance() < 0.4)
        (world.provider.faults[call] ??= []).push(chance() < 0.5 ? 'unknown before' : 'unknown after');
    }
    await world.open(n);
    await world.pass(chance() * 20_000);
    if (chance() < 0.1) world.crash();
    const name = `${DEVICE}_${n}`;
    const trade = world.provider.trades.get(name);
    if (chance() < 0.7 && trade?.state === 'WAITING') world.provider.pay(name, undefined, world.nowMs());
    if (chance() < 0.5 && trade?.state === 'PAID') await world.notify(world.provider.notification(name));
    if (chance() < 0.2) await world.service.apply(name, 'device', EVENTS.cancel);
    await world.pass(chance() * 20_000);
    await world.service.apply(name, 'gateway', { type: 'offer', session: 1 });
    if (chance() < 0.7) {
      const ends = [EVENTS.endDispensed, EVENTS.endFailed, EVENTS.endUncertain];
      await world.service.apply(name, 'device', ends[Math.floor(chance() * 3)]!);
    }
  }
  world.provider.faults.query = [];
  await world.pass(7_200_000);
  for (const order of world.store.all()) {
    if (order.state === 'UNCERTAIN')
      await world.service.apply(order.outTradeNo, 'person:ann', EVENTS.settleRefund);
    if (order.state === 'GRANTED') await world.service.apply(order.outTradeNo, 'device', EVENTS.endDispensed);
  }
  await world.pass(7_200_000);
  expect(world.errors).toEqual([]);
  const states = new Set(world.store.all().map((order) => order.state));
  expect([...states].sort()).toEqual(['CLOSED', 'DISPENSED', 'REFUNDED']);
  for (const order of world.store.all()) {
    const trade = world.provider.trades.get(order.outTradeNo)?.state ?? 'CLOSED';
    expect([order.outTradeNo, trade]).toEqual([
      order.outTradeNo,
      { CLOSED: 'CLOSED', DISPENSED: 'PAID', REFUNDED: 'REFUNDED' }[order.state as string],
    ]);
  }
  const dispensed = world.store.all().filter((order) => order.state === 'DISPENSED').length;
  expect(Object.fromEntries(await world.store.balances())).toEqual({
    '1/clearing/wechat': dispensed * 150,
    '1/earned': dispensed * -150,
    '1/held': 0,
    '1/refunds': 0,
  });
});
