import { AlipayShop, codesOf, SUCCESS } from '../support/alipayShop';
import { openBench, type Bench } from '../support/bench';

let bench: Bench;
let shop: AlipayShop;

beforeEach(async () => {
  bench = await openBench();
  shop = new AlipayShop(bench);
});
afterEach(async () => {
  expect(bench.sandbox.model.audit().faults).toEqual([]);
  await bench.sandbox.close();
});

const movedFen = (): number => bench.sandbox.model.audit().refundedFen;

describe('a refund', () => {
  it('of the whole needs no out_request_no, is done at once and closes the trade', async () => {
    await shop.paid({ outTradeNo: 'CS000001_1' });
    const { node } = await shop.refund('CS000001_1', '3.00');
    expect(node).toMatchObject({
      code: '10000',
      out_trade_no: 'CS000001_1',
      fund_change: 'Y',
      refund_fee: '3.00',
      send_back_fee: '3.00',
      gmt_refund_pay: '2026-03-02 10:00:00',
    });
    expect((await shop.query('CS000001_1')).node['trade_status']).toBe('TRADE_CLOSED');
    expect(movedFen()).toBe(300);
    // "如果在退款请求时未传入，则该值为创建交易时的商户订单号"
    expect((await shop.queryRefund('CS000001_1', 'CS000001_1')).node).toMatchObject({
      refund_status: 'REFUND_SUCCESS',
    });
  });

  it('in parts keeps the trade TRADE_SUCCESS; refund_fee is the total so far', async () => {
    await shop.paid({ outTradeNo: 'CS000001_2' });
    expect((await shop.refund('CS000001_2', '1.00', 'R1')).node).toMatchObject({
      refund_fee: '1.00',
      fund_change: 'Y',
    });
    expect((await shop.query('CS000001_2')).node['trade_status']).toBe('TRADE_SUCCESS');
    expect((await shop.refund('CS000001_2', '0.50', 'R2')).node).toMatchObject({
      refund_fee: '1.50',
      fund_change: 'Y',
    });
    expect((await shop.refund('CS000001_2', '1.50', 'R3')).node).toMatchObject({
      refund_fee: '3.00',
      fund_change: 'Y',
    });
    expect((await shop.query('CS000001_2')).node['trade_status']).toBe('TRADE_CLOSED');
    expect(movedFen()).toBe(300);
  });

  it('sent again moves nothing: fund_change N, also when the trade has closed', async () => {
    await shop.paid({ outTradeNo: 'CS000001_3' });
    await shop.refund('CS000001_3', '1.00', 'R1');
    expect((await shop.refund('CS000001_3', '1.00', 'R1')).node).toMatchObject({
      code: '10000',
      fund_change: 'N',
      refund_fee: '1.00',
    });
    await shop.refund('CS000001_3', '2.00', 'R2');
    expect((await shop.refund('CS000001_3', '2.00', 'R2')).node).toMatchObject({
      code: '10000',
      fund_change: 'N',
      refund_fee: '3.00',
    });
    expect(movedFen()).toBe(300);
  });

  it('sent again with another amount is refused', async () => {
    await shop.paid({ outTradeNo: 'CS000001_4' });
    await shop.refund('CS000001_4', '1.00', 'R1');
    expect(codesOf(await shop.refund('CS000001_4', '1.01', 'R1'))).toEqual([
      '40004',
      'ACQ.DISCORDANT_REPEAT_REQUEST',
    ]);
    expect(movedFen()).toBe(100);
  });

  it('of two trades may carry the same out_request_no', async () => {
    await shop.paid({ outTradeNo: 'CS000001_5' });
    await shop.paid({ outTradeNo: 'CS000001_6' });
    expect(codesOf(await shop.refund('CS000001_5', '1.00', 'R1'))).toEqual(SUCCESS);
    expect(codesOf(await shop.refund('CS000001_6', '2.00', 'R1'))).toEqual(SUCCESS);
    expect(movedFen()).toBe(300);
  });
});

