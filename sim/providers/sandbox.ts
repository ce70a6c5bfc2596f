/**
 * The sandbox as one HTTP server on loopback: both providers' APIs, the control API, the wallet. Wires model, keys,
 * store and carrier together; every rule lives elsewhere.
 * Invariant: it listens on loopback only, and after `close()` no timer, socket or lock is left.
 */

import Fastify, { type FastifyInstance } from 'fastify';
import { ZodError } from 'zod';
import { WallClock, type Clock } from '../time/clock';
import { Random } from '../time/random';
import { walletApi } from '../wallet/api';
import { walletRoutes } from '../wallet/routes';
import { alipayAdapter } from './alipay/adapter';
import { alipayRoutes } from './alipay/routes';
import { controlRoutes, findTrades, reportTrade, type TradeReport } from './control/routes';
import { Book } from './core/book';
import type { ModelSettings } from './core/context';
import type { FaultOptions } from './core/faults';
import { ProviderModel } from './core/model';
import type { Channel } from './core/records';
import { KeyRing } from './keys/keyRing';
import type { MerchantOptions, MerchantParameters } from './keys/merchant';
import type { PlatformKeys } from './keys/platform';
import { NoticeCarrier } from './shell/carrier';
import { Journal } from './store/journal';
import { wechatAdapter } from './wechat/adapter';
import { wechatRoutes } from './wechat/routes';

export interface SandboxOptions {
  /** 0 or missing: any free port. */
  readonly port?: number;
  /** A loopback address. */
  readonly host?: string;
  /** Where its memory is kept; without it everything is gone after `close()`. */
  readonly dataFolder?: string;
  readonly clock?: Clock;
  readonly seed?: number;
  readonly settings?: Partial<ModelSettings>;
  readonly faults?: readonly FaultOptions[];
  /** 'form': Alipay's timestamps are checked for their form only. */
  readonly alipayTimestampCheck?: 'fiveMinutes' | 'form';
  /** How long a notification's receiver may take, on the machine's own clock; five seconds when missing. */
  readonly noticeTimeoutMs?: number;
  /** Ready-made keys (`newPlatformKeys`), to save a second at each start. */
  readonly platformKeys?: PlatformKeys;
  /** What the demo merchant is like when it is made; or a ready one (`newMerchant` with the same platform keys). */
  readonly demoMerchant?: MerchantOptions | MerchantParameters;
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>`: WeChat Pay's base URL; Alipay's gateway is `<url>/gateway.do`. */
  readonly url: string;
  readonly walletUrl: string;
  readonly model: ProviderModel;
  readonly keys: KeyRing;
  /** Made at the first start, kept in the data folder. */
  readonly demoMerchant: MerchantParameters;
  createMerchant(options?: MerchantOptions): Promise<MerchantParameters>;
  trade(outTradeNo: string, channel?: Channel): TradeReport | undefined;
  close(): Promise<void>;
}

const LOOPBACK_HOSTS = ['127.0.0.1', '::1', 'localhost'];
const DEFAULT_HOST = '127.0.0.1';

export class SandboxError extends Error {}

/** Starts it; fails with a SandboxError or StoreError that says why. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const host = options.host ?? DEFAULT_HOST;
  if (!LOOPBACK_HOSTS.includes(host)) throw new SandboxError(`${host} is not a loopback address`);
  const clock = options.clock ?? new WallClock();
  const book = new Book();
  const journal = options.dataFolder === undefined ? undefined : Journal.open(options.dataFolder, book);
  try {
    return await assemble(options, host, clock, book, journal);
  } catch (error) {
    journal?.close();
    throw error;
  }
}

async function assemble(
  options: SandboxOptions,
  host: string,
  clock: Clock,
  book: Book,
  journal: Journal | undefined,
): Promise<Sandbox> {
  const nowMs = (): number => clock.nowMs();
  const keys = await KeyRing.open(book, nowMs(), options.platformKeys);
  const demoMerchant = await keys.demoMerchant(options.demoMerchant ?? {}, nowMs());
  const carrier = new NoticeCarrier(() => keys, options.noticeTimeoutMs);
  let url = '';
  const model = new ProviderModel({
    clock,
    random: new Random(options.seed ?? Math.floor(nowMs())),
    deliver: carrier.deliver,
    adapters: { wechat: wechatAdapter, alipay: alipayAdapter },
    book,
    ...(options.settings ? { settings: options.settings } : {}),
    baseUrl: () => url,
  });
  for (const fault of options.faults ?? []) model.faults.add(fault);
  const app = buildApp(model, keys, nowMs, options);
  url = await listen(app, host, options.port ?? 0);
  model.resume();
  return {
    url,
    walletUrl: `${url}/wallet`,
    model,
    keys,
    demoMerchant,
    createMerchant: (merchantOptions = {}) => keys.createMerchant(merchantOptions, nowMs()),
    trade: (outTradeNo, channel) => {
      const [trade] = findTrades(model, outTradeNo, channel);
      return trade && reportTrade(model, trade);
    },
    close: async () => {
      model.stop();
      carrier.close();
      await app.close();
      journal?.close();
    },
  };
}

function buildApp(
  model: ProviderModel,
  keys: KeyRing,
  nowMs: () => number,
  options: SandboxOptions,
): FastifyInstance {
  // Silent calls hold their connections for ever; closing must not wait for them.
  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 256 } });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ZodError)
      return reply.code(400).send({ error: 'BAD_REQUEST', issues: error.issues });
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    const message = status < 500 && error instanceof Error ? error.message : 'internal error';
    return reply.code(status).send({ error: status < 500 ? 'BAD_REQUEST' : 'INTERNAL', message });
  });
  const timestampCheck = options.alipayTimestampCheck ?? 'fiveMinutes';
  void app.register(wechatRoutes({ model, keys, nowMs }));
  void app.register(alipayRoutes({ model, keys, nowMs, timestampCheck }));
  void app.register(controlRoutes({ model, keys, nowMs }), { prefix: '/sandbox' });
  void app.register(walletApi(model.wallet), { prefix: '/wallet/api' });
  void app.register(walletRoutes(model.wallet, nowMs), { prefix: '/wallet' });
  return app;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const code = (error as { code?: string }).code;
    if (code === 'EADDRINUSE')
      throw new SandboxError(`port ${port} on ${host} is taken; choose another or 0`);
    if (code === 'EACCES') throw new SandboxError(`port ${port} may not be used by this user`);
    throw error;
  }
}
