/**
 * Makes the files of an embedded PostgreSQL cluster with initdb: once, and whole or not at all.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Binaries, RunAs } from './binaries';
import type { Place } from './place';

/** The role that owns everything; the product itself connects as another. */
export const SUPERUSER = 'postgres';

/** Makes the cluster's files when there are none. @throws Error when they are of another major version. */
export async function initialise(
  place: Place,
  binaries: Binaries,
  user: RunAs | undefined,
  say: (text: string) => void,
): Promise<void> {
  const target = path.join(place.clusterDir, 'data');
  if (fs.existsSync(target)) {
    const found = fs.readFileSync(path.join(target, 'PG_VERSION'), 'utf8').trim();
    if (found === binaries.majorVersion) return;
    throw new Error(
      `the data in ${target} are of PostgreSQL ${found}, the program is ${binaries.majorVersion}: ` +
        `move them with pg_dump of the old version, or start with --fresh to wipe them`,
    );
  }
  say('making a new database');
  const partial = path.join(place.clusterDir, 'data.new');
  const passwordFile = path.join(place.clusterDir, 'password.new');
  fs.rmSync(partial, { recursive: true, force: true });
  fs.writeFileSync(passwordFile, place.password, { mode: 0o600 });
  if (user) fs.chownSync(passwordFile, user.uid, user.gid);
  try {
    await run(binaries.initdb, initdbArguments(partial, passwordFile), place.clusterDir, user);
  } finally {
    fs.rmSync(passwordFile, { force: true });
  }
  // Whole or not at all: a run killed during initdb leaves only data.new, which the next one makes anew.
  fs.renameSync(partial, target);
}

function initdbArguments(dataDir: string, passwordFile: string): string[] {
  return [
    `--pgdata=${dataDir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
}

/** PostgreSQL needs no more of our environment than this, and must not see our secrets. */
export function childEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

function run(program: string, args: string[], cwd: string, user: RunAs | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: childEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(user && { uid: user.uid, gid: user.gid }),
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${path.basename(program)} failed (${code}): ${errors.trim()}`)),
    );
  });
}
