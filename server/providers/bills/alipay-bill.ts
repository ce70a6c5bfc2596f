/**
 * Alipay's trade bill: reads the detail file out of the zip (unzip.ts). GBK text; lines with # are headings and
 * totals, values end in tabs, nothing is quoted, refunds have negative amounts. A goods name with a comma makes
 * a line longer: the two times behind it show by how much.
 * Source: alipay.data.dataservice.bill.downloadurl.query, bill_type trade, 业务明细.
 * Invariant: gives lines only when every line was read and their numbers are those that the bill states.
 */
import { yuanToFen } from '../money';
import { parseLocal } from '../shanghai-time';
import type { BillLine } from '../provider';

const TITLE = '#支付宝业务明细查询';
const DETAIL_COLUMNS_PATTERN = /^支付宝交易号,商户订单号,/m;
const ACCOUNT_PATTERN = /^#账号[：:]\[(\d+)\]/m;
const PAYMENTS_PATTERN = /^#交易合计[：:](\d{1,9})笔/m;
const REFUNDS_PATTERN = /^#退款合计[：:](\d{1,9})笔/m;
const LINE_KINDS: ReadonlyMap<string, BillLine['kind']> = new Map([
  ['交易', 'payment'],
  ['退款', 'refund'],
]);
const CREATED_COLUMN = '创建时间';

/** GBK (or GB18030) bytes to text; undefined when they are not. */
export function decodeGbk(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('gb18030', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether this file of the zip is the one with the single payments (the other one has sums). */
export function isAlipayDetail(text: string): boolean {
  return text.startsWith(TITLE) && DETAIL_COLUMNS_PATTERN.test(text);
}

/** The bill's payments and refunds; undefined when anything in it cannot be read or is another account's. */
export function parseAlipayBill(text: string, sellerId: string): BillLine[] | undefined {
  if (!isAlipayDetail(text) || ACCOUNT_PATTERN.exec(text)?.[1]?.startsWith(sellerId) !== true)
    return undefined;
  const rows = text.split(/\r?\n/).filter((row) => row.length > 0 && !row.startsWith('#'));
  const [names, ...rest] = rows;
  if (names === undefined) return undefined;
  const columns = names.split(',').map((name) => name.trim().replace(/[（(].*$/, ''));
  const lines: BillLine[] = [];
  for (const row of rest) {
    const line = readLine(row, columns);
    if (line === undefined) return undefined;
    lines.push(line);
  }
  const payments = lines.filter((line) => line.kind === 'payment').length;
  const areAllThere =
    Number(PAYMENTS_PATTERN.exec(text)?.[1] ?? -1) === payments &&
    Number(REFUNDS_PATTERN.exec(text)?.[1] ?? -1) === lines.length - payments;
  return areAllThere ? lines : undefined;
}

function readLine(row: string, columns: readonly string[]): BillLine | undefined {
  const values = row.split(',').map((value) => value.trim());
  const created = columns.indexOf(CREATED_COLUMN);
  const shift = values.findIndex(
    (value, index) =>
      index >= created &&
      parseLocal(value) !== undefined &&
      parseLocal(values[index + 1] ?? '') !== undefined,
  );
  if (created < 0 || shift < 0 || values.length < columns.length) return undefined;
  const valueOf = (name: string): string | undefined => {
    const index = columns.indexOf(name);
    return index < 0 ? undefined : values[index < created ? index : index + shift - created];
  };
  const kind = LINE_KINDS.get(valueOf('业务类型') ?? '');
  const atMs = parseLocal(valueOf('完成时间') ?? '');
  const outTradeNo = valueOf('商户订单号');
  const transactionId = valueOf('支付宝交易号');
  const signedFen = yuanToFen(valueOf('订单金额') ?? '');
  if (!kind || atMs === undefined || !outTradeNo || !transactionId || signedFen === undefined)
    return undefined;
  const common = { outTradeNo, transactionId, atMs, providerState: valueOf('业务类型')! };
  if (kind === 'payment') return signedFen < 0 ? undefined : { kind, ...common, amountFen: signedFen };
  const outRefundNo = valueOf('退款批次号/请求号');
  return outRefundNo ? { kind, ...common, outRefundNo, amountFen: Math.abs(signedFen) } : undefined;
}
