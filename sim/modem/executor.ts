/**
 * Runs one command line: each of its commands in turn, one final result at the end, none of the rest after an
 * error. Looks commands up in the tables; leaves their meaning there.
 * Source: SIM800 Series AT Command Manual V1.09, section 1.4; an unknown or unreadable command is CME 100, as
 * users' logs of 1418-series firmware show.
 * Invariant: a command line gets exactly one final result, and the next line waits for it.
 */
import { ALL_COMMANDS } from './commands';
import { parseCommandLine, wholeNumber, type Command } from './command-line';
import { accepted, type CommandRow, type Exchange, type SettingRow } from './command-table';
import { cme, ERROR, NONE, OK, type Result } from './result';
import type { Session } from './session';

/** A fault's hand on a command: another result, a delay before it, or no answer at all. */
export interface Interception {
  result?: Result;
  delayMs?: number;
  isSilent?: boolean;
}

export class Executor {
  constructor(private readonly session: Session) {}

  /** Runs the body of a line (without AT); the terminal is told when it is over. */
  run(body: string): void {
    const { session } = this;
    const commands = parseCommandLine(body);
    session.later(() => {
      if (!commands) this.over(cme(100));
      else this.runNext(commands, 0);
    }, session.draw(session.timing.answerMs));
  }

  private runNext(commands: readonly Command[], index: number): void {
    const command = commands[index];
    if (!command) {
      this.over(OK);
      return;
    }
    const { session } = this;
    session.counters.countCommand(command.name);
    const interception = session.host.intercept(command.name);
    if (interception?.isSilent) {
      this.over(NONE);
      return;
    }
    const isLast = index === commands.length - 1;
    const exchange = new RunningCommand(session, command, (result) => {
      const next = (): void => {
        if (isLast || (result.kind !== 'ok' && result.kind !== 'none')) this.over(result);
        else this.runNext(commands, index + 1);
      };
      if (interception?.delayMs) session.later(next, interception.delayMs);
      else next();
    });
    const result = interception?.result ?? runCommand(exchange, ALL_COMMANDS[command.name]);
    if (result) exchange.finish(result);
  }

  private over(result: Result): void {
    const { terminal } = this.session;
    terminal.result(result);
    terminal.done();
  }
}

class RunningCommand implements Exchange {
  readonly name: string;
  readonly form: Command['form'];
  readonly args: readonly string[];
  readonly isQuoted: readonly boolean[];
  private isFinished = false;

  constructor(
    readonly session: Session,
    command: Command,
    private readonly onFinish: (result: Result) => void,
  ) {
    this.name = command.name;
    this.form = command.form;
    this.args = command.args;
    this.isQuoted = command.isQuoted;
  }

  info(text: string): void {
    if (!this.session.isOver) this.session.terminal.info(text);
  }

  finish(result: Result): void {
    if (this.session.isOver) return;
    if (this.isFinished) throw new Error(`${this.name} finished twice`);
    this.isFinished = true;
    this.onFinish(result);
  }
}

function runCommand(exchange: Exchange, row: CommandRow | undefined): Result | undefined {
  if (!row) return cme(100);
  if (exchange.form === 'test') return runTest(exchange, row);
  const refusal = row.needsCard ? exchange.session.card.refusal() : undefined;
  if (refusal) return refusal;
  const handler = row[exchange.form];
  if (handler) return handler(exchange);
  if (row.setting && exchange.form === 'read') return readSetting(exchange, row.setting);
  if (row.setting && exchange.form === 'write') return writeSetting(exchange, row.setting);
  return ERROR;
}

function runTest(exchange: Exchange, row: CommandRow): Result | undefined {
  const { setting } = row;
  const text = typeof row.test === 'function' ? row.test(exchange.session) : row.test;
  const shown = text ?? (setting ? `(${setting.low}-${setting.high})` : undefined);
  if (shown === undefined) return row.write === accepted ? OK : ERROR;
  if (shown !== '') exchange.info(`${exchange.name}: ${shown}`);
  return OK;
}

function readSetting(exchange: Exchange, setting: SettingRow): Result {
  exchange.info(`${exchange.name}: ${exchange.session.settings[setting.name]}`);
  return OK;
}

function writeSetting(exchange: Exchange, setting: SettingRow): Result {
  const value = wholeNumber(exchange.args[0], setting.low, setting.high);
  if (value === undefined || exchange.args.length > 1) return ERROR;
  exchange.session.set(setting.name, value);
  return OK;
}
