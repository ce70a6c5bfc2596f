/**
 * The platform's keys of one merchant. Certificates are downloaded (GET /v3/certificates), opened with the APIv3
 * key, and chosen by serial; the platform changes them every five years at the most and shows the next one
 * beforehand, so the set is fetched again every twelve hours and when an unknown serial turns up (at most once a
 * minute, or a forger could make us download for every packet). A public key from the merchant's account needs
 * no download. Source: WeChat Pay APIv3, 获取平台证书列表, 平台证书更新指引, 微信支付公钥.
 * Invariant: a certificate is used only if its list was signed by a certificate of the list, it opened under the
 * APIv3 key, its serial is its own, and it is valid now.
 */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { unknown } from '../outcome';
import { isValidAt, normalSerial, publicKeyOf, readCertificates } from '../keys';
import type { Outcome, ProviderClock } from '../provider';
import { parseJson, type RawAnswer, type WechatClient } from './client';
import { encryptedResourceSchema, openResource } from './resource';

const REFRESH_MS = 12 * 3_600_000;
/** Between two downloads for an unknown serial; shorter while there is no certificate at all. */
const RETRY_MS = 60_000;
const FIRST_RETRY_MS = 2_000;
const MAXIMUM_CERTIFICATES = 16;
const CERTIFICATES_PATH = '/v3/certificates';

const listSchema = z.object({
  data: z
    .array(z.object({ serial_no: z.string().max(80), encrypt_certificate: encryptedResourceSchema }))
    .min(1)
    .max(MAXIMUM_CERTIFICATES),
});

interface PlatformCertificate {
  readonly key: KeyObject;
  readonly isValidAt: (timeMs: number) => boolean;
}

export interface PlatformKeysConfig {
  /** Whether certificates are downloaded at all; without, only the public key counts. */
  readonly usesCertificates: boolean;
  readonly publicKey?: { readonly id: string; readonly key: KeyObject };
  readonly apiV3Key: KeyObject;
}

export class PlatformKeys {
  #certificates = new Map<string, PlatformCertificate>();
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<Outcome<void>> | undefined;

  readonly #config: PlatformKeysConfig;
  readonly #client: WechatClient;
  readonly #clock: ProviderClock;

  constructor(config: PlatformKeysConfig, client: WechatClient, clock: ProviderClock) {
    this.#config = config;
    this.#client = client;
    this.#clock = clock;
  }

  /** The key for a serial; undefined when the platform has none such, `unavailable` when it could not be asked. */
  async find(serial: string): Promise<KeyObject | undefined | 'unavailable'> {
    const publicKey = this.#config.publicKey;
    if (publicKey && publicKey.id === serial) return publicKey.key;
    if (!this.#config.usesCertificates || serial.startsWith('PUB_KEY_ID_')) return undefined;
    const nowMs = this.#clock.nowMs();
    const known = this.#lookUp(serial, nowMs);
    const isOld = nowMs - this.#fetchedAtMs >= REFRESH_MS;
    if (known && !isOld) return known;
    const isEmpty = this.#certificates.size === 0;
    const retryMs = isEmpty ? FIRST_RETRY_MS : RETRY_MS;
    const mayTry = this.#pending !== undefined || nowMs - this.#triedAtMs >= retryMs;
    if (!mayTry) return known ?? (isEmpty ? 'unavailable' : undefined);
    const refreshed = await this.refresh();
    // A set that could not be renewed stays in use while its certificates are valid: the outage is the platform's.
    const found = this.#lookUp(serial, this.#clock.nowMs());
    return found ?? (refreshed.kind === 'ok' ? undefined : 'unavailable');
  }

  /** Downloads the certificates now; several callers share one download. */
  refresh(): Promise<Outcome<void>> {
    this.#pending ??= this.#download().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  #lookUp(serial: string, nowMs: number): KeyObject | undefined {
    const certificate = this.#certificates.get(normalSerial(serial));
    return certificate?.isValidAt(nowMs) ? certificate.key : undefined;
  }

  async #download(): Promise<Outcome<void>> {
    this.#triedAtMs = this.#clock.nowMs();
    const sent = await this.#client.send('get', CERTIFICATES_PATH);
    if (sent.kind !== 'ok') return sent;
    return this.#adopt(sent.value);
  }

  async #adopt(raw: RawAnswer): Promise<Outcome<void>> {
    const candidates = raw.status === 200 ? this.#open(raw) : new Map<string, PlatformCertificate>();
    if (candidates === undefined) return unknown('KEYS_UNAVAILABLE', 'NOT_DECRYPTED');
    const nowMs = this.#clock.nowMs();
    const answer = await this.#client.authenticate(raw, async (serial) => {
      const candidate = candidates.get(normalSerial(serial));
      if (candidate?.isValidAt(nowMs)) return candidate.key;
      // An error answer carries no certificates: judge it by those that we have.
      return candidates.size === 0 ? this.#lookUp(serial, nowMs) : undefined;
    });
    if (answer.kind !== 'ok') return answer;
    if (candidates.size === 0)
      return unknown('KEYS_UNAVAILABLE', (answer.value.json as { code?: unknown })?.code);
    this.#certificates = candidates;
    this.#fetchedAtMs = nowMs;
    return { kind: 'ok', value: undefined };
  }

  /** The certificates of a list, by serial; undefined when none opens under the APIv3 key. */
  #open(raw: RawAnswer): Map<string, PlatformCertificate> | undefined {
    const list = listSchema.safeParse(parseJson(raw.body));
    const opened = new Map<string, PlatformCertificate>();
    if (!list.success) return opened;
    for (const entry of list.data.data) {
      const pem = openResource(entry.encrypt_certificate, this.#config.apiV3Key);
      const certificate = pem === undefined ? undefined : readCertificates(pem)[0];
      const key = certificate && publicKeyOf(certificate);
      const serial = normalSerial(entry.serial_no);
      if (!certificate || !key || normalSerial(certificate.serialNumber) !== serial) continue;
      opened.set(serial, { key, isValidAt: (timeMs) => isValidAt(certificate, timeMs) });
    }
    return opened.size > 0 ? opened : undefined;
  }
}
