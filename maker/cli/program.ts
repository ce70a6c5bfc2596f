/**
 * The command line of `coinslot`: which commands there are and what they take. Each command is a function of its own in
 * commands/; this file only reads arguments and turns failures into messages and exit codes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { HostError, reasonText } from '../host';
import { parseWhole, parseYuan } from './amounts';
import { doctor } from './commands/doctor';
import { dtu } from './commands/dtu';
import { info, log, ports, relay, settings } from './commands/module';
import { monitor } from './commands/monitor';
import { cancel, query, refund, report } from './commands/orders';
import { pay, type PayOptions } from './commands/pay';
import type { Environment } from './environment';
import { Exit, EXIT_TEXTS, exitOfError } from './exit-codes';
import { Output } from './output';
import type { GlobalOptions, Session } from './session';

/** Of the release that this command belongs to. */
const { version: VERSION } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};
const MAX_ORDER = 0xffffffff;
const order = parseWhole('the order', 1, MAX_ORDER);
const seconds = parseWhole('the time in seconds', 0, 86_400);
const tcpPort = parseWhole('the TCP port', 0, 65_535);

/** What to do when a failure has no reason of its own. */
const ADVICE: { readonly [code: string]: string } = {
  'no-answer': 'coinslot doctor finds out why',
  closed: 'coinslot doctor finds out why',
  timeout: 'coinslot doctor finds out why',
  argument: 'coinslot --help',
};

/** Runs the command; gives its exit code. Never throws for what a person or the module did wrong. */
export async function run(argv: readonly string[], environment: Environment): Promise<number> {
  let exit: number = Exit.Ok;
  const isJson = argv.includes('--json');
  const output = new Output(environment, isJson);
  const program = build(environment, output, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.Ok : Exit.Usage;
    const code = exitOfError(error);
    if (code === undefined) throw error;
    const failure = error as HostError;
    const advice = failure.reason ? reasonText(failure.reason).advice : ADVICE[failure.code];
    output.complain(failure.code, failure.message, advice);
    return code;
  }
}

type Action = (session: Session, ...values: never[]) => Promise<number>;

function build(environment: Environment, output: Output, end: (exit: number) => void): Command {
  const program = new Command('coinslot')
    .description('talks to a Coinslot payment module on a serial port')
    .version(VERSION)
    .option('-p, --port <port>', 'serial port, or tcp:[host:]port (default: COINSLOT_PORT)')
    .addOption(
      new Option('-b, --baud <rate>', 'baud rate')
        .default(115_200)
        .argParser(parseWhole('the baud rate', 1200, 921_600)),
    )
    .option('--json', 'one JSON object a line')
    .option('--trace', 'show each frame')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => environment.stdout.write(text),
      writeErr: (text) => environment.stderr.write(text),
    })
    .addHelpText(
      'after',
      `\nExit codes:\n${EXIT_TEXTS.map(([code, text]) => `  ${String(code).padStart(3)}  ${text}`).join('\n')}`,
    );
  const session = (): Session => ({ environment, output, options: program.opts<GlobalOptions>() });
  /** Runs a command with its arguments and options, as commander gives them. */
  const does =
    (action: Action) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.pop() as Command;
      end(await action(session(), ...([...command.processedArgs, given.pop()] as never[])));
    };
  addOrderCommands(program, does);
  addModuleCommands(program, does);
  for (const command of program.commands) command.exitOverride();
  return program;
}

type Does = (action: Action) => (...given: unknown[]) => Promise<void>;

