/**
 * The platform server without sockets and PostgreSQL, in virtual time: the real gateway, desk, order service,
 * tasks and lanes on the store in memory. It can be killed at any moment, also between a decision and its
 * becoming durable, and right after; what was stored is all that its successor knows.
 * Invariant: nothing of a dead process acts any more: its clock and its store never answer it again.
 */
import { MemoryDevices } from '../../server/devices/memory-devices';
import { Desk } from '../../server/gateway/desk';
import { DEFAULT_GATEWAY_LIMITS, Gateway } from '../../server/gateway/gateway';
import type { Session } from '../../server/gateway/session';
import { Lanes } from '../../server/orders/lanes';
import { MemoryStore, type StoredWake } from '../../server/orders/memory-store';
import { DEFAULT_TIMES, type Order, type OrderEvent, type Policy } from '../../server/orders/model';
import { takeNotification } from '../../server/orders/notifications';
import { OrderService, outTradeNoOf } from '../../server/orders/service';
import type { Change } from '../../server/orders/store';
import { TaskRunner } from '../../server/orders/tasks';
import { DEFAULT_LIMITS } from '../../server/orders/verification';
import type { Channel, Provider } from '../../server/providers/provider';
import type { Message } from '../../src/protocol/messages';
import type { ServerConnection, SimulatedInternet } from '../network/internet';
import type { Deliver, Delivery } from '../providers';
import type { Clock, Timer } from '../time/clock';
import type { Random } from '../time/random';
import { Life, type CrashPhase } from './life';
import type { Loop } from './loop';
import { noticeBody } from './provider-port';
import { Wire } from './wire';

export const SERVER_NAME = 'gateway.coinslot.example';
export const SERVER_ADDRESS = '203.0.113.5';
export const SERVER_PORT = 7001;
export const MERCHANT = 1;

/** The outbox is swept so often, as in server/gateway/router.ts. */
const SWEEP_MS = 3_000;
/** A device's own question leads to a look at the provider at most so often, as in server/app.ts. */
const LOOK_INTERVAL_MS = 4_000;
const MAX_AMOUNT_FEN = 50_000;

/** Who watches the server from outside; all are told synchronously. */
export interface PlatformWatch {
  /** A change became durable. */
  onChange(before: Order | undefined, change: Change): void;
  /** A session takes a message as the device's. */
  onMessage(wire: Wire, deviceId: string, message: Message): void;
  /** A device was believed to be who it says. */
  onBegin(wire: Wire, deviceId: string): void;
  /** Bytes come from a machine, or go to one. */
  onTraffic(direction: 'up' | 'down'): void;
  /** A line of the server's log. */
  onLog(line: string): void;
  onError(error: unknown): void;
}

export interface PlatformOptions {
  readonly loop: Loop;
  readonly random: Random;
  readonly internet: SimulatedInternet;
  readonly providers: Readonly<Record<Channel, Provider>>;
  readonly policy: Policy;
  readonly watch: PlatformWatch;
  /** What an earlier platform has stored. */
  readonly store?: MemoryStore;
}

/** A gateway that tells of every device that it has believed. */
class WatchedGateway extends Gateway {
  onBelieved: (session: Session) => void = () => undefined;

  override async begin(session: Session): Promise<number | undefined> {
    this.onBelieved(session);
    return super.begin(session);
  }
}

class WatchedDesk extends Desk {
  onMessage: (session: Session, message: Message) => void = () => undefined;

  override handle(session: Session, message: Message): Promise<void> {
    this.onMessage(session, message);
    return super.handle(session, message);
  }
}

/** One process of the server. */
interface Process {
  readonly life: Life;
  readonly clock: Clock;
  readonly service: OrderService;
  readonly tasks: TaskRunner;
  readonly lanes: Lanes;
  readonly gateway: WatchedGateway;
}

export class Platform {
  readonly store: MemoryStore;
  readonly devices: MemoryDevices;
  /** Connections by the address under which the gateway knows them. */
  readonly wires = new Map<string, Wire>();
  crashes = 0;
  private process: Process | undefined;
  private stopListening: (() => void) | undefined;
  private readonly wakeTimers = new Map<number, Timer>();
  private connections = 0;
  private armed: { skip: number; phase: CrashPhase } | undefined;
  private readonly clock: Clock;

