/**
 * What both providers demand of a request, checked before anything is sent: numbers, amounts, addresses and
 * descriptions. A request that breaks a rule is `refused` REQUEST_INVALID, so it surely changed nothing.
 * Source: WeChat Pay APIv3 Native 下单, 申请退款; alipay.trade.precreate, alipay.trade.refund.
 * The stricter of the two rules holds for both, so that an order can be written the same way for either.
 */
import { isPayableFen } from './money';
import type { CreateTrade, RefundRequest } from './provider';

/** WeChat: 6 to 32 of 0-9A-Za-z_-|*; Alipay: up to 64 letters, digits and underscores. */
const OUT_TRADE_NO_PATTERN = /^[0-9A-Za-z_]{6,32}$/;
/** WeChat: up to 64 of 0-9A-Za-z_-|*@; Alipay: up to 64. */
const OUT_REFUND_NO_PATTERN = /^[0-9A-Za-z_-]{1,64}$/;
const MAXIMUM_URL_CHARS = 255;
const MAXIMUM_DESCRIPTION_CHARS = 127;
const MAXIMUM_REASON_CHARS = 80;

export function isOutTradeNo(outTradeNo: string): boolean {
  return OUT_TRADE_NO_PATTERN.test(outTradeNo);
}

export function isOutRefundNo(outRefundNo: string): boolean {
  return OUT_REFUND_NO_PATTERN.test(outRefundNo);
}

/** Whether the trade can be sent; `nowMs` because a code that has already expired is refused by both. */
export function isSendableTrade(trade: CreateTrade, nowMs: number): boolean {
  return (
    isOutTradeNo(trade.outTradeNo) &&
    isPayableFen(trade.amountFen) &&
    cleanText(trade.description, MAXIMUM_DESCRIPTION_CHARS).length > 0 &&
    Number.isFinite(trade.expiresAtMs) &&
    trade.expiresAtMs > nowMs &&
    isNotifyUrl(trade.notifyUrl)
  );
}

export function isSendableRefund(request: RefundRequest): boolean {
  return (
    isOutTradeNo(request.outTradeNo) &&
    isOutRefundNo(request.outRefundNo) &&
    isPayableFen(request.refundFen) &&
    isPayableFen(request.totalFen) &&
    request.refundFen <= request.totalFen &&
    (request.notifyUrl === undefined || isNotifyUrl(request.notifyUrl))
  );
}

/** The goods as the customer reads them; control characters go, and what is too long is cut at a character. */
export function cleanDescription(description: string): string {
  return cleanText(description, MAXIMUM_DESCRIPTION_CHARS);
}

export function cleanReason(reason: string): string {
  return cleanText(reason, MAXIMUM_REASON_CHARS);
}

/** Absolute http(s) address without query, fragment or user; WeChat refuses one with parameters. */
function isNotifyUrl(text: string): boolean {
  if (text.length > MAXIMUM_URL_CHARS || !URL.canParse(text)) return false;
  const url = new URL(text);
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  return isHttp && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
}

function cleanText(text: string, maximumChars: number): string {
  const cleaned = text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return Array.from(cleaned).slice(0, maximumChars).join('').trim();
}
