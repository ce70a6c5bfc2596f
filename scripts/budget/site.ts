/**
 * A module to measure: the built bundle on the real interpreter, provisioned and linked, between a machine, a
 * simulated modem and a platform in memory. Real time; a start takes some ten seconds, most of it the modem's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as net from 'node:net';
import path from 'node:path';
import { systemClock } from '../../server/time';
import { InterpreterBox } from '../../sim/interpreter/box';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import { DEVICE_ID, DEVICE_KEY_HEX, MemoryPlatform } from '../../sim/interpreter/memory-platform';
import { FAST } from '../../sim/modem/timing';
import { RealNetwork } from '../../sim/network/real-network';
import type { StreamWish } from '../../sim/product/host-stream';
import { Machine } from '../../sim/product/machine';
import { RealClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';
import { LinkState, OrderState } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';
import type { Firmware } from '../build/build';

const GATEWAY_NAME = 'gateway.coinslot.example';
const GATEWAY_PORT = 7001;
/** The maker's own server. */
export const DIRECT: StreamWish = { mode: 2, port: 9000, address: 'data.coinslot.example' };
const STEP_LIMIT_MS = 60_000;

/** The maker's own server: it gives back what comes, or keeps it and sends what it is told to; one connection at a time. */
export class DirectPeer {
  isEcho = true;
  receivedBytes = 0;
  readonly server = net.createServer((socket) => this.take(socket));
  private socket: net.Socket | undefined;

  send(data: string): void {
    this.socket?.write(data, 'latin1');
  }

  private take(socket: net.Socket): void {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      this.receivedBytes += bytes.length;
      if (this.isEcho) socket.write(bytes);
    });
  }
}
const CHANNEL_WECHAT = 1;
const TTL_S = 600;

export class MeasuredSite {
  readonly clock = new RealClock();
  private orders = 0;

  private constructor(
    private readonly folder: string,
    readonly platform: MemoryPlatform,
    readonly direct: DirectPeer,
    readonly network: RealNetwork,
    readonly box: InterpreterBox,
    readonly machine: Machine,
  ) {}

  /** Boots, provisions and waits for the link. `onTrouble` hears what should not happen. */
  static async start(
    interpreter: Interpreter,
    firmware: Firmware,
    onTrouble: (text: string) => void,
    bootCode = '',
  ): Promise<MeasuredSite> {
    const clock = new RealClock();
    const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-measure-'));
    const platform = await new MemoryPlatform(systemClock, (error) => onTrouble(String(error))).start();
    const direct = new DirectPeer();
    await new Promise<void>((resolve) => direct.server.listen(0, '127.0.0.1', resolve));
    const table = {
      [GATEWAY_NAME]: `127.0.0.1:${platform.gatewayPort}`,
      [DIRECT.address]: `127.0.0.1:${(direct.server.address() as net.AddressInfo).port}`,
    };
    const network = new RealNetwork({ clock, table });
    const box = await InterpreterBox.make({
      interpreter,
      firmware,
      folder: path.join(folder, 'box'),
      clock,
      random: new Random(1),
      network,
      timing: FAST,
      bootCode,
      onConsole: (line) => {
        if (/Uncaught|ERROR|WARN|ASSERT/.test(line)) onTrouble(line);
      },
    });
    const site = new MeasuredSite(folder, platform, direct, network, box, new Machine(box.host, clock));
    try {
      await site.boot();
      await site.provision();
      await site.linkUp();
      return site;
    } catch (error) {
      await site.stop();
      throw error;
    }
  }

  pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(resolve, durationMs));
  }

  linkUp(): Promise<unknown> {
    if (this.machine.signal.link === LinkState.Ready) return Promise.resolve();
    return this.machine.waitFor(HostType.Signal, (signal) => signal.link === LinkState.Ready, STEP_LIMIT_MS);
  }

  /** Orders, and waits until the code is shown; gives the order's number. */
  async order(): Promise<number> {
    const reference = `m${++this.orders}`;
    const isShown = this.machine.waitFor(HostType.Qr, (qr) => qr.reference === reference, STEP_LIMIT_MS);
    const fields = { amountFen: 100, channel: CHANNEL_WECHAT, ttlS: TTL_S, reference, goods: 'tea' };
    const order = await this.machine.request(HostType.Pay, fields);
    await isShown;
    return order;
  }

  /** The customer pays; resolves when the order is done with. */
  async pay(order: number): Promise<void> {
    const isDone = this.machine.waitFor(
      HostType.Status,
      (status) => status.order === order && status.state === OrderState.Done,
      STEP_LIMIT_MS,
    );
    await this.platform.pay(order);
    await isDone;
  }

  /** The carrier drops the connection; resolves when the module is linked again. */
  async reconnect(): Promise<void> {
    this.machine.signal = {};
    this.platform.gateway.endOlder(DEVICE_ID, Infinity, 'idle');
    await this.linkUp();
  }

  async stop(): Promise<void> {
    await this.box.close();
    await this.platform.stop();
    this.direct.server.close();
    this.network.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async boot(): Promise<void> {
    const said = this.machine.waitFor(HostType.Info, () => true, STEP_LIMIT_MS);
    this.box.powerOn();
    await said;
  }

  private async provision(): Promise<void> {
    const identity = {
      id: DEVICE_ID,
      key: DEVICE_KEY_HEX,
      host: GATEWAY_NAME,
      port: GATEWAY_PORT,
      apn: 'cmnet',
    };
    const isBack = this.machine.waitFor(HostType.Info, (info) => info.deviceId === DEVICE_ID, STEP_LIMIT_MS);
    await this.machine.request(HostType.Provision, { json: JSON.stringify(identity) });
    await isBack;
  }
}
