/**
 * The embedded PostgreSQL: makes the cluster at first use, starts it, finds one that a killed run left behind,
 * starts it again when it is killed itself, and stops it with the product. One process is in charge of a cluster,
 * by a lock that PostgreSQL drops when the process is gone; others may join as guests.
 * Leaves where files live to place.ts, processes to launch.ts, schema and pools to others. Crash safety is
 * PostgreSQL's own (fsync is on). Invariant: two processes are never in charge of one cluster.
 */
import type { ChildProcess } from 'node:child_process';
import type { Client } from 'pg';
import { sleep, type Clock } from '../time';
import { findBinaries, runAs } from './binaries';
import { initialise } from './initdb';
import {
  answers,
  launch,
  POLL_MS,
  START_TIMEOUT_MS,
  stopForeignWatchdog,
  stopPostmaster,
  superuserClient,
  watch,
  type Launch,
} from './launch';
import { openPlace, readPlace, removePlace, type Place } from './place';
import { isRunning, readPidFile, removeStalePidFile } from './postmaster';

/** The role that owns the database and that the product connects as. */
const APP_ROLE = 'coinslot';
/** A watchdog's signal to what we took over shows within this time. */
const STABLE_MS = 200;
const REVIVE_PAUSE_MS = 1_000;
/** Key of the advisory lock that the process in charge of the cluster holds ("coin"). */
const OWNER_LOCK = 0x636f696e;

export interface ClusterOptions {
  /** The product's data folder. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Off only in tests: commits then survive a killed process, but not a power cut. */
  readonly isDurable?: boolean;
  /** Starts PostgreSQL again when it is killed under us; on unless said otherwise. */
  readonly isKept?: boolean;
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
  const { clock, isDurable = true, say = () => undefined } = options;
  await initialise(place, binaries, user, say);
  const keeper = new Keeper(options, { place, binaries, user, clock, isDurable }, say);
  const port = await keeper.start();
  return {
    port,
    isGuest: false,
    database: (name) => ensureDatabase(place, port, name),
    stop: () => keeper.stop(),
  };
}

/** Uses the cluster of `dataDir` as a guest when it runs, else starts it: for commands beside a running server. */
export async function joinCluster(options: ClusterOptions): Promise<Cluster> {
  const place = readPlace(options.dataDir);
  const port = place && (await findRunning(options.clock, place));
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
  const running = await acquire(options, place, async () => undefined);
  if (running.owner) {
    await release(running.owner);
    await stopPostmaster(options.clock, place);
  }
  removePlace(options.dataDir);
}

/** Keeps one cluster running for as long as it is in charge. */
class Keeper {
  private owner: Client | undefined;
  private watchdog: ChildProcess | undefined;
  private port: number | undefined;
  private isStopping = false;
  private reviving: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: ClusterOptions,
    private readonly plan: Launch,
    private readonly say: (text: string) => void,
  ) {}

  async start(): Promise<number> {
    const { place } = this.plan;
    const { port, owner } = await acquire(this.options, place, () => launch(this.plan, this.port));
    this.port = port;
    this.owner = owner;
    this.watchdog?.kill('SIGKILL');
    this.watchdog = watch(place, readPidFile(place.clusterDir)!.pid);
    if (this.options.isKept !== false) owner.once('end', () => this.lost());
    // Our hold on the cluster lasts as long as we live, but is no reason to live on.
    refable(owner).unref();
    return port;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.reviving;
    this.watchdog?.kill('SIGKILL');
    if (this.owner) await release(this.owner);
    await stopPostmaster(this.plan.clock, this.plan.place);
  }

  /** PostgreSQL was killed under us: it is started again on the same port, so that its address stays. */
  private lost(): void {
    if (this.isStopping) return;
    this.say('PostgreSQL has gone; starting it again');
    this.reviving = this.revive();
  }

  private async revive(): Promise<void> {
    while (!this.isStopping) {
      try {
        await this.start();
        return;
      } catch (error) {
        this.say(`PostgreSQL does not come back: ${(error as Error).message}`);
        await sleep(this.plan.clock, REVIVE_PAUSE_MS);
      }
    }
  }
}

/**
 * Finds the running PostgreSQL or starts it, and takes charge of it. One that is found may be about to end,
 * because the watchdog of a killed run is at work: then we look again.
 */
async function acquire<Port extends number | undefined>(
  options: ClusterOptions,
  place: Place,
  start: () => Promise<Port>,
): Promise<{ port: Port; owner: Port extends number ? Client : Client | undefined }> {
  const deadlineMs = options.clock.nowMs() + START_TIMEOUT_MS;
  for (;;) {
    const found = await findRunning(options.clock, place);
    const port = (found ?? (await start())) as Port;
    if (port === undefined) return { port, owner: undefined as never };
    try {
      const owner = await takeCharge(place, port, options.dataDir);
      if (found === undefined) return { port, owner: owner as never };
      stopForeignWatchdog(place);
      if (await isStable(options.clock, owner)) return { port, owner: owner as never };
    } catch (error) {
      if (error instanceof ClusterBusyError || options.clock.nowMs() > deadlineMs) throw error;
    }
    await sleep(options.clock, POLL_MS);
  }
}

async function isStable(clock: Clock, owner: Client): Promise<boolean> {
  await sleep(clock, STABLE_MS);
  try {
    await owner.query('select 1');
    return true;
  } catch {
    await release(owner);
    return false;
  }
}

/** The port of a PostgreSQL that already runs on this cluster, once it answers; undefined when none does. */
async function findRunning(clock: Clock, place: Place): Promise<number | undefined> {
  removeStalePidFile(place.clusterDir);
  const deadlineMs = clock.nowMs() + START_TIMEOUT_MS;
  for (;;) {
    const found = readPidFile(place.clusterDir);
    if (!found || !isRunning(found.pid)) return undefined;
    if (found.port !== undefined && (await answers(place, found.port))) return found.port;
    if (clock.nowMs() > deadlineMs) {
      throw new Error(`a PostgreSQL (process ${found.pid}) holds ${place.clusterDir} but does not answer`);
    }
    await sleep(clock, POLL_MS);
  }
}

/** Holds a lock for as long as we live: PostgreSQL lets go of it when our connection breaks. */
async function takeCharge(place: Place, port: number, dataDir: string): Promise<Client> {
  const client = superuserClient(place, port);
  await client.connect();
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
    OWNER_LOCK,
  ]);
  if (rows[0]!.taken) return client;
  await client.end();
  throw new ClusterBusyError(
    `another Coinslot process runs on ${dataDir}: stop it, or use another data folder`,
  );
}

async function release(owner: Client): Promise<void> {
  refable(owner).ref();
  await owner.end().catch(() => undefined);
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
  const client = superuserClient(place, port);
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
