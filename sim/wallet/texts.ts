/**
 * The wallet's words in Chinese and English. Both languages have the same keys, by type; nothing else in the
 * wallet contains words that a customer reads.
 */

import type { WalletRefusal } from '../providers/core/wallet';

export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Texts {
  readonly htmlLang: string;
  readonly title: string;
  readonly subtitle: string;
  readonly otherLanguage: string;
  readonly wechat: string;
  readonly alipay: string;
  readonly pasteLabel: string;
  readonly pasteHint: string;
  readonly open: string;
  readonly waitingTitle: string;
  readonly nothingWaiting: string;
  readonly nothingWaitingHint: string;
  readonly payTo: string;
  readonly goods: string;
  readonly orderNumber: string;
  readonly pay: string;
  readonly refuse: string;
  readonly minutesLeft: (minutes: number) => string;
  readonly paidTitle: string;
  readonly paidAt: string;
  readonly providerNumber: string;
  readonly refunded: string;
  readonly refusedTitle: string;
  readonly refusedHint: string;
  readonly payAfterAll: string;
  readonly backToList: string;
  readonly sandboxNote: string;
  readonly endedTitle: string;
  readonly refusals: Readonly<Record<WalletRefusal, string>>;
}

export const TEXTS: Readonly<Record<Language, Texts>> = {
  zh: {
    htmlLang: 'zh-CN',
    title: '沙箱钱包',
    subtitle: '顾客手机上看到的画面',
    otherLanguage: 'English',
    wechat: '微信支付',
    alipay: '支付宝',
    pasteLabel: '二维码链接',
    pasteHint: '粘贴 weixin:// 或 https:// 链接',
    open: '打开',
    waitingTitle: '等待付款',
    nothingWaiting: '没有等待付款的订单',
    nothingWaitingHint: '新订单会自动出现在这里。',
    payTo: '付款给',
    goods: '商品',
    orderNumber: '商户单号',
    pay: '立即支付',
    refuse: '取消',
    minutesLeft: (minutes) => (minutes < 1 ? '即将失效' : `剩余 ${minutes} 分钟`),
    paidTitle: '支付成功',
    paidAt: '支付时间',
    providerNumber: '交易单号',
    refunded: '已退款',
    refusedTitle: '未付款',
    refusedHint: '您已取消，订单仍在等待付款。',
    payAfterAll: '重新付款',
    backToList: '返回列表',
    sandboxNote: '本机沙箱，不涉及真实资金',
    endedTitle: '无法付款',
    refusals: {
      UNKNOWN_CODE: '二维码不存在。',
      CODE_EXPIRED: '二维码已过期，请让商家重新生成。',
      CODE_REPLACED: '二维码已失效，请扫描新的二维码。',
      TRADE_EXPIRED: '订单已超过付款时间。',
      TRADE_CLOSED: '订单已关闭。',
      ALREADY_PAID: '订单已付款。',
    },
  },
  en: {
    htmlLang: 'en',
    title: 'Sandbox wallet',
    subtitle: 'What the customer’s phone shows',
    otherLanguage: '中文',
    wechat: 'WeChat Pay',
    alipay: 'Alipay',
    pasteLabel: 'Link of a QR code',
    pasteHint: 'Paste the code’s link',
    open: 'Open',
    waitingTitle: 'Waiting to be paid',
    nothingWaiting: 'No payment is waiting',
    nothingWaitingHint: 'New orders appear here by themselves.',
    payTo: 'Pay to',
    goods: 'Goods',
    orderNumber: 'Order number',
    pay: 'Pay',
    refuse: 'Cancel',
    minutesLeft: (minutes) => (minutes < 1 ? 'about to expire' : `${minutes} min left`),
    paidTitle: 'Paid',
    paidAt: 'Paid at',
    providerNumber: 'Transaction',
    refunded: 'Refunded',
    refusedTitle: 'Not paid',
    refusedHint: 'You turned it down; the order is still waiting.',
    payAfterAll: 'Pay after all',
    backToList: 'Back to the list',
    sandboxNote: 'A sandbox on this machine: no real money',
    endedTitle: 'Cannot be paid',
    refusals: {
      UNKNOWN_CODE: 'There is no such code.',
      CODE_EXPIRED: 'The code has expired; ask the merchant for a new one.',
      CODE_REPLACED: 'The code is no longer valid; scan the new one.',
      TRADE_EXPIRED: 'The time to pay is over.',
      TRADE_CLOSED: 'The order has been closed.',
      ALREADY_PAID: 'The order has been paid.',
    },
  },
};

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.includes(value as Language);
}

export function otherLanguage(language: Language): Language {
  return language === 'zh' ? 'en' : 'zh';
}
