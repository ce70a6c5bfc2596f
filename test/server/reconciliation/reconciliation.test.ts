/**
 * Daily reconciliation of a whole server against the strict sandbox's own bills: what is clear is put right through
 * the orders, what is not is listed for a person, and looking again changes nothing.
 */
import type { BillLine, Outcome, Provider } from '../../../server/providers';
import type { Actor } from '../../../server/admin/actor';
import { parametersFor } from '../support/sandbox-merchant';
import { until } from '../support/until';
import { BillBench, chinaTime, DAY_MS, dayName, DEVICE } from './bench';

const OPERATOR: Actor = { name: 'test', merchantId: undefined };

/** The provider with some calls of its own. */
function withOwn(provider: Provider, calls: Partial<Provider>): Provider {
  return new Proxy(provider, {
    get(target, name) {
      const value = (
        Object.hasOwn(calls, name) ? Reflect.get(calls, name) : Reflect.get(target, name)
      ) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The provider with another way to its bills. */
const withOwnBill = (provider: Provider, bill: Provider['bill']): Provider => withOwn(provider, { bill });

function changed<Value>(outcome: Outcome<Value>, change: Partial<Value>): Outcome<Value> {
  return outcome.kind === 'ok' ? { ...outcome, value: { ...outcome.value, ...change } } : outcome;
}

describe.each(['wechat', 'alipay'] as const)('%s', (channel) => {
  let bench: BillBench;
  let today = 0;

  const day = (): string => dayName(chinaTime(today, 12));
  const nextMorning = (): void => bench.clock.leapTo(chinaTime((today += 1), 11));
  const yesterday = (): string => dayName(chinaTime(today - 1, 12));
  const reconcile = (of = yesterday()): ReturnType<BillBench['core']['reconciliation']['run']> =>
    bench.core.reconciliation.run(OPERATOR, bench.merchantId, channel, { day: of });
  const open = async (): Promise<[string, string, string][]> =>
    (await bench.core.reconciliation.differences(OPERATOR, {})).map((found) => [
      found.kind,
      found.outTradeNo,
      found.outcome,
    ]);

  /** Replaces the lines of the server's bill. */
  const withBill = (change: (lines: readonly BillLine[]) => readonly BillLine[]): void => {
    bench.spoil = (provider) =>
      withOwnBill(provider, async (of) => {
        const outcome = await provider.bill(of);
        return outcome.kind === 'ok' ? { ...outcome, value: change(outcome.value) } : outcome;
      });
  };

  beforeAll(async () => {
    bench = await new BillBench(channel).start();
  });
  afterAll(() => bench.stop());
  beforeEach(() => {
    bench.clock.leapTo(chinaTime((today += 1), 12));
    bench.sandbox.model.faults.clear();
    bench.spoil = (provider) => provider;
  });
  afterEach(async () => {
    for (const found of await bench.core.reconciliation.differences(OPERATOR, {})) {
      await bench.core.reconciliation.close(OPERATOR, found.id, { note: 'end of the test' });
    }
    expect(await bench.violations()).toBe(0);
  });

  test('a day without a difference: sums, and nothing to do', async () => {
    await bench.delivered(150);
    const back = await bench.delivered(300);
    await bench.core.orders.refund(OPERATOR, back);
    await bench.act();
    await settledRefund(back);
    nextMorning();
    expect(await reconcile()).toMatchObject({
      state: 'DONE',
      billLines: 3,
      paidFen: 450,
      refundedFen: 300,
      open: 0,
      settled: {},
    });
  });

  /** WeChat Pay ends a refund a moment after it took it on: the order asks again only then, and no day goes by. */
  async function settledRefund(outTradeNo: string): Promise<void> {
    await until(async () => {
      const order = await bench.find(outTradeNo);
      if (order.state !== 'REFUNDING') return order.state === 'REFUNDED';
      const { refunds } = bench.sandbox.trade(outTradeNo, channel)!;
      if (refunds.some((refund) => refund.state === 'PROCESSING')) return false;
      bench.clock.leapTo(Math.max(bench.clock.nowMs(), order.wakeAtMs! + 1));
      await bench.tasks.perform(outTradeNo, false);
      return false;
    });
  }

  test('a payment of which no notification and no query ever told is found in the bill and refunded', async () => {
    const outTradeNo = await bench.order();
    bench.sandbox.model.faults.add({ kind: 'noticeLost', channel });
    bench.sandbox.model.faults.add({
      kind: 'unavailable',
      channel,
      operation: channel === 'wechat' ? 'query' : 'alipay.trade.query',
    });
    await bench.pay(outTradeNo);
    bench.clock.leap(301_000);
    for (let tries = 0; tries < 4; tries++) {
      await bench.tasks.perform(outTradeNo, false);
      await bench.act();
      bench.clock.leap(61_000);
    }
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'CLOSING', paidFen: 0 });
    nextMorning();
    bench.sandbox.model.faults.clear();
    const report = await reconcile();
    expect(report).toMatchObject({ state: 'DONE', settled: { PAYMENT_BOOKED: 1 }, open: 0 });
    await bench.tasks.perform(outTradeNo, false);
    await bench.act();
    await settledRefund(outTradeNo);
    expect(bench.sandbox.trade(outTradeNo, channel)).toMatchObject({ refundedFen: 150 });
    const [found] = await bench.core.reconciliation.differences(OPERATOR, { all: 'true', day: yesterday() });
    expect(found).toMatchObject({ kind: 'PAYMENT_ONLY_IN_BILL', isOpen: false, endedBy: 'reconciliation' });
  });

  test('the provider still does not answer: it stays open, is tried again, and is settled then', async () => {
    const outTradeNo = await bench.order();
    await bench.pay(outTradeNo);
    nextMorning();
    bench.sandbox.model.faults.add({
      kind: 'systemError',
      channel,
      operation: channel === 'wechat' ? 'query' : 'alipay.trade.query',
    });
    expect(await reconcile()).toMatchObject({ state: 'DONE', settled: { PROVIDER_SILENT: 1 }, open: 1 });
    const [kept] = await bench.core.reconciliation.days(OPERATOR, { limit: '1' });
    expect(kept!.nextTryAtMs).toBeGreaterThan(bench.clock.nowMs() + 3_500_000);
    bench.sandbox.model.faults.clear();
    bench.clock.leap(3_600_000);
    expect(await reconcile()).toMatchObject({ settled: { PAYMENT_BOOKED: 1 }, open: 0 });
    await bench.tasks.perform(outTradeNo, false);
    await bench.act();
    await settledRefund(outTradeNo);
  });

  test('parts given back at the provider’s desk are booked once, and we refund the rest only', async () => {
    const outTradeNo = await bench.delivered(300);
    await bench.refundAtDesk(outTradeNo, 100, `${outTradeNo}_d1`);
    await bench.refundAtDesk(outTradeNo, 50, `${outTradeNo}_d2`);
    nextMorning();
    expect(await reconcile()).toMatchObject({ refundedFen: 150, settled: { REFUND_BOOKED: 2 }, open: 0 });
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'DISPENSED', outsideFen: 150, alarm: '' });
    await bench.core.orders.refund(OPERATOR, outTradeNo);
    await bench.act();
    await settledRefund(outTradeNo);
    expect(bench.sandbox.trade(outTradeNo, channel)).toMatchObject({ refundedFen: 300 });
    expect(bench.sandbox.trade(outTradeNo, channel)!.refunds.map((refund) => refund.amountFen)).toEqual([
      100, 50, 150,
    ]);
    nextMorning();
    expect(await reconcile()).toMatchObject({ refundedFen: 150, settled: {}, open: 0 });
  });

  test('all of it given back at the provider’s desk: the order is refunded', async () => {
    const outTradeNo = await bench.delivered(200);
    await bench.refundAtDesk(outTradeNo, 200, `${outTradeNo}_d1`);
    nextMorning();
    expect(await reconcile()).toMatchObject({ settled: { REFUND_BOOKED: 1 }, open: 0 });
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'REFUNDED', outsideFen: 200 });
    await expect(bench.core.orders.refund(OPERATOR, outTradeNo)).rejects.toThrow('REFUNDED');
  });

  test('given back at the desk before we knew of the payment: both are booked', async () => {
    const outTradeNo = await bench.order(150);
    await bench.pay(outTradeNo);
    await bench.refundAtDesk(outTradeNo, 150, `${outTradeNo}_d1`);
    nextMorning();
    const report = await reconcile();
    expect(report.open).toBe(0);
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'REFUNDED', paidFen: 150, outsideFen: 150 });
  });

  test('a part given back while the goods are in doubt: a person decides about the rest', async () => {
    const outTradeNo = await bench.paid(150);
    await bench.core.service.apply(outTradeNo, 'device', { type: 'endUncertain', reason: 26, text: '' });
    await bench.refundAtDesk(outTradeNo, 60, `${outTradeNo}_d1`);
    nextMorning();
    await reconcile();
    expect(await bench.find(outTradeNo)).toMatchObject({
      state: 'UNCERTAIN',
      outsideFen: 60,
      alarm: 'REFUNDED_OUTSIDE',
    });
    await bench.core.orders.settle(OPERATOR, outTradeNo, 'refund');
    await bench.act();
    await settledRefund(outTradeNo);
    expect(bench.sandbox.trade(outTradeNo, channel)).toMatchObject({ refundedFen: 150 });
  });

  test('a refund that a person had settled by hand is recognised in the bill', async () => {
    const outTradeNo = await bench.paid(150);
    await bench.core.service.apply(outTradeNo, 'device', { type: 'endUncertain', reason: 26, text: '' });
    await bench.refundAtDesk(outTradeNo, 150, `${outTradeNo}_d1`);
    await bench.core.orders.settle(OPERATOR, outTradeNo, 'refunded');
    nextMorning();
    expect(await reconcile()).toMatchObject({ settled: { BY_HAND: 1 }, open: 0 });
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'REFUNDED', outsideFen: 0 });
  });

  test('our refund while the merchant gave a part back himself: only the rest goes, under another number', async () => {
    const outTradeNo = await bench.paid(150);
    bench.sandbox.model.faults.add({
      kind: 'unavailable',
      channel,
      operation: channel === 'wechat' ? 'refund' : 'alipay.trade.refund',
      times: 1,
    });
    await bench.core.orders.refund(OPERATOR, outTradeNo);
    await bench.act();
    await bench.refundAtDesk(outTradeNo, 60, `${outTradeNo}_d1`);
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundNo: 1 });
    nextMorning();
    expect(await reconcile()).toMatchObject({ settled: { REFUND_BOOKED: 1 }, open: 0 });
    await bench.act();
    await settledRefund(outTradeNo);
    expect(await bench.find(outTradeNo)).toMatchObject({ refundNo: 2, outsideFen: 60 });
    expect(bench.sandbox.trade(outTradeNo, channel)).toMatchObject({ refundedFen: 150 });
  });

  test('another shop on the same merchant number, and a doubled line, are for a person', async () => {
    const foreign = await bench.desk.create({
      outTradeNo: 'OTHERSHOP_1',
      amountFen: 500,
      description: 'x',
      expiresAtMs: bench.clock.nowMs() + 300_000,
      notifyUrl: 'http://127.0.0.1:9/nowhere',
    });
    if (foreign.kind !== 'ok') throw new Error('no code');
    bench.sandbox.model.wallet.pay(foreign.value.codeUrl);
    const ours = await bench.delivered(150);
    nextMorning();
    withBill((lines) => [...lines, lines.find((line) => line.outTradeNo === ours)!]);
    bench.settled.length = 0;
    await reconcile();
    const listed = [
      ['PAYMENT_OF_UNKNOWN_ORDER', 'OTHERSHOP_1', 'PERSON'],
      ['DOUBLED_IN_BILL', ours, 'PERSON'],
    ];
    expect(await open()).toEqual(listed);
    expect(bench.settled).toEqual(listed);
    // Whoever watches hears of them once, not with every look.
    expect((await reconcile()).settled).toEqual({});
    expect(bench.settled).toEqual(listed);
    const [found] = await bench.core.reconciliation.differences(OPERATOR, {});
    expect(found!.meaning).toBe(
      'a payment under a number that is no order of ours; the rule leaves it to a person',
    );
    expect(bench.sandbox.trade('OTHERSHOP_1', channel)).toMatchObject({ refundedFen: 0 });
  });

  test('an order of another of our merchants is as unknown as a stranger’s', async () => {
    const other = await bench.core.merchants.add({ name: 'Other' }, 1);
    await bench.core.devices.add(
      { id: 'CS000002', merchantId: other.id, name: '', key: Buffer.alloc(16, 2), maxAmountFen: 1_000 },
      1,
    );
    const ours = await bench.delivered(150);
    const theirs = { n: Number(ours.split('_')[1]), amountFen: 150, ttlS: 300, reference: '', goods: '' };
    await bench.core.service.open({ deviceId: 'CS000002', channel, session: 0, ...theirs });
    nextMorning();
    withBill((lines) =>
      lines.map((line) => ({ ...line, outTradeNo: line.outTradeNo.replace(DEVICE, 'CS000002') })),
    );
    await reconcile();
    expect((await open()).map(([kind]) => kind)).toEqual(['PAYMENT_OF_UNKNOWN_ORDER']);
    const all = await bench.core.reconciliation.differences(OPERATOR, { all: 'true', day: yesterday() });
    expect(all.find((found) => found.outTradeNo === ours)).toMatchObject({
      kind: 'PAYMENT_ONLY_IN_LEDGER',
      outcome: 'CONFIRMED',
      isOpen: false,
    });
    const actor: Actor = { name: 'other', merchantId: other.id };
    expect(await bench.core.reconciliation.differences(actor, { all: 'true' })).toEqual([]);
    await expect(bench.core.reconciliation.run(actor, bench.merchantId, channel, {})).rejects.toThrow(
      'no such thing',
    );
    const [found] = await bench.core.reconciliation.differences(OPERATOR, {});
    await expect(bench.core.reconciliation.close(actor, found!.id, { note: 'mine' })).rejects.toThrow(
      'no such thing',
    );
  });

  test('two of our merchants on one account: each bill has both, and neither differs', async () => {
    const { core } = bench;
    const other = await core.merchants.add({ name: 'Branch' }, 1);
    await core.merchants.setParameters(other.id, channel, parametersFor(channel, bench.merchant), 1);
    const device = { id: 'CS000003', merchantId: other.id, name: '', key: Buffer.alloc(16, 3) };
    await core.devices.add({ ...device, maxAmountFen: 1_000 }, 1);
    const wish = { n: 1, channel, amountFen: 170, ttlS: 300, reference: '', goods: '' };
    await core.service.open({ deviceId: 'CS000003', session: 0, ...wish });
    await bench.act();
    await bench.pay('CS000003_1');
    await bench.tasks.look('CS000003_1');
    await core.service.apply('CS000003_1', 'gateway', { type: 'offer', session: 1 });
    await core.service.apply('CS000003_1', 'device', { type: 'endDispensed', reason: 0, text: '' });
    await core.orders.refund(OPERATOR, 'CS000003_1');
    await bench.act();
    await until(async () => {
      await bench.tasks.perform('CS000003_1', true);
      return (await bench.find('CS000003_1')).state === 'REFUNDED';
    });
    await bench.delivered(150);
    nextMorning();
    for (const merchantId of [bench.merchantId, other.id]) {
      const report = await core.reconciliation.run(OPERATOR, merchantId, channel, { day: yesterday() });
      expect(report).toMatchObject({ state: 'DONE', billLines: 3, open: 0 });
    }
    // Another amount is other money, and so is another number of the provider's, whoever's order it names.
    withBill((lines) =>
      lines.map((line) =>
        line.outTradeNo === 'CS000003_1' && line.kind === 'payment' ? { ...line, amountFen: 171 } : line,
      ),
    );
    await reconcile();
    expect((await open()).map(([kind, outTradeNo]) => [kind, outTradeNo])).toEqual([
      ['PAYMENT_OF_UNKNOWN_ORDER', 'CS000003_1'],
    ]);
    withBill((lines) =>
      lines.map((line) => (line.outTradeNo === 'CS000003_1' ? { ...line, transactionId: 'ANOTHER' } : line)),
    );
    await reconcile();
    expect((await open()).map(([kind, outTradeNo]) => [kind, outTradeNo]).sort()).toEqual([
      ['PAYMENT_OF_UNKNOWN_ORDER', 'CS000003_1'],
      ['REFUND_OF_UNKNOWN_ORDER', 'CS000003_1'],
    ]);
  });

  test('an amount that differs, and a number that differs, move no money', async () => {
    const first = await bench.delivered(150);
    const second = await bench.delivered(150);
    nextMorning();
    withBill((lines) =>
      lines.map((line) =>
        line.outTradeNo === first
          ? { ...line, amountFen: 151 }
          : line.outTradeNo === second
            ? { ...line, transactionId: 'ANOTHER' }
            : line,
      ),
    );
    await reconcile();
    expect((await open()).sort()).toEqual([
      ['AMOUNT_DIFFERS', first, 'PERSON'],
      ['TRANSACTION_DIFFERS', second, 'PERSON'],
    ]);
    expect(await bench.find(first)).toMatchObject({ state: 'DISPENSED', paidFen: 150 });
  });

  test('what only the ledger has is confirmed by a query, or left to a person', async () => {
    const real = await bench.delivered(150);
    nextMorning();
    withBill((lines) => lines.filter((line) => line.outTradeNo !== real));
    expect(await reconcile()).toMatchObject({ settled: { CONFIRMED: 1 }, open: 0 });
    // A payment that the provider knows nothing of: as if our books had been forged.
    await bench.delivered(150);
    const invented = await bench.order(150);
    await bench.core.service.apply(invented, 'provider', {
      type: 'paid',
      source: 'query',
      providerState: 'SUCCESS',
      transactionId: 'INVENTED',
      amountFen: 150,
      paidAtMs: Math.round(bench.clock.nowMs()),
    });
    bench.spoil = (provider) => provider;
    nextMorning();
    await reconcile();
    expect(await open()).toEqual([['PAYMENT_ONLY_IN_LEDGER', invented, 'NOT_PAID']]);
    await bench.core.service.apply(invented, 'device', { type: 'endDispensed', reason: 0, text: '' });
  });

  test.each([
    ['another amount', { amountFen: 151 }, 'OTHER_AMOUNT'],
    ['another number', { transactionId: 'ANOTHER' }, 'NOT_PAID'],
    ['no payment', { state: 'CLOSED' }, 'NOT_PAID'],
  ] as const)('what only the ledger has is not confirmed by %s', async (_what, change, outcome) => {
    const ours = await bench.delivered(150);
    await bench.delivered(200);
    nextMorning();
    withBill((lines) => lines.filter((line) => line.outTradeNo !== ours));
    const { spoil } = bench;
    bench.spoil = (provider) =>
      withOwn(spoil(provider), { query: async (no) => changed(await provider.query(no), change) });
    await reconcile();
    expect(await open()).toEqual([['PAYMENT_ONLY_IN_LEDGER', ours, outcome]]);
    expect(await bench.find(ours)).toMatchObject({ state: 'DISPENSED', paidFen: 150 });
  });

  test('a refund that only the ledger has is confirmed by its amount, not by its number alone', async () => {
    const ours = await bench.delivered(150);
    await bench.core.orders.refund(OPERATOR, ours);
    await bench.act();
    await settledRefund(ours);
    nextMorning();
    withBill((lines) => lines.filter((line) => line.kind !== 'refund'));
    const { spoil } = bench;
    bench.spoil = (provider) =>
      withOwn(spoil(provider), {
        queryRefund: async (...numbers) =>
          changed(await provider.queryRefund(...numbers), { refundFen: 149 }),
      });
    await reconcile();
    expect(await open()).toEqual([['REFUND_ONLY_IN_LEDGER', ours, 'OTHER_AMOUNT']]);
    bench.spoil = spoil;
    expect(await reconcile()).toMatchObject({ settled: { CONFIRMED: 1 }, open: 0 });
  });

  test('a payment that is in the bill alone is not believed', async () => {
    const outTradeNo = await bench.order(150);
    await bench.delivered(150);
    nextMorning();
    const line = { kind: 'payment', outTradeNo, transactionId: 'T', amountFen: 150 } as const;
    withBill((lines) => [...lines, { ...line, atMs: bench.clock.nowMs(), providerState: 'SUCCESS' }]);
    await reconcile();
    expect(await open()).toEqual([['PAYMENT_ONLY_IN_BILL', outTradeNo, 'NOT_PAID']]);
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'PREPAID', paidFen: 0 });
    await bench.core.service.apply(outTradeNo, 'time', { type: 'due' });
    await bench.act();
    bench.clock.leapTo((await bench.find(outTradeNo)).wakeAtMs! + 1);
    await bench.tasks.perform(outTradeNo, false);
    expect(await bench.find(outTradeNo)).toMatchObject({ state: 'CLOSED', wakeAtMs: undefined });
  });

  test('looked at again, and by two processes at once, nothing changes', async () => {
    const outTradeNo = await bench.delivered(300);
    await bench.refundAtDesk(outTradeNo, 100, `${outTradeNo}_d1`);
    nextMorning();
    const second = await bench.open();
    try {
      const of = { merchantId: bench.merchantId, channel, day: yesterday() };
      await Promise.all([
        reconcile(),
        second.reconciliation.run(OPERATOR, of.merchantId, channel, { day: of.day }),
      ]);
      const before = await bench.books();
      await reconcile();
      await second.reconciliation.run(OPERATOR, of.merchantId, channel, { day: of.day });
      expect(await bench.books()).toEqual(before);
      expect(await bench.find(outTradeNo)).toMatchObject({ outsideFen: 100 });
    } finally {
      await second.close();
      bench.tasks = new (bench.tasks.constructor as typeof import('../../../server/orders/tasks').TaskRunner)(
        {
          ...bench.core,
          clock: bench.clock,
          notifyUrl: () => 'http://127.0.0.1:9/nowhere',
        },
      );
    }
  });

  test('a stop ends it between two differences; what is done stays, the rest is done the next time', async () => {
    const orders = [await bench.delivered(150), await bench.delivered(200), await bench.delivered(250)];
    for (const outTradeNo of orders) await bench.refundAtDesk(outTradeNo, 50, `${outTradeNo}_d`);
    nextMorning();
    const stop = new AbortController();
    let asked = 0;
    bench.spoil = (provider) =>
      withOwn(provider, {
        queryRefund: (...names) => {
          if ((asked += 1) === 1) stop.abort(new Error('stopping'));
          return provider.queryRefund(...names);
        },
      });
    const of = { merchantId: bench.merchantId, channel, day: yesterday() };
    await expect(bench.core.reconciler.run(of, stop.signal)).rejects.toThrow('stopping');
    expect(asked).toBe(1);
    const booked = async (): Promise<number[]> =>
      Promise.all(orders.map(async (outTradeNo) => (await bench.find(outTradeNo)).outsideFen));
    expect(await booked()).toEqual([50, 0, 0]);
    expect(await reconcile()).toMatchObject({ state: 'DONE', settled: { REFUND_BOOKED: 2 } });
    expect(await booked()).toEqual([50, 50, 50]);
  });

  test('a bill that is not there is waited for; a day without any is empty, one with payments is missing', async () => {
    await bench.delivered(150);
    nextMorning();
    bench.spoil = (provider) =>
      withOwnBill(provider, async () => ({
        kind: 'refused',
        code: 'BILL_NOT_FOUND',
        message: '',
        retry: true,
      }));
    const of = yesterday();
    expect(await reconcile(of)).toMatchObject({ state: 'WAITING', code: 'BILL_NOT_FOUND' });
    bench.clock.leap(DAY_MS);
    today += 1;
    expect(await reconcile(of)).toMatchObject({ state: 'MISSING' });
    expect(await reconcile(dayName(chinaTime(today - 1, 12)))).toMatchObject({ state: 'WAITING' });
    bench.clock.leap(DAY_MS);
    today += 1;
    expect(await reconcile(dayName(chinaTime(today - 2, 12)))).toMatchObject({ state: 'EMPTY' });
    bench.spoil = (provider) => provider;
    expect(await reconcile(of)).toMatchObject({ state: 'DONE', billLines: 1 });
  });

  test('the bill of today is not asked for', async () => {
    await expect(reconcile(day())).rejects.toThrow('not made yet');
    await expect(reconcile('2026-13-45')).rejects.toThrow('day');
  });
});

