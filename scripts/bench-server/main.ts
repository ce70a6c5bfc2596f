/**
 * `npm run bench:server -- [--seconds N] [--devices N] [--connections N] [--concurrency N] [--servers N]`: the server against the
 * bare PostgreSQL of the same machine, and its idle devices against MQTT brokers, side by side in one run.
 * Server, bare loop and brokers are processes of their own; this one plays the devices. Last line JSON; exits 1
 * when an aim of the issue is missed and --strict is given: on a shared machine only the ratios mean anything.
 */
import { fork, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startCluster } from '../../server/db/cluster';
import { removePlace } from '../../server/db/place';
import { sleep, systemClock } from '../../server/time';
import type { Message } from '../../src/protocol/messages';
import { LinkClient } from './client';
import { deviceId, DEVICE_KEY, type Answer, type Question } from './messages';
import { startMosquitto } from './mosquitto';
import { openMqtt } from './mqtt-client';
import { OrderLoad } from './orders';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    seconds: text,
    devices: text,
    connections: text,
    concurrency: text,
    servers: text,
    strict: { type: 'boolean' },
  },
});
const seconds = Number(values.seconds ?? 10);
const devices = Number(values.devices ?? 2_000);
const connections = Number(values.connections ?? 16);
const concurrency = Number(values.concurrency ?? 48);
/** Server processes, which share the connections. */
const serverCount = Number(values.servers ?? 1);

/** Handshakes at a time. */
const OPENING = 50;
const SETTLE_MS = 2_000;
const TURNS = 4;
const AIMS = { share: 0.6, bytes: 10_000, grantP99Ms: 50 };

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
const round = (value: number, digits = 0): number => Math.round(value * 10 ** digits) / 10 ** digits;

class Part {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts a part of the bench as a process of its own; gives it with the first thing that it says. */
  static async start<First>(file: string, words: readonly string[]): Promise<[Part, First]> {
    const child = fork(path.join(__dirname, file), [...words], {
      execArgv: ['--expose-gc', '--require', 'tsx/cjs'],
    });
    const part = new Part(child);
    return [part, await part.hear<First>()];
  }

  async memory(): Promise<number> {
    this.tell('memory');
    return (await this.hear<Answer>()).bytes!;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      this.tell('stop');
    });
  }

  private tell(question: Question): void {
    this.child.send(question);
  }

  private hear<Said>(): Promise<Said> {
    return new Promise((resolve, reject) => {
      this.child.once('message', (said) => resolve(said as Said));
      this.child.once('exit', (code) => reject(new Error(`a part of the bench ended (${code})`)));
    });
  }
}

async function bareCommits(databaseUrl: string, turnS: number): Promise<number> {
  const words = [databaseUrl, String(connections), String(turnS)];
  const [, { perSecond }] = await Part.start<{ perSecond: number }>('bare.ts', words);
  return perSecond;
}

async function query(databaseUrl: string, statement: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return Number((await client.query<{ value: string }>(statement)).rows[0]!.value);
  } finally {
    await client.end();
  }
}

/** Numbers of writing transactions are given out one by one. */
const writes = (databaseUrl: string): Promise<number> =>
  query(databaseUrl, 'select pg_current_xact_id()::text as value');

async function openAll<One>(count: number, open: (index: number) => Promise<One>): Promise<One[]> {
  const opened: One[] = [];
  for (let at = 0; at < count; at += OPENING) {
    const some = Math.min(OPENING, count - at);
    opened.push(...(await Promise.all(Array.from({ length: some }, (_, index) => open(at + index)))));
  }
  return opened;
}

/** Resident bytes that a session costs, from none to all. */
async function perSession(
  memory: () => number | Promise<number>,
  open: () => Promise<readonly { destroy(): void }[]>,
): Promise<number> {
  await sleep(systemClock, SETTLE_MS);
  const before = await memory();
  const sockets = await open();
  await sleep(systemClock, SETTLE_MS);
  const bytes = ((await memory()) - before) / sockets.length;
  for (const socket of sockets) socket.destroy();
  return round(bytes);
}

async function measureHeartbeats(clients: readonly LinkClient[]): Promise<number> {
  let beats = 0;
  const ping: Message = ['ping', 1, 20, 1];
  for (const client of clients) {
    client.onMessage = () => {
      beats += 1;
      client.send(ping);
    };
  }
  const startMs = systemClock.nowMs();
  for (const client of clients.slice(0, concurrency * 4)) client.send(ping);
  await sleep(systemClock, (seconds * 1_000) / 2);
  const perSecond = (beats * 1_000) / (systemClock.nowMs() - startMs);
  for (const client of clients) client.onMessage = () => undefined;
  await sleep(systemClock, SETTLE_MS);
  return round(perSecond);
}

