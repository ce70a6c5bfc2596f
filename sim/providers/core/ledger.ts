/**
 * The few acts that move money or open and end a trade; whether an act is allowed is the caller's question, that
 * the result is sound is asserted here after each one.
 * Invariants: a trade is paid at most once and never after it was closed; promised refunds never exceed what was
 * paid; what the movements say of a trade is what the trade says of itself.
 */

import { strict as assert } from 'node:assert';
import type { Context } from './context';
import { fresh, newPayer, newTradeNo } from './numbers';
import type { PayCode, Refund, RefundState, Trade } from './records';

/** Opens the trade that a code stands for. */
export function openTrade(context: Context, code: PayCode, fingerprint: string): Trade {
  const nowMs = Math.floor(context.clock.nowMs());
  assert(!context.book.trade(code.channel, code.merchantId, code.outTradeNo), 'a trade is opened once');
  const scanDeadlineMs = code.timeoutMs === null ? null : nowMs + code.timeoutMs;
  const trade: Trade = {
    channel: code.channel,
    merchantId: code.merchantId,
    outTradeNo: code.outTradeNo,
    tradeNo: freshTradeNo(context, code),
    amountFen: code.amountFen,
    title: code.title,
    detail: code.detail,
    notifyUrl: code.notifyUrl,
    state: 'WAITING',
    fingerprint,
    createdMs: nowMs,
    payByMs: earlier(code.payByMs, scanDeadlineMs),
    paidMs: null,
    closedMs: null,
    payer: code.channel === 'alipay' ? newPayer('alipay', context.random) : null,
    promisedFen: 0,
    refundedFen: 0,
    refundCount: 0,
    lastRefundMs: null,
  };
  context.book.putTrade(trade);
  return trade;
}

/** The customer's money arrives. */
export function payTrade(context: Context, trade: Trade): Trade {
  assert(trade.state === 'WAITING', 'only a waiting trade is paid');
  const paidMs = Math.floor(context.clock.nowMs());
  const payer = trade.payer ?? newPayer(trade.channel, context.random);
  const paid: Trade = { ...trade, state: 'PAID', paidMs, payer };
  context.book.putTrade(paid);
  context.book.addMovement({
    kind: 'payment',
    channel: trade.channel,
    merchantId: trade.merchantId,
    outTradeNo: trade.outTradeNo,
    outRefundNo: null,
    amountFen: trade.amountFen,
    atMs: paidMs,
  });
  return assertSound(paid);
}

/** An unpaid trade ends; also the end of Alipay's fully refunded one. */
export function closeTrade(context: Context, trade: Trade): Trade {
  assert(trade.state === 'WAITING' || trade.refundedFen === trade.amountFen, 'a paid trade is not closed');
  const closed: Trade = { ...trade, state: 'CLOSED', closedMs: Math.floor(context.clock.nowMs()) };
  context.book.putTrade(closed);
  return assertSound(closed);
}

/** Closes a waiting trade whose time is over; Alipay does so by itself. */
export function closeWhenOver(context: Context, trade: Trade): Trade {
  const isOver =
    trade.state === 'WAITING' && trade.payByMs !== null && context.clock.nowMs() >= trade.payByMs;
  return isOver ? closeTrade(context, trade) : trade;
}

/** Takes a refund on: its amount is promised from here on, moved only by `finishRefund`. */
export function acceptRefund(context: Context, trade: Trade, refund: Refund): Trade {
  assert(trade.state === 'PAID' && refund.amountFen > 0, 'only a paid trade is refunded');
  const promised: Trade = {
    ...trade,
    promisedFen: trade.promisedFen + refund.amountFen,
    refundCount: trade.refundCount + 1,
    lastRefundMs: refund.createdMs,
  };
  assertSound(promised);
  context.book.putTrade(promised);
  context.book.putRefund(refund);
  return promised;
}

/**
 * A refund reaches its end: SUCCESS moves the money, CLOSED gives the promise up, ABNORMAL keeps it. From ABNORMAL it
 * can still be paid out.
 */
export function finishRefund(
  context: Context,
  refund: Refund,
  state: RefundState,
): { trade: Trade; refund: Refund } {
  const isPaidOut = refund.state === 'ABNORMAL' && state === 'SUCCESS';
  assert(isPaidOut || (refund.state === 'PROCESSING' && state !== 'PROCESSING'), 'a refund ends once');
  const trade = context.book.trade(refund.channel, refund.merchantId, refund.outTradeNo)!;
  const atMs = Math.floor(context.clock.nowMs());
  const finished: Refund = { ...refund, state, dueMs: null, doneMs: state === 'SUCCESS' ? atMs : null };
  const settled: Trade = {
    ...trade,
    promisedFen: trade.promisedFen - (state === 'CLOSED' ? refund.amountFen : 0),
    refundedFen: trade.refundedFen + (state === 'SUCCESS' ? refund.amountFen : 0),
  };
  assertSound(settled);
  context.book.putRefund(finished);
  context.book.putTrade(settled);
  if (state === 'SUCCESS') {
    context.book.addMovement({
      kind: 'refund',
      channel: refund.channel,
      merchantId: refund.merchantId,
      outTradeNo: refund.outTradeNo,
      outRefundNo: refund.outRefundNo,
      amountFen: refund.amountFen,
      atMs,
    });
  }
  return { trade: settled, refund: finished };
}

/** Fen that a refund may still take. */
export function refundableFen(trade: Trade): number {
  return trade.amountFen - trade.promisedFen;
}

function assertSound(trade: Trade): Trade {
  const { amountFen, promisedFen, refundedFen, state, paidMs } = trade;
  assert(Number.isSafeInteger(amountFen) && amountFen > 0, 'an amount is a positive whole number of fen');
  assert(
    0 <= refundedFen && refundedFen <= promisedFen && promisedFen <= amountFen,
    'refunds fit the payment',
  );
  assert(paidMs !== null || (state !== 'PAID' && promisedFen === 0), 'only paid money goes back');
  assert(!(state === 'CLOSED' && paidMs !== null) || refundedFen === amountFen, 'closed means all is back');
  return trade;
}

function freshTradeNo({ book, random, clock }: Context, { channel }: PayCode): string {
  return fresh(
    () => newTradeNo(channel, random, clock.nowMs()),
    (tradeNo) => book.hasTradeNo(channel, tradeNo),
  );
}

function earlier(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}
