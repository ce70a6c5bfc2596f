/**
 * The server's own figures: memory an idle device, whole orders beside bare commits with the processor time of
 * each part, notification to grant at half load, heartbeats.
 */
import { Client } from 'pg';
import { sleep, systemClock } from '../../server/time';
import type { Message } from '../../src/protocol/messages';
import type { BareTurn } from './bare';
import { LinkClient } from './client';
import { CpuMeter, readCpu, type CpuUs } from './cpu';
import { measureSessions, quantile, round, say, SETTLE_MS } from './figures';
import { deviceId, DEVICE_KEY, type Answer, type Stalls } from './messages';
import { OrderLoad } from './orders';
import { Part } from './part';

export interface Setup {
  readonly databaseUrl: string;
  /** For the servers' secrets. */
  readonly folder: string;
  /** Process number of PostgreSQL's own. */
  readonly postmaster: number;
  readonly seconds: number;
  readonly devices: number;
  readonly connections: number;
  readonly concurrency: number;
  /** Server processes, which share the connections. */
  readonly servers: number;
  /** Options for the servers' node. */
  readonly nodeOptions: readonly string[];
}

export interface ServerFigures {
  readonly ordersPerSecond: number;
  readonly commitsPerOrder: number;
  readonly bareCommitsPerSecond: number;
  readonly share: number;
  /** The bare loop with several commits under way on each connection, and the share of that. */
  readonly barePipelinedPerSecond: number;
  readonly shareOfPipelined: number;
  /** Processor time of a bare commit over that of a commit of ours, all parts counted: what other work cannot blur. */
  readonly cpuShare: number;
  readonly cpuUsPerOrder: CpuUs;
  readonly cpuUsPerBareCommit: CpuUs;
  readonly walBytesPerOrder: number;
  readonly bytes: number;
  readonly grantP50Ms: number;
  readonly grantP99Ms: number;
  readonly halfLoadPerSecond: number;
  readonly stallsAtHalfLoad: readonly Stalls[];
  readonly heartbeatsPerSecond: number;
}

interface Servers {
  readonly parts: readonly Part[];
  readonly places: readonly Required<Answer>[];
}

/** Turns of orders and bare commits. */
const TURNS = 4;
const WARM_UP_S = 3;
/** Devices that ping at a time, for each order at a time. */
const PINGS_PER_ORDER = 4;

async function startServers(setup: Setup): Promise<Servers> {
  const parts: Part[] = [];
  const places: Required<Answer>[] = [];
  const connections = String(Math.max(1, Math.floor(setup.connections / setup.servers)));
  for (let index = 0; index < setup.servers; index++) {
    const devices = String(index === 0 ? setup.devices : 0);
    const words = [setup.databaseUrl, setup.folder, devices, connections];
    const [part, place] = await Part.start<Required<Answer>>('subject.ts', words, setup.nodeOptions);
    parts.push(part);
    places.push(place);
  }
  return { parts, places };
}

/** Numbers of writing transactions are given out one by one, WAL byte by byte. */
async function written(client: Client): Promise<{ commits: number; walBytes: number }> {
  const { rows } = await client.query<{ commits: string; wal: string }>(
    "select pg_current_xact_id()::text as commits, (pg_current_wal_insert_lsn() - '0/0')::text as wal",
  );
  return { commits: Number(rows[0]!.commits), walBytes: Number(rows[0]!.wal) };
}

type SideBySide = Pick<
  ServerFigures,
  | 'ordersPerSecond'
  | 'commitsPerOrder'
  | 'bareCommitsPerSecond'
  | 'barePipelinedPerSecond'
  | 'cpuUsPerOrder'
  | 'cpuUsPerBareCommit'
  | 'walBytesPerOrder'
>;

