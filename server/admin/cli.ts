/**
 * `npm run admin -- …`: merchants, payment parameters, devices, orders and tokens from the command line, as the
 * operator. Each command prints one JSON value (print.ts); errors go to standard error with their code.
 * The work is in shop.ts and order-desk.ts.
 */
import * as fs from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { orderView } from '../api/admin-routes';
import type { Core } from '../core';
import type { Channel } from '../providers';
import { startSentence } from '../start-error';
import { systemClock } from '../time';
import type { Actor } from './actor';
import { ApiError } from './errors';
import type { Decision } from './order-desk';
import { withCore } from './open';
import { printed } from './print';

const OPERATOR: Actor = { name: process.env.USER || 'operator', merchantId: undefined };
const EXIT_FAILED = 1;

function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}

function yesOrNo(text: string): boolean {
  if (text !== 'yes' && text !== 'no') throw new InvalidArgumentError('yes or no');
  return text === 'yes';
}

function onOrOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('on or off');
  return text === 'on';
}

/** A JSON file of payment parameters. What it holds is secret: an error never quotes it. */
function readSecretJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new ApiError('BAD_REQUEST', `${file} is not JSON`);
    throw error;
  }
}

/** Yuan with at most two decimals, as fen; no floating point. */
function yuan(text: string): number {
  const parts = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text);
  if (!parts) throw new InvalidArgumentError('an amount like 1.50 is needed');
  return Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'));
}

function channel(text: string): Channel {
  if (text !== 'wechat' && text !== 'alipay') throw new InvalidArgumentError('wechat or alipay');
  return text;
}

/** Runs a command's work and prints what it gives. */
function run<Values extends unknown[]>(
  work: (core: Core, ...values: Values) => Promise<unknown>,
): (...values: Values) => Promise<void> {
  return async (...values) => {
    const result = await withCore((core) => work(core, ...values));
    process.stdout.write(printed(result ?? { ok: true }));
  };
}

function merchantCommands(program: Command): void {
  const merchants = program.command('merchants').description('merchants and their payment parameters');
  merchants
    .command('add')
    .requiredOption('--name <name>')
    .option('--max <yuan>', 'largest order', yuan)
    .option('--uncertain <policy>', 'refund, dispensed or person')
    .action(
      run((core, options: { name: string; max?: number; uncertain?: string }) =>
        core.shop.addMerchant(OPERATOR, {
          name: options.name,
          maxAmountFen: options.max,
          uncertainPolicy: options.uncertain,
        }),
      ),
    );
  merchants.command('list').action(run((core) => core.shop.merchantList(OPERATOR)));
  merchants
    .command('show')
    .argument('<merchant>', 'number', integer)
    .action(run((core, id: number) => core.shop.merchant(OPERATOR, id)));
  merchants
    .command('set')
    .argument('<merchant>', 'number', integer)
    .option('--name <name>')
    .option('--max <yuan>', 'largest order', yuan)
    .option('--uncertain <policy>', 'refund, dispensed or person')
    .option('--enabled <yes|no>', 'no ends the sessions of its devices', yesOrNo)
    .action(
      run(
        (core, id: number, options: { name?: string; max?: number; uncertain?: string; enabled?: boolean }) =>
          core.shop.changeMerchant(OPERATOR, id, {
            name: options.name,
            maxAmountFen: options.max,
            uncertainPolicy: options.uncertain,
            isEnabled: options.enabled,
          }),
      ),
    );
  parameterCommands(merchants);
}

function parameterCommands(merchants: Command): void {
  merchants
    .command('parameters')
    .description('checks payment parameters with the provider and keeps them sealed')
    .argument('<merchant>', 'number', integer)
    .argument('<channel>', 'wechat or alipay', channel)
    .argument('<file>', 'JSON file; - for standard input')
    .action(
      run((core, id: number, name: Channel, file: string) =>
        core.shop.setParameters(OPERATOR, id, name, readSecretJson(file)),
      ),
    );
  merchants
    .command('check')
    .description('proves the parameters that are kept')
    .argument('<merchant>', 'number', integer)
    .argument('<channel>', 'wechat or alipay', channel)
    .action(run((core, id: number, name: Channel) => core.shop.checkParameters(OPERATOR, id, name)));
  merchants
    .command('channel')
    .description('switches a channel on or off')
    .argument('<merchant>', 'number', integer)
    .argument('<channel>', 'wechat or alipay', channel)
    .argument('<on|off>', '', onOrOff)
    .action(
      run((core, id: number, name: Channel, isOn: boolean) =>
        core.shop.setChannelEnabled(OPERATOR, id, name, isOn),
      ),
    );
}

