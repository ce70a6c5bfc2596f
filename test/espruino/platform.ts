/**
 * The other end for the interpreter's tests: the real platform server on embedded PostgreSQL and the strict
 * provider sandbox, with one merchant and one device. The same parts as `npm start`; only the module differs.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startServer, type RunningServer } from '../../server/app';
import { wipeCluster } from '../../server/db/cluster';
import { systemClock } from '../../server/time';
import { startSandbox, type Sandbox } from '../../sim/providers';

export interface Platform {
  readonly server: RunningServer;
  readonly sandbox: Sandbox;
  readonly deviceId: string;
  readonly deviceKeyHex: string;
  /** Pays an order as the customer's phone would. */
  pay(url: string): Promise<void>;
  stop(): Promise<void>;
}

const DEVICE_ID = 'CSREAL01';

/** Starts everything in an empty folder; `stop` leaves nothing behind but the folder. */
export async function startPlatform(folder: string): Promise<Platform> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const dataDir = path.join(folder, 'server');
  const sandbox = await startSandbox({ port: 0, dataFolder: path.join(folder, 'sandbox') });
  const server = await startServer({
    dataDir,
    httpPort: 0,
    gatewayPort: 0,
    gatewayHost: '127.0.0.1',
    wechatUrl: sandbox.url,
    alipayUrl: sandbox.url,
    logLevel: 'fatal',
    // As fast as the module can; the limit itself is tested elsewhere.
    limits: { ordersPerWindow: 100_000 },
    say: () => {},
  });
  const deviceKeyHex = randomBytes(16).toString('hex');
  await register(server, sandbox, deviceKeyHex);
  return {
    server,
    sandbox,
    deviceId: DEVICE_ID,
    deviceKeyHex,
    pay: (url) => payInWallet(sandbox.walletUrl, url),
    stop: async () => {
      await server.stop();
      await sandbox.close();
      await wipeCluster({ dataDir, clock: systemClock });
    },
  };
}

async function register({ core }: RunningServer, { demoMerchant }: Sandbox, keyHex: string): Promise<void> {
  const nowMs = systemClock.nowMs();
  const merchant = await core.merchants.add({ name: demoMerchant.name }, nowMs);
  const { wechat, alipay } = demoMerchant;
  const parameters = {
    wechat: {
      mchid: wechat.mchId,
      appid: wechat.appId,
      merchantSerial: wechat.merchantSerialNo,
      merchantPrivateKey: wechat.merchantPrivateKeyPem,
      apiV3Key: wechat.apiV3Key,
      verification: 'publicKey',
      platformPublicKeyId: wechat.platformPublicKeyId,
      platformPublicKey: wechat.platformPublicKeyPem,
    },
    alipay: {
      appId: alipay.appId,
      sellerId: alipay.sellerId,
      appPrivateKey: alipay.appPrivateKeyPem,
      verification: 'publicKey',
      alipayPublicKey: alipay.alipayPublicKeyPem,
    },
  };
  for (const channel of ['wechat', 'alipay'] as const) {
    const result = await core.merchants.setParameters(merchant.id, channel, parameters[channel], nowMs);
    if (!result.ok) throw new Error(`payment parameters of ${channel}: ${result.message}`);
  }
  const key = Buffer.from(keyHex, 'hex');
  const device = { id: DEVICE_ID, merchantId: merchant.id, name: 'interpreter', key, maxAmountFen: 100_000 };
  await core.devices.add(device, nowMs);
}

async function payInWallet(walletUrl: string, url: string): Promise<void> {
  for (const action of ['open', 'pay']) {
    const answer = await fetch(`${walletUrl}/api/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url }),
    });
    if (!answer.ok) throw new Error(`the wallet would not ${action} ${url}: ${await answer.text()}`);
  }
}
