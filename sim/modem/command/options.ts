/**
 * Reads the words of `npm run modem`. Every mistake becomes one sentence that says what was expected.
 * Leaves starting to `cli.ts`. Invariant: options that are accepted can be carried out.
 */
import { Command, InvalidArgumentError } from 'commander';
import { number, oneOf, whole } from '../../../scripts/command-line';
import { isLoopback } from '../../network/real-network';
import { DIALECTS } from '../dialect';
import type { CardOptions } from '../card';
import { planFault } from '../faults/plan';
import { TIMING_PROFILES } from '../timing';

export interface ModemOptions {
  pty?: boolean | string;
  tcp?: number;
  fault: string[];
  chaos: number;
  chaosSpan: number;
  listFaults?: boolean;
  seed: number;
  speed: number;
  timing: string;
  dialect: string;
  card: CardOptions;
  apn?: string;
  map: Record<string, string>;
  rssi: number;
  baud: number;
  trace?: boolean;
  off?: boolean;
}

function fault(text: string, before: string[]): string[] {
  try {
    planFault(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  return [...before, text];
}

function mapping(text: string, before: Record<string, string>): Record<string, string> {
  const match = /^([^=]+)=([^=]+?)(:\d+)?$/.exec(text);
  if (!match || !isLoopback(match[2]!)) {
    throw new InvalidArgumentError('expected name=127.0.0.1 or name=127.0.0.1:port, a loopback address.');
  }
  return { ...before, [match[1]!]: `${match[2]}${match[3] ?? ''}` };
}

function card(text: string): CardOptions {
  const [kind, value] = text.split(':', 2);
  if (kind === 'ready' && value === undefined) return {};
  if (kind === 'missing' && value === undefined) return { isInserted: false };
  if (kind === 'faulty' && value === undefined) return { isFaulty: true };
  if (kind === 'pin' && /^\d{4,8}$/.test(value ?? '')) return { pin: value! };
  if (kind === 'busy' && /^\d{1,4}$/.test(value ?? '')) return { busyMs: Number(value) * 1_000 };
  throw new InvalidArgumentError('expected ready, missing, faulty, pin:1234 or busy:SECONDS.');
}

/** Gives the options, or throws an error of one sentence; `--help` prints and exits. */
export function readOptions(argv: readonly string[]): ModemOptions {
  const command = new Command('npm run modem --')
    .description('A simulated SIM800A modem that other programs can talk to.')
    .option('--pty [link]', 'offer a pseudo-terminal (needs socat); link: an extra name for it')
    .option('--tcp <port>', 'offer TCP port PORT on 127.0.0.1', whole(0, 65_535))
    .option('--fault <fault>', 'name[:parameter][@trigger], may be repeated', fault, [])
    .option('--list-faults', 'print every fault with its parameter and usual moment')
    .option('--chaos <count>', 'that many random faults, from the seed', whole(0, 10_000), 0)
    .option('--chaos-span <seconds>', 'spread them over this time', number(1, 604_800), 600)
    .option('--seed <number>', 'same seed, same run', whole(0, 0xffff_ffff), 1)
    .option('--speed <factor>', 'simulated time runs this much faster', number(0.01, 10_000), 1)
    .option(
      '--timing <profile>',
      Object.keys(TIMING_PROFILES).join(', '),
      oneOf(Object.keys(TIMING_PROFILES)),
      'typical',
    )
    .option('--dialect <name>', Object.keys(DIALECTS).join(', '), oneOf(Object.keys(DIALECTS)), 'field')
    .option('--card <state>', 'ready, missing, faulty, pin:1234, busy:SECONDS', card, {})
    .option('--apn <name>', 'refuse every access point but this one')
    .option('--map <name=address>', 'a name or address leads to this loopback address', mapping, {})
    .option('--rssi <number>', 'signal as in AT+CSQ', whole(0, 99), 20)
    .option('--baud <rate>', 'rate stored by an earlier AT+IPR, 0: autobaud', whole(0, 460_800), 0)
    .option('--trace', 'print what is said, payloads counted')
    .option('--off', 'start switched off; type "key" to press PWRKEY')
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  command.parse([...argv], { from: 'user' });
  const options = command.opts<ModemOptions>();
  if (!options.listFaults && options.pty === undefined && options.tcp === undefined) {
    throw new Error('say where the host shall connect: --pty or --tcp PORT');
  }
  if (options.pty !== undefined && options.tcp !== undefined) {
    throw new Error('--pty and --tcp exclude each other');
  }
  return options;
}
