/**
 * `node scripts/run.mjs FILE …`: installs what is missing, then runs a TypeScript file of this project with the
 * rest of the arguments. Signals reach it, and its exit code is ours.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, root } from './install.mjs';

ensureInstalled();
const [file, ...rest] = process.argv.slice(2);
const tsx = pathToFileURL(join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href;
const child = spawn(process.execPath, ['--import', tsx, join(root, file), ...rest], { stdio: 'inherit' });
// A terminal sends Ctrl-C to both of us; a script only to us. The child takes a second one for the same.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
