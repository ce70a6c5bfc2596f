import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { decodeGbk, parseAlipayBill } from '../../../server/providers/bills/alipay-bill';
import { unzip } from '../../../server/providers/bills/unzip';
import { zip } from './zip-file';
import { parseWechatBill, unpackWechatBill } from '../../../server/providers/bills/wechat-bill';

describe('WeChat', () => {
  const HEAD =
    '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
  const TOTALS =
    '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
  const line = (state: string, change: Record<number, string> = {}): string => {
    const values = [
      '2026-01-01 09:00:00',
      'wx1',
      '1900000109',
      '0',
      '',
      '4200001',
      'CS000001_17',
      'o1',
      'NATIVE',
      state,
      'OTHERS',
      'CNY',
      '1.50',
      '0.00',
      '0',
      '0',
      '0.00',
      '0.00',
      '',
      '',
      'cola',
      '',
      '0.01000',
      '0.60%',
      '1.60',
      '0.00',
      '',
    ];
    for (const [index, value] of Object.entries(change)) values[Number(index)] = value;
    return values.map((value) => `\`${value}`).join(',');
  };
  const REFUND_COLUMNS = {
    14: '50001',
    15: 'CS000001_17_r1',
    16: '0.90',
    19: 'SUCCESS',
    24: '0.00',
    25: '1.00',
  };
  const bill = (...lines: string[]): string =>
    [HEAD, ...lines, TOTALS, `\`${lines.length},\`1.50,\`0.00,\`0.00,\`0.01000,\`1.60,\`0.00`, ''].join('\n');
  const parse = (text: string): unknown => parseWechatBill(text, '1900000109');

  test('a payment counts what the customer was charged, vouchers included', () => {
    expect(parse(bill(line('SUCCESS')))).toEqual([
      {
        kind: 'payment',
        outTradeNo: 'CS000001_17',
        transactionId: '4200001',
        amountFen: 160,
        atMs: Date.parse('2026-01-01T01:00:00Z'),
        providerState: 'SUCCESS',
      },
    ]);
  });

  test('a refund counts what was asked for', () => {
    expect(parse(bill(line('REFUND', REFUND_COLUMNS)))).toMatchObject([
      { kind: 'refund', outRefundNo: 'CS000001_17_r1', amountFen: 100, providerState: 'SUCCESS' },
    ]);
  });

  test('a refund that failed moved nothing', () => {
    expect(parse(bill(line('REFUND', { ...REFUND_COLUMNS, 19: 'FAIL' })))).toEqual([]);
  });

  test('accounts without vouchers have fewer columns', () => {
    const names =
      '交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易状态,应结订单金额,商户退款单号,退款金额,退款状态';
    const rows = [
      '`2026-01-01 09:00:00,`wx1,`1900000109,`42,`CS000001_17,`SUCCESS,`1.50,`0,`0.00,`',
      '`2026-01-01  10:00:00,`wx1,`1900000109,`42,`CS000001_17,`REFUND,`0.00,`r1,`1.00,`PROCESSING',
    ];
    const text = [names, ...rows, '总交易单数,应结订单总金额', '`2,`1.50'].join('\r\n');
    expect(parse(text)).toMatchObject([
      { amountFen: 150 },
      { kind: 'refund', outRefundNo: 'r1', amountFen: 100 },
    ]);
  });

  test('goods names may hold commas, quotes and newlines’ look-alikes', () => {
    expect(parse(bill(line('SUCCESS', { 20: 'a,b "c" \\n, d' })))).toMatchObject([{ amountFen: 160 }]);
  });

  test('a day without trades has a head and totals', () => {
    expect(parse(bill())).toEqual([]);
  });

  test.each([
    ['another merchant’s line', bill(line('SUCCESS', { 2: '1900000110' }))],
    ['a line less than it says', bill(line('SUCCESS'), line('SUCCESS')).replace(`${line('SUCCESS')}\n`, '')],
    ['no totals', [HEAD, line('SUCCESS')].join('\n')],
    ['nothing behind the totals’ names', [HEAD, line('SUCCESS'), TOTALS].join('\n')],
    ['an unlisted state', bill(line('FROZEN'))],
    ['a state named like a property', bill(line('constructor'))],
    ['a broken amount', bill(line('SUCCESS', { 24: '1.6.0' }))],
    ['a negative amount', bill(line('SUCCESS', { 24: '-1.60' }))],
    ['a broken time', bill(line('SUCCESS', { 0: '2026-02-30 09:00:00' }))],
    ['no order number', bill(line('SUCCESS', { 6: '' }))],
    ['a refund without number', bill(line('REFUND', { ...REFUND_COLUMNS, 15: '' }))],
    ['a refund with the number of none', bill(line('REFUND', { ...REFUND_COLUMNS, 15: '0' }))],
    ['a column more', bill(`${line('SUCCESS')},\`x`)],
    ['other columns', bill(line('SUCCESS')).replace('商户订单号', '订单')],
    ['nothing', ''],
    ['an error page', '<html>'],
  ])('is not read with %s', (_name, text) => {
    expect(parse(text)).toBeUndefined();
  });

  test('the digest is that of the unpacked text', () => {
    const text = bill(line('SUCCESS'));
    const sha1 = createHash('sha1').update(text).digest('hex');
    expect(unpackWechatBill(gzipSync(text), sha1)).toBe(text);
    expect(unpackWechatBill(gzipSync(text), sha1.toUpperCase())).toBe(text);
    expect(unpackWechatBill(gzipSync(`${text} `), sha1)).toBeUndefined();
    expect(unpackWechatBill(gzipSync(text).subarray(0, -4), sha1)).toBeUndefined();
  });
});

