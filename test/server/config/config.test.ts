/** Configuration: what is documented is what is read, and what is wrong is said by name, never by value. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { ConfigError, ENVIRONMENT, readConfig } from '../../../server/config/config';
import { secretFile } from '../../../server/config/secret-file';

test('docs/operating.md lists every variable with its default', () => {
  const text = fs.readFileSync(path.resolve(__dirname, '../../../docs/operating.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `((?:COINSLOT|DATABASE)_[A-Z_]+)`\s*\|\s*(?:`(.*?)`)?\s*\|/gm)];
  const documented = Object.fromEntries(rows.map(([, name, value]) => [name, value]));
  const defaults = readConfig({}) as Record<string, unknown>;
  const coded = Object.fromEntries(
    Object.keys(ENVIRONMENT).map((name) => [name, name in defaults ? String(defaults[name]) : undefined]),
  );
  expect(documented).toEqual(coded);
});

test('values are read as what they are', () => {
  expect(
    readConfig({
      COINSLOT_HTTP_PORT: '0',
      COINSLOT_PUBLIC_URL: 'https://pay.example.com',
      COINSLOT_LOG_LEVEL: '',
      PATH: 'x',
    }),
  ).toMatchObject({
    COINSLOT_HTTP_PORT: 0,
    COINSLOT_PUBLIC_URL: 'https://pay.example.com',
    COINSLOT_LOG_LEVEL: 'info',
  });
});

test.each([
  ['COINSLOT_HTTP_PORT', '65536'],
  ['COINSLOT_HTTP_PORT', 'secret-8080'],
  ['COINSLOT_GATEWAY_PORT', '-1'],
  ['COINSLOT_DB_CONNECTIONS', '0'],
  ['COINSLOT_PUBLIC_URL', 'ftp://pay.example.com'],
  ['COINSLOT_PUBLIC_URL', 'https://pay.example.com/path'],
  ['COINSLOT_API_TOKEN', 'too-short-secret'],
  ['COINSLOT_MASTER_KEY', 'secret'],
  ['COINSLOT_MASTER_KEY', 'first:secret'],
  ['COINSLOT_MASTER_KEY', `a:${'A'.repeat(43)}=,a:${'B'.repeat(43)}=`],
  ['COINSLOT_LOG_LEVEL', 'loud-secret'],
  ['DATABASE_URL', 'mysql://user:secret@host/db'],
  ['COINSLOT_HTP_PORT', 'secret'],
])('%s=%s is refused by name, without its value', (name, value) => {
  const read = (): unknown => readConfig({ [name]: value });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(name);
  try {
    read();
  } catch (error) {
    expect((error as Error).message).not.toContain(value);
  }
});

test('several faults are all named at once', () => {
  expect(() => readConfig({ COINSLOT_HTTP_PORT: 'x', COINSLOT_GRANT_S: '0' })).toThrow(
    /COINSLOT_HTTP_PORT.*COINSLOT_GRANT_S/,
  );
});

test('a secret is made once, kept, and readable by its owner only', () => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-secret-'));
  const first = secretFile(dataDir, 'a.key', () => 'one');
  expect([first, secretFile(dataDir, 'a.key', () => 'two')]).toEqual(['one', 'one']);
  expect(fs.statSync(path.join(dataDir, 'a.key')).mode & 0o777).toBe(0o600);
  fs.rmSync(dataDir, { recursive: true });
});
