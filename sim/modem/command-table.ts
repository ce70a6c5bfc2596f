/**
 * What a row of a command table may say. Rows are data; only dialogues (connect, send, read) have code of
 * their own, in files of their own.
 */
import type { CommandForm } from './command-line';
import type { Result } from './result';
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
  test?: string;
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
  /** More parameters are taken and ignored up to this many. */
  mostParameters?: number;
}

export type CommandTable = Readonly<Record<string, CommandRow>>;
