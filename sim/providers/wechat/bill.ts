/**
 * WeChat Pay's daily bill ("申请交易账单" 4012791886, "下载账单"): CSV in UTF-8 with a byte order mark, each value
 * after a grave accent, four parts (head, rows, head of sums, sums), amounts in yuan, fees with five decimals.
 * Its SHA-1 is that of the plain text, also when it is fetched gzipped. A day without rows has no bill.
 */

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Answer, Desk } from '../core/adapter';
import { toAlipayTime } from '../core/beijing';
import { billStateOf, billText, collectDay, periodOf, type BillDay } from '../core/billDay';
import { fenToYuan } from '../core/money';
import type { MerchantAccount, Refund, Trade } from '../core/records';
import { firstViolation } from '../core/schema';
import { violationAnswer, wechatError } from './errors';
import { TRADE_BILL_FIELDS } from './fields';

type BillType = 'ALL' | 'SUCCESS' | 'REFUND';

const LINK_LIFE_MS = 5 * 60_000;
const FEE_RATE_PERCENT = '0.60%';
const FEE_PER_MILLE = 6;

const HEAD_COMMON =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额';
const HEADS: Readonly<Record<BillType, string>> = {
  ALL: `${HEAD_COMMON},微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注`,
  SUCCESS: `${HEAD_COMMON},商品名称,商户数据包,手续费,费率,订单金额,费率备注`,
  REFUND: `${HEAD_COMMON},退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注`,
};
const SUM_HEAD =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

/** GET /v3/bill/tradebill */
export function applyTradeBill(
  desk: Desk,
  account: MerchantAccount,
  input: Readonly<Record<string, unknown>>,
): Answer {
  const violation = firstViolation(TRADE_BILL_FIELDS, input);
  if (violation) return violationAnswer(violation, 'query');
  const date = String(input['bill_date']);
  const period = periodOf(date);
  if (!period) return wechatError('PARAM_ERROR', '账单日期不正确', { location: 'query', value: date });
  const state = billStateOf(desk, period);
  if (state === 'NOT_YET') return wechatError('STATEMENT_CREATING');
  if (state === 'NOT_OVER') return wechatError('NO_STATEMENT_EXIST');
  const type = (input['bill_type'] as BillType | undefined) ?? 'ALL';
  const day = collectDay(desk, account, period, 'createdMs');
  const text = billCsv(account, day, type);
  if (text === undefined) return wechatError('NO_STATEMENT_EXIST');
  const plain = Buffer.from(text, 'utf8');
  const isZipped = input['tar_type'] === 'GZIP';
  const token = desk.downloads.keep(
    {
      merchantId: account.merchantId,
      fileName: `${account.merchantId}${type}${date}.csv${isZipped ? '.gz' : ''}`,
      contentType: isZipped ? 'application/x-gzip' : 'text/plain',
      bytes: isZipped ? gzipSync(plain) : plain,
    },
    LINK_LIFE_MS,
  );
  return {
    status: 200,
    body: {
      hash_type: 'SHA1',
      hash_value: createHash('sha1').update(plain).digest('hex'),
      download_url: `${desk.baseUrl()}/v3/billdownload/file?token=${token}`,
    },
  };
}

/** The bill's text, or undefined when it would have no row. */
export function billCsv(account: MerchantAccount, day: BillDay, type: BillType): string | undefined {
  const payments = type === 'REFUND' ? [] : day.payments;
  const refunds = type === 'SUCCESS' ? [] : day.refunds;
  const rows = [
    ...payments.map((trade) => ({ atMs: trade.paidMs!, cells: paymentCells(account, trade, type) })),
    ...refunds.map(({ refund, trade }) => ({
      atMs: refund.createdMs,
      cells: refundCells(account, refund, trade, type),
    })),
  ].sort((left, right) => left.atMs - right.atMs);
  if (rows.length === 0) return undefined;
  const paidFen = payments.reduce((sum, trade) => sum + trade.amountFen, 0);
  const backFen = refunds.reduce((sum, { refund }) => sum + refund.amountFen, 0);
  const feeFen =
    payments.reduce((sum, trade) => sum + feeOf(trade.amountFen), 0) -
    refunds.reduce((sum, { refund }) => sum + feeOf(refund.amountFen), 0);
  const sums = [
    String(rows.length),
    fenToYuan(paidFen),
    fenToYuan(backFen),
    '0.00',
    feeText(feeFen),
    fenToYuan(paidFen),
    fenToYuan(backFen),
  ];
  const lines = [HEADS[type], ...rows.map((row) => line(row.cells)), SUM_HEAD, line(sums)];
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

function line(cells: readonly string[]): string {
  return cells.map((cell) => `\`${billText(cell)}`).join(',');
}

function commonCells(
  account: MerchantAccount,
  trade: Trade,
  atMs: number,
  state: string,
  settledFen: number,
): string[] {
  return [
    toAlipayTime(atMs),
    account.appId,
    account.merchantId,
    '0',
    '',
    trade.tradeNo,
    trade.outTradeNo,
    trade.payer ?? '',
    'NATIVE',
    state,
    'OTHERS',
    'CNY',
    fenToYuan(settledFen),
    '0.00',
  ];
}

function paymentCells(account: MerchantAccount, trade: Trade, type: BillType): string[] {
  const common = commonCells(account, trade, trade.paidMs!, 'SUCCESS', trade.amountFen);
  const goods = [trade.title, trade.detail, feeText(feeOf(trade.amountFen)), FEE_RATE_PERCENT];
  if (type === 'SUCCESS') return [...common, ...goods, fenToYuan(trade.amountFen), ''];
  return [...common, '0', '0', '0.00', '0.00', '', '', ...goods, fenToYuan(trade.amountFen), '0.00', ''];
}

function refundCells(account: MerchantAccount, refund: Refund, trade: Trade, type: BillType): string[] {
  const applied = toAlipayTime(refund.createdMs);
  const done = refund.doneMs === null ? '' : toAlipayTime(refund.doneMs);
  const states: Readonly<Record<Refund['state'], string>> = {
    PROCESSING: 'PROCESSING',
    SUCCESS: 'SUCCESS',
    CLOSED: 'FAIL',
    ABNORMAL: 'CHANGE',
  };
  return [
    ...commonCells(account, trade, refund.createdMs, 'REFUND', 0),
    ...(type === 'REFUND' ? [applied, done] : []),
    refund.refundNo,
    refund.outRefundNo,
    fenToYuan(refund.amountFen),
    '0.00',
    'ORIGINAL',
    states[refund.state],
    trade.title,
    trade.detail,
    feeText(-feeOf(refund.amountFen)),
    FEE_RATE_PERCENT,
    '0.00',
    fenToYuan(refund.amountFen),
    '',
  ];
}

/** Whole fen, half up. */
function feeOf(amountFen: number): number {
  return Math.floor((amountFen * FEE_PER_MILLE + 500) / 1000);
}

function feeText(feeFen: number): string {
  return `${fenToYuan(feeFen)}000`;
}
