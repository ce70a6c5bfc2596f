/**
 * `npm run provision -- --port /dev/ttyUSB0 …`: gives a module its identity over its host port (PROVISION,
 * docs/host-protocol.md): device id, key, server address and APN. The key is given, or the server makes it: with
 * `--server URL --token …` a device that it does not know is added, for one that it knows `--renew` makes another key.
 * The key is never printed. Every failure is one sentence and exit code 1; a module that refuses keeps what it had.
 */
import { Command } from 'commander';
import { Host, HostError, openPort } from '../maker/host';
import { RealClock } from '../sim/time/clock';
import { HostType } from '../src/protocol/host-wire';

/** Where a platform listens for devices unless it is told otherwise. */
const GATEWAY_PORT = 7070;
const HTTP_LIMIT_MS = 10_000;
const RESTART_LIMIT_MS = 20_000;
const HTTP_CONFLICT = 409;

interface Options {
  readonly port: string;
  readonly id: string;
  readonly apn: string;
  readonly key?: string;
  readonly gateway?: string;
  readonly server?: string;
  readonly token?: string;
  readonly merchant?: string;
  readonly name?: string;
  readonly maxFen: string;
  readonly renew?: true;
  readonly user?: string;
  readonly pass?: string;
  readonly pin?: string;
}

/** A sentence for the person at the bench. */
class ProvisionError extends Error {}

function readOptions(): Options {
  return new Command('npm run provision --')
    .description('gives a module its identity over its host port')
    .requiredOption('--port <port>', 'the serial port that the module’s host port is on, or tcp:[host:]port')
    .requiredOption('--id <id>', 'device id, 4 to 12 capital letters and digits')
    .requiredOption('--apn <apn>', 'access point of the SIM card, as in cmnet')
    .option('--key <hex>', 'the device’s key, 32 hex digits; not with --server')
    .option(
      '--gateway <host:port>',
      `where devices connect; by default the server’s host, port ${GATEWAY_PORT}`,
    )
    .option('--server <url>', 'asks the platform for the key')
    .option('--token <token>', 'the operator’s token for the platform’s API')
    .option('--merchant <id>', 'the merchant that a new device belongs to')
    .option('--name <name>', 'what a new device is called; by default its id')
    .option('--max-fen <fen>', 'the most that an order of a new device may cost', '100000')
    .option('--renew', 'makes another key for a device that the platform knows')
    .option('--user <user>', 'APN user')
    .option('--pass <password>', 'APN password')
    .option('--pin <pin>', 'PIN of the SIM card')
    .parse()
    .opts<Options>();
}

async function post(options: Options, path: string, body: object): Promise<Response> {
  const url = `${options.server!.replace(/\/+$/, '')}/api/v1${path}`;
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${options.token ?? ''}` },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(HTTP_LIMIT_MS),
    });
  } catch {
    throw new ProvisionError(`the platform does not answer at ${options.server!}`);
  }
}

/** A key from the platform: it alone knows it besides the module. */
async function keyFromServer(options: Options): Promise<string> {
  const { id, merchant } = options;
  const device = {
    id,
    merchantId: Number(merchant),
    name: options.name ?? id,
    maxAmountFen: Number(options.maxFen),
  };
  if (!options.renew && merchant === undefined) {
    throw new ProvisionError('a new device needs --merchant; one that the platform knows needs --renew');
  }
  const answer = options.renew
    ? await post(options, `/devices/${encodeURIComponent(id)}/key`, {})
    : await post(options, '/devices', device);
  if (answer.status === HTTP_CONFLICT) {
    throw new ProvisionError(`the platform knows ${id} already: --renew makes another key for it`);
  }
  const content = (await answer.json().catch(() => ({}))) as { key?: unknown; message?: unknown };
  if (!answer.ok) {
    const why = typeof content.message === 'string' ? content.message : '';
    throw new ProvisionError(`the platform refused (${answer.status}) ${why}`.trim());
  }
  if (typeof content.key !== 'string') throw new ProvisionError('the platform gave no key');
  return content.key;
}

function gatewayOf(options: Options): { host: string; port: number } {
  const given = /^([A-Za-z0-9.-]+):(\d{1,5})$/.exec(options.gateway ?? '');
  if (given) return { host: given[1]!, port: Number(given[2]) };
  if (options.gateway !== undefined) {
    throw new ProvisionError(`${options.gateway} is no address: it has to be like gateway.example.com:7070`);
  }
  if (options.server === undefined) throw new ProvisionError('where do devices connect? Give --gateway');
  return { host: new URL(options.server).hostname, port: GATEWAY_PORT };
}

async function provision(options: Options): Promise<void> {
  const gateway = gatewayOf(options);
  if ((options.key === undefined) === (options.server === undefined)) {
    throw new ProvisionError('give either --key, or --server with --token');
  }
  const port = await openPort(options.port);
  const host = new Host(port, { clock: new RealClock(), name: 'provision' });
  try {
    // The module first: no key is made for one that is not there, or that would not take it.
    const before = await host.hello();
    if (before.deviceId !== '') {
      throw new ProvisionError(`this module is ${before.deviceId} already: an identity is given once`);
    }
    const key = options.key ?? (await keyFromServer(options));
    const { id, apn, user, pass, pin } = options;
    const optional = { ...(user && { user }), ...(pass && { pass }), ...(pin && { pin }) };
    const json = JSON.stringify({ id, key, host: gateway.host, port: gateway.port, apn, ...optional });
    const back = host.waitFor('the module’s restart', RESTART_LIMIT_MS, (event) =>
      event.kind === 'info' && event.info.deviceId === id ? event.info : undefined,
    );
    back.catch(() => {});
    await host.request(HostType.Provision, { json });
    const info = await back;
    console.log(
      `provisioned: ${info.deviceId}, firmware ${info.firmware}, server ${gateway.host}:${gateway.port}`,
    );
  } finally {
    port.close();
  }
}

provision(readOptions()).then(
  () => process.exit(0),
  (error: unknown) => {
    const isOurs = error instanceof ProvisionError || error instanceof HostError;
    console.error(isOurs ? (error as Error).message : `provisioning failed: ${String(error)}`);
    process.exit(1);
  },
);