describe('Alipay', () => {
  const COLUMNS =
    '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
  const PAYMENT =
    '2026010122001404720000000001\t,CS000001_17\t,交易\t,可乐,2026-01-01 09:00:00,2026-01-01 09:00:10,\t,\t,\t,\t,*杨(137****2600)\t,1.50,1.49,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,-0.01,0.00,';
  const REFUND =
    '2026010122001404720000000001\t,CS000001_17\t,退款\t,可乐,2026-01-01 10:00:00,2026-01-01 10:00:10,\t,\t,\t,\t,*杨(137****2600)\t,-1.00,-1.00,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,CS000001_17_r1\t,0.00,0.00,';
  const bill = (lines: string[], payments: number, refunds: number): string =>
    [
      '#支付宝业务明细查询',
      '#账号：[20881021462251350156]',
      '#起始日期：[2026年01月01日 00:00:00]   终止日期：[2026年01月02日 00:00:00]',
      '#-----------------------------------------业务明细列表----------------------------------------',
      COLUMNS,
      ...lines,
      '#-----------------------------------------业务明细列表结束------------------------------------',
      `#交易合计：${payments}笔，商家实收共1.49元，商家优惠共0.00元`,
      `#退款合计：${refunds}笔，商家实收退款共-1.00元，商家优惠退款共0.00元`,
      '#导出时间：[2026年01月02日 09:00:00]',
      '',
    ].join('\r\n');
  const parse = (text: string): unknown => parseAlipayBill(text, '2088102146225135');

  test('a payment and its partial refund', () => {
    const common = {
      outTradeNo: 'CS000001_17',
      transactionId: '2026010122001404720000000001',
    };
    expect(parse(bill([PAYMENT, REFUND], 1, 1))).toEqual([
      {
        ...common,
        kind: 'payment',
        amountFen: 150,
        atMs: Date.parse('2026-01-01T01:00:10Z'),
        providerState: '交易',
      },
      {
        ...common,
        kind: 'refund',
        outRefundNo: 'CS000001_17_r1',
        amountFen: 100,
        atMs: Date.parse('2026-01-01T02:00:10Z'),
        providerState: '退款',
      },
    ]);
  });

  test.each([
    ['one comma', '可乐,冰'],
    ['many commas and a time', 'a,b,,2026-01-01 08:00:00,c'],
  ])('goods names with %s shift nothing', (_name, goods) => {
    const lines = [PAYMENT.replace('可乐', goods), REFUND.replace('可乐', goods)];
    expect(parse(bill(lines, 1, 1))).toMatchObject([
      { amountFen: 150, atMs: Date.parse('2026-01-01T01:00:10Z') },
      { amountFen: 100, outRefundNo: 'CS000001_17_r1' },
    ]);
  });

  test('columns with half-width brackets are the same', () => {
    const text = bill([PAYMENT], 1, 0).replaceAll('（', '(').replaceAll('）', ')').replaceAll('：', ':');
    expect(parse(text)).toMatchObject([{ amountFen: 150 }]);
  });

  test('a day without trades', () => {
    expect(parse(bill([], 0, 0))).toEqual([]);
  });

  test.each([
    ['another account', bill([PAYMENT], 1, 0).replace('2088102146225135', '2088102146225136')],
    ['a payment less than it says', bill([PAYMENT], 2, 0)],
    ['a refund less than it says', bill([PAYMENT], 1, 1)],
    ['no totals', bill([PAYMENT], 1, 0).split('#----------------')[0]! + COLUMNS],
    ['another kind of line', bill([PAYMENT.replace(',交易\t', ',转账\t')], 1, 0)],
    [
      'a kind named like a property',
      bill([PAYMENT.replace(',交易\t', ',toString\t').replace(',\t,-0.01', ',r1\t,-0.01')], 0, 1),
    ],
    ['a negative payment', bill([PAYMENT.replace(',1.50,', ',-1.50,')], 1, 0)],
    ['a broken amount', bill([PAYMENT.replace(',1.50,', ',1.5o,')], 1, 0)],
    ['a refund without number', bill([REFUND.replace('CS000001_17_r1', '')], 0, 1)],
    ['a column less', bill([PAYMENT.replace(',\t,\t,', ',\t,')], 1, 0)],
    ['the file of sums', '#支付宝业务汇总查询\r\n'],
    ['nothing', ''],
  ])('is not read with %s', (_name, text) => {
    expect(parse(text)).toBeUndefined();
  });

  test('GBK is decoded, other bytes are refused', () => {
    const gbk = Buffer.from('23d6a7b8b6b1a6', 'hex');
    expect(decodeGbk(gbk)).toBe('#支付宝');
    expect(decodeGbk(Buffer.from([0x23, 0xff, 0xff]))).toBeUndefined();
  });
});

