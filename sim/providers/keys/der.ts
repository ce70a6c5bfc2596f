/**
 * Just enough DER (ITU-T X.690) to write a certificate: definite lengths, the handful of types that X.509 needs.
 * Writing only; reading is Node's X509Certificate.
 */

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const NULL = 0x05;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const PRINTABLE_STRING = 0x13;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const CONTEXT_PRIMITIVE = 0x80;
const CONTEXT_CONSTRUCTED = 0xa0;

function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  const digits = Buffer.from(
    bytes.toString(16).padStart(bytes > 0xff ? (bytes > 0xffff ? 6 : 4) : 2, '0'),
    'hex',
  );
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits]);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return element(SEQUENCE, ...contents);
}

export function set(...contents: readonly Uint8Array[]): Buffer {
  return element(SET, ...contents);
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = Buffer.from(bytes.subarray(start));
  return element(INTEGER, digits[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(BIT_STRING, Buffer.from([unusedBits]), bytes);
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(OCTET_STRING, bytes);
}

export function trueValue(): Buffer {
  return element(BOOLEAN, Buffer.from([0xff]));
}

export function nullValue(): Buffer {
  return element(NULL);
}

/** From dotted form, e.g. `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(OBJECT_IDENTIFIER, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

export function utf8String(text: string): Buffer {
  return element(UTF8_STRING, Buffer.from(text, 'utf8'));
}

export function printableString(text: string): Buffer {
  return element(PRINTABLE_STRING, Buffer.from(text, 'ascii'));
}

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(atMs: number): Buffer {
  const digits = `${new Date(atMs).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  return atMs < Date.UTC(2050, 0)
    ? element(UTC_TIME, Buffer.from(digits.slice(2), 'ascii'))
    : element(GENERALIZED_TIME, Buffer.from(digits, 'ascii'));
}

/** `[number]`, constructed and explicit. */
export function tagged(number: number, content: Uint8Array): Buffer {
  return element(CONTEXT_CONSTRUCTED | number, content);
}

/** `[number]`, implicit, of a primitive type. */
export function primitive(number: number, content: Uint8Array): Buffer {
  return element(CONTEXT_PRIMITIVE | number, content);
}
