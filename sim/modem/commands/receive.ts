/**
 * AT+CIPRXGET: received bytes are kept until the host asks, as bytes or hex.
 * Source: SIM800 Series AT Command Manual V1.09, section 8.2.26. The numbers of modes 2 and 3 are what was
 * handed out and what remains, as firmware sends them (the manual's own names for them mislead).
 * Invariant: the second number of modes 2 and 3 is what remains after the read.
 */
import { wholeNumber } from '../command-line';
import type { Exchange } from '../command-table';
import { MOST_SEND_BYTES, type Link } from '../link';
import { LINK_COUNT } from '../links';
import { linkPlace, sourceOf } from '../notices';
import { ERROR, OK, type Result } from '../result';
import type { Session } from '../session';

/** Largest read of modes 2 (bytes) and 3 (hex). */
const MOST_READ_BYTES: Readonly<Record<number, number>> = { 2: MOST_SEND_BYTES, 3: MOST_SEND_BYTES / 2 };

export function receiveTest({ settings }: Session): string {
  return settings.multiLink ? '(0-4),(0-5),(1-1460)' : '(0-4),(1-1460)';
}

export function readReceive(exchange: Exchange): Result {
  exchange.info(`+CIPRXGET: ${exchange.session.settings.manualReceive}`);
  return OK;
}

export function writeReceive(exchange: Exchange): Result {
  const { session, args } = exchange;
  const mode = wholeNumber(args[0], 0, 4);
  if (mode === undefined) return ERROR;
  if (mode <= 1) return setMode(exchange, mode);
  if (!session.settings.manualReceive) return session.wrongState();
  const isMulti = session.settings.multiLink === 1;
  const index = isMulti ? wholeNumber(args[1], 0, LINK_COUNT - 1) : 0;
  if (index === undefined) return ERROR;
  const link = session.links.get(index);
  const rest = args.slice(isMulti ? 2 : 1);
  if (link.state === 'INITIAL') return session.wrongState();
  return mode === 4 ? tellUnread(exchange, link, rest) : read(exchange, link, mode, rest);
}

/** Before the connection only. */
function setMode({ session, args }: Exchange, mode: number): Result {
  if (args.length > 1) return ERROR;
  const isOpen = session.links.all.some((link) => link.state !== 'INITIAL' && link.state !== 'CLOSED');
  if (isOpen) return session.wrongState();
  session.set('manualReceive', mode);
  return OK;
}

function tellUnread(exchange: Exchange, link: Link, rest: readonly string[]): Result {
  if (rest.length > 0) return ERROR;
  const { counterSpace } = exchange.session.dialect;
  exchange.info(`+CIPRXGET: 4,${counterSpace}${linkPlace(link)}${link.received.byteCount}`);
  return OK;
}

function read(exchange: Exchange, link: Link, mode: number, rest: readonly string[]): Result {
  const { session } = exchange;
  const wanted = wholeNumber(rest[0], 1, MOST_READ_BYTES[mode]!);
  if (wanted === undefined || rest.length !== 1) return ERROR;
  const bytes = link.read(wanted);
  const counts = `${linkPlace(link)}${bytes.length},${link.received.byteCount}`;
  exchange.info(`+CIPRXGET: ${mode},${counts}${sourceOf(link)}`);
  if (bytes.length > 0) {
    session.terminal.data(mode === 2 ? bytes : Buffer.from(bytes.toString('hex').toUpperCase(), 'latin1'));
    session.emit('read');
  }
  return OK;
}
