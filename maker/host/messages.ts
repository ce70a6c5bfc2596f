/**
 * What the module tells, as objects with text instead of binary strings, and the checks of what a host may ask.
 * Ranges are those of docs/host-protocol.md, section 7; the module checks them again.
 */
import { OrderState } from '../../src/protocol/codes';
import { type HostFields, isText } from '../../src/protocol/host';
import { HostError } from './errors';

export interface Info {
  readonly version: number;
  readonly reset: number;
  readonly link: number;
  readonly openOrders: number;
  readonly lastOrder: number;
  readonly deviceId: string;
  readonly firmware: string;
  readonly board: string;
  readonly imei: string;
}

export interface Qr {
  readonly order: number;
  readonly channel: number;
  readonly leftS: number;
  readonly reference: string;
  readonly url: string;
}

export interface OrderStatus {
  readonly order: number;
  readonly state: number;
  readonly reason: number;
  readonly amountFen: number;
  readonly channel: number;
  readonly leftS: number;
  readonly reference: string;
}

export interface Signal {
  readonly link: number;
  readonly csq: number;
  readonly registration: number;
}

export interface ModuleTime {
  /** Seconds since 1970, 0 while not known. */
  readonly unixS: number;
  readonly errorMs: number;
}

export interface Settings {
  readonly [name: string]: number;
}

export interface Payment {
  /** 1 and up, integer. */
  readonly amountFen: number;
  readonly channel: number;
  /** 30 to 7200, 0 or nothing for 300. */
  readonly ttlS?: number;
  /** 1 to 32 characters of ! to ~. */
  readonly reference: string;
  /** At most 48 bytes of UTF-8. */
  readonly goods?: string;
}

export function isFinal(state: number): boolean {
  return state >= OrderState.Done;
}

/** A binary string's bytes as UTF-8 text. */
export function textOf(bytes: number | string | undefined): string {
  return Buffer.from(String(bytes ?? ''), 'latin1').toString('utf8');
}

/** UTF-8 text as a binary string. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The fields with every binary string turned into text. */
export function textFields<Result>(fields: HostFields): Result {
  const result: { [name: string]: number | string } = {};
  for (const [name, value] of Object.entries(fields)) {
    result[name] = typeof value === 'string' ? textOf(value) : value;
  }
  return result as Result;
}

function check(isRight: boolean, message: string): void {
  if (!isRight) throw new HostError('argument', message);
}

export function checkInteger(what: string, value: number, low: number, high: number): void {
  check(
    Number.isInteger(value) && value >= low && value <= high,
    `${what} must be a whole number from ${low} to ${high}`,
  );
}

export function checkReference(reference: string): void {
  check(/^[\x21-\x7e]{1,32}$/.test(reference), 'a reference has 1 to 32 characters of ! to ~');
}

export function checkText(what: string, text: string, highBytes: number): void {
  const bytes = bytesOf(text);
  check(bytes.length <= highBytes, `${what} has at most ${highBytes} bytes of UTF-8`);
  check(isText(bytes), `${what} must not have control characters`);
}

/** The fields of PAY. Throws a HostError for what the module would refuse anyway. */
export function payFields(payment: Payment): HostFields {
  const { amountFen, channel, ttlS = 0, reference, goods = '' } = payment;
  checkInteger('the amount in fen', amountFen, 1, 100_000_000);
  checkInteger('the channel', channel, 1, 2);
  if (ttlS !== 0) checkInteger('the time to pay in seconds', ttlS, 30, 7200);
  checkReference(reference);
  checkText('goods', goods, 48);
  return { amountFen, channel, ttlS, reference, goods: bytesOf(goods) };
}
