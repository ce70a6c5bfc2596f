/**
 * `npm run torture:server -- [--seed N] [--seconds N] [--orders N] [--devices N] [--servers N]`: the kill campaign of
 * the server (campaign.ts). Progress goes to standard error; the last line of output is one JSON object. Exits 1
 * when a law is broken, or nothing was sold. What the seed draws (who fails, when, how) is the same every time; how the machine's
 * scheduling mixes it is not.
 */
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign';

const EXIT_BAD_ARGUMENTS = 2;

function whole(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least) {
    process.stderr.write(`torture:server: --${name} must be a whole number from ${least}\n`);
    process.exit(EXIT_BAD_ARGUMENTS);
  }
  return value;
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { seed: text, seconds: text, orders: text, devices: text, servers: text },
  });
  const seed = whole('seed', values.seed, 0) ?? Math.floor(Date.now() / 1000);
  const orders = whole('orders', values.orders, 1);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  say(`seed ${seed}`);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const result = await runCampaign({
    seed,
    seconds: whole('seconds', values.seconds, 1) ?? (orders === undefined ? 60 : 3_600),
    ...(orders !== undefined && { orders }),
    devices: whole('devices', values.devices, 1) ?? 200,
    servers: whole('servers', values.servers, 1) ?? 2,
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
