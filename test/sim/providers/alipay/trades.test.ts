import { AlipayShop, codesOf, SUCCESS } from '../support/alipayShop';
import { openBench, type Bench } from '../support/bench';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

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

const open = (link: string) => bench.sandbox.model.wallet.open(link);
const pay = (link: string) => bench.sandbox.model.wallet.pay(link);
const statusOf = async (outTradeNo: string): Promise<unknown> =>
  (await shop.query(outTradeNo)).node['trade_status'];

describe('precreate', () => {
  it('gives a link; the trade exists from the scan on', async () => {
    const reply = await shop.precreate({ outTradeNo: 'CS000001_1' });
    expect(reply.node).toEqual({
      code: '10000',
      msg: 'Success',
      out_trade_no: 'CS000001_1',
      qr_code: expect.stringMatching(/^https:\/\/qr\.alipay\.com\/\w+$/),
    });
    expect(codesOf(await shop.query('CS000001_1'))).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
    open(String(reply.node['qr_code']));
    expect(await statusOf('CS000001_1')).toBe('WAIT_BUYER_PAY');
  });

  it('is paid by the wallet: TRADE_SUCCESS with amounts in yuan', async () => {
    await shop.paid({ outTradeNo: 'CS000001_2', amount: '0.1' });
    const { node } = await shop.query('CS000001_2');
    expect(node).toMatchObject({
      code: '10000',
      out_trade_no: 'CS000001_2',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '0.10',
      receipt_amount: '0.10',
      buyer_pay_amount: '0.10',
      send_pay_date: '2026-03-02 10:00:00',
    });
    expect(node['trade_no']).toMatch(/^2026030222001\d{15}$/);
    const byNumber = await shop.call('alipay.trade.query', { trade_no: node['trade_no'] });
    expect(byNumber.node).toEqual(node);
  });

  it('another app’s trade does not exist', async () => {
    await shop.paid({ outTradeNo: 'CS000001_3' });
    const { trade_no: tradeNo } = (await shop.query('CS000001_3')).node;
    const other = new AlipayShop(bench, bench.other);
    expect(codesOf(await other.query('CS000001_3'))).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
    const byNumber = await other.call('alipay.trade.query', { trade_no: tradeNo });
    expect(codesOf(byNumber)).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
  });

  const amounts: [unknown, boolean][] = [
    ['0.01', true],
    ['1', true],
    ['1.5', true],
    [88.88, true],
    ['100000000', true],
    ['100000000.01', false],
    ['0', false],
    ['0.00', false],
    ['-1', false],
    ['1.005', false],
    ['1e2', false],
    [' 1', false],
    ['１', false],
    ['01.00', false],
    ['1,000.00', false],
    ['', false],
    [undefined, false],
    [{}, false],
  ];
  it.each(amounts)('total_amount %p: %p', async (amount, isGood) => {
    const reply = await shop.precreate({ outTradeNo: 'CS000001_4', more: { total_amount: amount } });
    expect(codesOf(reply)).toEqual(isGood ? SUCCESS : ['40004', 'ACQ.INVALID_PARAMETER']);
  });

  it.each([
    ['no subject', { subject: undefined }],
    ['a subject with a slash', { subject: 'a/b' }],
    ['a subject of 257 characters', { subject: '字'.repeat(257) }],
    ['an out_trade_no with a dash', { out_trade_no: 'CS-1' }],
    ['an out_trade_no of 65 characters', { out_trade_no: 'C'.repeat(65) }],
    ['an unknown field', { totalAmount: '1.00' }],
    ['another seller', { seller_id: '2088000000000000' }],
    ['a timeout of 16 days', { timeout_express: '16d' }],
    ['a timeout without a unit', { timeout_express: '90' }],
    ['an end in the past', { time_expire: '2026-03-02 09:59:59' }],
    ['notify_url in biz_content', { notify_url: 'http://x' }],
  ])('with %s is refused', async (_what, more) => {
    const reply = await shop.precreate({ outTradeNo: 'CS000001_5', more });
    expect(reply.node['code']).not.toBe('10000');
    expect(reply.node['sub_code']).toMatch(/^(ACQ\.INVALID_PARAMETER|isv\.invalid-parameter)$/);
    expect(bench.sandbox.model.book.count('codes')).toBe(0);
  });

  it('takes its own seller_id', async () => {
    const more = { seller_id: shop.merchant.alipay.sellerId };
    expect(codesOf(await shop.precreate({ outTradeNo: 'CS000001_6', more }))).toEqual(SUCCESS);
  });
});

