/**
 * WeChat Pay's error codes and what each means for us. Only what is listed counts as a refusal; everything else
 * is CODE_UNLISTED, so unknown, so queried. Codes of one operation stand before the common ones.
 * Source: WeChat Pay APIv3 documents, 错误码 of Native 下单, 查询订单, 关闭订单, 申请退款, 查询退款, 申请交易账单,
 * and 公共错误码. Spellings of older pages (ORDERNOTEXIST, NOTENOUGH) are kept: the platform sends both.
 */
import type { CodeOf } from '../codes';

export type WechatOperation =
  'create' | 'query' | 'close' | 'refund' | 'queryRefund' | 'bill' | 'certificates';

type Meaning = CodeOf<'refused'> | CodeOf<'unknown'>;

const COMMON: Readonly<Record<string, Meaning>> = {
  SYSTEM_ERROR: 'PROVIDER_FAILED',
  SYSTEMERROR: 'PROVIDER_FAILED',
  BANK_ERROR: 'PROVIDER_FAILED',
  FREQUENCY_LIMITED: 'RATE_LIMITED',
  FREQUENCY_LIMIT_EXCEED: 'RATE_LIMITED',
  RATELIMIT_EXCEEDED: 'RATE_LIMITED',
  PARAM_ERROR: 'PARAMETERS_REFUSED',
  INVALID_REQUEST: 'PARAMETERS_REFUSED',
  SIGN_ERROR: 'CREDENTIALS_REFUSED',
  APPID_MCHID_NOT_MATCH: 'CREDENTIALS_REFUSED',
  MCH_NOT_EXISTS: 'CREDENTIALS_REFUSED',
  NO_AUTH: 'PERMISSION_REFUSED',
  NOAUTH: 'PERMISSION_REFUSED',
  RULE_LIMIT: 'ACCOUNT_REFUSED',
  RULELIMIT: 'ACCOUNT_REFUSED',
  ACCOUNT_ERROR: 'ACCOUNT_REFUSED',
  ACCOUNTERROR: 'ACCOUNT_REFUSED',
  USER_ACCOUNT_ABNORMAL: 'ACCOUNT_REFUSED',
};

const BY_OPERATION: Readonly<Record<WechatOperation, Readonly<Record<string, Meaning>>>> = {
  create: {
    OUT_TRADE_NO_USED: 'OUT_TRADE_NO_USED',
    // The same number with other content; the platform documents both codes for it.
    INVALID_REQUEST: 'OUT_TRADE_NO_USED',
    ORDERPAID: 'ORDERPAID',
    ORDER_PAID: 'ORDERPAID',
    ORDER_CLOSED: 'ORDER_CLOSED',
    ORDERCLOSED: 'ORDER_CLOSED',
    TRADE_ERROR: 'ACCOUNT_REFUSED',
  },
  query: {
    ORDER_NOT_EXIST: 'TRADE_NOT_FOUND',
    ORDERNOTEXIST: 'TRADE_NOT_FOUND',
    RESOURCE_NOT_EXISTS: 'TRADE_NOT_FOUND',
  },
  close: {
    ORDERPAID: 'ORDERPAID',
    ORDER_PAID: 'ORDERPAID',
    ORDER_CLOSED: 'ORDER_CLOSED',
    ORDERCLOSED: 'ORDER_CLOSED',
    ORDER_NOT_EXIST: 'TRADE_NOT_FOUND',
    ORDERNOTEXIST: 'TRADE_NOT_FOUND',
    RESOURCE_NOT_EXISTS: 'TRADE_NOT_FOUND',
    TRADE_ERROR: 'TRADE_STATE',
  },
  refund: {
    NOT_ENOUGH: 'BALANCE_NOT_ENOUGH',
    NOTENOUGH: 'BALANCE_NOT_ENOUGH',
    RESOURCE_NOT_EXISTS: 'TRADE_NOT_FOUND',
    ORDER_NOT_EXIST: 'TRADE_NOT_FOUND',
    ORDERNOTEXIST: 'TRADE_NOT_FOUND',
    INVALID_REQUEST: 'REFUND_REFUSED',
    TRADE_OVERDUE: 'REFUND_REFUSED',
    REFUND_FEE_MISMATCH: 'REFUND_REFUSED',
    ORDER_NOT_READY: 'TRADE_STATE',
    TRADE_STATE_ERROR: 'TRADE_STATE',
  },
  queryRefund: {
    RESOURCE_NOT_EXISTS: 'TRADE_NOT_FOUND',
    REFUND_NOT_EXISTS: 'TRADE_NOT_FOUND',
    REFUNDNOTEXIST: 'TRADE_NOT_FOUND',
  },
  bill: {
    NO_STATEMENT_EXIST: 'BILL_NOT_FOUND',
    STATEMENT_CREATING: 'BILL_NOT_READY',
  },
  certificates: {},
};

/** What an authentic error code means for this operation. */
export function meaningOf(operation: WechatOperation, providerCode: string | undefined): Meaning {
  if (providerCode === undefined) return 'ANSWER_MALFORMED';
  const own = BY_OPERATION[operation];
  if (Object.hasOwn(own, providerCode)) return own[providerCode]!;
  return Object.hasOwn(COMMON, providerCode) ? COMMON[providerCode]! : 'CODE_UNLISTED';
}
