/**
 * Alipay's codes and what each means for us. `code` says the class, `sub_code` the case. Only what is listed
 * counts as a refusal; everything else is CODE_UNLISTED, so unknown, so queried. The sub codes of one operation
 * stand before the common ones.
 * Source: Alipay open platform, 公共错误码 and 业务错误码 of alipay.trade.precreate, query, close, refund,
 * fastpay.refund.query, alipay.data.dataservice.bill.downloadurl.query.
 */
import type { CodeOf } from '../codes';

export type AlipayOperation =
  'create' | 'query' | 'close' | 'refund' | 'queryRefund' | 'bill' | 'certificate';

type Meaning = CodeOf<'refused'> | CodeOf<'unknown'>;

export const SUCCESS_CODE = '10000';

/** Gateway classes that say all there is to say, whatever the sub code. */
const BY_CODE: Readonly<Record<string, Meaning>> = {
  // 服务不可用: the gateway does not know what became of the request.
  20000: 'PROVIDER_FAILED',
  20001: 'PERMISSION_REFUSED',
  40001: 'PARAMETERS_REFUSED',
  40002: 'PARAMETERS_REFUSED',
  40005: 'RATE_LIMITED',
  40006: 'PERMISSION_REFUSED',
};

const COMMON: Readonly<Record<string, Meaning>> = {
  'ACQ.SYSTEM_ERROR': 'PROVIDER_FAILED',
  'aop.ACQ.SYSTEM_ERROR': 'PROVIDER_FAILED',
  'ACQ.INVALID_PARAMETER': 'PARAMETERS_REFUSED',
  'ACQ.ACCESS_FORBIDDEN': 'PERMISSION_REFUSED',
  'ACQ.PARTNER_ERROR': 'CREDENTIALS_REFUSED',
  'isv.invalid-signature': 'CREDENTIALS_REFUSED',
  'isv.missing-signature': 'CREDENTIALS_REFUSED',
  'isv.invalid-app-id': 'CREDENTIALS_REFUSED',
  'isv.missing-app-id': 'CREDENTIALS_REFUSED',
  'isv.invalid-signature-type': 'CREDENTIALS_REFUSED',
  'isv.missing-signature-key': 'CREDENTIALS_REFUSED',
  'isv.app-cert-expired': 'CREDENTIALS_REFUSED',
  'isv.invalid-cert-sn': 'CREDENTIALS_REFUSED',
  'isv.missing-app-cert-sn': 'CREDENTIALS_REFUSED',
  'isv.app-cert-not-exist': 'CREDENTIALS_REFUSED',
  'isv.missing-alipay-root-cert-sn': 'CREDENTIALS_REFUSED',
  'isv.invalid-alipay-root-cert-sn': 'CREDENTIALS_REFUSED',
  'isv.invalid-timestamp': 'PARAMETERS_REFUSED',
  'isv.missing-timestamp': 'PARAMETERS_REFUSED',
  'isv.invalid-parameter': 'PARAMETERS_REFUSED',
  'isv.missing-method': 'PARAMETERS_REFUSED',
  'isv.invalid-method': 'PARAMETERS_REFUSED',
  'isv.invalid-format': 'PARAMETERS_REFUSED',
  'isv.invalid-charset': 'PARAMETERS_REFUSED',
  'isv.insufficient-isv-permissions': 'PERMISSION_REFUSED',
  'isv.insufficient-user-permissions': 'PERMISSION_REFUSED',
  'isv.app-call-limited': 'RATE_LIMITED',
  'isv.app-call-limit': 'RATE_LIMITED',
  'isp.app-call-limited': 'RATE_LIMITED',
  'aop.app-call-limited': 'RATE_LIMITED',
};

