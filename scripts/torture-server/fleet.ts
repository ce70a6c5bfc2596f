/**
 * Machines and customers: each device's host sells, cancels, reports and wants money back as the seed says; the
 * customers pay in the sandbox's wallet, in time, late, or not at all. Keeps a shadow of every order that shares
 * nothing with the code under test, and judges each restart (L1) and each movement of a relay (L2) on the spot.
 */
import { sleep, systemClock } from '../../server/time';
import type { Random } from '../../sim/time/random';
import type { Order } from '../../src/payment/book';
import { OrderEvent } from '../../src/payment/order';
import { OrderState, Reason } from '../../src/protocol/codes';
import { Device } from './device';

/** One order as the machine and its customer saw it. */
export interface ShadowOrder {
  readonly outTradeNo: string;
  readonly n: number;
  readonly deviceId: string;
  readonly merchantId: number;
  readonly amountFen: number;
  readonly channel: 'wechat' | 'alipay';
  /** How often goods came out, and when first. */
  delivered: number;
  deliveredAtMs: number;
  wasUncertain: boolean;
  wasTakenBack: boolean;
  isCustomerThere: boolean;
  state: OrderState;
}

export interface FleetOptions {
  readonly random: Random;
  readonly codeS: number;
  /** Pays a link in the wallet. */
  readonly pay: (url: string) => Promise<void>;
  readonly gatewayPorts: () => readonly number[];
  readonly violate: (law: string, what: string) => void;
}

export interface DeviceSeat {
  readonly id: string;
  readonly psk: string;
  readonly merchantId: number;
}

const TICK_MS = 1_000;
const PING_EVERY = 5;
const MAX_OPEN = 3;
const CHANNELS = ['', 'wechat', 'alipay'] as const;

interface Machine {
  readonly device: Device;
  readonly seat: DeviceSeat;
  readonly random: Random;
  readonly byHost: boolean;
}

export class Fleet {
  readonly orders = new Map<string, ShadowOrder>();
  reboots = 0;
  drops = 0;
  /** Goods that came out. */
  delivered = 0;
  refusedAtOnce = 0;
  private isSelling = true;
  private isOver = false;
  private readonly machines: Machine[] = [];
  private references = 0;

  constructor(private readonly options: FleetOptions) {}

  /** Powers every device and lets its machine sell; the pace is `pauseMs` on average. */
  start(seats: readonly DeviceSeat[], pauseMs: number): void {
    for (const seat of seats) {
      const random = this.options.random.fork(seat.id);
      const byHost = random.chance(0.3);
      const host = {
        onQr: (order: Order): void => this.onQr(machine, order),
        onState: (order: Order): void => this.onState(machine, order),
        onPulse: (n: number): void => this.deliver(machine, n),
      };
      const device = new Device({
        id: seat.id,
        psk: seat.psk,
        byHost,
        pulseMs: random.between(30, 300),
        gatewayPort: () => random.pick(this.options.gatewayPorts()),
        host,
      });
      const machine: Machine = { device, seat, random, byHost };
      this.machines.push(machine);
      device.powerOn();
      void this.sell(machine, pauseMs);
      void this.live(machine);
    }
  }

  /** No more orders; customers who have not paid yet go home. */
  stopSelling(): void {
    this.isSelling = false;
  }

  stop(): void {
    this.isOver = true;
    for (const { device } of this.machines) device.cutPower();
  }

  get size(): number {
    return this.machines.length;
  }

  get openCount(): number {
    return this.machines.reduce((sum, { device }) => sum + device.book.open.length, 0);
  }

  get readyCount(): number {
    return this.machines.filter(({ device }) => device.isReady).length;
  }

  get connections(): number {
    return this.machines.reduce((sum, { device }) => sum + device.connections, 0);
  }

  /** Orders that are still open on their devices, for whoever waits for rest. */
  openOrders(): readonly string[] {
    return this.machines.flatMap(({ device, seat }) =>
      device.book.open.map((order) => `${seat.id}_${order.n} ${order.state}`),
    );
  }

  dropOne(random: Random): void {
    random.pick(this.machines).device.drop();
    this.drops += 1;
  }

  /** Cuts a device's power for a moment, and holds what it remembers against what it knew (L1). */
  async cutOne(random: Random): Promise<void> {
    // Half of the cuts meet a device that is just giving something out, if there is one.
    const busy = this.machines.filter(({ device }) =>
      device.book.open.some(({ state }) => state === OrderState.Dispensing || state === OrderState.Paid),
    );
    const machine = random.pick(busy.length > 0 && random.chance(0.5) ? busy : this.machines);
    const { device, seat } = machine;
    const before = device.book.open.map(({ n, state, amountFen }) => ({ n, state, amountFen }));
    const lastOrder = device.book.lastOrder;
    device.cutPower();
    this.reboots += 1;
    await sleep(systemClock, random.between(0, 500));
    if (this.isOver) return;
    device.powerOn();
    const { book } = device;
    if (book.lastOrder < lastOrder) this.options.violate('L1', `${seat.id} forgot order ${lastOrder}`);
    for (const known of before) {
      const after = book.find(known.n);
      const isKept =
        after?.amountFen === known.amountFen &&
        (known.state < OrderState.Paid ||
          known.state === OrderState.Cancelling ||
          after.state >= OrderState.Paid);
      if (!isKept) this.options.violate('L1', `${seat.id}_${known.n} was ${known.state}, is ${after?.state}`);
    }
    for (const order of book.open)
      if (order.state === OrderState.Dispensing) this.dispenseByHost(machine, order);
  }

