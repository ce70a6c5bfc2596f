/**
 * The TCP/IP toolkit: context, address, names, settings, state. The dialogues have files of their own:
 * `connect.ts` (CIPSTART, CIPCLOSE), `send.ts` (CIPSEND), `receive.ts` (CIPRXGET). Transparent mode, UDP and
 * the server side are not simulated and answer ERROR.
 * Source: SIM800 Series AT Command Manual V1.09, chapter 8.
 */
import { DEFAULT_APN } from '../bearer';
import { wholeNumber } from '../command-line';
import {
  ranges,
  readsSettings,
  tells,
  writesSettings,
  type CommandTable,
  type Exchange,
  type SettingRow,
} from '../command-table';
import { LINK_COUNT } from '../links';
import { ERROR, NONE, OK, type Result } from '../result';
import type { Session } from '../session';
import { isDottedAddress } from '../../network/network';
import { closeLink, startLink, startTest } from './connect';
import { readReceive, receiveTest, writeReceive } from './receive';
import { readSendRoom, send, sendTest } from './send';

const KEEP_ALIVE: readonly SettingRow[] = [
  { name: 'keepAlive', low: 0, high: 1 },
  { name: 'keepIdleS', low: 30, high: 7_200 },
  { name: 'keepIntervalS', low: 30, high: 600 },
  { name: 'keepCount', low: 1, high: 9 },
];
const AUTO_SEND: readonly SettingRow[] = [
  { name: 'autoSend', low: 0, high: 1 },
  { name: 'autoSendS', low: 1, high: 100 },
];
const CLOSE_DELAY: readonly SettingRow[] = [
  { name: 'closeDelaySingleMs', low: 100, high: 4_000 },
  { name: 'closeDelayMultiMs', low: 100, high: 7_000 },
];

/** Section 8.2.1: 1 only in IP INITIAL; 0 only when context and links are shut down. */
function writeMultiLink({ session, args }: Exchange): Result {
  const value = args.length === 1 ? wholeNumber(args[0], 0, 1) : undefined;
  if (value === undefined) return ERROR;
  if (session.bearer.phase !== 'INITIAL') return session.wrongState();
  session.set('multiLink', value);
  return OK;
}

/** Section 8.2.9: with and without parameters, only in IP INITIAL. */
function startTask({ session, args, form }: Exchange): Result {
  if (args.length > 3) return ERROR;
  const { bearer } = session;
  if (form === 'execute') return bearer.start(bearer.accessPoint);
  const [apn, user, password] = args;
  return bearer.start({ apn: apn ?? '', user: user ?? '', password: password ?? '' });
}

function bringUp(exchange: Exchange): undefined {
  exchange.session.bearer.activate((result) => exchange.finish(result));
}

/** Section 8.2.11: the bare address, and no OK. */
function readAddress(exchange: Exchange): Result {
  const address = exchange.session.bearer.readAddress();
  if (address === undefined) return exchange.session.wrongState();
  exchange.info(address);
  return NONE;
}

/** Section 8.2.7: SHUT OK, and no OK. */
function shut(exchange: Exchange): undefined {
  exchange.session.bearer.shut(() => {
    exchange.info('SHUT OK');
    exchange.finish(NONE);
  });
}

function linkLine(session: Session, index: number): string {
  const { state, address, port } = session.links.get(index);
  if (state === 'INITIAL') return `${index},,"","","","INITIAL"`;
  return `${index},0,"TCP","${address}","${port}","${state}"`;
}

/** Section 8.2.12: OK first, then the state. */
function status(exchange: Exchange): Result {
  const { session } = exchange;
  const { terminal, links, settings } = session;
  terminal.result(OK);
  terminal.info(`STATE: ${links.ipState}`);
  if (settings.multiLink) {
    for (let index = 0; index < LINK_COUNT; index++) terminal.info(`C: ${linkLine(session, index)}`);
  }
  return NONE;
}

function linkStatus(exchange: Exchange): Result {
  const { session, args } = exchange;
  const index = args.length === 1 ? wholeNumber(args[0], 0, LINK_COUNT - 1) : undefined;
  if (index === undefined || !session.settings.multiLink) return ERROR;
  exchange.info(`+CIPSTATUS: ${linkLine(session, index)}`);
  return OK;
}

/** Section 8.2.5: sent, acknowledged, not acknowledged. */
function acknowledgements(exchange: Exchange): Result {
  const { session, args, form } = exchange;
  const isMulti = session.settings.multiLink === 1;
  if (isMulti !== (form === 'write')) return ERROR;
  const index = isMulti ? wholeNumber(args[0], 0, LINK_COUNT - 1) : 0;
  if (index === undefined || args.length > 1) return ERROR;
  const { state, sentBytes, ackedBytes } = session.links.get(index);
  if (state === 'INITIAL') return session.wrongState();
  const counts = [sentBytes, ackedBytes, sentBytes - ackedBytes];
  exchange.info(`+CIPACK: ${counts.join(`,${session.dialect.counterSpace}`)}`);
  return OK;
}

function writeNameServers({ session, args }: Exchange): Result {
  if (args.length < 1 || args.length > 2 || !args.every(isDottedAddress)) return ERROR;
  session.nameServers = [args[0]!, args[1] ?? '0.0.0.0'];
  return OK;
}

