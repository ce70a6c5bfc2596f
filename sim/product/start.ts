/**
 * `npm start`: reads the arguments, starts the product, then plays the demo or opens the terminal. Ends everything
 * it started, whatever ends it.
 */
import path from 'node:path';
import { Command } from 'commander';
import { STOP_LIMIT_MS } from '../../server/stopping';
import { shownAnswer, shownCommand } from '../modem/trace';
import type { ModemWatch } from '../modem/watch';
import { playDemo } from './demo';
import { startProduct, type Product } from './product';
import { openTerminal } from './terminal';

interface Arguments {
  readonly demo?: boolean;
  readonly fresh?: boolean;
  readonly data?: string;
  readonly trace?: string;
}

const ROOT = path.join(__dirname, '..', '..');

function readArguments(): Arguments {
  return new Command('npm start --')
    .description('runs the whole product on this machine')
    .option('--demo', 'play one WeChat and one Alipay order without a person, and exit')
    .option('--fresh', 'forget all earlier orders, keys and merchants first')
    .option('--data <folder>', 'where to keep everything (default: data/start, data/demo for --demo)')
    .option('--trace <what>', '"at" shows the AT commands between module and modem')
    .parse()
    .opts<Arguments>();
}

function traceOf(what: string | undefined): ModemWatch | undefined {
  if (what === undefined) return undefined;
  if (what !== 'at') throw new Error(`--trace knows "at", not "${what}"`);
  return {
    onCommand: (line) => process.stderr.write(`  AT> ${shownCommand(line)}\n`),
    onOutput: (line) => line && process.stderr.write(`  AT< ${shownAnswer(line)}\n`),
  };
}

/** A PostgreSQL that hangs must not hold the terminal: it ends by itself when it goes on. */
function stopInTime(product: Product): Promise<void> {
  product.clock.setTimer(() => {
    console.error('\nsomething hangs and was left behind');
    process.exit(1);
  }, STOP_LIMIT_MS);
  return product.stop();
}

async function main(): Promise<void> {
  const given = readArguments();
  const watch = traceOf(given.trace);
  const say = (text: string): void => console.log(`· ${text}`);
  const isDemo = given.demo === true;
  // The demo begins from nothing each time, in a folder of its own.
  const product = await startProduct({
    dataDir: path.resolve(given.data ?? path.join(ROOT, 'data', isDemo ? 'demo' : 'start')),
    isFresh: isDemo || given.fresh === true,
    say,
    ...(watch && { watch }),
    onRelay: (relay, isOn) =>
      console.log(isOn ? `  *click*  relay ${relay} on` : `  *clack*  relay ${relay} off`),
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopInTime(product));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      console.log('\n· stopping');
      void stop().then(() => process.exit(isDemo ? 1 : 0));
    });
  }
  try {
    if (isDemo) {
      const result = await playDemo(product, say);
      await stop();
      console.log(JSON.stringify(result));
      process.exitCode = result.ok ? 0 : 1;
    } else await openTerminal(product);
  } finally {
    await stop();
  }
}

main().then(
  () => process.exit(),
  (error: Error) => {
    console.error(`\n${error.message}`);
    process.exit(1);
  },
);