/** Whole orders and bare commits in turns, so that whatever else the machine does hits both. */
async function sideBySide(
  databaseUrl: string,
  load: OrderLoad,
): Promise<{ ordersPerSecond: number; commitsPerOrder: number; bareCommitsPerSecond: number }> {
  const turnS = Math.max(1, seconds / TURNS);
  let [orders, orderS, commits, bare] = [0, 0, 0, 0];
  for (let turn = 0; turn < TURNS; turn++) {
    bare += await bareCommits(databaseUrl, turnS);
    const before = await writes(databaseUrl);
    const full = await load.closed(concurrency, turnS);
    commits += (await writes(databaseUrl)) - before - 1;
    orders += full.orders;
    orderS += full.seconds;
    say(`${round(orders / orderS, 1)} orders/s, ${round(bare / (turn + 1))} bare commits/s`);
  }
  return {
    ordersPerSecond: orders / orderS,
    commitsPerOrder: commits / orders,
    bareCommitsPerSecond: bare / TURNS,
  };
}

async function measureServer(databaseUrl: string, folder: string): Promise<Record<string, number>> {
  const servers: Part[] = [];
  const places: Required<Answer>[] = [];
  for (let index = 0; index < serverCount; index++) {
    const share = Math.max(1, Math.floor(connections / serverCount));
    const words = [databaseUrl, folder, String(index === 0 ? devices : 0), String(share)];
    const [server, place] = await Part.start<Required<Answer>>('subject.ts', words);
    servers.push(server);
    places.push(place);
  }
  const memory = async (): Promise<number> => {
    let sum = 0;
    for (const server of servers) sum += await server.memory();
    return sum;
  };
  await sleep(systemClock, SETTLE_MS);
  const before = await memory();
  const clients = await openAll(devices, (index) =>
    LinkClient.open(places[index % serverCount]!.gatewayPort, deviceId(index), DEVICE_KEY),
  );
  await sleep(systemClock, SETTLE_MS);
  const bytes = round(((await memory()) - before) / devices);
  say(`${devices} devices connected, ${bytes} bytes each`);
  const urls = places.map((place) => place.httpUrl);
  const load = new OrderLoad(clients, urls, places[0]!.merchantId);
  await load.closed(concurrency, Math.min(3, seconds));
  const { ordersPerSecond, commitsPerOrder, bareCommitsPerSecond } = await sideBySide(databaseUrl, load);
  const half = await load.open(ordersPerSecond / 2, seconds);
  load.close();
  const heartbeatsPerSecond = await measureHeartbeats(clients);
  for (const client of clients) client.socket.removeAllListeners('close').destroy();
  for (const server of servers) await server.stop();
  return {
    ordersPerSecond: round(ordersPerSecond, 1),
    commitsPerOrder: round(commitsPerOrder, 2),
    bareCommitsPerSecond: round(bareCommitsPerSecond),
    share: round((ordersPerSecond * commitsPerOrder) / bareCommitsPerSecond, 3),
    bytes,
    grantP50Ms: round(quantile(half.grantMs, 0.5), 1),
    grantP99Ms: round(quantile(half.grantMs, 0.99), 1),
    halfLoadPerSecond: round(half.orders / half.seconds, 1),
    heartbeatsPerSecond,
  };
}

async function measureBrokers(folder: string): Promise<{ aedes: number; mosquittoTls: number | 'skipped' }> {
  const [aedes, at] = await Part.start<Required<Answer>>('broker.ts', []);
  const ours = await perSession(
    () => aedes.memory(),
    () => openAll(devices, (index) => openMqtt(at.gatewayPort, deviceId(index), false)),
  );
  await aedes.stop();
  const mosquitto = await startMosquitto(folder, await freePort());
  if (!mosquitto) {
    say('mosquitto or openssl is not installed: skipped');
    return { aedes: ours, mosquittoTls: 'skipped' };
  }
  const theirs = await perSession(
    () => mosquitto.bytes(),
    () => openAll(devices, (index) => openMqtt(mosquitto.port, deviceId(index), true)),
  );
  mosquitto.stop();
  return { aedes: ours, mosquittoTls: theirs };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function main(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-bench-'));
  const dataDir = path.join(folder, 'db');
  const cluster = await startCluster({ dataDir, clock: systemClock, say });
  try {
    const { bytes, ...figures } = await measureServer(await cluster.database('bench'), folder);
    const bytesPerIdleDevice = { ours: bytes!, ...(await measureBrokers(folder)) };
    const missed = [
      figures.share! < AIMS.share && 'share',
      bytes! > AIMS.bytes && 'bytes per idle device',
      figures.grantP99Ms! > AIMS.grantP99Ms && 'notification to grant',
    ].filter((name) => name !== false);
    for (const name of missed) say(`MISSED: ${name}`);
    const setup = { devices, connections, concurrency, seconds, servers: serverCount };
    process.stdout.write(`${JSON.stringify({ ...figures, bytesPerIdleDevice, ...setup, missed })}\n`);
    process.exitCode = values.strict && missed.length > 0 ? 1 : 0;
  } finally {
    await cluster.stop();
    removePlace(dataDir);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  process.stderr.write(`bench:server: ${error.stack}\n`);
  process.exit(1);
});
