/**
 * `npm run conform`: plays the host's part of all situations against a module, or with --host the module's part against a
 * maker's machine, and prints what passed. The last line is JSON; exits with 1 when anything failed.
 *   --port X [--wallet URL]   a module on a serial port or tcp:
 *   --virtual                 our own virtual module, with every hand the situations need
 *   --host --port X           a machine on a serial port;  --host --listen 7003: a machine that connects over TCP
 *   --machine COMMAND         with --listen: a program that is the machine; we start it, sell with it and restart it
 */
import { CommanderError } from 'commander';
import { RealClock } from '../../sim/time/clock';
import { describeFrame } from '../cli/frames';
import { type HostPort, openPort } from '../host';
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
import { ListeningPort, personAt, ProgramMachine } from './machine';
import type { Hands } from './module-context';
import { LINE_SITUATIONS } from './module-line';
import { ORDER_SITUATIONS } from './module-orders';
import { type ConformOptions, readOptions } from './options';
import { Probe } from './probe';
import { startVirtual } from './virtual';

function tcpPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new Error(`--listen needs a TCP port, not ${text}`);
  return port;
}

async function open({ port, baud }: ConformOptions): Promise<HostPort> {
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

async function testModule(options: ConformOptions): Promise<SituationResult[]> {
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

async function testHost(options: ConformOptions): Promise<SituationResult[]> {
  const { listen, machine: command, delivers = false, restarts = false } = options;
  if (command !== undefined && listen === undefined) throw new Error('--machine needs --listen');
  const listening = listen === undefined ? undefined : await ListeningPort.open(tcpPort(listen));
  const say = (text: string): void => console.log(`  → ${text}`);
  if (listening) say(`the machine connects to tcp:127.0.0.1:${listening.port}`);
  const program = command === undefined ? undefined : new ProgramMachine(command, delivers, say);
  const operator = program ?? personAt(restarts, delivers, say);
  await listening?.connected;
  const context = new HostContext(listening ?? (await open(options)), new RealClock(), operator, (entry) => {
    if (options.trace) console.log(`  ${describeFrame(entry)}`);
  });
  if (delivers) context.module.settings = { ...context.module.settings, mode: 0 };
  context.module.announce();
  try {
    return await playAll(HOST_SITUATIONS, context, options.only);
  } finally {
    program?.close();
    context.module.close();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
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
