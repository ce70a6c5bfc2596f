/**
 * The master keys that payment parameters are sealed under: 256-bit keys with short names, from the process's
 * configuration, never from the database. The first one seals; all of them open, so a new key is put in front,
 * everything is sealed again (sealed-box.ts, `isCurrent`), and the old one is taken out.
 * Invariant: keys live in KeyObjects, which neither JSON nor inspection prints; errors say which entry is
 * wrong, never what it holds.
 */
import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;
const MAXIMUM_KEYS = 8;
const KEY_ID_PATTERN = /^[0-9A-Za-z_-]{1,32}$/;
const BASE64_PATTERN = /^[A-Za-z0-9+/]{43}=$/;

export class MasterKeys {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  /** The name of the key that seals. */
  readonly currentId: string;

  private constructor(keys: ReadonlyMap<string, KeyObject>, currentId: string) {
    this.#keys = keys;
    this.currentId = currentId;
  }

  /** Reads `id:base64[,id:base64…]`, the sealing key first. Throws with the entry's position when it is wrong. */
  static parse(text: string): MasterKeys {
    const entries = text.split(',').map((entry) => entry.trim());
    if (entries.length > MAXIMUM_KEYS) throw new Error(`more than ${MAXIMUM_KEYS} master keys`);
    const keys = new Map<string, KeyObject>();
    entries.forEach((entry, index) => {
      const separator = entry.indexOf(':');
      const id = entry.slice(0, Math.max(0, separator));
      const encoded = entry.slice(separator + 1);
      const position = `master key ${index + 1}`;
      if (!KEY_ID_PATTERN.test(id)) throw new Error(`${position}: wanted id:base64`);
      if (!BASE64_PATTERN.test(encoded)) throw new Error(`${position}: wanted ${KEY_BYTES} bytes in base64`);
      if (keys.has(id)) throw new Error(`${position}: this id comes twice`);
      keys.set(id, createSecretKey(Buffer.from(encoded, 'base64')));
    });
    return new MasterKeys(keys, entries[0]!.slice(0, entries[0]!.indexOf(':')));
  }

  /** The key of this name, or undefined. */
  get(id: string): KeyObject | undefined {
    return this.#keys.get(id);
  }
}

/** A new key in the form that `parse` reads, for the operator's configuration. */
export function generateMasterKey(id: string): string {
  if (!KEY_ID_PATTERN.test(id)) throw new Error('a key id has 1 to 32 letters, digits, _ or -');
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
}
