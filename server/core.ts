/**
 * Wires database, secrets, merchants, devices, providers and orders together: what the server process and the
 * admin commands share. Leaves listening (HTTP, devices) and working off jobs to app.ts.
 */
import { randomBytes } from 'node:crypto';
import pino, { type Logger } from 'pino';
import { Tokens } from './admin/actor';
import { OrderDesk } from './admin/order-desk';
import { ReconciliationDesk } from './admin/reconciliation-desk';
import { SecretDesk } from './admin/secret-desk';
import { Shop } from './admin/shop';
import { StreamDesk } from './admin/stream-desk';
import { notifyPath } from './api/notify';
import { secretFile } from './config/secret-file';
import { openDatabase, type Database } from './db/database';
import { migrate } from './db/migrate';
import { Devices } from './devices/devices';
import { StreamTokens } from './dtu/access';
import { DEFAULT_FAIR_USE, Usage, type FairUse } from './dtu/usage';
import { Router } from './gateway/router';
import { OrderJobs } from './jobs/order-jobs';
import { ReconcileJobs } from './jobs/reconcile-jobs';
import { limitedLog, LineLimit } from './log-limit';
import { Merchants } from './merchants/merchants';
import { ProviderRegistry } from './merchants/provider-registry';
import { DEFAULT_TIMES, type Times } from './orders/model';
import { PostgresStore } from './orders/postgres-store';
import { OrderService, type Observer } from './orders/service';
import type { Providers } from './orders/tasks';
import { DEFAULT_LIMITS, type OpenLimits } from './orders/verification';
import {
  checkParameters,
  createProvider,
  type Channel,
  type ProviderLog,
  type ProviderOptions,
} from './providers';
import { ReconciliationBook } from './reconciliation/book';
import { Reconciler, type ReconciliationWatcher } from './reconciliation/reconciler';
import { Settler } from './reconciliation/settle';
import { generateMasterKey, MasterKeys, SealedBox } from './secrets';
import type { Clock } from './time';

export interface CoreOptions {
  readonly databaseUrl: string;
  /** For secrets that are not given. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxConnections: number;
  /** Connections for the short way of orders, beside those (db/pipes.ts). */
  readonly pipes?: number;
  readonly masterKey?: string;
  /** The operator's token for the admin API. */
  readonly apiToken?: string;
  readonly providerTimeoutMs: number;
  /** Replace the providers' own addresses (sandbox). */
  readonly wechatUrl?: string;
  readonly alipayUrl?: string;
  /** Where the providers reach us. */
  readonly publicUrl?: string;
  readonly times?: Partial<Times>;
  readonly limits?: Partial<OpenLimits>;
  /** Limits of data streams for a device that has none of its own. */
  readonly fairUse?: FairUse;
  /** Replaces WeChat Pay and Alipay altogether (tests). */
  readonly providers?: Providers;
  readonly observer?: Observer;
  /** For log and metrics: what became of bills and differences. */
  readonly billWatcher?: ReconciliationWatcher;
}

/** Nobody is told of the order that proves parameters; providers want an address all the same. */
const NOWHERE = 'https://notify.invalid';

export interface Core {
  readonly database: Database;
  readonly store: PostgresStore;
  readonly service: OrderService;
  readonly merchants: Merchants;
  readonly devices: Devices;
  readonly providers: Providers;
  readonly jobs: OrderJobs;
  readonly router: Router;
  readonly shop: Shop;
  readonly secrets: SecretDesk;
  readonly orders: OrderDesk;
  readonly reconciliation: ReconciliationDesk;
  /** Daily reconciliation; `start` begins it. */
  readonly reconciler: Reconciler;
  readonly reconciling: { start(): void; pause(): Promise<void> };
  readonly tokens: Tokens;
  /** Data streams: tokens of makers' backends, fair use, and what the operator does with them. */
  readonly streamTokens: StreamTokens;
  readonly usage: Usage;
  readonly streams: StreamDesk;
  close(): Promise<void>;
}

