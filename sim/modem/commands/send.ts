/**
 * AT+CIPSEND: prompt, payload of fixed or free length, and the result that AT+CIPQSEND chooses.
 * Source: SIM800 Series AT Command Manual V1.09, sections 8.2.3, 8.2.4 and 8.2.17 (CIPSPRT).
 * Invariant: SEND OK comes only after the peer's TCP acknowledged every byte.
 */
import { wholeNumber } from '../command-line';
import type { Exchange } from '../command-table';
import type { Link } from '../link';
import { LINK_COUNT } from '../links';
import { ERROR, NONE, OK, type Result } from '../result';

interface SendRequest {
  link: Link;
  byteCount: number | undefined;
}

/** AT+CIPSEND[=length], or =n[,length] with several links. */
function request({ session, args, form }: Exchange): SendRequest | undefined {
  const isMulti = session.settings.multiLink === 1;
  if (form === 'execute') return isMulti ? undefined : { link: session.links.get(0), byteCount: undefined };
  const index = isMulti ? wholeNumber(args[0], 0, LINK_COUNT - 1) : 0;
  const lengthText = args[isMulti ? 1 : 0];
  if (index === undefined || args.length > (isMulti ? 2 : 1)) return undefined;
  const link = session.links.get(index);
  if (lengthText === undefined && isMulti) return { link, byteCount: undefined };
  const byteCount = wholeNumber(lengthText, 1, link.sendRoom);
  return byteCount === undefined ? undefined : { link, byteCount };
}

function canSend(link: Link): boolean {
  return link.state === 'CONNECTED' || link.state === 'REMOTE CLOSING';
}

export function send(exchange: Exchange): Result | undefined {
  const { session } = exchange;
  const sending = request(exchange);
  if (!sending) return ERROR;
  if (!canSend(sending.link)) return session.wrongState();
  if (sending.link.sendRoom === 0) return ERROR;
  session.later(() => openPrompt(exchange, sending), session.draw(session.timing.promptMs));
  return undefined;
}

function openPrompt(exchange: Exchange, { link, byteCount }: SendRequest): void {
  const { session } = exchange;
  if (!canSend(link)) {
    exchange.finish(session.wrongState());
    return;
  }
  if (session.settings.prompt === 1) writePrompt(exchange);
  session.terminal.collectPayload({
    byteCount,
    mostBytes: link.sendRoom,
    onPayload: (bytes) => transmit(exchange, link, bytes),
    onCancel: () => exchange.finish(OK),
  });
  session.emit('prompt');
}

function writePrompt({ session }: Exchange): void {
  const { terminal, dialect } = session;
  if (dialect.promptGapMs === 0) {
    terminal.prompt('\r\n> ');
    return;
  }
  terminal.prompt('\r\n>');
  session.later(() => terminal.prompt(' '), dialect.promptGapMs);
}

function transmit(exchange: Exchange, link: Link, bytes: Buffer): void {
  const { session } = exchange;
  session.emit('payload');
  if (link.state !== 'CONNECTED') {
    finish(exchange, link.label('SEND FAIL'));
    return;
  }
  link.send(bytes);
  if (session.settings.quickSend) {
    const place = session.settings.multiLink ? `${link.index},` : '';
    finish(exchange, `DATA ACCEPT:${place}${bytes.length}`);
  } else {
    awaitAcknowledgement(exchange, link);
  }
}

function awaitAcknowledgement(exchange: Exchange, link: Link): void {
  link.onProgress = () => {
    const isAcknowledged = link.ackedBytes >= link.sentBytes;
    if (!isAcknowledged && link.state !== 'CLOSED') return;
    link.onProgress = undefined;
    finish(exchange, link.label(isAcknowledged ? 'SEND OK' : 'SEND FAIL'));
  };
  link.onProgress();
}

/** AT+CIPSPRT=2 keeps the result to itself. */
function finish(exchange: Exchange, text: string): void {
  if (exchange.session.settings.prompt !== 2) exchange.info(text);
  exchange.session.emit('sent');
  exchange.finish(NONE);
}

/** AT+CIPSEND?: how many bytes may be sent now. */
export function readSendRoom(exchange: Exchange): Result {
  const { session } = exchange;
  if (!session.settings.multiLink) {
    const link = session.links.get(0);
    if (!canSend(link)) return session.wrongState();
    exchange.info(`+CIPSEND: ${link.sendRoom}`);
    return OK;
  }
  for (const link of session.links.all)
    exchange.info(`+CIPSEND: ${link.index},${canSend(link) ? link.sendRoom : 0}`);
  return OK;
}
