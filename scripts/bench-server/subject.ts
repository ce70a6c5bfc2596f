/**
 * The server under measurement, as a process of its own: the whole server with merchant, devices and a provider
 * that answers at once. Says where it listens, and how much memory it holds when asked. Started by main.ts (fork).
 */
import { startServer, type RunningServer } from '../../server/app';
import { systemClock } from '../../server/time';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { deviceId, DEVICE_KEY, type Answer, type Question, type Stalls } from './messages';
import { residentBytes } from './memory';
import { StubProvider } from './stub-provider';

const answer = (message: Answer): void => void process.send!(message);

const NS_PER_MS = 1e6;
const LOOP_RESOLUTION_MS = 1;
const POOL_LOOK_MS = 2;

/** Watches what holds orders up inside this process. */
function watchStalls({ database }: RunningServer['core']): () => Stalls {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  let poolWaiting = 0;
  const look = (): void => {
    poolWaiting = Math.max(poolWaiting, database.pool.waitingCount);
    systemClock.setTimer(look, POOL_LOOK_MS);
  };
  look();
  return () => {
    const stalls = {
      loopP99Ms: loop.percentile(99) / NS_PER_MS,
      loopMaxMs: loop.max / NS_PER_MS,
      poolWaiting,
    };
    loop.reset();
    poolWaiting = 0;
    return stalls;
  };
}

function hear(server: RunningServer, stalls: () => Stalls, question: Question): void {
  if (question === 'memory') answer({ bytes: residentBytes() });
  else if (question === 'stalls') process.send!(stalls());
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
    dbConnections: Number(connections),
    logLevel: 'warn',
    providers: { get: async () => provider },
    limits: { ordersPerWindow: 1_000_000 },
    gatewayLimits: { maxUnknown: 10_000, maxUnknownPerAddress: 10_000, handshakeTimeoutMs: 120_000 },
  });
  const { core } = server;
  const stalls = watchStalls(core);
  const nowMs = Math.round(systemClock.nowMs());
  if (Number(devices) === 0) {
    // Another process has settled in already.
    process.on('message', (question: Question) => hear(server, stalls, question));
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
  process.on('message', (question: Question) => hear(server, stalls, question));
  answer({ gatewayPort: server.gatewayPort, httpUrl: server.httpUrl, merchantId: merchant.id });
}

void main();
