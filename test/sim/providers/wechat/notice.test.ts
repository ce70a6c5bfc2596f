import { openBench, Receiver, until, type Bench, type Received } from '../support/bench';
import { postJson } from '../support/http';
import { decryptPart, isSignedByPlatform } from '../support/wechatCaller';
import { WechatShop } from '../support/wechatShop';

let bench: Bench;
let shop: WechatShop;
let receiver: Receiver;
let notifyUrl: string;

beforeEach(async () => {
  bench = await openBench();
  shop = new WechatShop(bench);
  receiver = new Receiver();
  notifyUrl = `${await receiver.open()}/pay/notify`;
});
afterEach(async () => {
  await bench.sandbox.close();
  await receiver.close();
});

interface Envelope {
  readonly id: string;
  readonly event_type: string;
  readonly resource_type: string;
  readonly resource: Parameters<typeof decryptPart>[0] & { readonly original_type: string };
}

function read(received: Received): { envelope: Envelope; content: Record<string, unknown> } {
  const envelope = JSON.parse(received.body) as Envelope;
  const text = decryptPart(envelope.resource, shop.merchant.wechat.apiV3Key);
  return { envelope, content: JSON.parse(text) as Record<string, unknown> };
}

const isGood = (received: Received): boolean =>
  isSignedByPlatform(received, shop.merchant.wechat.platformPublicKeyPem);

/** Lets the virtual clock reach the next attempt and waits for the real HTTP exchange. */
async function settled(): Promise<void> {
  bench.clock.advance(0);
  const notices = () => [...bench.sandbox.model.book.all('notices')];
  await until(() => notices().every((one) => one.lastResult !== '' || one.state === 'LOST'), 'all answers');
}

