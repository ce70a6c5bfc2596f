/**
 * AT+CIPSEND: prompt, payload of fixed or free length, and the result that AT+CIPQSEND chooses.
 * Source: SIM800 Series AT Command Manual V1.09, sections 8.2.3, 8.2.4, 8.2.16 (CIPATS), 8.2.17 (CIPSPRT).
 * Invariant: SEND OK comes only after the peer's TCP acknowledged every byte.
 */
import { wholeNumber } from '../command-line';
import type { Exchange } from '../command-table';
import type { Link } from '../link';
import { LINK_COUNT } from '../links';
import { linkPlace, linkText } from '../notices';
import { cme, ERROR, NONE, OK, type Result } from '../result';
import type { Session } from '../session';

/** Between `>` and its space when a fault parts them. */
const SPLIT_PROMPT_MS = 200;

interface SendRequest {
  link: Link;
  byteCount: number | undefined;
}

export function sendTest({ settings }: Session): string {
  return settings.multiLink ? '(0-5),<length>' : '<length>';
}

/** AT+CIPSEND[=length], or =n[,length] with several links. */
function request({ session, args, form }: Exchange): SendRequest | undefined {
  const isMulti = session.settings.multiLink === 1;
  if (form === 'execute') return isMulti ? undefined : { link: session.links.get(0), byteCount: undefined };
  const index = isMulti ? wholeNumber(args[0], 0, LINK_COUNT - 1) : 0;
  const lengthText = args[isMulti ? 1 : 0];
  if (index === undefined || args.length > (isMulti ? 2 : 1)) return undefined;
  const link = session.links.get(index);
  if (lengthText === undefined) return { link, byteCount: undefined };
  const byteCount = wholeNumber(lengthText, 1, link.canSend ? link.sendRoom : Infinity);
  return byteCount === undefined ? undefined : { link, byteCount };
}

export function send(exchange: Exchange): Result | undefined {
  const { session } = exchange;
  const sending = request(exchange);
  if (!sending) return ERROR;
  if (!sending.link.canSend) return session.wrongState();
  if (sending.link.sendRoom === 0) return ERROR;
  if (session.takeFault('send-refused')) return cme(3);
  session.later(() => openPrompt(exchange, sending), session.draw(session.timing.promptMs));
  return undefined;
}

function openPrompt(exchange: Exchange, { link, byteCount }: SendRequest): void {
  const { session } = exchange;
  if (!link.canSend) {
    exchange.finish(session.wrongState());
    return;
  }
  if (session.takeFault('no-prompt')) {
    exchange.finish(NONE);
    return;
  }
  if (session.settings.prompt === 1) writePrompt(session);
  session.terminal.collectPayload({
    byteCount,
    mostBytes: link.sendRoom,
    onPayload: (bytes) => {
      session.clock.clearTimer(timer);
      transmit(exchange, link, bytes);
    },
    onCancel: () => {
      session.clock.clearTimer(timer);
      exchange.finish(OK);
    },
  });
  const { autoSend, autoSendS } = session.settings;
  const isTimed = autoSend === 1 && byteCount === undefined;
  const timer = isTimed ? session.later(() => session.terminal.endPayload(), autoSendS * 1_000) : undefined;
  session.emit('prompt');
}

function writePrompt(session: Session): void {
  const gapMs = session.takeFault('split-prompt') ? SPLIT_PROMPT_MS : session.dialect.promptGapMs;
  session.terminal.prompt(gapMs === 0 ? '\r\n> ' : '\r\n>');
  if (gapMs > 0) session.later(() => session.terminal.prompt(' '), gapMs);
}

function transmit(exchange: Exchange, link: Link, bytes: Buffer): void {
  const { session } = exchange;
  session.emit('payload');
  const isLost = session.takeFault('send-fail');
  if (isLost || link.state !== 'CONNECTED') {
    finish(exchange, linkText(link, 'SEND FAIL'));
    return;
  }
  link.send(bytes);
  if (session.takeFault('send-fail-delivered')) {
    finish(exchange, linkText(link, 'SEND FAIL'));
  } else if (session.settings.quickSend) {
    finish(exchange, `DATA ACCEPT:${linkPlace(link)}${bytes.length}`);
  } else {
    awaitAcknowledgement(exchange, link);
  }
}

function awaitAcknowledgement(exchange: Exchange, link: Link): void {
  link.onProgress = () => {
    const isAcknowledged = link.ackedBytes >= link.sentBytes;
    if (!isAcknowledged && link.state !== 'CLOSED') return;
    link.onProgress = undefined;
    finish(exchange, linkText(link, isAcknowledged ? 'SEND OK' : 'SEND FAIL'));
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
    if (!link.canSend) return session.wrongState();
    exchange.info(`+CIPSEND: ${link.sendRoom}`);
    return OK;
  }
  for (const link of session.links.all) {
    exchange.info(`+CIPSEND: ${link.index},${link.canSend ? link.sendRoom : 0}`);
  }
  return OK;
}
