/**
 * Both providers against the strict sandbox (sim/providers), which was written from the providers' documents
 * without a look at this client. Virtual time, real HTTP on loopback, all signatures real on both sides.
 */
import {
  checkParameters,
  type CheckResult,
  createProvider,
  readParameters,
  type Channel,
  type Notification,
  type Outcome,
  type Provider,
  type ProviderOptions,
} from '../../../server/providers';
import {
  newPlatformKeys,
  startSandbox,
  type FaultKind,
  type MerchantParameters,
  type Sandbox,
} from '../../../sim/providers';
import { VirtualClock } from '../../../sim/time/clock';
import { parametersFor } from '../support/sandbox-merchant';
import { LoopbackPeer, type RecordedRequest } from './loopback';

const DAY_MS = 86_400_000;
const MODES: [Channel, 'publicKey' | 'certificate'][] = [
  ['wechat', 'publicKey'],
  ['wechat', 'certificate'],
  ['alipay', 'publicKey'],
  ['alipay', 'certificate'],
];

/** Collects notifications, and lets a test wait for the next without a timer. */
class Mailbox extends LoopbackPeer {
  accepts = true;
  private readonly arrived: RecordedRequest[] = [];
  private waiting: ((request: RecordedRequest) => void) | undefined;
  provider: Provider | undefined;

  override responder = (request: RecordedRequest): { status: number; body: string } => {
    if (this.waiting) this.waiting(request);
    else this.arrived.push(request);
    this.waiting = undefined;
    return this.provider!.notificationReply(this.accepts);
  };

  async next(): Promise<Outcome<Notification>> {
    const request =
      this.arrived.shift() ?? (await new Promise<RecordedRequest>((resolve) => (this.waiting = resolve)));
    return this.provider!.readNotification({ headers: request.headers, body: request.body });
  }

  clear(): void {
    this.arrived.length = 0;
    this.waiting = undefined;
  }
}

