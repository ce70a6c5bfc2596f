/**
 * What WeChat Pay writes about trades and refunds, read into ours. Only authentic content comes here; what is
 * about another merchant, application or order is a mismatch, and a state that is not listed is never guessed.
 * Source: WeChat Pay APIv3, 查询订单, 申请退款, 查询单笔退款, 支付通知, 退款结果通知.
 */
import { z } from 'zod';
import { ok, unknown } from '../outcome';
import { parseRfc3339 } from '../shanghai-time';
import type { Outcome, Refund, Trade, TradeState } from '../provider';

const fen = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const tradeSchema = z.object({
  appid: z.string(),
  mchid: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string().min(1).max(64).optional(),
  trade_state: z.string().max(32),
  success_time: z.string().optional(),
  amount: z.object({ total: fen, currency: z.string().optional() }).optional(),
});

const refundSchema = z.object({
  refund_id: z.string().max(64).optional(),
  out_refund_no: z.string(),
  out_trade_no: z.string(),
  /** Answers say `status`, notifications `refund_status`. */
  status: z.string().max(32).optional(),
  refund_status: z.string().max(32).optional(),
  mchid: z.string().optional(),
  amount: z.object({ refund: fen, total: fen, currency: z.string().optional() }),
});

const TRADE_STATES: Readonly<Record<string, TradeState>> = {
  SUCCESS: 'PAID',
  REFUND: 'REFUNDED',
  NOTPAY: 'WAITING',
  USERPAYING: 'WAITING',
  ACCEPT: 'WAITING',
  CLOSED: 'CLOSED',
  REVOKED: 'CLOSED',
  PAYERROR: 'FAILED',
};

const REFUND_STATES: Readonly<Record<string, Refund['state']>> = {
  SUCCESS: 'SUCCESS',
  PROCESSING: 'PROCESSING',
  CLOSED: 'CLOSED',
  ABNORMAL: 'ABNORMAL',
};

const PAID_STATES: ReadonlySet<TradeState> = new Set(['PAID', 'REFUNDED']);
const CURRENCY = 'CNY';

export interface Owner {
  readonly mchid: string;
  readonly appid: string;
}

/** Reads a trade; `outTradeNo` is what was asked for, absent in a notification. */
export function readTrade(json: unknown, owner: Owner, outTradeNo?: string): Outcome<Trade> {
  const result = tradeSchema.safeParse(json);
  if (!result.success) return unknown('ANSWER_MALFORMED');
  const said = result.data;
  const isOurs = said.mchid === owner.mchid && said.appid === owner.appid;
  const isAsked = outTradeNo === undefined || said.out_trade_no === outTradeNo;
  if (!isOurs || !isAsked || (said.amount?.currency ?? CURRENCY) !== CURRENCY)
    return unknown('ANSWER_MISMATCH');
  if (!Object.hasOwn(TRADE_STATES, said.trade_state)) return unknown('STATE_UNLISTED', said.trade_state);
  const state = TRADE_STATES[said.trade_state]!;
  const paidAtMs = said.success_time === undefined ? undefined : parseRfc3339(said.success_time);
  const isComplete = said.transaction_id !== undefined && said.amount !== undefined;
  if (PAID_STATES.has(state) && !isComplete) return unknown('ANSWER_MALFORMED');
  return ok({
    outTradeNo: said.out_trade_no,
    state,
    providerState: said.trade_state,
    ...(said.transaction_id === undefined ? {} : { transactionId: said.transaction_id }),
    ...(said.amount === undefined ? {} : { amountFen: said.amount.total }),
    ...(paidAtMs === undefined ? {} : { paidAtMs }),
  });
}

/** Reads a refund; `asked` is what was asked for, absent in a notification. */
export function readRefund(
  json: unknown,
  mchid: string,
  asked?: { readonly outTradeNo: string; readonly outRefundNo: string },
): Outcome<Refund> {
  const result = refundSchema.safeParse(json);
  if (!result.success) return unknown('ANSWER_MALFORMED');
  const said = result.data;
  const isOurs = asked !== undefined || said.mchid === mchid;
  const isAsked =
    asked === undefined ||
    (said.out_trade_no === asked.outTradeNo && said.out_refund_no === asked.outRefundNo);
  if (!isOurs || !isAsked || (said.amount.currency ?? CURRENCY) !== CURRENCY)
    return unknown('ANSWER_MISMATCH');
  const providerState = said.status ?? said.refund_status;
  if (providerState === undefined) return unknown('ANSWER_MALFORMED');
  if (!Object.hasOwn(REFUND_STATES, providerState)) return unknown('STATE_UNLISTED', providerState);
  return ok({
    outTradeNo: said.out_trade_no,
    outRefundNo: said.out_refund_no,
    state: REFUND_STATES[providerState]!,
    providerState,
    refundFen: said.amount.refund,
    ...(said.refund_id === undefined ? {} : { refundId: said.refund_id }),
  });
}
