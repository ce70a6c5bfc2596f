/**
 * KiCad gives every object a UUID and links schematic and board by them. Ours are made from names, so that the
 * same design always gives the same files. Scheme: RFC 4122, version 5 (SHA-1 of a namespace and a name).
 * Invariant: the same name gives the same UUID; nothing random gets into a generated file.
 */
import { createHash } from 'node:crypto';

/** Our own namespace, chosen once; another value would change every generated file. */
const NAMESPACE = 'coinslot.hardware.1';

/** The UUID of the object with this name; names are paths like `sheet/Supply/symbol/R1`. */
export function uuidOf(name: string): string {
  const hash = createHash('sha1').update(`${NAMESPACE}\0${name}`).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
