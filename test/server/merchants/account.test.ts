/**
 * Other payment parameters for a channel that has some: keys at any time, another account only when nothing is under
 * way under the present one, because the provider finds an order under its own account only.
 */
import type { CheckResult } from '../../../server/providers';
import type { MerchantParameters } from '../../../sim/providers';
import { BillBench } from '../reconciliation/bench';
import { parametersFor } from '../support/sandbox-merchant';

describe.each(['wechat', 'alipay'] as const)('%s', (channel) => {
  let bench: BillBench;
  let other: MerchantParameters;

  const set = (merchant: MerchantParameters): Promise<CheckResult> =>
    bench.core.merchants.setParameters(bench.merchantId, channel, parametersFor(channel, merchant), 1);
  const inUse = { ok: false, code: 'ACCOUNT_IN_USE' };

  beforeAll(async () => {
    bench = await new BillBench(channel).start();
    other = await bench.sandbox.createMerchant();
  });
  afterAll(() => bench.stop());

  test('another account not while the channel is on, though no order is open: one may come at any moment', async () => {
    expect(await set(other)).toMatchObject(inUse);
  });

  test('the same account again, while an order is open', async () => {
    await bench.order();
    expect(await set(bench.merchant)).toEqual({ ok: true });
  });

  test('another account not while the channel is on, nor while the order is open, but then', async () => {
    expect(await set(other)).toMatchObject(inUse);
    await bench.core.merchants.setChannelEnabled(bench.merchantId, channel, false);
    expect(await set(other)).toMatchObject(inUse);
    await bench.core.database.db
      .updateTable('orders')
      .set({ state: 'CLOSED', isActive: false, wakeAtMs: null, jobAtMs: null })
      .execute();
    expect(await set(other)).toEqual({ ok: true });
    const kept = await bench.core.merchants.parameters(bench.merchantId, channel);
    expect(JSON.stringify(kept!.parameters)).toContain(
      channel === 'wechat' ? other.wechat.mchId : other.alipay.appId,
    );
    const [row] = await bench.core.merchants.channels(bench.merchantId);
    expect(row).toMatchObject({ isEnabled: true });
  });
});
