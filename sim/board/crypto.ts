/**
 * `require('crypto')` as the interpreter has it (libs/crypto/jswrap_crypto.c, 2v29), over node:crypto. With its
 * peculiarities: CTR begins at counter 0 whatever `iv` says; ECB leaves a partial last block zero; an error of
 * the cipher is printed and gives undefined; results are ArrayBuffers.
 */
import { createCipheriv, createDecipheriv, createHash, type Cipher, type Decipher } from 'node:crypto';
import { bufferOf, bytesOf } from './bytes';
import type { Realm } from './realm';

const BLOCK_BYTES = 16;
const KEY_BYTES: ReadonlySet<number> = new Set([16, 24, 32]);
/** Ciphers kept ready: a board uses a handful of keys, a fleet some for each session. */
const MAX_READY = 256;
const MODES: ReadonlySet<string> = new Set(['CBC', 'CFB', 'CTR', 'OFB', 'ECB']);

export interface NativeCrypto {
  readonly AES: {
    encrypt(message: unknown, key: unknown, options?: unknown): ArrayBuffer | undefined;
    decrypt(message: unknown, key: unknown, options?: unknown): ArrayBuffer | undefined;
  };
  SHA256(message: unknown): ArrayBuffer | undefined;
}

interface AesOptions {
  readonly mode?: unknown;
  readonly iv?: unknown;
}

/** The library for one board; `print` gets what the interpreter would print. */
export function nativeCrypto(realm: Realm, print: (line: string) => void): NativeCrypto {
  const run = (
    isEncryption: boolean,
    message: unknown,
    key: unknown,
    options: unknown,
  ): ArrayBuffer | undefined => {
    const fail = (text: string): undefined => {
      print(`ERROR: ${text}`);
      return undefined;
    };
    if (options !== undefined && (typeof options !== 'object' || options === null)) {
      return fail("'options' must be undefined, or an Object");
    }
    const { mode = 'CBC', iv } = (options ?? {}) as AesOptions;
    if (typeof mode !== 'string' || !MODES.has(mode)) {
      throw new realm.Error(`Unknown Crypto mode ${JSON.stringify(mode)}`);
    }
    const text = bytesOf(message);
    const keyBytes = bytesOf(key);
    if (!text || !keyBytes) return fail('Expecting something iterable');
    if (!KEY_BYTES.has(keyBytes.length)) return fail('Unknown error: -0x20');
    if (mode === 'CTR' && !isEncryption) {
      // The interpreter runs the cipher with its decryption key schedule: of no use to anybody.
      throw new realm.Error('AES.decrypt in CTR mode gives garbage on Espruino: use encrypt');
    }
    if (mode === 'OFB') return fail('Feature unavailable');
    if (mode === 'CBC' && text.length % BLOCK_BYTES !== 0) return fail('Invalid input length');
    return bufferOf(realm, aes(isEncryption, mode, keyBytes, ivOf(iv), text));
  };
  return {
    AES: {
      encrypt: (message, key, options) => run(true, message, key, options),
      decrypt: (message, key, options) => run(false, message, key, options),
    },
    SHA256: (message) => {
      const bytes = bytesOf(message);
      return bytes && bufferOf(realm, createHash('sha256').update(bytes).digest());
    },
  };
}

function ivOf(iv: unknown): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  bytesOf(iv)?.copy(block, 0, 0, BLOCK_BYTES);
  return block;
}

function aes(isEncryption: boolean, mode: string, key: Buffer, iv: Buffer, text: Buffer): Buffer {
  const bits = key.length * 8;
  if (mode === 'CTR') return finish(createCipheriv(`aes-${bits}-ctr`, key, Buffer.alloc(BLOCK_BYTES)), text);
  if (mode === 'CFB') return finish(cipher(isEncryption, `aes-${bits}-cfb8`, key, iv), text);
  if (mode === 'CBC') {
    if (isEncryption) return encryptCbc(key, iv, text);
    return finish(cipher(isEncryption, `aes-${bits}-cbc`, key, iv), text);
  }
  const tail = text.length % BLOCK_BYTES;
  const whole = tail === 0 ? text : text.subarray(0, text.length - tail);
  const blocks = isEncryption
    ? readyFor('ecb', key).cipher.update(whole)
    : finish(cipher(isEncryption, `aes-${bits}-ecb`, key, null), whole);
  return tail === 0 ? blocks : Buffer.concat([blocks, Buffer.alloc(tail)]);
}

/** A cipher that goes on and on without padding, and the last block that it gave. */
interface Ready {
  readonly cipher: Cipher;
  last: Buffer;
}

const ready = new Map<string, Ready>();

/** Setting a cipher up costs more than a short message: one for each key is kept and goes on. */
function readyFor(mode: 'ecb' | 'cbc', key: Buffer): Ready {
  const name = mode + key.toString('latin1');
  let found = ready.get(name);
  if (!found) {
    const zeroIv = mode === 'cbc' ? Buffer.alloc(BLOCK_BYTES) : null;
    const made = createCipheriv(`aes-${key.length * 8}-${mode}`, key, zeroIv);
    made.setAutoPadding(false);
    found = { cipher: made, last: Buffer.alloc(BLOCK_BYTES) };
    if (ready.size >= MAX_READY) ready.delete(ready.keys().next().value!);
    ready.set(name, found);
  }
  return found;
}

/** A chain is begun anew in a cipher that goes on: what it would mix in is taken out of the first block. */
function encryptCbc(key: Buffer, iv: Buffer, text: Buffer): Buffer {
  if (text.length === 0) return Buffer.alloc(0);
  const chain = readyFor('cbc', key);
  const blocks = Buffer.from(text);
  for (let at = 0; at < BLOCK_BYTES; at++) blocks[at]! ^= iv[at]! ^ chain.last[at]!;
  const result = chain.cipher.update(blocks);
  chain.last = result.subarray(-BLOCK_BYTES);
  return result;
}

function cipher(isEncryption: boolean, name: string, key: Buffer, iv: Buffer | null): Cipher | Decipher {
  return isEncryption ? createCipheriv(name, key, iv) : createDecipheriv(name, key, iv);
}

function finish(transform: Cipher | Decipher, text: Buffer): Buffer {
  transform.setAutoPadding(false);
  return Buffer.concat([transform.update(text), transform.final()]);
}
