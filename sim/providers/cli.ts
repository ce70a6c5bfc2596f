/**
 * `npm run sandbox -- --port 0 --data DIR`: starts the sandbox, prints one JSON line when it is ready, runs until
 * SIGINT or SIGTERM. Bad arguments, a taken port, a folder in use: one line on standard error and exit code 2.
 */

import { InvalidArgumentError } from 'commander';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { command, whole } from '../../scripts/command-line';
import type { FaultOptions } from './core/faults';
import { FAULT_KINDS, type FaultKind } from './core/faults';
import { parameterForm } from './keys/forms';
import { SandboxError, startSandbox, type Sandbox } from './sandbox';
import { StoreError } from './store/journal';

const MERCHANT_FILE = 'merchant.json';
const FORM_FILES = { wechat: 'wechat.json', alipay: 'alipay.json' } as const;
const PRIVATE_MODE = 0o600;
const MAX_PORT = 65_535;

interface Options {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly retryScale: number;
  readonly seed?: number;
  readonly fault: readonly FaultOptions[];
}

function scale(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 1)
    throw new InvalidArgumentError('not a number in (0, 1]');
  return value;
}

/** `kind`, `kind:times` or `kind:times:operation`. */
function fault(text: string, before: readonly FaultOptions[]): readonly FaultOptions[] {
  const [kind = '', times = '', operation = ''] = text.split(':');
  if (!FAULT_KINDS.includes(kind as FaultKind)) {
    throw new InvalidArgumentError(`no such fault; there are ${FAULT_KINDS.join(', ')}`);
  }
  if (times !== '' && !/^[1-9]\d*$/.test(times))
    throw new InvalidArgumentError('times is not a whole number');
  return [
    ...before,
    {
      kind: kind as FaultKind,
      ...(times === '' ? {} : { times: Number(times) }),
      ...(operation === '' ? {} : { operation }),
    },
  ];
}

function readOptions(): Options {
  return command(
    'sandbox',
    'WeChat Pay and Alipay on this machine, as strict as the real ones, with a wallet page',
  )
    .option('--port <number>', 'TCP port, 0 for any free one', whole(0, MAX_PORT), 0)
    .option('--host <address>', 'loopback address to listen on', '127.0.0.1')
    .option('--data <folder>', 'where its memory is kept', 'data/sandbox')
    .option('--retry-scale <factor>', 'multiplies the waits between notifications, e.g. 0.01', scale, 1)
    .option('--seed <number>', 'for numbers and chance', whole(0, 0xffffffff))
    .option('--fault <kind[:times[:operation]]>', 'misbehave from the start; may be given again', fault, [])
    .parse()
    .opts<Options>();
}

/** The merchant as he signed up, and for each channel what an operator of the server fills in. */
function writeMerchantFiles(folder: string, sandbox: Sandbox): string {
  for (const channel of ['wechat', 'alipay'] as const) {
    writePrivate(join(folder, FORM_FILES[channel]), parameterForm(channel, sandbox.demoMerchant));
  }
  return writePrivate(join(folder, MERCHANT_FILE), { sandboxUrl: sandbox.url, ...sandbox.demoMerchant });
}

/** Written whole or not at all, readable by this user only. */
function writePrivate(path: string, content: object): string {
  writeFileSync(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: PRIVATE_MODE });
  chmodSync(`${path}.new`, PRIVATE_MODE);
  renameSync(`${path}.new`, path);
  return path;
}

async function main(): Promise<void> {
  const options = readOptions();
  const folder = resolve(options.data);
  const sandbox = await startSandbox({
    port: options.port,
    host: options.host,
    dataFolder: folder,
    settings: { retryScale: options.retryScale },
    faults: options.fault,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  const stop = (): void => {
    void sandbox.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // Only now: whoever reads the line may stop us at once.
  const ready = {
    url: sandbox.url,
    walletUrl: sandbox.walletUrl,
    merchantFile: writeMerchantFiles(folder, sandbox),
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

main().catch((error: unknown) => {
  const isExpected = error instanceof SandboxError || error instanceof StoreError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`sandbox: ${isExpected ? message : `failed: ${message}`}\n`);
  process.exit(2);
});
