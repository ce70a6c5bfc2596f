/**
 * The SIM800A as tables: what each command expects and how long it may take, after SIMCom's AT command manual
 * V1.12, and what its unsolicited lines mean. Knows no order of events: start-up is in sim800-startup.ts,
 * sockets in sim800-socket.ts, when to do what in keeper.ts.
 * Rule: a longest time is the manual's own plus a margin, because an answer that comes after we gave up costs
 * more than the wait.
 */
import { AtMatch, type AtAsker, type AtDialogue, type AtExpect, type AtTimes } from './at';

/** The rate that the modem is fixed to (`IPR`), and those at which it is looked for, most likely first. */
export const BAUD = 115200;
export const OTHER_BAUDS: readonly number[] = [9600, 57600, 38400, 19200];

/** `E0V1` also mends a modem that came back with echo or with numeric results. */
export const AT_TIMES: AtTimes = {
  probe: 'E0V1',
  probeTimeoutMs: 600,
  probeCount: 4,
  quietMs: 200,
  promptTimeoutMs: 3000,
  // ESC: cancels a prompt where the firmware allows it, and is only data of a doomed socket where not.
  filler: '\x1b',
  fillerCount: 1460,
};

/** Most bytes in one CIPSEND and in one CIPRXGET=2 (manual, chapter 8). */
export const SEGMENT_BYTES = 1460;
/** Sockets 0 to 5 (CIPMUX=1). */
export const SOCKET_COUNT = 6;

const DEFAULT_TIMEOUT_MS = 2000;

// Declared with an index signature in place, by which the build sees that these names are data.
const PLAIN: { readonly [head: string]: AtMatch } = {
  OK: AtMatch.Ok,
  ERROR: AtMatch.Refused,
  '+CME ERROR:': AtMatch.Refused,
};

/** The usual finals, and lines to keep. */
function withInfo(info: string): AtExpect {
  const expect: { [head: string]: AtMatch } = Object.assign({}, PLAIN);
  info.split(' ').forEach((head) => {
    expect[head] = AtMatch.Info;
  });
  return expect;
}

/** Commands that end with a line of their own and with no OK. */
function endsWith(final: string): AtExpect {
  const expect: { [head: string]: AtMatch } = Object.assign({}, PLAIN);
  delete expect['OK'];
  expect[final] = AtMatch.Ok;
  return expect;
}

/** A bearer that falls while it is made answers for the command. */
const BEARER: AtExpect = Object.assign({ '+PDP:': AtMatch.Refused }, PLAIN);
const BARE = withInfo('# +CCID:');

/** What a command expects where it is not OK or an error; the key is the command up to '=' or to its end. */
const EXPECTS: { readonly [command: string]: AtExpect } = {
  '+GSN': BARE,
  '+CCID': BARE,
  '+CPIN?': withInfo('+CPIN:'),
  '+CSQ': withInfo('+CSQ:'),
  '+CREG?': withInfo('+CREG:'),
  '+CGREG?': withInfo('+CGREG:'),
  '+CGATT?': withInfo('+CGATT:'),
  '+CIPACK': withInfo('+CIPACK:'),
  '+CIPSHUT': endsWith('SHUT OK'),
  '+CIPCLOSE': endsWith('CLOSE OK'),
  '+CIPSTART': Object.assign({ 'ALREADY CONNECT': AtMatch.Refused }, PLAIN),
  '+CIICR': BEARER,
  '+CIFSR': Object.assign({ '#': AtMatch.Ok }, BEARER),
};

/** Longest times that differ from the default, with the manual's figure in the comment where it has one. */
const TIMEOUTS_MS: { readonly [command: string]: number } = {
  '+CPIN?': 6000, // 5 s
  '+CPIN': 6000,
  '+CGATT?': 11000, // 10 s
  '+CGATT': 78000, // 75 s
  '+CIPSHUT': 68000, // 65 s
  '+CIICR': 88000, // 85 s
  '+CIPSTART': 5000, // the OK; CONNECT OK has its own time
  '+CIPCLOSE': 5000,
  '+CFUN': 11000, // 10 s
};
/** DATA ACCEPT: the modem's own buffer only. */
const SEND_TIMEOUT_MS = 10000;

/** Commands whose parameters are kept out of traces. */
const SECRET: readonly string[] = ['+CSTT', '+CPIN'];

