/**
 * Reads PostgreSQL's lock file (postmaster.pid) and tells whether the process that it names is alive and is
 * PostgreSQL at all: after a kill -9 and a reboot the number may belong to something else.
 * Source of the format: PostgreSQL, src/include/utils/pidfile.h (line 1 process, line 4 port).
 */
import * as fs from 'node:fs';
import * as path from 'node:path';

const PID_LINE = 0;
const PORT_LINE = 3;

export interface PidFile {
  readonly pid: number;
  /** Missing while PostgreSQL is still starting. */
  readonly port: number | undefined;
}

export function readPidFile(clusterDir: string): PidFile | undefined {
  let lines: string[];
  try {
    lines = fs.readFileSync(pidFilePath(clusterDir), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[PID_LINE]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[PORT_LINE]) || undefined };
}

/** Whether a process of this number lives. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** Whether the process is a PostgreSQL; where the machine cannot tell, a living process counts as one. */
export function isPostgres(pid: number): boolean {
  if (!isRunning(pid)) return false;
  try {
    return path.basename(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]!) === 'postgres';
  } catch {
    return true;
  }
}

/**
 * Removes a lock file whose number now belongs to another program: PostgreSQL itself would refuse to start.
 * One whose process is gone is left to PostgreSQL, which checks its shared memory too.
 */
export function removeStalePidFile(clusterDir: string): void {
  const found = readPidFile(clusterDir);
  if (found && isRunning(found.pid) && !isPostgres(found.pid)) fs.rmSync(pidFilePath(clusterDir));
}

/** A dead child whose parent has not asked for its end yet still has a number. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function pidFilePath(clusterDir: string): string {
  return path.join(clusterDir, 'data', 'postmaster.pid');
}
