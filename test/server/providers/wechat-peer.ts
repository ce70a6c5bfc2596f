/**
 * The platform's side of WeChat Pay for tests, written from its documents: verifies the request's signature,
 * signs answers and notifications, encrypts resources and certificates. Everything can be done wrongly on
 * purpose. Independent of server/ and of sim/providers.
 */
import { createCipheriv, createSign, createVerify, randomBytes } from 'node:crypto';
import { VirtualClock } from '../../../sim/time/clock';
import { makeCertificate, makeKeyPair, type KeyPair } from './certificates';
import { LoopbackPeer, type RecordedRequest, type Reply } from './loopback';

const DAY_MS = 86_400_000;

export const MCHID = '1900000109';
export const APPID = 'wxd678efh567hg6787';
export const API_V3_KEY = 'Kq3vJ8sLmT5xYb2nRf7wZc9dHg4pAe6u';
export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001092024112000382';
export const MERCHANT_SERIAL = '5157F09EFDC096DE15EBE81A47057A7232F1B8E1';

export interface SignOptions {
  readonly key?: KeyPair;
  readonly serial?: string;
  /** Added to the platform's time in the header. */
  readonly offsetSeconds?: number;
  /** Signs this instead of the body. */
  readonly signedBody?: string;
  readonly omit?: string;
  readonly signature?: string;
}

export interface PlatformCertificate {
  readonly serial: string;
  readonly keys: KeyPair;
  readonly pem: string;
}

export class WechatPeer extends LoopbackPeer {
  readonly clock = new VirtualClock();
  readonly merchant = makeKeyPair();
  readonly platform = makeKeyPair();
  readonly stranger = makeKeyPair();
  readonly merchantCertificate = this.certificateOf(this.merchant, MERCHANT_SERIAL);
  /** What GET /v3/certificates lists. */
  certificates: PlatformCertificate[] = [];

  certificateOf(keys: KeyPair, serialHex: string, fromDays = -365, toDays = 365): string {
    const nowMs = this.clock.nowMs();
    return makeCertificate({
      commonName: 'Tenpay test',
      issuerName: 'Tenpay test CA',
      serialHex,
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      fromMs: nowMs + fromDays * DAY_MS,
      toMs: nowMs + toDays * DAY_MS,
    });
  }

  newPlatformCertificate(serial: string, fromDays = -1, toDays = 365): PlatformCertificate {
    const keys = makeKeyPair();
    return { serial, keys, pem: this.certificateOf(keys, serial, fromDays, toDays) };
  }

  /** Headers that sign `body` as the platform does. */
  signatureHeaders(body: string, options: SignOptions = {}): Record<string, string> {
    const timestamp = String(Math.floor(this.clock.nowMs() / 1000) + (options.offsetSeconds ?? 0));
    const nonce = randomBytes(16).toString('hex');
    const key = (options.key ?? this.platform).privateKey;
    const signed = `${timestamp}\n${nonce}\n${options.signedBody ?? body}\n`;
    const headers: Record<string, string> = {
      'Wechatpay-Timestamp': timestamp,
      'Wechatpay-Nonce': nonce,
      'Wechatpay-Serial': options.serial ?? PUBLIC_KEY_ID,
      'Wechatpay-Signature': options.signature ?? createSign('RSA-SHA256').update(signed).sign(key, 'base64'),
      'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
    };
    if (options.omit) delete headers[options.omit];
    return headers;
  }

  /** A signed answer. */
  answer(status: number, json: unknown, options: SignOptions = {}): Reply {
    const body = json === undefined ? '' : JSON.stringify(json);
    const headers = { 'content-type': 'application/json', ...this.signatureHeaders(body, options) };
    return { status, headers, body };
  }

  error(status: number, code: string, options: SignOptions = {}): Reply {
    return this.answer(status, { code, message: '签名串 secret of the platform' }, options);
  }

  /** The certificates answer, signed by `signer` (by default the first listed). */
  certificatesAnswer(signer = this.certificates[0]!, apiV3Key = API_V3_KEY): Reply {
    const data = this.certificates.map(({ serial, pem }) => ({
      serial_no: serial,
      effective_time: '2025-06-08T10:34:56+08:00',
      expire_time: '2030-06-08T10:34:56+08:00',
      encrypt_certificate: this.encrypt(pem, 'certificate', apiV3Key),
    }));
    return this.answer(200, { data }, { key: signer.keys, serial: signer.serial });
  }

  encrypt(text: string, associatedData: string, apiV3Key = API_V3_KEY): Record<string, string> {
    const nonce = randomBytes(6).toString('hex');
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
    cipher.setAAD(Buffer.from(associatedData));
    const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return {
      algorithm: 'AEAD_AES_256_GCM',
      nonce,
      associated_data: associatedData,
      ciphertext: bytes.toString('base64'),
    };
  }

  /** Whether the merchant signed this request as the documents say; the time must be the peer's own. */
  isSignedByMerchant(request: RecordedRequest): boolean {
    const authorization = request.headers.authorization ?? '';
    const [scheme, rest = ''] = [authorization.slice(0, 26).trim(), authorization.slice(26)];
    const fields = Object.fromEntries(
      [...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );
    const message = `${request.method}\n${request.url}\n${fields.timestamp}\n${fields.nonce_str}\n${request.body}\n`;
    return (
      scheme === 'WECHATPAY2-SHA256-RSA2048' &&
      fields.mchid === MCHID &&
      fields.serial_no === MERCHANT_SERIAL &&
      Math.abs(Number(fields.timestamp) - this.clock.nowMs() / 1000) <= 1 &&
      createVerify('RSA-SHA256').update(message).verify(this.merchant.publicKey, fields.signature!, 'base64')
    );
  }

  /** The body of a notification that carries `resource`. */
  notificationBody(resource: unknown, eventType: string, apiV3Key = API_V3_KEY): string {
    const originalType = eventType.startsWith('REFUND') ? 'refund' : 'transaction';
    return JSON.stringify({
      id: 'EV-2018022511223320873',
      create_time: '2026-01-01T08:00:00+08:00',
      resource_type: 'encrypt-resource',
      event_type: eventType,
      summary: '支付成功',
      resource: {
        original_type: originalType,
        ...this.encrypt(JSON.stringify(resource), originalType, apiV3Key),
      },
    });
  }
}

export const PAID_TRADE = {
  appid: APPID,
  mchid: MCHID,
  out_trade_no: 'CS000001_17',
  transaction_id: '4200000985202103031441826014',
  trade_type: 'NATIVE',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'OTHERS',
  success_time: '2026-01-01T08:00:10+08:00',
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  amount: { total: 150, payer_total: 150, currency: 'CNY', payer_currency: 'CNY' },
};

export const REFUND = {
  refund_id: '50000000382019052709732678859',
  out_refund_no: 'CS000001_17_r1',
  transaction_id: '4200000985202103031441826014',
  out_trade_no: 'CS000001_17',
  channel: 'ORIGINAL',
  user_received_account: '招商银行信用卡0403',
  create_time: '2026-01-01T08:01:00+08:00',
  status: 'PROCESSING',
  amount: { total: 150, refund: 100, payer_total: 150, payer_refund: 100, currency: 'CNY' },
};