/**
 * CONNECT OK or CONNECT FAIL after CIPSTART: 75 s by the manual. Given up sooner, because the next attempt has
 * another number, so that a late answer finds nobody.
 */
export const CONNECT_TIMEOUT_MS = 30000;

/** The expectations of CIPSEND with CIPQSEND=1; after the prompt a refusal counts as aborted. */
const SEND_EXPECT: AtExpect = Object.assign({}, PLAIN, {
  'DATA ACCEPT:': AtMatch.Ok,
  'SEND OK': AtMatch.Ok,
  'SEND FAIL': AtMatch.Refused,
});
// The prompt ends with DATA ACCEPT only: a late OK of nobody's must not pass for it.
delete (SEND_EXPECT as { [head: string]: AtMatch })['OK'];

/** A command on its way; `socket` and `task` tell its asker what it was about. */
export interface Command extends AtDialogue {
  readonly task: number;
  readonly socket: number;
}

/** A command of the tables: `+CSQ`, `+CIPCLOSE=2,1`. */
export function command(send: string, asker: AtAsker, task: number, socket: number): Command {
  const name = send.split('=')[0]!;
  return {
    send,
    expect: EXPECTS[name] || PLAIN,
    timeoutMs: TIMEOUTS_MS[name] || DEFAULT_TIMEOUT_MS,
    shown: SECRET.indexOf(name) < 0 ? '' : name + '=...',
    asker,
    task,
    socket,
  };
}

/** Hands `data` (1 to 1460 bytes) to a socket's send buffer. */
export function sendCommand(data: string, asker: AtAsker, task: number, socket: number): Command {
  return {
    send: '+CIPSEND=' + socket + ',' + data.length,
    expect: SEND_EXPECT,
    timeoutMs: SEND_TIMEOUT_MS,
    payload: data,
    asker,
    task,
    socket,
  };
}

/** `+CIPRXGET: 2,<socket>,<got>,<left>`; with 1 in front it is the notice, which may come in between. */
function countReceived(line: string, dialogue: AtDialogue): number {
  const fields = line.split(/[:,]/);
  if (fields[0] !== '+CIPRXGET' || parseInt(fields[1]!) !== 2) return -1;
  const gotBytes = parseInt(fields[3]!);
  const isRight = parseInt(fields[2]!) === (dialogue as Command).socket && gotBytes <= SEGMENT_BYTES;
  return isRight ? gotBytes : NaN;
}

/** Reads at most `maxBytes` (1 to 1460) of what a socket received; `info` is the line with what is left. */
export function readCommand(maxBytes: number, asker: AtAsker, task: number, socket: number): Command {
  return {
    send: '+CIPRXGET=2,' + socket + ',' + maxBytes,
    expect: PLAIN,
    timeoutMs: DEFAULT_TIMEOUT_MS,
    count: countReceived,
    asker,
    task,
    socket,
  };
}

/** The field of a `a,b,c` list as a whole number, NaN when it is missing. */
export function field(list: string, index: number): number {
  return parseInt(list.split(',')[index]!);
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
export const NOTICES: { readonly [head: string]: Notice } = {
  RDY: Notice.Restarted,
  '+CFUN:': Notice.Restarted,
  'NORMAL POWER DOWN': Notice.PoweredOff,
  'NORMAL POWER OFF': Notice.PoweredOff,
  'UNDER-VOLTAGE POWER DOWN': Notice.PoweredOff,
  'UNDER-VOLTAGE POWER OFF': Notice.PoweredOff,
  'OVER-VOLTAGE POWER DOWN': Notice.PoweredOff,
  'OVER-VOLTAGE POWER OFF': Notice.PoweredOff,
  'UNDER-VOLTAGE WARNNING': Notice.SupplyLow,
  'UNDER-VOLTAGE WARNING': Notice.SupplyLow,
  '+PDP:': Notice.BearerLost,
  '+PDP DEACT': Notice.BearerLost,
  '+CPIN:': Notice.Sim,
  '+CIPRXGET:': Notice.Received,
  'CONNECT OK': Notice.Connected,
  'ALREADY CONNECT': Notice.ConnectFailed,
  'CONNECT FAIL': Notice.ConnectFailed,
  CLOSED: Notice.Closed,
  // No acknowledgement for 645 s.
  CLOSE: Notice.Closed,
};
