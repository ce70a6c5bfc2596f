/**
 * The C library against the built firmware through a noisy line, in virtual time: sales one after the other until so many
 * are over; then what machine, relay and platform say of each order is compared.
 * Invariant (laws L2 to L4): an order that was paid was delivered once or refunded, never both and never neither; one
 * sale is one order.
 */
import { type Firmware } from '../../scripts/build/build';
import { memoryStore } from '../../sim/flash';
import { IDEAL } from '../../sim/network/profile';
import { SimulatedNetwork } from '../../sim/network/simulated-network';
import { journalBytes, VirtualModule } from '../../sim/product/module';
import { VirtualClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';
import { encodeFrame, FrameReader } from '../../src/protocol/frame';
import { HostType } from '../../src/protocol/host';
import { Lockstep } from '../c/lockstep/lockstep';
import { crcOf } from '../host/exchange';
import { Machine, type Sale } from './machine';
import { type DeviceIdentity, Platform } from './platform';
import { type NoiseLevel, SpoiltLine } from './spoilt-line';

export interface CampaignOptions {
  readonly firmware: Firmware;
  /** lockstep.c, compiled. */
  readonly program: string;
  readonly orders: number;
  readonly seed: number;
  readonly noise: NoiseLevel;
  /** 0: the machine delivers; 1: the relay. */
  readonly relayMode: 0 | 1;
  /** Share of sales during which the machine is switched off and on. */
  readonly restartShare: number;
  readonly onProgress?: (orders: number) => void;
}

export interface CampaignResult {
  readonly orders: number;
  readonly delivered: number;
  readonly refunded: number;
  readonly notPaid: number;
  readonly restarts: number;
  readonly lost: number;
  readonly doubled: number;
  readonly bitErrors: number;
  readonly brokenFrames: number;
  readonly virtualS: number;
  /** What is wrong, in words; empty when nothing is. */
  readonly complaints: readonly string[];
}

const IDENTITY: DeviceIdentity = {
  id: 'CS000001',
  keyHex: '000102030405060708090a0b0c0d0e0f',
  host: 'gw.example.com',
  port: 7001,
};
const BOOT_MS = 5000;
const LINK_LIMIT_MS = 300_000;
const SALE_LIMIT_MS = 600_000;
const REST_MS = 120_000;
const REPORT_S = 20;
const RESTART_WITHIN_MS = 5000;
const READY_LINK = 10;

export class Campaign {
  private readonly clock = new VirtualClock();
  private readonly module: VirtualModule;
  private readonly platform: Platform;
  private readonly library: Lockstep;
  private readonly toModule: SpoiltLine;
  private readonly toHost: SpoiltLine;
  private readonly random: Random;
  private readonly crashes: unknown[] = [];
  private isNoisy = false;
  private restarts = 0;

  constructor(private readonly options: CampaignOptions) {
    const { clock } = this;
    this.random = new Random(options.seed);
    const network = new SimulatedNetwork({ clock, random: this.random.fork('network'), profile: IDEAL });
    this.platform = new Platform(clock, this.random.fork('platform'), network.internet, IDENTITY);
    this.module = new VirtualModule({
      firmware: options.firmware,
      clock,
      random: this.random.fork('module'),
      store: memoryStore(journalBytes(options.firmware)),
      network,
      onCrash: (error) => this.crashes.push(error),
    });
    this.library = new Lockstep(options.program);
    this.toModule = new SpoiltLine(this.random.fork('to module'), options.noise);
    this.toHost = new SpoiltLine(this.random.fork('to host'), options.noise);
  }

  run(): CampaignResult {
    try {
      this.prepare();
      const machine = this.sellAll();
      return this.compare(machine);
    } finally {
      this.module.cutPower();
      this.library.close();
    }
  }

  /** Power, identity, relay mode and link, over a quiet line. */
  private prepare(): void {
    let link = 0;
    const reader = new FrameReader(crcOf, {
      onFrame: (frame) => {
        if (frame.type === HostType.Signal) link = frame.payload.charCodeAt(0);
      },
      onBadFrame: () => {},
    });
    this.module.host.onData = (bytes) => reader.push(bytes.toString('latin1'));
    this.module.powerOn();
    this.clock.advance(BOOT_MS);
    const { id, keyHex, host, port } = IDENTITY;
    const identity = { id, key: keyHex, host, port, apn: 'cmnet' };
    this.say(HostType.Provision, JSON.stringify(identity), 1);
    this.clock.advance(BOOT_MS);
    this.say(
      HostType.SetSettings,
      JSON.stringify({ mode: this.options.relayMode, onMs: 100, hostReportS: REPORT_S }),
      2,
    );
    const isUp = this.clock.runUntil(() => link === READY_LINK, LINK_LIMIT_MS);
    if (!isUp) throw new Error('the link did not come up');
  }

  private say(type: HostType, json: string, seq: number): void {
    this.module.host.write(Buffer.from(encodeFrame(crcOf, 1, seq, type, json), 'latin1'));
  }

  private sellAll(): Machine {
    const { clock, random } = this;
    const chance = random.fork('machine');
    const write = (bytes: Buffer): void =>
      this.module.host.write(this.isNoisy ? this.toModule.pass(bytes) : bytes);
    const delivery = this.options.relayMode === 0 ? 'host' : 'relay';
    const machine = new Machine(this.library, clock, chance, write, delivery);
    this.module.host.onData = (bytes) => machine.receive(this.isNoisy ? this.toHost.pass(bytes) : bytes);
    let isOver = true;
    machine.onOver = () => {
      isOver = true;
    };
    this.isNoisy = true;
    for (let count = 0; count < this.options.orders; count++) {
      isOver = false;
      machine.sell(chance.between(1, 500), chance.between(1, 2));
      if (chance.chance(this.options.restartShare)) {
        this.restarts += 1;
        clock.setTimer(() => machine.restart(), chance.between(1, RESTART_WITHIN_MS));
      }
      if (!clock.runUntil(() => isOver, SALE_LIMIT_MS)) break;
      this.options.onProgress?.(count + 1);
    }
    // What is still on its way comes to rest over a quiet line (law L7).
    this.isNoisy = false;
    clock.advance(REST_MS);
    return machine;
  }

  private compare(machine: Machine): CampaignResult {
    const complaints: string[] = [...this.crashes].map((error) => `the firmware threw ${String(error)}`);
    const count = { delivered: 0, refunded: 0, notPaid: 0, lost: 0, doubled: 0 };
    const lose = (sale: Sale, why: string): void => {
      count.lost += 1;
      complaints.push(`sale ${sale.reference} (order ${sale.order}): ${why}`);
    };
    const double = (sale: Sale, why: string): void => {
      count.doubled += 1;
      complaints.push(`sale ${sale.reference} (order ${sale.order}): ${why}`);
    };
    let relayDue = 0;
    for (const sale of machine.sales) {
      const order = this.platform.orders.get(sale.order);
      const deliveries = this.options.relayMode === 0 ? sale.deliveries : undefined;
      if (!sale.isOver) lose(sale, 'never ended');
      else if (!order) {
        if (!sale.refusedWith && sale.state !== 12) lose(sale, 'the platform does not know it');
        count.notPaid += 1;
      } else {
        if (order.reference !== sale.reference) double(sale, 'is an order of another sale');
        if (order.moneyBack > order.moneyTaken) double(sale, 'refunded more than once');
        if (deliveries !== undefined && deliveries > 1) double(sale, `delivered ${deliveries} times`);
        if (order.state === 'paid' || order.state === 'open')
          lose(sale, `still ${order.state} at the platform`);
        if (order.state === 'delivered') {
          count.delivered += 1;
          relayDue += 1;
          if (deliveries === 0) lose(sale, 'paid, said to be delivered, but was not');
          if (sale.reported === 'failed') lose(sale, 'reported as failed, but the money was kept');
        }
        if (order.state === 'refunded') {
          count.refunded += 1;
          const wasUncertain = sale.hasRestarted && !sale.isReportTaken;
          if (sale.reported === 'dispensed' && !wasUncertain) double(sale, 'delivered and refunded');
        }
        if (order.state === 'closed') {
          count.notPaid += 1;
          if (deliveries) double(sale, 'delivered without being paid');
        }
        if (STATES[order.state] !== sale.state)
          lose(sale, `the machine thinks ${sale.state}, the platform ${order.state}`);
      }
    }
    for (const reference of this.platform.twice) {
      count.doubled += 1;
      complaints.push(`two orders with reference ${reference}`);
    }
    const pulses = this.module.relayPulses[1]!;
    if (this.options.relayMode === 1 && pulses !== relayDue) {
      count.doubled += Math.max(0, pulses - relayDue);
      count.lost += Math.max(0, relayDue - pulses);
      complaints.push(`the relay moved ${pulses} times for ${relayDue} deliveries`);
    }
    return {
      orders: machine.sales.length,
      ...count,
      restarts: this.restarts,
      bitErrors: this.toModule.errors + this.toHost.errors,
      brokenFrames: machine.brokenFrames(),
      virtualS: Math.round(this.clock.nowMs() / 1000) - 1_767_225_600,
      complaints,
    };
  }
}

/** What the machine must have heard last. */
const STATES = { open: -1, paid: -1, delivered: 10, refunded: 13, closed: 12 } as const;
