/**
 * The AES, CCM and random ports of src/protocol/ports.ts on node:crypto. Bytes are binary strings, as there.
 * Source: RFC 3610 with M = 8, L = 2 (nonce 13, tag 8).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TAG_BYTES } from '../../src/protocol/link';
import type { Aes, Ccm, Random } from '../../src/protocol/ports';

const CCM = 'aes-128-ccm';
const ZERO_IV = Buffer.alloc(16);

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function encrypt(algorithm: string, key: string, iv: Buffer | null, data: string): string {
  const cipher = createCipheriv(algorithm, bytesOf(key), iv);
  cipher.setAutoPadding(false);
  return cipher.update(data, 'latin1', 'latin1') + cipher.final('latin1');
}

export const nodeAes: Aes = {
  ecb: (key, block) => encrypt('aes-128-ecb', key, null, block),
  cbc: (key, data) => encrypt('aes-128-cbc', key, ZERO_IV, data),
  ctr: (key, iv, data) => encrypt('aes-128-ctr', key, bytesOf(iv), data),
};

export const nodeCcm: Ccm = {
  seal(key, nonce, aad, plain) {
    const cipher = createCipheriv(CCM, bytesOf(key), bytesOf(nonce), { authTagLength: TAG_BYTES });
    cipher.setAAD(bytesOf(aad), { plaintextLength: plain.length });
    const text = cipher.update(plain, 'latin1', 'latin1') + cipher.final('latin1');
    return text + cipher.getAuthTag().toString('latin1');
  },
  open(key, nonce, aad, sealed) {
    const textBytes = sealed.length - TAG_BYTES;
    if (textBytes < 0) return undefined;
    const decipher = createDecipheriv(CCM, bytesOf(key), bytesOf(nonce), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytesOf(sealed.slice(textBytes)));
    decipher.setAAD(bytesOf(aad), { plaintextLength: textBytes });
    try {
      const plain = decipher.update(sealed.slice(0, textBytes), 'latin1', 'latin1');
      return plain + decipher.final('latin1');
    } catch {
      return undefined;
    }
  },
};

export const nodeRandom: Random = { bytes: (count) => randomBytes(count).toString('latin1') };
