/**
 * The order core in memory under virtual time, with a provider under the test's hand: service, tasks, lanes and
 * wake-up calls as the server wires them, without sockets and database. `crash` drops all that only the process
 * knew and starts anew on what was stored.
 */
import { Lanes } from '../../../server/orders/lanes';
import { MemoryStore, type StoredWake } from '../../../server/orders/memory-store';
import { DEFAULT_TIMES, type Order, type Policy } from '../../../server/orders/model';
import { takeNotification, type NotificationReply } from '../../../server/orders/notifications';
import { OrderService } from '../../../server/orders/service';
import { TaskRunner } from '../../../server/orders/tasks';
import { DEFAULT_LIMITS } from '../../../server/orders/verification';
import type { Channel, RawNotification } from '../../../server/providers/provider';
import type { Timer } from '../../../server/time';
import { VirtualClock } from '../../../sim/time/clock';
import { FakeProvider } from './fake-provider';

export const DEVICE = 'CS000001';
const MERCHANT = 1;

export class World {
  readonly clock = new VirtualClock();
  readonly provider = new FakeProvider();
  readonly policy: Policy = { uncertain: 'person', refundWindowMs: 86_400_000 };
  readonly store: MemoryStore;
  /** Orders that a device was told of, as they stood. */
  readonly told: Order[] = [];
  readonly errors: unknown[] = [];
  /** Brings words to a gateway, where a test has one. */
  onTell: (order: Order) => void = () => undefined;
  service!: OrderService;
  tasks!: TaskRunner;
  private lanes!: Lanes;
  private timers = new Map<number, Timer>();

  constructor() {
    this.store = new MemoryStore((wake) => this.arm(wake));
    this.store.merchants.set(MERCHANT, {
      isEnabled: true,
      maxAmountFen: 50_000,
      maxOpenOrders: 100,
      policy: this.policy,
      channels: new Set<Channel>(['wechat']),
    });
    this.store.devices.set(DEVICE, {
      merchantId: MERCHANT,
      isEnabled: true,
      maxAmountFen: 20_000,
      session: 1,
      lastOrder: 0,
    });
    this.start();
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  /** Asks for an order as the gateway does. */
  open(
    n: number,
    change: Partial<Parameters<OrderService['open']>[0]> = {},
  ): ReturnType<OrderService['open']> {
    return this.service.open({
      deviceId: DEVICE,
      n,
      channel: 'wechat',
      amountFen: 150,
      ttlS: 300,
      reference: `r${n}`,
      goods: 'tea',
      session: 1,
      ...change,
    });
  }

  async order(n: number): Promise<Order> {
    return (await this.store.find(`${DEVICE}_${n}`))!;
  }

  notify(
    raw: RawNotification,
    merchantId = MERCHANT,
    channel: Channel = 'wechat',
  ): Promise<NotificationReply> {
    const providers = { get: async (): Promise<FakeProvider> => this.provider };
    return takeNotification({ ...this, providers }, merchantId, channel, raw);
  }

  /** Lets everything that is ready happen; no time passes. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time pass, timer by timer. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.clock.nowMs() + durationMs;
    await this.settle();
    for (;;) {
      const dueMs = this.clock.nextDueMs();
      if (dueMs === undefined || dueMs > endMs) break;
      this.clock.runNext();
      await this.settle();
    }
    this.clock.advance(endMs - this.clock.nowMs());
    await this.settle();
  }

  /** The process dies here: what is stored stays, all else is gone. */
  crash(): void {
    for (const timer of this.timers.values()) this.clock.clearTimer(timer as never);
    this.timers.clear();
    this.service.connect({ tell: () => undefined }, { act: () => undefined });
    this.start();
    for (const wake of this.store.wakes.values()) this.arm(wake);
  }

  private start(): void {
    const lanes = new Lanes(16, 1_000, (error) => this.errors.push(error));
    const service = new OrderService({
      store: this.store,
      clock: this.clock,
      times: DEFAULT_TIMES,
      limits: DEFAULT_LIMITS,
    });
    const tasks = new TaskRunner({
      store: this.store,
      service,
      providers: { get: async () => this.provider },
      clock: this.clock,
      notifyUrl: (merchantId, channel) => `https://shop.example/notify/${channel}/${merchantId}`,
    });
    service.connect(
      {
        tell: (order) => {
          this.told.push(order);
          this.onTell(order);
        },
      },
      { act: (outTradeNo) => void lanes.add(outTradeNo, () => tasks.perform(outTradeNo, true)) },
    );
    Object.assign(this, { service, tasks, lanes });
  }

  private arm(wake: StoredWake): void {
    const { lanes, tasks } = this;
    const timer = this.clock.setTimer(
      () => {
        this.timers.delete(wake.id);
        lanes.add(wake.outTradeNo, async () => {
          await tasks.perform(wake.outTradeNo, false);
          this.store.wakes.delete(wake.id);
        });
      },
      Math.max(0, wake.atMs - this.clock.nowMs()),
    );
    this.timers.set(wake.id, timer);
  }
}
