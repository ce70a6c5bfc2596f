/**
 * Seals text at rest with AES-256-GCM (NIST SP 800-38D): random 96-bit nonce, 128-bit tag, and associated data
 * that bind it to its owner, so that one merchant's parameters copied into another's row do not open.
 * Form: `cs1.<key id>.<nonce>.<ciphertext>.<tag>`, base64url. Random nonces are safe for 2^32 seals under one
 * key; parameters are saved by people.
 * Invariant: what opens was sealed for this merchant and channel under a key that we have.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { MasterKeys } from './master-keys';

const FORMAT = 'cs1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Whose secret it is. */
export interface SecretOwner {
  readonly merchantId: string;
  readonly channel: string;
}

/** KEY_UNKNOWN: its master key was taken out. NOT_AUTHENTIC: altered, of another owner, or a key of another value. */
export type OpenFailure = 'MALFORMED' | 'KEY_UNKNOWN' | 'NOT_AUTHENTIC';

export type OpenResult =
  { readonly ok: true; readonly plaintext: string } | { readonly ok: false; readonly code: OpenFailure };

interface Parts {
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

export class SealedBox {
  readonly #keys: MasterKeys;

  constructor(keys: MasterKeys) {
    this.#keys = keys;
  }

  /** Seals under the current key. */
  seal(plaintext: string, owner: SecretOwner): string {
    const keyId = this.#keys.currentId;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(keyId)!, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData(keyId, owner));
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    const encoded = [nonce, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
    return [FORMAT, keyId, ...encoded].join('.');
  }

  /** Opens what was sealed for this owner, under whichever of our keys. */
  open(sealed: string, owner: SecretOwner): OpenResult {
    const parts = split(sealed);
    if (!parts) return { ok: false, code: 'MALFORMED' };
    const key = this.#keys.get(parts.keyId);
    if (!key) return { ok: false, code: 'KEY_UNKNOWN' };
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, parts.nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(associatedData(parts.keyId, owner));
      decipher.setAuthTag(parts.tag);
      const plain = Buffer.concat([decipher.update(parts.ciphertext), decipher.final()]);
      return { ok: true, plaintext: plain.toString('utf8') };
    } catch {
      return { ok: false, code: 'NOT_AUTHENTIC' };
    }
  }

  /** Whether it is sealed under the current key; if not, `reseal` it. */
  isCurrent(sealed: string): boolean {
    return split(sealed)?.keyId === this.#keys.currentId;
  }

  /** The same secret under the current key, or why it does not open. */
  reseal(
    sealed: string,
    owner: SecretOwner,
  ): { readonly ok: true; readonly sealed: string } | { readonly ok: false; readonly code: OpenFailure } {
    const opened = this.open(sealed, owner);
    return opened.ok ? { ok: true, sealed: this.seal(opened.plaintext, owner) } : opened;
  }
}

/** JSON of an array keeps the parts apart: no merchant id can run over into the channel. */
function associatedData(keyId: string, owner: SecretOwner): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, keyId, owner.merchantId, owner.channel]), 'utf8');
}

function split(sealed: string): Parts | undefined {
  const [format, keyId, ...encoded] = sealed.split('.');
  if (format !== FORMAT || !keyId || encoded.length !== 3) return undefined;
  const decoded = encoded.map((part) => Buffer.from(part, 'base64url'));
  // Only one spelling: Node also takes stray characters and unused bits.
  if (decoded.some((part, index) => part.toString('base64url') !== encoded[index])) return undefined;
  const [nonce, ciphertext, tag] = decoded;
  if (nonce!.length !== NONCE_BYTES || tag!.length !== TAG_BYTES) return undefined;
  return { keyId, nonce: nonce!, ciphertext: ciphertext!, tag: tag! };
}