function deviceCommands(program: Command): void {
  const devices = program.command('devices').description('payment modules');
  devices
    .command('add')
    .description('registers a device; prints what the bench needs to provision it, once')
    .argument('<device>', '4 to 12 of A-Z and 0-9')
    .requiredOption('--merchant <number>', '', integer)
    .option('--name <name>')
    .option('--max <yuan>', 'largest order', yuan)
    .action(
      run((core, id: string, options: { merchant: number; name?: string; max?: number }) =>
        core.shop.addDevice(OPERATOR, {
          id,
          merchantId: options.merchant,
          name: options.name,
          maxAmountFen: options.max,
        }),
      ),
    );
  devices.command('list').action(run((core) => core.shop.deviceList(OPERATOR)));
  devices
    .command('show')
    .argument('<device>')
    .action(run((core, id: string) => core.shop.device(OPERATOR, id)));
  devices
    .command('key')
    .description('makes another key; the old one is worth nothing then')
    .argument('<device>')
    .action(run((core, id: string) => core.shop.renewKey(OPERATOR, id)));
  devices
    .command('set')
    .argument('<device>')
    .option('--name <name>')
    .option('--max <yuan>', 'largest order', yuan)
    .option('--enabled <yes|no>', '', yesOrNo)
    .option('--setting <name=number...>', 'settings of the module')
    .action(
      run(
        (core, id: string, options: { name?: string; max?: number; enabled?: boolean; setting?: string[] }) =>
          core.shop.changeDevice(OPERATOR, id, {
            name: options.name,
            maxAmountFen: options.max,
            isEnabled: options.enabled,
            settings: options.setting && Object.fromEntries(options.setting.map(settingOf)),
          }),
      ),
    );
}

function settingOf(text: string): [string, number] {
  const [name, value] = text.split('=');
  return [name!, integer(value ?? '')];
}

function orderCommands(program: Command): void {
  const orders = program.command('orders').description('orders and decisions about them');
  orders
    .command('list')
    .option('--merchant <number>')
    .option('--device <id>')
    .option('--state <state>')
    .option('--alarmed', 'only those that need a person')
    .option('--search <text>', 'reference, out_trade_no or the provider’s number')
    .option('--limit <number>')
    .action(
      run(async (core, options: Record<string, string | boolean | undefined>) => {
        const filter = {
          merchantId: options.merchant,
          deviceId: options.device,
          state: options.state,
          alarmed: options.alarmed ? 'true' : undefined,
          search: options.search,
          limit: options.limit,
        };
        return (await core.orders.list(OPERATOR, filter)).map(orderView);
      }),
    );
  orders
    .command('show')
    .argument('<out_trade_no>')
    .action(
      run(async (core, outTradeNo: string) => {
        const { order, events } = await core.orders.story(OPERATOR, outTradeNo);
        return { order: orderView(order), events };
      }),
    );
  orders
    .command('refund')
    .argument('<out_trade_no>')
    .action(
      run(async (core, outTradeNo: string) => orderView(await core.orders.refund(OPERATOR, outTradeNo))),
    );
  orders
    .command('settle')
    .description('decides what nobody knows')
    .argument('<out_trade_no>')
    .argument('<decision>', 'refund, dispensed, refunded (by hand) or acknowledge')
    .action(
      run(async (core, outTradeNo: string, decision: string) => {
        if (!['refund', 'dispensed', 'refunded', 'acknowledge'].includes(decision)) {
          throw new ApiError('BAD_REQUEST', 'decision: refund, dispensed, refunded or acknowledge');
        }
        return orderView(await core.orders.settle(OPERATOR, outTradeNo, decision as Decision));
      }),
    );
}