describe.each(MODES)('%s, %s mode', (channel, mode) => {
  const clock = new VirtualClock();
  const mailbox = new Mailbox();
  let sandbox: Sandbox;
  let merchant: MerchantParameters;
  let provider: Provider;
  let options: ProviderOptions;
  let notifyUrl: string;
  let number = 0;

  const newTrade = (amountFen = 150): Parameters<Provider['create']>[0] => ({
    outTradeNo: `CS000001_${(number += 1)}`,
    amountFen,
    description: '可乐, one can',
    expiresAtMs: clock.nowMs() + 300_000,
    notifyUrl,
  });

  /** Opens a trade and its code in the wallet; gives the number and the code. */
  async function open(amountFen?: number): Promise<{ outTradeNo: string; codeUrl: string }> {
    const trade = newTrade(amountFen);
    const created = await provider.create(trade);
    if (created.kind !== 'ok') throw new Error(JSON.stringify(created));
    expect(sandbox.model.wallet.open(created.value.codeUrl).ok).toBe(true);
    return { outTradeNo: trade.outTradeNo, codeUrl: created.value.codeUrl };
  }

  async function openAndPay(amountFen?: number): Promise<string> {
    const { outTradeNo, codeUrl } = await open(amountFen);
    expect(sandbox.model.wallet.pay(codeUrl).ok).toBe(true);
    clock.advance(1000);
    expect((await mailbox.next()).kind).toBe('ok');
    return outTradeNo;
  }

  beforeAll(async () => {
    const platformKeys = await newPlatformKeys(clock.nowMs());
    sandbox = await startSandbox({ clock, seed: 7, platformKeys, settings: { billDelayMs: -DAY_MS } });
    merchant = await sandbox.createMerchant({ wechatMode: mode, alipayMode: mode });
    options = { baseUrl: sandbox.url, clock, httpTimeoutMs: 30_000 };
    const form = readParameters(channel, parametersFor(channel, merchant));
    if (!form.ok) throw new Error(form.fields.join());
    provider = createProvider(channel, form.parameters, options);
    mailbox.provider = provider;
    notifyUrl = `${await mailbox.start()}/notify`;
  });
  afterAll(async () => {
    await sandbox.close();
    await mailbox.stop();
  });
  afterEach(() => {
    sandbox.model.faults.clear();
    mailbox.accepts = true;
    mailbox.clear();
  });

  const check = (candidate: object): Promise<CheckResult> =>
    checkParameters(channel, candidate, options, notifyUrl);

  test('its parameters pass the check', async () => {
    expect(await check(parametersFor(channel, merchant))).toEqual({ ok: true });
  });

  test('another merchant’s application or seller is told', async () => {
    const other = await sandbox.createMerchant({ wechatMode: mode, alipayMode: mode });
    const field = channel === 'wechat' ? 'appid' : 'sellerId';
    const mixed = { ...parametersFor(channel, merchant), [field]: parametersFor(channel, other)[field] };
    const outcome = await check(mixed);
    expect(outcome).toMatchObject({ ok: false, code: 'CHECK_CALL_REFUSED' });
    expect(outcome.ok === false && outcome.message).toContain(`Look at ${field}`);
  });

  test('a merchant’s parameters with another merchant’s key do not pass', async () => {
    const other = await sandbox.createMerchant({ wechatMode: mode, alipayMode: mode });
    const key = channel === 'wechat' ? 'merchantPrivateKey' : 'appPrivateKey';
    const mixed = { ...parametersFor(channel, merchant), [key]: parametersFor(channel, other)[key] };
    delete (mixed as { merchantCertificate?: unknown }).merchantCertificate;
    const outcome = await check(mixed);
    const isPairKnown = channel === 'alipay' && mode === 'certificate';
    expect(outcome).toMatchObject({
      ok: false,
      code: isPairKnown ? 'KEY_PAIR_MISMATCH' : 'CHECK_CALL_REFUSED',
    });
  });

  test('an order is opened, scanned, paid, told of and found', async () => {
    const trade = newTrade();
    const created = await provider.create(trade);
    expect(created).toMatchObject({ kind: 'ok' });
    const { codeUrl } = (created as { value: { codeUrl: string } }).value;
    const before = await provider.query(trade.outTradeNo);
    expect(before).toMatchObject({
      kind: 'ok',
      value: { state: channel === 'wechat' ? 'WAITING' : 'NOT_FOUND' },
    });
    sandbox.model.wallet.open(codeUrl);
    expect(await provider.query(trade.outTradeNo)).toMatchObject({ kind: 'ok', value: { state: 'WAITING' } });
    expect(sandbox.model.wallet.pay(codeUrl).ok).toBe(true);
    clock.advance(1000);
    const told = await mailbox.next();
    const found = await provider.query(trade.outTradeNo);
    const report = sandbox.trade(trade.outTradeNo, channel)!;
    expect(found).toMatchObject({
      kind: 'ok',
      value: {
        outTradeNo: trade.outTradeNo,
        state: 'PAID',
        providerState: report.providerState,
        amountFen: 150,
      },
    });
    expect(told).toMatchObject({ kind: 'ok', value: { trade: (found as { value: object }).value } });
  });

  test('the same order again gives a code again; with another amount it is refused', async () => {
    const trade = newTrade();
    expect((await provider.create(trade)).kind).toBe('ok');
    expect((await provider.create(trade)).kind).toBe('ok');
    if (channel === 'wechat') {
      const other = await provider.create({ ...trade, amountFen: 151 });
      expect(other).toMatchObject({ kind: 'refused', code: 'OUT_TRADE_NO_USED' });
    }
  });

  test('an order that nobody opened is not found', async () => {
    expect(await provider.query('CS999999_1')).toMatchObject({ kind: 'ok', value: { state: 'NOT_FOUND' } });
  });

  test('an open order is closed, and closing again is no harm', async () => {
    const { outTradeNo, codeUrl } = await open();
    expect(await provider.close(outTradeNo)).toEqual({ kind: 'ok', value: undefined });
    expect((await provider.close(outTradeNo)).kind).toBe('ok');
    expect(await provider.query(outTradeNo)).toMatchObject({ kind: 'ok', value: { state: 'CLOSED' } });
    expect(sandbox.model.wallet.pay(codeUrl).ok).toBe(false);
  });

  test('a paid order is not closed', async () => {
    const outTradeNo = await openAndPay();
    expect(await provider.close(outTradeNo)).toMatchObject({ kind: 'refused', code: 'ORDERPAID' });
  });

  test('an order past its time cannot be paid', async () => {
    const { outTradeNo, codeUrl } = await open();
    clock.advance(301_000);
    expect(sandbox.model.wallet.pay(codeUrl).ok).toBe(false);
    // WeChat keeps it open until it is closed; Alipay closes it by itself.
    expect((await provider.close(outTradeNo)).kind).toBe('ok');
    expect(await provider.query(outTradeNo)).toMatchObject({ kind: 'ok', value: { state: 'CLOSED' } });
  });

  test('a refund in two parts, each repeated, is given back once each', async () => {
    const outTradeNo = await openAndPay();
    for (const [index, refundFen] of [100, 50].entries()) {
      const request = {
        outTradeNo,
        outRefundNo: `${outTradeNo}_r${index}`,
        refundFen,
        totalFen: 150,
        reason: '未出货',
      };
      expect(await provider.queryRefund(outTradeNo, request.outRefundNo)).toMatchObject({
        kind: 'ok',
        value: { state: 'NOT_FOUND' },
      });
      for (let round = 0; round < 2; round += 1) {
        expect(await provider.refund(request)).toMatchObject({ kind: 'ok', value: { refundFen } });
      }
      clock.advance(61_000);
      expect(await provider.queryRefund(outTradeNo, request.outRefundNo)).toMatchObject({
        kind: 'ok',
        value: { state: 'SUCCESS', refundFen },
      });
    }
    expect(sandbox.trade(outTradeNo, channel)).toMatchObject({ refundedFen: 150 });
    expect(await provider.query(outTradeNo)).toMatchObject({ kind: 'ok', value: { state: 'REFUNDED' } });
  });

  test('a refund of more than was paid, and of what was never paid, is refused', async () => {
    const outTradeNo = await openAndPay();
    const request = {
      outTradeNo,
      outRefundNo: `${outTradeNo}_r`,
      refundFen: 200,
      totalFen: 200,
      reason: 'x',
    };
    expect((await provider.refund(request)).kind).toBe('refused');
    const missing = { ...request, outTradeNo: 'CS999999_2', refundFen: 100 };
    expect(await provider.refund(missing)).toMatchObject({ kind: 'refused', code: 'TRADE_NOT_FOUND' });
    expect(sandbox.trade(outTradeNo, channel)).toMatchObject({ refundedFen: 0 });
  });

  test('a refund that the merchant’s balance cannot bear may be tried again', async () => {
    const outTradeNo = await openAndPay();
    const account = channel === 'wechat' ? merchant.wechat.mchId : merchant.alipay.appId;
    const accountId = channel === 'wechat' ? account : merchantIdOf(sandbox, merchant);
    sandbox.model.settle(channel, accountId);
    const request = {
      outTradeNo,
      outRefundNo: `${outTradeNo}_r`,
      refundFen: 150,
      totalFen: 150,
      reason: 'x',
    };
    expect(await provider.refund(request)).toMatchObject({
      kind: 'refused',
      code: 'BALANCE_NOT_ENOUGH',
      retry: true,
    });
  });

  test('the bill has every payment and refund of the day', async () => {
    const day = new Date(clock.nowMs() + 8 * 3_600_000).toISOString().slice(0, 10);
    const outTradeNo = await openAndPay(333);
    const request = { outTradeNo, outRefundNo: `${outTradeNo}_r`, refundFen: 33, totalFen: 333, reason: 'x' };
    expect((await provider.refund(request)).kind).toBe('ok');
    clock.advance(5000);
    const bill = await provider.bill(day);
    expect(bill.kind).toBe('ok');
    const lines = bill.kind === 'ok' ? bill.value.filter((line) => line.outTradeNo === outTradeNo) : [];
    const { transactionId } = ((await provider.query(outTradeNo)) as { value: { transactionId: string } })
      .value;
    expect(lines).toMatchObject([
      { kind: 'payment', amountFen: 333, transactionId },
      { kind: 'refund', amountFen: 33, outRefundNo: request.outRefundNo, transactionId },
    ]);
  });

  test('tomorrow’s bill is not there yet', async () => {
    const bill = await provider.bill('2099-01-01');
    expect(bill).toMatchObject({ kind: 'refused' });
  });

  const unsure = [
    'silence',
    'silenceDone',
    'reset',
    'resetDone',
    'unavailable',
    'unavailableDone',
    'systemError',
    'systemErrorDone',
    'badSignature',
  ] as const;
  test.each([...unsure, ...(channel === 'alipay' ? (['busy', 'busyDone'] as const) : [])])(
    'during %s every call is unknown, and the truth is found afterwards',
    async (kind) => {
      const httpTimeoutMs = kind.startsWith('silence') ? 2_000 : 30_000;
      const hasty = createProvider(channel, paramsOf(), { ...options, httpTimeoutMs });
      const { outTradeNo } = await open();
      const paid = await openAndPay();
      // The hasty client learns the platform's keys before the trouble starts.
      expect((await hasty.query(outTradeNo)).kind).toBe('ok');
      const fresh = newTrade();
      const refund = {
        outTradeNo: paid,
        outRefundNo: `${paid}_r`,
        refundFen: 150,
        totalFen: 150,
        reason: 'x',
      };
      sandbox.model.faults.add({ kind, channel });
      const outcomes = await Promise.all([
        hasty.create(fresh),
        hasty.query(outTradeNo),
        hasty.close(outTradeNo),
        hasty.refund(refund),
        hasty.queryRefund(paid, refund.outRefundNo),
      ]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(Array(5).fill('unknown'));
      sandbox.model.faults.clear();
      clock.advance(61_000);
      const isDone = kind.endsWith('Done') || kind === 'badSignature';
      expect(await provider.query(outTradeNo)).toMatchObject({
        kind: 'ok',
        value: { state: isDone ? 'CLOSED' : 'WAITING' },
      });
      expect(await provider.queryRefund(paid, refund.outRefundNo)).toMatchObject({
        kind: 'ok',
        value: { state: isDone ? 'SUCCESS' : 'NOT_FOUND' },
      });
    },
  );

  test('too many calls are refused for now', async () => {
    sandbox.model.faults.add({ kind: 'frequencyLimited', channel });
    expect(await provider.create(newTrade())).toMatchObject({
      kind: 'refused',
      code: 'RATE_LIMITED',
      retry: true,
    });
  });

  test('a notification that was not accepted comes again, the same', async () => {
    mailbox.accepts = false;
    const { codeUrl } = await open();
    sandbox.model.wallet.pay(codeUrl);
    clock.advance(1000);
    const first = await mailbox.next();
    mailbox.accepts = true;
    // The refusal reaches the sandbox over a real socket: wait until it has planned the next attempt.
    for (let tries = 0; tries < 50 && clock.nextDueMs() === undefined; tries += 1)
      await new Promise(setImmediate);
    const again = mailbox.next();
    const pump = setInterval(() => clock.advance(60_000), 5);
    expect(await again).toEqual(first);
    clearInterval(pump);
  });

  /** A forger's notification comes beside the genuine one, in any order. */
  async function payWithForgery(
    kind: FaultKind,
  ): Promise<{ outTradeNo: string; outcomes: Outcome<Notification>[] }> {
    sandbox.model.faults.add({ kind, channel, times: 1 });
    const { outTradeNo, codeUrl } = await open();
    sandbox.model.wallet.pay(codeUrl);
    clock.advance(1000);
    const outcomes = [await mailbox.next(), await mailbox.next()];
    return { outTradeNo, outcomes };
  }

  test.each([
    ['noticeForgedSignature', 'NOTIFICATION_SIGNATURE_WRONG'],
    ['noticeForgedMerchant', 'NOTIFICATION_FOREIGN'],
    ...(channel === 'wechat' ? [['noticeStale', 'NOTIFICATION_STALE'] as const] : []),
  ] as const)('%s is refused, the genuine one beside it taken', async (kind, code) => {
    const { outTradeNo, outcomes } = await payWithForgery(kind);
    expect(outcomes).toContainEqual(expect.objectContaining({ kind: 'refused', code }));
    expect(outcomes).toContainEqual(
      expect.objectContaining({
        kind: 'ok',
        value: expect.objectContaining({ trade: expect.objectContaining({ outTradeNo, amountFen: 150 }) }),
      }),
    );
  });

  test('a wrong amount is handed on for the ledger to see', async () => {
    const { outcomes } = await payWithForgery('noticeForgedAmount');
    const amounts = outcomes.map((outcome) => (outcome.kind === 'ok' ? outcome.value.trade!.amountFen : 0));
    expect(amounts).toHaveLength(2);
    expect(amounts).toContain(150);
    expect(amounts.filter((amountFen) => amountFen !== 150 && amountFen! > 0)).toHaveLength(1);
  });

  function paramsOf(): Parameters<typeof createProvider>[1] {
    const form = readParameters(channel, parametersFor(channel, merchant));
    if (!form.ok) throw new Error(form.fields.join());
    return form.parameters;
  }

  if (channel === 'wechat' && mode === 'publicKey') {
    test('a merchant without certificates is told to use the public key', async () => {
      const { platformPublicKey, platformPublicKeyId, ...rest } = parametersFor(channel, merchant);
      expect([platformPublicKey, platformPublicKeyId]).not.toContain(undefined);
      const outcome = await check({ ...rest, verification: 'certificates' });
      expect(outcome).toMatchObject({ ok: false, code: 'PLATFORM_CERTIFICATES_NONE' });
    });
  }

  if (channel === 'wechat' && mode === 'certificate') {
    test('platform certificates are announced, switched and retired without a break', async () => {
      for (const phase of ['announce', 'switch', 'retire'] as const) {
        await sandbox.keys.rotate(phase, clock.nowMs());
        clock.advance(61_000);
        const outTradeNo = await openAndPay();
        expect(await provider.query(outTradeNo)).toMatchObject({ kind: 'ok', value: { state: 'PAID' } });
      }
    });
  }
});

/** The account that Alipay keeps for this merchant in the sandbox's book. */
function merchantIdOf(sandbox: Sandbox, merchant: MerchantParameters): string {
  for (const account of sandbox.model.book.all('merchants')) {
    if (account.channel === 'alipay' && account.appId === merchant.alipay.appId) return account.merchantId;
  }
  throw new Error('no such merchant');
}
