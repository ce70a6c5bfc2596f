/**
 * What a merchant gives for each channel, as stored (sealed, see server/secrets) and as checked before it is
 * stored. The schemas say form only; check.ts proves that the values fit each other and the provider.
 * Source: WeChat Pay merchant documents (APIv3 credentials), Alipay open platform (application keys).
 */
import { z } from 'zod';
import type { Channel } from './provider';

const pem = z.string().trim().min(100).max(65_536);
const serial = z
  .string()
  .trim()
  .regex(/^[0-9A-Fa-f]{8,64}$/)
  .transform((text) => text.toUpperCase());

/**
 * WeChat Pay. `verification` says how the platform signs: with a certificate that rotates and is downloaded, or
 * with the public key shown in the merchant's account (the only way for merchants opened since late 2024). With
 * `certificates`, a public key may be given as well while the account is being changed over.
 */
export const wechatParametersSchema = z
  .strictObject({
    mchid: z
      .string()
      .trim()
      .regex(/^\d{6,32}$/),
    appid: z
      .string()
      .trim()
      .regex(/^wx[0-9a-zA-Z]{6,30}$/),
    merchantSerial: serial,
    merchantPrivateKey: pem,
    /** apiclient_cert.pem; optional, but only with it can the pair and the serial be checked without a call. */
    merchantCertificate: pem.optional(),
    apiV3Key: z.string().max(1024),
    verification: z.enum(['certificates', 'publicKey']),
    platformPublicKeyId: z
      .string()
      .trim()
      .regex(/^PUB_KEY_ID_[0-9A-Za-z]{1,64}$/)
      .optional(),
    platformPublicKey: pem.optional(),
  })
  .refine((value) => (value.platformPublicKey === undefined) === (value.platformPublicKeyId === undefined), {
    path: ['platformPublicKeyId'],
    message: 'the public key and its id come together',
  })
  .refine((value) => value.verification !== 'publicKey' || value.platformPublicKey !== undefined, {
    path: ['platformPublicKey'],
    message: 'needed when verification is publicKey',
  });

/** Alipay. Keys are PEM or the bare base64 of Alipay's key tool. */
export const alipayParametersSchema = z
  .strictObject({
    appId: z
      .string()
      .trim()
      .regex(/^\d{10,32}$/),
    /** The merchant's Alipay user number (PID), 2088…: notifications must carry it. */
    sellerId: z
      .string()
      .trim()
      .regex(/^2088\d{12}$/),
    appPrivateKey: pem,
    verification: z.enum(['publicKey', 'certificate']),
    alipayPublicKey: pem.optional(),
    appCertificate: pem.optional(),
    alipayCertificate: pem.optional(),
    alipayRootCertificate: pem.optional(),
  })
  .refine((value) => value.verification !== 'publicKey' || value.alipayPublicKey !== undefined, {
    path: ['alipayPublicKey'],
    message: 'needed when verification is publicKey',
  })
  .refine(
    (value) =>
      value.verification !== 'certificate' ||
      (value.appCertificate && value.alipayCertificate && value.alipayRootCertificate),
    {
      path: ['alipayCertificate'],
      message: 'all three certificates are needed when verification is certificate',
    },
  );

export type WechatParameters = z.infer<typeof wechatParametersSchema>;
export type AlipayParameters = z.infer<typeof alipayParametersSchema>;
export type ParametersOf = { readonly wechat: WechatParameters; readonly alipay: AlipayParameters };

export type ParametersResult<Of extends Channel> =
  | { readonly ok: true; readonly parameters: ParametersOf[Of] }
  | { readonly ok: false; readonly fields: readonly string[] };

const SCHEMAS = { wechat: wechatParametersSchema, alipay: alipayParametersSchema };

/** Checks form. On failure gives the names of the fields at fault, never their values. */
export function readParameters<Of extends Channel>(channel: Of, candidate: unknown): ParametersResult<Of> {
  const result = SCHEMAS[channel].safeParse(candidate);
  if (result.success) return { ok: true, parameters: result.data as ParametersOf[Of] };
  const fields = new Set<string>();
  for (const issue of result.error.issues) {
    // An unknown key is named in `keys`; it may itself be a pasted secret, so it is not repeated.
    fields.add(issue.path.length > 0 ? String(issue.path[0]) : 'unknown field');
  }
  return { ok: false, fields: [...fields] };
}
