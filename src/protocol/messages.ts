/**
 * Messages between device and server (docs/link-protocol.md, "Messages"): JSON arrays whose first element is
 * the type. Free text (goods, reasons, log lines) is UTF-8 in base64, because interpreters differ in how they
 * read bytes above 0x7F in JSON; everything else is ASCII.
 * One table of layouts for both directions; the server validates further, the device checks with this alone.
 */

/**
 * Layout of each message after its type: `name:kind`. Kinds: `u` = integer from 0 to 2^53 - 1, `s` = string of
 * at most MAX_STRING_BYTES, `b` = the same in base64, `a` = array, `o` = object.
 */
export const UP_LAYOUTS: { readonly [type: string]: string } = {
  hi: 'uptimeMs:u firmware:s board:s imei:s iccid:s reset:u csq:u lastOrder:u settingsVersion:u open:a',
  pay: 'n:u amountFen:u channel:u ttlS:u reference:s goods:b',
  ask: 'n:u',
  cancel: 'n:u',
  got: 'n:u',
  end: 'n:u state:u reason:u text:b',
  back: 'n:u reason:u text:b',
  ping: 'uptimeMs:u csq:u registration:u',
  log: 'left:u text:b',
  open: 'window:u',
  credit: 'bytes:u',
  shut: 'reason:u',
};

export const DOWN_LAYOUTS: { readonly [type: string]: string } = {
  ho: 'uptimeMs:u serverMs:u lastOrder:u',
  code: 'n:u url:s leftS:u',
  no: 'n:u reason:u text:b',
  state: 'n:u state:s',
  grant: 'n:u outTradeNo:s amountFen:u channel:u deadlineMs:u',
  fin: 'n:u state:u reason:u',
  pong: 'uptimeMs:u serverMs:u',
  set: 'version:u settings:o',
  log: 'n:u count:u',
  open: 'window:u',
  credit: 'bytes:u',
  shut: 'reason:u',
};

export const MAX_STRING_BYTES = 512;

/** A message as it came: type and fields, checked against a layout. */
export type Message = readonly [string, ...unknown[]];

const CHECKS: { [kind: string]: (value: unknown) => boolean } = {
  u: (value) =>
    typeof value === 'number' && value >= 0 && value <= 9007199254740991 && Math.floor(value) === value,
  s: (value) => typeof value === 'string' && value.length <= MAX_STRING_BYTES,
  b: (value) =>
    typeof value === 'string' && value.length <= MAX_STRING_BYTES && /^[A-Za-z0-9+\/]*=*$/.test(value),
  a: (value) => Array.isArray(value),
  o: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** Reads a message; undefined for anything that is not one of `layouts`, field by field. */
export function decodeMessage(
  layouts: { readonly [type: string]: string },
  text: string,
): Message | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(message) || typeof message[0] !== 'string') return undefined;
  const layout = layouts[message[0]];
  if (typeof layout !== 'string') return undefined;
  const fields = layout.split(' ');
  if (message.length !== fields.length + 1) return undefined;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!;
    if (!CHECKS[field.substr(-1)]!(message[index + 1])) return undefined;
  }
  return message as unknown as Message;
}
