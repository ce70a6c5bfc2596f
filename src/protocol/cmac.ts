/**
 * AES-CMAC (RFC 4493) from one native CBC call, and the key schedule of EAP-PSK (RFC 4764, sections 3.1 and 5).
 * Used in the handshake only, never per record, so its 16-byte loops cost nothing that matters.
 */
import { ZERO_BLOCK } from './bytes';
import type { Aes } from './ports';

export const BLOCK_BYTES = 16;

/** Two blocks of 16 bytes, bit by bit exclusive-or. */
function xorBlock(left: string, right: string): string {
  let result = '';
  for (let index = 0; index < BLOCK_BYTES; index++) {
    result += String.fromCharCode(left.charCodeAt(index) ^ right.charCodeAt(index));
  }
  return result;
}

/** Doubling in GF(2^128), as for the subkeys of CMAC (RFC 4493, section 2.3). */
function doubleBlock(block: string): string {
  let result = '';
  let carry = 0;
  for (let index = BLOCK_BYTES - 1; index >= 0; index--) {
    const byte = block.charCodeAt(index);
    result = String.fromCharCode(((byte << 1) | carry) & 255) + result;
    carry = byte >> 7;
  }
  const last = result.charCodeAt(BLOCK_BYTES - 1);
  return carry ? result.substr(0, BLOCK_BYTES - 1) + String.fromCharCode(last ^ 0x87) : result;
}

/** The 16-byte AES-CMAC of `message` (any length) under a 16-byte key. */
export function cmac(aes: Aes, key: string, message: string): string {
  const wholeSubkey = doubleBlock(aes.ecb(key, ZERO_BLOCK));
  const lastBytes = message.length % BLOCK_BYTES;
  const isWhole = message.length > 0 && lastBytes === 0;
  const headBytes = message.length - (isWhole ? BLOCK_BYTES : lastBytes);
  const last = isWhole
    ? message.substr(headBytes)
    : message.substr(headBytes) + '\x80' + ZERO_BLOCK.substr(lastBytes + 1);
  const subkey = isWhole ? wholeSubkey : doubleBlock(wholeSubkey);
  const chained = aes.cbc(key, message.substr(0, headBytes) + xorBlock(last, subkey));
  return chained.substr(chained.length - BLOCK_BYTES);
}

/** Block `counter` (1 to 255) of the modified counter mode that EAP-PSK derives keys with. */
function counterBlock(aes: Aes, key: string, base: string, counter: number): string {
  return aes.ecb(key, xorBlock(base, ZERO_BLOCK.substr(1) + String.fromCharCode(counter)));
}

/** Long-term keys of a device: AK authenticates the exchange, KDK derives session keys. */
export interface DeviceKeys {
  readonly ak: string;
  readonly kdk: string;
}

/** RFC 4764, section 3.1: AK and KDK from the pre-shared key (16 bytes). */
export function deviceKeys(aes: Aes, psk: string): DeviceKeys {
  const base = aes.ecb(psk, ZERO_BLOCK);
  return { ak: counterBlock(aes, psk, base, 1), kdk: counterBlock(aes, psk, base, 2) };
}

/** RFC 4764, section 3.2: the blocks of MSK (64 bytes) from the KDK and a 16-byte `seed` fresh for the session. */
export function sessionKeyBlocks(aes: Aes, kdk: string, seed: string): string {
  const base = aes.ecb(kdk, seed);
  let blocks = '';
  for (let counter = 2; counter <= 5; counter++) blocks += counterBlock(aes, kdk, base, counter);
  return blocks;
}
