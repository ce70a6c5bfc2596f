/**
 * `npm run bench:server -- [--seconds N] [--devices N] [--connections N] [--concurrency N] [--servers N]`: the
 * server against the bare PostgreSQL of the same machine, and its idle devices against MQTT brokers, side by side in
 * one run; `--without-brokers` leaves those out, `--profile FOLDER` keeps the servers' CPU profiles.
 * Server, bare loop and brokers are processes of their own; this one plays the devices. Last line JSON; exits 1
 * when an aim of the issue is missed and --strict is given: on a shared machine only the ratios mean anything.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../../server/db/cluster';
import { DEFAULT_PIPES } from '../../server/db/database';
import { readPlace, removePlace } from '../../server/db/place';
import { readPidFile } from '../../server/db/postmaster';
import { systemClock } from '../../server/time';
import { measureBrokers } from './brokers';
import { say } from './figures';
import { measureServer } from './server-figures';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    seconds: text,
    devices: text,
    connections: text,
    concurrency: text,
    servers: text,
    profile: text,
    'without-brokers': { type: 'boolean' },
    strict: { type: 'boolean' },
  },
});
const setup = {
  seconds: Number(values.seconds ?? 10),
  devices: Number(values.devices ?? 2_000),
  connections: Number(values.connections ?? DEFAULT_PIPES),
  concurrency: Number(values.concurrency ?? 48),
  servers: Number(values.servers ?? 1),
};
const AIMS = { share: 0.6, bytes: 10_000, grantP99Ms: 50 };

async function main(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-bench-'));
  const dataDir = path.join(folder, 'db');
  const cluster = await startCluster({ dataDir, clock: systemClock, say });
  try {
    const { bytes, ...figures } = await measureServer({
      ...setup,
      databaseUrl: await cluster.database('bench'),
      folder,
      postmaster: readPidFile(readPlace(dataDir)!.clusterDir)!.pid,
      nodeOptions: values.profile ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(values.profile)}`] : [],
    });
    const brokers = values['without-brokers'] ? {} : await measureBrokers(folder, setup.devices);
    const bytesPerIdleDevice = { ours: bytes, ...brokers };
    const missed = [
      figures.share < AIMS.share && 'share',
      bytes > AIMS.bytes && 'bytes per idle device',
      figures.grantP99Ms > AIMS.grantP99Ms && 'notification to grant',
    ].filter((name) => name !== false);
    for (const name of missed) say(`MISSED: ${name}`);
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
