/**
 * Puts the HTTP side together: notifications, health and metrics, admin API. Each set of routes lives in its own
 * scope, because notifications need their bodies raw.
 */
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Core } from '../core';
import type { Metrics } from '../metrics';
import type { Providers } from '../orders/tasks';
import type { Clock } from '../time';
import { adminRoutes } from './admin-routes';
import { healthRoutes } from './health';
import { notifyRoutes } from './notify';

export interface HttpOptions {
  readonly core: Core;
  readonly providers: Providers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const REQUEST_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 2_000;
/** A proxy in front keeps a few; more than this are somebody's who holds connections open. */
const MAX_CONNECTIONS = 1_000;

export async function makeHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { core, providers, clock, log, metrics } = options;
  const http: FastifyInstance = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  http.server.maxConnections = MAX_CONNECTIONS;
  await http.register(notifyRoutes, {
    store: core.store,
    service: core.service,
    providers,
    clock,
    onFate: (channel, fate) => metrics.notified(channel, fate),
  });
  await http.register(healthRoutes, {
    registry: metrics.registry,
    isReady: () => isDatabaseThere(core, clock),
  });
  await http.register(adminRoutes, { ...core, clock, prefix: '/api/v1' });
  return http;
}

async function isDatabaseThere({ database }: Core, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(false), READY_TIMEOUT_MS);
    const done = (ok: boolean): void => {
      clock.clearTimer(timer);
      resolve(ok);
    };
    database.pool.query('select 1').then(
      () => done(true),
      () => done(false),
    );
  });
}
