/**
 * What Alipay writes about trades and refunds, read into ours. Only authentic content comes here. Answers carry
 * no time and no merchant, so an old one could be sent again by a man in the middle: the order number must be
 * the one that was asked for. Amounts are yuan in text (numbers in some of Alipay's samples).
 * Source: alipay.trade.query, alipay.trade.refund, alipay.trade.fastpay.refund.query.
 */
import { z } from 'zod';
import { yuanToFen } from '../money';
import { ok, unknown } from '../outcome';
import { parseLocal } from '../shanghai-time';
import type { Outcome, Refund, Trade, TradeState } from '../provider';

/** A JSON number prints with its shortest exact digits, so a two-decimal amount survives as text. */
const yuan = z.union([z.string(), z.number()]).transform(String);

const tradeSchema = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().min(1).max(64).optional(),
  trade_status: z.string().max(32),
  total_amount: yuan.optional(),
  /** When the money went to the merchant; only trades that were paid have it. */
  send_pay_date: z.string().optional(),
});

const refundSchema = z.object({
  out_trade_no: z.string().optional(),
  out_request_no: z.string().optional(),
  refund_status: z.string().max(32).optional(),
  refund_amount: yuan.optional(),
  trade_no: z.string().max(64).optional(),
});

const TRADE_STATES: Readonly<Record<string, TradeState>> = {
  WAIT_BUYER_PAY: 'WAITING',
  TRADE_SUCCESS: 'PAID',
  TRADE_FINISHED: 'PAID',
  TRADE_CLOSED: 'CLOSED',
};

/** TRADE_CLOSED is written for both: never paid and closed, or paid and wholly given back. */
export function stateOf(tradeStatus: string, wasPaid: boolean): TradeState | undefined {
  if (!Object.hasOwn(TRADE_STATES, tradeStatus)) return undefined;
  const state = TRADE_STATES[tradeStatus]!;
  return state === 'CLOSED' && wasPaid ? 'REFUNDED' : state;
}

/** Reads the answer to a query. */
export function readTrade(payload: unknown, outTradeNo: string): Outcome<Trade> {
  const result = tradeSchema.safeParse(payload);
  if (!result.success) return unknown('ANSWER_MALFORMED');
  const said = result.data;
  if (said.out_trade_no !== outTradeNo) return unknown('ANSWER_MISMATCH');
  const state = stateOf(said.trade_status, said.send_pay_date !== undefined);
  if (state === undefined) return unknown('STATE_UNLISTED', said.trade_status);
  const amountFen = said.total_amount === undefined ? undefined : yuanToFen(said.total_amount);
  const isPaid = state === 'PAID' || state === 'REFUNDED';
  if (isPaid && (said.trade_no === undefined || amountFen === undefined)) return unknown('ANSWER_MALFORMED');
  const paidAtMs = isPaid && said.send_pay_date !== undefined ? parseLocal(said.send_pay_date) : undefined;
  return ok({
    outTradeNo,
    state,
    providerState: said.trade_status,
    ...(said.trade_no === undefined ? {} : { transactionId: said.trade_no }),
    ...(amountFen === undefined ? {} : { amountFen }),
    ...(paidAtMs === undefined ? {} : { paidAtMs }),
  });
}

/**
 * Reads the answer to a refund query. Without `refund_status` Alipay has no such refund or it failed: NOT_FOUND,
 * so it is to be sent again under the same number (Alipay asks for ten seconds between refund and query). Such an
 * answer may name nothing at all; taking an old one for it only makes us send the refund again, which is harmless.
 */
export function readRefund(payload: unknown, outTradeNo: string, outRefundNo: string): Outcome<Refund> {
  const result = refundSchema.safeParse(payload);
  if (!result.success) return unknown('ANSWER_MALFORMED');
  const said = result.data;
  if (said.out_request_no === undefined && said.refund_status === undefined) {
    return ok({ outTradeNo, outRefundNo, state: 'NOT_FOUND', providerState: '' });
  }
  if (said.out_trade_no !== outTradeNo || said.out_request_no !== outRefundNo)
    return unknown('ANSWER_MISMATCH');
  if (said.refund_status === undefined)
    return ok({ outTradeNo, outRefundNo, state: 'NOT_FOUND', providerState: '' });
  if (said.refund_status !== 'REFUND_SUCCESS') return unknown('STATE_UNLISTED', said.refund_status);
  const refundFen = said.refund_amount === undefined ? undefined : yuanToFen(said.refund_amount);
  if (refundFen === undefined) return unknown('ANSWER_MALFORMED');
  return ok({ outTradeNo, outRefundNo, state: 'SUCCESS', providerState: said.refund_status, refundFen });
}
