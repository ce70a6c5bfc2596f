/** What a server leaves behind when it stops in order: nothing that is not written down. */
import * as net from 'node:net';
import pino from 'pino';
import { CALLS_END_MS } from '../../server/app';
import { nodeRandom } from '../../server/gateway/node-crypto';
import { systemClock, type Clock } from '../../server/time';
import { query } from './support/cluster';
import { DEVICE, KEY, ServerBench } from './support/server';
import { TestDevice } from './support/device';
import { until } from './support/until';

const MANY = 40;

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => resolve(true));
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

test('every device that is let go is written down as away before the database is closed', async () => {
  const complaints: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void complaints.push(line) });
  const bench = await ServerBench.start({ log, dbConnections: 2 });
  const { devices } = bench.server.core;
  const key = Buffer.from(nodeRandom.bytes(16), 'latin1');
  const ids = Array.from({ length: MANY }, (_, index) => `ST${String(index).padStart(6, '0')}`);
  for (const id of ids)
    await devices.add({ id, merchantId: bench.merchantId, name: id, key, maxAmountFen: 1 }, 1);
  const connected = await Promise.all(ids.map(async (id) => (await bench.connect(id, key)).greet()));
  const online = `select count(*)::int as n from devices where is_online`;
  expect(await query(bench.databaseUrl, online)).toEqual([{ n: MANY }]);
  // One goes by itself at the last moment, the others are let go.
  connected[0]!.socket.destroy();
  await bench.stop();
  expect(await query(bench.databaseUrl, online)).toEqual([{ n: 0 }]);
  expect(complaints).toEqual([]);
});

test('a device that shows who it is while the server drains does not stay online', async () => {
  const bench = await ServerBench.start();
  const { devices } = bench.server.core;
  const begin = devices.beginSession.bind(devices);
  let stopping: Promise<void> | undefined;
  devices.beginSession = async (id, nowMs) => {
    const number = await begin(id, nowMs);
    stopping ??= bench.stop();
    await until(() => isRefused(bench.server.gatewayPort));
    return number;
  };
  const { server } = bench;
  const late = await TestDevice.connect(server.gatewayPort, DEVICE, KEY);
  await stopping;
  expect(late.sealer).toBeUndefined();
  expect(await query(bench.databaseUrl, 'select is_online from devices')).toEqual([{ is_online: false }]);
});

test('a provider that never answers does not hold the stop up: its call is given up after a while', async () => {
  const complaints: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void complaints.push(line) });
  // That limit alone passes at once; what the gateway allows its devices takes its time.
  const clock: Clock = {
    ...systemClock,
    setTimer: (work, delayMs) => systemClock.setTimer(work, delayMs === CALLS_END_MS ? 1 : delayMs),
  };
  const bench = await ServerBench.start({ log, clock });
  let asked = false;
  bench.provider.gate = () => {
    asked = true;
    return new Promise(() => undefined);
  };
  const device = await bench.greeted();
  device.pay(1, 150);
  await until(() => asked);
  await bench.stop();
  expect(complaints.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'provider calls given up: their orders are asked about again',
  ]);
});
