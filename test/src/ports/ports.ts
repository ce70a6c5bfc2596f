/**
 * The firmware's ports for tests: node:crypto, the `crc` package and virtual time. Written apart from both the
 * device's and the server's implementations, so that it checks them.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import crc32 from 'crc/calculators/crc32';
import type { Aes, Ccm, Clock, Crc32, TimerId } from '../../../src/protocol/ports';
import type { Timer, VirtualClock } from '../../../sim/time/clock';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function cipher(mode: string, key: string, iv: string | null, data: string): string {
  const aes = createCipheriv(`aes-128-${mode}`, bytes(key), iv === null ? null : bytes(iv));
  aes.setAutoPadding(false);
  return Buffer.concat([aes.update(bytes(data)), aes.final()]).toString('latin1');
}

export const nodeAes: Aes = {
  ecb: (key, blocks) => cipher('ecb', key, null, blocks),
  cbc: (key, data) => cipher('cbc', key, '\0'.repeat(16), data),
  ctr: (key, iv, data) => cipher('ctr', key, iv, data),
};

export const nodeCcm: Ccm = {
  seal(key, nonce, aad, plain) {
    const aes = createCipheriv('aes-128-ccm', bytes(key), bytes(nonce), { authTagLength: 8 });
    aes.setAAD(bytes(aad), { plaintextLength: plain.length });
    return Buffer.concat([aes.update(bytes(plain)), aes.final(), aes.getAuthTag()]).toString('latin1');
  },
  open(key, nonce, aad, sealed) {
    if (sealed.length < 8) return undefined;
    const aes = createDecipheriv('aes-128-ccm', bytes(key), bytes(nonce), { authTagLength: 8 });
    aes.setAuthTag(bytes(sealed.slice(-8)));
    aes.setAAD(bytes(aad), { plaintextLength: sealed.length - 8 });
    try {
      return Buffer.concat([aes.update(bytes(sealed.slice(0, -8))), aes.final()]).toString('latin1');
    } catch {
      return undefined;
    }
  },
};

export const nodeCrc32: Crc32 = (text) => crc32(bytes(text)) >>> 0;

export const hex = (text: string): string => bytes(text).toString('hex');
export const unhex = (digits: string): string =>
  Buffer.from(digits.replace(/\s/g, ''), 'hex').toString('latin1');

/** The firmware's clock over virtual time; its zero point is the moment it was made. */
export function deviceClock(clock: VirtualClock): Clock {
  const startMs = clock.nowMs();
  return {
    nowMs: () => clock.nowMs() - startMs,
    after: (delayMs: number, callback: () => void): TimerId => clock.setTimer(callback, delayMs),
    cancel: (timer: TimerId) => clock.clearTimer(timer as Timer | undefined),
  };
}
