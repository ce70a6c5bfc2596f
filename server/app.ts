/**
 * The server as a whole, in this process: database, devices' gateway, HTTP, jobs. Started by server.ts from the
 * environment, and by tests and `npm start` with options of their own.
 * Invariant: `stop` leaves nothing behind: devices are told, running work ends, PostgreSQL stops if it is ours.
 */
import type { Logger } from 'pino';
import { notifyPath } from './api/notify';
import type { HttpLimits } from './api/connections';
import { makeHttp } from './api/http';
import { makeLog, openCore, type Core, type CoreOptions } from './core';
import { startCluster, type Cluster } from './db/cluster';
import { Desk } from './gateway/desk';
import { openStreams } from './dtu';
import { DEFAULT_GATEWAY_LIMITS, Gateway, type GatewayLimits, type Streams } from './gateway/gateway';
import { Metrics } from './metrics';
import { watchBills, watchOrders } from './watchers';
import { Lanes } from './orders/lanes';
import { type StopStep, stopAll } from './stopping';
import { TaskRunner } from './orders/tasks';
import type { Channel } from './providers';
import { systemClock, within, type Clock } from './time';

export interface ServerOptions {
  /** Folder for embedded PostgreSQL and for secrets that are not given. */
  readonly dataDir: string;
  /** A PostgreSQL of one's own, instead of the embedded one. */
  readonly databaseUrl?: string;
  readonly dbConnections?: number;
  /** Connections for the short way of orders, beside those (db/pipes.ts). */
  readonly pipes?: number;
  readonly httpHost?: string;
  /** 0: any free port. */
  readonly httpPort?: number;
  readonly gatewayHost?: string;
  readonly gatewayPort?: number;
  /** TCP port for makers' backends. */
  readonly dtuHost?: string;
  readonly dtuPort?: number;
  readonly fairUse?: CoreOptions['fairUse'];
  /** Origin under which other processes of this server reach this one; by default our own HTTP address. */
  readonly innerUrl?: string;
  /** Origin under which the providers reach us; by default our own HTTP address. */
  readonly publicUrl?: string;
  readonly masterKey?: string;
  readonly apiToken?: string;
  readonly logLevel?: string;
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly gatewayLimits?: Partial<GatewayLimits>;
  readonly httpLimits?: Partial<HttpLimits>;
  readonly wechatUrl?: string;
  readonly alipayUrl?: string;
  readonly providerTimeoutMs?: number;
  readonly times?: CoreOptions['times'];
  readonly limits?: CoreOptions['limits'];
  readonly providers?: CoreOptions['providers'];
  /** Said to whoever waits in front of a terminal. */
  readonly say?: (text: string) => void;
}

export interface RunningServer {
  readonly httpUrl: string;
  readonly gatewayPort: number;
  readonly dtuPort: number;
  /** The services, for the console, tests and `npm start`. */
  readonly core: Core;
  stop(): Promise<void>;
}

