/**
 * Commands of V.25TER: echo, result spelling, identity, profile, baud rate.
 * Source: SIM800 Series AT Command Manual V1.09, chapter 2 (identity also 3.2.8 to 3.2.11 and 6.2.39).
 */
import { wholeNumber } from '../command-line';
import {
  accepted,
  tells,
  type CommandRow,
  type CommandTable,
  type Exchange,
  type Handler,
} from '../command-table';
import { ERROR, OK, type Result } from '../result';
import type { SettingName } from '../settings';
import type { Identity } from '../identity';
import { BAUD_RATES } from '../autobaud';

/** A basic command that is a switch: no digits mean 0. */
function digit(name: SettingName, high: number): Handler {
  return ({ session, args }) => {
    const value = wholeNumber(args[0] === '' ? '0' : args[0], 0, high);
    if (value === undefined) return ERROR;
    session.set(name, value);
    return OK;
  };
}

function identityRow(section: string, part: keyof Identity, prefix = ''): CommandRow {
  return { section, test: '', execute: tells(({ host }) => `${prefix}${host.identity[part]}`) };
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

/** Section 2.2.41: the answer goes out at the old rate; autobaud comes back with the next reset only. */
function setBaud({ session, args }: Exchange): Result {
  const baud = args.length === 1 ? wholeNumber(args[0], 0, 460_800) : undefined;
  if (baud === undefined || (baud > 0 && !BAUD_RATES.includes(baud))) return ERROR;
  session.set('baud', baud);
  if (session.dialect.keepsBaud) session.host.store.keepOne('baud', baud);
  if (baud > 0) session.host.setBaud(baud);
  return OK;
}

/** S registers and the values that they may take (sections 2.2.16 to 2.2.23). */
const S_REGISTERS: Readonly<Record<string, readonly [low: number, value: number, high: number]>> = {
  '0': [0, 0, 255],
  '3': [13, 13, 13],
  '4': [10, 10, 10],
  '5': [0, 8, 127],
  '6': [0, 2, 999],
  '7': [1, 60, 255],
  '8': [0, 2, 255],
  '10': [1, 15, 254],
};

function readRegister(exchange: Exchange): Result {
  const register = S_REGISTERS[exchange.args[0]!];
  if (!register) return ERROR;
  exchange.info(String(register[1]).padStart(3, '0'));
  return OK;
}

/** Telephony only: the range is checked, the value has no effect here. */
function writeRegister({ args }: Exchange): Result {
  const register = S_REGISTERS[args[0]!];
  if (!register) return ERROR;
  return wholeNumber(args[1], register[0], register[2]) === undefined ? ERROR : OK;
}

function readAll(exchange: Exchange): Result {
  const { settings } = exchange.session;
  exchange.info(`ACTIVE PROFILE\r\nE: ${settings.echo}\r\nQ: ${settings.quiet}\r\nV: ${settings.isVerbose}`);
  exchange.info(
    `+CMEE: ${settings.errorMode}\r\n+IPR: ${settings.baud}\r\n+CREG: ${settings.registrationNotices}`,
  );
  return OK;
}

export const BASIC_COMMANDS: CommandTable = {
  E: { section: '2.2.7', execute: digit('echo', 1) },
  H: { section: '2.2.8', execute: accepted },
  I: { section: '2.2.9', execute: tells(({ host }) => host.identity.information) },
  L: { section: '2.2.10', execute: accepted },
  M: { section: '2.2.11', execute: accepted },
  Q: { section: '2.2.15', execute: digit('quiet', 1) },
  S: { section: '2.2.16', read: readRegister, write: writeRegister },
  V: { section: '2.2.25', execute: digit('isVerbose', 1) },
  X: { section: '2.2.26', execute: digit('callProgress', 4) },
  Z: { section: '2.2.27', execute: reloadProfile },
  '&C': { section: '2.2.28', execute: accepted },
  '&D': { section: '2.2.29', execute: accepted },
  '&F': { section: '2.2.30', execute: factoryProfile },
  '&V': { section: '2.2.31', execute: readAll },
  '&W': { section: '2.2.32', execute: saveProfile },
  '+GCAP': { section: '2.2.33', test: '', execute: tells(() => '+GCAP: +CGSM') },
  '+GMI': identityRow('2.2.34', 'manufacturer'),
  '+GMM': identityRow('2.2.35', 'model'),
  '+GMR': identityRow('2.2.36', 'revision', 'Revision:'),
  '+GOI': identityRow('2.2.37', 'model'),
  '+GSN': identityRow('2.2.38', 'imei'),
  '+ICF': { section: '2.2.39', test: '(1-6),(0,1,3)', read: tells(() => '+ICF: 3,255'), write: accepted },
  '+IFC': { section: '2.2.40', test: '(0-2),(0-2)', read: tells(() => '+IFC: 0,0'), write: accepted },
  '+IPR': {
    section: '2.2.41',
    test: `(),(0,${BAUD_RATES.join(',')})`,
    setting: { name: 'baud', low: 0, high: 460_800 },
    write: setBaud,
  },
  '+CGMI': identityRow('3.2.8', 'manufacturer'),
  '+CGMM': identityRow('3.2.9', 'model'),
  '+CGMR': identityRow('3.2.10', 'revision', 'Revision:'),
  '+CGSN': identityRow('3.2.11', 'imei'),
  '+GSV': {
    section: '6.2.39',
    execute: tells(({ host: { identity } }) =>
      [identity.manufacturer, identity.model, `Revision: ${identity.revision}`].join('\r\n'),
    ),
  },
};
