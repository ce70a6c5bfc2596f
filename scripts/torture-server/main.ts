/**
 * `npm run torture:server -- [--seed N] [--seconds N] [--orders N] [--devices N] [--servers N]`: the kill campaign of
 * the server (campaign.ts). Progress goes to standard error; the last line of output is one JSON object. Exits 1
 * when a law is broken, or nothing was sold. What the seed draws (who fails, when, how) is the same every time; how the machine's
 * scheduling mixes it is not.
 */
import { command, whole } from '../command-line';
import { runCampaign } from './campaign';

interface Options {
  readonly seed?: number;
  readonly seconds?: number;
  readonly orders?: number;
  readonly devices: number;
  readonly servers: number;
}

async function main(): Promise<void> {
  const { orders, ...options } = command(
    'torture:server',
    'kills servers, PostgreSQL and providers under load',
  )
    .option('--seed <number>', 'same seed, same draws (default: from the clock)', whole(0))
    .option('--seconds <number>', 'how long to sell (default: 60, or until --orders are made)', whole(1))
    .option('--orders <number>', 'stop selling after so many', whole(1))
    .option('--devices <number>', 'machines that sell', whole(1), 200)
    .option('--servers <number>', 'server processes on one database', whole(1), 2)
    .parse()
    .opts<Options>();
  const seed = options.seed ?? Math.floor(Date.now() / 1000);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  say(`seed ${seed}`);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const result = await runCampaign({
    seed,
    seconds: options.seconds ?? (orders === undefined ? 60 : 3_600),
    ...(orders !== undefined && { orders }),
    devices: options.devices,
    servers: options.servers,
    say,
    signal: ending.signal,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  // Laws that nothing was sold under are not kept, they were not asked.
  if (result.delivered === 0) say('nothing was sold: this machine is too busy for so many devices');
  process.exitCode = result.violations > 0 || result.delivered === 0 ? 1 : 0;
}

main().catch((error: Error) => {
  process.stderr.write(`torture:server: ${error.stack}\n`);
  process.exit(1);
});
