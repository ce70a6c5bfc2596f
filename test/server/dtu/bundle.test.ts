/**
 * From the host's serial port to the maker's backend and back: the built bundle on the virtual board, a simulated
 * SIM800A with real sockets, a whole server, and for `direct` a server of the maker's own.
 */
import * as net from 'node:net';
import { buildFirmware } from '../../../scripts/build/build';
import { memoryStore } from '../../../sim/flash';
import { FAST } from '../../../sim/modem/timing';
import { RealNetwork } from '../../../sim/network/real-network';
import { HostStream, pattern, TUNNEL } from '../../../sim/product/host-stream';
import { Machine } from '../../../sim/product/machine';
import { journalBytes, VirtualModule } from '../../../sim/product/module';
import { RealClock, type Timer } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { HostType } from '../../../src/protocol/host';
import { DEVICE, KEY, ServerBench } from '../support/server';
import { until } from '../support/until';
import { TcpBackend, WsBackend } from './backend';

const READY = 10;
const MAKER = 'data.maker.example';
let bench: ServerBench;
let board: VirtualModule;
let machine: Machine;
let clock: TestClock;
let token = '';
let maker: net.Server;
const makerSide = { received: '', isEnded: false, sockets: [] as net.Socket[] };

/** Real time that ends with the test: a module without power has timers left that nobody would wait for. */
class TestClock extends RealClock {
  private readonly timers = new Set<Timer>();

  override setTimer(callback: () => void, delayMs: number): Timer {
    const timer = super.setTimer(() => {
      this.timers.delete(timer);
      callback();
    }, delayMs);
    this.timers.add(timer);
    return timer;
  }

  override clearTimer(timer: Timer | undefined): void {
    if (timer) this.timers.delete(timer);
    super.clearTimer(timer);
  }

  stop(): void {
    for (const timer of this.timers) super.clearTimer(timer);
  }
}

beforeAll(async () => {
  bench = await ServerBench.start();
  bench.provider.codePrefix = 'weixin://wxpay/bizpayurl?pr=';
  token = (await bench.server.core.streams.addToken({ name: 'cloud', merchantId: bench.merchantId })).token;
  maker = net.createServer((socket) => {
    makerSide.sockets.push(socket);
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      makerSide.received += data as unknown as string;
    });
    socket.on('end', () => (makerSide.isEnded = true));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => maker.listen(0, '127.0.0.1', resolve));
  // Its journal is a FRAM: a write to the chip's own flash would stall the CPU, and cost a byte of the stream.
  const firmware = await buildFirmware('pico');
  clock = new TestClock();
  const table = {
    'gateway.test': `127.0.0.1:${bench.server.gatewayPort}`,
    [MAKER]: `127.0.0.1:${(maker.address() as net.AddressInfo).port}`,
  };
  board = new VirtualModule({
    firmware,
    clock,
    random: new Random(5),
    store: memoryStore(journalBytes(firmware)),
    network: new RealNetwork({ clock, table }),
    timing: FAST,
  });
  machine = new Machine(board.host, clock);
  const booted = machine.waitFor(HostType.Info, () => true, 90_000);
  board.powerOn();
  await booted;
  const ready = machine.waitFor(HostType.Signal, ({ link }) => link === READY, 90_000);
  const identity = { id: DEVICE, key: KEY.toString('hex'), host: 'gateway.test', port: 7001, apn: 'cmnet' };
  await machine.request(HostType.Provision, { json: JSON.stringify(identity) });
  await ready;
});

afterAll(async () => {
  board.cutPower();
  clock.stop();
  for (const socket of makerSide.sockets) socket.destroy();
  maker.close();
  await bench.stop();
});

it('tunnel: host and backend exchange all bytes in order, an order is paid meanwhile, each end is told', async () => {
  const backend = TcpBackend.connect(bench.server.dtuPort, DEVICE, token);
  const [up, down] = [pattern(12_000, 1), pattern(6_000, 2)];
  const host = new HostStream(machine, down.length);
  await host.open(TUNNEL);
  await backend.sees(() => backend.isOpen);
  backend.socket.write(down, 'latin1');
  const written = host.write(up);
  const paid = machine.waitFor(HostType.Qr, () => true, 90_000);
  await machine.request(HostType.Pay, { amountFen: 150, channel: 1, ttlS: 0, reference: 'r1', goods: 'tea' });
  const { order } = await paid;
  const done = machine.waitFor(
    HostType.Status,
    (fields) => fields.order === order && fields.state === 10,
    90_000,
  );
  bench.provider.pay(`${DEVICE}_${order as number}`);
  await bench.notify(`${DEVICE}_${order as number}`);
  await Promise.all([written, done]);
  await until(() => host.received.length === down.length && backend.bytes.length === up.length);
  expect([host.received === down, backend.bytes === up]).toEqual([true, true]);
  await host.close();
  expect(host.reason).toBe(0);
  await backend.sees(() => backend.isClosed);
});

it('tunnel: a backend that closes is told to the host behind its last bytes', async () => {
  const backend = WsBackend.connect(bench.server.httpUrl, DEVICE, token);
  const host = new HostStream(machine, 0);
  await host.open(TUNNEL);
  await backend.sees(() => backend.isOpen);
  backend.send('the last words');
  backend.socket.close();
  await until(() => host.reason !== undefined);
  expect([host.received, host.reason]).toEqual(['the last words', 0]);
});

it('direct: host and the maker’s own server exchange all bytes in order, past the platform', async () => {
  const [up, down] = [pattern(9_000, 3), pattern(5_000, 4)];
  const host = new HostStream(machine, down.length);
  await host.open({ mode: 2, port: 9000, address: MAKER });
  await until(() => makerSide.sockets.length === 1);
  makerSide.sockets[0]!.write(down, 'latin1');
  await host.write(up);
  await until(() => host.received.length === down.length && makerSide.received.length === up.length);
  expect([host.received === down, makerSide.received === up]).toEqual([true, true]);
  await host.close();
  expect(host.reason).toBe(0);
  await until(() => makerSide.isEnded);
});
