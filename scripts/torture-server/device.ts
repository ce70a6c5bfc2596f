/**
 * A virtual payment module: the firmware's own order core (src/payment) on a flash in memory, speaking the real
 * link protocol over a real socket. Modem and host frames are left out; the host is fleet.ts's, by direct calls.
 * `cutPower` loses everything but the flash, at any moment between two events.
 * Invariant: only the flash outlives a cut.
 */
import * as net from 'node:net';
import { crc32 } from 'crc';
import { nodeAes, nodeCcm, nodeRandom } from '../../server/gateway/node-crypto';
import { systemClock } from '../../server/time';
import { Book, type Order } from '../../src/payment/book';
import { Journal } from '../../src/payment/journal';
import { Orders } from '../../src/payment/orders';
import { Session } from '../../src/payment/session';
import type { RelayPlan } from '../../src/payment/settings';
import { OrderState } from '../../src/protocol/codes';
import type { Clock } from '../../src/protocol/ports';

const SECTOR_BYTES = 16_384;
const SECTORS = [0, 1, 2].map((index) => ({ address: index * SECTOR_BYTES, bytes: SECTOR_BYTES }));
const SOCKET_BUFFER_BYTES = 5_840;
const RECONNECT_MS = 400;
/** LinkState Ready, as docs/host-protocol.md numbers it. */
const LINK_READY = 10;
const CSQ = 20;

/** NOR flash: writing clears bits, erasing sets them. */
class MemoryFlash {
  private readonly bytes = Buffer.alloc(SECTORS.length * SECTOR_BYTES, 0xff);

  read(address: number, count: number): string {
    return this.bytes.toString('latin1', address, address + count);
  }

  write(address: number, text: string): void {
    for (let at = 0; at < text.length; at++) this.bytes[address + at]! &= text.charCodeAt(at);
  }

  erase(address: number): void {
    this.bytes.fill(0xff, address, address + SECTOR_BYTES);
  }
}

/** What the machine around the module sees. */
export interface DeviceHost {
  onQr(order: Order): void;
  onState(order: Order): void;
  /** The relay acts for this order. */
  onPulse(n: number): void;
}

export interface DeviceOptions {
  readonly id: string;
  /** 16 bytes as a binary string. */
  readonly psk: string;
  /** Whether a relay dispenses, or the host. */
  readonly byHost: boolean;
  readonly pulseMs: number;
  /** A gateway to try, another one each time. */
  readonly gatewayPort: () => number;
  readonly host: DeviceHost;
}

export class Device {
  orders!: Orders;
  book!: Book;
  starts = 0;
  connections = 0;
  private readonly flash = new MemoryFlash();
  private session: Session | undefined;
  private socket: net.Socket | undefined;
  /** Everything that a power cut ends. */
  private life = 0;
  private pulse: object | undefined;
  private isOn = false;

  constructor(readonly options: DeviceOptions) {}

  get isReady(): boolean {
    return this.session?.isReady() === true;
  }

  powerOn(): void {
    const { host, byHost } = this.options;
    const life = ++this.life;
    this.isOn = true;
    this.starts += 1;
    const startMs = systemClock.nowMs();
    const clock: Clock = {
      nowMs: () => systemClock.nowMs() - startMs,
      after: (delayMs, callback) =>
        systemClock.setTimer(() => {
          if (life === this.life) callback();
        }, delayMs),
      cancel: (timer) => systemClock.clearTimer(timer as object | undefined),
    };
    const session = (): Session | undefined => this.session;
    const book = new Book(() => Math.floor((session()?.serverTimeMs() ?? 0) / 1000));
    const journal = new Journal(
      this.flash,
      (bytes) => crc32(Buffer.from(bytes, 'latin1')) >>> 0,
      SECTORS,
      book,
    );
    const report = book.start(journal, 0);
    this.book = book;
    if (!book.identity) this.provision();
    if (byHost) book.settings = { ...book.settings, mode: 0, hostReportS: 8 };
    this.orders = new Orders(
      book,
      clock,
      {
        isReady: () => this.isReady,
        isReachable: () => session()?.isReachable() === true,
        send: (message) => session()?.send(message) === true,
        serverTimeAtMostMs: () => session()?.serverTimeAtMostMs(),
      },
      {
        isBusy: () => this.pulse !== undefined,
        run: (plan, onDone) => this.runRelay(life, plan, onDone),
        stop: () => this.stopRelay(),
      },
      { tell: (order) => host.onState(order), showQr: (order) => host.onQr(order) },
    );
    this.orders.resume(report.isStale);
    this.session = this.newSession(clock);
    this.connect(life);
  }

