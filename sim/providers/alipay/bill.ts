/**
 * Alipay's bills (alipay.data.dataservice.bill.downloadurl.query, "对账说明"): a ZIP with two CSV files in GBK,
 * rows and sums. `trade` lists payments and refunds of the acquiring interface, `signcustomer` the changes of the
 * account. The address lives thirty seconds; a day without rows, and a day that is not over, have no bill.
 */

import type { Answer, Desk } from '../core/adapter';
import { toAlipayTime } from '../core/beijing';
import { billStateOf, billText, collectDay, periodOf, type BillDay } from '../core/billDay';
import { fenToYuan } from '../core/money';
import type { MerchantAccount, Refund, Trade } from '../core/records';
import { firstViolation } from '../core/schema';
import { alipayError, alipaySuccess } from './errors';
import { BILL_FIELDS } from './fields';
import { toGbk } from './gbk';
import { parameterFault } from './trades';
import { zip } from './zip';

const LINK_LIFE_MS = 30_000;

const TRADE_HEAD =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
const ACCOUNT_HEAD =
  '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注';

interface Kind {
  /** Stands in the file's name and in its first line. */
  readonly title: string;
  readonly listTitle: string;
  rows(day: BillDay): readonly string[][];
  readonly head: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  trade: { title: '业务明细', listTitle: '业务明细列表', head: TRADE_HEAD, rows: tradeRows },
  signcustomer: { title: '账务明细', listTitle: '账务明细列表', head: ACCOUNT_HEAD, rows: accountRows },
};

/** alipay.data.dataservice.bill.downloadurl.query */
export function queryBillAddress(
  desk: Desk,
  account: MerchantAccount,
  input: Readonly<Record<string, unknown>>,
): Answer {
  const violation = firstViolation(BILL_FIELDS, input);
  if (violation) return parameterFault(violation);
  const date = String(input['bill_date']);
  const type = String(input['bill_type']);
  const period = periodOf(date);
  if (!period) return alipayError('isv.invalid-parameter', '账单日期不合法');
  if (billStateOf(desk, period) !== 'READY') return alipayError('isp.bill_not_exist');
  const day = collectDay(desk, account, period, 'doneMs');
  if (day.payments.length + day.refunds.length === 0) return alipayError('isp.bill_not_exist');
  const nowMs = desk.clock.nowMs();
  const compactDate = date.replaceAll('-', '');
  const fileName = `${account.sellerId}0156_${compactDate}.csv.zip`;
  const bytes = billArchive(account, day, KINDS[type]!, compactDate, period, nowMs);
  const file = { merchantId: account.merchantId, fileName, contentType: 'application/zip', bytes };
  const query = new URLSearchParams({
    bizType: type === 'trade' ? 'trade' : 'fnd',
    userId: `${account.sellerId}0156`,
    fileType: 'csv.zip',
    bizDates: compactDate,
    downloadFileName: fileName,
    timestamp: String(Math.floor(nowMs)),
    token: desk.downloads.keep(file, LINK_LIFE_MS),
  });
  return alipaySuccess({
    bill_download_url: `${desk.baseUrl()}/downloadBill/downloadFile.resource?${query}`,
  });
}

function billArchive(
  account: MerchantAccount,
  day: BillDay,
  kind: Kind,
  compactDate: string,
  period: { readonly startMs: number; readonly endMs: number },
  nowMs: number,
): Buffer {
  const intro = [
    `#支付宝${kind.title}查询`,
    `#账号：[${account.sellerId}0156]`,
    `#起始日期：[${chinaStamp(period.startMs)}]   终止日期：[${chinaStamp(period.endMs)}]`,
  ];
  const rows = kind.rows(day).map((cells) => cells.map((cell) => `${billText(cell)}\t`).join(','));
  const detail = [
    ...intro,
    `#-----------------------------------------${kind.listTitle}----------------------------------------`,
    kind.head,
    ...rows,
    `#-----------------------------------------${kind.listTitle}结束------------------------------------`,
    ...sumLines(day),
    `#导出时间：[${chinaStamp(nowMs)}]`,
  ];
  const summary = [...intro, ...sumLines(day), `#导出时间：[${chinaStamp(nowMs)}]`];
  const name = `${account.sellerId}0156_${compactDate}_${kind.title}`;
  return zip(
    [
      { name: toGbk(`${name}.csv`), bytes: toGbk(`${detail.join('\r\n')}\r\n`) },
      { name: toGbk(`${name}(汇总).csv`), bytes: toGbk(`${summary.join('\r\n')}\r\n`) },
    ],
    nowMs,
  );
}

function sumLines(day: BillDay): string[] {
  const paidFen = day.payments.reduce((sum, trade) => sum + trade.amountFen, 0);
  const backFen = day.refunds.reduce((sum, { refund }) => sum + refund.amountFen, 0);
  return [
    `#交易合计：${day.payments.length}笔，商家实收共${fenToYuan(paidFen)}元，商家优惠共0.00元`,
    `#退款合计：${day.refunds.length}笔，商家实收退款共${fenToYuan(-backFen)}元，商家优惠退款共0.00元`,
  ];
}

function tradeRows(day: BillDay): string[][] {
  return merge(day, tradeCells, (refund, trade) => {
    const cells = tradeCells(trade, -refund.amountFen);
    cells[2] = '退款';
    cells[5] = toAlipayTime(refund.doneMs!);
    cells[21] = refund.outRefundNo;
    return cells;
  });
}

function tradeCells(trade: Trade, amountFen = trade.amountFen): string[] {
  const yuan = fenToYuan(amountFen);
  return [
    trade.tradeNo,
    trade.outTradeNo,
    '交易',
    trade.title,
    toAlipayTime(trade.createdMs),
    toAlipayTime(trade.paidMs!),
    ...['', '', '', '', '*明(159****5620)'],
    ...[yuan, yuan, '0.00', '0.00', '0.00', '0.00', '0.00', '', '0.00', '0.00', '', '0.00', '0.00', ''],
  ];
}

function accountRows(day: BillDay): string[][] {
  let balanceFen = 0;
  const cells = (trade: Trade, number: string, atMs: number, amountFen: number, kind: string): string[] => {
    balanceFen += amountFen;
    return [
      number,
      trade.tradeNo,
      trade.outTradeNo,
      trade.title,
      toAlipayTime(atMs),
      '*明(159****5620)',
      fenToYuan(Math.max(amountFen, 0)),
      fenToYuan(Math.min(amountFen, 0)),
      fenToYuan(balanceFen),
      '支付宝',
      kind,
      '',
    ];
  };
  return merge(
    day,
    (trade) => cells(trade, `${trade.tradeNo}01`, trade.paidMs!, trade.amountFen, '在线支付'),
    (refund, trade) => cells(trade, refund.refundNo, refund.doneMs!, -refund.amountFen, '交易退款'),
  );
}

/** Rows in the order in which the money moved. */
function merge(
  day: BillDay,
  payment: (trade: Trade) => string[],
  back: (refund: Refund, trade: Trade) => string[],
): string[][] {
  const events = [
    ...day.payments.map((trade) => ({ atMs: trade.paidMs!, row: () => payment(trade) })),
    ...day.refunds.map(({ refund, trade }) => ({ atMs: refund.doneMs!, row: () => back(refund, trade) })),
  ];
  return events.sort((left, right) => left.atMs - right.atMs).map((event) => event.row());
}

function chinaStamp(atMs: number): string {
  return `${toAlipayTime(atMs).replace('-', '年').replace('-', '月').replace(' ', '日 ')}`;
}
