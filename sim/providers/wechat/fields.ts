/**
 * The fields of WeChat Pay API v3's requests, retyped from "Native下单", "关闭订单", "申请退款" and "申请交易账单":
 * names, lengths, which are required. Anything else in a request is refused, as the real service does.
 */

import type { Schema } from '../core/schema';

/** 6 to 32 of digits, letters and `_-|*`. */
const OUT_TRADE_NO = /^[0-9A-Za-z_\-|*]+$/;
/** Digits, letters and `_-|*@`. */
const OUT_REFUND_NO = /^[0-9A-Za-z_\-|*@]+$/;
/** A full address without a query. */
const NOTIFY_URL = /^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/;

const AMOUNT_MAX_FEN = 1_000_000_000;

export const NATIVE_FIELDS: Schema = {
  appid: { type: 'string', label: '公众账号ID', required: true, max: 32 },
  mchid: { type: 'string', label: '商户号', required: true, max: 32 },
  description: { type: 'string', label: '商品描述', required: true, max: 127 },
  out_trade_no: {
    type: 'string',
    label: '商户订单号',
    required: true,
    min: 6,
    max: 32,
    pattern: OUT_TRADE_NO,
  },
  time_expire: { type: 'string', label: '支付结束时间', max: 64 },
  attach: { type: 'string', label: '商户数据包', max: 128 },
  notify_url: { type: 'string', label: '商户回调地址', required: true, max: 255, pattern: NOTIFY_URL },
  goods_tag: { type: 'string', label: '订单优惠标记', max: 32 },
  support_fapiao: { type: 'boolean', label: '电子发票入口开放标识' },
  amount: {
    type: 'object',
    label: '订单金额',
    required: true,
    fields: {
      total: { type: 'integer', label: '总金额', required: true, min: 1, max: AMOUNT_MAX_FEN },
      currency: { type: 'string', label: '货币类型', choices: ['CNY'] },
    },
  },
  detail: {
    type: 'object',
    label: '优惠功能',
    fields: {
      cost_price: { type: 'integer', label: '订单原价', min: 1 },
      invoice_id: { type: 'string', label: '商品小票ID', max: 32 },
      goods_detail: { type: 'array', label: '单品列表' },
    },
  },
  scene_info: {
    type: 'object',
    label: '场景信息',
    fields: {
      payer_client_ip: { type: 'string', label: '用户终端IP', required: true, max: 45 },
      device_id: { type: 'string', label: '商户端设备号', max: 32 },
      store_info: { type: 'object', label: '商户门店信息' },
    },
  },
  settle_info: {
    type: 'object',
    label: '结算信息',
    fields: { profit_sharing: { type: 'boolean', label: '是否指定分账' } },
  },
};

export const CLOSE_FIELDS: Schema = {
  mchid: { type: 'string', label: '商户号', required: true, max: 32 },
};

export const OUT_TRADE_NO_FIELDS: Schema = {
  out_trade_no: {
    type: 'string',
    label: '商户订单号',
    required: true,
    min: 6,
    max: 32,
    pattern: OUT_TRADE_NO,
  },
};

export const TRANSACTION_ID_FIELDS: Schema = {
  transaction_id: { type: 'string', label: '微信支付订单号', required: true, max: 32 },
};

export const QUERY_FIELDS: Schema = {
  mchid: { type: 'string', label: '商户号', required: true, max: 32 },
};

export const REFUND_FIELDS: Schema = {
  transaction_id: { type: 'string', label: '微信支付订单号', max: 32 },
  out_trade_no: { type: 'string', label: '商户订单号', min: 6, max: 32, pattern: OUT_TRADE_NO },
  out_refund_no: { type: 'string', label: '商户退款单号', required: true, max: 64, pattern: OUT_REFUND_NO },
  reason: { type: 'string', label: '退款原因', max: 80 },
  notify_url: { type: 'string', label: '退款结果回调url', max: 256, pattern: NOTIFY_URL },
  funds_account: { type: 'string', label: '退款资金来源', choices: ['AVAILABLE', 'UNSETTLED'] },
  amount: {
    type: 'object',
    label: '金额信息',
    required: true,
    fields: {
      refund: { type: 'integer', label: '退款金额', required: true, min: 1, max: AMOUNT_MAX_FEN },
      from: { type: 'array', label: '退款出资账户及金额' },
      total: { type: 'integer', label: '原订单金额', required: true, min: 1, max: AMOUNT_MAX_FEN },
      currency: { type: 'string', label: '退款币种', required: true, choices: ['CNY'] },
    },
  },
  goods_detail: { type: 'array', label: '退款商品' },
};

export const OUT_REFUND_NO_FIELDS: Schema = {
  out_refund_no: { type: 'string', label: '商户退款单号', required: true, max: 64, pattern: OUT_REFUND_NO },
};

export const TRADE_BILL_FIELDS: Schema = {
  bill_date: { type: 'string', label: '账单日期', required: true, pattern: /^\d{4}-\d\d-\d\d$/ },
  bill_type: { type: 'string', label: '账单类型', choices: ['ALL', 'SUCCESS', 'REFUND'] },
  tar_type: { type: 'string', label: '压缩类型', choices: ['GZIP'] },
};