/** Whole orders and bare commits in turns, so that whatever else the machine does hits both. */
async function sideBySide(setup: Setup, load: OrderLoad, servers: readonly Part[]): Promise<SideBySide> {
  const turnS = Math.max(1, setup.seconds / TURNS);
  const client = new Client({ connectionString: setup.databaseUrl });
  await client.connect();
  const words = [setup.databaseUrl, String(setup.connections), String(turnS)];
  const [bare] = await Part.start('bare.ts', words);
  const serverPids = servers.map((server) => server.pid);
  const orderCpu = new CpuMeter(() => readCpu(serverPids, setup.postmaster));
  const bareCpu = new CpuMeter(() => readCpu([bare.pid], setup.postmaster));
  const sum = {
    orders: 0,
    orderS: 0,
    commits: 0,
    walBytes: 0,
    bareCommits: 0,
    bareS: 0,
    pipelined: 0,
    pipelinedS: 0,
  };
  await bare.ask<BareTurn>('go');
  for (let turn = 0; turn < TURNS; turn++) {
    const bareTurn = await bareCpu.around(() => bare.ask<BareTurn>('go'));
    sum.bareCommits += bareTurn.commits;
    sum.bareS += bareTurn.seconds;
    const pipelined = await bare.ask<BareTurn>('go pipelined');
    sum.pipelined += pipelined.commits;
    sum.pipelinedS += pipelined.seconds;
    const before = await written(client);
    const full = await orderCpu.around(() => load.closed(setup.concurrency, turnS));
    const after = await written(client);
    sum.commits += after.commits - before.commits - 1;
    sum.walBytes += after.walBytes - before.walBytes;
    sum.orders += full.orders;
    sum.orderS += full.seconds;
    const [orders, commits, more] = [full, bareTurn, pipelined].map(
      (turnOf) => ('orders' in turnOf ? turnOf.orders : turnOf.commits) / turnOf.seconds,
    );
    say(`${round(orders!)} orders/s, ${round(commits!)} bare commits/s, ${round(more!)} pipelined`);
  }
  await bare.stop();
  await client.end();
  return {
    ordersPerSecond: sum.orders / sum.orderS,
    commitsPerOrder: sum.commits / sum.orders,
    bareCommitsPerSecond: sum.bareCommits / sum.bareS,
    barePipelinedPerSecond: round(sum.pipelined / sum.pipelinedS),
    cpuUsPerOrder: orderCpu.per(sum.orders),
    cpuUsPerBareCommit: bareCpu.per(sum.bareCommits),
    walBytesPerOrder: round(sum.walBytes / sum.orders),
  };
}

async function measureHeartbeats(
  { seconds, concurrency }: Setup,
  clients: readonly LinkClient[],
): Promise<number> {
  let beats = 0;
  const ping: Message = ['ping', 1, 20, 1];
  for (const client of clients) {
    client.onMessage = () => {
      beats += 1;
      client.send(ping);
    };
  }
  const startMs = systemClock.nowMs();
  for (const client of clients.slice(0, concurrency * PINGS_PER_ORDER)) client.send(ping);
  await sleep(systemClock, (seconds * 1_000) / 2);
  const perSecond = (beats * 1_000) / (systemClock.nowMs() - startMs);
  for (const client of clients) client.onMessage = () => undefined;
  await sleep(systemClock, SETTLE_MS);
  return round(perSecond);
}

async function memoryOf(parts: readonly Part[]): Promise<number> {
  let sum = 0;
  for (const part of parts) sum += (await part.ask<Answer>('memory')).bytes!;
  return sum;
}

export async function measureServer(setup: Setup): Promise<ServerFigures> {
  const { parts, places } = await startServers(setup);
  const { opened: clients, bytes } = await measureSessions(
    setup.devices,
    () => memoryOf(parts),
    (index) => LinkClient.open(places[index % places.length]!.gatewayPort, deviceId(index), DEVICE_KEY),
  );
  say(`${setup.devices} devices connected, ${bytes} bytes each`);
  const urls = places.map((place) => place.httpUrl);
  const load = new OrderLoad(clients, urls, places[0]!.merchantId);
  await load.closed(setup.concurrency, Math.min(WARM_UP_S, setup.seconds));
  const both = await sideBySide(setup, load, parts);
  for (const part of parts) await part.ask<Stalls>('stalls');
  const half = await load.open(both.ordersPerSecond / 2, setup.seconds);
  const stallsAtHalfLoad: Stalls[] = [];
  for (const part of parts) stallsAtHalfLoad.push(await part.ask<Stalls>('stalls'));
  load.close();
  const heartbeatsPerSecond = await measureHeartbeats(setup, clients);
  for (const client of clients) client.socket.removeAllListeners('close').destroy();
  for (const part of parts) await part.stop();
  const cpuUsPerCommit = both.cpuUsPerOrder.all / both.commitsPerOrder;
  return {
    ...both,
    ordersPerSecond: round(both.ordersPerSecond, 1),
    commitsPerOrder: round(both.commitsPerOrder, 2),
    bareCommitsPerSecond: round(both.bareCommitsPerSecond),
    share: round((both.ordersPerSecond * both.commitsPerOrder) / both.bareCommitsPerSecond, 3),
    shareOfPipelined: round((both.ordersPerSecond * both.commitsPerOrder) / both.barePipelinedPerSecond, 3),
    cpuShare: round(both.cpuUsPerBareCommit.all / cpuUsPerCommit, 3),
    bytes,
    grantP50Ms: round(quantile(half.grantMs, 0.5), 1),
    grantP99Ms: round(quantile(half.grantMs, 0.99), 1),
    halfLoadPerSecond: round(half.orders / half.seconds, 1),
    stallsAtHalfLoad,
    heartbeatsPerSecond,
  };
}