describe('zip archives', () => {
  const files = [
    ['a.csv', Buffer.from('one')],
    ['b.csv', Buffer.alloc(100_000, 'two')],
  ] as const;

  test('give their files in order', async () => {
    expect(await unzip(zip(files))).toEqual([files[0][1], files[1][1]]);
  });

  test('may have names in GBK, or names that would leave a folder: nothing is written', async () => {
    for (const name of ['2088_20260101_\xd2\xb5\xce\xf1\\.csv', '../../etc/passwd', '/etc/passwd']) {
      expect(await unzip(zip(files.slice(0, 1), { name }))).toEqual([files[0][1]]);
    }
  });

  test.each([
    ['a wrong checksum', zip(files, { crc: 1 })],
    ['a size that is too small', zip(files, { size: 2 })],
    ['a size that is too large', zip(files, { size: 200_000 })],
    ['seventeen files', zip(Array.from({ length: 17 }, (_, at) => [`${at}.csv`, Buffer.from('x')] as const))],
    ['its end cut off', zip(files).subarray(0, -30)],
    ['a bit turned', Buffer.from(zip(files).map((byte, at) => (at === 37 ? byte ^ 4 : byte)))],
    ['nothing in it', Buffer.alloc(0)],
    ['text in it', Buffer.from('<html>not a zip</html>')],
  ])('are refused with %s', async (_name, archive) => {
    expect(await unzip(archive)).toBeUndefined();
  });

  test('a file over the limit is not unpacked, however sound', async () => {
    expect(await unzip(zip(files), 99_999)).toBeUndefined();
    expect(await unzip(zip(files), 100_000)).toHaveLength(2);
  });

  test('a bomb is stopped by its own declared size', async () => {
    const bomb = zip([['bomb', Buffer.alloc(20_000_000)]], { size: 1000 });
    expect(bomb.length).toBeLessThan(30_000);
    expect(await unzip(bomb)).toBeUndefined();
  });
});
