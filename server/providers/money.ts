/**
 * Fen to yuan and back, on digits, never through floating point: Alipay and both bills write amounts in yuan
 * with up to two decimals. The largest amount is the providers' own (100,000,000 yuan), far below 2^53 fen.
 * Invariant: yuanToFen(fenToYuan(x)) = x for every amount; anything that is not an exact amount is undefined.
 */

/** 100,000,000.00 yuan: Alipay's limit for total_amount; WeChat's own limits are lower. */
export const MAXIMUM_FEN = 10_000_000_000;

const YUAN_PATTERN = /^(-?)(0|[1-9]\d{0,8})(?:\.(\d{1,2})(0*))?$/;

/** Whether this is an amount that can be paid: a whole number of fen from 1 to the limit. */
export function isPayableFen(amountFen: number): boolean {
  return Number.isSafeInteger(amountFen) && amountFen >= 1 && amountFen <= MAXIMUM_FEN;
}

/** 150 → "1.50". Throws on anything but a whole number of fen from 0 to the limit: that is our own mistake. */
export function fenToYuan(amountFen: number): string {
  if (!Number.isSafeInteger(amountFen) || amountFen < 0 || amountFen > MAXIMUM_FEN) {
    throw new RangeError('not an amount in fen');
  }
  const digits = String(amountFen).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** "1.5" → 150. Undefined for what is not an amount with at most two decimals that count, or over the limit. */
export function yuanToFen(yuan: string): number | undefined {
  const match = YUAN_PATTERN.exec(yuan);
  if (!match) return undefined;
  const [, sign, whole, decimals = ''] = match;
  const amountFen = Number(`${whole}${decimals.padEnd(2, '0')}`);
  if (amountFen > MAXIMUM_FEN) return undefined;
  return sign === '-' && amountFen > 0 ? -amountFen : amountFen;
}
