/**
 * WeChat Pay's trade bill (bill_type ALL): checks the digest, unpacks and reads it. A text of lines: names of
 * columns, one line a payment or refund with every value behind a backtick, names of totals, totals. Values are
 * never quoted, so a goods name with a comma is told apart by the backtick. Columns are found by name: accounts
 * with and without vouchers have different sets.
 * Source: WeChat Pay APIv3, 申请交易账单, 下载账单 (the digest is that of the unpacked file).
 * Invariant: gives lines only when every line was read and their number is the one that the bill states.
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { yuanToFen } from '../money';
import { parseLocal } from '../shanghai-time';
import type { BillLine } from '../provider';

const MAXIMUM_TEXT_BYTES = 268_435_456;
const VALUE_SEPARATOR = ',`';
const LINE_KINDS: ReadonlyMap<string, BillLine['kind']> = new Map([
  ['SUCCESS', 'payment'],
  ['REFUND', 'refund'],
  ['REVOKED', 'refund'],
]);
/** Stands in the refund's column of a line that is no refund. */
const NO_REFUND = '0';
/** A refund that failed moved no money. */
const FAILED_REFUND = 'FAIL';

/** The text of a downloaded bill; undefined when it does not unpack or its SHA-1 is another. */
export function unpackWechatBill(packed: Buffer, sha1Hex: string): string | undefined {
  let plain: Buffer;
  try {
    plain = gunzipSync(packed, { maxOutputLength: MAXIMUM_TEXT_BYTES });
  } catch {
    return undefined;
  }
  const digest = createHash('sha1').update(plain).digest('hex');
  return digest === sha1Hex.toLowerCase() ? plain.toString('utf8') : undefined;
}

/** The bill's payments and refunds; undefined when anything in it cannot be read or is another merchant's. */
export function parseWechatBill(text: string, mchid: string): BillLine[] | undefined {
  const rows = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((row) => row.length > 0);
  const [names, ...rest] = rows;
  const totals = rest.findIndex((row) => !row.startsWith('`'));
  if (names === undefined || totals < 0 || rest.length !== totals + 2) return undefined;
  if (countIn(rest[totals]!, rest[totals + 1]!) !== totals) return undefined;
  const columns = names.split(',');
  const lines: BillLine[] = [];
  for (const row of rest.slice(0, totals)) {
    const values = row.slice(1).split(VALUE_SEPARATOR);
    if (values.length !== columns.length) return undefined;
    const valueOf = (name: string): string | undefined => values[columns.indexOf(name)]?.trim();
    if (valueOf('商户号') !== mchid) return undefined;
    const line = readLine(valueOf);
    if (line === undefined) return undefined;
    if (line.kind === 'payment' || line.providerState !== FAILED_REFUND) lines.push(line);
  }
  return lines;
}

function readLine(valueOf: (name: string) => string | undefined): BillLine | undefined {
  const kind = LINE_KINDS.get(valueOf('交易状态') ?? '');
  const atMs = parseLocal((valueOf('交易时间') ?? '').replace(/\s+/, ' '));
  const outTradeNo = valueOf('商户订单号');
  const transactionId = valueOf('微信订单号');
  const yuan =
    kind === 'refund'
      ? (valueOf('申请退款金额') ?? valueOf('退款金额'))
      : (valueOf('订单金额') ?? valueOf('应结订单金额'));
  const amountFen = yuanToFen(yuan ?? '');
  if (!kind || atMs === undefined || !outTradeNo || !transactionId) return undefined;
  if (amountFen === undefined || amountFen < 0) return undefined;
  const common = { outTradeNo, transactionId, amountFen, atMs };
  if (kind === 'payment') return { kind, ...common, providerState: 'SUCCESS' };
  const outRefundNo = valueOf('商户退款单号');
  if (!outRefundNo || outRefundNo === NO_REFUND) return undefined;
  return { kind, ...common, outRefundNo, providerState: valueOf('退款状态') ?? '' };
}

/** The number of lines that the bill's last two rows state. */
function countIn(names: string, values: string): number | undefined {
  const position = names.split(',').indexOf('总交易单数');
  const value = values.slice(1).split(VALUE_SEPARATOR)[position];
  return values.startsWith('`') && value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
