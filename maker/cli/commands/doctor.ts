/**
 * `coinslot doctor`: finds out what is wrong, from the port to the payment parameters, and says what to do. One check
 * after the other, in the order in which a fault hides the next ones.
 * Leaves the wire's faults to doctor-line.ts. Invariant: it changes nothing but opening and cancelling a trial order.
 */
import { LinkState, OrderState } from '../../../src/protocol/codes';
import {
  type Host,
  type HostError,
  type Info,
  isFinal,
  linkName,
  linkText,
  type OrderStatus,
  reasonName,
  reasonText,
  type Settings,
} from '../../host';
import { RESET_NAMES } from '../../host/names';
import { Exit } from '../exit-codes';
import { pause, type Session } from '../session';
import { findLine, type LineCounts } from './doctor-line';

export interface DoctorOptions {
  /** Whether a trial order is opened on each channel. */
  readonly trial: boolean;
  /** How long to wait for a link that is on its way. */
  readonly wait: number;
}

export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'warning' | 'fault';
  readonly message: string;
  readonly advice?: string;
}

const LOW_CSQ = 10;
const UNKNOWN_CSQ = 99;
const TRIAL_LIMIT_MS = 30_000;
const QUALITY_ASKS = 10;
const LINK_LOOK_MS = 2000;
const STATUS_LIMIT_MS = 5000;
const STATUS_LOOK_MS = 200;
const ON_ITS_WAY = new Set<number>([LinkState.ModemStarting, LinkState.Connecting, LinkState.NoNetwork]);
const BAD_STARTS: { readonly [name: string]: string } = {
  BROWN_OUT: 'the supply dipped: look at its current and the capacitors at the modem (2 A peaks)',
  WATCHDOG: 'the firmware hung: keep the log (coinslot log) and tell the manufacturer',
};

const ok = (check: string, message: string): Finding => ({ check, result: 'ok', message });
const warning = (check: string, message: string, advice: string): Finding => ({
  check,
  result: 'warning',
  message,
  advice,
});
const fault = (check: string, message: string, advice: string): Finding => ({
  check,
  result: 'fault',
  message,
  advice,
});

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const MARKS = { ok: '✓', warning: '!', fault: '✗' };

export async function doctor(session: Session, options: DoctorOptions): Promise<Exit> {
  const { output } = session;
  let faults = 0;
  let warnings = 0;
  const say = (finding: Finding): void => {
    if (finding.result === 'fault') faults += 1;
    if (finding.result === 'warning') warnings += 1;
    const { check, result, message, advice } = finding;
    output.say(
      'finding',
      finding,
      `${MARKS[result]} ${check.padEnd(10)} ${message}${advice ? `\n             → ${advice}` : ''}`,
    );
  };
  const line = await findLine(session, say);
  if (line) {
    try {
      await examine(session, line.host, line.info, line.counts, options, say);
    } catch (error) {
      say(
        fault(
          'line',
          (error as HostError).message,
          'look at the cable and the supply, then run doctor again',
        ),
      );
    } finally {
      line.host.close();
    }
  }
  const found = `${counted(faults, 'fault')}, ${counted(warnings, 'warning')}`;
  const good = warnings ? `it works; ${counted(warnings, 'warning')}` : 'all is well';
  const verdict = faults ? found : good;
  output.say('verdict', { faults, warnings }, verdict);
  return faults ? Exit.Problem : Exit.Ok;
}

type Say = (finding: Finding) => void;

async function examine(
  session: Session,
  host: Host,
  info: Info,
  counts: LineCounts,
  options: DoctorOptions,
  say: Say,
): Promise<void> {
  await quality(host, counts, say);
  moduleItself(info, say);
  const settings = await host.settings();
  const mode = [
    'the host delivers (mode 0)',
    'one pulse (mode 1)',
    'coin pulses (mode 2)',
    'hold for a time (mode 3)',
  ];
  say(
    ok(
      'settings',
      `delivery: ${mode[settings.mode!] ?? `mode ${settings.mode}`}; at most ${settings.maxFen} fen`,
    ),
  );
  const isReady = await link(session, host, info, options.wait, say);
  await clockOf(host, isReady, say);
  await openOrders(session, host, info, say);
  if (isReady && options.trial) {
    for (const channel of ['wechat', 'alipay'] as const) await trial(host, channel, settings, say);
  }
}

/** Some questions in a row: how many frames get lost? */
async function quality(host: Host, counts: LineCounts, say: Say): Promise<void> {
  const before = { ...counts };
  for (let asks = 0; asks < QUALITY_ASKS; asks++) await host.signal();
  const broken = counts.broken - before.broken;
  const repeats = counts.repeats - before.repeats;
  if (broken + repeats === 0) say(ok('line', `${QUALITY_ASKS} questions, ${QUALITY_ASKS} answers at once`));
  else {
    say(
      warning(
        'line',
        `${QUALITY_ASKS} questions: ${broken} broken frames, ${repeats} repeats`,
        'ground, length and route of the cable, levels, baud rate',
      ),
    );
  }
}

