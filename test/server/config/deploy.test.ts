/** The files of a real deployment name settings that exist, and show the outside no more than they should. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ENVIRONMENT, readConfig } from '../../../server/config/config';

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

test('both start a file that is there, and leave time for an orderly end', () => {
  expect(read('compose.yaml')).toContain("'server/server.ts'");
  expect(read('coinslot.service')).toMatch(/^ExecStart=.* server\/server\.ts$/m);
  expect(fs.existsSync(path.join(ROOT, 'server/server.ts'))).toBe(true);
  expect(read('compose.yaml')).toContain('stop_grace_period: 45s');
  expect(read('coinslot.service')).toMatch(/^TimeoutStopSec=45$/m);
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
