/**
 * Commands of 3GPP TS 27.007: card, signal, registration, operator, functionality, clock.
 * Source: SIM800 Series AT Command Manual V1.09, chapter 3.
 */
import { wholeNumber } from '../command-line';
import type { CommandTable, Exchange } from '../command-table';
import { REGISTRATION } from '../radio';
import { cme, ERROR, OK, type Result } from '../result';
import type { Session } from '../session';
import { applyFunctionality } from '../functionality';

function readPin(exchange: Exchange): Result {
  const { card } = exchange.session;
  const { state } = card;
  if (state === 'pin' || state === 'puk') exchange.info(`+CPIN: SIM ${state.toUpperCase()}`);
  else if (state === 'ready') exchange.info('+CPIN: READY');
  else return card.refusal()!;
  return OK;
}

function writePin(exchange: Exchange): Result {
  const { session, args } = exchange;
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
  const { radio, host } = exchange.session;
  exchange.info(radio.isRegistered ? `+COPS: 0,0,"${host.identity.operatorName}"` : '+COPS: 0');
  return OK;
}

function writeOperator(exchange: Exchange): Result | undefined {
  const { session, args } = exchange;
  const mode = wholeNumber(args[0], 0, 4);
  if (mode === undefined) return ERROR;
  if (mode === 2) session.radio.stop();
  else if (!session.radio.isRegistered) session.radio.start();
  if (mode !== 0 || session.radio.stat === REGISTRATION.none) return OK;
  session.later(
    () => exchange.finish(session.radio.isRegistered ? OK : cme(30)),
    session.timing.registerMs[1] + 1,
  );
  return undefined;
}

function readFunctionality(exchange: Exchange): Result {
  exchange.info(`+CFUN: ${exchange.session.settings.functionality}`);
  return OK;
}

function writeFunctionality(exchange: Exchange): Result | undefined {
  const { session, args } = exchange;
  const level = wholeNumber(args[0], 0, 4);
  const reset = args.length > 1 ? wholeNumber(args[1], 0, 1) : 0;
  if (level === undefined || ![0, 1, 4].includes(level) || reset === undefined) return ERROR;
  if (reset === 1) {
    if (level !== 1) return ERROR;
    session.later(() => session.host.restart(), session.draw(session.timing.closeMs));
    return OK;
  }
  applyFunctionality(session, level, () => exchange.finish(OK));
  return undefined;
}

function readClock(exchange: Exchange): Result {
  exchange.info(`+CCLK: "${exchange.session.moduleClock.text}"`);
  return OK;
}

function writeClock({ session, args, isQuoted }: Exchange): Result {
  return isQuoted[0] && session.moduleClock.set(args[0]!) ? OK : ERROR;
}

function tellCard(text: (session: Session) => string): (exchange: Exchange) => Result {
  return (exchange) => {
    exchange.info(text(exchange.session));
    return OK;
  };
}

export const NETWORK_COMMANDS: CommandTable = {
  '+CFUN': { section: '3.2.18', test: '(0,1,4),(0,1)', read: readFunctionality, write: writeFunctionality },
  '+CIMI': { section: '3.2.13', test: '', needsCard: true, execute: tellCard(({ card }) => card.imsi) },
  '+CMEE': { section: '3.2.17', setting: { name: 'errorMode', low: 0, high: 2 } },
  '+COPS': {
    section: '3.2.22',
    test: '(2,"CHINA MOBILE","CMCC","46000"),,(0-4),(0-2)',
    needsCard: true,
    read: readOperator,
    write: writeOperator,
  },
  '+CPIN': { section: '3.2.28', test: '', read: readPin, write: writePin },
  '+CREG': {
    section: '3.2.32',
    needsCard: true,
    setting: { name: 'registrationNotices', low: 0, high: 2 },
    read: readRegistration,
  },
  '+CSQ': { section: '3.2.35', test: '(0-31,99),(0-7,99)', execute: readSignal },
  '+CCLK': { section: '3.2.44', test: '', read: readClock, write: writeClock },
};
