/**
 * Commands of V.25TER: echo, result spelling, identity, profile, baud rate.
 * Source: SIM800 Series AT Command Manual V1.09, chapter 2.
 */
import { wholeNumber } from '../command-line';
import type { CommandRow, CommandTable, Exchange, Handler } from '../command-table';
import { ERROR, OK, type Result } from '../result';
import type { SettingName } from '../settings';
import type { Identity } from '../identity';

/** Rates of AT+IPR (section 2.2.42); 0 is autobaud. */
export const BAUD_RATES: readonly number[] = [0, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200];

/** A basic command that is a switch: no digits mean 0. */
function digit(name: SettingName, high: number): Handler {
  return ({ session, args }) => {
    const value = wholeNumber(args[0] === '' ? '0' : args[0], 0, high);
    if (value === undefined) return ERROR;
    session.set(name, value);
    return OK;
  };
}

function tell(part: keyof Identity, prefix = ''): Handler {
  return (exchange) => {
    exchange.info(`${prefix}${exchange.session.host.identity[part]}`);
    return OK;
  };
}

/** Taken and without effect on what is simulated. */
const accepted: Handler = () => OK;

function identityRow(section: string, part: keyof Identity, prefix = ''): CommandRow {
  return { section, test: '', execute: tell(part, prefix) };
}

function reloadProfile({ session }: Exchange): Result {
  Object.assign(session.settings, session.host.store.profile());
  return OK;
}

function factoryProfile({ session }: Exchange): Result {
  Object.assign(session.settings, session.host.store.factoryProfile());
  return OK;
}

function saveProfile({ session }: Exchange): Result {
  session.host.store.saveProfile(session.settings);
  return OK;
}

/** The answer still goes out at the old rate (section 2.2.42). */
function setBaud(exchange: Exchange): Result {
  const { session } = exchange;
  const baud = wholeNumber(exchange.args[0], 0, 115_200);
  if (baud === undefined || !BAUD_RATES.includes(baud)) return ERROR;
  session.set('baud', baud);
  if (baud > 0) session.host.setBaud(baud);
  return OK;
}

const S_REGISTERS: Readonly<Record<string, string>> = {
  '0': '000',
  '3': '013',
  '4': '010',
  '5': '008',
  '7': '060',
};

function readRegister(exchange: Exchange): Result {
  const value = S_REGISTERS[exchange.args[0]!];
  if (value === undefined) return ERROR;
  exchange.info(value);
  return OK;
}

export const BASIC_COMMANDS: CommandTable = {
  E: { section: '2.2.5', execute: digit('echo', 1) },
  H: { section: '2.2.6', execute: accepted },
  I: { section: '2.2.7', execute: tell('information') },
  Q: { section: '2.2.12', execute: digit('quiet', 1) },
  S: {
    section: '2.2.13',
    read: readRegister,
    write: (exchange) => (exchange.args[0]! in S_REGISTERS ? OK : ERROR),
  },
  V: { section: '2.2.18', execute: digit('isVerbose', 1) },
  X: { section: '2.2.19', execute: accepted },
  Z: { section: '2.2.20', execute: reloadProfile },
  '&C': { section: '2.2.21', execute: accepted },
  '&D': { section: '2.2.22', execute: accepted },
  '&F': { section: '2.2.23', execute: factoryProfile },
  '&W': { section: '2.2.25', execute: saveProfile },
  '+GMI': identityRow('2.2.27', 'manufacturer'),
  '+CGMI': identityRow('3.2.1', 'manufacturer'),
  '+GMM': identityRow('2.2.28', 'model'),
  '+CGMM': identityRow('3.2.2', 'model'),
  '+GMR': identityRow('2.2.29', 'revision', 'Revision:'),
  '+CGMR': identityRow('3.2.3', 'revision', 'Revision:'),
  '+GSN': identityRow('2.2.31', 'imei'),
  '+CGSN': identityRow('3.2.4', 'imei'),
  '+IPR': {
    section: '2.2.33',
    test: `(),(${BAUD_RATES.join(',')})`,
    setting: { name: 'baud', low: 0, high: 115_200 },
    write: setBaud,
  },
  '+ICF': { section: '2.2.32', write: accepted },
  '+IFC': { section: '2.2.34', write: accepted },
};
