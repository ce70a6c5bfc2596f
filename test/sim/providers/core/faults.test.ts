import type { FaultOptions } from '../../../../sim/providers';
import { Faults } from '../../../../sim/providers/core/faults';
import { Random } from '../../../../sim/time/random';
import { AlipayShop, codesOf } from '../support/alipayShop';
import { isAnswerSigned } from '../support/alipayCaller';
import { openBench, until, type Bench } from '../support/bench';
import { http, postJson } from '../support/http';
import { isSignedByPlatform } from '../support/wechatCaller';
import { codeOf, WechatShop } from '../support/wechatShop';

let bench: Bench;
let shop: WechatShop;
let alipay: AlipayShop;

beforeEach(async () => {
  bench = await openBench();
  shop = new WechatShop(bench);
  alipay = new AlipayShop(bench);
});
afterEach(async () => bench.sandbox.close());

const add = (fault: FaultOptions): void => void bench.sandbox.model.faults.add(fault);
const count = (): number => bench.sandbox.model.book.count('trades');

describe('a scripted fault of a WeChat Pay call', () => {
  const order = () => shop.order({ outTradeNo: 'CS000001_1' });

  it.each([
    ['silence', 0],
    ['silenceDone', 1],
  ] as const)('%s: no answer; orders made: %i', async (kind, made) => {
    const { faults } = bench.sandbox.model;
    faults.add({ kind, times: 1 });
    let end = 'none';
    const silent = order().then(
      () => (end = 'answer'),
      () => (end = 'broken'),
    );
    await until(() => faults.list().length === 0, 'the call');
    expect(count()).toBe(made);
    expect((await order()).status).toBe(200);
    expect(end).toBe('none');
    await bench.sandbox.close();
    await silent;
    expect(end).toBe('broken');
    bench = await openBench();
  });

  it.each([
    ['reset', 0],
    ['resetDone', 1],
  ] as const)('%s: a broken connection; orders made: %i', async (kind, made) => {
    add({ kind, times: 1 });
    await expect(order()).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(count()).toBe(made);
  });

  it.each([
    ['unavailable', 502, undefined, 0],
    ['unavailableDone', 502, undefined, 1],
    ['systemError', 500, 'SYSTEM_ERROR', 0],
    ['systemErrorDone', 500, 'SYSTEM_ERROR', 1],
    ['busy', 500, 'SYSTEM_ERROR', 0],
    ['busyDone', 500, 'SYSTEM_ERROR', 1],
    ['frequencyLimited', 429, 'FREQUENCY_LIMITED', 0],
  ] as const)('%s: %i %s; orders made: %i', async (kind, status, code, made) => {
    add({ kind, times: 1 });
    const reply = await order();
    expect(codeOf(reply)).toEqual([status, code]);
    expect(reply.raw.headers['wechatpay-signature'] === undefined).toBe(status === 502);
    expect(count()).toBe(made);
  });

  it('badSignature: the right answer under a signature that does not verify', async () => {
    add({ kind: 'badSignature', times: 1 });
    const reply = await order();
    expect(reply.status).toBe(200);
    expect(isSignedByPlatform(reply.raw, shop.merchant.wechat.platformPublicKeyPem)).toBe(false);
    const again = await order();
    expect(isSignedByPlatform(again.raw, shop.merchant.wechat.platformPublicKeyPem)).toBe(true);
  });

  it('slow: the answer comes when its time has passed', async () => {
    add({ kind: 'slow', delayMs: 4_000, times: 1 });
    const reply = order();
    await until(() => bench.clock.nextDueMs() !== undefined, 'the held answer');
    bench.clock.advance(4_000);
    expect((await reply).status).toBe(200);
  });

  it('hits the certificates’ list as well', async () => {
    add({ kind: 'unavailable', operation: 'certificates' });
    const certified = new WechatShop(bench, bench.other);
    expect((await certified.call('GET', '/v3/certificates')).status).toBe(502);
    expect((await certified.query('CS000001_9')).status).toBe(404);
  });
});

describe('a scripted fault of an Alipay call', () => {
  const precreate = () => alipay.precreate({ outTradeNo: 'CS000002_1' });
  const links = (): number => bench.sandbox.model.book.count('codes');

  it.each([
    ['systemError', ['40004', 'ACQ.SYSTEM_ERROR'], 0],
    ['systemErrorDone', ['40004', 'ACQ.SYSTEM_ERROR'], 1],
    ['busy', ['20000', 'isp.unknow-error'], 0],
    ['busyDone', ['20000', 'isp.unknow-error'], 1],
    ['frequencyLimited', ['40005', 'isv.app-call-limited'], 0],
  ] as const)('%s: %p; links made: %i', async (kind, codes, made) => {
    add({ kind, channel: 'alipay', times: 1 });
    expect(codesOf(await precreate())).toEqual(codes);
    expect(links()).toBe(made);
  });

  it('unavailable: 502 and no JSON', async () => {
    add({ kind: 'unavailable', times: 1 });
    const reply = await precreate();
    expect([reply.status, reply.nodeName]).toEqual([502, '']);
  });

  it('badSignature: does not verify', async () => {
    add({ kind: 'badSignature', times: 1 });
    expect(isAnswerSigned(await precreate(), alipay.merchant.alipay.alipayPublicKeyPem)).toBe(false);
  });
});