function reconciliationCommands(program: Command): void {
  program
    .command('reconcile')
    .description('compares a day’s bill with the ledger now, and settles what is clear')
    .argument('<merchant>', 'number', integer)
    .argument('<channel>', 'wechat or alipay', channel)
    .option('--day <YYYY-MM-DD>', 'China time; without it the last day that has a bill')
    .action(
      run((core, id: number, name: Channel, options: { day?: string }) =>
        core.reconciliation.run(OPERATOR, id, name, options),
      ),
    );
  const list = (command: Command): Command =>
    command
      .option('--merchant <number>')
      .option('--channel <channel>', 'wechat or alipay')
      .option('--limit <number>');
  list(program.command('reconciliations').description('days whose bills were compared')).action(
    run((core, options: DifferenceOptions) => core.reconciliation.days(OPERATOR, filterOf(options))),
  );
  const differences = program.command('differences').description('differences between bills and ledger');
  list(differences.command('list', { isDefault: true }))
    .option('--day <YYYY-MM-DD>')
    .option('--all', 'also those that are settled')
    .action(
      run((core, options: DifferenceOptions) => core.reconciliation.differences(OPERATOR, filterOf(options))),
    );
  differences
    .command('close')
    .description('a person has dealt with it')
    .argument('<difference>', 'its number', integer)
    .requiredOption('--note <text>', 'what was found or done')
    .action(
      run((core, id: number, options: { note: string }) => core.reconciliation.close(OPERATOR, id, options)),
    );
}

interface DifferenceOptions {
  readonly merchant?: string;
  readonly channel?: string;
  readonly day?: string;
  readonly all?: boolean;
  readonly limit?: string;
}

function filterOf({ merchant, all, ...rest }: DifferenceOptions): Record<string, string | undefined> {
  return { ...rest, merchantId: merchant, all: all ? 'true' : undefined };
}

function tokenCommands(program: Command): void {
  const tokens = program.command('tokens').description('tokens of the API');
  tokens
    .command('add')
    .requiredOption('--name <name>')
    .option('--merchant <number>', 'without it the token is the operator’s', integer)
    .action(
      run(async (core, options: { name: string; merchant?: number }) => ({
        token: await core.tokens.add(options.name, options.merchant, Math.round(systemClock.nowMs())),
      })),
    );
  tokens.command('list').action(run((core) => core.tokens.list()));
  tokens
    .command('revoke')
    .argument('<token>', 'its number', integer)
    .action(
      run(async (core, id: number) => ({
        ok: await core.tokens.revoke(id, Math.round(systemClock.nowMs())),
      })),
    );
}

function streamCommands(program: Command): void {
  const dtu = program.command('dtu').description('data streams of devices to makers’ backends');
  const tokens = dtu.command('tokens').description('tokens of makers’ backends');
  tokens
    .command('add')
    .description('makes a token for a merchant’s devices, or for one; shown once')
    .requiredOption('--name <name>')
    .requiredOption('--merchant <number>', '', integer)
    .option('--device <device>', 'only this one')
    .action(
      run((core, { name, merchant, device }: { name: string; merchant: number; device?: string }) =>
        core.streams.addToken({ name, merchantId: merchant, ...(device && { deviceId: device }) }),
      ),
    );
  tokens
    .command('list')
    .option('--merchant <number>', '', integer)
    .action(run((core, options: { merchant?: number }) => core.streams.listTokens(options.merchant)));
  tokens
    .command('revoke')
    .description('ends what goes on with it, too')
    .argument('<token>', 'its number', integer)
    .action(run((core, id: number) => core.streams.revokeToken(id)));
  dtu
    .command('show')
    .description('limits, use by day and how the last stream ended')
    .argument('<device>')
    .action(run((core, id: string) => core.streams.show(id)));
  dtu
    .command('limit')
    .description('a device’s own limits from its next stream on; without options the server’s again')
    .argument('<device>')
    .option('--day-bytes <bytes>', 'both directions together', integer)
    .option('--bytes-per-second <bytes>', 'in each direction', integer)
    .action(
      run((core, id: string, options: { dayBytes?: number; bytesPerSecond?: number }) =>
        core.streams.setLimits(id, options),
      ),
    );
}

function secretCommands(program: Command): void {
  const secrets = program.command('secrets').description('what is sealed under the master key');
  secrets
    .command('reseal')
    .description('seals everything under the first key of COINSLOT_MASTER_KEY; the others may go then')
    .action(run((core) => core.secrets.reseal()));
}

async function main(): Promise<void> {
  const program = new Command('admin').description('Coinslot server administration').showHelpAfterError();
  merchantCommands(program);
  deviceCommands(program);
  orderCommands(program);
  reconciliationCommands(program);
  tokenCommands(program);
  streamCommands(program);
  secretCommands(program);
  await program.parseAsync();
}

main().catch((error: Error) => {
  const code = error instanceof ApiError ? `${error.code}: ` : '';
  process.stderr.write(`admin: ${code}${startSentence(error) ?? error.message}\n`);
  process.exitCode = EXIT_FAILED;
});
