/**
 * Where an embedded PostgreSQL keeps its files, and the secret that its clients need. The product's data folder
 * holds `postgres.json`, which names the cluster's folder: `<data folder>/postgres`, or, when we are root,
 * `/var/lib/coinslot/clusters/<id>`, because PostgreSQL then runs as another user, who cannot reach a data folder
 * below a 0700 folder. Invariant: a cluster belongs to the data folder whose `postgres.json` names it, so a new
 * data folder never finds an old one's money.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { makeOpenFolder, ROOT_STATE_DIR, type RunAs } from './binaries';

export interface Place {
  /** Folder of the cluster: `data/`, `postgres.log`. */
  readonly clusterDir: string;
  /** Password of the database users, 32 hexadecimal digits; never leaves this machine. */
  readonly password: string;
}

const POINTER_FILE = 'postgres.json';
const OWNER_FILE = 'owner.json';

/** The place of `dataDir`'s cluster; made when there is none. */
export function openPlace(dataDir: string, user: RunAs | undefined): Place {
  fs.mkdirSync(dataDir, { recursive: true });
  if (user) sweepAbandoned();
  const pointer = path.join(dataDir, POINTER_FILE);
  const known = readPlace(dataDir);
  if (known) {
    makeClusterDir(known.clusterDir, dataDir, user);
    return known;
  }
  const id = randomBytes(8).toString('hex');
  const place: Place = {
    clusterDir: user ? path.join(clustersDir(), id) : path.join(path.resolve(dataDir), 'postgres'),
    password: randomBytes(16).toString('hex'),
  };
  makeClusterDir(place.clusterDir, dataDir, user);
  const partial = `${pointer}.${id}`;
  fs.writeFileSync(partial, JSON.stringify(place), { mode: 0o600 });
  fs.renameSync(partial, pointer);
  return place;
}

/** The place of `dataDir`'s cluster, or undefined when it has none. */
export function readPlace(dataDir: string): Place | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(dataDir, POINTER_FILE), 'utf8')) as Place;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Forgets the cluster of `dataDir` and all that is in it. It must not be running. */
export function removePlace(dataDir: string): void {
  const place = readPlace(dataDir);
  if (!place) return;
  fs.rmSync(place.clusterDir, { recursive: true, force: true });
  fs.rmSync(path.join(dataDir, POINTER_FILE));
}

function clustersDir(): string {
  return path.join(ROOT_STATE_DIR, 'clusters');
}

function makeClusterDir(clusterDir: string, dataDir: string, user: RunAs | undefined): void {
  if (fs.existsSync(path.join(clusterDir, OWNER_FILE))) return;
  if (user) makeOpenFolder(clusterDir);
  else fs.mkdirSync(clusterDir, { recursive: true });
  fs.writeFileSync(path.join(clusterDir, OWNER_FILE), JSON.stringify({ dataDir: path.resolve(dataDir) }));
  if (user) fs.chownSync(clusterDir, user.uid, user.gid);
}

/**
 * Removes clusters whose data folder stood below the temporary folder and is gone: what a test or a trial clone
 * left behind. Any other cluster stays until `--fresh` or a person removes it.
 */
function sweepAbandoned(): void {
  let names: string[];
  try {
    names = fs.readdirSync(clustersDir());
  } catch {
    return;
  }
  for (const name of names) {
    const clusterDir = path.join(clustersDir(), name);
    try {
      const owner = JSON.parse(fs.readFileSync(path.join(clusterDir, OWNER_FILE), 'utf8')) as {
        dataDir: string;
      };
      const isTemporary = owner.dataDir.startsWith(fs.realpathSync(os.tmpdir()) + path.sep);
      const isRunning = fs.existsSync(path.join(clusterDir, 'data', 'postmaster.pid'));
      if (isTemporary && !isRunning && !fs.existsSync(owner.dataDir))
        fs.rmSync(clusterDir, { recursive: true });
    } catch {
      // Half made or half removed by another process: the next start looks again.
      continue;
    }
  }
}
