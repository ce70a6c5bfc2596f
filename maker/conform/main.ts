/**
 * `npm run conform`: plays the host's part of all situations against a module, or with --host the module's part against a
 * maker's machine, and prints what passed. The last line is JSON; exits with 1 when anything failed.
 *   --port X [--wallet URL]   a module on a serial port or tcp:
 *   --virtual                 our own virtual module, with every hand the situations need
 *   --host --port X           a machine on a serial port;  --host --listen 7003: a machine that connects over TCP
 */
import { createServer } from 'node:net';
import { Command, CommanderError } from 'commander';
import { RealClock } from '../../sim/time/clock';
import { describeFrame } from '../cli/frames';
import { DEFAULT_BAUD, type HostPort, openPort } from '../host';
import { streamPort } from '../host/port';
import { walletPayer } from '../module/customer';
import {
  pauseOf,
  playSituation,
  resultTable,
  type Situation,
  type SituationResult,
  summaryOf,
} from './checks';
import { HostContext } from './host-context';
import { HOST_SITUATIONS } from './host-situations';
import type { Hands } from './module-context';
import { LINE_SITUATIONS } from './module-line';
import { ORDER_SITUATIONS } from './module-orders';
import { Probe } from './probe';
import { startVirtual } from './virtual';

interface Options {
  readonly port?: string;
  readonly baud: string;
  readonly wallet?: string;
  readonly virtual?: boolean;
  readonly host?: boolean;
  readonly listen?: string;
  readonly delivers?: boolean;
  readonly restarts?: boolean;
  readonly only?: string;
  readonly trace?: boolean;
}

function readOptions(): Options {
  return new Command('npm run conform --')
    .description('compares a module, or a host, with docs/host-protocol.md')
    .option('-p, --port <port>', 'serial port or tcp:[host:]port')
    .option('-b, --baud <rate>', 'baud rate', String(DEFAULT_BAUD))
    .option('--wallet <url>', 'the sandbox wallet in which we pay')
    .option('--virtual', 'test our own virtual module')
    .option('--host', 'the other side is a host: we are the module')
    .option('--listen <port>', 'with --host: wait for the machine at this TCP port')
    .option('--delivers', 'with --host: the machine delivers by itself (relay mode 0)')
    .option('--restarts', 'with --host: somebody can switch the machine off and on')
    .option('--only <situation>', 'play this one alone')
    .option('--trace', 'show each frame of the host')
    .allowExcessArguments(false)
    .exitOverride()
    .parse()
    .opts<Options>();
}

/** The first machine that connects. */
function awaitMachine(text: string): Promise<HostPort> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new Error(`--listen needs a TCP port, not ${text}`);
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      server.close();
      resolve(streamPort('machine', 0, socket, () => socket.destroy()));
    });
    server.on('error', (error) => reject(new Error(`cannot listen on port ${port}: ${error.message}`)));
    server.listen(port, '127.0.0.1', () => console.log(`waiting for the machine at tcp:127.0.0.1:${port}`));
  });
}

async function open({ port, baud }: Options): Promise<HostPort> {
  if (port === undefined) throw new Error('which port? --port /dev/ttyUSB0, --port tcp:7002, or --virtual');
  return openPort(port, Number(baud));
}

async function playAll<Context>(
  situations: readonly Situation<Context>[],
  context: Context,
  only: string | undefined,
): Promise<SituationResult[]> {
  const chosen = situations.filter((situation) => only === undefined || situation.name === only);
  if (chosen.length === 0)
    throw new Error(`no situation ${only}; there are ${situations.map(({ name }) => name).join(', ')}`);
  const results: SituationResult[] = [];
  for (const situation of chosen) {
    console.log(`· ${situation.title}`);
    results.push(await playSituation(situation, context));
  }
  return results;
}

async function testModule(options: Options): Promise<SituationResult[]> {
  const bench = options.virtual ? await startVirtual((text) => console.log(`· ${text}`)) : undefined;
  const clock = bench?.clock ?? new RealClock();
  const hands: Hands = bench?.hands ?? (options.wallet ? { pay: walletPayer(options.wallet) } : {});
  const probe = new Probe(bench?.port ?? (await open(options)), clock);
  try {
    return await playAll(
      [...LINE_SITUATIONS, ...ORDER_SITUATIONS],
      { probe, clock, hands, pause: pauseOf(clock) },
      options.only,
    );
  } finally {
    probe.close();
    await bench?.stop();
  }
}

async function testHost(options: Options): Promise<SituationResult[]> {
  const port = options.listen === undefined ? await open(options) : await awaitMachine(options.listen);
  const operator = {
    ask: (what: string) => console.log(`  → please: ${what}`),
    canRestart: options.restarts === true,
    delivers: options.delivers === true,
  };
  const context = new HostContext(port, new RealClock(), operator, (entry) => {
    if (options.trace) console.log(`  ${describeFrame(entry)}`);
  });
  context.module.announce();
  try {
    return await playAll(HOST_SITUATIONS, context, options.only);
  } finally {
    context.module.close();
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  const results = await (options.host ? testHost(options) : testModule(options));
  const summary = summaryOf(results);
  console.log(`\n${resultTable(results)}\n`);
  console.log(JSON.stringify({ role: options.host ? 'host' : 'module', ...summary }));
  process.exitCode = summary.failed ? 1 : 0;
}

main().then(
  () => process.exit(),
  (error: Error) => {
    if (error instanceof CommanderError) process.exit(error.exitCode);
    console.error(error.message);
    process.exit(1);
  },
);
