/**
 * The sandbox's keys as the shells use them: who signs, with what, whose signature is to be checked. Everything
 * is read from and written to the vault table of the book, so that it outlives a restart.
 */

import type { Book } from '../core/book';
import { newMerchant, accountsOf, type MerchantOptions, type MerchantParameters } from './merchant';
import {
  addPlatformCertificate,
  newPlatformKeys,
  retirePlatformCertificates,
  switchPlatformCertificate,
  type PlatformKeys,
} from './platform';

const PLATFORM_KEY = 'platform';
const DEMO_KEY = 'demo';
const MERCHANT_PREFIX = 'merchant/';

export type RotationPhase = 'announce' | 'switch' | 'retire';

export class KeyRing {
  private readonly byMchId = new Map<string, MerchantParameters>();
  private readonly byAppId = new Map<string, MerchantParameters>();

  private constructor(
    private readonly book: Book,
    private keys: PlatformKeys,
  ) {}

  /** The ring kept in the book, or a new one; `given` spares the making of platform keys (tests). */
  static async open(book: Book, nowMs: number, given?: PlatformKeys): Promise<KeyRing> {
    const kept = book.get('vault', PLATFORM_KEY) as PlatformKeys | undefined;
    const ring = new KeyRing(book, kept ?? given ?? (await newPlatformKeys(nowMs)));
    if (!kept) book.put('vault', PLATFORM_KEY, ring.keys);
    for (const [key, record] of book.entries('vault')) {
      if (key.startsWith(MERCHANT_PREFIX)) ring.index(record as MerchantParameters);
    }
    return ring;
  }

  get platform(): PlatformKeys {
    return this.keys;
  }

  get merchants(): readonly MerchantParameters[] {
    return [...this.byMchId.values()];
  }

  byWechat(mchId: string): MerchantParameters | undefined {
    return this.byMchId.get(mchId);
  }

  byAlipay(appId: string): MerchantParameters | undefined {
    return this.byAppId.get(appId);
  }

  async createMerchant(options: MerchantOptions, nowMs: number): Promise<MerchantParameters> {
    const merchant = await newMerchant(this.keys, options, nowMs);
    const isKnown = this.byMchId.has(merchant.wechat.mchId) || this.byAppId.has(merchant.alipay.appId);
    return isKnown ? this.createMerchant(options, nowMs) : this.adopt(merchant);
  }

  /** Takes in a merchant that was made before (`newMerchant`) with this ring's platform keys. */
  adopt(merchant: MerchantParameters): MerchantParameters {
    this.book.put('vault', `${MERCHANT_PREFIX}${merchant.wechat.mchId}`, merchant);
    for (const account of accountsOf(merchant)) {
      this.book.put('merchants', `${account.channel}/${account.merchantId}`, account);
    }
    this.index(merchant);
    return merchant;
  }

  /** The merchant of `npm run sandbox` and `npm start`: made at the first start, the same ever after. */
  async demoMerchant(
    options: MerchantOptions | MerchantParameters,
    nowMs: number,
  ): Promise<MerchantParameters> {
    const kept = this.byMchId.get(String(this.book.get('vault', DEMO_KEY) ?? ''));
    if (kept) return kept;
    const merchant = 'wechat' in options ? this.adopt(options) : await this.createMerchant(options, nowMs);
    this.book.put('vault', DEMO_KEY, merchant.wechat.mchId);
    return merchant;
  }

  /** One step of WeChat Pay's change of platform certificates. */
  async rotate(phase: RotationPhase, nowMs: number): Promise<void> {
    if (phase === 'announce') this.keys = await addPlatformCertificate(this.keys, nowMs);
    else if (phase === 'switch') this.keys = switchPlatformCertificate(this.keys);
    else this.keys = retirePlatformCertificates(this.keys);
    this.book.put('vault', PLATFORM_KEY, this.keys);
  }

  private index(merchant: MerchantParameters): void {
    this.byMchId.set(merchant.wechat.mchId, merchant);
    this.byAppId.set(merchant.alipay.appId, merchant);
  }
}
