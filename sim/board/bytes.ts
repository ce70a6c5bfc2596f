/**
 * Bytes as Espruino's native functions take them: strings, numbers, arrays (also nested), typed arrays by
 * element, array buffers by byte (jsvIterateCallback in jsvariterator.c). Results are made with the realm's
 * constructors, so that `instanceof` holds for the firmware.
 */
import { types } from 'node:util';
import type { Realm } from './realm';

/** The bytes of a value, or undefined when Espruino would not take it. Not a copy: whoever keeps them copies. */
export function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (typeof value === 'number') return Buffer.of(value & 255);
  if (types.isUint8Array(value)) return Buffer.from(value.buffer, value.byteOffset, value.length);
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value);
  if (types.isTypedArray(value))
    return Buffer.from(Array.from(value as Uint8Array, (element) => element & 255));
  if (Array.isArray(value)) {
    const parts = value.map(bytesOf);
    return parts.every((part): part is Buffer => part !== undefined) ? Buffer.concat(parts) : undefined;
  }
  return undefined;
}

/** A string of the firmware: one character for a byte. */
export function stringOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** A Uint8Array of the firmware's realm. */
export function arrayOf(realm: Realm, bytes: Uint8Array): Uint8Array {
  const array = new realm.Uint8Array(bytes.length);
  array.set(bytes);
  return array;
}

/** An ArrayBuffer of the firmware's realm. */
export function bufferOf(realm: Realm, bytes: Uint8Array): ArrayBuffer {
  return arrayOf(realm, bytes).buffer as ArrayBuffer;
}