  constructor(private readonly options: PlatformOptions) {
    this.clock = options.loop.touchingClock();
    this.store = options.store ?? new MemoryStore((wake) => this.arm(wake));
    this.devices = new MemoryDevices(this.store);
    this.store.merchants.set(MERCHANT, {
      isEnabled: true,
      maxAmountFen: MAX_AMOUNT_FEN,
      maxOpenOrders: 1_000,
      policy: options.policy,
      channels: new Set<Channel>(['wechat', 'alipay']),
    });
    options.internet.setName(SERVER_NAME, SERVER_ADDRESS);
    // The machine is always there; only the process may be down.
    options.internet.listen(SERVER_ADDRESS, 9, (connection) => connection.reset());
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  addDevice(id: string, key: string, settings?: Record<string, number>): void {
    this.store.devices.set(id, {
      merchantId: MERCHANT,
      isEnabled: true,
      maxAmountFen: MAX_AMOUNT_FEN,
      session: 0,
      lastOrder: 0,
    });
    this.devices.keys.set(id, key);
    if (settings) this.devices.settings.set(id, { version: 1, settings });
  }

  start(): void {
    if (this.process) return;
    const life = new Life(this.clock);
    const process = this.makeProcess(life);
    this.process = process;
    if (this.armed) life.arm(this.armed.skip, this.armed.phase, () => this.crash());
    this.armed = undefined;
    for (const wake of this.store.wakes.values()) this.arm(wake);
    this.sweepLater(process);
    const { internet } = this.options;
    this.stopListening = internet.listen(SERVER_ADDRESS, SERVER_PORT, (connection) =>
      this.accept(connection),
    );
  }

  /** The process dies at once: what is not stored is gone. */
  crash(): void {
    if (!this.process) return;
    this.crashes += 1;
    this.process.life.end();
    this.process = undefined;
    this.stopListening?.();
    for (const timer of this.wakeTimers.values()) this.clock.clearTimer(timer);
    this.wakeTimers.clear();
    for (const wire of this.wires.values()) wire.cut();
    this.wires.clear();
  }

  /** Dies at the change after `skip` more: before it is durable, or right after. */
  crashAtChange(skip: number, phase: CrashPhase): void {
    if (this.process) this.process.life.arm(skip, phase, () => this.crash());
    else this.armed = { skip, phase };
  }

  /** What a merchant or a person wishes. False while no process is there. */
  wish(outTradeNo: string, event: OrderEvent): boolean {
    if (!this.process) return false;
    this.options.loop.touch();
    void this.process.service.apply(outTradeNo, 'person:auditor', event).catch(this.options.watch.onError);
    return true;
  }

  /** The settings of a device were changed at the console. */
  set(deviceId: string, settings: Record<string, number>): void {
    const known = this.devices.settings.get(deviceId) ?? { version: 0, settings: {} };
    const next = { version: known.version + 1, settings: { ...known.settings, ...settings } };
    this.devices.settings.set(deviceId, next);
    this.options.loop.touch();
    this.process?.gateway.send(deviceId, ['set', next.version, next.settings]);
  }

  /** Asks a device for its log. */
  askLog(deviceId: string, n: number, count: number): void {
    this.say(deviceId, ['log', n, count]);
  }

  /** Says anything to a device, also what no server should. */
  say(deviceId: string, message: Message): void {
    this.options.loop.touch();
    this.process?.gateway.send(deviceId, message);
  }

  /** A notification arrives. */
  deliver(delivery: Delivery, done: Parameters<Deliver>[1]): void {
    const { process } = this;
    this.options.loop.touch();
    if (!process) {
      done({ isAccepted: false, detail: 'connection refused' });
      return;
    }
    const providers = { get: async (_id: number, channel: Channel) => this.options.providers[channel] };
    const store = process.life.guard(this.store, this.options.watch);
    const options = { store, service: process.service, providers, clock: process.clock };
    takeNotification(options, MERCHANT, delivery.channel, noticeBody(delivery)).then(
      (reply) => done({ isAccepted: reply.status === 200, detail: reply.fate }),
      (error) => {
        this.options.watch.onError(error);
        done({ isAccepted: false, detail: 'HTTP 500' });
      },
    );
  }

  /** A stranger connects and says what he has. */
  strangerSays(connection: ServerConnection, bytes: Buffer): void {
    if (!this.process) return;
    const wire = this.accept(connection);
    wire.inject(bytes);
  }

  private accept(connection: ServerConnection): Wire {
    const { loop, random } = this.options;
    const address = `wire ${++this.connections}`;
    const wire = new Wire(
      address,
      connection,
      () => loop.touch(),
      () => random.fraction(),
      (direction) => this.options.watch.onTraffic(direction),
    );
    this.wires.set(address, wire);
    loop.touch();
    this.process?.gateway.accept(wire.line(), address);
    return wire;
  }

  private makeProcess(life: Life): Process {
    const { options } = this;
    const { watch, providers } = options;
    const clock = life.clock;
    const store = life.guard(this.store, watch);
    const lanes = new Lanes(64, 1_000, watch.onError);
    const service = new OrderService({ store, clock, times: DEFAULT_TIMES, limits: DEFAULT_LIMITS });
    const tasks = new TaskRunner({
      store,
      service,
      providers: { get: async (_id, channel) => providers[channel] },
      clock,
      notifyUrl: (_id, channel) => `https://pay.coinslot.example/notify/${channel}`,
    });
    const gateway = this.makeGateway(life, store, service, (outTradeNo) => {
      lanes.add(outTradeNo, () => tasks.look(outTradeNo));
    });
    service.connect(
      { tell: (order) => this.tell(gateway, order.deviceId, order.n, order.version) },
      { act: (outTradeNo) => void lanes.add(outTradeNo, () => tasks.perform(outTradeNo, true)) },
    );
    return { life, clock, service, tasks, lanes, gateway };
  }

  private makeGateway(
    life: Life,
    store: ReturnType<Life['guard']>,
    service: OrderService,
    look: (outTradeNo: string) => void,
  ): WatchedGateway {
    const { watch, random } = this.options;
    const { clock } = life;
    const lastLooks = new Map<string, number>();
    const desk = new WatchedDesk({
      store,
      service,
      devices: this.devices,
      clock,
      look: (outTradeNo) => {
        if (clock.nowMs() - (lastLooks.get(outTradeNo) ?? -Infinity) < LOOK_INTERVAL_MS) return;
        lastLooks.set(outTradeNo, clock.nowMs());
        look(outTradeNo);
      },
      onLog: (deviceId, text) => watch.onLog(`${deviceId} ${text}`),
    });
    const log = (fields: object, text: string): void => watch.onLog(`${JSON.stringify(fields)} ${text}`);
    const gateway = new WatchedGateway({
      devices: this.devices,
      desk,
      clock,
      limits: DEFAULT_GATEWAY_LIMITS,
      log: { debug: log, info: log, warn: log, error: log },
      random: { bytes: (count) => random.bytes(count).toString('latin1') },
      onBegin: () => undefined,
    });
    const wireOf = (session: Session): Wire | undefined => this.wires.get(session.address);
    gateway.onBelieved = (session) => {
      const wire = wireOf(session);
      if (!wire) return;
      wire.deviceId = session.deviceId;
      watch.onBegin(wire, session.deviceId);
    };
    desk.onMessage = (session, message) => {
      const wire = wireOf(session);
      if (wire) watch.onMessage(wire, session.deviceId, message);
    };
    return gateway;
  }

  private tell(gateway: Gateway, deviceId: string, n: number, version: number): void {
    if (!gateway.tell(deviceId, outTradeNoOf(deviceId, n))) return;
    const key = `${deviceId}/${n}`;
    if ((this.store.outbox.get(key) ?? Infinity) <= version) this.store.outbox.delete(key);
  }

  /** Words that were lost between the change and the device; overdue handshakes and silent sessions as well. */
  private sweepLater(process: Process): void {
    process.clock.setTimer(() => {
      for (const [key, version] of [...this.store.outbox]) {
        const [deviceId, n] = key.split('/') as [string, string];
        this.tell(process.gateway, deviceId, Number(n), version);
      }
      this.sweepLater(process);
    }, SWEEP_MS);
  }

  /** A wake-up call is kept until the work that it asks for has been done. */
  private arm(wake: StoredWake): void {
    const { process } = this;
    if (!process) return;
    const { lanes, tasks, clock } = process;
    const timer = clock.setTimer(
      () => {
        this.wakeTimers.delete(wake.id);
        lanes.add(wake.outTradeNo, async () => {
          await tasks.perform(wake.outTradeNo, false);
          if (process.life.isAlive) this.store.wakes.delete(wake.id);
        });
      },
      Math.max(0, wake.atMs - clock.nowMs()),
    );
    this.wakeTimers.set(wake.id, timer);
  }
}
