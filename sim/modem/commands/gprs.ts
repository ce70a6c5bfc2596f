/**
 * GPRS attachment and registration. Source: SIM800 Series AT Command Manual V1.09, chapter 7.
 */
import { wholeNumber } from '../command-line';
import type { CommandTable, Exchange } from '../command-table';
import { ERROR, OK, type Result } from '../result';

function readAttachment(exchange: Exchange): Result {
  exchange.info(`+CGATT: ${exchange.session.radio.isAttached ? 1 : 0}`);
  return OK;
}

function writeAttachment(exchange: Exchange): Result | undefined {
  const { session, args } = exchange;
  const state = args.length === 1 ? wholeNumber(args[0], 0, 1) : undefined;
  if (state === undefined) return ERROR;
  if (state === 1) {
    session.radio.attach((result) => exchange.finish(result));
  } else {
    session.later(() => {
      session.radio.detach();
      exchange.finish(OK);
    }, session.draw(session.timing.attachCommandMs));
  }
  return undefined;
}

function readPacketRegistration(exchange: Exchange): Result {
  const { radio, settings } = exchange.session;
  const mode = settings.packetNotices;
  exchange.info(`+CGREG: ${mode},${radio.packetStat}${radio.place(mode, radio.packetStat)}`);
  return OK;
}

export const GPRS_COMMANDS: CommandTable = {
  '+CGATT': {
    section: '7.2.1',
    test: '(0,1)',
    needsCard: true,
    read: readAttachment,
    write: writeAttachment,
  },
  '+CGREG': {
    section: '7.2.11',
    needsCard: true,
    setting: { name: 'packetNotices', low: 0, high: 2 },
    read: readPacketRegistration,
  },
};
