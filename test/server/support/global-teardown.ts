/** Stops the run's PostgreSQL, if one was started, and removes what it kept. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { readPlace, removePlace } from '../../../server/db/place';
import { isPostgres, readPidFile } from '../../../server/db/postmaster';

export default async function teardown(): Promise<void> {
  const runDir = path.join(os.tmpdir(), `coinslot-test-${process.env.COINSLOT_TEST_RUN}`);
  const place = fs.existsSync(runDir) ? readPlace(runDir) : undefined;
  if (place) {
    const found = readPidFile(place.clusterDir);
    if (found && isPostgres(found.pid)) {
      process.kill(found.pid, 'SIGQUIT');
      while (isPostgres(found.pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    removePlace(runDir);
  }
  fs.rmSync(runDir, { recursive: true, force: true });
}
