/**
 * Alipay's amounts: yuan with at most two decimals, as text (open platform, type Price). Converted digit by
 * digit, never through floating point. WeChat Pay counts in integer fen and needs nothing of this.
 */

const YUAN = /^(0|[1-9]\d{0,8})(?:\.(\d{1,2}))?$/;

/** `150` → `1.50`; negative amounts (refund lines of a bill) keep their sign. */
export function fenToYuan(amountFen: number): string {
  const sign = amountFen < 0 ? '-' : '';
  const fen = Math.abs(amountFen);
  return `${sign}${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;
}

/** Integer fen, or undefined when the value is no amount in yuan. */
export function yuanToFen(value: unknown): number | undefined {
  const parts = YUAN.exec(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '');
  if (!parts) return undefined;
  return Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'));
}
