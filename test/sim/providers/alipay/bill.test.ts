import { fromBuffer } from 'yauzl';
import { AlipayShop, codesOf } from '../support/alipayShop';
import { openBench, type Bench } from '../support/bench';
import { http } from '../support/http';

const HOUR_MS = 3_600_000;
const METHOD = 'alipay.data.dataservice.bill.downloadurl.query';

let bench: Bench;
let shop: AlipayShop;

beforeEach(async () => {
  bench = await openBench();
  shop = new AlipayShop(bench);
});
afterEach(async () => bench.sandbox.close());

const ask = (date: string, type = 'trade') => shop.call(METHOD, { bill_type: type, bill_date: date });

/** All files of an archive, read by somebody else's ZIP reader, decoded from GBK. */
function unzip(archive: Buffer): Promise<Map<string, string>> {
  const gbk = new TextDecoder('gbk', { fatal: true });
  return new Promise((resolve, reject) => {
    fromBuffer(archive, { lazyEntries: true, decodeStrings: false }, (error, zip) => {
      if (error) return reject(error);
      const files = new Map<string, string>();
      zip.on('error', reject);
      zip.on('end', () => resolve(files));
      zip.on('entry', (entry: { fileName: unknown }) => {
        zip.openReadStream(entry as never, (failure, stream) => {
          if (failure) return reject(failure);
          const parts: Buffer[] = [];
          stream.on('data', (part: Buffer) => parts.push(part));
          stream.on('error', reject);
          stream.on('end', () => {
            files.set(gbk.decode(entry.fileName as Buffer), gbk.decode(Buffer.concat(parts)));
            zip.readEntry();
          });
        });
      });
      zip.readEntry();
    });
  });
}

async function files(date: string, type?: string): Promise<Map<string, string>> {
  const { node } = await ask(date, type);
  expect(node['code']).toBe('10000');
  const file = await http(String(node['bill_download_url']));
  expect(file.headers['content-type']).toBe('application/zip');
  return unzip(file.bytes);
}

async function twoDays(): Promise<void> {
  await shop.paid({ outTradeNo: 'CS000001_1', amount: '1.50', more: { subject: '可乐,"冰"\n大杯' } });
  await shop.paid({ outTradeNo: 'CS000001_2', amount: '100.00' });
  await shop.precreate({ outTradeNo: 'CS000001_3' });
  bench.clock.advance(24 * HOUR_MS);
  await shop.refund('CS000001_2', '25.00', 'R1');
  bench.clock.advance(24 * HOUR_MS);
}

it('the bill of a day is two CSV files: rows and sums', async () => {
  await twoDays();
  const all = await files('2026-03-02');
  const owner = `${shop.merchant.alipay.sellerId}0156`;
  expect([...all.keys()]).toEqual([`${owner}_20260302_业务明细.csv`, `${owner}_20260302_业务明细(汇总).csv`]);
  const lines = [...all.values()][0]!.split('\r\n');
  expect(lines[0]).toBe('#支付宝业务明细查询');
  expect(lines[1]).toBe(`#账号：[${owner}]`);
  expect(lines[2]).toBe('#起始日期：[2026年03月02日 00:00:00]   终止日期：[2026年03月03日 00:00:00]');
  const head = lines[4]!.split(',');
  const rows = lines.slice(5).filter((line) => !line.startsWith('#') && line !== '');
  expect(rows).toHaveLength(2);
  const cells = rows[0]!.split(',');
  expect(cells).toHaveLength(head.length);
  const cell = (name: string): string | undefined => cells[head.indexOf(name)];
  expect(cell('商户订单号')).toBe('CS000001_1\t');
  expect(cell('业务类型')).toBe('交易\t');
  expect(cell('商品名称')).toBe('可乐  冰  大杯\t');
  expect(cell('完成时间')).toBe('2026-03-02 10:00:00\t');
  expect(cell('订单金额（元）')).toBe('1.50\t');
  expect(lines).toContain('#交易合计：2笔，商家实收共101.50元，商家优惠共0.00元');
});

it('a refund stands in the bill of its own day with a negative amount', async () => {
  await twoDays();
  const [detail] = [...(await files('2026-03-03')).values()] as [string];
  const lines = detail.split('\r\n');
  const head = lines[4]!.split(',');
  const cells = lines[5]!.split(',').map((cell) => cell.trim());
  expect(cells[head.indexOf('业务类型')]).toBe('退款');
  expect(cells[head.indexOf('订单金额（元）')]).toBe('-25.00');
  expect(cells[head.indexOf('退款批次号/请求号')]).toBe('R1');
  expect(lines).toContain('#退款合计：1笔，商家实收退款共-25.00元，商家优惠退款共0.00元');
});

it('there is a bill of the account and one of a month, too', async () => {
  await twoDays();
  const [account] = [...(await files('2026-03-02', 'signcustomer')).values()] as [string];
  expect(account).toContain('账务明细列表');
  expect(account.split('\r\n').filter((line) => line.includes('在线支付'))).toHaveLength(2);
  expect(codesOf(await ask('2026-03'))).toEqual(['40004', 'isp.bill_not_exist']);
  bench.clock.advance(40 * 24 * HOUR_MS);
  const [month] = [...(await files('2026-03')).values()] as [string];
  expect(month).toContain('终止日期：[2026年04月01日 00:00:00]');
  expect(month).toContain('#交易合计：2笔');
  expect(month).toContain('#退款合计：1笔');
});

it.each([
  ['today', '2026-03-04'],
  ['a day to come', '2026-03-09'],
  ['a day without rows', '2026-03-01'],
])('there is none for %s', async (_what, date) => {
  await twoDays();
  expect(codesOf(await ask(date))).toEqual(['40004', 'isp.bill_not_exist']);
});

it.each([
  ['2026-02-30', 'trade'],
  ['2026-13', 'trade'],
  ['20260302', 'trade'],
  ['2026-03-02', 'all'],
])('bill_date %s of type %s is refused', async (date, type) => {
  expect((await ask(date, type)).node['code']).not.toBe('10000');
});

it('the address dies after thirty seconds', async () => {
  await twoDays();
  const url = String((await ask('2026-03-02')).node['bill_download_url']);
  bench.clock.advance(30_000 - 1);
  expect((await http(url)).headers['content-type']).toBe('application/zip');
  bench.clock.advance(1);
  expect((await http(url)).body).toBe('下载超时，请重新下载');
});
