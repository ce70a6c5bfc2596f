/** A whole server on the run's PostgreSQL, with one merchant, one device and a provider under the test's hand. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { startServer, type RunningServer, type ServerOptions } from '../../../server/app';
import type { Actor } from '../../../server/admin/actor';
import { testDatabase } from './cluster';
import { TestDevice } from './device';
import { FakeProvider } from './fake-provider';

export const OPERATOR: Actor = { name: 'test', merchantId: undefined };
export const OPERATOR_TOKEN = 'operator-token-of-the-tests';
export const DEVICE = 'CS000001';
export const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

export class ServerBench {
  readonly provider: FakeProvider;
  server!: RunningServer;
  merchantId = 0;
  readonly dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-server-'));
  private readonly devices: TestDevice[] = [];

  constructor(
    readonly databaseUrl: string,
    provider?: FakeProvider,
  ) {
    this.provider = provider ?? new FakeProvider();
  }

  /** A server on a database of its own, with its merchant and device. */
  static async start(options: Partial<ServerOptions> = {}): Promise<ServerBench> {
    const bench = new ServerBench(await testDatabase());
    await bench.run(options);
    const { core } = bench.server;
    const merchant = await core.merchants.add({ name: 'Tea' }, Date.now());
    bench.merchantId = merchant.id;
    await bench.switchOn(merchant.id);
    await core.devices.add(
      { id: DEVICE, merchantId: merchant.id, name: 'one', key: KEY, maxAmountFen: 10_000 },
      1,
    );
    return bench;
  }

  /** Another server process, as it were, on the same database and with the same provider. */
  async beside(options: Partial<ServerOptions> = {}): Promise<ServerBench> {
    const other = new ServerBench(this.databaseUrl, this.provider);
    fs.cpSync(this.dataDir, other.dataDir, { recursive: true });
    await other.run(options);
    other.merchantId = this.merchantId;
    return other;
  }

  async run(options: Partial<ServerOptions> = {}): Promise<void> {
    this.server = await startServer({
      dataDir: this.dataDir,
      databaseUrl: this.databaseUrl,
      logLevel: process.env.TEST_LOG ?? 'silent',
      apiToken: OPERATOR_TOKEN,
      dbConnections: 8,
      providers: { get: async () => this.provider },
      ...options,
    });
  }

  /** Switches WeChat Pay on for a merchant, without parameters to check. */
  async switchOn(merchantId: number): Promise<void> {
    await this.server.core.database.db
      .insertInto('channels')
      .values({
        merchantId,
        channel: 'wechat',
        isEnabled: true,
        sealedParameters: 'none',
        version: 1,
        updatedAtMs: 1,
      })
      .execute();
  }

  async connect(id = DEVICE, key = KEY): Promise<TestDevice> {
    const device = await TestDevice.connect(this.server.gatewayPort, id, key);
    this.devices.push(device);
    return device;
  }

  async greeted(open: readonly (readonly [number, number])[] = []): Promise<TestDevice> {
    return (await this.connect()).greet(open);
  }

  notify(outTradeNo: string, merchantId = this.merchantId): Promise<Response> {
    return fetch(`${this.server.httpUrl}/notify/wechat/${merchantId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', signature: 'good' },
      body: this.provider.notification(outTradeNo).body,
    });
  }

  /** A request to the admin API. */
  async api(
    method: string,
    path: string,
    body?: unknown,
    token = OPERATOR_TOKEN,
  ): Promise<{ status: number; body: Record<string, unknown> & Record<number, Record<string, unknown>> }> {
    const response = await fetch(`${this.server.httpUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as never };
  }

  async stop(): Promise<void> {
    for (const device of this.devices) device.socket.destroy();
    await this.server.stop();
    fs.rmSync(this.dataDir, { recursive: true });
  }
}
