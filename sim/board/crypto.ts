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
  if (mode === 'CBC') return finish(cipher(isEncryption, `aes-${bits}-cbc`, key, iv), text);
  const whole = text.length - (text.length % BLOCK_BYTES);
  const blocks = finish(cipher(isEncryption, `aes-${bits}-ecb`, key, null), text.subarray(0, whole));
  return Buffer.concat([blocks, Buffer.alloc(text.length - whole)]);
}

function cipher(isEncryption: boolean, name: string, key: Buffer, iv: Buffer | null): Cipher | Decipher {
  return isEncryption ? createCipheriv(name, key, iv) : createDecipheriv(name, key, iv);
}

function finish(transform: Cipher | Decipher, text: Buffer): Buffer {
  transform.setAutoPadding(false);
  return Buffer.concat([transform.update(text), transform.final()]);
}