describe('the same out_trade_no again', () => {
  it('before the scan gives another link; the first one scanned makes the trade', async () => {
    const cheap = await shop.link({ outTradeNo: 'CS000002_1', amount: '1.00' });
    const dear = await shop.link({ outTradeNo: 'CS000002_1', amount: '2.00' });
    expect(dear).not.toBe(cheap);
    expect(open(dear).ok).toBe(true);
    expect(pay(cheap)).toMatchObject({ ok: false, reason: 'CODE_REPLACED' });
    expect(pay(dear).ok).toBe(true);
    expect((await shop.query('CS000002_1')).node['total_amount']).toBe('2.00');
  });

  it('after the scan must have the same content', async () => {
    const link = await shop.link({ outTradeNo: 'CS000002_2' });
    open(link);
    const other = await shop.precreate({ outTradeNo: 'CS000002_2', amount: '3.01' });
    expect(codesOf(other)).toEqual(['40004', 'ACQ.CONTEXT_INCONSISTENT']);
    const again = await shop.link({ outTradeNo: 'CS000002_2' });
    expect(pay(again).ok).toBe(true);
    expect(pay(link)).toMatchObject({ ok: false, reason: 'ALREADY_PAID' });
    expect(bench.sandbox.model.audit().paidFen).toBe(300);
  });

  it('is TRADE_HAS_SUCCESS once paid and TRADE_HAS_CLOSE once closed', async () => {
    await shop.paid({ outTradeNo: 'CS000002_3' });
    expect(codesOf(await shop.precreate({ outTradeNo: 'CS000002_3' }))).toEqual([
      '40004',
      'ACQ.TRADE_HAS_SUCCESS',
    ]);
    open(await shop.link({ outTradeNo: 'CS000002_4' }));
    await shop.close('CS000002_4');
    expect(codesOf(await shop.precreate({ outTradeNo: 'CS000002_4' }))).toEqual([
      '40004',
      'ACQ.TRADE_HAS_CLOSE',
    ]);
  });
});

describe('the time to pay', () => {
  it('a link that nobody scans dies after two hours', async () => {
    const link = await shop.link({ outTradeNo: 'CS000003_1' });
    bench.clock.advance(2 * HOUR_MS - 1);
    expect(bench.sandbox.model.wallet.look(link).ok).toBe(true);
    bench.clock.advance(1);
    expect(open(link)).toMatchObject({ ok: false, reason: 'CODE_EXPIRED' });
    expect(codesOf(await shop.query('CS000003_1'))).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
  });

  it('timeout_express counts from the scan, then the trade closes itself', async () => {
    const link = await shop.link({ outTradeNo: 'CS000003_2', more: { timeout_express: '5m' } });
    bench.clock.advance(HOUR_MS);
    open(link);
    bench.clock.advance(5 * MINUTE_MS - 1);
    expect(await statusOf('CS000003_2')).toBe('WAIT_BUYER_PAY');
    bench.clock.advance(1);
    expect(await statusOf('CS000003_2')).toBe('TRADE_CLOSED');
    expect(pay(link)).toMatchObject({ ok: false, reason: 'TRADE_CLOSED' });
  });

  it('time_expire ends the link and the trade alike', async () => {
    const more = { time_expire: '2026-03-02 10:10:00' };
    const unscanned = await shop.link({ outTradeNo: 'CS000003_3', more });
    const scanned = await shop.link({ outTradeNo: 'CS000003_4', more });
    open(scanned);
    bench.clock.advance(10 * MINUTE_MS);
    expect(open(unscanned)).toMatchObject({ ok: false, reason: 'TRADE_EXPIRED' });
    expect(pay(scanned)).toMatchObject({ ok: false, reason: 'TRADE_CLOSED' });
  });

  it('1c ends with the Chinese day', async () => {
    const link = await shop.link({ outTradeNo: 'CS000003_5', more: { timeout_express: '1c' } });
    open(link);
    bench.clock.advance(14 * HOUR_MS - 1);
    expect(await statusOf('CS000003_5')).toBe('WAIT_BUYER_PAY');
    bench.clock.advance(1);
    expect(await statusOf('CS000003_5')).toBe('TRADE_CLOSED');
  });
});