test('each provider’s bill is planned at its own hour, and missed days are made up for, by the jobs', async () => {
  const bench = await new BillBench('alipay').start();
  try {
    await bench.delivered(150);
    bench.clock.leapTo(chinaTime(1, 9));
    bench.core.reconciling.start();
    const { db } = bench.core.database;
    const kept = (): Promise<{ day: string; state: string }[]> =>
      db.selectFrom('reconciliations').select(['day', 'state']).orderBy('day').execute() as never;
    await bench.core.reconciling.pause();
    const reconciler = bench.core.reconciler;
    expect(await reconciler.plan()).toBe(0);
    bench.clock.leapTo(chinaTime(1, 9) + 301_000);
    expect(await reconciler.plan()).toBe(1);
    expect(await reconciler.plan()).toBe(0);
    bench.clock.leapTo(chinaTime(4, 11));
    bench.core.reconciling.start();
    // The first day has a bill; the others had nothing to bill, and are asked for again.
    await until(async () => {
      const days = await db.selectFrom('reconciliations').select(['state', 'tries']).execute();
      return days.length === 4 && days.every(({ state, tries }) => state === 'DONE' || tries > 0);
    });
    expect((await kept()).map(({ day }) => day)).toEqual(
      [0, 1, 2, 3].map((day) => dayName(chinaTime(day, 12))),
    );
    expect((await kept())[0]).toMatchObject({ state: 'DONE' });
  } finally {
    await bench.core.reconciling.pause();
    await bench.stop();
  }
});

test('a bill that a person asks for first leaves no day before it out, and begins nothing from before the first order', async () => {
  const bench = await new BillBench('alipay').start();
  try {
    const { reconciler, reconciliation } = bench.core;
    const kept = (): Promise<{ day: string }[]> =>
      bench.core.database.db.selectFrom('reconciliations').select('day').orderBy('day').execute();
    const ask = (day: number): Promise<unknown> =>
      reconciliation.run(OPERATOR, bench.merchantId, 'alipay', { day: dayName(chinaTime(day, 12)) });
    // Long before anything was sold here.
    await ask(-200);
    expect(await reconciler.plan()).toBe(0);
    await bench.delivered(150);
    // No server ran for days; the first to come is a person who wants to see yesterday.
    bench.clock.leapTo(chinaTime(4, 11));
    await ask(3);
    expect(await reconciler.plan()).toBe(0);
    expect((await kept()).map(({ day }) => day)).toEqual(
      [-200, 0, 1, 2, 3].map((day) => dayName(chinaTime(day, 12))),
    );
  } finally {
    await bench.stop();
  }
});
