/**
 * Installs what package-lock.json asks for when it is not there yet, and says so. Only Node's own modules here:
 * this runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const OLDEST_NODE = [20, 15];

/** Makes node_modules agree with package-lock.json; ends the process with a sentence when it cannot. */
export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    console.error(`Coinslot needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
    process.exit(1);
  }
  if (isInstalled()) return;
  console.log('Installing packages (once, about a minute) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) {
    console.error('The packages could not be installed: see npm’s message above.');
    process.exit(1);
  }
}

/** Whether every package of the lock file is there in its version; npm keeps its own list of what it installed. */
function isInstalled() {
  try {
    const wanted = readPackages(join(root, 'package-lock.json'));
    const found = readPackages(join(root, 'node_modules', '.package-lock.json'));
    return Object.entries(wanted).every(
      ([place, { version, optional }]) =>
        place === '' || found[place]?.version === version || (optional && !found[place]),
    );
  } catch {
    return false;
  }
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