describe('close', () => {
  it('ends a waiting trade', async () => {
    const link = await shop.link({ outTradeNo: 'CS000004_1' });
    open(link);
    const reply = await shop.close('CS000004_1');
    expect(reply.node).toMatchObject({ code: '10000', out_trade_no: 'CS000004_1' });
    expect(await statusOf('CS000004_1')).toBe('TRADE_CLOSED');
    expect(pay(link)).toMatchObject({ ok: false, reason: 'TRADE_CLOSED' });
  });

  it('of an unscanned one is TRADE_NOT_EXIST, and the link stays payable', async () => {
    const link = await shop.link({ outTradeNo: 'CS000004_2' });
    expect(codesOf(await shop.close('CS000004_2'))).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
    expect(pay(link).ok).toBe(true);
  });

  it('of a paid or closed one is refused', async () => {
    await shop.paid({ outTradeNo: 'CS000004_3' });
    expect(codesOf(await shop.close('CS000004_3'))).toEqual(['40004', 'ACQ.REASON_TRADE_STATUS_INVALID']);
    open(await shop.link({ outTradeNo: 'CS000004_4' }));
    await shop.close('CS000004_4');
    expect(codesOf(await shop.close('CS000004_4'))).toEqual(['40004', 'ACQ.REASON_TRADE_STATUS_INVALID']);
  });

  it('needs one of the two numbers', async () => {
    expect(codesOf(await shop.call('alipay.trade.close', {}))).toEqual(['40004', 'ACQ.INVALID_PARAMETER']);
  });
});

describe('cancel', () => {
  it('closes a waiting trade', async () => {
    open(await shop.link({ outTradeNo: 'CS000005_1' }));
    expect((await shop.cancel('CS000005_1')).node).toMatchObject({
      code: '10000',
      action: 'close',
      retry_flag: 'N',
    });
    expect(await statusOf('CS000005_1')).toBe('TRADE_CLOSED');
  });

  it('gives a paid one back, once', async () => {
    await shop.paid({ outTradeNo: 'CS000005_2' });
    expect((await shop.cancel('CS000005_2')).node).toMatchObject({ code: '10000', action: 'refund' });
    expect((await shop.cancel('CS000005_2')).node).toMatchObject({ code: '10000', action: 'refund' });
    expect(await statusOf('CS000005_2')).toBe('TRADE_CLOSED');
    expect(bench.sandbox.model.audit()).toMatchObject({ paidFen: 300, refundedFen: 300 });
  });

  it('gives back only what is left after a partial refund', async () => {
    await shop.paid({ outTradeNo: 'CS000005_3' });
    await shop.refund('CS000005_3', '1.00', 'R1');
    await shop.cancel('CS000005_3');
    expect(bench.sandbox.model.audit()).toMatchObject({ paidFen: 300, refundedFen: 300 });
  });

  it('of an unscanned one succeeds without an action, and its links die', async () => {
    const link = await shop.link({ outTradeNo: 'CS000005_4' });
    const { node } = await shop.cancel('CS000005_4');
    expect(node['code']).toBe('10000');
    expect(node).not.toHaveProperty('action');
    expect(pay(link)).toMatchObject({ ok: false, reason: 'CODE_REPLACED' });
  });

  it('of an unknown trade_no is TRADE_NOT_EXIST', async () => {
    const reply = await shop.call('alipay.trade.cancel', { trade_no: '2026030222001000000000000000' });
    expect(codesOf(reply)).toEqual(['40004', 'ACQ.TRADE_NOT_EXIST']);
  });

  it('is over after a day', async () => {
    await shop.paid({ outTradeNo: 'CS000005_5' });
    bench.clock.advance(DAY_MS + 1);
    expect(codesOf(await shop.cancel('CS000005_5'))).toEqual(['40004', 'ACQ.TRADE_CANCEL_TIME_OUT']);
  });
});

it('a trade is TRADE_FINISHED when its time for refunds is over', async () => {
  await shop.paid({ outTradeNo: 'CS000006_1' });
  bench.clock.advance(365 * DAY_MS);
  expect(await statusOf('CS000006_1')).toBe('TRADE_SUCCESS');
  bench.clock.advance(1);
  expect(await statusOf('CS000006_1')).toBe('TRADE_FINISHED');
  expect(codesOf(await shop.refund('CS000006_1', '3.00'))).toEqual(['40004', 'ACQ.TRADE_HAS_FINISHED']);
});
