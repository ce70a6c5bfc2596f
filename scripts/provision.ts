/**
 * `npm run provision -- --port /dev/ttyUSB0 …`: gives a module its identity over its host port (PROVISION,
 * docs/host-protocol.md): device id, key, server address and APN. The key is given (`--key -`: in what `npm run admin --
 * devices add` prints, from standard input), or the server makes it: with `--server URL --token …` a device that it does
 * not know is added, for one that it knows `--renew` makes another key.
 * The key is never printed. Every failure is one sentence and exit code 1; a module that refuses keeps what it had.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Host, HostError, openPort } from '../maker/host';
import { RealClock } from '../sim/time/clock';
import { HostType } from '../src/protocol/host-wire';

/** Where a platform listens for devices unless it is told otherwise. */
const GATEWAY_PORT = 7070;
const HTTP_LIMIT_MS = 10_000;
const RESTART_LIMIT_MS = 20_000;
const HTTP_CONFLICT = 409;
const MAX_PORT = 65_535;

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

/** What the module takes (src/payment/identity.ts), said before anything is asked of it or of the platform. */
const RULES: readonly (readonly [keyof Options, RegExp, string])[] = [
  ['id', /^[A-Z0-9]{4,12}$/, 'the id has to be 4 to 12 capital letters and digits'],
  ['apn', /^[A-Za-z0-9.-]{1,32}$/, 'the APN has to be at most 32 letters, digits, dots and hyphens'],
  ['user', /^[\x21\x23-\x7e]{0,24}$/, 'the APN’s user has at most 24 characters, without spaces and quotes'],
  [
    'pass',
    /^[\x21\x23-\x7e]{0,24}$/,
    'the APN’s password has at most 24 characters, without spaces and quotes',
  ],
  ['pin', /^\d{0,8}$/, 'the PIN has to be at most 8 digits'],
  ['merchant', /^[1-9]\d{0,14}$/, 'the merchant has to be a number, as “admin -- merchants list” shows it'],
  ['maxFen', /^[1-9]\d{0,9}$/, 'the most that an order may cost has to be a number of fen'],
];
const KEY = /^[0-9a-f]{32}$/;
const KEY_DIGITS = 32;
/** docs/host-protocol.md, PROVISION. */
const MAX_JSON_BYTES = 250;

function checkOptions(options: Options): void {
  for (const [name, pattern, sentence] of RULES) {
    if (options[name] !== undefined && !pattern.test(String(options[name])))
      throw new ProvisionError(sentence);
  }
  if ((options.key === undefined) === (options.server === undefined))
    throw new ProvisionError('give either --key, or --server with --token');
  if (options.server !== undefined && !URL.canParse(options.server))
    throw new ProvisionError(`${options.server} is no address: it has to be like https://pay.example.com`);
}

/** The key as it was given: hex digits, or on standard input what `devices add` printed. */
function keyGiven({ key, id }: Options): string {
  const text = key === '-' ? readFileSync(0, 'utf8').trim() : key!;
  let given: { id?: unknown; key?: unknown } = { id, key: text };
  if (text.startsWith('{')) {
    try {
      given = JSON.parse(text) as object;
    } catch {
      throw new ProvisionError('what came on standard input is neither a key nor what “devices add” prints');
    }
  }
  if (given.id !== id) throw new ProvisionError(`the key is that of ${String(given.id)}, not of ${id}`);
  const hex = String(given.key).toLowerCase();
  if (!KEY.test(hex)) throw new ProvisionError('the key has to be 32 hex digits, as the platform printed it');
  return hex;
}

function readOptions(): Options {
  return new Command('npm run provision --')
    .description('gives a module its identity over its host port')
    .requiredOption('--port <port>', 'the serial port that the module’s host port is on, or tcp:[host:]port')
    .requiredOption('--id <id>', 'device id, 4 to 12 capital letters and digits')
    .requiredOption('--apn <apn>', 'access point of the SIM card, as in cmnet')
    .option(
      '--key <hex>',
      'the device’s key, 32 hex digits; - reads it from standard input; not with --server',
    )
    .option(
      '--gateway <host:port>',
      `where devices connect; by default the server’s host, port ${GATEWAY_PORT}`,
    )
    .option('--server <url>', 'asks the platform for the key')
    .option('--token <token>', 'the operator’s token for the platform’s API; by default COINSLOT_API_TOKEN')
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

function tokenOf({ token = process.env.COINSLOT_API_TOKEN }: Options): string {
  if (!token)
    throw new ProvisionError('the platform wants the operator’s token: --token, or COINSLOT_API_TOKEN');
  return token;
}

async function post(options: Options, path: string, body: object): Promise<Response> {
  const url = `${options.server!.replace(/\/+$/, '')}/api/v1${path}`;
  const authorization = `Bearer ${tokenOf(options)}`;
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
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
  const content = (await answer.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  if (!answer.ok) throw new ProvisionError(refusalOf(answer.status, content));
  if (typeof content.key !== 'string') throw new ProvisionError('the platform gave no key');
  return content.key;
}

/** The platform's own words (docs/operating.md, HTTP). */
function refusalOf(status: number, { text, detail }: Readonly<Record<string, unknown>>): string {
  if (typeof text !== 'string') return `the platform refused (${status})`;
  return `the platform refused: ${text}${typeof detail === 'string' ? ` (${detail})` : ''}`;
}

function gatewayOf(options: Options): { host: string; port: number } {
  const given = /^([A-Za-z0-9.-]{1,63}):(\d{1,5})$/.exec(options.gateway ?? '');
  const port = Number(given?.[2] ?? 0);
  if (given && port >= 1 && port <= MAX_PORT) return { host: given[1]!, port };
  if (options.gateway !== undefined) {
    throw new ProvisionError(`${options.gateway} is no address: it has to be like gateway.example.com:7070`);
  }
  if (options.server === undefined) throw new ProvisionError('where do devices connect? Give --gateway');
  return { host: new URL(options.server).hostname, port: GATEWAY_PORT };
}

async function provision(options: Options): Promise<void> {
  checkOptions(options);
  const gateway = gatewayOf(options);
  const given = options.key === undefined ? undefined : keyGiven(options);
  if (given === undefined) tokenOf(options);
  const { id, apn, user, pass, pin } = options;
  const optional = { ...(user && { user }), ...(pass && { pass }), ...(pin && { pin }) };
  const identity = (key: string): string => JSON.stringify({ id, key, ...gateway, apn, ...optional });
  if (identity('0'.repeat(KEY_DIGITS)).length > MAX_JSON_BYTES)
    throw new ProvisionError('address, APN, user and password are too long together');
  const port = await openPort(options.port);
  const host = new Host(port, { clock: new RealClock(), name: 'provision' });
  try {
    // The module first: no key is made for one that is not there, or that would not take it.
    const before = await host.hello();
    if (before.deviceId !== '') {
      throw new ProvisionError(`this module is ${before.deviceId} already: an identity is given once`);
    }
    const key = given ?? (await keyFromServer(options));
    const back = host.waitFor('the module’s restart', RESTART_LIMIT_MS, (event) =>
      event.kind === 'info' && event.info.deviceId === id ? event.info : undefined,
    );
    back.catch(() => {});
    await host.request(HostType.Provision, { json: identity(key) });
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
