/**
 * AES-128-CCM (RFC 3610, M = 8, L = 2) composed from one CBC and one CTR call, for boards that have AES but no
 * CCM with associated data. Keys and nonces are the link's business.
 * Invariant: `open` compares all eight bytes of the tag and gives text only when they agree.
 */
import { ZERO_BLOCK } from '../protocol/bytes';
import type { Aes, Ccm } from '../protocol/ports';

const TAG_BYTES = 8;
/** Flags of B_0: associated data present, M' = (8 - 2) / 2, L' = 1 (RFC 3610, section 2.2). */
const B0_FLAGS = '\x59';
/** Flags of A_i: L' = 1 (RFC 3610, section 2.3). */
const A0_FLAGS = '\x01';

/** The CBC-MAC over B_0, the associated data (2 to 14 bytes with its length) and the text. */
function macOf(aes: Aes, key: string, nonce: string, aad: string, plain: string): string {
  const head = '\0' + String.fromCharCode(aad.length) + aad;
  const blocks =
    B0_FLAGS +
    nonce +
    String.fromCharCode(plain.length >> 8, plain.length & 255) +
    head +
    // Zeros up to the next whole block.
    ZERO_BLOCK.substr(0, -head.length & 15) +
    plain +
    ZERO_BLOCK.substr(0, -plain.length & 15);
  const chained = aes.cbc(key, blocks);
  return chained.substr(chained.length - 16);
}

/** A Ccm from an Aes. The texts are at most 65,535 bytes, the nonce 13 bytes. */
export function composeCcm(aes: Aes): Ccm {
  return {
    seal(key: string, nonce: string, aad: string, plain: string): string {
      const mac = macOf(aes, key, nonce, aad, plain);
      // The first block of the key stream covers the tag, the next ones the text: one call does both.
      const mixed = aes.ctr(key, A0_FLAGS + nonce + '\0\0', mac + plain);
      return mixed.substr(16) + mixed.substr(0, TAG_BYTES);
    },
    open(key: string, nonce: string, aad: string, sealed: string): string | undefined {
      const textBytes = sealed.length - TAG_BYTES;
      if (textBytes < 0) return undefined;
      const tag = sealed.substr(textBytes) + ZERO_BLOCK.substr(TAG_BYTES);
      const mixed = aes.ctr(key, A0_FLAGS + nonce + '\0\0', tag + sealed.substr(0, textBytes));
      const plain = mixed.substr(16);
      const mac = macOf(aes, key, nonce, aad, plain);
      return mac.substr(0, TAG_BYTES) === mixed.substr(0, TAG_BYTES) ? plain : undefined;
    },
  };
}