it('a payment is told: signed, encrypted, with the order as the query gives it', async () => {
  await shop.paid({ outTradeNo: 'CS000001_1', notifyUrl });
  await settled();
  expect(receiver.received).toHaveLength(1);
  const [received] = receiver.received as [Received];
  expect(isGood(received)).toBe(true);
  expect(received.headers['wechatpay-serial']).toBe(shop.merchant.wechat.platformPublicKeyId);
  expect(received.headers['content-type']).toBe('application/json');
  const { envelope, content } = read(received);
  expect(envelope).toMatchObject({ event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource' });
  expect(envelope.resource).toMatchObject({ original_type: 'transaction', algorithm: 'AEAD_AES_256_GCM' });
  expect(content).toEqual((await shop.query('CS000001_1')).body);
});

it('a refund’s end is told to the refund’s own address', async () => {
  await shop.paid({ outTradeNo: 'CS000001_2' });
  await shop.refund('CS000001_2', 'R1', 50, 150, { notify_url: notifyUrl });
  await until(() => bench.clock.nextDueMs() !== undefined, 'the refund');
  bench.clock.advance(2_000);
  await receiver.waitFor(1);
  const { envelope, content } = read(receiver.received[0]!);
  expect(envelope).toMatchObject({ event_type: 'REFUND.SUCCESS', resource: { original_type: 'refund' } });
  expect(content).toMatchObject({
    mchid: shop.merchant.wechat.mchId,
    out_trade_no: 'CS000001_2',
    out_refund_no: 'R1',
    refund_status: 'SUCCESS',
    success_time: '2026-03-02T10:00:02+08:00',
    amount: { total: 150, refund: 50, payer_total: 150, payer_refund: 50 },
  });
});

it('a refused notice comes again after 15 s with the same id and a new signature', async () => {
  receiver.answer = { status: 500, body: '{"code":"FAIL"}' };
  await shop.paid({ outTradeNo: 'CS000001_3', notifyUrl });
  await settled();
  bench.clock.advance(14_999);
  expect(receiver.received).toHaveLength(1);
  receiver.answer = { status: 204 };
  bench.clock.advance(1);
  await receiver.waitFor(2);
  const [first, second] = receiver.received as [Received, Received];
  expect(read(second).envelope.id).toBe(read(first).envelope.id);
  expect(isGood(second)).toBe(true);
  expect(Number(second.headers['wechatpay-timestamp'])).toBe(
    Number(first.headers['wechatpay-timestamp']) + 15,
  );
  expect(second.headers['wechatpay-nonce']).not.toBe(first.headers['wechatpay-nonce']);
  const [notice] = bench.sandbox.model.book.all('notices');
  await until(() => bench.sandbox.model.book.get('notices', notice!.id)!.state === 'ACCEPTED', 'acceptance');
});

it.each([
  ['redirects', { status: 302, location: '/elsewhere' }],
  ['answers 201', { status: 201 }],
])('a receiver that %s has not accepted', async (_what, answer) => {
  receiver.answer = answer;
  await shop.paid({ outTradeNo: 'CS000001_4', notifyUrl });
  await settled();
  const [notice] = bench.sandbox.model.book.all('notices');
  expect(notice).toMatchObject({ state: 'WAITING', attempts: 1 });
});

it('a receiver that never answers has not accepted', async () => {
  await bench.sandbox.close();
  bench = await openBench({ noticeTimeoutMs: 50 });
  shop = new WechatShop(bench);
  receiver.answer = { status: 200, isSilent: true };
  await shop.paid({ outTradeNo: 'CS000001_6', notifyUrl });
  await settled();
  const [notice] = bench.sandbox.model.book.all('notices');
  expect(notice).toMatchObject({ state: 'WAITING', attempts: 1, lastResult: 'timed out' });
});

it('goes to loopback addresses only', async () => {
  await shop.paid({ outTradeNo: 'CS000001_5', notifyUrl: 'http://192.0.2.1/notify' });
  await settled();
  const [notice] = bench.sandbox.model.book.all('notices');
  expect(notice).toMatchObject({ state: 'WAITING', lastResult: 'not a loopback address' });
});

describe('a forged notice', () => {
  const forge = (forgery: string) =>
    postJson(`${bench.sandbox.url}/sandbox/forge`, { outTradeNo: 'CS000002_1', forgery });

  beforeEach(async () => {
    await shop.order({ outTradeNo: 'CS000002_1', notifyUrl });
  });

  async function forged(forgery: string): Promise<Received> {
    expect((await forge(forgery)).status).toBe(202);
    bench.clock.advance(0);
    await receiver.waitFor(1);
    return receiver.received[0]!;
  }

  it('of kind signature claims a payment under a bad signature', async () => {
    const received = await forged('signature');
    expect(isGood(received)).toBe(false);
    expect(read(received).content).toMatchObject({ out_trade_no: 'CS000002_1', trade_state: 'SUCCESS' });
  });

  it('of kind merchant is well signed and speaks of another merchant', async () => {
    const received = await forged('merchant');
    expect(isGood(received)).toBe(true);
    expect(read(received).content['mchid']).not.toBe(shop.merchant.wechat.mchId);
  });

  it('of kind amount is well signed and has another amount', async () => {
    const received = await forged('amount');
    expect(isGood(received)).toBe(true);
    expect(read(received).content['amount']).toMatchObject({ total: 151 });
  });

  it('of kind stale is well signed for a time ten minutes ago', async () => {
    const received = await forged('stale');
    expect(isGood(received)).toBe(true);
    expect(Number(received.headers['wechatpay-timestamp'])).toBe(bench.clock.nowMs() / 1000 - 600);
  });

  it('is sent once, whatever the answer, and pays nothing', async () => {
    receiver.answer = { status: 500 };
    await forged('amount');
    await settled();
    const [notice] = bench.sandbox.model.book.all('notices');
    expect(notice).toMatchObject({ forgery: 'amount', state: 'GIVEN_UP', attempts: 1, dueMs: null });
    expect((await shop.query('CS000002_1')).body['trade_state']).toBe('NOTPAY');
  });

  it('of an unknown order is not found', async () => {
    expect(
      (await postJson(`${bench.sandbox.url}/sandbox/forge`, { outTradeNo: 'nope', forgery: 'amount' }))
        .status,
    ).toBe(404);
  });
});
