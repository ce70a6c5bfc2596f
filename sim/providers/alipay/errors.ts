/**
 * Alipay's answers: `code` and `msg` of the gateway, `sub_code` and `sub_msg` of the business, from "公共错误码" and
 * the error tables of alipay.trade.precreate, query, cancel, close, refund and fastpay.refund.query. The HTTP
 * status is 200 whatever happened.
 */

import type { Answer } from '../core/adapter';

const GATEWAY = {
  '10000': 'Success',
  '20000': 'Service Currently Unavailable',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
  '40006': 'Insufficient Permissions',
} as const;

type GatewayCode = keyof typeof GATEWAY;

const ERRORS = {
  'isp.unknow-error': ['20000', '系统繁忙'],
  'isv.missing-method': ['40001', '缺少方法名参数'],
  'isv.missing-app-id': ['40001', '缺少APPID参数'],
  'isv.missing-signature': ['40001', '缺少签名参数'],
  'isv.missing-signature-type': ['40001', '缺少签名类型参数'],
  'isv.missing-timestamp': ['40001', '缺少时间戳参数'],
  'isv.missing-version': ['40001', '缺少版本参数'],
  'isv.invalid-method': ['40002', '不存在的方法名'],
  'isv.invalid-app-id': ['40002', '无效的AppID参数'],
  'isv.invalid-signature': ['40002', '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配'],
  'isv.invalid-signature-type': ['40002', '无效的签名类型'],
  'isv.invalid-timestamp': ['40002', '非法的时间戳参数'],
  'isv.invalid-charset': ['40002', '字符集错误'],
  'isv.invalid-format': ['40002', '无效的数据格式'],
  'isv.invalid-version': ['40002', '无效的版本'],
  'isv.invalid-parameter': ['40002', '参数无效'],
  'isv.missing-app-cert-sn': ['40002', '缺少应用公钥证书序列号'],
  'isv.missing-alipay-root-cert-sn': ['40002', '缺少支付宝根证书序列号'],
  'isv.app-cert-not-exist': ['40002', '应用公钥证书不存在'],
  'isv.invalid-alipay-root-cert-sn': ['40002', '支付宝根证书序列号错误'],
  'isv.app-call-limited': ['40005', '应用调用次数超限，包含调用频率超限'],
  'isp.bill_not_exist': ['40004', '入参账单日期未生成账单'],
  'ACQ.SYSTEM_ERROR': ['40004', '系统错误'],
  'ACQ.INVALID_PARAMETER': ['40004', '参数无效'],
  'ACQ.CONTEXT_INCONSISTENT': ['40004', '交易信息被篡改'],
  'ACQ.TRADE_HAS_SUCCESS': ['40004', '交易已被支付'],
  'ACQ.TRADE_HAS_CLOSE': ['40004', '交易已经关闭'],
  'ACQ.TRADE_HAS_FINISHED': ['40004', '交易已完结'],
  'ACQ.TRADE_NOT_EXIST': ['40004', '交易不存在'],
  'ACQ.TRADE_STATUS_ERROR': ['40004', '交易状态不合法'],
  'ACQ.REASON_TRADE_STATUS_INVALID': ['40004', '交易状态异常'],
  'ACQ.TRADE_CANCEL_TIME_OUT': ['40004', '超过撤销时间范围'],
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': ['40004', '卖家余额不足'],
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': ['40004', '撤销或退款金额与订单金额不一致'],
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': ['40004', '退款金额无效'],
  'ACQ.DISCORDANT_REPEAT_REQUEST': ['40004', '请求信息不一致'],
} as const satisfies Record<string, readonly [GatewayCode, string]>;

export type AlipayErrorCode = keyof typeof ERRORS;

/** sub_code and code, for the comparison with docs/sandbox.md. */
export const ALIPAY_ERROR_CODES: readonly (readonly [string, string])[] = Object.entries(ERRORS).map(
  ([subCode, [code]]) => [subCode, code],
);

/** A success with the method's own fields. */
export function alipaySuccess(fields: Readonly<Record<string, unknown>>): Answer {
  return { status: 200, body: { code: '10000', msg: GATEWAY['10000'], ...fields } };
}

/** An error; `fields` are those that the method gives even then. */
export function alipayError(
  code: AlipayErrorCode,
  message?: string,
  fields: Readonly<Record<string, unknown>> = {},
): Answer {
  const [gatewayCode, text] = ERRORS[code];
  return {
    status: 200,
    body: {
      code: gatewayCode,
      msg: GATEWAY[gatewayCode],
      sub_code: code,
      sub_msg: message ?? text,
      ...fields,
    },
  };
}

export function isAlipayRefusal(answer: Answer): boolean {
  return typeof answer.body !== 'object' || answer.body?.['code'] !== '10000';
}
