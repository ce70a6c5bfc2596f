/**
 * One simulated site of the link bench: the real driver and keeper on a simulated SIM800A, cell and server, in
 * virtual time, and a session that sends an order every two seconds, keeps it until it is acknowledged, and
 * sends it again only in a new connection.
 */
import { Keeper, type KeeperConfig } from '../../src/drivers/keeper';
import { Sim800, type Sim800Options } from '../../sim/modem/sim800';
import { GPRS_CLASS_10, type NetworkProfile } from '../../sim/network/profile';
import { SimulatedNetwork } from '../../sim/network/simulated-network';
import { serialPair, type SerialPort } from '../../sim/serial/line';
import { VirtualClock, type Timer } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';
import { RecordReader, RecordWriter } from './records';
import { BenchServer, SERVER_NAME, SERVER_PORT } from './server';

const ORDER_EVERY_MS = 2_000;
/** As long as a sealed order on the air. */
const ORDER_BYTES = 60;
const READY = 10;

export interface SiteOptions {
  profile?: NetworkProfile;
  config?: Partial<KeeperConfig>;
  modem?: Partial<Sim800Options>;
  /** STATUS, RESET and supply switch are wired; default all. */
  hasStatus?: boolean;
  hasOrders?: boolean;
}

export class Site {
  readonly time = new VirtualClock();
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly server: BenchServer;
  readonly host: SerialPort;
  readonly line: SerialPort;
  readonly modem: Sim800;
  readonly keeper: Keeper;
  /** Orders not yet acknowledged, by number, with the time of their last sending. */
  readonly open = new Map<number, number>();
  readonly log: string[] = [];
  readonly faults = { spoilt: 0, repeated: 0, missing: 0 };
  /** When an order that was sent at or after `askedMs` was acknowledged. */
  answeredMs = 0;
  streamBytes = 0;
  /** Milliseconds from an order's last sending to its acknowledgement, one by one. */
  readonly latencies: number[] = [];
  onDrain: () => void = () => {};
  private orders = 0;
  private areOrdersStopped = false;
  private supplyMillivolts = 4_000;
  private isCut = false;
  private reader = new RecordReader();
  private writer = new RecordWriter();
  private sinceMs = Infinity;

  constructor(
    readonly seed: number,
    options: SiteOptions = {},
  ) {
    const { time } = this;
    this.random = new Random(seed);
    this.network = new SimulatedNetwork({
      clock: time,
      random: this.random.fork('network'),
      profile: options.profile ?? GPRS_CLASS_10,
    });
    this.server = new BenchServer(this.network.internet);
    [this.host, this.line] = serialPair(time, this.random.fork('line'));
    this.modem = new Sim800({
      clock: time,
      random: this.random.fork('modem'),
      serial: this.line,
      network: this.network,
      hostBaud: () => this.host.baud,
      watch: {
        onCommand: (command) => this.note(`> ${command}`),
        onOutput: (text) => this.note(`< ${text}`),
      },
      ...options.modem,
    });
    this.keeper = this.makeKeeper(options);
    this.host.onData = (bytes) => this.keeper.receive(bytes.toString('latin1'));
    if (options.hasOrders !== false) this.orderLater();
  }

  /** Starts and waits for the link; throws when it does not come. */
  bringUp(limitMs = 120_000): void {
    this.keeper.start();
    if (!this.waitUntilReady(limitMs)) throw new Error(`seed ${this.seed}: no link at the start`);
  }

  get isReady(): boolean {
    return this.keeper.status().state === READY;
  }

  waitUntilReady(limitMs: number): boolean {
    return this.time.runUntil(() => this.isReady, limitMs);
  }

  /** Virtual milliseconds until an order that was sent from now on is acknowledged; NaN beyond the limit. */
  untilAnswered(limitMs: number): number {
    this.sinceMs = this.time.nowMs();
    this.answeredMs = 0;
    this.order();
    const isAnswered = this.time.runUntil(() => this.answeredMs > 0, limitMs);
    return isAnswered ? this.answeredMs - this.sinceMs : NaN;
  }

