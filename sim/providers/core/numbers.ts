/**
 * The providers' own numbers, of their lengths and looks: transaction_id 4200…, refund_id 503…, trade_no of 28
 * digits that begins with the date, links of the two schemes. Chance comes from the injected source.
 */

import type { Random } from '../../time/random';
import { toChinaDate } from './beijing';
import type { Channel } from './records';

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function draw(random: Random, alphabet: string, count: number): string {
  return Array.from({ length: count }, () => alphabet[random.between(0, alphabet.length - 1)]).join('');
}

function day(atMs: number): string {
  return toChinaDate(atMs).replaceAll('-', '');
}

/** transaction_id (28 digits) or trade_no (28 digits). */
export function newTradeNo(channel: Channel, random: Random, atMs: number): string {
  return channel === 'wechat'
    ? `42000${draw(random, DIGITS, 5)}${day(atMs)}${draw(random, DIGITS, 10)}`
    : `${day(atMs)}22001${draw(random, DIGITS, 15)}`;
}

/** WeChat's refund_id: 29 digits. */
export function newRefundNo(random: Random, atMs: number): string {
  return `503${draw(random, DIGITS, 8)}${day(atMs)}${draw(random, DIGITS, 10)}`;
}

export function newLink(channel: Channel, random: Random): string {
  return channel === 'wechat'
    ? `weixin://wxpay/bizpayurl?pr=${draw(random, LETTERS, 9)}zz`
    : `https://qr.alipay.com/bax${draw(random, LOWER, 21)}`;
}

/** WeChat: EV- and a UUID's worth of hex, at most 36 characters. Alipay: a date and digits. */
export function newNoticeId(channel: Channel, random: Random, atMs: number): string {
  return channel === 'wechat'
    ? `EV-${day(atMs)}${draw(random, DIGITS, 20)}`
    : `${day(atMs)}00222${draw(random, DIGITS, 21)}`;
}

export function newPayer(channel: Channel, random: Random): string {
  return channel === 'wechat' ? `o${draw(random, LETTERS, 27)}` : `2088${draw(random, DIGITS, 12)}`;
}

/** Draws until the number is new: a restart with the same seed begins with the same draws. */
export function fresh(drawOne: () => string, isTaken: (number: string) => boolean): string {
  for (;;) {
    const number = drawOne();
    if (!isTaken(number)) return number;
  }
}

export function newOpaqueToken(random: Random): string {
  return draw(random, LETTERS, 64);
}
