/**
 * The server's services on a real database, with the strict sandbox behind them, on a clock that a test moves from
 * day to day. Nothing runs by itself: the test performs orders' tasks and looks at bills.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { makeLog, openCore, type Core } from '../../../server/core';
import { audit } from '../../../server/orders/audit';
import type { Order } from '../../../server/orders/model';
import { TaskRunner, type Providers } from '../../../server/orders/tasks';
import { createProvider, readParameters, type Channel, type Provider } from '../../../server/providers';
import type { Settlement } from '../../../server/reconciliation/settle';
import { startSandbox, type MerchantParameters, type Sandbox } from '../../../sim/providers';
import type { Clock, Timer } from '../../../sim/time/clock';
import { testDatabase } from '../support/cluster';
import { parametersFor } from '../support/sandbox-merchant';

export const DAY_MS = 86_400_000;
export const DEVICE = 'CS000001';

/** The machine's clock, moved: time goes on by itself, and in leaps when told. */
export class LeapingClock implements Clock {
  private leapMs = 0;

  nowMs(): number {
    return Date.now() + this.leapMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const handle = setTimeout(callback, delayMs);
    return { dueMs: this.nowMs() + delayMs, handle } as Timer;
  }

  clearTimer(timer: Timer | undefined): void {
    clearTimeout((timer as { handle?: NodeJS.Timeout } | undefined)?.handle);
  }

  leapTo(timeMs: number): void {
    this.leapMs = timeMs - Date.now();
  }

  leap(durationMs: number): void {
    this.leapMs += durationMs;
  }
}

