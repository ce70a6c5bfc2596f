/**
 * Carries notifications over HTTP to loopback addresses: signs by the provider's way, posts, reads the answer.
 * No answer within five seconds is none ("5秒内应答"). It never leaves the machine: any other address fails
 * without a connection.
 */

import { isIP } from 'node:net';
import { alipayMessage, isAcceptedByAlipay } from '../alipay/notice';
import type { Deliver, Delivery, DeliveryResult } from '../core/context';
import type { KeyRing } from '../keys/keyRing';
import { isAcceptedByWechat, wechatMessage } from '../wechat/notice';

const ANSWER_TIMEOUT_MS = 5_000;
const ANSWER_LIMIT_BYTES = 4_096;

/** The port that the model is given. `close` ends what is under way. */
export class NoticeCarrier {
  private readonly abort = new AbortController();

  constructor(
    private readonly keys: () => KeyRing,
    private readonly answerTimeoutMs = ANSWER_TIMEOUT_MS,
  ) {}

  readonly deliver: Deliver = (delivery, done) => {
    this.post(delivery).then(done, (error: unknown) => done({ isAccepted: false, detail: reasonOf(error) }));
  };

  close(): void {
    this.abort.abort();
  }

  private async post(delivery: Delivery): Promise<DeliveryResult> {
    if (!isLoopback(delivery.url)) return { isAccepted: false, detail: 'not a loopback address' };
    const isWechat = delivery.channel === 'wechat';
    const message = isWechat ? wechatMessage(this.keys(), delivery) : alipayMessage(this.keys(), delivery);
    const response = await fetch(delivery.url, {
      method: 'POST',
      headers: message.headers,
      body: message.body,
      redirect: 'manual',
      signal: AbortSignal.any([this.abort.signal, AbortSignal.timeout(this.answerTimeoutMs)]),
    });
    const text = (await response.text()).slice(0, ANSWER_LIMIT_BYTES);
    const isAccepted = isWechat
      ? isAcceptedByWechat(response.status)
      : isAcceptedByAlipay(response.status, text);
    return { isAccepted, detail: `HTTP ${response.status}` };
  }
}

/** http(s) to localhost, 127.x.x.x or ::1. */
export function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  return name === 'TimeoutError' ? 'timed out' : (cause?.code ?? name ?? 'failed');
}
