/**
 * How the module spells what belongs to a link: its number before a text, the news of data, and data that goes
 * straight to the host.
 * Source: SIM800 Series AT Command Manual V1.09, sections 8.2.15 (CIPHEAD), 8.2.20 (CIPSRIP), 8.2.24
 * (CIPSHOWTP), 8.2.26 (CIPRXGET), 19.3.
 */
import type { Link } from './link';

/** `0, CLOSED` with several links, `CLOSED` with one. */
export function linkText(link: Link, text: string): string {
  const { settings, dialect } = link.session;
  return settings.multiLink ? `${link.index}${dialect.linkSeparator}${text}` : text;
}

/** `0,` with several links, nothing with one. */
export function linkPlace(link: Link): string {
  return link.session.settings.multiLink ? `${link.index},` : '';
}

/** `,ip:port` when AT+CIPSRIP=1. */
export function sourceOf(link: Link): string {
  return link.session.settings.showSource ? `,${link.address}:${link.port}` : '';
}

/** The news that data waits to be read. */
export function noticeData(link: Link): void {
  const { settings, terminal } = link.session;
  terminal.notice(`+CIPRXGET: 1${settings.multiLink ? `,${link.index}` : ''}${sourceOf(link)}`);
}

/** AT+CIPRXGET=0: bytes go straight to the host, at most `mostBytes` behind one head. */
export function outputData(link: Link, bytes: Buffer, mostBytes: number): void {
  const { settings, terminal } = link.session;
  for (let at = 0; at < bytes.length; at += mostBytes) {
    const part = bytes.subarray(at, at + mostBytes);
    if (settings.multiLink) {
      terminal.notice(`+RECEIVE,${link.index},${part.length}${sourceOf(link)}:`);
    } else {
      if (settings.showSource) terminal.notice(`+RECV FROM:${link.address}:${link.port}`);
      const protocol = settings.showProtocol ? ',TCP' : '';
      if (settings.ipHeader) terminal.prompt(`\r\n+IPD,${part.length}${protocol}:`);
    }
    terminal.data(part);
  }
}