  /** Everything in memory is lost; what was under way is cut where it stands. */
  cutPower(): void {
    this.isOn = false;
    this.life += 1;
    this.stopRelay();
    this.socket?.destroy();
    this.socket = undefined;
    this.session = undefined;
  }

  /** The cell loses the connection. */
  drop(): void {
    this.socket?.destroy();
  }

  tick(): void {
    if (!this.isOn) return;
    this.orders.tick();
  }

  ping(): void {
    if (this.isOn) this.session?.onHeartbeatDue();
  }

  private provision(): void {
    const { id, psk } = this.options;
    const key = Buffer.from(psk, 'latin1').toString('hex');
    const net = { host: 'gateway.example', port: 7070, apn: 'cmnet', user: '', pass: '', pin: '' };
    this.book.saveIdentity({ id, key, ...net });
  }

  private newSession(clock: Clock): Session {
    const session = new Session(nodeAes, nodeCcm, clock, nodeRandom);
    session.start(
      this.book,
      {
        send: (data) => this.socket !== undefined && (this.socket.write(data, 'latin1'), true),
        freeBytes: () => (this.socket ? SOCKET_BUFFER_BYTES - this.socket.writableLength : 0),
        alive: () => undefined,
        sessionFailed: () => this.socket?.destroy(),
      },
      {
        greeting: (uptimeMs) => {
          const { lastOrder, settings } = this.book;
          return [
            'hi',
            uptimeMs,
            '1.0.0',
            'TORTURE',
            '',
            '',
            0,
            CSQ,
            lastOrder,
            settings.version,
            this.orders.summary(),
          ];
        },
        onReady: (lastOrder) => {
          this.book.sync(lastOrder);
          this.orders.onLinkUp();
        },
        onDown: () => this.orders.onLinkDown(),
        onMessage: (message) => this.orders.onMessage(message),
        onState: () => undefined,
        onBytes: () => false,
        onDrain: () => undefined,
        signal: () => String.fromCharCode(LINK_READY, CSQ, 1),
      },
    );
    return session;
  }

  private connect(life: number): void {
    if (life !== this.life) return;
    const socket = net.connect(this.options.gatewayPort(), '127.0.0.1');
    const session = this.session!;
    let isUp = false;
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('connect', () => {
      if (life !== this.life) return;
      isUp = true;
      this.connections += 1;
      session.onUp();
    });
    socket.on('data', (data: unknown) => {
      if (life === this.life) session.onData(data as string);
    });
    socket.on('close', () => {
      if (life !== this.life) return;
      this.socket = undefined;
      if (isUp) session.onDown();
      systemClock.setTimer(() => this.connect(life), RECONNECT_MS);
    });
  }

  private runRelay(life: number, _plan: RelayPlan, onDone: () => void): void {
    const order = this.book.open.find((one) => one.state === OrderState.Dispensing);
    if (!order) throw new Error('the relay moves for nothing');
    this.options.host.onPulse(order.n);
    this.pulse = systemClock.setTimer(() => {
      if (life !== this.life) return;
      this.pulse = undefined;
      onDone();
    }, this.options.pulseMs);
  }

  private stopRelay(): void {
    systemClock.clearTimer(this.pulse);
    this.pulse = undefined;
  }
}
