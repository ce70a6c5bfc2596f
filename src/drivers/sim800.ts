/**
 * The SIM800A as tables: what each command expects and how long it may take, after SIMCom's AT command manual
 * V1.12, and what its unsolicited lines mean. Knows no order of events: start-up is in sim800-startup.ts,
 * sockets in sim800-socket.ts, when to do what in keeper.ts.
 * Rule: a longest time is the manual's own plus a margin, because an answer that comes after we gave up costs
 * more than the wait.
 */
import { AtMatch, BAD_COUNT, NO_PAYLOAD, type AtAsker, type AtDialogue, type AtExpect } from './at';

/** The rate that the modem is fixed to (`IPR`), and those at which it is looked for, most likely first. */
export const BAUD = 115200;
export const OTHER_BAUDS = '9600,57600,38400,19200';
export const OTHER_BAUD_COUNT = 4;

/** Most bytes in one CIPSEND and in one CIPRXGET=2 (manual, chapter 8). */
export const SEGMENT_BYTES = 1460;
/** Sockets 0 to 5 (CIPMUX=1). */
export const SOCKET_COUNT = 6;

export const DEFAULT_TIMEOUT_MS = 2000;
/** DATA ACCEPT: the modem's buffer only. */
export const SEND_TIMEOUT_MS = 6000;

/** Refusals, and one more head. */
function expecting(head: string, match: AtMatch): { [head: string]: AtMatch } {
  // Declared with an index signature in place, by which the build sees that these names are data.
  const expect: { [head: string]: AtMatch } = { ERROR: AtMatch.Refused, '+CME ERROR:': AtMatch.Refused };
  expect[head] = match;
  return expect;
}

export const PLAIN: AtExpect = expecting('OK', AtMatch.Ok);
export const SEND: AtExpect = Object.assign(expecting('DATA ACCEPT:', AtMatch.Ok), {
  'SEND OK': AtMatch.Ok,
  'SEND FAIL': AtMatch.Refused,
});

/**
 * What a command expects where it is not OK or an error; several end with a line of their own and no OK. Made when
 * asked: a table would be held in RAM, for commands of a start-up most of them.
 */
function expectOf(name: string): AtExpect {
  if (name === '+CIPSHUT') return expecting('SHUT OK', AtMatch.Ok);
  if (name === '+CIPCLOSE') return expecting('CLOSE OK', AtMatch.Ok);
  if (name === '+CIFSR') return expecting('#', AtMatch.Ok);
  if (name === '+CIPSTART') return Object.assign(expecting('ALREADY CONNECT', AtMatch.Refused), PLAIN);
  // A bearer that falls while it is made answers for the command.
  if (name === '+CIICR') return Object.assign(expecting('+PDP:', AtMatch.Refused), PLAIN);
  return PLAIN;
}

/** Longest times that differ from the default, with the manual's figure in the comment where it has one. */
const TIMEOUTS_MS =
  ';+CPIN?=6000' + // 5 s
  ';+CPIN=6000' +
  ';+CGATT?=11000' + // 10 s
  ';+CGATT=78000' + // 75 s
  ';+CIPSHUT=68000' + // 65 s
  ';+CIICR=88000' + // 85 s
  ';+CIPSTART=5000' + // the OK; CONNECT OK has its own time
  ';+CIPCLOSE=5000' +
  ';+CFUN=11000'; // 10 s

function timeoutMsOf(name: string): number {
  const at = TIMEOUTS_MS.indexOf(';' + name + '=');
  return at < 0 ? DEFAULT_TIMEOUT_MS : parseInt(TIMEOUTS_MS.substr(at + name.length + 2));
}

/**
 * CONNECT OK or CONNECT FAIL after CIPSTART: 75 s by the manual. Given up sooner, because the next attempt has
 * another number, so that a late answer finds nobody.
 */
export const CONNECT_TIMEOUT_MS = 30000;