const BY_OPERATION: Readonly<Record<AlipayOperation, Readonly<Record<string, Meaning>>>> = {
  create: {
    'ACQ.TRADE_HAS_SUCCESS': 'ORDERPAID',
    'ACQ.TRADE_HAS_FINISHED': 'ORDERPAID',
    'ACQ.TRADE_HAS_CLOSE': 'ORDER_CLOSED',
    'ACQ.CONTEXT_INCONSISTENT': 'OUT_TRADE_NO_USED',
    'ACQ.TRADE_BUYER_NOT_MATCH': 'OUT_TRADE_NO_USED',
    'ACQ.EXIST_FORBIDDEN_WORD': 'CONTENT_REFUSED',
    'ACQ.TOTAL_FEE_EXCEED': 'AMOUNT_REFUSED',
    'ACQ.BUYER_SELLER_EQUAL': 'ACCOUNT_REFUSED',
    'ACQ.MERCHANT_STATUS_NOT_NORMAL': 'ACCOUNT_REFUSED',
    'ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT': 'ACCOUNT_REFUSED',
    'ACQ.MERCHANT_PERM_RECEIPT_SINGLE_LIMIT': 'AMOUNT_REFUSED',
    'ACQ.MERCHANT_PERM_RECEIPT_DAY_LIMIT': 'ACCOUNT_REFUSED',
    'ACQ.SECONDARY_MERCHANT_STATUS_ERROR': 'ACCOUNT_REFUSED',
    'ACQ.INVALID_STORE_ID': 'PARAMETERS_REFUSED',
  },
  query: { 'ACQ.TRADE_NOT_EXIST': 'TRADE_NOT_FOUND' },
  close: {
    'ACQ.TRADE_NOT_EXIST': 'TRADE_NOT_FOUND',
    'ACQ.TRADE_STATUS_ERROR': 'TRADE_STATE',
    'ACQ.REASON_TRADE_STATUS_INVALID': 'TRADE_STATE',
    'ACQ.REASON_ILLEGAL_STATUS': 'TRADE_STATE',
    'ACQ.TRADE_HAS_CLOSE': 'ORDER_CLOSED',
    'ACQ.TRADE_HAS_SUCCESS': 'ORDERPAID',
  },
  refund: {
    'ACQ.SELLER_BALANCE_NOT_ENOUGH': 'BALANCE_NOT_ENOUGH',
    'ACQ.TRADE_NOT_EXIST': 'TRADE_NOT_FOUND',
    'ACQ.TRADE_STATUS_ERROR': 'TRADE_STATE',
    'ACQ.TRADE_HAS_FINISHED': 'TRADE_STATE',
    'ACQ.TRADE_HAS_CLOSE': 'TRADE_STATE',
    'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': 'REFUND_REFUSED',
    'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'REFUND_REFUSED',
    'ACQ.REFUND_FEE_ERROR': 'REFUND_REFUSED',
    'ACQ.DISCORDANT_REPEAT_REQUEST': 'REFUND_REFUSED',
    'ACQ.TRADE_NOT_ALLOW_REFUND': 'REFUND_REFUSED',
    'ACQ.REASON_TRADE_BEEN_FREEZEN': 'ACCOUNT_REFUSED',
    'ACQ.BUYER_ERROR': 'ACCOUNT_REFUSED',
    'ACQ.USER_NOT_EXIST': 'ACCOUNT_REFUSED',
  },
  queryRefund: { 'ACQ.TRADE_NOT_EXIST': 'TRADE_NOT_FOUND' },
  bill: {
    'isp.bill_not_exist': 'BILL_NOT_FOUND',
    'isv.bill_not_exist': 'BILL_NOT_FOUND',
    'isp.bill-not-exist': 'BILL_NOT_FOUND',
  },
  certificate: {},
};

/** What an authentic answer that is not a success means for this operation. */
export function meaningOf(
  operation: AlipayOperation,
  code: string | undefined,
  subCode: string | undefined,
): Meaning {
  if (code === undefined) return 'ANSWER_MALFORMED';
  if (subCode !== undefined) {
    const own = BY_OPERATION[operation];
    if (Object.hasOwn(own, subCode)) return own[subCode]!;
    if (Object.hasOwn(COMMON, subCode)) return COMMON[subCode]!;
  }
  return Object.hasOwn(BY_CODE, code) ? BY_CODE[code]! : 'CODE_UNLISTED';
}
