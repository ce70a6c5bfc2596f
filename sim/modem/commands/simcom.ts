/**
 * SIMCom's own commands: power, card number, network time, initial notices, supply texts; and the two settings of
 * messages that other people's drivers make before anything else.
 * Source: SIM800 Series AT Command Manual V1.09, chapters 3, 4 and 6; AT+CBATCHK is newer (V1.10 on).
 */
import { wholeNumber } from '../command-line';
import { tells, type CommandTable, type Exchange } from '../command-table';
import { ERROR, NONE, OK, type Result } from '../result';

/** 1: orderly, with a text and no OK; 0: at once, without a word. */
function powerDown({ session, args }: Exchange): Result {
  const mode = args.length === 1 ? wholeNumber(args[0], 0, 1) : undefined;
  if (mode === undefined) return ERROR;
  session.later(
    () => session.host.switchOff(mode === 0),
    mode === 0 ? 0 : session.draw(session.timing.closeMs),
  );
  return NONE;
}

const CHARACTER_SETS = ['IRA', 'GSM', 'UCS2', 'HEX', 'PCCP', 'PCDN', '8859-1'];

function setCharacterSet({ session, args }: Exchange): Result {
  const place = args.length === 1 ? CHARACTER_SETS.indexOf(args[0]!.toUpperCase()) : -1;
  if (place < 0) return ERROR;
  session.set('characterSet', place);
  return OK;
}

export const SIMCOM_COMMANDS: CommandTable = {
  '+CSCS': {
    section: '3.2.12',
    test: `("${CHARACTER_SETS.join('","')}")`,
    read: tells(({ settings }) => `+CSCS: "${CHARACTER_SETS[settings.characterSet]!}"`),
    write: setCharacterSet,
  },
  '+CMGF': { section: '4.2.2', setting: { name: 'messageFormat', low: 0, high: 1 } },
  '+CPOWD': { section: '6.2.2', test: '(0,1)', write: powerDown },
  '+SPIC': { section: '6.2.3', execute: tells(({ card }) => `+SPIC: ${card.attemptsLeft}`) },
  '+CLTS': {
    section: '6.2.12',
    test: '"yy/MM/dd,hh:mm:ss+/-zz"',
    setting: { name: 'timestamp', low: 0, high: 1 },
  },
  '+CSPN': {
    section: '6.2.15',
    needsCard: true,
    read: tells(({ host }) => `+CSPN: "${host.identity.operatorName}",0`),
  },
  '+CSCLK': { section: '6.2.20', setting: { name: 'slowClock', low: 0, high: 2 } },
  '+CCID': {
    section: '6.2.23',
    test: '',
    needsCard: true,
    execute: tells(({ card, dialect }) => `${dialect.hasCardPrefix ? '+CCID: ' : ''}${card.iccid}`),
  },
  '+CIURC': { section: '6.2.33', setting: { name: 'initNotices', low: 0, high: 1 } },
  '+CCALR': {
    section: '6.2.38',
    test: '',
    read: tells(({ radio }) => `+CCALR: ${radio.isRegistered ? 1 : 0}`),
  },
  '+CBATCHK': { section: 'V1.10', setting: { name: 'batteryCheck', low: 0, high: 1 } },
};
