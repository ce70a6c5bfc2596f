/**
 * GET /healthz: this process lives. GET /readyz: it can serve (database answers, not stopping). GET /metrics.
 * These tell nothing of merchants, but are meant for the inside: a proxy in front passes /notify/ only
 * (docs/operating.md).
 */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

export interface HealthOptions {
  /** Resolves when the server can serve. */
  readonly isReady: () => Promise<boolean>;
  readonly registry: Registry;
}

export async function healthRoutes(server: FastifyInstance, options: HealthOptions): Promise<void> {
  server.get('/healthz', async () => ({ ok: true }));
  server.get('/readyz', async (_request, reply) => {
    const ok = await options.isReady();
    return reply.code(ok ? 200 : 503).send({ ok });
  });
  server.get('/metrics', async (_request, reply) => {
    return reply.type(options.registry.contentType).send(await options.registry.metrics());
  });
}
