/**
 * The whole product on this machine: provider sandbox with wallet, platform server on embedded PostgreSQL, and a
 * payment module with a maker's machine on its serial port. Sets up what a person would set up once: merchant,
 * payment parameters, device, provisioning.
 * Invariant: `stop` ends everything that `start` began, in whatever state it was.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { buildFirmware } from '../../scripts/build/build';
import { type RunningServer, startServer } from '../../server/app';
import { wipeCluster } from '../../server/db/cluster';
import { systemClock } from '../../server/time';
import { HostType } from '../../src/protocol/host';
import { FileStore } from '../flash';
import type { ModemWatch } from '../modem/watch';
import { RealNetwork } from '../network/real-network';
import { startSandbox, type Sandbox } from '../providers';
import { RealClock } from '../time/clock';
import { Random } from '../time/random';
import { Machine } from './machine';
import { journalBytes, VirtualModule } from './module';

export interface ProductOptions {
  readonly dataDir: string;
  readonly isFresh: boolean;
  readonly watch?: ModemWatch;
  /** What is being done, for whoever waits. */
  readonly say: (text: string) => void;
  readonly onRelay?: (relay: number, isOn: boolean, atMs: number) => void;
  readonly onConsole?: (line: string) => void;
}

export interface Product {
  readonly clock: RealClock;
  readonly sandbox: Sandbox;
  readonly server: RunningServer;
  readonly module: VirtualModule;
  readonly machine: Machine;
  readonly network: RealNetwork;
  readonly deviceId: string;
  /** Name of relay 1's pin. */
  readonly relayPin: string;
  readonly bundleBytes: number;
  stop(): Promise<void>;
}

/** Made at the first start, kept in the data folder. */
interface Bench {
  readonly deviceId: string;
  readonly deviceKeyHex: string;
  readonly seed: number;
}

const PROFILE = 'espruino-wifi';
/** The name under which the module knows its server; the simulated network leads it to this machine. */
const GATEWAY_NAME = 'gateway.coinslot.example';
const GATEWAY_PORT = 7001;
const SERVER_HTTP_PORT = 7080;
const SANDBOX_PORT = 7070;
const LINK_UP_LIMIT_MS = 60_000;

export async function startProduct(options: ProductOptions): Promise<Product> {
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await assemble(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  options: ProductOptions,
  undo: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Product> {
  const { dataDir, say } = options;
  const serverDir = path.join(dataDir, 'server');
  if (options.isFresh) {
    if (existsSync(serverDir)) await wipeCluster({ dataDir: serverDir, clock: systemClock });
    rmSync(dataDir, { recursive: true, force: true });
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const bench = openBench(dataDir);
  const clock = new RealClock();

  say('building the firmware');
  const firmware = await buildFirmware(PROFILE);
  say('starting the payment sandbox (WeChat Pay and Alipay)');
  const sandbox = await startSandbox({
    port: await portNear(SANDBOX_PORT, 'sandbox', say),
    dataFolder: path.join(dataDir, 'sandbox'),
  });
  undo.push(() => sandbox.close());
  say('starting PostgreSQL and the platform server');
  const server = await startServer({
    dataDir: serverDir,
    httpPort: await portNear(SERVER_HTTP_PORT, 'server', say),
    gatewayPort: await portNear(GATEWAY_PORT, 'gateway', say),
    gatewayHost: '127.0.0.1',
    wechatUrl: sandbox.url,
    alipayUrl: sandbox.url,
    logLevel: 'fatal',
    say,
  });
  undo.push(() => server.stop());
  await setUpServer(server, sandbox, bench, say);

  say('switching on the payment module');
  const network = new RealNetwork({ clock, table: { [GATEWAY_NAME]: `127.0.0.1:${server.gatewayPort}` } });
  const store = new FileStore(path.join(dataDir, 'flash.bin'), journalBytes(firmware));
  undo.push(() => store.close());
  const module = new VirtualModule({
    firmware,
    clock,
    random: new Random(bench.seed),
    store,
    network,
    ...(options.watch && { watch: options.watch }),
    ...(options.onRelay && { onRelay: options.onRelay }),
    ...(options.onConsole && { onConsole: options.onConsole }),
  });
  undo.push(() => module.cutPower());
  const machine = new Machine(module.host, clock);
  await switchOn(module, machine, bench, say);
  return {
    clock,
    sandbox,
    server,
    module,
    machine,
    network,
    deviceId: bench.deviceId,
    relayPin: firmware.profile.relays[0]!,
    bundleBytes: firmware.bytes,
    stop,
  };
}

/** Merchant with the sandbox's parameters, and the device; only what is not there yet. */
async function setUpServer(
  { core }: RunningServer,
  { demoMerchant }: Sandbox,
  bench: Bench,
  say: (text: string) => void,
): Promise<void> {
  if (await core.devices.find(bench.deviceId)) return;
  say('registering a merchant, its payment parameters and the device');
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
  await core.devices.add(
    {
      id: bench.deviceId,
      merchantId: merchant.id,
      name: 'Demo',
      key: Buffer.from(bench.deviceKeyHex, 'hex'),
      maxAmountFen: 100_000,
    },
    nowMs,
  );
}

/** Power, provisioning when the module is new, and the link. */
async function switchOn(
  module: VirtualModule,
  machine: Machine,
  bench: Bench,
  say: (text: string) => void,
): Promise<void> {
  const booted = machine.waitFor(HostType.Info, () => true, LINK_UP_LIMIT_MS);
  module.powerOn();
  const info = await booted;
  const isReady = machine.waitFor(HostType.Signal, (signal) => signal.link === 10, LINK_UP_LIMIT_MS);
  if (info.deviceId === '') {
    say('provisioning the module');
    const identity = {
      id: bench.deviceId,
      key: bench.deviceKeyHex,
      host: GATEWAY_NAME,
      port: GATEWAY_PORT,
      apn: 'cmnet',
    };
    await machine.request(HostType.Provision, { json: JSON.stringify(identity) });
  }
  say('the modem looks for its network and connects');
  await isReady;
}

function openBench(dataDir: string): Bench {
  const file = path.join(dataDir, 'bench.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Bench;
  const bench: Bench = {
    deviceId: 'CS000001',
    deviceKeyHex: randomBytes(16).toString('hex'),
    seed: randomBytes(4).readUInt32LE(),
  };
  writeFileSync(file, JSON.stringify(bench), { mode: 0o600 });
  return bench;
}

/** The wanted port when it is free, else any, and says so. */
async function portNear(wanted: number, what: string, say: (text: string) => void): Promise<number> {
  const isFree = await new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(wanted, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
  if (!isFree) say(`port ${wanted} is taken: the ${what} gets another one`);
  return isFree ? wanted : 0;
}
