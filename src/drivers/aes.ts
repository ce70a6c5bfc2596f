/**
 * AES-128 from Espruino's native crypto library, on binary strings. CTR is made from one ECB call over all
 * counter blocks, because the native CTR mode ignores its IV (libs/crypto/jswrap_crypto.c, seen on 2v29: every
 * message would get the same key stream).
 * Invariant: no loop over bytes; the exclusive-or goes by words of four.
 */
import { ZERO_BLOCK } from '../protocol/bytes';
import type { Aes } from '../protocol/ports';

/** The part of `require('crypto').AES` that is used. */
export interface NativeAes {
  encrypt(data: unknown, key: unknown, options: { mode: string; iv?: unknown }): ArrayBuffer;
}

/** The part of `E` that is used. */
export interface NativeBytes {
  toString(data: unknown): string;
  toArrayBuffer(data: string): ArrayBuffer;
}

const BLOCK_BYTES = 16;
/** Blocks in the longest message: 1,024 bytes and the tag's block. */
const MAX_BLOCKS = 65;
/** '|', which no counter below MAX_BLOCKS is. */
const BAR = 124;

/** Native AES with working counter mode; `ctr` takes at most 1,040 bytes and a counter that begins at 0. */
export function nativeAes(aes: NativeAes, bytes: NativeBytes): Aes {
  // '|\0\0|\0\1…': cut at the bars and joined with the nonce it makes all counter blocks in two native calls.
  let tails = '';
  for (let counter = 0; counter < MAX_BLOCKS; counter++) tails += String.fromCharCode(BAR, 0, counter);

  function cbc(key: string, data: string): string {
    return bytes.toString(aes.encrypt(data, key, { mode: 'CBC', iv: ZERO_BLOCK }));
  }

  function ecb(key: string, blocks: string): string {
    return bytes.toString(aes.encrypt(blocks, key, { mode: 'ECB' }));
  }

  function ctr(key: string, iv: string, data: string): string {
    const blocks = (data.length + BLOCK_BYTES - 1) >> 4;
    const counters = tails
      .substr(0, blocks * 3)
      .split('|')
      .join(iv.substr(0, 14));
    const stream = new Uint32Array(aes.encrypt(counters, key, { mode: 'ECB' }));
    // A new string, so that writing through the array changes no other.
    const mixed = new Uint32Array(bytes.toArrayBuffer(data + ZERO_BLOCK.substr(0, -data.length & 15)));
    // Downwards, because no length is read in each turn; a block in a turn, because the turn costs half a word.
    for (let index = stream.length; index;) {
      mixed[--index]! ^= stream[index]!;
      mixed[--index]! ^= stream[index]!;
      mixed[--index]! ^= stream[index]!;
      mixed[--index]! ^= stream[index]!;
    }
    return bytes.toString(mixed.buffer).substr(0, data.length);
  }

  return { ecb, cbc, ctr };
}
