/** A merchant of the sandbox as the server's payment parameters. */
import type { Channel } from '../../../server/providers';
import type { MerchantParameters } from '../../../sim/providers';

export function parametersFor(channel: Channel, merchant: MerchantParameters): Record<string, unknown> {
  const { wechat, alipay } = merchant;
  return channel === 'wechat'
    ? {
        mchid: wechat.mchId,
        appid: wechat.appId,
        merchantSerial: wechat.merchantSerialNo,
        merchantPrivateKey: wechat.merchantPrivateKeyPem,
        merchantCertificate: wechat.merchantCertificatePem,
        apiV3Key: wechat.apiV3Key,
        verification: wechat.mode === 'publicKey' ? 'publicKey' : 'certificates',
        ...(wechat.mode === 'publicKey'
          ? {
              platformPublicKeyId: wechat.platformPublicKeyId,
              platformPublicKey: wechat.platformPublicKeyPem,
            }
          : {}),
      }
    : {
        appId: alipay.appId,
        sellerId: alipay.sellerId,
        appPrivateKey: alipay.appPrivateKeyPem,
        verification: alipay.mode,
        ...(alipay.mode === 'publicKey'
          ? { alipayPublicKey: alipay.alipayPublicKey }
          : {
              appCertificate: alipay.appCertificatePem,
              alipayCertificate: alipay.alipayCertificatePem,
              alipayRootCertificate: alipay.alipayRootCertificatePem,
            }),
      };
}