/** The field of a `a,b,c` list as a whole number, -1 when there is none. */
export function field(list: string, index: number): number {
  const value = parseInt(list.split(',')[index]!);
  return isNaN(value) ? -1 : value;
}

const REGISTERED_HOME = 1;
const REGISTERED_ROAMING = 5;

/** What is known of modem and SIM. */
export interface ModemInfo {
  imei: string;
  iccid: string;
  /** Signal, 0 to 31, 99 = unknown (AT+CSQ). */
  csq: number;
  /** Registration (AT+CREG): 1 home, 5 roaming, others none. */
  registration: number;
  /** A PIN is tried once in a lifetime of the module, so a wrong one never locks the SIM. */
  isPinTried: boolean;
}

export function isRegistered(registration: number): boolean {
  return registration === REGISTERED_HOME || registration === REGISTERED_ROAMING;
}

/** The state in `+CREG: n,stat`; the form without n is an unsolicited one that came in between. */
export function registrationIn(info: string): number {
  return info.indexOf(',') < 0 ? parseInt(info) : field(info, 1);
}

/** `+CIPRXGET: 2,<socket>,<got>,<left>`; with 1 in front it is the notice, which may come in between. */
export function countReceived(line: string, dialogue: AtDialogue): number {
  if (!line.startsWith('+CIPRXGET:')) return NO_PAYLOAD;
  const fields = line.substr(10).trim();
  if (!fields.startsWith('2')) return NO_PAYLOAD;
  // Strictly: with one comma spoilt, `left` would pass for `got`, and the bytes would go by unseen.
  const match = /^2,(\d),(\d+),\d+/.exec(fields);
  if (!match || parseInt(match[1]!) !== (dialogue as Command).socket) return BAD_COUNT;
  const gotBytes = parseInt(match[2]!);
  return gotBytes > SEGMENT_BYTES ? BAD_COUNT : gotBytes;
}

/** A command on its way; `socket` and `task` tell its asker what it was about. */
export interface Command extends AtDialogue {
  readonly task: number;
  readonly socket: number;
}

/**
 * A command of the tables: `+CSQ`, `+CIPCLOSE=2,1`. Those of which a data stream needs hundreds are made without
 * looking anything up (sim800-socket.ts).
 */
export function command(send: string, asker: AtAsker, task: number, socket: number): Command {
  const name = send.split('=')[0]!;
  return { send, expect: expectOf(name), timeoutMs: timeoutMsOf(name), asker, task, socket };
}

/** What the modem says of itself, unasked. */
export const enum Notice {
  Restarted = 1,
  PoweredOff = 2,
  BearerLost = 3,
  SupplyLow = 4,
  Sim = 5,
  Received = 6,
  Connected = 7,
  ConnectFailed = 8,
  Closed = 9,
}

/** Meaning of unsolicited heads. `Call Ready` and the like are missing on purpose: they come late in any start. */
const NOTICES =
  ';RDY=1;+CFUN:=1' + // Restarted
  ';+PDP:=3' + // BearerLost
  ';+CPIN:=5' + // Sim
  ';+CIPRXGET:=6' + // Received
  ';CONNECT OK=7' + // Connected
  ';ALREADY CONNECT=8;CONNECT FAIL=8' + // ConnectFailed
  // Closed; CLOSE: no acknowledgement for 645 s.
  ';CLOSED=9;CLOSE=9';

/** What an unsolicited head means; undefined when it means nothing. Texts about power come in many spellings. */
export function noticeOf(head: string): Notice | undefined {
  const at = head.indexOf(';') < 0 ? NOTICES.indexOf(';' + head + '=') : -1;
  if (at >= 0) return +NOTICES.charAt(at + head.length + 2);
  if (head.indexOf(' POWER ') > 0) return Notice.PoweredOff;
  return head.indexOf('VOLTAGE WARN') > 0 ? Notice.SupplyLow : undefined;
}
