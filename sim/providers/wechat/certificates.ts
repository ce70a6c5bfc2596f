/**
 * GET /v3/certificates ("获取平台证书列表"): the platform's certificates, each encrypted under the merchant's APIv3
 * key; while they rotate there are two. A merchant of the public-key mode has none and is told so.
 */

import type { Answer } from '../core/adapter';
import { toRfc3339 } from '../core/beijing';
import type { MerchantParameters } from '../keys/merchant';
import type { PlatformKeys } from '../keys/platform';
import { wechatError } from './errors';
import { encryptFor } from './signer';

const ASSOCIATED_DATA = 'certificate';

export function listCertificates(platform: PlatformKeys, merchant: MerchantParameters): Answer {
  if (merchant.wechat.mode === 'publicKey') {
    return wechatError(
      'RESOURCE_NOT_EXISTS',
      '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。可查看指引https://pay.weixin.qq.com/doc/v3/merchant/4012153196',
    );
  }
  const data = platform.wechat.certificates.map((certificate) => ({
    serial_no: certificate.serial,
    effective_time: toRfc3339(certificate.effectiveMs),
    expire_time: toRfc3339(certificate.expireMs),
    encrypt_certificate: encryptFor(merchant, certificate.certificatePem, ASSOCIATED_DATA),
  }));
  return { status: 200, body: { data } };
}
