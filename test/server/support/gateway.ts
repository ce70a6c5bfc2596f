/** A gateway on real sockets over an order core in memory, with everything that it logs. */
import { MemoryDevices } from '../../../server/devices/memory-devices';
import { Desk } from '../../../server/gateway/desk';
import { DEFAULT_GATEWAY_LIMITS, Gateway, type GatewayLimits } from '../../../server/gateway/gateway';
import type { EndReason } from '../../../server/gateway/session';
import { outTradeNoOf } from '../../../server/orders/service';
import { TestDevice } from './device';
import { DEVICE, World } from './world';

export const KEY = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex');

export class GatewayBench {
  readonly world = new World();
  readonly devices: MemoryDevices;
  readonly gateway: Gateway;
  readonly logged: string[] = [];
  readonly ends: EndReason[] = [];
  readonly looks: string[] = [];
  port = 0;
  refused = 0;
  private readonly opened: TestDevice[] = [];

  constructor(limits: Partial<GatewayLimits> = {}) {
    const { world } = this;
    this.devices = new MemoryDevices(world.store);
    this.devices.keys.set(DEVICE, KEY.toString('latin1'));
    world.store.devices.get(DEVICE)!.session = 0;
    const desk = new Desk({
      store: world.store,
      service: world.service,
      devices: this.devices,
      clock: world.clock,
      look: (outTradeNo) => this.looks.push(outTradeNo),
      onLog: () => undefined,
    });
    const note = (fields: object, message: string): void => {
      this.logged.push(`${JSON.stringify(fields)} ${message}`);
    };
    this.gateway = new Gateway({
      devices: this.devices,
      desk,
      clock: world.clock,
      limits: { ...DEFAULT_GATEWAY_LIMITS, ...limits },
      log: { debug: note, info: note, warn: note, error: note },
      onBegin: () => undefined,
      onEnd: (reason) => this.ends.push(reason),
      onRefused: () => (this.refused += 1),
    });
    world.onTell = (order) => void this.gateway.tell(order.deviceId, outTradeNoOf(order.deviceId, order.n));
  }

  async start(): Promise<this> {
    this.port = await this.gateway.listen(0, '127.0.0.1');
    return this;
  }

  /** A device on an open link that has said nothing yet. */
  async connect(id = DEVICE, key = KEY): Promise<TestDevice> {
    const device = await TestDevice.connect(this.port, id, key);
    this.opened.push(device);
    return device;
  }

  async greeted(): Promise<TestDevice> {
    return (await this.connect()).greet();
  }

  async stop(): Promise<void> {
    for (const device of this.opened) device.socket.destroy();
    await this.gateway.drain();
  }
}
