/**
 * One signed call to Alipay's gateway, over alipay-sdk (parameters, signing, HTTP). The SDK stamps requests with
 * the machine's own time zone, verifies only when told to, and cuts the signed bytes out by text search; the
 * time is given to it, and verification is replaced through its public method checkResponseSign
 * (signed-answer.ts says why). Its errors quote signed strings and answers, so none leaves this file.
 * Invariant: `call` gives ok only for a payload whose bytes were signed by a key that we trust.
 */
import { verify, type KeyObject } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { Agent } from 'urllib';
import { cleanCode, ok, unknown } from '../outcome';
import { readPrivateKey, readPublicKey } from '../keys';
import { formatLocal } from '../shanghai-time';
import { PROVIDER_CODES, type CodeOf } from '../codes';
import type { AlipayParameters } from '../parameters';
import type { Outcome, ProviderOptions } from '../provider';
import { isSameOrganisation, trustedKeyOf } from './certificates';
import { splitAnswer } from './signed-answer';

export const ALIPAY_BASE_URL = 'https://openapi.alipay.com';
const GATEWAY_PATH = '/gateway.do';
const MAXIMUM_ANSWER_BYTES = 1_048_576;
const CERTIFICATE_METHOD = 'alipay.open.app.alipaycert.download';
const CERTIFICATE_SERIAL_PATTERN = /^[0-9a-f]{32}$/;
const CERTIFICATE_RETRY_MS = 60_000;

/** An authentic payload, field names as Alipay writes them. */
export type Payload = Readonly<Record<string, unknown>>;

/** Thrown by our verification inside the SDK; carries a code only. */
class AnswerFault extends Error {
  constructor(
    readonly code: CodeOf<'unknown'>,
    readonly providerCode?: string,
    readonly certificateSerial?: string,
  ) {
    super(code);
  }
}

/** The SDK with our verification. `keyFor` gets the serial of certificate mode, or undefined. */
class VerifyingSdk extends AlipaySdk {
  #keyFor: (certificateSerial: string | undefined) => KeyObject | undefined = () => undefined;

  trust(keyFor: (certificateSerial: string | undefined) => KeyObject | undefined): void {
    this.#keyFor = keyFor;
  }

  override checkResponseSign(text: string, responseKey: string): void {
    const parts = splitAnswer(text, responseKey);
    if (!parts) throw new AnswerFault('ANSWER_MALFORMED');
    const said = JSON.parse(parts.payload) as { sub_code?: unknown; code?: unknown };
    const word = cleanCode(said.sub_code) ?? cleanCode(said.code);
    if (!parts.sign) throw new AnswerFault('ANSWER_UNSIGNED', word);
    const key = this.#keyFor(parts.certificateSerial);
    if (!key) throw new AnswerFault('ANSWER_SERIAL_UNKNOWN', word, parts.certificateSerial);
    const signature = Buffer.from(parts.sign, 'base64');
    if (!verify('RSA-SHA256', Buffer.from(parts.payload, 'utf8'), key, signature)) {
      throw new AnswerFault('ANSWER_SIGNATURE_WRONG', word);
    }
  }
}

export class AlipayClient {
  readonly #sdk: VerifyingSdk;
  readonly #verification: AlipayParameters['verification'];
  readonly #certificates: { readonly present: string; readonly root: string };
  readonly #options: ProviderOptions;
  /** Trusted keys by certificate serial; the empty serial is the one of public-key mode. */
  readonly #keys = new Map<string, KeyObject>();
  #certificateTriedAtMs = Number.NEGATIVE_INFINITY;

  /** Throws on parameters that checkParameters would refuse, without saying their values. */
  constructor(parameters: AlipayParameters, options: ProviderOptions) {
    const { alipayCertificate: present = '', alipayRootCertificate: root = '' } = parameters;
    this.#verification = parameters.verification;
    this.#certificates = { present, root };
    this.#options = options;
    this.#sdk = makeSdk(parameters, options);
    if (this.#verification === 'certificate') {
      const key = trustedKeyOf(present, root, options.clock.nowMs());
      // Expired since it was saved: calls then find the serial unknown and download the present one.
      if (key) this.#keys.set(this.#sdk.config.alipayCertSn, key);
    } else {
      const key = readPublicKey(parameters.alipayPublicKey!);
      if (!key) throw new Error(PROVIDER_CODES.PLATFORM_KEY_UNREADABLE.text);
      this.#keys.set('', key);
    }
    this.#sdk.trust((certificateSerial) => this.#keyFor(certificateSerial));
  }

