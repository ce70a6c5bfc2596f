/**
 * The public parameters of Alipay's gateway ("公共请求参数", "公共错误码"): which must be there, what they may say, and
 * whose signature it is. The order is the gateway's own: app before signature. Certificate mode adds the numbers
 * of the app's and the root certificate. Beyond the documents, which only give the timestamp's form, a timestamp
 * more than five minutes off is refused too, unless the setting says otherwise.
 * Invariant: biz_content is not read before the signature has been verified.
 */

import type { Answer } from '../core/adapter';
import { parseAlipayTime } from '../core/beijing';
import { isRecord } from '../core/schema';
import type { KeyRing } from '../keys/keyRing';
import type { MerchantParameters } from '../keys/merchant';
import { alipayError, type AlipayErrorCode } from './errors';
import { isSignedBy } from '../keys/rsa';
import { signedText, type Parameters } from './signature';

const TOLERANCE_MS = 300_000;

const KNOWN = new Set([
  'app_id',
  'method',
  'format',
  'charset',
  'sign_type',
  'sign',
  'timestamp',
  'version',
  'notify_url',
  'return_url',
  'app_auth_token',
  'biz_content',
  'app_cert_sn',
  'alipay_root_cert_sn',
  'alipay_sdk',
]);

export interface Caller {
  readonly merchant: MerchantParameters;
  readonly method: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export type Checked =
  | { readonly caller: Caller; readonly refusal?: undefined }
  | {
      readonly refusal: Answer;
      /** The app, when it is known: its answers are signed even when they refuse. */
      readonly merchant: MerchantParameters | undefined;
    };

export interface CheckOptions {
  readonly nowMs: number;
  /** 'form': any well-formed timestamp will do, as the documents have it. */
  readonly timestampCheck: 'fiveMinutes' | 'form';
}

export function checkParameters(parameters: Parameters, keys: KeyRing, options: CheckOptions): Checked {
  const get = (name: string): string => parameters.get(name) ?? '';
  const merchant = keys.byAlipay(get('app_id'));
  const refuse = (code: AlipayErrorCode, message?: string): Checked => ({
    refusal: alipayError(code, message),
    merchant,
  });
  const code = faultBeforeSignature(parameters, merchant);
  if (code) return refuse(code);
  const certificateFault = checkCertificates(parameters, merchant!);
  if (certificateFault) return refuse(certificateFault);
  const text = signedText(parameters, ['sign']);
  if (!isSignedBy(merchant!.alipay.appPublicKeyPem, text, get('sign'))) {
    return refuse(
      'isv.invalid-signature',
      `验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：${text}`,
    );
  }
  const late = faultAfterSignature(parameters, options);
  if (late) return refuse(late);
  const unknown = [...parameters.keys()].find((name) => !KNOWN.has(name));
  if (unknown) return refuse('isv.invalid-parameter', `参数无效，${unknown}不是文档中定义的公共参数`);
  const input = readContent(get('biz_content'));
  if (!input) return refuse('isv.invalid-parameter', '参数无效，biz_content不是合法的JSON对象');
  const notifyUrl = get('notify_url');
  if (notifyUrl === '') return { caller: { merchant: merchant!, method: get('method'), input } };
  if (Object.hasOwn(input, 'notify_url')) {
    return refuse('isv.invalid-parameter', '参数无效，notify_url是公共参数，不能放在biz_content中');
  }
  return {
    caller: { merchant: merchant!, method: get('method'), input: { ...input, notify_url: notifyUrl } },
  };
}

function faultBeforeSignature(
  parameters: Parameters,
  merchant: MerchantParameters | undefined,
): AlipayErrorCode | undefined {
  if (!parameters.get('method')) return 'isv.missing-method';
  if (!parameters.get('app_id')) return 'isv.missing-app-id';
  if (!merchant) return 'isv.invalid-app-id';
  if (!parameters.get('sign_type')) return 'isv.missing-signature-type';
  if (parameters.get('sign_type') !== 'RSA2') return 'isv.invalid-signature-type';
  if (!parameters.get('sign')) return 'isv.missing-signature';
  return parameters.get('charset')?.toLowerCase() === 'utf-8' ? undefined : 'isv.invalid-charset';
}

function checkCertificates(
  parameters: Parameters,
  merchant: MerchantParameters,
): AlipayErrorCode | undefined {
  const { alipay } = merchant;
  const appNumber = parameters.get('app_cert_sn');
  const rootNumber = parameters.get('alipay_root_cert_sn');
  if (alipay.mode === 'publicKey') return appNumber || rootNumber ? 'isv.app-cert-not-exist' : undefined;
  if (!appNumber) return 'isv.missing-app-cert-sn';
  if (!rootNumber) return 'isv.missing-alipay-root-cert-sn';
  if (appNumber !== alipay.appCertSn) return 'isv.app-cert-not-exist';
  return rootNumber === alipay.alipayRootCertSn ? undefined : 'isv.invalid-alipay-root-cert-sn';
}

function faultAfterSignature(parameters: Parameters, options: CheckOptions): AlipayErrorCode | undefined {
  const timestamp = parameters.get('timestamp');
  if (!timestamp) return 'isv.missing-timestamp';
  const sentMs = parseAlipayTime(timestamp);
  if (sentMs === undefined) return 'isv.invalid-timestamp';
  const isOld = Math.abs(options.nowMs - sentMs) > TOLERANCE_MS;
  if (isOld && options.timestampCheck === 'fiveMinutes') return 'isv.invalid-timestamp';
  if (!parameters.get('version')) return 'isv.missing-version';
  if (parameters.get('version') !== '1.0') return 'isv.invalid-version';
  const format = parameters.get('format');
  return format === undefined || format.toUpperCase() === 'JSON' ? undefined : 'isv.invalid-format';
}

function readContent(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
