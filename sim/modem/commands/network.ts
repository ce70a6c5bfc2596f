/**
 * Commands of 3GPP TS 27.007: card, signal, registration, operator, functionality, clock, battery.
 * Source: SIM800 Series AT Command Manual V1.09, chapter 3.
 */
import { wholeNumber } from '../command-line';
import { tells, type CommandTable, type Exchange } from '../command-table';
import { applyFunctionality, FUNCTIONALITY } from '../functionality';
import { cme, ERROR, OK, type Result } from '../result';

/** Between the last text and the restart: the text still leaves the serial port. */
const RESTART_MS = 100;

function readPin(exchange: Exchange): Result {
  const { card } = exchange.session;
  const { state } = card;
  if (state === 'pin' || state === 'puk') exchange.info(`+CPIN: SIM ${state.toUpperCase()}`);
  else if (state === 'ready') exchange.info('+CPIN: READY');
  else return card.refusal()!;
  return OK;
}

function writePin({ session, args }: Exchange): Result {
  const [first, second] = args;
  if (!first || args.length > 2) return ERROR;
  const refusal = second === undefined ? session.card.enterPin(first) : session.card.enterPuk(first, second);
  if (refusal) return refusal;
  session.later(() => {
    session.terminal.notice('+CPIN: READY');
    session.radio.start();
  }, 0);
  return OK;
}

function readSignal(exchange: Exchange): Result {
  const { rssi } = exchange.session.radio;
  exchange.info(`+CSQ: ${rssi},${rssi === 99 ? 99 : 0}`);
  return OK;
}

function readRegistration(exchange: Exchange): Result {
  const { radio, settings } = exchange.session;
  const mode = settings.registrationNotices;
  exchange.info(`+CREG: ${mode},${radio.stat}${radio.place(mode, radio.stat)}`);
  return OK;
}

function readOperator(exchange: Exchange): Result {
  const { radio, host, settings } = exchange.session;
  const name = settings.operatorFormat === 2 ? host.identity.operatorNumber : host.identity.operatorName;
  exchange.info(radio.isRegistered ? `+COPS: 0,${settings.operatorFormat},"${name}"` : '+COPS: 0');
  return OK;
}

/** Mode 3 sets the format only; 2 leaves the network; 0, 1 and 4 register, which may take two minutes. */
function writeOperator(exchange: Exchange): Result | undefined {
  const { session, args } = exchange;
  const mode = wholeNumber(args[0], 0, 4);
  const format = args.length > 1 ? wholeNumber(args[1], 0, 2) : session.settings.operatorFormat;
  if (mode === undefined || format === undefined || args.length > 3) return ERROR;
  session.set('operatorFormat', format);
  if (mode === 3) return OK;
  if (mode === 2) {
    session.bearer.lose();
    session.radio.stop();
    return OK;
  }
  if (session.radio.isRegistered) return OK;
  session.radio.start();
  session.later(
    () => exchange.finish(session.radio.isRegistered ? OK : cme(30)),
    session.timing.registerMs[1] + session.timing.answerMs[1],
  );
  return undefined;
}

function writeFunctionality(exchange: Exchange): Result | undefined {
  const { session, args } = exchange;
  const level = wholeNumber(args[0], 0, 4);
  const reset = args.length > 1 ? wholeNumber(args[1], 0, 1) : 0;
  if (level === undefined || !FUNCTIONALITY.includes(level) || reset === undefined) return ERROR;
  if (reset === 1) return restart(exchange, level);
  const isForbidden =
    level !== 1 && session.settings.functionality !== 1 && level !== session.settings.functionality;
  if (isForbidden) return cme(3);
  applyFunctionality(session, level, () => exchange.finish(OK));
  return undefined;
}

/** Section 3.2.42: some versions answer only after the restart, and only at a fixed rate. */
function restart({ session }: Exchange, level: number): Result | undefined {
  if (level === 0) return ERROR;
  session.host.store.keepOne('functionality', level);
  const isLate = session.dialect.restartOk === 'after';
  session.later(() => {
    session.terminal.notice('+CPIN: NOT READY');
    session.later(() => session.host.restart(isLate && session.settings.baud > 0), RESTART_MS);
  }, session.draw(session.timing.closeMs));
  return isLate ? undefined : OK;
}

function writeClock({ session, args, isQuoted }: Exchange): Result {
  return isQuoted[0] && args.length === 1 && session.moduleClock.set(args[0]!) ? OK : ERROR;
}

/** Battery share shown for a supply: a straight line from 3.4 V to 4.2 V. */
function readBattery(exchange: Exchange): Result {
  const millivolts = exchange.session.host.supplyMillivolts();
  const percent = Math.round(Math.min(100, Math.max(1, (millivolts - 3_400) / 8)));
  exchange.info(`+CBC: 0,${percent},${millivolts}`);
  return OK;
}

export const NETWORK_COMMANDS: CommandTable = {
  '+CIMI': { section: '3.2.15', test: '', needsCard: true, execute: tells(({ card }) => card.imsi) },
  '+CMEE': { section: '3.2.20', setting: { name: 'errorMode', low: 0, high: 2 } },
  '+COPS': {
    section: '3.2.22',
    test: ({ host: { identity } }) =>
      `(2,"${identity.operatorName}","${identity.operatorName}","${identity.operatorNumber}"),,(0-4),(0-2)`,
    needsCard: true,
    read: readOperator,
    write: writeOperator,
  },
  '+CPAS': { section: '3.2.23', test: '(0,2,3,4)', execute: tells(() => '+CPAS: 0') },
  '+CPIN': { section: '3.2.28', test: '', read: readPin, write: writePin },
  '+CREG': {
    section: '3.2.32',
    setting: { name: 'registrationNotices', low: 0, high: 2 },
    read: readRegistration,
  },
  '+CSQ': { section: '3.2.35', test: '(0-31,99),(0-7,99)', execute: readSignal },
  '+CFUN': {
    section: '3.2.42',
    test: '(0,1,4),(0,1)',
    read: tells(({ settings }) => `+CFUN: ${settings.functionality}`),
    write: writeFunctionality,
  },
  '+CCLK': {
    section: '3.2.43',
    test: '',
    read: tells(({ moduleClock }) => `+CCLK: "${moduleClock.text}"`),
    write: writeClock,
  },
  '+CBC': { section: '3.2.52', test: '(0-2),(1-100),(voltage)', execute: readBattery },
};
