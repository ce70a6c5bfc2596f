/**
 * What `npm run module --` takes. Throws a CommanderError, or a sentence, for what it does not.
 */
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { parseDtu } from './backend';
import { parsePayAfter } from './customer';
import { checkFault } from './faults';

export interface ModuleOptions {
  readonly tcp?: number;
  readonly pty?: string | boolean;
  readonly pay?: number;
  readonly dtu?: 'echo' | number;
  readonly fault: string[];
  readonly listFaults?: boolean;
  readonly trace?: boolean;
  readonly fresh?: boolean;
  /** A module alone, for `npm run provision` and a server of one's own. */
  readonly bare?: boolean;
  readonly data: string;
  readonly seed: number;
}

const ROOT = path.join(__dirname, '..', '..');
export const DEFAULT_TCP_PORT = 7002;

/** An option's reader that turns a thrown sentence into commander's own. */
function reader<Value>(read: (text: string, before: Value) => Value): (text: string, before: Value) => Value {
  return (text, before) => {
    try {
      return read(text, before);
    } catch (error) {
      throw new InvalidArgumentError(`${(error as Error).message}.`);
    }
  };
}

function wholeNumber(text: string, high: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value <= high)) throw new Error(`expected a whole number up to ${high}`);
  return value;
}

export function readOptions(argv: readonly string[]): ModuleOptions {
  const command = new Command('npm run module --')
    .description('a virtual payment module whose serial port your own program can use')
    .option(
      '--tcp <port>',
      `offer TCP port PORT on 127.0.0.1 (default ${DEFAULT_TCP_PORT})`,
      reader<number>((text) => wholeNumber(text, 65_535)),
    )
    .option('--pty [link]', 'offer a pseudo-terminal (needs socat); link: an extra name for it')
    .option(
      '--pay <when>',
      'a customer pays by himself: after:3s',
      reader<number>((text) => parsePayAfter(text)),
    )
    .option(
      '--fault <fault>',
      'name[:parameter][@trigger], may be repeated',
      reader<string[]>((text, before) => {
        checkFault(text);
        return [...before, text];
      }),
      [],
    )
    .option(
      '--dtu <end>',
      'far end of the data stream: echo, or the TCP port of your own program',
      reader<'echo' | number>((text) => parseDtu(text)),
    )
    .option('--list-faults', 'print every fault')
    .option('--trace', 'print each frame on the serial port')
    .option('--bare', 'a module without identity and platform, for npm run provision and your own server')
    .option('--fresh', 'forget all earlier orders and keys first')
    .option('--data <folder>', 'where to keep everything', path.join(ROOT, 'data', 'module'))
    .option(
      '--seed <number>',
      'same seed, same noise',
      reader<number>((text) => wholeNumber(text, 0xffffffff)),
      1,
    )
    .allowExcessArguments(false)
    .exitOverride();
  command.parse([...argv], { from: 'user' });
  const options = command.opts<ModuleOptions>();
  if (options.tcp !== undefined && options.pty !== undefined)
    throw new Error('either --tcp or --pty, not both');
  if (options.bare && (options.pay !== undefined || options.dtu !== undefined))
    throw new Error('--bare has no wallet and no far end: leave --pay and --dtu out');
  return options;
}
