/**
 * Little-endian integers in binary strings. Leaves range checks to the callers: a value is cut to its width.
 */

/** Sixteen zero bytes. */
export const ZERO_BLOCK = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0';

export function u16(value: number): string {
  return String.fromCharCode(value & 255, (value >> 8) & 255);
}

export function u32(value: number): string {
  return String.fromCharCode(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255);
}

export function readU16(bytes: string, at: number): number {
  return bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8);
}

/** 0 to 2^32 - 1; the high byte is multiplied, because a shift would make it negative. */
export function readU32(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8) | (bytes.charCodeAt(at + 2) << 16)) +
    bytes.charCodeAt(at + 3) * 0x1000000
  );
}
