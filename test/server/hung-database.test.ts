/**
 * A PostgreSQL that hangs instead of being gone: its processes are stopped (SIGSTOP), their connections stay. The
 * server is a process of its own with an embedded PostgreSQL of its own: the one of the other tests goes on.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { wipeCluster } from '../../server/db/cluster';
import { readPlace } from '../../server/db/place';
import { isRunning, readPidFile } from '../../server/db/postmaster';
import { systemClock } from '../../server/time';
import { startSandbox, type Sandbox } from '../../sim/providers';
import { TestDevice } from './support/device';
import { parametersFor } from './support/sandbox-merchant';
import { until } from './support/until';

const ROOT = path.resolve(__dirname, '../..');
const TOKEN = 'operator-token-of-the-tests';
const DEVICE = 'CS000001';
/** Makes one of the process's times shorter: the 30 seconds that a stop may take are three. */
const HURRY = `const set = setTimeout; globalThis.setTimeout = (work, ms, ...more) => set(work, ms === 30000 ? 3000 : ms, ...more);`;

let dataDir: string;
let child: ChildProcess;
let ended: Promise<number | null>;
let httpUrl: string;
let gatewayPort: number;
let complaints: string;
let sandbox: Sandbox;
let key: Buffer;

const postmaster = (): number => readPidFile(readPlace(dataDir)!.clusterDir)!.pid;

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return NaN; // It has ended since.
  }
}

/** PostgreSQL's processes: the first one and its children. */
function processes(): number[] {
  const first = postmaster();
  const numbers = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [first, ...numbers.filter((pid) => parentOf(pid) === first).map(Number)];
}

function signal(name: NodeJS.Signals): void {
  for (const pid of processes()) {
    try {
      process.kill(pid, name);
    } catch {
      // A worker that has ended since.
    }
  }
}

async function start(): Promise<void> {
  complaints = '';
  const hurry = path.join(dataDir, 'hurry.cjs');
  fs.writeFileSync(hurry, HURRY);
  child = spawn(process.execPath, ['--require', hurry, '--require', 'tsx/cjs', 'server/server.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      COINSLOT_DATA_DIR: dataDir,
      COINSLOT_API_TOKEN: TOKEN,
      COINSLOT_LOG_LEVEL: 'warn',
      COINSLOT_HTTP_PORT: '0',
      COINSLOT_GATEWAY_PORT: '0',
      COINSLOT_DTU_PORT: '0',
      COINSLOT_WECHAT_URL: sandbox.url,
      COINSLOT_ALIPAY_URL: sandbox.url,
    },
  });
  ended = new Promise((resolve) => child.on('exit', resolve));
  child.stderr!.on('data', (text) => (complaints += String(text)));
  const ready = await new Promise<{ httpUrl: string; gatewayPort: number }>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const said = JSON.parse(line) as { event?: string; httpUrl: string; gatewayPort: number };
      if (said.event === 'ready') resolve(said);
    });
    void ended.then((code) => reject(new Error(`ended with ${code}: ${complaints}`)));
  });
  ({ httpUrl, gatewayPort } = ready);
}

const statusOf = async (address: string): Promise<number> => (await fetch(httpUrl + address)).status;

async function api(method: string, address: string, body?: unknown): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const response = await fetch(`${httpUrl}/api/v1${address}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
}

const order = (n: number): Promise<Record<string, unknown>> => api('GET', `/orders/${DEVICE}_${n}`);

beforeAll(async () => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-hung-'));
  sandbox = await startSandbox({ seed: 3, settings: { retryScale: 0.001 } });
  await start();
  const { id } = await api('POST', '/merchants', { name: 'Tea' });
  await api(
    'PUT',
    `/merchants/${id as number}/channels/wechat`,
    parametersFor('wechat', sandbox.demoMerchant),
  );
  const device = await api('POST', '/devices', { id: DEVICE, merchantId: id });
  key = Buffer.from(device['key'] as string, 'hex');
});

afterAll(async () => {
  if (child.exitCode === null) {
    child.kill('SIGKILL');
    await ended;
  }
  await wipeCluster({ dataDir, clock: systemClock });
  await sandbox.close();
  fs.rmSync(dataDir, { recursive: true });
});

test('while it hangs: not ready, alive, devices wait; when it goes on, nothing is lost', async () => {
  const device = await (await TestDevice.connect(gatewayPort, DEVICE, key)).greet();
  device.pay(1, 150);
  const code = await device.hear('code', 1);
  expect(await statusOf('/readyz')).toBe(200);

  signal('SIGSTOP');
  expect(await statusOf('/readyz')).toBe(503);
  expect(await statusOf('/healthz')).toBe(200);
  expect(await statusOf('/metrics')).toBe(200);
  // The customer pays, the provider tells; the device asks for another order. Neither can be written down.
  expect(sandbox.model.wallet.pay(code[2] as string)).toMatchObject({ ok: true });
  device.pay(2, 250);
  expect(await statusOf('/readyz')).toBe(503);
  expect(device.heard.filter(([type]) => type !== 'state')).toEqual([]);
  signal('SIGCONT');

  await until(async () => (await statusOf('/readyz')) === 200);
  await device.hear('grant', 1);
  device.send(['end', 1, 7, 0, '']);
  await device.hear('fin', 1);
  await device.hear('code', 2);
  device.send(['cancel', 2]);
  await device.hear('fin', 2);
  expect(await order(1)).toMatchObject({ state: 'DISPENSED', paidFen: 150 });
  expect(await order(2)).toMatchObject({ state: 'CLOSED', paidFen: 0 });
  await device.close();
});

test('a server that is asked to stop meanwhile ends with exit code 1 after its limit, and PostgreSQL after it', async () => {
  const first = postmaster();
  signal('SIGSTOP');
  child.kill('SIGTERM');
  expect([await ended, child.signalCode]).toEqual([1, null]);
  signal('SIGCONT');
  await until(() => !isRunning(first));

  await start();
  expect(await order(1)).toMatchObject({ state: 'DISPENSED', paidFen: 150 });
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
