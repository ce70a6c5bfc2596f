/**
 * The platform's own gateway and order machine on a store in memory, with a provider that believes what it is
 * told: for measurements of a module, where the database and the providers' cryptography would only cost time.
 * Leaves tests of payments to test/espruino and to the server's own. Nothing here ever serves a real device.
 */
import { MemoryDevices } from '../../server/devices/memory-devices';
import { Desk } from '../../server/gateway/desk';
import { DEFAULT_GATEWAY_LIMITS, Gateway } from '../../server/gateway/gateway';
import { Lanes } from '../../server/orders/lanes';
import { MemoryStore, type StoredWake } from '../../server/orders/memory-store';
import { DEFAULT_TIMES } from '../../server/orders/model';
import { OrderService, outTradeNoOf } from '../../server/orders/service';
import { TaskRunner } from '../../server/orders/tasks';
import { DEFAULT_LIMITS } from '../../server/orders/verification';
import type { Channel, Outcome, Provider, Trade } from '../../server/providers/provider';
import type { Clock } from '../../server/time';
import { StreamPeer } from './stream-peer';

export const DEVICE_ID = 'CSMEASURE1';
/** A demo key: RFC 4493's. */
export const DEVICE_KEY_HEX = '2b7e151628aed2a6abf7158809cf4f3c';

const MERCHANT = 1;
const MAX_AMOUNT_FEN = 100_000;
/** Orders that a measurement may make in a minute, and leave open. */
const MAX_ORDERS = 100_000;
const MAX_LANES = 16;
const MAX_WORK = 1_000;
const LINKS: Readonly<Record<Channel, string>> = {
  wechat: 'weixin://wxpay/bizpayurl?pr=',
  alipay: 'https://qr.alipay.com/',
};

const UNKNOWN: Outcome<never> = { kind: 'unknown', code: 'TIMEOUT', message: 'not measured' };
const quiet = (): void => undefined;

/** A provider whose customers pay when they are told to. */
class TrustingProvider implements Provider {
  readonly trades = new Map<string, { amountFen: number; isPaid: boolean }>();

  constructor(readonly channel: Channel) {}

  async create(trade: { outTradeNo: string; amountFen: number }): Promise<Outcome<{ codeUrl: string }>> {
    this.trades.set(trade.outTradeNo, { amountFen: trade.amountFen, isPaid: false });
    return { kind: 'ok', value: { codeUrl: LINKS[this.channel] + trade.outTradeNo } };
  }

  async query(outTradeNo: string): Promise<Outcome<Trade>> {
    const trade = this.trades.get(outTradeNo);
    if (!trade?.isPaid) {
      const state = trade ? 'WAITING' : 'NOT_FOUND';
      return { kind: 'ok', value: { outTradeNo, state, providerState: state } };
    }
    const paid = { transactionId: `T${outTradeNo}`, amountFen: trade.amountFen };
    return { kind: 'ok', value: { outTradeNo, state: 'PAID', providerState: 'PAID', ...paid } };
  }

  async close(): Promise<Outcome<void>> {
    return { kind: 'ok', value: undefined };
  }

  refund = async (): Promise<typeof UNKNOWN> => UNKNOWN;
  queryRefund = async (): Promise<typeof UNKNOWN> => UNKNOWN;
  readNotification = async (): Promise<typeof UNKNOWN> => UNKNOWN;
  bill = async (): Promise<typeof UNKNOWN> => UNKNOWN;
  notificationReply(): { status: number; contentType: string; body: string } {
    return { status: 500, contentType: 'text/plain', body: '' };
  }
}

export class MemoryPlatform {
  readonly store = new MemoryStore((wake) => this.arm(wake));
  readonly service: OrderService;
  readonly gateway: Gateway;
  gatewayPort = 0;
  /** The far end of data streams through the platform. */
  readonly streams = new StreamPeer();
  private readonly tasks: TaskRunner;
  private readonly providers = {
    wechat: new TrustingProvider('wechat'),
    alipay: new TrustingProvider('alipay'),
  };
  private readonly lanes = new Lanes(MAX_LANES, MAX_WORK, (error) => this.onError(error));

  /** The clock tells whole milliseconds, as the link's messages do. `onError` hears of what must not happen. */
  constructor(
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {
    const { store } = this;
    const limits = { ...DEFAULT_LIMITS, ordersPerWindow: MAX_ORDERS };
    this.service = new OrderService({ store, clock, times: DEFAULT_TIMES, limits });
    this.tasks = new TaskRunner({
      store,
      service: this.service,
      providers: { get: async (_merchant, channel) => this.providers[channel] },
      clock,
      notifyUrl: () => '',
    });
    this.gateway = this.makeGateway();
    this.service.connect(
      { tell: (order) => void this.gateway.tell(order.deviceId, order.outTradeNo) },
      { act: (outTradeNo) => void this.lanes.add(outTradeNo, () => this.tasks.perform(outTradeNo, true)) },
    );
    this.register();
  }

  async start(): Promise<this> {
    this.gatewayPort = await this.gateway.listen(0, '127.0.0.1');
    return this;
  }

  /** The customer pays order `n`. */
  async pay(n: number): Promise<void> {
    const outTradeNo = outTradeNoOf(DEVICE_ID, n);
    for (const { trades } of Object.values(this.providers)) {
      const trade = trades.get(outTradeNo);
      if (trade) trade.isPaid = true;
    }
    await this.tasks.look(outTradeNo);
  }

  async stop(): Promise<void> {
    await this.gateway.drain();
    await this.lanes.stop();
  }

  private makeGateway(): Gateway {
    const { clock, store, service } = this;
    const devices = new MemoryDevices(store);
    devices.keys.set(DEVICE_ID, Buffer.from(DEVICE_KEY_HEX, 'hex').toString('latin1'));
    const desk = new Desk({
      store,
      service,
      devices,
      clock,
      look: (outTradeNo) => void this.lanes.add(outTradeNo, () => this.tasks.look(outTradeNo)),
      onLog: quiet,
    });
    const log = { debug: quiet, info: quiet, warn: quiet, error: (fields: object) => this.onError(fields) };
    const limits = DEFAULT_GATEWAY_LIMITS;
    return new Gateway({ devices, desk, clock, limits, log, onBegin: quiet, streams: this.streams });
  }

  private register(): void {
    this.store.merchants.set(MERCHANT, {
      isEnabled: true,
      maxAmountFen: MAX_AMOUNT_FEN,
      maxOpenOrders: MAX_ORDERS,
      policy: { uncertain: 'person', refundWindowMs: 86_400_000 },
      channels: new Set<Channel>(['wechat', 'alipay']),
    });
    this.store.devices.set(DEVICE_ID, {
      merchantId: MERCHANT,
      isEnabled: true,
      maxAmountFen: MAX_AMOUNT_FEN,
      session: 0,
      lastOrder: 0,
    });
  }

  private arm(wake: StoredWake): void {
    const { clock, lanes } = this;
    clock.setTimer(
      () =>
        void lanes.add(wake.outTradeNo, async () => {
          await this.tasks.perform(wake.outTradeNo, false);
          this.store.wakes.delete(wake.id);
        }),
      Math.max(0, wake.atMs - clock.nowMs()),
    );
  }
}