function moduleItself(info: Info, say: Say): void {
  if (info.version !== 1)
    say(fault('version', `the module speaks version ${info.version}`, 'use the tools of its release'));
  const name = RESET_NAMES[info.reset] ?? '';
  const advice = BAD_STARTS[name];
  if (advice) say(warning('start', `the last start was ${name}`, advice));
  if (info.deviceId === '')
    say(fault('identity', 'the module has no identity', 'provision it at the bench: npm run provision'));
  else
    say(
      ok(
        'identity',
        `${info.deviceId}, firmware ${info.firmware}, board ${info.board}, IMEI ${info.imei || 'not heard yet'}`,
      ),
    );
}

/** SIM, network, server; waits while it is on its way. */
async function link(session: Session, host: Host, info: Info, waitS: number, say: Say): Promise<boolean> {
  const { clock } = session.environment;
  const endMs = clock.nowMs() + waitS * 1000;
  let signal = await host.signal();
  while (info.deviceId && ON_ITS_WAY.has(signal.link) && clock.nowMs() < endMs) {
    session.output.progress(`${linkName(signal.link)}, waiting`);
    await pause(session, LINK_LOOK_MS);
    signal = await host.signal();
  }
  const { meaning, advice } = linkText(signal.link);
  const isReady = signal.link === LinkState.Ready;
  if (isReady) say(ok('link', 'READY: SIM, network and server are fine'));
  else say(fault('link', `${linkName(signal.link)}: ${meaning}`, advice));
  const isModemOn = ![LinkState.Off, LinkState.ModemStarting, LinkState.ModemSilent].includes(signal.link);
  if (signal.csq === UNKNOWN_CSQ && isModemOn)
    say(warning('signal', 'no signal strength', 'is the antenna connected?'));
  else if (signal.csq < LOW_CSQ)
    say(warning('signal', `${signal.csq} of 31 is weak`, 'a better place for the antenna'));
  else if (isModemOn) say(ok('signal', `${signal.csq} of 31`));
  return isReady;
}

async function clockOf(host: Host, isReady: boolean, say: Say): Promise<void> {
  const time = await host.time();
  if (time.unixS) say(ok('time', `known to ${time.errorMs} ms`));
  else if (isReady)
    say(
      warning(
        'time',
        'not known, though the link is ready',
        'wait a minute; nothing is delivered without it',
      ),
    );
}

/** INFO says how many orders are open; a STATUS of each follows. */
async function openOrders(session: Session, host: Host, info: Info, say: Say): Promise<void> {
  const { clock } = session.environment;
  const find = (): OrderStatus[] => [...host.orders.values()].filter((status) => !isFinal(status.state));
  const endMs = clock.nowMs() + STATUS_LIMIT_MS;
  while (find().length < info.openOrders && clock.nowMs() < endMs) await pause(session, STATUS_LOOK_MS);
  const open = find();
  const uncertain = open.filter((status) => status.state === OrderState.Uncertain);
  for (const { order } of uncertain) {
    say(warning('orders', `order ${order} is UNCERTAIN`, `coinslot report ${order} dispensed, or failed`));
  }
  if (uncertain.length === 0) say(ok('orders', `${open.length} open`));
}

/** Opens the smallest order, sees whether a code comes, cancels it. */
async function trial(host: Host, channel: 'wechat' | 'alipay', settings: Settings, say: Say): Promise<void> {
  const amountFen = settings.mode === 2 ? settings.fenPerPulse! : 1;
  try {
    const reference = host.newReference();
    const came = host.waitFor<OrderStatus | true>(`a code for ${channel}`, TRIAL_LIMIT_MS, (event) => {
      if (event.kind === 'qr' && event.qr.reference === reference) return true;
      const isOurs =
        event.kind === 'status' && event.status.reference === reference && isFinal(event.status.state);
      return isOurs ? event.status : undefined;
    });
    came.catch(() => {});
    const order = await host.pay({
      amountFen,
      channel: channel === 'alipay' ? 2 : 1,
      ttlS: 30,
      reference,
      goods: 'doctor',
    });
    const result = await came;
    if (result !== true) {
      const { meaning, advice } = reasonText(result.reason);
      say(fault(channel, `${reasonName(result.reason)}: ${meaning}`, advice));
      return;
    }
    await closeTrial(host, order);
    say(ok(channel, 'a payment code came; the trial order is cancelled'));
  } catch (error) {
    const { message, reason } = error as HostError;
    say(
      fault(
        channel,
        message,
        reason ? reasonText(reason).advice : 'run doctor again; if it stays, ask the platform',
      ),
    );
  }
}

async function closeTrial(host: Host, order: number): Promise<void> {
  const ended = host.waitFor('the end of the trial order', TRIAL_LIMIT_MS, (event) =>
    event.kind === 'status' && event.status.order === order && isFinal(event.status.state) ? true : undefined,
  );
  ended.catch(() => {});
  await host.cancel(order);
  await ended;
}
