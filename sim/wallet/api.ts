/**
 * The wallet's JSON API under /wallet/api: open a link, pay, refuse, list what waits. The page uses it, and so do
 * demos and tests. Only JSON bodies are taken, which a foreign web page cannot send without being asked first.
 */

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Wallet, WalletResult } from '../providers/core/wallet';

const LINK = z.strictObject({ url: z.string().min(1).max(512) });

const ACTIONS = ['open', 'pay', 'refuse'] as const;

export function walletApi(wallet: Wallet): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    for (const action of ACTIONS) {
      app.post(`/${action}`, async (request, reply) => {
        const result = wallet[action](LINK.parse(request.body).url.trim());
        return reply.code(statusOf(result)).send(result);
      });
    }
    app.get('/waiting', async () => ({ waiting: wallet.waiting() }));
  };
}

function statusOf(result: WalletResult): number {
  if (result.ok) return 200;
  return result.reason === 'UNKNOWN_CODE' ? 404 : 409;
}