/** Section 8.2.14: OK at once, the address later. */
function resolveName({ session, args }: Exchange): Result {
  const name = args[0];
  if (!name || args.length !== 1) return ERROR;
  if (!session.bearer.isActive) return session.wrongState();
  const isFailing = session.takeFault('dns-fail');
  session.network.resolve(name, (resolution) => {
    if (session.isOver) return;
    if ('error' in resolution || isFailing) {
      const code = 'error' in resolution && resolution.error === 'unreachable' ? 3 : 8;
      session.terminal.notice(`+CDNSGIP:0,${code}`);
    } else {
      const addresses = resolution.addresses.slice(0, 2).map((address) => `"${address}"`);
      session.terminal.notice(`+CDNSGIP: 1,"${name}",${addresses.join(',')}`);
    }
  });
  return OK;
}

/** Section 8.2.19: GPRS only; the access point that AT+CIPSTART uses in IP INITIAL. */
function writeConnectionMode({ session, args }: Exchange): Result {
  if (args[0] !== '1' || args.length > 4) return ERROR;
  const [, apn, user, password] = args;
  if (session.bearer.phase !== 'INITIAL') return session.wrongState();
  session.bearer.accessPoint = { apn: apn ?? DEFAULT_APN, user: user ?? '', password: password ?? '' };
  return OK;
}

function saveContext({ session }: Exchange): Result {
  session.host.store.saveContext(session.settings);
  return OK;
}

/** Only 0: neither transparent mode nor TLS. */
function writeMode({ args }: Exchange): Result {
  return args.length === 1 && args[0] === '0' ? OK : ERROR;
}

const accessPointText = ({ bearer: { accessPoint } }: Session): string =>
  `"${accessPoint.apn}","${accessPoint.user}","${accessPoint.password}"`;

export const TCPIP_COMMANDS: CommandTable = {
  '+CIPMUX': {
    section: '8.2.1',
    test: '(0,1)',
    setting: { name: 'multiLink', low: 0, high: 1 },
    write: writeMultiLink,
  },
  '+CIPSTART': { section: '8.2.2', test: startTest, write: startLink },
  '+CIPSEND': { section: '8.2.3', test: sendTest, read: readSendRoom, write: send, execute: send },
  '+CIPQSEND': { section: '8.2.4', test: '(0,1)', setting: { name: 'quickSend', low: 0, high: 1 } },
  '+CIPACK': { section: '8.2.5', test: '', write: acknowledgements, execute: acknowledgements },
  '+CIPCLOSE': { section: '8.2.6', test: '', write: closeLink, execute: closeLink },
  '+CIPSHUT': { section: '8.2.7', test: '', execute: shut },
  '+CSTT': {
    section: '8.2.9',
    test: '"APN","USER","PWD"',
    read: tells((session) => `+CSTT: ${accessPointText(session)}`),
    write: startTask,
    execute: startTask,
  },
  '+CIICR': { section: '8.2.10', test: '', execute: bringUp },
  '+CIFSR': { section: '8.2.11', test: '', execute: readAddress },
  '+CIPSTATUS': { section: '8.2.12', test: '', write: linkStatus, execute: status },
  '+CDNSCFG': {
    section: '8.2.13',
    test: '("Primary DNS"),("Secondary DNS")',
    read: tells(({ nameServers }) => `PrimaryDns: ${nameServers[0]}\r\nSecondaryDns: ${nameServers[1]}`),
    write: writeNameServers,
  },
  '+CDNSGIP': { section: '8.2.14', test: '', write: resolveName },
  '+CIPHEAD': { section: '8.2.15', test: '(0,1)', setting: { name: 'ipHeader', low: 0, high: 1 } },
  '+CIPATS': {
    section: '8.2.16',
    test: ranges(AUTO_SEND),
    read: readsSettings(AUTO_SEND),
    write: writesSettings(AUTO_SEND, 1),
  },
  '+CIPSPRT': { section: '8.2.17', test: '(0-2)', setting: { name: 'prompt', low: 0, high: 2 } },
  '+CIPCSGP': {
    section: '8.2.19',
    test: '1-GPRS,APN,USER NAME,PASSWORD',
    read: tells((session) => `+CIPCSGP: 1,${accessPointText(session)}`),
    write: writeConnectionMode,
  },
  '+CIPSRIP': { section: '8.2.20', test: '(0,1)', setting: { name: 'showSource', low: 0, high: 1 } },
  '+CIPMODE': {
    section: '8.2.22',
    test: '(0-NORMAL MODE,1-TRANSPARENT MODE)',
    read: tells(() => '+CIPMODE: 0'),
    write: writeMode,
  },
  '+CIPSHOWTP': { section: '8.2.24', test: '(0,1)', setting: { name: 'showProtocol', low: 0, high: 1 } },
  '+CIPRXGET': { section: '8.2.26', test: receiveTest, read: readReceive, write: writeReceive },
  '+CIPSCONT': { section: '8.2.27', execute: saveContext },
  '+CIPRDTIMER': {
    section: '8.2.28',
    test: ranges(CLOSE_DELAY),
    read: readsSettings(CLOSE_DELAY),
    write: writesSettings(CLOSE_DELAY, 2),
  },
  /** Off is the only choice: the module's TLS is not simulated. */
  '+CIPSSL': { section: 'V1.10', test: '(0-1)', read: tells(() => '+CIPSSL: 0'), write: writeMode },
  '+CIPTKA': {
    section: '8.2.30',
    test: ranges(KEEP_ALIVE),
    read: readsSettings(KEEP_ALIVE),
    write: writesSettings(KEEP_ALIVE, 1),
  },
};
