/** The files of a real deployment name settings that exist, and show the outside no more than they should. */
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { load } from 'js-yaml';
import { ENVIRONMENT, readConfig } from '../../../server/config/config';
import { DEFAULT_GATEWAY_LIMITS } from '../../../server/gateway/gateway';
import { generateMasterKey } from '../../../server/secrets';
import { STOP_LIMIT_MS } from '../../../server/stopping';

const ROOT = path.resolve(__dirname, '../../..');
const read = (name: string): string => fs.readFileSync(path.join(ROOT, 'deploy', name), 'utf8');
/** In compose.yaml and the Caddyfile alone: the public name that both are made of. */
const NOT_OURS = ['COINSLOT_HOST'];

test.each(['compose.yaml', 'coinslot.service', 'coinslot.env.example'])(
  '%s names settings that exist',
  (name) => {
    const named = new Set(read(name).match(/COINSLOT_[A-Z_]+/g));
    expect(named.size).toBeGreaterThan(0);
    for (const setting of named) expect(Object.keys(ENVIRONMENT).concat(NOT_OURS)).toContain(setting);
  },
);

/** The unit's assignments, in order; one name may come more than once. */
function unit(): [string, string][] {
  return read('coinslot.service')
    .split('\n')
    .filter((line) => /^[A-Za-z]+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}
const values = (name: string): string[] => unit().flatMap(([key, value]) => (key === name ? [value] : []));

/** What `command` needs at run time is among the packages that `npm ci --omit=dev` installs. */
function demandStart(command: readonly string[]): void {
  const [program, ...words] = command;
  expect(program).toMatch(/(^|\/)node$/);
  expect(words).toEqual(['--require', 'tsx/cjs', 'server/server.ts']);
  expect(fs.existsSync(path.join(ROOT, words[2]!))).toBe(true);
  const { dependencies, scripts } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  expect(Object.keys(dependencies!)).toContain('tsx');
  expect(scripts!.server).toBe(`exec node ${words.join(' ')}`);
}

test('the unit starts what npm run server starts, and leaves it the time for an orderly end', () => {
  demandStart(values('ExecStart')[0]!.split(' '));
  expect(Number(values('TimeoutStopSec')[0]) * 1_000).toBeGreaterThan(STOP_LIMIT_MS);
  // Only the server hears SIGTERM: PostgreSQL must outlive its last transaction.
  expect(values('KillMode')).toEqual(['mixed']);
  expect(Number(values('LimitNOFILE')[0])).toBeGreaterThan(2 * DEFAULT_GATEWAY_LIMITS.maxConnections);
  expect(values('Environment')[0]).toContain(`COINSLOT_DATA_DIR=/var/lib/${values('StateDirectory')[0]}`);
});

test('the unit gives the server no more rights than it needs', () => {
  expect(values('User')).toEqual(['coinslot']);
  expect(values('CapabilityBoundingSet')).toEqual(['']);
  expect(values('SystemCallFilter')).toEqual(['@system-service', '~@privileged @resources']);
  for (const right of ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'RestrictNamespaces'])
    expect(values(right)).toEqual(['true']);
  expect(values('ProtectSystem')).toEqual(['strict']);
  // Node's compiler needs it.
  expect(values('MemoryDenyWriteExecute')).toEqual([]);
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
(hasSystemd ? test : test.skip)('systemd understands every line of the unit', () => {
  const text = read('coinslot.service').replace('/usr/bin/node', process.execPath);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-unit-'));
  fs.writeFileSync(path.join(folder, 'coinslot.service'), text);
  const said = spawnSync('systemd-analyze', ['verify', path.join(folder, 'coinslot.service')], {
    encoding: 'utf8',
  });
  fs.rmSync(folder, { recursive: true });
  expect(said.stderr.split('\n').filter((line) => line.includes('coinslot.service'))).toEqual([]);
});

interface ComposeService {
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly healthcheck?: { readonly test: string[] };
  readonly volumes?: string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly ulimits?: { readonly nofile: number };
  readonly depends_on?: Record<string, { readonly condition: string }>;
}

describe('compose.yaml', () => {
  const file = load(read('compose.yaml')) as {
    readonly services: Record<string, ComposeService>;
    readonly volumes: Record<string, null>;
  };
  const { server, postgres, caddy } = file.services as Record<
    'server' | 'postgres' | 'caddy',
    ComposeService
  >;

  test('starts what npm run server starts, and leaves it the time for an orderly end', () => {
    demandStart(server.command!);
    expect(Number(/^(\d+)s$/.exec(server.stop_grace_period!)![1]) * 1_000).toBeGreaterThan(STOP_LIMIT_MS);
    expect(server.ulimits!.nofile).toBeGreaterThan(2 * DEFAULT_GATEWAY_LIMITS.maxConnections);
  });

  test('gives the server what it needs to write nothing: database and secrets from outside', () => {
    const secrets: Record<string, string> = {
      POSTGRES_PASSWORD: 'pw',
      COINSLOT_HOST: 'pay.example.com',
      COINSLOT_API_TOKEN: 'x'.repeat(24),
      COINSLOT_MASTER_KEY: generateMasterKey('k1'),
    };
    const fill = (text: string): string =>
      text.replace(/\$\{(\w+):\?\}/g, (_all, name: string) => secrets[name]!);
    const environment = Object.fromEntries(
      Object.entries(server.environment!).map(([name, value]) => [name, fill(value)]),
    );
    const config = readConfig(environment);
    expect(config.DATABASE_URL).toBe('postgres://coinslot:pw@postgres:5432/coinslot');
    expect(config.COINSLOT_PUBLIC_URL).toBe('https://pay.example.com');
    expect([config.COINSLOT_MASTER_KEY, config.COINSLOT_API_TOKEN]).toEqual([
      secrets.COINSLOT_MASTER_KEY,
      secrets.COINSLOT_API_TOKEN,
    ]);
    expect([server.read_only, server.volumes]).toEqual([true, ['..:/app:ro']]);
    // The proxy reaches it, nobody else does.
    expect(config.COINSLOT_HTTP_HOST).toBe('0.0.0.0');
    expect(JSON.stringify(file)).not.toContain('8080:');
  });

  test('waits for a database that answers by TCP, and the proxy for a server that is ready', () => {
    expect(postgres.healthcheck!.test).toEqual(['CMD', 'pg_isready', '-U', 'coinslot', '-h', '127.0.0.1']);
    expect(server.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    expect(caddy.depends_on).toEqual({ server: { condition: 'service_healthy' } });
    expect(server.healthcheck!.test.at(-1)).toContain("fetch('http://127.0.0.1:8080/readyz')");
  });

  test('names only volumes that it makes', () => {
    const named = Object.values(file.services)
      .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!))
      .filter((name) => !name.startsWith('.'));
    expect(new Set(named)).toEqual(new Set(Object.keys(file.volumes)));
  });
});

test('the commands in the example make values that the configuration takes', () => {
  const commands = [...read('coinslot.env.example').matchAll(/^# node -e "(.*)"$/gm)].map(
    (match) => match[1]!,
  );
  const [key, token] = commands.map((text) =>
    execFileSync(process.execPath, ['-e', text], { encoding: 'utf8' }).trim(),
  );
  expect(readConfig({ COINSLOT_MASTER_KEY: key, COINSLOT_API_TOKEN: token })).toMatchObject({
    COINSLOT_MASTER_KEY: key,
  });
});

test('the proxy passes notifications and nothing else', () => {
  const lines = read('Caddyfile')
    .split('\n')
    .map((line) => line.trim());
  expect(lines.filter((line) => line.startsWith('@'))).toEqual(['@notify path /notify/*']);
  expect(lines.filter((line) => line.startsWith('reverse_proxy'))).toHaveLength(1);
  expect(lines[lines.indexOf('handle @notify {') + 1]).toBe('reverse_proxy server:8080');
  expect(lines).toContain('respond 404');
});

const hasCaddy = spawnSync('caddy', ['version']).status === 0;
(hasCaddy ? test : test.skip)('the proxy understands its file', () => {
  const file = path.join(ROOT, 'deploy/Caddyfile');
  const said = spawnSync('caddy', ['validate', '--adapter', 'caddyfile', '--config', file], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: os.tmpdir(), COINSLOT_HOST: 'pay.example.com' },
  });
  expect([said.status, said.stdout + said.stderr]).toEqual([
    0,
    expect.stringContaining('Valid configuration'),
  ]);
});