function addOrderCommands(program: Command, does: Does): void {
  program
    .command('pay')
    .description('open an order, show its QR code, wait until it is over')
    .argument('<yuan>', 'like 2.50', parseYuan)
    .addOption(
      new Option('-c, --channel <channel>', 'who is paid').choices(['wechat', 'alipay']).default('wechat'),
    )
    .option('--ttl <s>', 'how long it can be paid, 30 to 7200', parseWhole('the time to pay', 30, 7200), 300)
    .option('--reference <text>', 'your own name of the order (default: a new one)')
    .option('--goods <text>', 'what the customer reads')
    .option('--no-wait', 'end as soon as the order is accepted')
    .option('--png <file>', 'write the QR code as PNG')
    .option('--svg <file>', 'write the QR code as SVG')
    .addOption(
      new Option('--deliver <outcome>', 'relay mode 0: what to report')
        .choices(['done', 'failed', 'ignore'])
        .default('done'),
    )
    .option('--retry <s>', 'how long to try again while BUSY or OFFLINE', seconds, 0)
    .action(
      does((session: Session, amountFen: number, options: PayOptions) => pay(session, amountFen, options)),
    );
  program
    .command('query')
    .description('how an order stands')
    .argument('<order>', 'its number, or ref:<reference>')
    .action(does((session: Session, which: string) => query(session, which)));
  program
    .command('cancel')
    .description('close an order that is not paid')
    .argument('<order>', 'its number', order)
    .action(does((session: Session, number: number) => cancel(session, number)));
  program
    .command('refund')
    .description('give the money back for a delivered order')
    .argument('<order>', 'its number', order)
    .option('--text <text>', 'why, for the log', '')
    .action(
      does((session: Session, number: number, options: { text: string }) =>
        refund(session, number, options.text),
      ),
    );
  program
    .command('report')
    .description('tell the module how delivery went')
    .argument('<order>', 'its number', order)
    .argument('<outcome>', 'dispensed or failed')
    .option('--text <text>', 'why, for the log', '')
    .action(
      does((session: Session, number: number, outcome: string, options: { text: string }) => {
        if (outcome !== 'dispensed' && outcome !== 'failed')
          throw new HostError('argument', `dispensed or failed, not ${outcome}`);
        return report(session, number, outcome, options.text);
      }),
    );
}

function addModuleCommands(program: Command, does: Does): void {
  program
    .command('ports')
    .description('list the serial ports')
    .action(does((session: Session) => ports(session)));
  program
    .command('info')
    .description('module, modem, link, time')
    .action(does((session: Session) => info(session)));
  program
    .command('doctor')
    .description('find out what is wrong and what to do')
    .option('--no-trial', 'do not open a trial order on each channel')
    .option('--wait <s>', 'how long to wait for a link that is on its way', seconds, 60)
    .action(does((session: Session, options: { trial: boolean; wait: number }) => doctor(session, options)));
  program
    .command('monitor')
    .description('show each frame as it passes')
    .option('--passive', 'only listen, answer nothing')
    .option('--host-line <port>', 'with --passive: a second port, on the line of the machine')
    .option('--bytes', 'the bytes as well')
    .option('--for <s>', 'end after so many seconds', seconds)
    .action(does((session: Session, options: object) => monitor(session, options)));
  program
    .command('dtu')
    .description('the data stream as a pipe: standard input and output, or a TCP port')
    .option('--direct <address:port>', 'straight to this server (default: through the platform)')
    .option('--listen <port>', 'wait for a client at this TCP port', tcpPort)
    .action(does((session: Session, options: object) => dtu(session, options)));
  program
    .command('settings')
    .description('show the settings, or change some: coinslot settings mode=2 fenPerPulse=100')
    .argument('[name=value...]')
    .action(does((session: Session, words: string[]) => settings(session, words)));
  program
    .command('log')
    .description('the newest lines of the log')
    .argument('[order]', 'about this order', order)
    .option('--count <n>', 'how many lines', parseWhole('the number of lines', 1, 20), 20)
    .action(
      does((session: Session, number: number | undefined, options: { count: number }) =>
        log(session, number ?? 0, options.count),
      ),
    );
  program
    .command('relay')
    .description('move a relay by hand; count 0 releases both')
    .argument('<relay>', '1 or 2', parseWhole('the relay', 1, 2))
    .argument('<count>', 'pulses', parseWhole('the count', 0, 255))
    .option('--on <ms>', 'time on', parseWhole('the time on', 20, 60_000), 500)
    .option('--off <ms>', 'time off', parseWhole('the time off', 20, 60_000), 500)
    .action(
      does((session: Session, number: number, count: number, options: { on: number; off: number }) =>
        relay(session, number, count, options.on, options.off),
      ),
    );
}
