/** A server process that cannot start says why in one line, and with its exit code whose fault it is. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { query, testDatabase } from './support/cluster';

const ROOT = path.resolve(__dirname, '../..');
const PORTS = { COINSLOT_HTTP_PORT: '0', COINSLOT_GATEWAY_PORT: '0', COINSLOT_DTU_PORT: '0' };
let dataDir = '';

beforeAll(() => void (dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-start-'))));
afterAll(() => fs.rmSync(dataDir, { recursive: true }));

function start(
  environment: Record<string, string>,
): Promise<{ code: number | null; errors: string; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', path.join(ROOT, 'server/server.ts')], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        COINSLOT_DATA_DIR: dataDir,
        COINSLOT_LOG_LEVEL: 'fatal',
        ...PORTS,
        ...environment,
      },
    });
    let [errors, out] = ['', ''];
    child.stderr.on('data', (text) => (errors += String(text)));
    child.stdout.on('data', (text) => {
      out += String(text);
      child.kill('SIGTERM');
    });
    child.on('exit', (code) => resolve({ code, errors, out }));
  });
}

test('a configuration that is wrong: exit code 2, before anything is touched', async () => {
  const { code, errors } = await start({ COINSLOT_MASTER_KEY: 'secret-key', COINSLOT_GRANT_S: 'x' });
  expect(code).toBe(2);
  expect(errors).toMatch(/^coinslot: configuration: COINSLOT_MASTER_KEY: .*COINSLOT_GRANT_S: .*\n$/);
  expect(errors).not.toContain('secret-key');
  expect(fs.readdirSync(dataDir)).toEqual([]);
});

test('a database that is not there, a password that is wrong, a database of a newer version', async () => {
  const away = await start({ DATABASE_URL: 'postgres://coin:secret-word@127.0.0.1:1/coinslot' });
  expect(away).toEqual({
    code: 1,
    out: '',
    errors: 'coinslot: the database of DATABASE_URL cannot be reached (127.0.0.1:1, ECONNREFUSED)\n',
  });
  const url = new URL(await testDatabase());
  const wrong = new URL(url);
  wrong.password = 'secret-word';
  const refused = await start({ DATABASE_URL: wrong.href });
  expect(refused.errors).toBe('coinslot: the database refuses the password of DATABASE_URL (28P01)\n');
  await query(url.href, 'create table migrations (name text primary key)');
  await query(url.href, `insert into migrations values ('9999-later')`);
  const newer = await start({ DATABASE_URL: url.href });
  expect(newer.errors).toBe(
    'coinslot: the database is of a newer version (it has 9999-later): start that version\n',
  );
});

test('a port that is taken; and in order, a stop with exit code 0', async () => {
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as net.AddressInfo;
  const DATABASE_URL = await testDatabase();
  const taken = await start({ DATABASE_URL, COINSLOT_HTTP_PORT: String(port) });
  expect([taken.code, taken.errors]).toEqual([
    1,
    `coinslot: the port is taken (127.0.0.1:${port}, EADDRINUSE)\n`,
  ]);
  await new Promise((resolve) => holder.close(resolve));
  const right = await start({ DATABASE_URL, COINSLOT_HTTP_PORT: String(port) });
  expect([right.code, right.errors]).toEqual([0, '']);
  expect(JSON.parse(right.out)).toMatchObject({ event: 'ready', httpUrl: `http://127.0.0.1:${port}` });
});
