/**
 * Amounts as people type them: yuan with at most two decimals, without floating point.
 */
import { HostError } from '../host';

const MAX_FEN = 100_000_000;

/** 250 for `2.5`, `2.50`; 200 for `2`. Throws a HostError for anything else. */
export function parseYuan(text: string): number {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text);
  const amountFen = match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')) : 0;
  if (amountFen < 1 || amountFen > MAX_FEN) {
    throw new HostError('argument', `not an amount: ${text} (yuan, from 0.01 to 1000000, like 2.50)`);
  }
  return amountFen;
}

/** A whole number of `low` and more, from an argument. */
export function parseWhole(what: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (!(value >= low && value <= high)) {
      throw new HostError('argument', `${what} must be a whole number from ${low} to ${high}, not ${text}`);
    }
    return value;
  };
}
