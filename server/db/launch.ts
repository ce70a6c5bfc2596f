/**
 * Starts and stops the PostgreSQL process of a cluster, and sets a watchdog on it: a shell that waits for our end
 * of a pipe to close, so that PostgreSQL stops when we are gone, however we went.
 * Leaves who is in charge to cluster.ts.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { Client } from 'pg';
import { sleep, type Clock } from '../time';
import type { Binaries, RunAs } from './binaries';
import { childEnvironment, SUPERUSER } from './initdb';
import type { Place } from './place';
import { isPostgres, isRunning, readPidFile } from './postmaster';

export interface Launch {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly user: RunAs | undefined;
  readonly clock: Clock;
  readonly isDurable: boolean;
}

export const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
export const POLL_MS = 20;
const RETRY_MS = 200;
const WATCHDOG = 'cat >/dev/null; kill -INT "$0"';
/** What the log says when another try may work: another port, or the last run's processes are still ending. */
const PASSING = /could not bind|pre-existing shared memory block|lock file "postmaster.pid" already exists/;

/**
 * Starts PostgreSQL; gives its port once it answers. A `port` that is given is kept, however often it takes: others
 * know the address. What a killed run left behind may hold it for a while.
 */
export async function launch(options: Launch, port?: number): Promise<number> {
  const deadlineMs = options.clock.nowMs() + START_TIMEOUT_MS;
  for (;;) {
    const tried = port ?? (await freePort());
    const child = spawnPostmaster(options, tried);
    while (child.exitCode === null && child.signalCode === null && options.clock.nowMs() < deadlineMs) {
      if (await answers(options.place, tried)) {
        child.unref();
        return tried;
      }
      await sleep(options.clock, POLL_MS);
    }
    child.kill('SIGQUIT');
    const log = lastLog(options.place);
    if (!PASSING.test(log) || options.clock.nowMs() >= deadlineMs) {
      throw new Error(`PostgreSQL did not start; the end of its log:\n${log}`);
    }
    await sleep(options.clock, RETRY_MS);
  }
}

function spawnPostmaster({ place, binaries, user, isDurable }: Launch, port: number): ChildProcess {
  const logFd = fs.openSync(path.join(place.clusterDir, 'postgres.log'), 'w', 0o600);
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    `fsync=${isDurable ? 'on' : 'off'}`,
    'log_min_messages=warning',
  ];
  try {
    // A group of its own: Ctrl-C in our terminal must not stop it before our last transaction.
    const child = spawn(
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
    // A failed start shows in the missing answer and the log.
    child.on('error', () => undefined);
    return child;
  } finally {
    fs.closeSync(logFd);
  }
}

function lastLog(place: Place): string {
  return fs.readFileSync(path.join(place.clusterDir, 'postgres.log'), 'utf8').slice(-2000).trim();
}

export async function stopPostmaster(clock: Clock, place: Place): Promise<void> {
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

/** Sets a watchdog on process `pid`; kill it with SIGKILL to call it off. */
export function watch(place: Place, pid: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: childEnvironment(),
  });
  watchdog.on('error', () => undefined);
  watchdog.unref();
  (watchdog.stdin as net.Socket).unref();
  if (watchdog.pid) fs.writeFileSync(watchdogFile(place), String(watchdog.pid));
  return watchdog;
}

/** Calls off the watchdog of a killed run, if it has not bitten yet. */
export function stopForeignWatchdog(place: Place): void {
  try {
    const pid = Number(fs.readFileSync(watchdogFile(place), 'utf8'));
    if (fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(WATCHDOG)) process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone, or this machine cannot tell: then it shows whether PostgreSQL stays.
  }
}

function watchdogFile(place: Place): string {
  return path.join(place.clusterDir, 'watchdog.pid');
}

/** A client with the rights to make roles and databases. */
export function superuserClient(place: Place, port: number): Client {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password: place.password,
    database: 'postgres',
    connectionTimeoutMillis: 5000,
  });
  client.on('error', () => undefined);
  return client;
}

/** Whether PostgreSQL on `port` is this cluster's (it knows our password) and accepts connections. */
export async function answers(place: Place, port: number): Promise<boolean> {
  const client = superuserClient(place, port);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A port of the loopback that nobody listens on now; another process may be faster to take it. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
