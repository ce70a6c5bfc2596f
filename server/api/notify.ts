/**
 * The addresses that WeChat Pay and Alipay notify: POST /notify/<channel>/<merchant id>. The body is taken as
 * raw text, because the signature covers its bytes; what it means is left to orders/notifications.ts.
 */
import type { FastifyInstance } from 'fastify';
import { takeNotification, type NotificationFate, type NotificationOptions } from '../orders/notifications';
import { limitedLog, LineLimit, type WarnLog } from '../log-limit';
import type { Channel } from '../providers';

/** Both providers' notifications stay far below. */
const MAX_BODY_BYTES = 64 * 1024;
const MERCHANT_ID = /^[1-9]\d{0,14}$/;

export interface NotifyOptions extends NotificationOptions {
  readonly log: WarnLog;
  readonly onFate: (channel: Channel, fate: NotificationFate) => void;
}

/** Path of a merchant's notifications; the public origin goes in front. */
export function notifyPath(merchantId: number, channel: Channel): string {
  return `/notify/${channel}/${merchantId}`;
}

export async function notifyRoutes(server: FastifyInstance, options: NotifyOptions): Promise<void> {
  const log = limitedLog(options.log, new LineLimit(options.clock));
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  for (const channel of ['wechat', 'alipay'] as const) {
    server.post<{ Params: { merchantId: string } }>(
      `/notify/${channel}/:merchantId`,
      async (request, reply) => {
        const { merchantId } = request.params;
        if (!MERCHANT_ID.test(merchantId)) return reply.code(404).type('text/plain').send('unknown');
        const raw = { headers: request.headers, body: typeof request.body === 'string' ? request.body : '' };
        const answer = await takeNotification(options, Number(merchantId), channel, raw);
        options.onFate(channel, answer.fate);
        if (answer.fate !== 'taken') {
          const { fate, outTradeNo } = answer;
          log.warn({ channel, merchantId: Number(merchantId), fate, outTradeNo }, 'notification refused');
        }
        return reply.code(answer.status).type(answer.contentType).send(answer.body);
      },
    );
  }
}
