import { isNoticeSigned } from '../support/alipayCaller';
import { AlipayShop } from '../support/alipayShop';
import { openBench, Receiver, until, type Bench } from '../support/bench';

let bench: Bench;
let shop: AlipayShop;
let receiver: Receiver;
let notifyUrl: string;

beforeEach(async () => {
  bench = await openBench();
  shop = new AlipayShop(bench);
  receiver = new Receiver();
  notifyUrl = `${await receiver.open()}/notify`;
});
afterEach(async () => {
  await bench.sandbox.close();
  await receiver.close();
});

const fields = (index: number): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(receiver.received[index]!.body));
const isGood = (index: number): boolean =>
  isNoticeSigned(receiver.received[index]!.body, shop.merchant.alipay.alipayPublicKeyPem);

async function settled(): Promise<void> {
  bench.clock.advance(0);
  await until(
    () => [...bench.sandbox.model.book.all('notices')].every((one) => one.lastResult !== ''),
    'all answers',
  );
}

it('a payment is told as a signed form with its order and amount', async () => {
  await shop.paid({
    outTradeNo: 'CS000001_2',
    notifyUrl,
    amount: '1.5',
    more: { subject: '可乐 100% +冰', body: 'a=b&c' },
  });
  await settled();
  expect(receiver.received).toHaveLength(1);
  expect(receiver.received[0]!.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
  expect(isGood(0)).toBe(true);
  const { trade_no: tradeNo } = (await shop.query('CS000001_2')).node;
  expect(fields(0)).toMatchObject({
    notify_type: 'trade_status_sync',
    notify_time: '2026-03-02 10:00:00',
    app_id: shop.merchant.alipay.appId,
    seller_id: shop.merchant.alipay.sellerId,
    out_trade_no: 'CS000001_2',
    trade_no: tradeNo,
    trade_status: 'TRADE_SUCCESS',
    total_amount: '1.50',
    subject: '可乐 100% +冰',
    body: 'a=b&c',
    gmt_payment: '2026-03-02 10:00:00',
    sign_type: 'RSA2',
    charset: 'utf-8',
  });
});

it.each([
  ['success ', true],
  ['fail', false],
  ['Success', false],
  ['{"code":"success"}', false],
  ['', false],
])('the answer «%s» accepts it: %s', async (body, isAccepted) => {
  receiver.answer = { status: 200, body };
  await shop.paid({ outTradeNo: 'CS000001_3', notifyUrl });
  await settled();
  const [notice] = bench.sandbox.model.book.all('notices');
  expect(notice!.state).toBe(isAccepted ? 'ACCEPTED' : 'WAITING');
});

it('a refused one comes again after four minutes: same notify_id, new time, new signature', async () => {
  receiver.answer = { status: 500 };
  await shop.paid({ outTradeNo: 'CS000001_4', notifyUrl });
  await settled();
  bench.clock.advance(4 * 60_000 - 1);
  expect(receiver.received).toHaveLength(1);
  bench.clock.advance(1);
  await receiver.waitFor(2);
  expect(fields(1)['notify_id']).toBe(fields(0)['notify_id']);
  expect(fields(1)['notify_time']).toBe('2026-03-02 10:04:00');
  expect(isGood(1)).toBe(true);
});

it('a partial refund is told with its numbers, a full one is not', async () => {
  await shop.paid({ outTradeNo: 'CS000001_5', notifyUrl });
  await shop.refund('CS000001_5', '1.00', 'R1');
  await settled();
  expect(receiver.received).toHaveLength(2);
  const index = fields(0)['refund_fee'] === undefined ? 1 : 0;
  expect(fields(index)).toMatchObject({
    trade_status: 'TRADE_SUCCESS',
    refund_fee: '1.00',
    out_biz_no: 'R1',
  });
  await shop.refund('CS000001_5', '2.00', 'R2');
  await settled();
  expect(receiver.received).toHaveLength(2);
});

it('a full refund is told where TRADE_CLOSED has been asked for', async () => {
  const open = await openBench({ settings: { alipayNoticeStates: ['TRADE_SUCCESS', 'TRADE_CLOSED'] } });
  const eager = new AlipayShop(open);
  await eager.paid({ outTradeNo: 'CS000001_6', notifyUrl });
  open.clock.advance(0);
  await receiver.waitFor(1);
  await eager.refund('CS000001_6', '3.00');
  open.clock.advance(0);
  await receiver.waitFor(2);
  expect(fields(1)).toMatchObject({ trade_status: 'TRADE_CLOSED', refund_fee: '3.00' });
  await open.sandbox.close();
});

it('nothing is told without a notify_url', async () => {
  const link = String(
    (
      await shop.call('alipay.trade.precreate', {
        out_trade_no: 'CS000001_7',
        total_amount: '1',
        subject: 'x',
      })
    ).node['qr_code'],
  );
  bench.sandbox.model.wallet.pay(link);
  expect(bench.sandbox.model.book.count('notices')).toBe(0);
});

it.each([
  ['signature', false, {}],
  ['merchant', true, { app_id: '2021000000000001', seller_id: '2088000000000001' }],
  ['amount', true, { total_amount: '3.01' }],
  ['stale', true, { notify_time: '2026-03-02 09:50:00' }],
] as const)('a forged one of kind %s is well signed: %s', async (forgery, isSigned, expected) => {
  bench.sandbox.model.wallet.open(await shop.link({ outTradeNo: 'CS000001_8', notifyUrl }));
  bench.sandbox.model.forge('alipay', shop.merchant.alipay.appId, 'CS000001_8', forgery);
  bench.clock.advance(0);
  await receiver.waitFor(1);
  expect(isGood(0)).toBe(isSigned);
  expect(fields(0)).toMatchObject({ trade_status: 'TRADE_SUCCESS', out_trade_no: 'CS000001_8', ...expected });
  expect((await shop.query('CS000001_8')).node['trade_status']).toBe('WAIT_BUYER_PAY');
});
