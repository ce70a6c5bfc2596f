/**
 * Host messages (docs/host-protocol.md, "Messages"): one layout table for every type, and one codec that walks
 * it. The module decodes what the host sends and encodes its own; the maker's library does the reverse.
 * Leaves framing to frame.ts and the meaning of values to payment/.
 * Invariant: decode(encode(x)) gives x, and decode refuses a payload with a byte too few or too many.
 */
import { readU16, readU32, u16, u32 } from './bytes';

export const enum HostType {
  Hello = 0x01,
  Pay = 0x02,
  Query = 0x03,
  Cancel = 0x04,
  Dispensed = 0x05,
  Failed = 0x06,
  Refund = 0x07,
  Relay = 0x08,
  SetSettings = 0x09,
  GetSettings = 0x0a,
  GetTime = 0x0b,
  GetSignal = 0x0c,
  GetLog = 0x0d,
  Provision = 0x0e,
  DtuOpen = 0x10,
  DtuData = 0x11,
  DtuCredit = 0x12,
  DtuClose = 0x13,
  Info = 0x41,
  Qr = 0x42,
  Status = 0x43,
  Settings = 0x46,
  Time = 0x47,
  Signal = 0x48,
  Log = 0x49,
  DtuOpened = 0x50,
  DtuReceived = 0x51,
  DtuGranted = 0x52,
  DtuClosed = 0x53,
  Ack = 0x7e,
  Nak = 0x7f,
}

/**
 * Layout of each payload: `name:kind` separated by spaces. Kinds: `1`, `2`, `4` = unsigned little-endian integer
 * of so many bytes; `s` = one length byte and that many bytes; `r` = all bytes that are left (last field only).
 */
export const HOST_LAYOUTS: { readonly [type: number]: string } = {
  0x01: 'version:1 name:s',
  0x02: 'amountFen:4 channel:1 ttlS:2 reference:s goods:s',
  0x03: 'order:4 reference:s',
  0x04: 'order:4',
  0x05: 'order:4',
  0x06: 'order:4 text:s',
  0x07: 'order:4 text:s',
  0x08: 'relay:1 count:1 onMs:2 offMs:2',
  0x09: 'json:r',
  0x0a: '',
  0x0b: '',
  0x0c: '',
  0x0d: 'order:4 count:1',
  0x0e: 'json:r',
  0x10: 'mode:1 port:2 address:s',
  0x11: 'data:r',
  0x12: 'credit:2',
  0x13: '',
  0x41: 'version:1 reset:1 link:1 openOrders:1 lastOrder:4 deviceId:s firmware:s board:s imei:s',
  0x42: 'order:4 channel:1 leftS:2 reference:s url:r',
  0x43: 'order:4 state:1 reason:1 amountFen:4 channel:1 leftS:2 reference:s',
  0x46: 'json:r',
  0x47: 'unixS:4 errorMs:4',
  0x48: 'link:1 csq:1 registration:1',
  0x49: 'left:1 text:r',
  0x50: 'mode:1 credit:2',
  0x51: 'data:r',
  0x52: 'credit:2',
  0x53: 'reason:1',
  0x7e: 'seq:1 type:1 order:4',
  0x7f: 'seq:1 type:1 reason:1 text:r',
};

/** A decoded payload: integers and binary strings by field name. */
export interface HostFields {
  [name: string]: number | string;
}

type Reader = (payload: string, at: number) => number | string;

/** Bytes that a field takes, by kind, read from where it stands. */
const WIDTHS: { [kind: string]: (payload: string, at: number) => number } = {
  '1': () => 1,
  '2': () => 2,
  '4': () => 4,
  s: (payload, at) => 1 + payload.charCodeAt(at),
  r: (payload, at) => payload.length - at,
};

const READERS: { [kind: string]: Reader } = {
  '1': (payload, at) => payload.charCodeAt(at),
  '2': readU16,
  '4': readU32,
  s: (payload, at) => payload.substr(at + 1, payload.charCodeAt(at)),
  r: (payload, at) => payload.substr(at),
};

const WRITERS: { [kind: string]: (value: never) => string } = {
  '1': (value: number) => String.fromCharCode(value),
  '2': u16,
  '4': u32,
  s: (value: string) => String.fromCharCode(value.length) + value,
  r: (value: string) => value,
};

/** Reads a payload of the given type; undefined when the type is unknown or the bytes do not fit the layout. */
export function decodeHost(type: number, payload: string): HostFields | undefined {
  const layout = HOST_LAYOUTS[type];
  if (layout === undefined) return undefined;
  const fields: HostFields = {};
  let at = 0;
  if (layout) {
    const parts = layout.split(' ');
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!;
      const kind = part.substr(-1);
      if (at >= payload.length && kind !== 'r') return undefined;
      const end = at + WIDTHS[kind]!(payload, at);
      if (!(end <= payload.length)) return undefined;
      fields[part.substr(0, part.length - 2)] = READERS[kind]!(payload, at);
      at = end;
    }
  }
  return at === payload.length ? fields : undefined;
}

/** Builds the payload of a message; the fields must be those of its layout and fit their widths. */
export function encodeHost(type: HostType, fields: HostFields): string {
  let payload = '';
  const layout = HOST_LAYOUTS[type]!;
  if (layout) {
    const parts = layout.split(' ');
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!;
      payload += WRITERS[part.substr(-1)]!(fields[part.substr(0, part.length - 2)] as never);
    }
  }
  return payload;
}

/** The well-formed sequences of Unicode 15, table 3-7, beyond ASCII. */
const UTF8_SEQUENCES =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf][\x80-\xbf]|[\xf1-\xf3][\x80-\xbf][\x80-\xbf][\x80-\xbf]|\xf4[\x80-\x8f][\x80-\xbf][\x80-\xbf]/g;

/**
 * Whether the bytes are printable, well-formed UTF-8: no control characters, no overlong forms, no surrogates.
 * Sequences cannot overlap (UTF-8 synchronises itself), so whatever is left after taking them out is wrong.
 */
export function isText(bytes: string): boolean {
  return /^[\x20-\x7e]*$/.test(bytes) || /^[\x20-\x7e]*$/.test(bytes.replace(UTF8_SEQUENCES, ''));
}
