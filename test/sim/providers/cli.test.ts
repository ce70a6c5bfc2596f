import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readParameters } from '../../../server/providers';
import { openBench } from './support/bench';
import { http } from './support/http';

const ROOT = resolve(__dirname, '../../..');

let folder: string;
const children: ChildProcess[] = [];

// Each start compiles the command anew, which takes seconds on a busy machine.

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-cli-'));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Starts `npm run sandbox`'s command; `line` is its first line of output. */
function start(...options: string[]): { child: ChildProcess; line: Promise<string>; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'sim/providers/cli.ts', ...options], {
    cwd: ROOT,
  });
  children.push(child);
  let output = '';
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors += part.toString('utf8')));
  const line = new Promise<string>((resolve) => {
    child.stdout.on('data', (part: Buffer) => {
      output += part.toString('utf8');
      if (output.includes('\n')) resolve(output.slice(0, output.indexOf('\n')));
    });
  });
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code) => resolve({ code, output, errors })),
  );
  return { child, line, ended };
}

it('prints one JSON line, writes the merchant for its owner only, stops on SIGTERM, and is the same again', async () => {
  const first = start('--data', folder, '--retry-scale', '0.01');
  const ready = JSON.parse(await first.line) as { url: string; walletUrl: string; merchantFile: string };
  expect(ready.walletUrl).toBe(`${ready.url}/wallet`);
  expect((await http(ready.walletUrl)).status).toBe(200);
  expect(statSync(ready.merchantFile).mode & 0o777).toBe(0o600);
  for (const channel of ['wechat', 'alipay'] as const) {
    const form = join(folder, `${channel}.json`);
    expect(statSync(form).mode & 0o777).toBe(0o600);
    expect(readParameters(channel, JSON.parse(readFileSync(form, 'utf8')))).toMatchObject({ ok: true });
  }
  const merchant = JSON.parse(readFileSync(ready.merchantFile, 'utf8')) as {
    sandboxUrl: string;
    wechat: { mchId: string };
  };
  expect(merchant.sandboxUrl).toBe(ready.url);
  first.child.kill('SIGTERM');
  const ended = await first.ended;
  expect([ended.code, ended.errors, ended.output.split('\n').length]).toEqual([0, '', 2]);

  const second = start('--data', folder);
  await second.line;
  const again = JSON.parse(readFileSync(ready.merchantFile, 'utf8')) as typeof merchant;
  expect(again.wechat).toEqual(merchant.wechat);
  second.child.kill('SIGKILL');
  await second.ended;

  const third = start('--data', folder);
  await third.line;
  third.child.kill('SIGINT');
  expect((await third.ended).code).toBe(0);
});

it.each([
  [['--port', '65536'], 'expected a whole number from 0 to 65535'],
  [['--port', 'http'], 'expected a whole number from 0 to 65535'],
  [['--host', '0.0.0.0'], 'not a loopback address'],
  [['--retry-scale', '0'], 'not a number in (0, 1]'],
  [['--fault', 'sabotage'], 'no such fault'],
  [['--colour'], "unknown option '--colour'"],
])('%p: exit code 2 and a clear line', async (options, message) => {
  const { ended } = start('--data', join(folder, 'bad'), ...options);
  const { code, errors, output } = await ended;
  expect(code).toBe(2);
  expect(errors).toContain(message);
  expect(errors.trim().split('\n')).toHaveLength(1);
  expect(output).toBe('');
});

it('a taken port: exit code 2 and a clear line', async () => {
  const bench = await openBench();
  const { port } = new URL(bench.sandbox.url);
  const { code, errors } = await start('--data', join(folder, 'taken'), '--port', port).ended;
  expect([code, errors]).toEqual([2, `sandbox: port ${port} on 127.0.0.1 is taken; choose another or 0\n`]);
  await bench.sandbox.close();
});