  private shadow({ seat }: Machine, n: number): ShadowOrder {
    const found = this.orders.get(`${seat.id}_${n}`);
    if (found) return found;
    this.options.violate('L1', `${seat.id}_${n} was never accepted`);
    throw new Error('an order that nobody opened');
  }

  private async sell(machine: Machine, pauseMs: number): Promise<void> {
    const { random, device } = machine;
    while (!this.isOver) {
      await sleep(systemClock, random.between(50, pauseMs * 2));
      if (!this.isSelling) return;
      if (device.isReady && device.book.open.length < MAX_OPEN) this.open(machine);
    }
  }

  private open({ seat, random, device }: Machine): void {
    const amountFen = random.between(1, 2_000);
    const code = random.pick([1, 2]);
    const ttlS = random.between(this.options.codeS, this.options.codeS + 4);
    const goods = Buffer.from(random.pick(['tea', '可乐', "'; drop table orders; --", '{"a":1}'])).toString(
      'base64',
    );
    const { order } = device.orders.pay(amountFen, code, ttlS, `t${(this.references += 1)}`, goods);
    if (!order) {
      this.refusedAtOnce += 1;
      return;
    }
    const outTradeNo = `${seat.id}_${order.n}`;
    if (this.orders.has(outTradeNo)) this.options.violate('L1', `${outTradeNo} was given out twice`);
    this.orders.set(outTradeNo, {
      outTradeNo,
      n: order.n,
      deviceId: seat.id,
      merchantId: seat.merchantId,
      amountFen,
      channel: CHANNELS[code] as 'wechat' | 'alipay',
      delivered: 0,
      deliveredAtMs: 0,
      wasUncertain: false,
      wasTakenBack: false,
      isCustomerThere: false,
      state: order.state,
    });
    device.orders.request(order);
  }

  /** A code is shown: a customer may come, and may change his mind. */
  private onQr(machine: Machine, order: Order): void {
    const shadow = this.shadow(machine, order.n);
    if (shadow.isCustomerThere) return;
    shadow.isCustomerThere = true;
    const { random } = machine;
    const mood = random.fraction();
    if (mood < 0.84) this.later(random.between(50, 3_000), () => this.payIfSelling(order));
    if (mood < 0.06) this.later(random.between(50, 3_000), () => this.cancel(machine, order.n));
    if (mood >= 0.84 && mood < 0.92)
      this.later(random.between(200, 3_000), () => this.cancel(machine, order.n));
    // Too late by a little, or just in time.
    if (mood >= 0.92 && mood < 0.96) {
      this.later(this.options.codeS * 1000 - 500 + random.between(0, 1_000), () => this.payIfSelling(order));
    }
  }

  private payIfSelling(order: Order): void {
    if (!this.isSelling) return;
    void this.options.pay(order.url);
  }

  private cancel({ device }: Machine, n: number): void {
    if (device.isReady) device.orders.hostEvent(n, OrderEvent.Cancel, Reason.HostCancelled);
  }

  private onState(machine: Machine, order: Order): void {
    const shadow = this.shadow(machine, order.n);
    shadow.state = order.state;
    if (order.state === OrderState.Uncertain) shadow.wasUncertain = true;
    if (order.state === OrderState.Dispensing) this.dispenseByHost(machine, order);
    if (order.state === OrderState.Done && machine.random.chance(0.06) && this.isSelling) {
      this.later(machine.random.between(50, 2_000), () => this.takeBack(machine, order.n));
    }
  }

  /** The host gives out the goods itself, once, and says how it went. */
  private dispenseByHost(machine: Machine, order: Order): void {
    if (!order.byHost) return;
    const { random, device } = machine;
    const isGood = random.chance(0.85);
    this.later(random.between(50, 800), () => {
      const shadow = this.shadow(machine, order.n);
      const now = device.book.find(order.n);
      if (now?.state !== OrderState.Dispensing) return;
      if (isGood && shadow.delivered === 0) this.deliver(machine, order.n);
      const isOut = shadow.delivered > 0;
      device.orders.hostEvent(
        order.n,
        isOut ? OrderEvent.HostDone : OrderEvent.HostFailed,
        isOut ? Reason.None : Reason.HostFailed,
      );
    });
  }

  private deliver(machine: Machine, n: number): void {
    const shadow = this.shadow(machine, n);
    shadow.delivered += 1;
    this.delivered += 1;
    shadow.deliveredAtMs ||= systemClock.nowMs();
    if (shadow.delivered > 1)
      this.options.violate('L2', `${shadow.outTradeNo} was delivered ${shadow.delivered} times`);
  }

  private takeBack(machine: Machine, n: number): void {
    const { device } = machine;
    if (!device.isReady) return;
    const refused = device.orders.hostEvent(n, OrderEvent.HostRefund, Reason.HostRefund);
    if (refused === Reason.None) this.shadow(machine, n).wasTakenBack = true;
  }

  private async live({ device, random }: Machine): Promise<void> {
    for (let beat = random.between(0, PING_EVERY); !this.isOver; beat++) {
      await sleep(systemClock, TICK_MS);
      device.tick();
      if (beat % PING_EVERY === 0) device.ping();
    }
  }

  private later(delayMs: number, work: () => void): void {
    systemClock.setTimer(() => {
      if (!this.isOver) work();
    }, delayMs);
  }
}
