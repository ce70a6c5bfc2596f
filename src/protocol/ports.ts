/**
 * What the protocols and the payment core need from outside: time, chance, AES and CRC. Each side hands in its
 * own (native calls on the device, node:crypto on the server, virtual ones in tests), so that nothing here
 * knows Espruino or Node. Bytes are binary strings throughout: one character, 0 to 255, is one byte.
 */

/** Whatever the clock gives back for a timer; only the clock looks inside. */
export type TimerId = unknown;

export interface Clock {
  /** Milliseconds that never go backwards; the zero point is arbitrary (time since boot on the device). */
  nowMs(): number;
  /** Calls `callback` once after `delayMs`; the timer is forgotten before the call. */
  after(delayMs: number, callback: () => void): TimerId;
  /** Forgets a timer; harmless for one that has fired. */
  cancel(timer: TimerId): void;
}

export interface Random {
  /** `count` unpredictable bytes, as good as the platform has. */
  bytes(count: number): string;
}

/** AES-128 on binary strings; keys are 16 bytes. */
export interface Aes {
  /** One block of 16 bytes. */
  ecb(key: string, block: string): string;
  /** CBC with a zero IV, without padding: `data` is a multiple of 16 bytes. */
  cbc(key: string, data: string): string;
  /** Counter mode from the 16-byte counter block `iv`, any length. */
  ctr(key: string, iv: string, data: string): string;
}

/** AES-128-CCM with an 8-byte tag and a 13-byte nonce (RFC 3610: M = 8, L = 2). */
export interface Ccm {
  /** Gives ciphertext and tag. `aad` is 1 to 14 bytes. */
  seal(key: string, nonce: string, aad: string, plain: string): string;
  /** Gives the plain text, or undefined when anything was changed. */
  open(key: string, nonce: string, aad: string, sealed: string): string | undefined;
}

/** CRC-32 (IEEE 802.3, as zlib) of a binary string, 0 to 2^32 - 1. */
export type Crc32 = (bytes: string) => number;
