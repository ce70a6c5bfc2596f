/**
 * The TCP/IP toolkit: context, address, names, settings, state. The dialogues have files of their own:
 * `connect.ts` (CIPSTART, CIPCLOSE), `send.ts` (CIPSEND), `receive.ts` (CIPRXGET).
 * Source: SIM800 Series AT Command Manual V1.09, chapter 8.
 */
import { wholeNumber } from '../command-line';
import type { CommandTable, Exchange } from '../command-table';
import { LINK_COUNT } from '../links';
import { ERROR, NONE, OK, type Result } from '../result';
import type { Session } from '../session';
import { closeLink, startLink } from './connect';
import { readReceive, writeReceive } from './receive';
import { readSendRoom, send } from './send';

/** Section 8.2.1: 1 only in IP INITIAL; 0 only when context and links are shut down. */
function writeMultiLink({ session, args }: Exchange): Result {
  const value = args.length === 1 ? wholeNumber(args[0], 0, 1) : undefined;
  if (value === undefined) return ERROR;
  if (session.bearer.phase !== 'INITIAL') return session.wrongState();
  session.set('multiLink', value);
  return OK;
}

function readAccessPoint(exchange: Exchange): Result {
  const { apn, user, password } = exchange.session.bearer.accessPoint;
  exchange.info(`+CSTT: "${apn}","${user}","${password}"`);
  return OK;
}

function startTask({ session, args }: Exchange): Result {
  if (args.length > 3) return ERROR;
  const [apn, user, password] = args;
  return session.bearer.start({ apn: apn ?? 'CMNET', user: user ?? '', password: password ?? '' });
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
  const { state, host, port } = session.links.get(index);
  if (state === 'INITIAL') return `${index},,"","","","INITIAL"`;
  return `${index},0,"TCP","${host}","${port}","${state}"`;
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
  if (index === undefined) return ERROR;
  const link = session.links.get(index);
  if (link.state === 'INITIAL') return session.wrongState();
  exchange.info(`+CIPACK: ${link.sentBytes},${link.ackedBytes},${link.sentBytes - link.ackedBytes}`);
  return OK;
}

/** Section 8.2.14: OK at once, the address later. */
function resolveName({ session, args }: Exchange): Result {
  const name = args[0];
  if (!name || args.length !== 1) return ERROR;
  if (!session.bearer.isActive) return session.wrongState();
  session.network.resolve(name, (resolution) => {
    if (session.isOver) return;
    if ('error' in resolution) {
      session.terminal.notice(`+CDNSGIP:0,${resolution.error === 'unreachable' ? 3 : 8}`);
    } else {
      const addresses = resolution.addresses.slice(0, 2).map((address) => `"${address}"`);
      session.terminal.notice(`+CDNSGIP: 1,"${name}",${addresses.join(',')}`);
    }
  });
  return OK;
}

export const TCPIP_COMMANDS: CommandTable = {
  '+CIPMUX': {
    section: '8.2.1',
    test: '(0,1)',
    setting: { name: 'multiLink', low: 0, high: 1 },
    write: writeMultiLink,
  },
  '+CIPSTART': {
    section: '8.2.2',
    test: '("TCP","UDP"),("(0,255).(0,255).(0,255).(0,255)"),(0,65535)',
    write: startLink,
  },
  '+CIPSEND': { section: '8.2.3', test: '<length>', read: readSendRoom, write: send, execute: send },
  '+CIPQSEND': { section: '8.2.4', setting: { name: 'quickSend', low: 0, high: 1 } },
  '+CIPACK': { section: '8.2.5', test: '', write: acknowledgements, execute: acknowledgements },
  '+CIPCLOSE': { section: '8.2.6', test: '', write: closeLink, execute: closeLink },
  '+CIPSHUT': { section: '8.2.7', test: '', execute: shut },
  '+CSTT': {
    section: '8.2.9',
    test: '"APN","USER","PWD"',
    read: readAccessPoint,
    write: startTask,
    execute: startTask,
  },
  '+CIICR': { section: '8.2.10', test: '', execute: bringUp },
  '+CIFSR': { section: '8.2.11', test: '', execute: readAddress },
  '+CIPSTATUS': { section: '8.2.12', test: '', write: linkStatus, execute: status },
  '+CDNSGIP': { section: '8.2.14', test: '', write: resolveName },
  '+CIPRXGET': { section: '8.2.26', test: '(0-4)', read: readReceive, write: writeReceive },
};