  /** No new orders from now on. */
  stopOrders(): void {
    this.areOrdersStopped = true;
  }

  /** Sends a new order now, if the link lets it. */
  order(): void {
    this.open.set(++this.orders, 0);
    this.sendOrder(this.orders);
  }

  /** Sends a record; false when there is no room. */
  say(body: string): boolean {
    if (this.keeper.freeBytes() < body.length + 32) return false;
    return this.keeper.send(this.writer.write(body));
  }

  setSupply(millivolts: number): void {
    this.supplyMillivolts = millivolts;
    this.modem.setSupplyMillivolts(this.isCut ? 0 : millivolts);
  }

  note(text: string): void {
    this.log.push(`${((this.time.nowMs() % 100_000_000) / 1000).toFixed(3)} ${text}`);
    if (this.log.length > 4_000) this.log.splice(0, 2_000);
  }

  private makeKeeper(options: SiteOptions): Keeper {
    const { time, modem, host } = this;
    const chance = this.random.fork('keeper');
    return new Keeper(
      {
        write: (bytes) => host.write(Buffer.from(bytes, 'latin1')),
        setBaud: (baud) => {
          host.baud = baud;
        },
        clock: {
          nowMs: () => time.nowMs(),
          after: (delayMs, callback) => time.setTimer(callback, delayMs),
          cancel: (timer) => time.clearTimer(timer as Timer),
        },
        random: { bytes: (count) => chance.bytes(count).toString('latin1') },
        pins: {
          key: (isActive) => modem.setPowerKey(isActive ? 0 : 1),
          reset: (isActive) => modem.setReset(isActive ? 0 : 1),
          supply: (isCut) => {
            this.isCut = isCut;
            modem.setSupplyMillivolts(isCut ? 0 : this.supplyMillivolts);
          },
          ...(options.hasStatus === false ? {} : { isOn: () => modem.status === 1 }),
        },
      },
      {
        apn: 'cmnet',
        apnUser: '',
        apnPassword: '',
        pin: '',
        host: SERVER_NAME,
        port: SERVER_PORT,
        heartbeat: { leastMs: 30_000, firstMs: 60_000, mostMs: 300_000 },
        ...options.config,
      },
      {
        onUp: () => this.up(),
        onDown: (reason) => this.note(`* down ${reason}`),
        onData: (data) => this.take(data),
        onHeartbeatDue: () => {
          this.note('* beat');
          this.say(`P ${time.nowMs()}`);
        },
        onDrain: () => this.onDrain(),
        onState: (state) => this.note(`* state ${state}`),
      },
    );
  }

  private up(): void {
    this.note('* up');
    this.reader = new RecordReader();
    this.writer = new RecordWriter();
    this.say('H');
    for (const number of this.open.keys()) this.sendOrder(number);
  }

  private take(data: string): void {
    const { bodies, fault } = this.reader.push(data);
    for (const body of bodies) this.takeRecord(body);
    if (fault === 'none') return;
    this.faults[fault] += 1;
    this.keeper.sessionFailed('spoilt', false);
  }

  private takeRecord(body: string): void {
    this.keeper.alive();
    const [kind, value] = body.split(' ');
    if (kind === 'S') this.streamBytes += value!.length;
    if (kind !== 'A') return;
    const sentMs = this.open.get(Number(value));
    this.open.delete(Number(value));
    if (sentMs) this.latencies.push(this.time.nowMs() - sentMs);
    if (sentMs !== undefined && sentMs >= this.sinceMs && !this.answeredMs)
      this.answeredMs = this.time.nowMs();
  }

  private sendOrder(number: number): void {
    if (this.say(`O ${number}`.padEnd(ORDER_BYTES, ' .'))) this.open.set(number, this.time.nowMs());
  }

  private orderLater(): void {
    this.time.setTimer(() => {
      // As many as a device may have open; the rest would be refused to the host.
      if (this.open.size < 16 && !this.areOrdersStopped) this.order();
      this.orderLater();
    }, ORDER_EVERY_MS);
  }
}
