/**
 * GPRS attachment, registration, contexts for other uses, and the bearer of SIMCom's IP applications, which
 * drivers open beside the TCP/IP toolkit's own context.
 * Source: SIM800 Series AT Command Manual V1.09, chapters 7 and 9.
 */
import { wholeNumber } from '../command-line';
import { accepted, tells, type CommandTable, type Exchange } from '../command-table';
import { ERROR, OK, type Result } from '../result';

/** States of AT+SAPBR=2 (section 9.2.1). */
const BEARER_CONNECTED = 1;
const BEARER_CLOSED = 3;

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

/** Activating a context attaches first when needed (section 7.2.5). */
function writeContext(exchange: Exchange): Result | undefined {
  const { session, args } = exchange;
  const state = wholeNumber(args[0], 0, 1);
  if (state === undefined || (args.length > 1 && wholeNumber(args[1], 1, 3) === undefined)) return ERROR;
  if (state === 0) {
    session.applicationBearer = undefined;
    return OK;
  }
  session.radio.attach((result) => exchange.finish(result));
  return undefined;
}

function writeBearer(exchange: Exchange): Result | undefined {
  const { session, args } = exchange;
  const kind = wholeNumber(args[0], 0, 4);
  const profile = wholeNumber(args[1], 1, 3);
  if (kind === undefined || profile === undefined) return ERROR;
  if (kind === 3) return args.length === 4 ? OK : ERROR;
  if (kind === 4) return OK;
  if (kind === 2) {
    const address = session.applicationBearer;
    const state = address ? BEARER_CONNECTED : BEARER_CLOSED;
    exchange.info(`+SAPBR: ${profile},${state},"${address ?? '0.0.0.0'}"`);
    return OK;
  }
  return kind === 1 ? openBearer(exchange) : closeBearer(exchange);
}

function openBearer(exchange: Exchange): Result | undefined {
  const { session } = exchange;
  if (session.applicationBearer || !session.radio.isAttached) return ERROR;
  session.later(() => {
    if (session.radio.isAttached) session.applicationBearer = session.bearer.newAddress();
    exchange.finish(session.applicationBearer ? OK : ERROR);
  }, session.draw(session.timing.activateMs));
  return undefined;
}

function closeBearer({ session }: Exchange): Result {
  if (!session.applicationBearer) return ERROR;
  session.applicationBearer = undefined;
  return OK;
}

export const GPRS_COMMANDS: CommandTable = {
  '+CGATT': {
    section: '7.2.1',
    test: '(0,1)',
    needsCard: true,
    read: tells(({ radio }) => `+CGATT: ${radio.isAttached ? 1 : 0}`),
    write: writeAttachment,
  },
  '+CGDCONT': {
    section: '7.2.2',
    test: '(1..3),"IP",,,(0..2),(0..3)',
    read: tells(({ bearer }) => `+CGDCONT: 1,"IP","${bearer.accessPoint.apn}","0.0.0.0",0,0`),
    write: accepted,
  },
  '+CGACT': {
    section: '7.2.5',
    test: '(0,1)',
    needsCard: true,
    read: tells(({ applicationBearer }) => `+CGACT: 1,${applicationBearer ? 1 : 0}`),
    write: writeContext,
  },
  '+CGPADDR': {
    section: '7.2.7',
    test: '(1)',
    write: tells(({ bearer }) => `+CGPADDR: 1,"${bearer.address}"`),
  },
  '+CGCLASS': {
    section: '7.2.8',
    test: '("B","CG","CC")',
    read: tells(() => '+CGCLASS: "B"'),
    write: accepted,
  },
  '+CGREG': {
    section: '7.2.10',
    setting: { name: 'packetNotices', low: 0, high: 2 },
    read: readPacketRegistration,
  },
  '+SAPBR': {
    section: '9.2.1',
    test: '(0-4),(1-3),"ConParamTag","ConParamValue"',
    needsCard: true,
    write: writeBearer,
  },
};
