/**
 * Opens what the platform encrypted with the merchant's APIv3 key: notifications' resources and downloaded
 * platform certificates. AES-256-GCM, 16-byte tag at the end of the ciphertext (WeChat Pay APIv3, 证书和回调报文
 * 解密). The plugin's AesGcm does not fix the tag's length when it decrypts, so Node's cipher is used with it fixed.
 */
import { createDecipheriv, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const TAG_BYTES = 16;
const NONCE_BYTES = 12;

export const encryptedResourceSchema = z.object({
  algorithm: z.literal('AEAD_AES_256_GCM'),
  ciphertext: z.string().max(1_048_576),
  nonce: z.string().length(NONCE_BYTES),
  associated_data: z.string().max(64).default(''),
});

export type EncryptedResource = z.infer<typeof encryptedResourceSchema>;

/** The plain text, or undefined when it does not authenticate under this key. */
export function openResource(resource: EncryptedResource, apiV3Key: KeyObject): string | undefined {
  const sealed = Buffer.from(resource.ciphertext, 'base64');
  if (sealed.length < TAG_BYTES) return undefined;
  try {
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', apiV3Key, Buffer.from(resource.nonce), options);
    decipher.setAAD(Buffer.from(resource.associated_data));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  } catch {
    return undefined;
  }
}
