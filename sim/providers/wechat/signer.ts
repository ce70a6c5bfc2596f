/**
 * WeChat Pay's own signatures, on answers and notifications: RSA-SHA256 over `time\nnonce\nbody\n` with the
 * platform certificate or the WeChat Pay public key ("如何验证签名", "微信支付公钥"), and the encryption of what only
 * the merchant may read: AES-256-GCM under its APIv3 key ("如何解密回调报文").
 */

import { createCipheriv, randomBytes } from 'node:crypto';
import type { MerchantParameters } from '../keys/merchant';
import type { PlatformKeys } from '../keys/platform';
import { signText } from '../keys/rsa';

export interface SigningKey {
  /** Certificate number, or PUB_KEY_ID_… */
  readonly serial: string;
  readonly privateKeyPem: string;
}

export interface Encrypted {
  readonly algorithm: 'AEAD_AES_256_GCM';
  readonly ciphertext: string;
  readonly associated_data: string;
  readonly nonce: string;
}

const PUBLIC_KEY_PREFIX = 'PUB_KEY_ID_';

/** The key that signs for this merchant; a request may ask for the public key by its Wechatpay-Serial header. */
export function signingKeyFor(
  platform: PlatformKeys,
  merchant: MerchantParameters,
  askedSerial: string | undefined,
): SigningKey {
  const { wechat } = platform;
  const isAsked = askedSerial?.startsWith(PUBLIC_KEY_PREFIX) ?? false;
  if (isAsked || (askedSerial === undefined && merchant.wechat.mode === 'publicKey')) {
    return { serial: wechat.publicKeyId, privateKeyPem: wechat.publicKey.privateKeyPem };
  }
  const signing = wechat.certificates.find((one) => one.serial === wechat.signingSerial)!;
  return { serial: signing.serial, privateKeyPem: signing.privateKeyPem };
}

/** The four headers over a body; `atMs` is what the timestamp says. */
export function signedHeaders(key: SigningKey, body: string, atMs: number): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const nonce = randomBytes(16).toString('hex');
  const message = `${timestamp}\n${nonce}\n${body}\n`;
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': key.serial,
    'Wechatpay-Signature': signText(key.privateKeyPem, message),
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** For the merchant's eyes only. The nonce is twelve characters of text, as WeChat's is. */
export function encryptFor(merchant: MerchantParameters, plain: string, associatedData: string): Encrypted {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', merchant.wechat.apiV3Key, nonce);
  cipher.setAAD(Buffer.from(associatedData));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: ciphertext.toString('base64'),
    associated_data: associatedData,
    nonce,
  };
}
