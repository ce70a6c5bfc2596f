/**
 * The built bundle against a server that is away, that does not know its key, or that comes back: the host is told a
 * clear state, and it heals when the cause goes. Virtual time; the server is played by the test.
 */
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { memoryStore } from '../../../sim/flash';
import type { ServerConnection } from '../../../sim/network/internet';
import { SimulatedNetwork } from '../../../sim/network/simulated-network';
import { Machine } from '../../../sim/product/machine';
import { journalBytes, VirtualModule } from '../../../sim/product/module';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { deviceKeys } from '../../../src/protocol/cmac';
import { HostType } from '../../../src/protocol/host';
import {
  deviceMac,
  encodeUnit,
  Opener,
  Sealer,
  serverMac,
  sessionKeys,
  UnitKind,
  UnitReader,
} from '../../../src/protocol/link';
import { nodeAes, nodeCcm, unhex } from '../../src/ports/ports';

const ADDRESS = '203.0.113.5';
const KEY = '0123456789abcdef0123456789abcdef';
const IDENTITY = { id: 'CS000001', key: KEY, host: 'gw.test', port: 7001, apn: 'cmnet' };
/** Link states as docs/host-protocol.md numbers them. */
const [SIM_MISSING, NO_NETWORK, NO_SERVER, KEY_REFUSED, READY] = [2, 4, 8, 9, 10];
const MINUTE_MS = 60_000;

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

class World {
  readonly clock = new VirtualClock();
  readonly random = new Random(3);
  readonly network = new SimulatedNetwork({ clock: this.clock, random: this.random });
  readonly module: VirtualModule;
  readonly machine: Machine;
  readonly states: number[] = [];
  readonly crashes: unknown[] = [];

  constructor() {
    this.network.internet.setName('gw.test', ADDRESS);
    this.module = new VirtualModule({
      firmware,
      clock: this.clock,
      random: this.random,
      store: memoryStore(journalBytes(firmware)),
      network: this.network,
      onCrash: (error) => this.crashes.push(error),
    });
    this.machine = new Machine(this.module.host, this.clock);
    this.machine.listeners.add((type, fields) => {
      if (type === HostType.Signal) this.states.push(fields.link as number);
    });
    this.module.powerOn();
    this.clock.advance(5000);
  }

  provision(): void {
    void this.machine.request(HostType.Provision, { json: JSON.stringify(IDENTITY) });
  }

  /** Whether the host hears of a state within so many minutes. */
  reaches(state: number, minutes: number): boolean {
    const from = this.states.length;
    return this.clock.runUntil(() => this.states.slice(from).includes(state), minutes * MINUTE_MS);
  }

  /** Answers as the platform does, goodbye to a wrong key included, until the result is called. */
  serve(keyHex = KEY): () => void {
    return this.network.internet.listen(ADDRESS, 7001, (connection) => serve(connection, keyHex));
  }
}

function serve(connection: ServerConnection, keyHex: string): void {
  const randS = 'S'.repeat(16);
  const keys = deviceKeys(nodeAes, unhex(keyHex));
  let sealer: Sealer | undefined;
  let opener: Opener | undefined;
  const send = (unit: string): void => void connection.write(Buffer.from(unit, 'latin1'));
  const reader = new UnitReader({
    onBroken: () => connection.close(),
    onUnit: (kind, body) => {
      if (kind === UnitKind.Response) {
        const randP = body.slice(0, 16);
        const id = body.slice(32);
        if (body.slice(16, 32) !== deviceMac(nodeAes, keys.ak, id, randS, randP)) {
          send(encodeUnit(UnitKind.Goodbye, '\x20'));
          connection.close();
          return;
        }
        const session = sessionKeys(nodeAes, keys, id, randS, randP);
        sealer = new Sealer(nodeCcm, session.downKey, session.downSalt);
        opener = new Opener(nodeCcm, session.upKey, session.upSalt);
        send(encodeUnit(UnitKind.Proof, serverMac(nodeAes, keys.ak, randP)));
      } else {
        const message = JSON.parse(opener!.open(kind, body)!) as unknown[];
        const answers: Record<string, unknown[]> = {
          hi: ['ho', message[1], 1_767_225_600_000, 0],
          ping: ['pong', message[1], 1_767_225_600_000],
          pay: ['no', message[1], 40, ''],
        };
        const answer = answers[message[0] as string];
        if (answer) send(sealer!.seal(UnitKind.Message, JSON.stringify(answer)));
      }
    },
  });
  connection.onData = (bytes: Buffer) => reader.push(bytes.toString('latin1'));
  send(encodeUnit(UnitKind.Challenge, 'coinslot/1' + randS));
}

test('server away at the start: NO_SERVER, and READY when it is there', () => {
  const world = new World();
  world.provision();
  expect(world.reaches(NO_SERVER, 5)).toBe(true);
  world.serve();
  expect(world.reaches(READY, 15)).toBe(true);
  expect(world.crashes).toEqual([]);
});

test('wrong device key: KEY_REFUSED, and READY when the server has the right one', () => {
  const world = new World();
  const stop = world.serve('00'.repeat(16));
  world.provision();
  expect(world.reaches(KEY_REFUSED, 5)).toBe(true);
  stop();
  world.serve();
  expect(world.reaches(READY, 30)).toBe(true);
  expect(world.crashes).toEqual([]);
});

test('the cell goes away: NO_NETWORK, PAY gets OFFLINE after a minute, and READY when it is back', async () => {
  const world = new World();
  world.serve();
  world.provision();
  expect(world.reaches(READY, 3)).toBe(true);
  world.network.setCoverage(false);
  expect(world.reaches(NO_NETWORK, 30)).toBe(true);
  world.clock.advance(2 * MINUTE_MS);
  const fields = { amountFen: 100, channel: 1, ttlS: 0, reference: 'away', goods: '' };
  const refusal = world.machine.request(HostType.Pay, fields);
  world.clock.advance(3000);
  await expect(refusal).rejects.toMatchObject({ code: 'refused', reason: 13 });
  world.network.setCoverage(true);
  expect(world.reaches(READY, 30)).toBe(true);
  expect(world.crashes).toEqual([]);
});

test('the provider is down: the order is REFUSED with PROVIDER_DOWN, and the link stays', async () => {
  const world = new World();
  world.serve();
  world.provision();
  expect(world.reaches(READY, 3)).toBe(true);
  const fields = { amountFen: 100, channel: 1, ttlS: 0, reference: 'down', goods: '' };
  const order = world.machine.request(HostType.Pay, fields);
  world.clock.advance(10_000);
  expect(world.machine.orders.get(await order)).toMatchObject({ state: 11, reason: 40 });
  expect(world.crashes).toEqual([]);
});

test('no SIM card: SIM_MISSING', () => {
  const world = new World();
  world.module.modem.card.isInserted = false;
  world.provision();
  expect(world.reaches(SIM_MISSING, 5)).toBe(true);
});
