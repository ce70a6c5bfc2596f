/**
 * Secrets that the server makes for itself at first start when the environment gives none: one file each in the
 * data folder, readable by its owner only. Whoever runs several servers on one database gives them by environment.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The secret in `<dataDir>/<name>`, made by `make` when the file is missing. */
export function secretFile(dataDir: string, name: string, make: () => string): string {
  const file = path.join(dataDir, name);
  fs.mkdirSync(dataDir, { recursive: true });
  try {
    fs.writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return fs.readFileSync(file, 'utf8').trim();
}
