/**
 * The fields of Alipay's biz_content, retyped from alipay.trade.precreate, query, cancel, close, refund,
 * fastpay.refund.query and alipay.data.dataservice.bill.downloadurl.query. The real gateway lets unknown fields
 * pass; here they are refused, because a misspelt field is a fault that nobody would see.
 */

import type { Schema } from '../core/schema';

/** At most 64 letters, digits, underscores. */
const OUT_TRADE_NO = /^[0-9A-Za-z_]+$/;
/** "不可使用特殊字符，如 /，=，& 等". */
const SUBJECT = /^[^/=&]+$/;

const TRADE_REFERENCE: Schema = {
  out_trade_no: { type: 'string', label: '商户订单号', max: 64 },
  trade_no: { type: 'string', label: '支付宝交易号', max: 64 },
};

export const PRECREATE_FIELDS: Schema = {
  out_trade_no: { type: 'string', label: '商户订单号', required: true, max: 64, pattern: OUT_TRADE_NO },
  total_amount: { type: 'price', label: '订单总金额', required: true },
  subject: { type: 'string', label: '订单标题', required: true, max: 256, pattern: SUBJECT },
  seller_id: { type: 'string', label: '卖家支付宝用户ID', max: 28 },
  body: { type: 'string', label: '订单附加信息', max: 128 },
  product_code: { type: 'string', label: '产品码', choices: ['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE'] },
  discountable_amount: { type: 'price', label: '可打折金额' },
  undiscountable_amount: { type: 'price', label: '不可打折金额' },
  buyer_logon_id: { type: 'string', label: '买家支付宝账号', max: 100 },
  goods_detail: { type: 'array', label: '订单包含的商品列表信息' },
  extend_params: { type: 'object', label: '业务扩展参数' },
  business_params: { type: 'object', label: '商户传入业务信息' },
  settle_info: { type: 'object', label: '描述结算信息' },
  operator_id: { type: 'string', label: '商户操作员编号', max: 28 },
  store_id: { type: 'string', label: '商户门店编号', max: 32 },
  terminal_id: { type: 'string', label: '商户机具终端编号', max: 32 },
  merchant_order_no: { type: 'string', label: '商户原始订单号', max: 32 },
  enable_pay_channels: { type: 'string', label: '可用渠道', max: 128 },
  disable_pay_channels: { type: 'string', label: '禁用渠道', max: 128 },
  timeout_express: { type: 'string', label: '相对超时时间', max: 6, pattern: /^([1-9]\d{0,4}[mhd]|1c)$/ },
  qr_code_timeout_express: {
    type: 'string',
    label: '二维码相对超时时间',
    max: 6,
    pattern: /^[1-9]\d{0,4}[mhd]$/,
  },
  time_expire: { type: 'string', label: '订单绝对超时时间', max: 32 },
  query_options: { type: 'array', label: '返回参数选项' },
};

export const QUERY_FIELDS: Schema = {
  ...TRADE_REFERENCE,
  org_pid: { type: 'string', label: '银行间联模式下的机构pid', max: 16 },
  query_options: { type: 'array', label: '查询选项' },
};

export const CANCEL_FIELDS: Schema = TRADE_REFERENCE;

export const CLOSE_FIELDS: Schema = {
  ...TRADE_REFERENCE,
  operator_id: { type: 'string', label: '商家操作员编号', max: 28 },
};

export const REFUND_FIELDS: Schema = {
  ...TRADE_REFERENCE,
  refund_amount: { type: 'price', label: '退款金额', required: true },
  refund_reason: { type: 'string', label: '退款原因', max: 256 },
  out_request_no: { type: 'string', label: '退款请求号', max: 64 },
  refund_currency: { type: 'string', label: '退款币种', choices: ['CNY'] },
  operator_id: { type: 'string', label: '商户的操作员编号', max: 30 },
  store_id: { type: 'string', label: '商户的门店编号', max: 32 },
  terminal_id: { type: 'string', label: '商户的终端编号', max: 32 },
  goods_detail: { type: 'array', label: '退款包含的商品列表信息' },
  refund_royalty_parameters: { type: 'array', label: '退分账明细信息' },
  query_options: { type: 'array', label: '查询选项' },
};

export const REFUND_QUERY_FIELDS: Schema = {
  ...TRADE_REFERENCE,
  out_request_no: { type: 'string', label: '退款请求号', required: true, max: 64 },
  query_options: { type: 'array', label: '查询选项' },
};

export const BILL_FIELDS: Schema = {
  bill_type: { type: 'string', label: '账单类型', required: true, choices: ['trade', 'signcustomer'] },
  bill_date: { type: 'string', label: '账单时间', required: true, pattern: /^\d{4}-\d\d(-\d\d)?$/ },
};
