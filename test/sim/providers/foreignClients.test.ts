/**
 * The providers' customary clients against the sandbox, unchanged: `wechatpay-axios-plugin` and Alipay's own SDK.
 * They verify what they receive, so that a sandbox and tests which misread a document in the same way are found.
 */

import { AlipaySdk } from 'alipay-sdk';
import { Formatter, Aes, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import type { MerchantParameters, Sandbox } from '../../../sim/providers';
import { newPlatformKeys, startSandbox } from '../../../sim/providers';
import { WallClock } from '../../../sim/time/clock';
import { chinaTime } from './support/alipayCaller';
import { Receiver } from './support/bench';

let sandbox: Sandbox;
let certified: MerchantParameters;
const receiver = new Receiver();
let notifyUrl: string;

/**
 * These clients stamp what they send by the machine's clock, which the sandbox checks within minutes. Its own stands
 * still, so that midnight in China cannot part a payment from its bill; timers take their time.
 */
class StoppedClock extends WallClock {
  private readonly atMs = Date.now();

  override nowMs(): number {
    return this.atMs;
  }
}

beforeAll(async () => {
  const clock = new StoppedClock();
  sandbox = await startSandbox({
    clock,
    platformKeys: await newPlatformKeys(clock.nowMs()),
    settings: { refundDelayMs: 1, billDelayMs: -86_400_000, refundIntervalMs: 0 },
  });
  certified = await sandbox.createMerchant({ wechatMode: 'certificate', alipayMode: 'certificate' });
  notifyUrl = await receiver.open();
});
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const pay = (link: unknown): void => {
  const result = sandbox.model.wallet.pay(String(link));
  if (!result.ok) throw new Error(result.reason);
};

describe.each(['publicKey', 'certificate'] as const)('wechatpay-axios-plugin in %s mode', (mode) => {
  const merchant = () => (mode === 'publicKey' ? sandbox.demoMerchant : certified).wechat;
  const trusted = (): Record<string, string> =>
    mode === 'publicKey'
      ? { [merchant().platformPublicKeyId]: merchant().platformPublicKeyPem }
      : { [merchant().platformCertificateSerial]: merchant().platformCertificatePem };
  const client = () =>
    new Wechatpay({
      mchid: merchant().mchId,
      serial: merchant().merchantSerialNo,
      privateKey: merchant().merchantPrivateKeyPem,
      certs: trusted(),
      baseURL: sandbox.url,
    });
  const outTradeNo = `CS000001_${mode}`;

  it('orders, is told of the payment, queries, refunds and fetches the bill', async () => {
    const shop = client();
    const heard = receiver.received.length;
    const order = {
      mchid: merchant().mchId,
      appid: merchant().appId,
      description: '可乐',
      out_trade_no: outTradeNo,
      notify_url: `${notifyUrl}/wechat`,
      amount: { total: 150 },
    };
    const { data: opened } = await shop.chain('v3/pay/transactions/native').post<unknown>(order);
    pay((opened as { code_url: string }).code_url);

    await receiver.waitFor(heard + 1);
    const { headers, body } = receiver.received[heard]!;
    const text = Formatter.response(
      String(headers['wechatpay-timestamp']),
      String(headers['wechatpay-nonce']),
      body,
    );
    const publicKey = Rsa.from(trusted()[String(headers['wechatpay-serial'])]!, Rsa.KEY_TYPE_PUBLIC);
    expect(Rsa.verify(text, String(headers['wechatpay-signature']), publicKey)).toBe(true);
    const { resource } = JSON.parse(body) as {
      resource: Record<'nonce' | 'ciphertext' | 'associated_data', string>;
    };
    const plain = Aes.AesGcm.decrypt(
      resource.ciphertext,
      merchant().apiV3Key,
      resource.nonce,
      resource.associated_data,
    );
    expect(JSON.parse(plain)).toMatchObject({ out_trade_no: outTradeNo, trade_state: 'SUCCESS' });

    const params = { mchid: merchant().mchId };
    const { data: queried } = await shop
      .chain(`v3/pay/transactions/out-trade-no/${outTradeNo}`)
      .get({ params });
    expect(queried).toEqual(JSON.parse(plain));

    const amount = { refund: 50, total: 150, currency: 'CNY' };
    const refund = { out_trade_no: outTradeNo, out_refund_no: `R_${mode}`, amount };
    const { data: refunded } = await shop.chain('v3/refund/domestic/refunds').post(refund);
    expect(refunded).toMatchObject({ status: 'PROCESSING', amount: { refund: 50 } });

    const bill_date = chinaTime(sandbox.model.clock.nowMs()).slice(0, 10);
    const { data: bill } = await shop.chain('v3/bill/tradebill').get({ params: { bill_date } });
    const path = String(bill.download_url).slice(`${sandbox.url}/`.length);
    const { data: file } = await shop.chain('v3/billdownload/file').get({
      params: { token: path.split('token=')[1] },
      responseType: 'arraybuffer',
    });
    const { rows, summary } = Formatter.castCsvBill(file as Buffer) as {
      rows: Record<string, string>[];
      summary: Record<string, string>;
    };
    expect(rows.map((row) => [row['商户订单号'], row['交易状态'], row['申请退款金额']])).toEqual([
      [outTradeNo, 'SUCCESS', '0.00'],
      [outTradeNo, 'REFUND', '0.50'],
    ]);
    expect(summary['总交易单数']).toBe('2');
  });

  it('rejects an answer under a bad signature', async () => {
    sandbox.model.faults.add({ kind: 'badSignature', times: 1 });
    const params = { mchid: merchant().mchId };
    const call = client().chain(`v3/pay/transactions/out-trade-no/${outTradeNo}`).get({ params });
    await expect(call).rejects.toMatchObject({ code: 'EV3_RES_HEADER_SIGNATURE_DIGEST' });
  });
});

describe.each(['publicKey', 'certificate'] as const)('alipay-sdk in %s mode', (mode) => {
  const merchant = () => (mode === 'publicKey' ? sandbox.demoMerchant : certified).alipay;
  const client = (): AlipaySdk =>
    new AlipaySdk({
      appId: merchant().appId,
      privateKey: merchant().appPrivateKeyPem,
      keyType: 'PKCS8',
      gateway: `${sandbox.url}/gateway.do`,
      ...(mode === 'publicKey'
        ? { alipayPublicKey: merchant().alipayPublicKey }
        : {
            appCertContent: merchant().appCertificatePem,
            alipayPublicCertContent: merchant().alipayCertificatePem,
            alipayRootCertContent: merchant().alipayRootCertificatePem,
          }),
    });
  const exec = (method: string, bizContent: object, more: object = {}) =>
    client().exec(method, { timestamp: chinaTime(Date.now()), bizContent, ...more }, { validateSign: true });

  it('precreates, is told of the payment, queries and refunds, verifying each answer', async () => {
    const out_trade_no = `CS000002_${mode}`;
    const heard = receiver.received.length;
    const opened = await exec(
      'alipay.trade.precreate',
      { out_trade_no, total_amount: '3.00', subject: '可乐' },
      { notify_url: `${notifyUrl}/alipay` },
    );
    expect(opened.code).toBe('10000');
    pay(opened['qrCode']);

    await receiver.waitFor(heard + 1);
    const form = Object.fromEntries(new URLSearchParams(receiver.received[heard]!.body));
    expect(client().checkNotifySignV2(form)).toBe(true);
    expect(client().checkNotifySignV2({ ...form, total_amount: '3.01' })).toBe(false);

    expect(await exec('alipay.trade.query', { out_trade_no })).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      totalAmount: '3.00',
      tradeNo: form['trade_no'],
    });
    const refund = { out_trade_no, refund_amount: '1.00', out_request_no: 'R1' };
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({ code: '10000', fundChange: 'Y' });
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({ code: '10000', fundChange: 'N' });
  });

  it('rejects an answer under a bad signature', async () => {
    sandbox.model.faults.add({ kind: 'badSignature', times: 1 });
    await expect(exec('alipay.trade.query', { out_trade_no: 'x' })).rejects.toThrow('验签失败');
  });
});
