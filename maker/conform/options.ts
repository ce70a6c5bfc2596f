/**
 * What `npm run conform --` takes. Throws a CommanderError for what it does not.
 */
import { Command } from 'commander';
import { DEFAULT_BAUD } from '../host';

export interface ConformOptions {
  readonly port?: string;
  readonly baud: string;
  readonly wallet?: string;
  readonly virtual?: boolean;
  readonly host?: boolean;
  readonly listen?: string;
  readonly machine?: string;
  readonly delivers?: boolean;
  readonly restarts?: boolean;
  readonly only?: string;
  readonly trace?: boolean;
}

export function readOptions(argv: readonly string[]): ConformOptions {
  return new Command('npm run conform --')
    .description('compares a module, or a host, with docs/host-protocol.md')
    .option('-p, --port <port>', 'serial port or tcp:[host:]port')
    .option('-b, --baud <rate>', 'baud rate', String(DEFAULT_BAUD))
    .option('--wallet <url>', 'the sandbox wallet in which we pay')
    .option('--virtual', 'test our own virtual module')
    .option('--host', 'the other side is a host: we are the module')
    .option('--listen <port>', 'with --host: wait for the machine at this TCP port')
    .option('--machine <command>', 'with --listen: a program that is the machine; gets `sell` on its input')
    .option('--delivers', 'with --host: the machine delivers by itself (relay mode 0)')
    .option('--restarts', 'with --host: somebody can switch the machine off and on')
    .option('--only <situation>', 'play this one alone')
    .option('--trace', 'show each frame of the host')
    .allowExcessArguments(false)
    .exitOverride()
    .parse([...argv], { from: 'user' })
    .opts<ConformOptions>();
}
