/**
 * Host messages on the wire, for both sides (docs/host-protocol.md, "Messages"): types, kinds of fields, one codec
 * by position. The module uses it as it is; host.ts adds the names of the fields for PCs and tests.
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
 * Kinds of the fields of each payload. `1`, `2`, `4` = unsigned little-endian integer of so many bytes; `s` = one
 * length byte and that many bytes; `r` = all bytes that are left (last field only).
 */
export const HOST_KINDS: { readonly [type: number]: string } = {
  0x01: '1s',
  0x02: '412ss',
  0x03: '4s',
  0x04: '4',
  0x05: '4',
  0x06: '4s',
  0x07: '4s',
  0x08: '1122',
  0x09: 'r',
  0x0a: '',
  0x0b: '',
  0x0c: '',
  0x0d: '41',
  0x0e: 'r',
  0x10: '12s',
  0x11: 'r',
  0x12: '2',
  0x13: '',
  0x41: '11114ssss',
  0x42: '412sr',
  0x43: '411412s',
  0x46: 'r',
  0x47: '44',
  0x48: '111',
  0x49: '1r',
  0x50: '12',
  0x51: 'r',
  0x52: '2',
  0x53: '1',
  0x7e: '114',
  0x7f: '111r',
};

/** A field's value: an integer or a binary string. */
export type HostValue = number | string;

const READERS: { [kind: string]: (payload: string, at: number) => HostValue } = {
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

/** Reads a payload of the given type; undefined when the type is unknown or the bytes do not fit its fields. */
export function decodeValues(type: number, payload: string): HostValue[] | undefined {
  const kinds = HOST_KINDS[type];
  if (kinds === undefined) return undefined;
  const values: HostValue[] = [];
  let at = 0;
  for (let index = 0; index < kinds.length; index++) {
    const kind = kinds[index]!;
    if (at >= payload.length && kind !== 'r') return undefined;
    const textBytes = kind === 's' ? 1 + payload.charCodeAt(at) : payload.length - at;
    const end = at + (kind > '9' ? textBytes : +kind);
    if (!(end <= payload.length)) return undefined;
    values.push(READERS[kind]!(payload, at));
    at = end;
  }
  return at === payload.length ? values : undefined;
}

/** Builds the payload of a message from its values, which must fit their widths. */
export function encodeValues(type: HostType, values: readonly HostValue[]): string {
  const kinds = HOST_KINDS[type]!;
  let payload = '';
  for (let index = 0; index < kinds.length; index++)
    payload += WRITERS[kinds[index]!]!(values[index] as never);
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