/** Opens the database, brings its schema forwards, and makes the services on it. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { clock, log } = options;
  const database = openDatabase({
    url: options.databaseUrl,
    maxConnections: options.maxConnections,
    ...(options.pipes !== undefined && { pipes: options.pipes }),
    applicationName: 'coinslot',
    onError: (error) => log.warn({ error: error.message }, 'database connection lost'),
  });
  try {
    const applied = await migrate(database.db as never);
    if (applied.length > 0) log.info({ applied }, 'schema brought forwards');
    const box = openBox(options);
    await new SecretDesk(database.db, box).demandOpenable();
    const jobs = new OrderJobs({
      pool: database.pool,
      clock,
      onError: (error) => log.warn({ error: error.message }, 'jobs'),
    });
    await jobs.prepare();
    const reconcileJobs = new ReconcileJobs({
      boss: jobs.boss,
      clock,
      onError: (error) => log.warn({ error: error.message }, 'reconciliation'),
    });
    await reconcileJobs.prepare();
    return makeServices(options, database, jobs, reconcileJobs, box);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function openBox({ masterKey, dataDir }: CoreOptions): SealedBox {
  const keys = masterKey ?? secretFile(dataDir, 'master.key', () => generateMasterKey('first'));
  return new SealedBox(MasterKeys.parse(keys));
}

/** What calls to a channel's provider are made with. */
function callOptions({ clock, log, ...options }: CoreOptions): (channel: Channel) => ProviderOptions {
  const common = { clock, httpTimeoutMs: options.providerTimeoutMs, log: providerLog(log, clock) };
  return (channel) => {
    const baseUrl = channel === 'wechat' ? options.wechatUrl : options.alipayUrl;
    return baseUrl === undefined ? common : { ...common, baseUrl };
  };
}

function makeServices(
  options: CoreOptions,
  database: Database,
  jobs: OrderJobs,
  reconcileJobs: ReconcileJobs,
  box: SealedBox,
): Core {
  const { clock, log } = options;
  const providerOptions = callOptions(options);
  const origin = options.publicUrl ?? NOWHERE;
  const merchants = new Merchants(database.db, box, (id, channel, candidate) =>
    checkParameters(channel, candidate, providerOptions(channel), origin + notifyPath(id, channel)),
  );
  const providers =
    options.providers ??
    new ProviderRegistry(merchants, (channel, parameters) =>
      createProvider(channel, parameters, providerOptions(channel)),
    );
  const store = new PostgresStore(database.db, database.pipes);
  const service = new OrderService({
    store,
    clock,
    times: { ...DEFAULT_TIMES, ...options.times },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    ...(options.observer && { observer: options.observer }),
  });
  const book = new ReconciliationBook(database.db, reconcileJobs);
  const reconciler = new Reconciler({
    db: database.db,
    book,
    settler: new Settler({ store, service, clock }),
    providers,
    clock,
    ...(options.billWatcher && { watcher: options.billWatcher }),
  });
  const devices = new Devices(database.db, box);
  const router = new Router({ db: database.db, databaseUrl: options.databaseUrl, clock, log, devices });
  const streamParts = makeStreams(options, database, devices, router);
  return {
    database,
    store,
    service,
    merchants,
    devices,
    providers,
    jobs,
    router,
    shop: new Shop({ merchants, devices, clock, signals: router }),
    secrets: new SecretDesk(database.db, box),
    reconciler,
    reconciliation: new ReconciliationDesk({ book, reconciler, merchants, clock }),
    reconciling: {
      start: () => reconcileJobs.start({ book, reconciler }),
      pause: () => reconcileJobs.pause(),
    },
    orders: new OrderDesk({ db: database.db, store, service }),
    tokens: new Tokens(database.db, options.apiToken ?? secretFile(options.dataDir, 'api.token', makeToken)),
    ...streamParts,
    close: async () => {
      await streamParts.usage.stop();
      await router.stop();
      await jobs.stop();
      await database.close();
    },
  };
}

/** Notifications come from anybody: a forger must not fill the log. */
function providerLog(log: Logger, clock: Clock): ProviderLog {
  const notices = limitedLog(log, new LineLimit(clock));
  return {
    warn: (fields, message) => (fields.operation === 'notification' ? notices : log).warn(fields, message),
  };
}

function makeStreams(
  { clock, fairUse, log }: CoreOptions,
  { db }: Database,
  devices: Devices,
  router: Router,
): Pick<Core, 'streamTokens' | 'usage' | 'streams'> {
  const onError = (error: Error): void => log.warn({ error: error.message }, 'use of streams not noted');
  const usage = new Usage({ db, clock, fairUse: fairUse ?? DEFAULT_FAIR_USE, onError });
  const streamTokens = new StreamTokens(db);
  const streams = new StreamDesk({ devices, tokens: streamTokens, usage, clock, signals: router });
  return { streamTokens, usage, streams };
}

function makeToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Log of the server: JSON lines on standard error; standard output is for what the caller waits for. */
export function makeLog(level: string): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Nothing under these names may ever be printed, whatever object it is in.
      redact: {
        paths: [
          'key',
          'token',
          'password',
          'secret',
          'authorization',
          '*.key',
          '*.token',
          '*.password',
          '*.secret',
        ],
        censor: '[secret]',
      },
    },
    pino.destination({ fd: 2, sync: false }),
  );
}
