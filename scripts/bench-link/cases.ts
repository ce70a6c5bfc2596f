/**
 * The fault classes of the link bench: which named faults of the modem simulator (or what of the server)
 * strike, and how long the outage itself lasts. Expectations are those of the project's brief.
 */
import { randomPlan } from '../../sim/modem/faults/injector';
import type { Random } from '../../sim/time/random';
import type { Site } from './site';

export interface FaultCase {
  readonly name: string;
  /** Faults of sim/modem, as a person writes them. */
  readonly plan: readonly string[] | ((random: Random) => readonly string[]);
  /** Time from the strike until nothing is in the way any more. */
  readonly lastsMs: number;
  /** What happens besides. */
  readonly act?: (site: Site) => void;
  /** Limits in seconds beyond the outage; undefined: only that it recovers. */
  readonly p50LimitS?: number;
  readonly mostLimitS?: number;
}

function modem(
  name: string,
  plan: string | readonly string[],
  lastsMs = 0,
  limits: Partial<FaultCase> = {},
): FaultCase {
  return { name, plan: typeof plan === 'string' ? [plan] : plan, lastsMs, ...limits };
}

/** Something that the server does, and undoes after `lastsMs`. */
function server(
  name: string,
  lastsMs: number,
  act: (site: Site) => void,
  undo?: (site: Site) => void,
): FaultCase {
  return {
    name,
    plan: [],
    lastsMs,
    act: (site) => {
      act(site);
      if (undo) site.time.setTimer(() => undo(site), lastsMs);
    },
  };
}

const SOCKET = { p50LimitS: 5 };
const BEARER = { p50LimitS: 15 };
const WEDGE = { mostLimitS: 60 };
const BROWN_OUT = { mostLimitS: 30 };

/** Eight faults of any kind at random moments of two minutes, some of them two minutes long themselves. */
const STORM: FaultCase = {
  name: 'storm',
  plan: (random) => randomPlan(random, 8, 120_000),
  lastsMs: 240_000,
};

export const FAULT_CASES: readonly FaultCase[] = [
  modem('remote-close', 'remote-close@now', 0, SOCKET),
  { ...server('server-restart', 0, (site) => site.server.resetAll()), ...SOCKET },
  modem('send-fail', 'send-fail@now', 0, SOCKET),
  modem('send-fail-delivered', 'send-fail-delivered@now', 0, SOCKET),
  modem('close-in-prompt', 'close-in-prompt@prompt', 0, SOCKET),
  modem('connect-fail', ['connect-fail@now', 'remote-close@now']),
  modem('connect-timeout', ['connect-timeout@now', 'remote-close@now']),
  modem('stale-data', ['stale-data@now', 'remote-close@now'], 0, SOCKET),
  // The driver's fourth connection has the number of its first one again.
  modem(
    'stale-data-reused',
    ['remote-close@now', 'remote-close@15s', 'remote-close@30s', 'stale-data@+CIPSTART#3'],
    40_000,
  ),
  modem('silent-close', ['silent-close@now', 'remote-close@now']),
  modem('half-open', 'half-open@now'),
  modem('pdp-deact', 'pdp-deact@now', 0, BEARER),
  modem('pdp-lost', 'pdp-lost@now'),
  modem('activate-fail', ['activate-fail@now', 'pdp-deact@now'], 0, BEARER),
  modem('detached', 'detached@now'),
  modem('slow-attach', ['slow-attach:70@now', 'pdp-deact@now'], 0, BEARER),
  modem('notice-in-prompt', 'notice-in-prompt@prompt', 0, SOCKET),
  modem('forgotten-notice', 'forgotten-notice@now', 0, SOCKET),
  modem('send-refused', 'send-refused@now', 0, SOCKET),
  modem('no-prompt', 'no-prompt@now'),
  modem('split-prompt', 'split-prompt@now', 0, SOCKET),
  modem('receive-stall', 'receive-stall:8@now', 8_000),
  modem('no-answer', 'no-answer@+CIPRXGET'),
  modem('late-answer', ['pdp-deact@now', 'late-answer:20@+CREG']),
  modem('late-send-result', 'late-answer:15@+CIPSEND'),
  modem('error', 'error@+CIPRXGET', 0, SOCKET),
  modem('echo-on', 'echo-on@now'),
  modem('bit-noise', 'bit-noise:0.003@now', 30_000),
  modem('host-noise', 'host-noise:0.003@now', 30_000),
  modem('lost-byte', 'lost-byte:3@now'),
  modem('garbage', 'garbage:200@now', 0, SOCKET),
  modem('dribble', 'dribble:25@now', 30_000, SOCKET),
  modem('mute', 'mute:10@now', 10_000),
  modem('deaf', 'deaf:10@now', 10_000),
  modem('outage-20s', 'outage:20@now', 20_000),
  modem('outage-3m', 'outage:180@now', 180_000),
  modem('cell-flap', 'cell-flap:6@now', 120_000),
  modem('denied', 'denied:60@now', 60_000),
  modem('attach-refused', ['attach-refused:60@now', 'detached@now'], 60_000),
  modem('card-removed', 'card-removed:30@now', 30_000),
  modem('card-busy', ['card-busy:15@boot', 'self-reset@now'], 15_000, BROWN_OUT),
  modem('card-failure', ['card-failure:30@now', 'pdp-deact@now'], 30_000),
  modem('weak-signal', 'weak-signal:3@now', 0, SOCKET),
  modem('dns-fail', ['dns-fail@now', 'remote-close@now'], 0, SOCKET),
  modem('stray-notice', 'stray-notice@now', 0, SOCKET),
  modem('cme', 'cme:100@+CIPRXGET', 0, SOCKET),
  modem('sag', 'sag:30@now', 30_000, SOCKET),
  modem('brown-out', 'brown-out:200@now', 200, BROWN_OUT),
  modem('brown-out-20s', 'brown-out:20000@now', 20_000, BROWN_OUT),
  modem('under-voltage', 'under-voltage:5@now', 5_000, BROWN_OUT),
  modem('self-reset', 'self-reset@now', 0, BROWN_OUT),
  modem('self-off', 'self-off@now', 0, BROWN_OUT),
  modem('profile-lost', 'profile-lost@now', 0, BROWN_OUT),
  modem('wrong-baud', 'wrong-baud:9600@now', 0, BROWN_OUT),
  modem('brown-out-wrong-baud', ['brown-out:200@now', 'wrong-baud:9600@boot'], 200, BROWN_OUT),
  modem('wedge', 'wedge@now', 0, WEDGE),
  modem('wedge-hard', 'wedge-hard@now', 0, WEDGE),
  server(
    'server-down-60s',
    60_000,
    (site) => {
      site.server.refuse();
      site.server.resetAll();
    },
    (site) => site.server.listen(),
  ),
  server(
    'server-mute-60s',
    60_000,
    (site) => {
      site.server.isMute = true;
    },
    (site) => {
      site.server.isMute = false;
      // What it left out of its numbered records cannot be made good in the same connection.
      site.server.resetAll();
    },
  ),
  STORM,
];
