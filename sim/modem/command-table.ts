/**
 * What a row of a command table may say, and the few handlers that rows share. Rows are data; only dialogues
 * (connect, send, read) have code of their own, in files of their own.
 */
import { wholeNumber, type CommandForm } from './command-line';
import { ERROR, OK, type Result } from './result';
import type { Session } from './session';
import type { SettingName } from './settings';

/** One command on its way: what was asked, and where the answer goes. */
export interface Exchange {
  readonly session: Session;
  readonly name: string;
  readonly form: CommandForm;
  readonly args: readonly string[];
  readonly isQuoted: readonly boolean[];
  /** A line before the final result. */
  info(text: string): void;
  /** The final result, for handlers that gave none at once. */
  finish(result: Result): void;
}

/** Gives the result, or undefined when it will call `finish` later. */
export type Handler = (exchange: Exchange) => Result | undefined;

export interface CommandRow {
  /** Section of the manual V1.09. */
  section: string;
  /** Text of the test command after `+NAME: `; '' for a bare OK. */
  test?: string | ((session: Session) => string);
  read?: Handler;
  write?: Handler;
  execute?: Handler;
  /** A plain setting: read, write and range come from here. */
  setting?: SettingRow;
  /** Refused with a CME error while the card is not ready. */
  needsCard?: boolean;
}

export interface SettingRow {
  name: SettingName;
  low: number;
  high: number;
}

export type CommandTable = Readonly<Record<string, CommandRow>>;

/** Taken, and without effect on what is simulated. */
export const accepted: Handler = () => OK;

/** Answers with one line and OK. */
export function tells(text: (session: Session) => string): Handler {
  return (exchange) => {
    exchange.info(text(exchange.session));
    return OK;
  };
}

/** Several numbers in order into settings; those left out keep their value. */
export function writesSettings(rows: readonly SettingRow[], fewest: number): Handler {
  return ({ session, args }) => {
    if (args.length < fewest || args.length > rows.length) return ERROR;
    const values = args.map((text, index) => wholeNumber(text, rows[index]!.low, rows[index]!.high));
    if (values.includes(undefined)) return ERROR;
    values.forEach((value, index) => session.set(rows[index]!.name, value!));
    return OK;
  };
}

/** Reads several settings back, separated by commas. */
export function readsSettings(rows: readonly SettingRow[]): Handler {
  return (exchange) => {
    exchange.info(`${exchange.name}: ${rows.map((row) => exchange.session.settings[row.name]).join(',')}`);
    return OK;
  };
}

/** The ranges as a test command prints them. */
export function ranges(rows: readonly SettingRow[]): string {
  return rows.map(({ low, high }) => `(${low}-${high})`).join(',');
}
