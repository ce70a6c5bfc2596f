/**
 * A merchant of the sandbox as the fields that an operator fills in on the server (docs/providers.md, Parameters):
 * what `npm run admin -- merchants parameters` takes. Names only; which of them count depends on the mode.
 */
import type { Channel } from '../core/records';
import type { MerchantParameters } from './merchant';

export type ParameterForm = Readonly<Record<string, string>>;

export function parameterForm(channel: Channel, { wechat, alipay }: MerchantParameters): ParameterForm {
  return channel === 'wechat' ? wechatForm(wechat) : alipayForm(alipay);
}

function wechatForm(wechat: MerchantParameters['wechat']): ParameterForm {
  const isKey = wechat.mode === 'publicKey';
  return {
    mchid: wechat.mchId,
    appid: wechat.appId,
    merchantSerial: wechat.merchantSerialNo,
    merchantPrivateKey: wechat.merchantPrivateKeyPem,
    merchantCertificate: wechat.merchantCertificatePem,
    apiV3Key: wechat.apiV3Key,
    verification: isKey ? 'publicKey' : 'certificates',
    ...(isKey && {
      platformPublicKeyId: wechat.platformPublicKeyId,
      platformPublicKey: wechat.platformPublicKeyPem,
    }),
  };
}

function alipayForm(alipay: MerchantParameters['alipay']): ParameterForm {
  return {
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
