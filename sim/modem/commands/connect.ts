/**
 * Opening and closing a connection: AT+CIPSTART and AT+CIPCLOSE, whose outcome comes after or instead of OK.
 * After CLOSED a link may be opened again without AT+CIPSHUT, as firmware allows and drivers rely on.
 * Source: SIM800 Series AT Command Manual V1.09, sections 8.2.2 and 8.2.6.
 */
import { wholeNumber } from '../command-line';
import type { Exchange } from '../command-table';
import type { Link } from '../link';
import { LINK_COUNT } from '../links';
import { linkText } from '../notices';
import { ERROR, NONE, OK, type Result } from '../result';
import type { Session } from '../session';

interface Destination {
  link: Link;
  host: string;
  port: number;
}

export function startTest({ settings }: Session): string {
  const place = settings.multiLink ? '(0-5),' : '';
  const address = '("(0-255).(0-255).(0-255).(0-255)")';
  return [address, '("DOMAIN NAME")']
    .map((host) => `${place}("TCP","UDP"),${host},(0-65535)`)
    .join('\r\n+CIPSTART: ');
}

/** `[n,]"TCP","host",port`; the port may stand in quotes. */
function destination({ session, args }: Exchange): Destination | undefined {
  const isMulti = session.settings.multiLink === 1;
  if (args.length !== (isMulti ? 4 : 3)) return undefined;
  const index = isMulti ? wholeNumber(args[0], 0, LINK_COUNT - 1) : 0;
  const [mode, host, portText] = args.slice(isMulti ? 1 : 0);
  const port = wholeNumber(portText, 1, 65_535);
  if (index === undefined || mode?.toUpperCase() !== 'TCP' || !host || port === undefined) return undefined;
  return { link: session.links.get(index), host, port };
}

/** One link: IP INITIAL (the module brings the context up by itself) or from IP STATUS on; several: from there. */
function isAllowed(session: Session): boolean {
  const { phase } = session.bearer;
  return phase === 'STATUS' || (phase === 'INITIAL' && session.settings.multiLink === 0);
}

export function startLink(exchange: Exchange): Result | undefined {
  const { session } = exchange;
  const target = destination(exchange);
  if (!target) return ERROR;
  const { link } = target;
  if (!isAllowed(session)) return session.wrongState();
  if (link.state !== 'INITIAL' && link.state !== 'CLOSED') return alreadyConnected(session, link);
  session.later(() => open(session, target), 0);
  return OK;
}

/** The module says ERROR (or OK) and then why. */
function alreadyConnected(session: Session, link: Link): Result {
  const first = session.dialect.beforeAlreadyConnect;
  if (first !== '') session.terminal.result(first === 'OK' ? OK : ERROR);
  session.terminal.info(linkText(link, 'ALREADY CONNECT'));
  return NONE;
}

function open(session: Session, target: Destination): void {
  const { bearer } = session;
  if (bearer.phase === 'STATUS') {
    connect(session, target);
    return;
  }
  if (bearer.phase !== 'INITIAL') return;
  bearer.start(bearer.accessPoint);
  bearer.activate((result) => {
    if (result.kind === 'ok' && bearer.readAddress() !== undefined) connect(session, target);
    else tellFailure(session, target.link);
  });
}

function connect(session: Session, { link, host, port }: Destination): void {
  if (link.state !== 'INITIAL' && link.state !== 'CLOSED') return;
  link.connect(host, port, {
    onOpen: () => session.terminal.notice(linkText(link, 'CONNECT OK')),
    onFail: () => tellFailure(session, link),
  });
}

function tellFailure(session: Session, link: Link): void {
  if (!session.settings.multiLink) session.terminal.notice(`STATE: ${session.links.ipState}`);
  session.terminal.notice(linkText(link, 'CONNECT FAIL'));
}

/** `AT+CIPCLOSE`, `AT+CIPCLOSE=n` with one link; `=id[,n]` with several. n: 0 slow, 1 quick. */
export function closeLink(exchange: Exchange): Result | undefined {
  const { session, args, form } = exchange;
  const isMulti = session.settings.multiLink === 1;
  if (isMulti && form === 'execute') return ERROR;
  const index = isMulti ? wholeNumber(args[0], 0, LINK_COUNT - 1) : 0;
  const mode = args[isMulti ? 1 : 0];
  if (index === undefined || args.length > (isMulti ? 2 : 1)) return ERROR;
  if (mode !== undefined && wholeNumber(mode, 0, 1) === undefined) return ERROR;
  const link = session.links.get(index);
  if (!link.canSend && link.state !== 'CONNECTING') return session.wrongState();
  link.state = 'CLOSING';
  session.later(
    () => {
      link.close();
      exchange.info(linkText(link, 'CLOSE OK'));
      exchange.finish(NONE);
    },
    mode === '1' ? 0 : session.draw(session.timing.closeMs),
  );
  return undefined;
}
