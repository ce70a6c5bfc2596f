/**
 * SIMCom's own commands: power, battery, card number, network time.
 * Source: SIM800 Series AT Command Manual V1.09, chapter 6; battery of 3GPP 27.007 is 3.2.42 (AT+CBC).
 */
import { wholeNumber } from '../command-line';
import type { CommandTable, Exchange, Handler } from '../command-table';
import { ERROR, NONE, OK, type Result } from '../result';

/** Battery share shown for a supply, a straight line from 3.4 V to 4.2 V. */
function readBattery(exchange: Exchange): Result {
  const millivolts = exchange.session.host.supplyMillivolts();
  const percent = Math.round(Math.min(100, Math.max(0, (millivolts - 3_400) / 8)));
  exchange.info(`+CBC: 0,${percent},${millivolts}`);
  return OK;
}

function readCardNumber(exchange: Exchange): Result {
  const { card, dialect } = exchange.session;
  exchange.info(`${dialect.hasCardPrefix ? '+CCID: ' : ''}${card.iccid}`);
  return OK;
}

/** 1: orderly, with a text and no OK; 0: at once, without a word. */
function powerDown({ session, args }: Exchange): Result {
  const mode = wholeNumber(args[0], 0, 1);
  if (mode === undefined) return ERROR;
  session.later(
    () => session.host.switchOff(mode === 0),
    mode === 0 ? 0 : session.draw(session.timing.closeMs),
  );
  return NONE;
}

const accepted: Handler = () => OK;

export const SIMCOM_COMMANDS: CommandTable = {
  '+CPOWD': { section: '6.2.2', test: '(0,1)', write: powerDown },
  '+CBATCHK': { section: '6.2.68', setting: { name: 'batteryCheck', low: 0, high: 1 } },
  '+CBC': { section: '3.2.42', test: '(0-2),(1-100),(voltage)', execute: readBattery },
  '+CCID': { section: '6.2.23', test: '', needsCard: true, execute: readCardNumber },
  '+CLTS': { section: '6.2.24', setting: { name: 'timestamp', low: 0, high: 1 } },
  '+CIURC': { section: '6.2.40', setting: { name: 'initNotices', low: 0, high: 1 } },
  '+CSCLK': { section: '6.2.35', test: '(0-2)', write: accepted },
};
