/** What the merchant gives back in the provider's console: the provider's rules and books hold for it as well. */
import { startSandbox, type Sandbox } from '../../../../sim/providers';

let sandbox: Sandbox;
let open = 0;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3 });
});
afterAll(() => sandbox.close());

async function paid(channel: 'wechat' | 'alipay'): Promise<string> {
  const outTradeNo = `CONSOLE_${(open += 1)}`;
  const { wechat, alipay } = sandbox.demoMerchant;
  const isWechat = channel === 'wechat';
  const outcome = sandbox.model.handle({
    channel,
    operation: isWechat ? 'native' : 'alipay.trade.precreate',
    merchantId: isWechat ? wechat.mchId : alipay.appId,
    input: isWechat
      ? {
          mchid: wechat.mchId,
          appid: wechat.appId,
          description: 'tea',
          out_trade_no: outTradeNo,
          notify_url: 'http://127.0.0.1:9/none',
          amount: { total: 300, currency: 'CNY' },
        }
      : { out_trade_no: outTradeNo, total_amount: '3.00', subject: 'tea' },
  });
  if (outcome.kind !== 'answer') throw new Error('no answer');
  const body = outcome.answer.body as Record<string, string>;
  sandbox.model.wallet.pay((isWechat ? body.code_url : body.qr_code)!);
  return outTradeNo;
}

async function refund(body: object): Promise<[number, Record<string, unknown>]> {
  const answer = await fetch(`${sandbox.url}/sandbox/refund`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return [answer.status, (await answer.json()) as Record<string, unknown>];
}

test.each(['wechat', 'alipay'] as const)('%s: a part, then the rest, then no more', async (channel) => {
  // There is money enough: it is the trade that has no more.
  await paid(channel);
  const outTradeNo = await paid(channel);
  const number = (count: number): string => `console_${count}_${outTradeNo}`;
  expect(await refund({ outTradeNo, amountFen: 100 })).toEqual([
    200,
    { outRefundNo: number(1), amountFen: 100, state: 'SUCCESS' },
  ]);
  expect((await refund({ outTradeNo, amountFen: 201 }))[0]).toBe(409);
  expect(await refund({ outTradeNo })).toEqual([
    200,
    { outRefundNo: number(2), amountFen: 200, state: 'SUCCESS' },
  ]);
  expect((await refund({ outTradeNo }))[0]).toBe(409);
  expect(sandbox.trade(outTradeNo, channel)).toMatchObject({ refundedFen: 300 });
  expect(sandbox.model.audit().faults).toEqual([]);
});

test('of a trade that is none', async () => {
  expect((await refund({ outTradeNo: 'NOBODY_1' }))[0]).toBe(404);
});
