/**
 * Takes a provider's notification: the provider's code has verified that it is authentic and for this merchant;
 * here it is held against our own order. It never grants by itself: the order machine checks the amount.
 * Invariant: a notification is accepted only when what it says is durable, so that otherwise it comes again.
 */
import type { Channel, RawNotification } from '../providers/provider';
import type { Clock } from '../time';
import { outRefundNo, restFen } from './model';
import type { OrderService } from './service';
import type { Store } from './store';
import { refundEvent, tradeEvent, type Providers } from './tasks';

/** What became of a notification, for log, metrics and tests. */
export type NotificationFate = 'taken' | 'unknown merchant' | 'not authentic' | 'foreign order';

export interface NotificationReply {
  readonly fate: NotificationFate;
  /** The order that an authentic notification names. */
  readonly outTradeNo?: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface NotificationOptions {
  readonly store: Store;
  readonly service: OrderService;
  readonly providers: Providers;
  readonly clock: Clock;
}

/** What is repeated in the log of a name that is not ours. */
const MAX_NAME_CHARS = 64;

export async function takeNotification(
  options: NotificationOptions,
  merchantId: number,
  channel: Channel,
  raw: RawNotification,
): Promise<NotificationReply> {
  const provider = await options.providers.get(merchantId, channel);
  if (!provider) {
    return { fate: 'unknown merchant', status: 404, contentType: 'text/plain', body: 'unknown' };
  }
  const outcome = await provider.readNotification(raw);
  if (outcome.kind !== 'ok') return { fate: 'not authentic', ...provider.notificationReply(false) };
  const { trade, refund } = outcome.value;
  const outTradeNo = trade?.outTradeNo ?? refund?.outTradeNo ?? '';
  // Whose order it is never changes; a refund's number does.
  const known = refund ? undefined : options.store.recent?.(outTradeNo);
  const order = known ?? (await options.store.find(outTradeNo));
  if (!order || order.merchantId !== merchantId || order.channel !== channel) {
    return {
      fate: 'foreign order',
      outTradeNo: outTradeNo.slice(0, MAX_NAME_CHARS),
      ...provider.notificationReply(false),
    };
  }
  const event = trade && tradeEvent(trade, 'notification', options.clock.nowMs());
  // Only payment and refund are news; an unpaid or closed trade is left to our own queries.
  if (event && (event.type === 'paid' || event.type === 'tradeRefunded')) {
    await options.service.apply(outTradeNo, 'notification', event);
  }
  if (refund && refund.outRefundNo === outRefundNo(order)) {
    const refunded = refundEvent({ kind: 'ok', value: refund }, restFen(order));
    if (refunded !== 'missing') await options.service.apply(outTradeNo, 'notification', refunded);
  }
  return { fate: 'taken', outTradeNo, ...provider.notificationReply(true) };
}
