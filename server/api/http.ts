/**
 * Puts the HTTP side together: notifications, health and metrics, admin API. Each set of routes lives in its own
 * scope, because notifications need their bodies raw.
 */
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Core } from '../core';
import type { Metrics } from '../metrics';
import type { Providers } from '../orders/tasks';
import type { Clock } from '../time';
import { ApiError, API_ERRORS } from '../admin/errors';
import { adminRoutes } from './admin-routes';
import { DEFAULT_HTTP_LIMITS, HttpConnections, refuseClient, type HttpLimits } from './connections';
import { limitedLog, LineLimit } from '../log-limit';
import { sendError } from './failures';
import { healthRoutes } from './health';
import { notifyRoutes } from './notify';

export interface HttpOptions {
  readonly core: Core;
  readonly providers: Providers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly limits?: Partial<HttpLimits>;
}

export interface Http {
  readonly app: FastifyInstance;
  readonly connections: HttpConnections;
  /** Takes no more requests; those that are being answered have a moment to end. */
  close(): Promise<void>;
}

const READY_TIMEOUT_MS = 2_000;
const DRAIN_TIMEOUT_MS = 5_000;

export async function makeHttp(options: HttpOptions): Promise<Http> {
  const { core, providers, clock, log, metrics } = options;
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const strangers = limitedLog(log, new LineLimit(clock));
  const app: FastifyInstance = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: limits.requestTimeoutMs,
    http: { headersTimeout: limits.headersTimeoutMs, connectionsCheckingInterval: limits.checkMs },
    forceCloseConnections: 'idle',
    // An address that is none never comes to a route.
    frameworkErrors: (_error, _request, reply) => refuseAddress(reply as unknown as FastifyReply),
    clientErrorHandler: (error, socket) => refuseClient(error, socket as Socket, strangers),
  });
  const connections = new HttpConnections(app.server, limits.maxConnections, () =>
    metrics.connectionRefused('http'),
  );
  const close = closer(app, clock);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) => sendError(new ApiError('NOT_FOUND'), request, reply));
  await app.register(notifyRoutes, {
    store: core.store,
    service: core.service,
    providers,
    clock,
    log,
    onFate: (channel, fate) => metrics.notified(channel, fate),
  });
  await app.register(healthRoutes, {
    registry: metrics.registry,
    isReady: () => isDatabaseThere(core, clock),
  });
  await app.register(adminRoutes, { ...core, clock, prefix: '/api/v1' });
  return { app, connections, close };
}

function refuseAddress(reply: FastifyReply): void {
  const { status, text } = API_ERRORS.BAD_REQUEST;
  void reply.code(status).send({ error: 'BAD_REQUEST', text });
}

function closer(app: FastifyInstance, clock: Clock): () => Promise<void> {
  let isClosing = false;
  // Hooks come before routes. A connection that would be kept for a next request would be waited for.
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) void reply.header('connection', 'close');
  });
  return async () => {
    isClosing = true;
    await closeSoon(app, clock);
  };
}

async function closeSoon(app: FastifyInstance, clock: Clock): Promise<void> {
  const timer = clock.setTimer(() => app.server.closeAllConnections(), DRAIN_TIMEOUT_MS);
  await app.close();
  clock.clearTimer(timer);
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