  /** The key that must have signed a notification; the newest certificate's in certificate mode. */
  notificationKeys(): KeyObject[] {
    return [...this.#keys.values()];
  }

  /** Calls `method`; ok means authentic, not successful: the payload's `code` says that. */
  async call(method: string, bizContent: object, notifyUrl?: string): Promise<Outcome<Payload>> {
    const first = await this.#execute(method, bizContent, notifyUrl);
    if (!(first instanceof AnswerFault)) return first;
    const isNewCertificate =
      this.#verification === 'certificate' &&
      first.code === 'ANSWER_SERIAL_UNKNOWN' &&
      first.certificateSerial !== undefined;
    if (!isNewCertificate || !(await this.#fetchCertificate(first.certificateSerial!))) {
      return unknown(first.code, first.providerCode);
    }
    // All our calls are idempotent by their numbers, so this one may be sent again.
    const second = await this.#execute(method, bizContent, notifyUrl);
    return second instanceof AnswerFault ? unknown(second.code, second.providerCode) : second;
  }

  #keyFor(certificateSerial: string | undefined): KeyObject | undefined {
    return this.#keys.get(this.#verification === 'certificate' ? (certificateSerial ?? '?') : '');
  }

  async #execute(
    method: string,
    bizContent: object,
    notifyUrl: string | undefined,
  ): Promise<Outcome<Payload> | AnswerFault> {
    const parameters = {
      // The SDK would write the machine's local time; Alipay reads Beijing time.
      timestamp: formatLocal(this.#options.clock.nowMs()),
      ...(notifyUrl === undefined ? {} : { notifyUrl }),
      bizContent,
    };
    try {
      const timeout = deadline(this.#options.httpTimeoutMs);
      const payload = await Promise.race([
        this.#sdk.exec(method, parameters, { validateSign: true }),
        timeout.passed,
      ]).finally(timeout.clear);
      return ok(payload as Payload);
    } catch (error) {
      if (error instanceof AnswerFault) return error;
      return unknown(failureCode(error));
    }
  }

  /** Downloads the certificate of a serial and trusts it if it leads to the root; at most once a minute. */
  async #fetchCertificate(certificateSerial: string): Promise<boolean> {
    const nowMs = this.#options.clock.nowMs();
    if (!CERTIFICATE_SERIAL_PATTERN.test(certificateSerial)) return false;
    if (nowMs - this.#certificateTriedAtMs < CERTIFICATE_RETRY_MS) return this.#keys.has(certificateSerial);
    this.#certificateTriedAtMs = nowMs;
    try {
      const answer = await this.#sdk.exec(CERTIFICATE_METHOD, {
        timestamp: formatLocal(nowMs),
        bizContent: { alipay_cert_sn: certificateSerial },
      });
      const content: unknown = answer.alipay_cert_content;
      if (typeof content !== 'string') return false;
      const pem = Buffer.from(content, 'base64').toString('utf8');
      const { present, root } = this.#certificates;
      const key = trustedKeyOf(pem, root, nowMs);
      const isAskedFor = isSameOrganisation(pem, present) && serialOf(pem, root) === certificateSerial;
      if (!key || !isAskedFor) return false;
      this.#keys.set(certificateSerial, key);
      return true;
    } catch {
      return false;
    }
  }
}

/** alipay-sdk's serial of a certificate (MD5 of issuer and number): it computes it when it is constructed. */
export function serialOf(pem: string, rootPem: string): string {
  const sdk = new AlipaySdk({
    appId: 'serial',
    privateKey: 'unused',
    appCertContent: pem,
    alipayPublicCertContent: pem,
    alipayRootCertContent: rootPem,
  });
  return sdk.config.alipayCertSn;
}

function makeSdk(parameters: AlipayParameters, options: ProviderOptions): VerifyingSdk {
  const privateKey = readPrivateKey(parameters.appPrivateKey);
  if (!privateKey) throw new Error(PROVIDER_CODES.PRIVATE_KEY_UNREADABLE.text);
  const baseUrl = options.baseUrl ?? ALIPAY_BASE_URL;
  const config = {
    appId: parameters.appId,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
    keyType: 'PKCS8' as const,
    gateway: `${baseUrl}${GATEWAY_PATH}`,
    endpoint: baseUrl,
    timeout: options.httpTimeoutMs,
    camelcase: false,
    ...(parameters.verification === 'certificate'
      ? {
          appCertContent: parameters.appCertificate!,
          alipayPublicCertContent: parameters.alipayCertificate!,
          alipayRootCertContent: parameters.alipayRootCertificate!,
        }
      : { alipayPublicKey: exportPublic(parameters.alipayPublicKey!) }),
  };
  const agent = new Agent({
    connect: { timeout: options.httpTimeoutMs },
    maxResponseSize: MAXIMUM_ANSWER_BYTES,
  });
  // Not enumerable: the SDK reads it by name, then copies the rest of the configuration key by key, deeply.
  Object.defineProperty(config, 'proxyAgent', { value: agent });
  return new VerifyingSdk(config);
}

function exportPublic(text: string): string {
  const key = readPublicKey(text);
  if (!key) throw new Error(PROVIDER_CODES.PLATFORM_KEY_UNREADABLE.text);
  return key.export({ type: 'spki', format: 'pem' }).toString().trim();
}

/** A promise that fails after `timeoutMs`: the SDK's own time-out is one of silence between two bytes. */
function deadline(timeoutMs: number): { readonly passed: Promise<never>; readonly clear: () => void } {
  let timer: NodeJS.Timeout;
  const passed = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AnswerFault('TIMEOUT')), timeoutMs);
  });
  return { passed, clear: () => clearTimeout(timer) };
}

const TIMEOUT_NAMES: ReadonlySet<string> = new Set([
  'HttpClientRequestTimeoutError',
  'HttpClientConnectTimeoutError',
  'HeadersTimeoutError',
  'BodyTimeoutError',
  'ConnectTimeoutError',
]);

/** The SDK's errors: with a `cause` from HTTP or from JSON, or with the raw answer when the status was not 200. */
function failureCode(error: unknown): CodeOf<'unknown'> {
  const { cause, responseDataRaw } = error as { cause?: { name?: unknown }; responseDataRaw?: unknown };
  if (cause?.name === 'SyntaxError') return 'ANSWER_MALFORMED';
  if (responseDataRaw !== undefined) return 'PROVIDER_FAILED';
  if (TIMEOUT_NAMES.has(String(cause?.name))) return 'TIMEOUT';
  return cause === undefined ? 'ANSWER_MALFORMED' : 'CONNECTION_FAILED';
}
