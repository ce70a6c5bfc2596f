/**
 * How an order's state is said to its device (docs/link-protocol.md, "Messages", server → device).
 * A grant is not built from a state alone: only a change that gave it (service.apply) entitles to send it, so it
 * has a function of its own.
 */
import { ChannelCode, OrderState, Reason } from '../../src/protocol/codes';
import { REASON_NAMES } from '../../src/protocol/reasons';
import type { Message } from '../../src/protocol/messages';
import type { Order } from './model';

/** Free text as messages carry it: UTF-8 in base64. */
export function toWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** The bytes of a free text field, as a binary string. */
export function wireBytes(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

/** Text of bytes that are known to be UTF-8. */
export function textOfBytes(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** How the order stands; never a grant. */
export function standing(order: Order, nowMs: number): Message {
  const { n, state, reason } = order;
  switch (state) {
    case 'PREPAID': {
      const leftS = Math.floor((order.expiresAtMs - nowMs) / 1000);
      return leftS > 0 ? ['code', n, order.codeUrl, leftS] : ['state', n, state];
    }
    case 'REFUSED':
      return refusal(n, reason);
    case 'DISPENSED':
      return ['fin', n, OrderState.Done, reason];
    case 'CLOSED':
      return ['fin', n, OrderState.Closed, reason];
    case 'REFUNDED':
      return ['fin', n, OrderState.Refunded, reason];
    default:
      return ['state', n, state];
  }
}

/** The message that lets the device dispense. */
export function grantMessage(order: Order): Message {
  if (order.state !== 'GRANTED') throw new Error('ORDER: only a granted order has a grant');
  const channel = order.channel === 'wechat' ? ChannelCode.Wechat : ChannelCode.Alipay;
  return ['grant', order.n, order.outTradeNo, order.amountFen, channel, order.grantDeadlineMs];
}

export function refusal(n: number, reason: Reason): Message {
  return ['no', n, reason, toWire(REASON_NAMES[reason] ?? '')];
}
