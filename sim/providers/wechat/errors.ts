/**
 * WeChat Pay API v3's error codes with their HTTP statuses and usual texts, from the error tables of "Native下单",
 * "查询订单", "关闭订单", "申请退款", "查询单笔退款", "申请交易账单" and the common table of API v3. Nobody branches
 * on the text; it is there because people read it.
 */

import type { Answer } from '../core/adapter';
import type { Violation } from '../core/schema';

const ERRORS = {
  PARAM_ERROR: [400, '参数错误'],
  INVALID_REQUEST: [400, '无效请求'],
  APPID_MCHID_NOT_MATCH: [400, '商户号mch_id与appid不匹配'],
  MCH_NOT_EXISTS: [400, '商户号不存在'],
  ORDER_CLOSED: [400, '该订单已关闭'],
  ORDERPAID: [400, '该订单已支付'],
  NO_STATEMENT_EXIST: [400, '账单文件不存在'],
  STATEMENT_CREATING: [400, '账单生成中，请稍后再试'],
  SIGN_ERROR: [401, '签名错误，请检查后再试'],
  NO_AUTH: [403, '商户无权限'],
  NOT_ENOUGH: [403, '基本账户余额不足，请充值后重新发起'],
  OUT_TRADE_NO_USED: [403, '商户订单号重复'],
  ORDER_NOT_EXIST: [404, '订单不存在'],
  RESOURCE_NOT_EXISTS: [404, '查询的资源不存在'],
  FREQUENCY_LIMITED: [429, '频率超限，请降低请求频率后再试'],
  SYSTEM_ERROR: [500, '系统异常，请稍后重试'],
} as const satisfies Record<string, readonly [number, string]>;

export type WechatErrorCode = keyof typeof ERRORS;

/** Code and HTTP status, for the comparison with docs/sandbox.md. */
export const WECHAT_ERROR_CODES: readonly (readonly [string, number])[] = Object.entries(ERRORS).map(
  ([code, [status]]) => [code, status],
);

/** An error as WeChat Pay answers it. `detail` appears for faults in the parameters only. */
export function wechatError(
  code: WechatErrorCode,
  message?: string,
  detail?: Record<string, unknown>,
): Answer {
  const [status, text] = ERRORS[code];
  return { status, body: { code, ...(detail ? { detail } : {}), message: message ?? text } };
}

/** A violated field rule in WeChat Pay's words; `location` is where the field was: body, query or uri_template. */
export function violationAnswer(violation: Violation, location: 'body' | 'query' | 'uri_template'): Answer {
  const { path, label, value, limit } = violation;
  const source = `输入源“/${location}${path}”映射到`;
  const detail = { location, value: value ?? '' };
  switch (violation.rule) {
    case 'unknown':
      return wechatError('PARAM_ERROR', '请求中含有未在API文档中定义的参数', {
        location: null,
        value: [`/${location}${path}`],
      });
    case 'missing':
      return wechatError('PARAM_ERROR', `${source}字段“${label}”必填性规则校验失败，此字段为必填项`, detail);
    case 'type':
      return wechatError('PARAM_ERROR', `无法将${source}目标字段“${label}”，此字段的类型不正确`, detail);
    case 'short':
      return wechatError('PARAM_ERROR', `${source}值字段“${label}”规则校验失败，小于最小值 ${limit}`, detail);
    case 'long':
      return wechatError('PARAM_ERROR', `${source}值字段“${label}”规则校验失败，大于最大值 ${limit}`, detail);
    case 'pattern':
      return wechatError(
        'PARAM_ERROR',
        `${source}值字段“${label}”字符串规则校验失败，字符串必须匹配正则表达式“${limit}”`,
        detail,
      );
    case 'choice':
      return wechatError('PARAM_ERROR', `${source}字段“${label}”枚举值校验失败，可选值 ${limit}`, detail);
  }
}