const MAX_PROVIDER_CALLS = 64;
const MAX_WAITING_CALLS = 10_000;
/** The device's own question leads to a query at most this often for an order. */
const LOOK_INTERVAL_MS = 2_000;
const MAX_LOOKS_KEPT = 10_000;
/** A stop waits this long for calls to providers, and for a bill that is being compared; then they are given up. */
export const CALLS_END_MS = 10_000;
const BILL_END_MS = 5_000;
/** The figures are wanted while the database is away, too. */
const FIGURE_LIMIT_MS = 1_000;
const DATABASE_NAME = 'coinslot';

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? makeLog(options.logLevel ?? 'info');
  const cluster = options.databaseUrl ? undefined : await startEmbedded(options, clock);
  const undo: StopStep[] = cluster ? [() => cluster.stop()] : [];
  try {
    const databaseUrl = options.databaseUrl ?? (await cluster!.database(DATABASE_NAME));
    return await start({ ...options, databaseUrl }, clock, log, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}

function startEmbedded(options: ServerOptions, clock: Clock): Promise<Cluster> {
  return startCluster({ dataDir: options.dataDir, clock, ...(options.say && { say: options.say }) });
}

async function start(
  options: ServerOptions & { readonly databaseUrl: string },
  clock: Clock,
  log: Logger,
  undo: StopStep[],
): Promise<RunningServer> {
  const metrics = new Metrics(clock);
  const core = await openCore({
    ...options,
    clock,
    log,
    maxConnections: options.dbConnections ?? 20,
    providerTimeoutMs: options.providerTimeoutMs ?? 10_000,
    observer: watchOrders(metrics, log),
    billWatcher: watchBills(metrics, log),
  });
  undo.push(() => core.close());
  const providers = metrics.meter(core.providers);
  const lanes = new Lanes(MAX_PROVIDER_CALLS, MAX_WAITING_CALLS, (error, outTradeNo) =>
    log.error({ outTradeNo, error: (error as Error).message }, 'task failed'),
  );
  const address = { origin: options.publicUrl ?? '' };
  const notifyUrl = (merchantId: number, channel: Channel): string =>
    address.origin + notifyPath(merchantId, channel);
  const tasks = new TaskRunner({ ...core, providers, clock, notifyUrl });
  const dtu = openStreams(options, core, clock, log, metrics);
  const gateway = makeGateway(options, core, clock, log, metrics, dtu.hub, (outTradeNo) =>
    lanes.add(outTradeNo, () => tasks.look(outTradeNo)),
  );
  await core.router.start(gateway);
  core.service.connect(core.router, {
    act: (outTradeNo) => lanes.add(outTradeNo, () => tasks.perform(outTradeNo, true)),
  });
  undo.push(
    () =>
      within(clock, CALLS_END_MS, lanes.stop(), () =>
        log.warn(
          { calls: lanes.runningCount },
          'provider calls given up: their orders are asked about again',
        ),
      ),
    () => gateway.drain(),
  );
  watchGauges(metrics, gateway, lanes, core, clock);
  const limits = options.httpLimits ?? {};
  const http = await makeHttp({ core, providers, clock, log, metrics, limits });
  undo.push(() => http.close());
  const httpUrl = await http.app.listen({
    host: options.httpHost ?? '127.0.0.1',
    port: options.httpPort ?? 0,
  });
  address.origin ||= httpUrl;
  dtu.serve(http.app.server, httpUrl, (socket) => http.connections.release(socket));
  undo.push(() => dtu.stop());
  core.jobs.start({ store: core.store, tasks, lanes });
  core.reconciling.start();
  undo.push(
    () => core.jobs.pause(),
    () =>
      within(clock, BILL_END_MS, core.reconciling.pause(), () =>
        log.warn({}, 'a bill given up: it is compared again'),
      ),
  );
  const gatewayPort = await gateway.listen(options.gatewayPort ?? 0, options.gatewayHost ?? '127.0.0.1');
  const dtuPort = await dtu.listen();
  let stopping: Promise<void> | undefined;
  return { httpUrl, gatewayPort, dtuPort, core, stop: () => (stopping ??= stopAll(undo, log)) };
}

function makeGateway(
  options: ServerOptions,
  core: Core,
  clock: Clock,
  log: Logger,
  metrics: Metrics,
  streams: Streams,
  look: (outTradeNo: string) => void,
): Gateway {
  const desk = new Desk({
    ...core,
    clock,
    look: limitLooks(clock, look),
    onLog: (deviceId, text) => log.info({ deviceId, text }, 'device log'),
  });
  return new Gateway({
    devices: core.devices,
    desk,
    clock,
    limits: { ...DEFAULT_GATEWAY_LIMITS, ...options.gatewayLimits },
    log,
    onBegin: (deviceId, session) => core.router.begun(deviceId, session),
    streams,
    onEnd: (reason) => metrics.sessionEnded(reason),
    onRefused: () => metrics.connectionRefused('gateway'),
  });
}

function watchGauges(metrics: Metrics, gateway: Gateway, lanes: Lanes, core: Core, clock: Clock): void {
  const { database, reconciliation } = core;
  metrics.gauge('coinslot_sessions', 'Devices connected here', () => gateway.sessionCount);
  metrics.gauge(
    'coinslot_connections_unknown',
    'Connections not authenticated yet',
    () => gateway.unknownCount,
  );
  metrics.gauge('coinslot_tasks_waiting', 'Provider calls that wait', () => lanes.waitingCount);
  metrics.gauge(
    'coinslot_db_waiting',
    'Requests that wait for a database connection',
    () => database.pool.waitingCount,
  );
  metrics.gauge(
    'coinslot_db_under_way',
    'Statements of orders that the database has not answered',
    () => database.pipes.underWay,
  );
  metrics.gauge(
    'coinslot_bill_differences_open',
    'Differences between bills and ledger that wait for a person or an answer',
    () => within(clock, FIGURE_LIMIT_MS, reconciliation.openCount()).catch(() => undefined),
  );
}

/** Lets a look at the provider pass only now and then for each order. */
function limitLooks(clock: Clock, look: (outTradeNo: string) => void): (outTradeNo: string) => void {
  const lastMs = new Map<string, number>();
  return (outTradeNo) => {
    const nowMs = clock.nowMs();
    if (nowMs - (lastMs.get(outTradeNo) ?? -Infinity) < LOOK_INTERVAL_MS) return;
    lastMs.delete(outTradeNo);
    lastMs.set(outTradeNo, nowMs);
    if (lastMs.size > MAX_LOOKS_KEPT) lastMs.delete(lastMs.keys().next().value!);
    look(outTradeNo);
  };
}
