/**
 * The server under measurement, as a process of its own: the whole server with merchant, devices and a provider
 * that answers at once. Says where it listens, and how much memory it holds when asked. Started by main.ts (fork).
 */
import * as fs from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { startServer, type RunningServer } from '../../server/app';
import { systemClock } from '../../server/time';
import { round } from './figures';
import { deviceId, DEVICE_KEY, type Answer, type Question, type Stalls } from './messages';
import { residentBytes } from './memory';
import { StubProvider } from './stub-provider';

const answer = (message: Answer): void => void process.send!(message);

const NS_PER_MS = 1e6;
const LOOP_RESOLUTION_MS = 1;
const POOL_LOOK_MS = 2;

/** Milliseconds that the main thread waited for a processor; 0 where the kernel does not tell. */
function starvedMs(): number {
  try {
    return Number(fs.readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / NS_PER_MS;
  } catch {
    return 0;
  }
}

/** Watches what holds orders up inside this process, from the first question on. */
class StallWatch {
  private readonly loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  private gcMaxMs = 0;
  private underWay = 0;
  private begun = { atMs: systemClock.nowMs(), starvedMs: starvedMs() };

  constructor(private readonly database: RunningServer['core']['database']) {
    this.loop.enable();
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.gcMaxMs = Math.max(this.gcMaxMs, duration);
    }).observe({ entryTypes: ['gc'] });
    this.look();
  }

  read(): Stalls {
    const now = { atMs: systemClock.nowMs(), starvedMs: starvedMs() };
    const seconds = (now.atMs - this.begun.atMs) / 1_000;
    const stalls = {
      loopP99Ms: round(this.loop.percentile(99) / NS_PER_MS, 1),
      loopMaxMs: round(this.loop.max / NS_PER_MS, 1),
      gcMaxMs: round(this.gcMaxMs, 1),
      starvedMsPerS: round((now.starvedMs - this.begun.starvedMs) / seconds),
      underWay: this.underWay,
    };
    this.begun = now;
    this.loop.reset();
    this.gcMaxMs = this.underWay = 0;
    return stalls;
  }

  private look(): void {
    this.underWay = Math.max(this.underWay, this.database.pipes.underWay);
    systemClock.setTimer(() => this.look(), POOL_LOOK_MS);
  }
}

let watch: StallWatch | undefined;

function hear(server: RunningServer, question: Question): void {
  if (question === 'memory') answer({ bytes: residentBytes() });
  else if (question === 'stalls') process.send!((watch ??= new StallWatch(server.core.database)).read());
  else void server.stop().then(() => process.exit(0));
}

async function main(): Promise<void> {
  const [databaseUrl, dataDir, devices, connections] = process.argv.slice(2) as [
    string,
    string,
    string,
    string,
  ];
  const provider = new StubProvider();
  const server = await startServer({
    dataDir,
    databaseUrl,
    pipes: Number(connections),
    logLevel: 'warn',
    providers: { get: async () => provider },
    limits: { ordersPerWindow: 1_000_000 },
    gatewayLimits: { maxUnknown: 10_000, maxUnknownPerAddress: 10_000, handshakeTimeoutMs: 120_000 },
  });
  const { core } = server;
  const nowMs = Math.round(systemClock.nowMs());
  if (Number(devices) === 0) {
    // Another process has settled in already.
    process.on('message', (question: Question) => hear(server, question));
    answer({ gatewayPort: server.gatewayPort, httpUrl: server.httpUrl, merchantId: 1 });
    return;
  }
  const merchant = await core.merchants.add({ name: 'bench', maxOpenOrders: 1_000_000 }, nowMs);
  const channel = { merchantId: merchant.id, channel: 'wechat' as const, isEnabled: true };
  await core.database.db
    .insertInto('channels')
    .values({ ...channel, sealedParameters: '', version: 1, updatedAtMs: nowMs })
    .execute();
  for (let index = 0; index < Number(devices); index++) {
    const device = {
      id: deviceId(index),
      merchantId: merchant.id,
      name: '',
      key: DEVICE_KEY,
      maxAmountFen: 10_000,
    };
    await core.devices.add(device, nowMs);
  }
  process.on('message', (question: Question) => hear(server, question));
  answer({ gatewayPort: server.gatewayPort, httpUrl: server.httpUrl, merchantId: merchant.id });
}

void main();
