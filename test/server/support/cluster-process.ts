/**
 * A process of its own that runs an embedded PostgreSQL, for tests that kill it. Argument: data folder. Prints one
 * line `ready <port> <url>` or `failed …`, and stops on SIGTERM.
 */
import { startCluster } from '../../../server/db/cluster';
import { systemClock } from '../../../server/time';

async function main(): Promise<void> {
  const cluster = await startCluster({ dataDir: process.argv[2]!, clock: systemClock });
  const url = await cluster.database('coinslot');
  const keepAlive = setInterval(() => undefined, 1000);
  const stop = (): void => {
    clearInterval(keepAlive);
    void cluster.stop();
  };
  process.on('SIGTERM', stop);
  process.stdout.write(`ready ${cluster.port} ${url}\n`);
}

main().catch((error: Error) => {
  process.stdout.write(`failed ${error.name} ${error.message.split('\n')[0]}\n`);
  process.exitCode = 1;
});
