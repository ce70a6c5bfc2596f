import { openBench, type Bench } from '../support/bench';
import { codeOf, WechatShop } from '../support/wechatShop';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let bench: Bench;
let shop: WechatShop;

beforeEach(async () => {
  bench = await openBench();
  shop = new WechatShop(bench);
});
afterEach(async () => {
  expect(bench.sandbox.model.audit().faults).toEqual([]);
  await bench.sandbox.close();
});

const movedFen = (): number => bench.sandbox.model.audit().refundedFen;

describe('a refund', () => {
  it('is PROCESSING when accepted, moves no money yet, and is SUCCESS a little later', async () => {
    await shop.paid({ outTradeNo: 'CS000001_1' });
    const reply = await shop.refund('CS000001_1', 'R1', 150, 150, { reason: '缺货' });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      out_refund_no: 'R1',
      out_trade_no: 'CS000001_1',
      channel: 'ORIGINAL',
      status: 'PROCESSING',
      create_time: '2026-03-02T10:00:00+08:00',
      amount: { total: 150, refund: 150, payer_total: 150, payer_refund: 150, currency: 'CNY' },
    });
    expect(reply.body).not.toHaveProperty('success_time');
    expect(movedFen()).toBe(0);
    expect((await shop.query('CS000001_1')).body['trade_state']).toBe('REFUND');
    bench.clock.advance(2_000);
    expect((await shop.queryRefund('R1')).body).toMatchObject({
      status: 'SUCCESS',
      refund_id: reply.body['refund_id'],
      success_time: '2026-03-02T10:00:02+08:00',
    });
    expect(movedFen()).toBe(150);
  });

  it('may be asked for by transaction_id, or by both numbers if they agree', async () => {
    await shop.paid({ outTradeNo: 'CS000001_2' });
    await shop.paid({ outTradeNo: 'CS000001_3' });
    const { transaction_id: id } = (await shop.query('CS000001_2')).body;
    const both = { transaction_id: id };
    expect(codeOf(await shop.refund('CS000001_3', 'R2', 1, 150, both))).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    expect((await shop.refund('CS000001_2', 'R2', 1, 150, both)).status).toBe(200);
  });

  it('sent again gives the same refund and moves nothing twice', async () => {
    await shop.paid({ outTradeNo: 'CS000001_4' });
    const first = await shop.refund('CS000001_4', 'R3', 100);
    const second = await shop.refund('CS000001_4', 'R3', 100);
    expect(second.body).toEqual(first.body);
    bench.clock.advance(DAY_MS);
    const third = await shop.refund('CS000001_4', 'R3', 100);
    expect(third.body).toMatchObject({ refund_id: first.body['refund_id'], status: 'SUCCESS' });
    expect(movedFen()).toBe(100);
  });

  it('sent again with another amount, total or order is refused', async () => {
    await shop.paid({ outTradeNo: 'CS000001_5' });
    await shop.paid({ outTradeNo: 'CS000001_6' });
    await shop.refund('CS000001_5', 'R4', 100);
    expect(codeOf(await shop.refund('CS000001_5', 'R4', 99))).toEqual([400, 'INVALID_REQUEST']);
    expect(codeOf(await shop.refund('CS000001_5', 'R4', 100, 151))).toEqual([400, 'INVALID_REQUEST']);
    expect(codeOf(await shop.refund('CS000001_6', 'R4', 100))).toEqual([400, 'INVALID_REQUEST']);
    bench.clock.advance(DAY_MS);
    expect(movedFen()).toBe(100);
  });
});