describe('a rule', () => {
  const faults = () => new Faults(new Random(1));
  const call = { channel: 'wechat', operation: 'native', outTradeNo: 'A' } as const;

  it('acts as often as it says, then it is gone', () => {
    const rules = faults();
    rules.add({ kind: 'silence', times: 2 });
    const hits = [1, 2, 3].map(() => rules.take(['silence'], call, 0)?.kind);
    expect(hits).toEqual(['silence', 'silence', undefined]);
    expect(rules.list()).toEqual([]);
  });

  it('acts only where its channel, operation and order fit, and until its end', () => {
    const rules = faults();
    rules.add({ kind: 'silence', channel: 'alipay' });
    rules.add({ kind: 'silence', operation: 'close' });
    rules.add({ kind: 'silence', outTradeNo: 'B' });
    rules.add({ kind: 'silence', untilMs: 100 });
    expect(rules.take(['silence'], call, 100)).toBeUndefined();
    expect(rules.take(['reset'], call, 99)).toBeUndefined();
    expect(rules.take(['silence'], call, 99)?.untilMs).toBe(100);
  });

  it('with a probability acts about that often', () => {
    const rules = faults();
    rules.add({ kind: 'silence', probability: 0.25 });
    const hits = Array.from({ length: 4_000 }, () => rules.take(['silence'], call, 0)).filter(Boolean).length;
    expect(hits).toBeGreaterThan(900);
    expect(hits).toBeLessThan(1_100);
  });
});

describe('the control API', () => {
  const url = (path: string): string => `${bench.sandbox.url}/sandbox${path}`;

  it('adds, lists and removes rules', async () => {
    const added = await postJson(url('/faults'), {
      kind: 'silence',
      operation: 'native',
      times: 3,
      forMs: 60_000,
    });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ kind: 'silence', times: 3, untilMs: bench.clock.nowMs() + 60_000 });
    const listed = JSON.parse((await http(url('/faults'))).body) as { faults: unknown[] };
    expect(listed.faults).toEqual([added.body]);
    expect((await http(url(`/faults/${String(added.body['id'])}`), { method: 'DELETE' })).body).toBe(
      '{"removed":1}',
    );
    expect(bench.sandbox.model.faults.list()).toEqual([]);
  });

  it.each([
    ['/faults', { kind: 'sabotage' }],
    ['/faults', { kind: 'silence', times: 0 }],
    ['/faults', { kind: 'silence', extra: 1 }],
    ['/forge', { outTradeNo: 'x', forgery: 'nice' }],
    ['/rotate', { phase: 'now' }],
    ['/merchants', { wechatMode: 'none' }],
  ])('refuses %s %j', async (path, body) => {
    expect((await postJson(url(path), body)).status).toBe(400);
  });

  it('shows a trade with its refunds, the movements and a sound audit', async () => {
    await shop.paid({ outTradeNo: 'CS000003_1', totalFen: 150 });
    await shop.refund('CS000003_1', 'R1', 50, 150);
    bench.clock.advance(2_000);
    const read = async (path: string): Promise<Record<string, unknown>> =>
      JSON.parse((await http(url(path))).body) as Record<string, unknown>;
    expect(await read('/trades/CS000003_1')).toMatchObject({
      channel: 'wechat',
      providerState: 'REFUND',
      amountFen: 150,
      refundedFen: 50,
      refunds: [{ outRefundNo: 'R1', amountFen: 50, state: 'SUCCESS' }],
    });
    expect(await read('/trades?channel=alipay')).toEqual({ total: 0, trades: [] });
    expect(await read('/movements')).toMatchObject({
      movements: [
        { index: 0, kind: 'payment', outTradeNo: 'CS000003_1', amountFen: 150 },
        { index: 1, kind: 'refund', outRefundNo: 'R1', amountFen: 50 },
      ],
    });
    expect(await read('/audit')).toMatchObject({ paidYuan: '1.50', refundedYuan: '0.50', faults: [] });
    expect((await http(url('/trades/nope'))).status).toBe(404);
  });

  it('makes merchants and never shows their keys again', async () => {
    const made = await postJson(url('/merchants'), { name: '新商户', wechatMode: 'certificate' });
    expect(made.status).toBe(201);
    const text = (await http(url('/merchants'))).body;
    expect(text).toContain('新商户');
    expect(text).not.toMatch(/PRIVATE|apiV3Key/);
  });
});
