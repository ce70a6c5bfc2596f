/**
 * Runs the embedded PostgreSQL: makes the cluster at first use, starts it on a free port of the loopback
 * interface, finds one that a killed run left behind, and stops it with the product, even when the product is
 * killed (a watchdog process waits for our end of a pipe to close).
 * Leaves where files live to place.ts, schema and pools to others. Crash safety is PostgreSQL's own (fsync is on).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { Client } from 'pg';
import { sleep, type Clock } from '../time';
import { findBinaries, runAs, type Binaries, type RunAs } from './binaries';
import { childEnvironment, initialise, SUPERUSER } from './initdb';
import { openPlace, readPlace, removePlace, type Place } from './place';
import { isPostgres, isRunning, readPidFile, removeStalePidFile } from './postmaster';

/** The role that owns the database and that the product connects as. */
const APP_ROLE = 'coinslot';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
const PORT_ATTEMPTS = 5;
/** Key of the advisory lock that the process in charge of the cluster holds ("coin"). */
const OWNER_LOCK = 0x636f696e;

export interface ClusterOptions {
  /** The product's data folder. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Off only in tests: commits then survive a killed process, but not a power cut. */
  readonly isDurable?: boolean;
  /** Said once for what takes long or is unusual. */
  readonly say?: (text: string) => void;
}

export interface Cluster {
  readonly port: number;
  /** True when another process's PostgreSQL was found running and is only used. */
  readonly isGuest: boolean;
  /** Connection address of a database, made when it is missing. */
  database(name: string): Promise<string>;
  /** Stops PostgreSQL, or lets go of it when another process is in charge. */
  stop(): Promise<void>;
}

/** Thrown when another process is in charge of this data folder. */
export class ClusterBusyError extends Error {}

/**
 * Starts the cluster of `dataDir` and takes charge of it; one that runs without an owner is adopted.
 * @throws ClusterBusyError when another living process is in charge.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const user = runAs();
  const binaries = findBinaries(user);
  const place = openPlace(options.dataDir, user);
  await initialise(place, binaries, user, options.say ?? (() => undefined));
  let port = await findRunning(options, place);
  if (port === undefined) port = await launch(options, place, binaries, user);
  const owner = await takeCharge(place, port, options.dataDir);
  const watchdog = watch(readPidFile(place.clusterDir)!.pid);
  return {
    port,
    isGuest: false,
    database: (name) => ensureDatabase(place, port, name),
    stop: async () => {
      watchdog.kill('SIGKILL');
      refable(owner).ref();
      await owner.end().catch(() => undefined);
      await stopPostmaster(options.clock, place);
    },
  };
}

/** Uses the cluster of `dataDir` as a guest when it runs, else starts it: for commands beside a running server. */
export async function joinCluster(options: ClusterOptions): Promise<Cluster> {
  const place = readPlace(options.dataDir);
  const port = place && (await findRunning(options, place));
  if (!place || port === undefined) return startCluster(options);
  return {
    port,
    isGuest: true,
    database: (name) => ensureDatabase(place, port, name),
    stop: async () => undefined,
  };
}

/** Wipes the cluster of `dataDir`; one that still runs without an owner is stopped first. */
export async function wipeCluster(options: ClusterOptions): Promise<void> {
  const place = readPlace(options.dataDir);
  if (!place) return;
  const port = await findRunning(options, place);
  if (port !== undefined) {
    const owner = await takeCharge(place, port, options.dataDir);
    refable(owner).ref();
    await owner.end();
    await stopPostmaster(options.clock, place);
  }
  removePlace(options.dataDir);
}

/** The port of a PostgreSQL that already runs on this cluster, once it answers; undefined when none does. */
async function findRunning(options: ClusterOptions, place: Place): Promise<number | undefined> {
  removeStalePidFile(place.clusterDir);
  const deadlineMs = options.clock.nowMs() + START_TIMEOUT_MS;
  for (;;) {
    const found = readPidFile(place.clusterDir);
    if (!found || !isRunning(found.pid)) return undefined;
    if (found.port !== undefined && (await answers(place, found.port))) return found.port;
    if (options.clock.nowMs() > deadlineMs) {
      throw new Error(`a PostgreSQL (process ${found.pid}) holds ${place.clusterDir} but does not answer`);
    }
    await sleep(options.clock, POLL_MS);
  }
}

