import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { openBench, type Bench } from '../support/bench';
import { callWechat, isSignedByPlatform } from '../support/wechatCaller';
import { codeOf, WechatShop } from '../support/wechatShop';

const HOUR_MS = 3_600_000;

let bench: Bench;
let shop: WechatShop;

beforeEach(async () => {
  bench = await openBench();
  shop = new WechatShop(bench);
});
afterEach(async () => bench.sandbox.close());

const apply = (query: string) => shop.call('GET', `/v3/bill/tradebill?${query}`);

async function fetchBill(query: string): Promise<{ lines: string[]; bytes: Buffer; hash: unknown }> {
  const reply = await apply(query);
  expect(reply.status).toBe(200);
  const url = String(reply.body['download_url']);
  expect(url.startsWith(`${bench.sandbox.url}/v3/billdownload/file?token=`)).toBe(true);
  const file = await shop.call('GET', url.slice(bench.sandbox.url.length));
  expect(file.status).toBe(200);
  expect(file.raw.headers['wechatpay-signature']).toBeUndefined();
  expect(reply.body['hash_type']).toBe('SHA1');
  return { lines: file.raw.body.split('\r\n'), bytes: file.raw.bytes, hash: reply.body['hash_value'] };
}

/** One payment on 2 March, one that is refunded in part on 3 March; then it is 4 March, 10:00. */
async function twoDays(): Promise<void> {
  await shop.paid({
    outTradeNo: 'CS000001_1',
    totalFen: 150,
    more: { description: '可乐,"\n`大`', attach: 'x' },
  });
  await shop.paid({ outTradeNo: 'CS000001_2', totalFen: 10_000 });
  await shop.order({ outTradeNo: 'CS000001_3' });
  bench.clock.advance(24 * HOUR_MS);
  await shop.refund('CS000001_2', 'R1', 2_500, 10_000);
  bench.clock.advance(24 * HOUR_MS);
}

describe('the daily bill', () => {
  it('lists the day’s payments and their sums, and its SHA-1 is right', async () => {
    await twoDays();
    const { lines, bytes, hash } = await fetchBill('bill_date=2026-03-02');
    expect(createHash('sha1').update(bytes).digest('hex')).toBe(hash);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(lines).toHaveLength(6);
    const head = lines[0]!.slice(1).split(',');
    const row = lines[1]!.slice(1).split(',`');
    const cell = (name: string): string | undefined => row[head.indexOf(name)];
    expect(row).toHaveLength(head.length);
    expect(cell('交易时间')).toBe('2026-03-02 10:00:00');
    expect(cell('商户号')).toBe(shop.merchant.wechat.mchId);
    expect(cell('商户订单号')).toBe('CS000001_1');
    expect(cell('交易状态')).toBe('SUCCESS');
    expect(cell('应结订单金额')).toBe('1.50');
    expect(cell('订单金额')).toBe('1.50');
    expect(cell('手续费')).toBe('0.01000');
    expect(cell('商品名称')).toBe('可乐    大 ');
    expect(lines[3]).toBe(
      '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额',
    );
    expect(lines[4]).toBe('`2,`101.50,`0.00,`0.00,`0.61000,`101.50,`0.00');
    expect(lines[5]).toBe('');
  });

  it('lists the next day’s refund', async () => {
    await twoDays();
    const { lines } = await fetchBill('bill_date=2026-03-03&bill_type=ALL');
    const head = lines[0]!.slice(1).split(',');
    const row = lines[1]!.slice(1).split(',`');
    const cell = (name: string): string | undefined => row[head.indexOf(name)];
    expect(cell('交易状态')).toBe('REFUND');
    expect(cell('商户退款单号')).toBe('R1');
    expect(cell('退款金额')).toBe('25.00');
    expect(cell('申请退款金额')).toBe('25.00');
    expect(cell('退款状态')).toBe('SUCCESS');
    expect(cell('订单金额')).toBe('0.00');
    expect(lines[3]).toBe('`1,`0.00,`25.00,`0.00,`-0.15000,`0.00,`25.00');
  });

  it.each([
    ['SUCCESS', '2026-03-02', 20],
    ['REFUND', '2026-03-03', 29],
  ])('of type %s has its own columns', async (type, date, columns) => {
    await twoDays();
    const { lines } = await fetchBill(`bill_date=${date}&bill_type=${type}`);
    expect(lines[0]!.split(',')).toHaveLength(columns);
    expect(lines[1]!.split(',`')).toHaveLength(columns);
  });

  it('comes gzipped when asked for, the hash being that of the plain text', async () => {
    await twoDays();
    const { bytes, hash } = await fetchBill('bill_date=2026-03-02&tar_type=GZIP');
    expect(createHash('sha1').update(gunzipSync(bytes)).digest('hex')).toBe(hash);
  });
});

describe('there is no bill', () => {
  it('for a day that is not over, nor for one without rows', async () => {
    await twoDays();
    for (const date of ['2026-03-04', '2026-03-05', '2026-03-01']) {
      expect(codeOf(await apply(`bill_date=${date}`))).toEqual([400, 'NO_STATEMENT_EXIST']);
    }
    expect(codeOf(await apply('bill_date=2026-03-02&bill_type=REFUND'))).toEqual([400, 'NO_STATEMENT_EXIST']);
  });

  it('before ten o’clock of the next day', async () => {
    await shop.paid({ outTradeNo: 'CS000001_1' });
    bench.clock.advance(24 * HOUR_MS - 1);
    expect(codeOf(await apply('bill_date=2026-03-02'))).toEqual([400, 'STATEMENT_CREATING']);
    bench.clock.advance(1);
    expect((await apply('bill_date=2026-03-02')).status).toBe(200);
  });

  it.each([
    'bill_date=2026-02-30',
    'bill_date=20260302',
    'bill_type=ALL',
    'bill_date=2026-03-02&bill_type=ANY',
    'bill_date=2026-03-02&x=1',
  ])('for the query «%s»: PARAM_ERROR', async (query) => {
    expect(codeOf(await apply(query))).toEqual([400, 'PARAM_ERROR']);
  });
});

describe('the address of a bill', () => {
  it('dies after five minutes and serves its own merchant only', async () => {
    await twoDays();
    const reply = await apply('bill_date=2026-03-02');
    expect(isSignedByPlatform(reply.raw, shop.merchant.wechat.platformPublicKeyPem)).toBe(true);
    const path = String(reply.body['download_url']).slice(bench.sandbox.url.length);
    const options = { method: 'GET', url: path, nowMs: bench.clock.nowMs() } as const;
    expect((await callWechat(bench.sandbox, bench.other, options)).status).toBe(403);
    expect((await shop.call('GET', path, undefined, { authorization: undefined })).status).toBe(401);
    bench.clock.advance(5 * 60_000 - 1);
    expect((await shop.call('GET', path)).status).toBe(200);
    bench.clock.advance(1);
    expect((await shop.call('GET', path)).status).toBe(403);
  });
});