describe('several refunds of one order', () => {
  it('go up to what was paid, a minute apart', async () => {
    await shop.paid({ outTradeNo: 'CS000002_1' });
    expect((await shop.refund('CS000002_1', 'A1', 60)).status).toBe(200);
    expect(codeOf(await shop.refund('CS000002_1', 'A2', 60))).toEqual([429, 'FREQUENCY_LIMITED']);
    bench.clock.advance(MINUTE_MS);
    expect((await shop.refund('CS000002_1', 'A2', 60)).status).toBe(200);
    bench.clock.advance(MINUTE_MS);
    expect(codeOf(await shop.refund('CS000002_1', 'A3', 31))).toEqual([400, 'INVALID_REQUEST']);
    expect((await shop.refund('CS000002_1', 'A3', 30)).status).toBe(200);
    bench.clock.advance(MINUTE_MS);
    expect(codeOf(await shop.refund('CS000002_1', 'A4', 1))).toEqual([400, 'INVALID_REQUEST']);
    expect(movedFen()).toBe(150);
  });

  it('count what is still under way: two of the whole never both pass', async () => {
    const slow = await openBench({ settings: { refundDelayMs: DAY_MS } });
    const slowShop = new WechatShop(slow);
    await slowShop.paid({ outTradeNo: 'CS000002_2' });
    expect((await slowShop.refund('CS000002_2', 'B1', 150)).status).toBe(200);
    slow.clock.advance(MINUTE_MS);
    expect(codeOf(await slowShop.refund('CS000002_2', 'B2', 150))).toEqual([400, 'INVALID_REQUEST']);
    await slow.sandbox.close();
  });

  it('are fifty at most', async () => {
    await shop.paid({ outTradeNo: 'CS000002_3', totalFen: 1000 });
    for (let index = 1; index <= 50; index += 1) {
      expect((await shop.refund('CS000002_3', `C${index}`, 1, 1000)).status).toBe(200);
      bench.clock.advance(MINUTE_MS);
    }
    expect(codeOf(await shop.refund('CS000002_3', 'C51', 1, 1000))).toEqual([400, 'INVALID_REQUEST']);
  });
});

describe('a refund is refused', () => {
  const refusals: [string, () => Promise<[number, unknown]>, [number, string]][] = [
    [
      'for an unknown order',
      async () => codeOf(await shop.refund('CS000009_9', 'X1', 1)),
      [404, 'RESOURCE_NOT_EXISTS'],
    ],
    [
      'for an unpaid order',
      async () => {
        await shop.order({ outTradeNo: 'CS000003_1' });
        return codeOf(await shop.refund('CS000003_1', 'X2', 1));
      },
      [400, 'INVALID_REQUEST'],
    ],
    [
      'with another total than the order’s',
      async () => {
        await shop.paid({ outTradeNo: 'CS000003_2' });
        return codeOf(await shop.refund('CS000003_2', 'X3', 1, 149));
      },
      [400, 'INVALID_REQUEST'],
    ],
    [
      'over the amount',
      async () => {
        await shop.paid({ outTradeNo: 'CS000003_3' });
        return codeOf(await shop.refund('CS000003_3', 'X4', 151));
      },
      [400, 'INVALID_REQUEST'],
    ],
    [
      'a year after the payment',
      async () => {
        await shop.paid({ outTradeNo: 'CS000003_4' });
        bench.clock.advance(365 * DAY_MS + 1);
        return codeOf(await shop.refund('CS000003_4', 'X5', 1));
      },
      [400, 'INVALID_REQUEST'],
    ],
    [
      'when the merchant’s money has gone to the bank',
      async () => {
        await shop.paid({ outTradeNo: 'CS000003_5' });
        expect(bench.sandbox.model.settle('wechat', shop.merchant.wechat.mchId)).toBe(150);
        return codeOf(await shop.refund('CS000003_5', 'X6', 1));
      },
      [403, 'NOT_ENOUGH'],
    ],
    [
      'when the rest of the merchant’s money is promised to another refund',
      async () => {
        await shop.paid({ outTradeNo: 'CS000004_1' });
        await shop.paid({ outTradeNo: 'CS000004_2' });
        bench.sandbox.model.settle('wechat', shop.merchant.wechat.mchId);
        await shop.paid({ outTradeNo: 'CS000004_3', totalFen: 200 });
        bench.sandbox.model.faults.add({ kind: 'refundSlow', delayMs: 30 * DAY_MS, times: 1 });
        expect((await shop.refund('CS000004_1', 'X7', 150)).status).toBe(200);
        return codeOf(await shop.refund('CS000004_2', 'X8', 51));
      },
      [403, 'NOT_ENOUGH'],
    ],
    [
      'of another merchant’s order',
      async () => {
        await shop.paid({ outTradeNo: 'CS000003_6' });
        const other = new WechatShop(bench, bench.other);
        return codeOf(await other.refund('CS000003_6', 'X7', 1));
      },
      [404, 'RESOURCE_NOT_EXISTS'],
    ],
    [
      'without a number of the order',
      async () => codeOf(await shop.refund('', 'X8', 1, 150, { out_trade_no: undefined })),
      [400, 'PARAM_ERROR'],
    ],
    ['of nothing', async () => codeOf(await shop.refund('CS000003_7', 'X9', 0)), [400, 'PARAM_ERROR']],
    [
      'with an out_refund_no that has a space',
      async () => codeOf(await shop.refund('CS000003_7', 'X 9', 1)),
      [400, 'PARAM_ERROR'],
    ],
    [
      'without a currency',
      async () => codeOf(await shop.refund('CS000003_7', 'X9', 1, 150, { amount: { refund: 1, total: 1 } })),
      [400, 'PARAM_ERROR'],
    ],
  ];
  it.each(refusals)('%s', async (_what, act, expected) => {
    expect(await act()).toEqual(expected);
    bench.clock.advance(DAY_MS);
    expect(movedFen()).toBe(0);
  });

  it('after six bad ones in a second, good or bad', async () => {
    await shop.paid({ outTradeNo: 'CS000003_8' });
    for (let index = 0; index < 6; index += 1) {
      expect((await shop.refund('CS000009_9', `Y${index}`, 1)).status).toBe(404);
    }
    expect(codeOf(await shop.refund('CS000003_8', 'Y9', 1))).toEqual([429, 'FREQUENCY_LIMITED']);
    bench.clock.advance(1_000);
    expect((await shop.refund('CS000003_8', 'Y9', 1)).status).toBe(200);
  });
});

