/**
 * `npm run modem`: a simulated SIM800A on a pseudo-terminal or a TCP port, with real loopback sockets behind
 * it, for other people's drivers and for trying things by hand. docs/modem-simulator.md shows its use.
 * Invariant: it opens nothing outside this machine, and ends with one sentence and a non-zero code on a mistake.
 */
import { createInterface } from 'node:readline';
import { CommanderError } from 'commander';
import { RealClock } from '../../time/clock';
import { Random } from '../../time/random';
import { RealNetwork } from '../../network/real-network';
import { DIALECTS } from '../dialect';
import { ALL_FAULTS } from '../faults';
import { FaultInjector, randomPlan } from '../faults/injector';
import { shownAnswer, shownCommand } from '../trace';
import { Sim800 } from '../sim800';
import { TIMING_PROFILES } from '../timing';
import { CONSOLE_HELP, runConsoleLine } from './console';
import { openPseudoTerminal, openTcpPort } from './host-ports';
import { readOptions, type ModemOptions } from './options';
import { StreamSerial } from './stream-serial';

const MISTAKE = 2;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function listFaults(): void {
  for (const [name, { description, parameter, trigger }] of Object.entries(ALL_FAULTS)) {
    const form = parameter ? `${name}:${parameter.name}` : name;
    const unit =
      parameter && parameter.unit !== 'text' && parameter.unit !== 'number' ? ` ${parameter.unit}` : '';
    const fallback = parameter ? `, ${parameter.name} ${parameter.fallback}${unit}` : '';
    print(`${form.padEnd(24)} ${description} (@${trigger}${fallback})`);
  }
}

function build(
  options: ModemOptions,
  serial: StreamSerial,
): { modem: Sim800; injector: FaultInjector; clock: RealClock } {
  const clock = new RealClock(options.speed);
  const random = new Random(options.seed);
  const network = new RealNetwork({ clock, table: options.map, rssi: options.rssi });
  const modem = new Sim800({
    clock,
    random: random.fork('modem'),
    serial,
    network,
    card: options.card,
    timing: TIMING_PROFILES[options.timing]!,
    dialect: DIALECTS[options.dialect]!,
    storedBaud: options.baud,
    accessRule: ({ apn }) => (options.apn === undefined || apn === options.apn ? 'accept' : 'refuse'),
    watch: options.trace
      ? {
          onCommand: (line) => print(`host   AT${shownCommand(line, true)}`),
          onOutput: (line) => print(`module ${shownAnswer(line)}`),
        }
      : {},
  });
  const injector = new FaultInjector({
    clock,
    random: random.fork('faults'),
    network,
    modem,
    onStrike: (name) => print(`fault  ${name}`),
  });
  const chaos = randomPlan(random.fork('chaos'), options.chaos, options.chaosSpan * 1_000);
  for (const fault of [...options.fault, ...chaos]) injector.add(fault);
  return { modem, injector, clock };
}

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  if (options.listFaults) {
    listFaults();
    return;
  }
  const serial = new StreamSerial();
  const { modem, injector, clock } = build(options, serial);
  const port =
    options.tcp === undefined
      ? await openPseudoTerminal(serial, typeof options.pty === 'string' ? options.pty : undefined)
      : await openTcpPort(serial, options.tcp);
  const quit = (): void => {
    port.close();
    process.exit(0);
  };
  process.on('SIGINT', quit);
  process.on('SIGTERM', quit);
  print(`SIM800A on ${port.address}, seed ${options.seed}; orders: ${CONSOLE_HELP}`);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => runConsoleLine(line, { clock, modem, injector, print, quit }));
  if (!options.off) modem.pressPowerKey();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isPrinted = error instanceof CommanderError && error.exitCode === 0;
  if (isPrinted) return;
  const text = (error as Error).message.replace(/^error: /, '');
  process.stderr.write(`modem: ${text}\n`);
  process.exitCode = MISTAKE;
});
