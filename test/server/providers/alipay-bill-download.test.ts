import { createProvider, type Provider } from '../../../server/providers';
import * as fixture from './alipay-peer';
import { CUTS_CONNECTION, drips, HANGS, type Responder } from './loopback';
import { zip } from './zip-file';

/** GBK bytes of the texts below, as far as they are not ASCII (from the code page's table). */
const GBK: Record<string, string> = {
  支: 'd6a7',
  付: 'b8b6',
  宝: 'b1a6',
  业: 'd2b5',
  务: 'cef1',
  明: 'c3f7',
  细: 'cfb8',
  查: 'b2e9',
  询: 'd1af',
  汇: 'bbe3',
  总: 'd7dc',
  账: 'd5cb',
  号: 'bac5',
  '：': 'a3ba',
  交: 'bdbb',
  易: 'd2d7',
  商: 'c9cc',
  户: 'bba7',
  订: 'b6a9',
  单: 'b5a5',
  类: 'c0e0',
  型: 'd0cd',
  品: 'c6b7',
  名: 'c3fb',
  称: 'b3c6',
  创: 'b4b4',
  建: 'bda8',
  时: 'cab1',
  间: 'bce4',
  完: 'cdea',
  成: 'b3c9',
  金: 'bdf0',
  额: 'b6ee',
  '（': 'a3a8',
  '）': 'a3a9',
  元: 'd4aa',
  退: 'cdcb',
  款: 'bfee',
  批: 'c5fa',
  次: 'b4ce',
  请: 'c7eb',
  求: 'c7f3',
  合: 'bacf',
  计: 'bcc6',
  笔: 'b1ca',
};
const gbk = (text: string): Buffer =>
  Buffer.concat(
    [...text].map((char) => (char < '\x80' ? Buffer.from(char) : Buffer.from(GBK[char]!, 'hex'))),
  );

const DETAIL = gbk(
  [
    '#支付宝业务明细查询',
    '#账号：[20881021462251350156]',
    '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,订单金额（元）,退款批次号/请求号',
    'T17\t,CS000001_17\t,交易\t,cola,2026-01-01 09:00:00,2026-01-01 09:00:10,1.50,\t',
    '#交易合计：1笔',
    '#退款合计：0笔',
    '',
  ].join('\r\n'),
);
const SUMS = gbk('#支付宝业务汇总查询\r\n');

const peer = new fixture.AlipayPeer();
let baseUrl: string;
let provider: Provider;

const options = (httpTimeoutMs: number): Parameters<typeof createProvider>[2] => ({
  baseUrl,
  clock: peer.clock,
  httpTimeoutMs,
});
const make = (httpTimeoutMs: number): Provider =>
  createProvider(
    'alipay',
    {
      appId: fixture.APP_ID,
      sellerId: fixture.SELLER_ID,
      appPrivateKey: peer.app.privatePem,
      verification: 'publicKey',
      alipayPublicKey: peer.alipay.publicPem,
    },
    options(httpTimeoutMs),
  );

/** The gateway gives the address of the file; `file` answers there. */
function serves(file: Responder, address = `${baseUrl}/downloadBillFile.resource?token=abc`): void {
  peer.responder = (request, response) =>
    request.url.startsWith('/gateway.do')
      ? peer.success('alipay.data.dataservice.bill.downloadurl.query', { bill_download_url: address })
      : file(request, response);
}

beforeAll(async () => {
  baseUrl = await peer.start();
});
afterAll(() => peer.stop());
beforeEach(() => {
  peer.requests.length = 0;
  provider = make(30_000);
});

test('the detail file is found among those of the zip and read', async () => {
  serves(() => ({
    status: 200,
    body: zip([
      ['sums.csv', SUMS],
      ['detail.csv', DETAIL],
    ]),
  }));
  expect(await provider.bill('2026-01-01')).toEqual({
    kind: 'ok',
    value: [
      {
        kind: 'payment',
        outTradeNo: 'CS000001_17',
        transactionId: 'T17',
        amountFen: 150,
        atMs: Date.parse('2026-01-01T01:00:10Z'),
        providerState: '交易',
      },
    ],
  });
  expect(peer.requests[1]!.url).toBe('/downloadBillFile.resource?token=abc');
});

test.each([
  ['no zip', (): Responder => () => ({ status: 200, body: '<html>' }), 'BILL_MALFORMED'],
  [
    'no detail in the zip',
    (): Responder => () => ({ status: 200, body: zip([['sums.csv', SUMS]]) }),
    'BILL_MALFORMED',
  ],
  [
    'two details in the zip',
    (): Responder => () => ({
      status: 200,
      body: zip([
        ['a', DETAIL],
        ['b', DETAIL],
      ]),
    }),
    'BILL_MALFORMED',
  ],
  ['a file that is gone', (): Responder => () => ({ status: 404 }), 'PROVIDER_FAILED'],
  ['a connection cut', (): Responder => CUTS_CONNECTION, 'CONNECTION_FAILED'],
])('%s is unknown', async (_name, file, code) => {
  serves(file());
  expect(await provider.bill('2026-01-01')).toMatchObject({ kind: 'unknown', code });
});

test.each([
  ['silence', HANGS],
  ['a byte now and then', drips(20)],
])('%s is a time-out', async (_name, file) => {
  serves(file);
  expect(await make(150).bill('2026-01-01')).toMatchObject({ kind: 'unknown', code: 'TIMEOUT' });
});

test.each(['file:///etc/passwd', 'ftp://example.com/x', 'nonsense', ''])(
  'an address like %p is not followed',
  async (address) => {
    serves(() => ({ status: 200 }), address);
    expect(await provider.bill('2026-01-01')).toMatchObject({ kind: 'unknown', code: 'ANSWER_MALFORMED' });
    expect(peer.requests).toHaveLength(1);
  },
);