it('a refund of another merchant is not found', async () => {
  await shop.paid({ outTradeNo: 'CS000004_1' });
  await shop.refund('CS000004_1', 'Z1', 1);
  const other = new WechatShop(bench, bench.other);
  expect(codeOf(await other.queryRefund('Z1'))).toEqual([404, 'RESOURCE_NOT_EXISTS']);
  expect((await shop.queryRefund('Z1')).status).toBe(200);
});

describe('a scripted end', () => {
  it('ABNORMAL keeps the money at the merchant and the promise with the order', async () => {
    bench.sandbox.model.faults.add({ kind: 'refundAbnormal', times: 1 });
    await shop.paid({ outTradeNo: 'CS000005_1' });
    await shop.refund('CS000005_1', 'W1', 150);
    bench.clock.advance(MINUTE_MS);
    expect((await shop.queryRefund('W1')).body['status']).toBe('ABNORMAL');
    expect(movedFen()).toBe(0);
    expect(codeOf(await shop.refund('CS000005_1', 'W2', 150))).toEqual([400, 'INVALID_REQUEST']);
  });

  it('ABNORMAL ends when the merchant pays it out in the console, once', async () => {
    bench.sandbox.model.faults.add({ kind: 'refundAbnormal', times: 1 });
    await shop.paid({ outTradeNo: 'CS000005_3' });
    await shop.refund('CS000005_3', 'W5', 150);
    bench.clock.advance(MINUTE_MS);
    const payOut = async (): Promise<unknown> =>
      (
        await fetch(`${bench.sandbox.url}/sandbox/pay-out`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ outTradeNo: 'CS000005_3' }),
        })
      ).json();
    expect(await payOut()).toEqual({ paidOut: 1 });
    expect((await shop.queryRefund('W5')).body['status']).toBe('SUCCESS');
    expect(movedFen()).toBe(150);
    expect(await payOut()).toEqual({ paidOut: 0 });
    expect(movedFen()).toBe(150);
  });

  it('CLOSED frees the order for a new refund', async () => {
    bench.sandbox.model.faults.add({ kind: 'refundClosed', times: 1 });
    await shop.paid({ outTradeNo: 'CS000005_2' });
    await shop.refund('CS000005_2', 'W3', 150);
    bench.clock.advance(MINUTE_MS);
    expect((await shop.queryRefund('W3')).body['status']).toBe('CLOSED');
    expect((await shop.refund('CS000005_2', 'W4', 150)).status).toBe(200);
    bench.clock.advance(MINUTE_MS);
    expect(movedFen()).toBe(150);
  });
});