/** Midnight in China, once for all tests of a file: it may pass while they run. */
const TODAY_MS = Math.floor((Date.now() + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000;

/** A time of a day in China, 30 days before now and later: the queue's own clock sees all of it as past. */
export function chinaTime(day: number, hour: number): number {
  return TODAY_MS - 30 * DAY_MS + day * DAY_MS + hour * 3_600_000;
}

export const dayName = (timeMs: number): string =>
  new Date(timeMs + 8 * 3_600_000).toISOString().slice(0, 10);

export class BillBench {
  readonly clock = new LeapingClock();
  sandbox!: Sandbox;
  merchant!: MerchantParameters;
  core!: Core;
  tasks!: TaskRunner;
  merchantId = 0;
  /** The merchant's own provider account, as he uses it past us. */
  desk!: Provider;
  /** Changes what the server's provider says. */
  spoil: (provider: Provider) => Provider = (provider) => provider;
  /** What differences came to, in the order in which whoever watches heard it. */
  readonly settled: [string, string, Settlement][] = [];
  private number = 0;
  private readonly dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-bills-'));
  private databaseUrl = '';

  constructor(readonly channel: Channel) {}

  async start(): Promise<this> {
    this.clock.leapTo(chinaTime(0, 12));
    this.databaseUrl = await testDatabase();
    this.sandbox = await startSandbox({
      clock: this.clock,
      seed: 5,
      settings: { refundDelayMs: 0, refundIntervalMs: 0, retryScale: 0.001 },
    });
    this.merchant = this.sandbox.demoMerchant;
    this.desk = this.provider(this.merchant);
    this.core = await this.open();
    const merchant = await this.core.merchants.add(
      { name: 'Tea', uncertainPolicy: 'person' },
      this.clock.nowMs(),
    );
    this.merchantId = merchant.id;
    const checked = await this.core.merchants.setParameters(
      merchant.id,
      this.channel,
      parametersFor(this.channel, this.merchant),
      Math.round(this.clock.nowMs()),
    );
    if (!checked.ok) throw new Error(checked.message);
    const key = Buffer.alloc(16, 1);
    await this.core.devices.add(
      { id: DEVICE, merchantId: merchant.id, name: '', key, maxAmountFen: 50_000 },
      1,
    );
    return this;
  }

  /** The services once more, as another process would open them. */
  async open(): Promise<Core> {
    const { clock } = this;
    let core: Core | undefined = undefined;
    const providers: Providers = {
      get: async (merchantId, channel) => {
        const stored = await core!.merchants.parameters(merchantId, channel);
        return stored && this.spoil(createProvider(channel, stored.parameters, this.options()));
      },
    };
    core = await openCore({
      databaseUrl: this.databaseUrl,
      dataDir: this.dataDir,
      clock,
      log: makeLog(process.env.TEST_LOG ?? 'silent'),
      maxConnections: 4,
      providerTimeoutMs: 30_000,
      providers,
      wechatUrl: this.sandbox.url,
      alipayUrl: this.sandbox.url,
      billWatcher: {
        settled: ({ kind, outTradeNo }, settlement) => void this.settled.push([kind, outTradeNo, settlement]),
        looked: () => undefined,
      },
    });
    const notifyUrl = (): string => 'http://127.0.0.1:9/nowhere';
    const tasks = new TaskRunner({ ...core, providers, clock, notifyUrl });
    this.tasks = tasks;
    core.service.connect({ tell: () => undefined }, { act: (outTradeNo) => this.acting.push(outTradeNo) });
    return core;
  }

  private readonly acting: string[] = [];

  provider(merchant: MerchantParameters): Provider {
    const form = readParameters(this.channel, parametersFor(this.channel, merchant));
    if (!form.ok) throw new Error(form.fields.join());
    return createProvider(this.channel, form.parameters, this.options());
  }

  /** Makes the calls that orders wait for, until none wait. */
  async act(): Promise<void> {
    for (let next = this.acting.shift(); next; next = this.acting.shift())
      await this.tasks.perform(next, true);
  }

  /** An order whose code is with the customer. */
  async order(amountFen = 150): Promise<string> {
    const n = (this.number += 1);
    const device = (await this.core.database.db
      .selectFrom('devices')
      .select('session')
      .where('id', '=', DEVICE)
      .executeTakeFirstOrThrow()) as { session: number };
    await this.core.service.open({
      deviceId: DEVICE,
      n,
      channel: this.channel,
      amountFen,
      ttlS: 300,
      reference: `r${n}`,
      goods: '可乐, one can',
      session: device.session,
    });
    await this.act();
    return `${DEVICE}_${n}`;
  }

  /** The customer pays; the server does not hear of it here. */
  async pay(outTradeNo: string): Promise<void> {
    const { codeUrl } = await this.find(outTradeNo);
    const result = this.sandbox.model.wallet.pay(codeUrl);
    if (!result.ok) throw new Error(result.reason);
  }

  /** Paid and known to be. */
  async paid(amountFen = 150): Promise<string> {
    const outTradeNo = await this.order(amountFen);
    await this.pay(outTradeNo);
    await this.tasks.look(outTradeNo);
    return outTradeNo;
  }

  async delivered(amountFen = 150): Promise<string> {
    const outTradeNo = await this.paid(amountFen);
    await this.core.service.apply(outTradeNo, 'gateway', { type: 'offer', session: 1 });
    await this.core.service.apply(outTradeNo, 'device', { type: 'endDispensed', reason: 0, text: '' });
    return outTradeNo;
  }

  /** The merchant gives money back at the provider's own desk. */
  async refundAtDesk(outTradeNo: string, refundFen: number, number: string): Promise<void> {
    const { paidFen, amountFen } = await this.find(outTradeNo);
    const outcome = await this.desk.refund({
      outTradeNo,
      outRefundNo: number,
      refundFen,
      totalFen: paidFen || amountFen,
      reason: 'sorry',
    });
    if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome));
  }

  async find(outTradeNo: string): Promise<Order> {
    return (await this.core.store.find(outTradeNo))!;
  }

  /** Everything that must not change when a bill is looked at again. */
  async books(): Promise<unknown> {
    const { db } = this.core.database;
    return {
      events: await db.selectFrom('orderEvents').selectAll().orderBy('id').execute(),
      lines: await db.selectFrom('ledgerLines').selectAll().orderBy('id').execute(),
      differences: await db.selectFrom('differences').selectAll().orderBy('id').execute(),
    };
  }

  async violations(): Promise<number> {
    return (await audit(this.core.database.db, this.clock.nowMs())).violations;
  }

  async stop(): Promise<void> {
    await this.core.close();
    await this.sandbox.close();
    fs.rmSync(this.dataDir, { recursive: true });
  }

  private options(): Parameters<typeof createProvider>[2] {
    return { baseUrl: this.sandbox.url, clock: this.clock, httpTimeoutMs: 30_000 };
  }
}
