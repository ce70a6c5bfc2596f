/**
 * Messages between device and server (docs/link-protocol.md, "Messages"): JSON arrays whose first element is
 * the type. Free text (goods, reasons, log lines) is UTF-8 in base64, because interpreters differ in how they
 * read bytes above 0x7F in JSON; everything else is ASCII.
 * One table of layouts for both directions; the server validates further, the device checks with this alone.
 */

/**
 * Kinds of the fields of each message behind its type, as one text (`;type=kinds`), because a table would take
 * thirty JsVars; names and meaning are in docs/link-protocol.md. `u` = integer from 0 to 2^53 - 1, `s` = string of
 * at most MAX_STRING_BYTES, `b` = the same in base64, `a` = array, `o` = object.
 */
export const UP_KINDS =
  ';hi=ussssuuuua;pay=uuuusb;ask=u;cancel=u;got=u;end=uuub;back=uub;ping=uuu;log=ub;open=u;credit=u;shut=u;';

export const DOWN_KINDS =
  ';ho=uuu;code=usu;no=uub;state=us;grant=usuuu;fin=uuu;pong=uu;set=uo;log=uu;open=u;credit=u;shut=u;';

export const MAX_STRING_BYTES = 512;

/** A message as it came: type and fields, checked against a layout. */
export type Message = readonly [string, ...unknown[]];

function isField(kind: string, value: unknown): boolean {
  if (kind === 'u') {
    return (
      typeof value === 'number' && value >= 0 && value <= 9007199254740991 && Math.floor(value) === value
    );
  }
  if (kind === 'a') return Array.isArray(value);
  if (kind === 'o') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (typeof value !== 'string' || value.length > MAX_STRING_BYTES) return false;
  return kind === 's' || /^[A-Za-z0-9+\/]*=*$/.test(value);
}

/** Reads a message; undefined for anything that is not one of `kindsByType`, field by field. */
export function decodeMessage(kindsByType: string, text: string): Message | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(message) || typeof message[0] !== 'string') return undefined;
  const head = ';' + message[0] + '=';
  const at = kindsByType.indexOf(head) + head.length;
  if (at < head.length) return undefined;
  const kinds = kindsByType.substring(at, kindsByType.indexOf(';', at));
  if (message.length !== kinds.length + 1) return undefined;
  for (let index = 0; index < kinds.length; index++) {
    if (!isField(kinds[index]!, message[index + 1])) return undefined;
  }
  return message as unknown as Message;
}
