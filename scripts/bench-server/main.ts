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
import { startCluster } from '../../server/db/cluster';
import { DEFAULT_PIPES } from '../../server/db/database';
import { readPlace, removePlace } from '../../server/db/place';
import { readPidFile } from '../../server/db/postmaster';
import { systemClock } from '../../server/time';
import { command, whole } from '../command-line';
import { measureBrokers } from './brokers';
import { say } from './figures';
import { measureServer } from './server-figures';

interface Options {
  readonly seconds: number;
  readonly devices: number;
  readonly connections: number;
  readonly concurrency: number;
  readonly servers: number;
  readonly profile?: string;
  readonly withoutBrokers?: true;
  readonly strict?: true;
}

const AIMS = { share: 0.6, bytes: 10_000, grantP99Ms: 50 };

function readOptions(): Options {
  return command('bench:server', 'the server beside the bare PostgreSQL and MQTT brokers of the same machine')
    .option('--seconds <number>', 'how long each part is measured', whole(1), 10)
    .option('--devices <number>', 'idle devices held', whole(10), 2_000)
    .option(
      '--connections <number>',
      'to PostgreSQL, on which orders are written',
      whole(1, 64),
      DEFAULT_PIPES,
    )
    .option('--concurrency <number>', 'orders under way at once', whole(1), 48)
    .option('--servers <number>', 'server processes on one database', whole(1), 1)
    .option('--profile <folder>', 'keeps CPU profiles of the servers there')
    .option('--without-brokers', 'leaves the MQTT brokers out')
    .option('--strict', 'exits with 1 when an aim is missed')
    .parse()
    .opts<Options>();
}

async function main(): Promise<void> {
  const { profile, withoutBrokers, strict, ...setup } = readOptions();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-bench-'));
  const dataDir = path.join(folder, 'db');
  const cluster = await startCluster({ dataDir, clock: systemClock, say });
  try {
    const { bytes, ...figures } = await measureServer({
      ...setup,
      databaseUrl: await cluster.database('bench'),
      folder,
      postmaster: readPidFile(readPlace(dataDir)!.clusterDir)!.pid,
      nodeOptions: profile ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`] : [],
    });
    const brokers = withoutBrokers ? {} : await measureBrokers(folder, setup.devices);
    const bytesPerIdleDevice = { ours: bytes, ...brokers };
    const missed = [
      figures.share < AIMS.share && 'share',
      bytes > AIMS.bytes && 'bytes per idle device',
      figures.grantP99Ms > AIMS.grantP99Ms && 'notification to grant',
    ].filter((name) => name !== false);
    for (const name of missed) say(`MISSED: ${name}`);
    process.stdout.write(`${JSON.stringify({ ...figures, bytesPerIdleDevice, ...setup, missed })}\n`);
    process.exitCode = strict && missed.length > 0 ? 1 : 0;
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
