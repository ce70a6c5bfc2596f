/**
 * Host messages on the wire (docs/host-protocol.md, "Messages"): types, and fields by position. The module reads what
 * a host says with it and joins what it says itself from its fields; host.ts has both directions by name, for PCs.
 * Leaves framing to frame.ts and the meaning of values to payment/.
 * Invariant: a payload with a byte too few or too many is refused.
 */
import { readU16, readU32 } from './bytes';

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
 * Kinds of the fields of what a host may say: `;`, the type as a byte, the kinds; one text, because a table would
 * take a hundred JsVars. `1`, `2`, `4` = unsigned little-endian integer of so many bytes; `s` = one length byte and
 * that many bytes; `r` = all bytes that are left (last field only).
 */
const LAYOUTS =
  ';\x011s;\x02412ss;\x034s;\x044;\x054;\x064s;\x074s;\x081122;\x09r;\x0a;\x0b;\x0c;\x0d41;\x0er' +
  ';\x1012s;\x11r;\x122;\x13;';

/** Kinds of the fields of a host's message of this type; undefined for a type that does not exist. */
export function hostKinds(type: number): string | undefined {
  const at = LAYOUTS.indexOf(';' + String.fromCharCode(type));
  return at < 0 ? undefined : LAYOUTS.substring(at + 2, LAYOUTS.indexOf(';', at + 1));
}

/** A field's value: an integer or a binary string. */
export type HostValue = number | string;

/** Reads a payload with fields of these kinds; undefined when the bytes do not fit them. */
export function decodeValues(kinds: string, payload: string): HostValue[] | undefined {
  const values: HostValue[] = [];
  let at = 0;
  for (let index = 0; index < kinds.length; index++) {
    const kind = kinds[index]!;
    if (at >= payload.length && kind !== 'r') return undefined;
    const first = payload.charCodeAt(at);
    const end = kind === 'r' ? payload.length : at + (kind === 's' ? 1 + first : +kind);
    if (end > payload.length) return undefined;
    values.push(
      kind === '1'
        ? first
        : kind === '4'
          ? readU32(payload, at)
          : kind === '2'
            ? readU16(payload, at)
            : payload.substring(kind === 's' ? at + 1 : at, end),
    );
    at = end;
  }
  return at === payload.length ? values : undefined;
}

/** A text as a field: its length in a byte, its bytes. */
export function shortText(bytes: string): string {
  return String.fromCharCode(bytes.length) + bytes;
}

/**
 * Whether the bytes are printable, well-formed UTF-8: no control characters, no overlong forms, no surrogates.
 * The expression has the well-formed sequences of Unicode 15, table 3-7, beyond ASCII. Sequences cannot overlap
 * (UTF-8 synchronises itself), so whatever is left after taking them out is wrong.
 */
export function isText(bytes: string): boolean {
  if (/^[\x20-\x7e]*$/.test(bytes)) return true;
  const sequences =
    /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf][\x80-\xbf]|[\xf1-\xf3][\x80-\xbf][\x80-\xbf][\x80-\xbf]|\xf4[\x80-\x8f][\x80-\xbf][\x80-\xbf]/g;
  return /^[\x20-\x7e]*$/.test(bytes.replace(sequences, ''));
}
