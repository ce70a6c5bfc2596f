/**
 * The operator's way from nothing to a sold cup of tea, with the commands that he uses: `admin` makes merchant,
 * parameters and device, what it prints goes to `provision`, the module connects, and an order is paid in the sandbox.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { startServer, type RunningServer } from '../../server/app';
import { openTcpPort } from '../../sim/modem/command/host-ports';
import { StreamSerial } from '../../sim/modem/command/stream-serial';
import { startBareModule, type BareModule } from '../../sim/product/bare-module';
import { startSandbox, type Sandbox } from '../../sim/providers';
import { testDatabase } from './support/cluster';
import { OPERATOR } from './support/server';
import { parametersFor } from './support/sandbox-merchant';
import { until } from './support/until';

const ROOT = path.resolve(__dirname, '../..');
const TOKEN = 'operator-token-of-the-tests';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-operator-'));
let databaseUrl = '';
let sandbox: Sandbox;
let server: RunningServer;
let box: BareModule;
let line: { address: string; close(): void };

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** A command as the operator types it, with `input` on its standard input. */
function command(script: string, words: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', path.join(ROOT, script), ...words], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: databaseUrl,
        COINSLOT_DATA_DIR: folder,
        COINSLOT_API_TOKEN: TOKEN,
        COINSLOT_WECHAT_URL: sandbox.url,
        COINSLOT_ALIPAY_URL: sandbox.url,
      },
    });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (text) => (out += String(text)));
    child.stderr.on('data', (text) => (errors += String(text)));
    child.on('close', (code) => resolve({ code, out, errors }));
    child.stdin.end(input);
  });
}

const admin = (...words: string[]): Promise<Said> => command('server/admin/cli.ts', words);
const provision = (words: readonly string[], input = ''): Promise<Said> =>
  command('scripts/provision.ts', ['--port', `tcp:${line.address}`, '--apn', 'cmnet', ...words], input);

beforeAll(async () => {
  databaseUrl = await testDatabase();
  sandbox = await startSandbox({ seed: 11 });
  server = await startServer({
    dataDir: folder,
    databaseUrl,
    apiToken: TOKEN,
    logLevel: 'silent',
    wechatUrl: sandbox.url,
    alipayUrl: sandbox.url,
  });
  const quiet = { say: () => undefined, isFresh: true, seed: 1 };
  box = await startBareModule({ ...quiet, dataDir: path.join(folder, 'module') });
  const serial = new StreamSerial();
  serial.onData = (bytes) => box.module.host.write(bytes);
  box.module.host.onData = (bytes) => serial.write(bytes);
  line = await openTcpPort(serial, 0);
});
afterAll(async () => {
  line.close();
  await box.stop();
  await server.stop();
  await sandbox.close();
  fs.rmSync(folder, { recursive: true });
});

test('merchant, parameters, device, provisioning, sale', async () => {
  const { core } = server;
  expect(await core.shop.addMerchant(OPERATOR, { name: 'Tea' })).toMatchObject({ id: 1 });
  await core.shop.setParameters(OPERATOR, 1, 'wechat', parametersFor('wechat', sandbox.demoMerchant));
  const printed = await admin('devices', 'add', 'CS000001', '--merchant', '1');
  const { key } = JSON.parse(printed.out) as { key: string };

  const gateway = ['--gateway', `127.0.0.1:${server.gatewayPort}`];
  const asking = ['--server', server.httpUrl, ...gateway];
  const foreign = await provision(['--id', 'CS000009', '--merchant', '99', ...asking]);
  expect([foreign.code, foreign.errors]).toEqual([
    1,
    'the platform refused: There is no such thing, or it is another merchant’s.\n',
  ]);
  const other = await provision(['--id', 'CS000002', '--key', '-', ...gateway], printed.out);
  expect([other.code, other.errors]).toEqual([1, 'the key is that of CS000001, not of CS000002\n']);
  const given = await provision(['--id', 'CS000001', '--key', '-', ...gateway], printed.out);
  expect([given.code, given.errors]).toEqual([0, '']);
  expect(given.out).toMatch(/^provisioned: CS000001, firmware \S+, server 127\.0\.0\.1:\d+\n$/);
  await until(async () => (await core.devices.find('CS000001'))!.isOnline);

  const sale = command('maker/cli/main.ts', ['--port', `tcp:${line.address}`, 'pay', '2.50']);
  const order = await until(async () => {
    const found = await core.store.find('CS000001_1');
    return found?.codeUrl ? found : undefined;
  });
  expect(sandbox.model.wallet.pay(order.codeUrl)).toMatchObject({ ok: true });
  const sold = await sale;
  expect([sold.code, sold.out.includes('DISPENSED')]).toEqual([0, true]);
  expect(box.module.relayPulses[1]).toBe(1);
  expect(await core.store.find('CS000001_1')).toMatchObject({ state: 'DISPENSED', paidFen: 250 });
  expect(given.out + given.errors + sold.out + sold.errors).not.toContain(key);
});