async function launch(
  options: ClusterOptions,
  place: Place,
  binaries: Binaries,
  user: RunAs | undefined,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawnPostmaster(options, place, binaries, user, port);
    const deadlineMs = options.clock.nowMs() + START_TIMEOUT_MS;
    while (child.exitCode === null && child.signalCode === null && options.clock.nowMs() < deadlineMs) {
      if (await answers(place, port)) {
        child.unref();
        return port;
      }
      await sleep(options.clock, POLL_MS);
    }
    child.kill('SIGQUIT');
    const log = lastLog(place);
    if (attempt >= PORT_ATTEMPTS || !log.includes('could not bind')) {
      throw new Error(`PostgreSQL did not start; the end of its log:\n${log}`);
    }
  }
}

function spawnPostmaster(
  options: ClusterOptions,
  place: Place,
  binaries: Binaries,
  user: RunAs | undefined,
  port: number,
): ChildProcess {
  const logFd = fs.openSync(path.join(place.clusterDir, 'postgres.log'), 'w', 0o600);
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    `fsync=${options.isDurable === false ? 'off' : 'on'}`,
    'log_min_messages=warning',
  ];
  try {
    // A group of its own: Ctrl-C in our terminal must not stop it before our last transaction.
    return spawn(
      binaries.postgres,
      ['-D', path.join(place.clusterDir, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
      {
        cwd: place.clusterDir,
        env: childEnvironment(),
        detached: true,
        stdio: ['ignore', logFd, logFd],
        ...(user && { uid: user.uid, gid: user.gid }),
      },
    );
  } finally {
    fs.closeSync(logFd);
  }
}

function lastLog(place: Place): string {
  return fs.readFileSync(path.join(place.clusterDir, 'postgres.log'), 'utf8').slice(-2000).trim();
}

/** Stops PostgreSQL when we are gone: its standard input ends with us, however we end. */
function watch(pid: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', 'cat >/dev/null; kill -INT "$0"', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: childEnvironment(),
  });
  watchdog.on('error', () => undefined);
  watchdog.unref();
  (watchdog.stdin as net.Socket).unref();
  return watchdog;
}

async function stopPostmaster(clock: Clock, place: Place): Promise<void> {
  const found = readPidFile(place.clusterDir);
  if (!found || !isPostgres(found.pid)) return;
  const deadlineMs = clock.nowMs() + STOP_TIMEOUT_MS;
  process.kill(found.pid, 'SIGINT');
  while (isRunning(found.pid)) {
    if (clock.nowMs() > deadlineMs) {
      process.kill(found.pid, 'SIGQUIT');
      return;
    }
    await sleep(clock, POLL_MS);
  }
}

function adminClient(place: Place, port: number): Client {
  return new Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password: place.password,
    database: 'postgres',
    connectionTimeoutMillis: 5000,
  });
}

/** Whether PostgreSQL on `port` is this cluster's (it knows our password) and accepts connections. */
async function answers(place: Place, port: number): Promise<boolean> {
  const client = adminClient(place, port);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Holds a lock for as long as we live: PostgreSQL lets go of it when our connection breaks. */
async function takeCharge(place: Place, port: number, dataDir: string): Promise<Client> {
  const client = adminClient(place, port);
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
    OWNER_LOCK,
  ]);
  if (rows[0]!.taken) {
    // Held for as long as we live, but no reason to live on.
    refable(client).unref();
    return client;
  }
  await client.end();
  throw new ClusterBusyError(
    `another Coinslot process runs on ${dataDir}: stop it, or use another data folder`,
  );
}

/** Methods of pg's Client that its types do not know. */
function refable(client: Client): { ref(): void; unref(): void } {
  return client as unknown as { ref(): void; unref(): void };
}

/** What PostgreSQL says of a role or database that is there; 23505 when two are made at the same moment. */
const EXISTS_CODES = ['42710', '42P04', '23505'];

async function createOnce(client: Client, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (!EXISTS_CODES.includes((error as { code?: string }).code ?? '')) throw error;
  }
}

async function ensureDatabase(place: Place, port: number, name: string): Promise<string> {
  const client = adminClient(place, port);
  await client.connect();
  try {
    const password = client.escapeLiteral(place.password);
    await createOnce(client, `create role ${APP_ROLE} login password ${password}`);
    await createOnce(client, `create database ${client.escapeIdentifier(name)} owner ${APP_ROLE}`);
  } finally {
    await client.end();
  }
  return `postgres://${APP_ROLE}:${place.password}@127.0.0.1:${port}/${name}`;
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