describe('a refund is refused', () => {
  const refusals: [string, () => Promise<unknown>, string][] = [
    ['for a trade that does not exist', () => shop.refund('CS000009_9', '1.00', 'R'), 'ACQ.TRADE_NOT_EXIST'],
    [
      'for an unpaid one',
      async () => {
        bench.sandbox.model.wallet.open(await shop.link({ outTradeNo: 'CS000002_1' }));
        return shop.refund('CS000002_1', '3.00', 'R');
      },
      'ACQ.TRADE_STATUS_ERROR',
    ],
    [
      'in part without an out_request_no',
      async () => {
        await shop.paid({ outTradeNo: 'CS000002_2' });
        return shop.refund('CS000002_2', '1.00');
      },
      'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
    ],
    [
      'over the amount',
      async () => {
        await shop.paid({ outTradeNo: 'CS000002_3' });
        return shop.refund('CS000002_3', '3.01', 'R');
      },
      'ACQ.REASON_TRADE_REFUND_FEE_ERR',
    ],
    [
      'when the merchant’s money is gone',
      async () => {
        await shop.paid({ outTradeNo: 'CS000002_4' });
        bench.sandbox.model.settle('alipay', shop.merchant.alipay.appId);
        return shop.refund('CS000002_4', '3.00', 'R');
      },
      'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    ],
    [
      'for another app’s trade',
      async () => {
        await shop.paid({ outTradeNo: 'CS000002_5' });
        return new AlipayShop(bench, bench.other).refund('CS000002_5', '3.00', 'R');
      },
      'ACQ.TRADE_NOT_EXIST',
    ],
  ];
  it.each(refusals)('%s', async (_what, act, subCode) => {
    const reply = (await act()) as Awaited<ReturnType<AlipayShop['refund']>>;
    expect(codesOf(reply)).toEqual(['40004', subCode]);
    expect(movedFen()).toBe(0);
  });

  it.each(['0', '0.00', '-1.00', '1.001', 'x'])('for the amount %s', async (amount) => {
    await shop.paid({ outTradeNo: 'CS000002_7' });
    expect(codesOf(await shop.refund('CS000002_7', amount, 'R'))).toEqual(['40004', 'ACQ.INVALID_PARAMETER']);
  });

  it('over what is left, after the whole has gone', async () => {
    await shop.paid({ outTradeNo: 'CS000002_8' });
    await shop.refund('CS000002_8', '3.00', 'R1');
    expect(codesOf(await shop.refund('CS000002_8', '0.01', 'R2'))).toEqual(['40004', 'ACQ.TRADE_HAS_CLOSE']);
    expect(movedFen()).toBe(300);
  });
});

describe('a refund’s query', () => {
  it('tells its amount and state', async () => {
    await shop.paid({ outTradeNo: 'CS000003_1' });
    await shop.refund('CS000003_1', '1.20', 'R1');
    expect((await shop.queryRefund('CS000003_1', 'R1')).node).toMatchObject({
      code: '10000',
      out_request_no: 'R1',
      refund_amount: '1.20',
      total_amount: '3.00',
      refund_status: 'REFUND_SUCCESS',
    });
  });

  it('of one that was never made is a success without refund_status', async () => {
    await shop.paid({ outTradeNo: 'CS000003_2' });
    expect((await shop.queryRefund('CS000003_2', 'R1')).node).toEqual({ code: '10000', msg: 'Success' });
  });

  it('for no trade is TRADE_NOT_EXIST; without a number of the refund it is refused', async () => {
    expect(codesOf(await shop.queryRefund('CS000003_3', 'R1'))).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
    const reply = await shop.call('alipay.trade.fastpay.refund.query', { out_trade_no: 'CS000003_3' });
    expect(codesOf(reply)).toEqual(['40004', 'ACQ.INVALID_PARAMETER']);
  });
});

it('a refund that the script holds up answers N and has no status until it is done', async () => {
  bench.sandbox.model.faults.add({ kind: 'refundSlow', delayMs: 60_000, times: 1 });
  await shop.paid({ outTradeNo: 'CS000004_1' });
  expect((await shop.refund('CS000004_1', '1.00', 'R1')).node).toMatchObject({
    fund_change: 'N',
    refund_fee: '0.00',
  });
  expect((await shop.queryRefund('CS000004_1', 'R1')).node).not.toHaveProperty('refund_status');
  bench.clock.advance(60_000);
  expect((await shop.queryRefund('CS000004_1', 'R1')).node['refund_status']).toBe('REFUND_SUCCESS');
  expect(movedFen()).toBe(100);
});
