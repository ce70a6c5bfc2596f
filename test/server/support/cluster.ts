/**
 * One PostgreSQL for all tests of a Jest run, started by the first test that needs it, and a database of its own
 * for each test file. It stops with the process that started it (cluster.ts, watchdog).
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import { ClusterBusyError, joinCluster, startCluster, type Cluster } from '../../../server/db/cluster';
import { sleep, systemClock } from '../../../server/time';

/** Set by global-setup.ts for all processes of the run. */
const RUN_DIR = path.join(os.tmpdir(), `coinslot-test-${process.env.COINSLOT_TEST_RUN ?? process.pid}`);

let cluster: Promise<Cluster> | undefined;
let databases = 0;

async function openCluster(): Promise<Cluster> {
  const options = { dataDir: RUN_DIR, clock: systemClock, isDurable: false, isKept: false };
  fs.mkdirSync(RUN_DIR, { recursive: true });
  const lock = path.join(RUN_DIR, 'starting');
  for (;;) {
    try {
      fs.mkdirSync(lock);
      break;
    } catch {
      await sleep(systemClock, 50);
    }
  }
  try {
    return await startCluster(options);
  } catch (error) {
    if (error instanceof ClusterBusyError) return await joinCluster(options);
    throw error;
  } finally {
    fs.rmdirSync(lock);
  }
}

/** Address of a new, empty database. */
export async function testDatabase(): Promise<string> {
  cluster ??= openCluster();
  const name = `t${process.pid}_${process.env.JEST_WORKER_ID ?? 0}_${Date.now()}_${databases++}`;
  return (await cluster).database(name);
}

/** One statement on its own connection. */
export async function query(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
