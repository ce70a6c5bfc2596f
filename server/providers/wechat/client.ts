/**
 * One signed exchange with WeChat Pay API v3, over wechatpay-axios-plugin (axios and request signing). The
 * plugin signs by the machine's clock, follows redirects, obeys proxy variables of the environment and does not
 * verify answers that are not 2xx; all four are replaced here through its own hooks. Verification is ours
 * (signature.ts). The platform signs every answer to a request whose own signature it accepts, errors as well.
 * Invariant: `call` gives ok only for an authentic answer below 500; errors never carry the axios error out,
 * which holds the private key.
 */
import type { KeyObject } from 'node:crypto';
import { Decorator, Formatter, Rsa } from 'wechatpay-axios-plugin';
import { unknown } from '../outcome';
import type { Outcome, ProviderOptions, Unknown } from '../provider';
import { judge, readSignatureHeaders, type Headers, type SignatureHeaders, type Verdict } from './signature';
import type { CodeOf } from '../codes';

export const WECHAT_BASE_URL = 'https://api.mch.weixin.qq.com';
const MAXIMUM_ANSWER_BYTES = 1_048_576;
export const MAXIMUM_BILL_BYTES = 67_108_864;

export interface WechatIdentity {
  readonly mchid: string;
  readonly merchantSerial: string;
  readonly privateKey: KeyObject;
  /** In public-key mode: asks the platform to sign with this key. */
  readonly platformPublicKeyId?: string;
}

/** An answer as it came, not verified. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** An authentic answer. */
export interface Answer {
  readonly status: number;
  /** Undefined for an empty body or one that is not JSON. */
  readonly json: unknown;
}

/** Finds the platform's key for a serial; `unavailable` when it could not be asked for. */
export type KeyFinder = (serial: string) => Promise<KeyObject | undefined | 'unavailable'>;

/** What our signer reads from the request's configuration; the plugin passes it through. */
interface SignedRequest {
  method: string;
  url: string;
  baseURL: string;
  data?: string;
  headers: { set(name: string, value: string, rewrite: boolean): unknown };
  privateKey: KeyObject;
  mchid: string;
  serial: string;
  timestampSeconds: () => number;
}

/** The plugin's client with the time taken from the injected clock, and the body signed as it is sent. */
class ClockedDecorator extends Decorator {
  static override requestInterceptor(): (config: SignedRequest) => SignedRequest {
    return function signer(config) {
      const url = new URL(config.url, config.baseURL);
      const nonce = Formatter.nonce();
      const timestamp = config.timestampSeconds();
      const signature = Rsa.sign(
        Formatter.request(
          config.method.toUpperCase(),
          url.pathname + url.search,
          timestamp,
          nonce,
          config.data,
        ),
        config.privateKey,
      );
      const value = Formatter.authorization(config.mchid, nonce, signature, timestamp, config.serial);
      config.headers.set('Authorization', value, true);
      return config;
    };
  }
}

const VERDICT_CODES: Readonly<Record<Exclude<Verdict, 'authentic'>, CodeOf<'unknown'>>> = {
  stale: 'ANSWER_STALE',
  serialUnknown: 'ANSWER_SERIAL_UNKNOWN',
  wrong: 'ANSWER_SIGNATURE_WRONG',
};

export class WechatClient {
  readonly #decorator: Decorator;
  readonly #options: ProviderOptions;
  readonly #platformPublicKeyId: string | undefined;

  constructor(identity: WechatIdentity, options: ProviderOptions) {
    this.#options = options;
    this.#platformPublicKeyId = identity.platformPublicKeyId;
    this.#decorator = new ClockedDecorator({
      baseURL: options.baseUrl ?? WECHAT_BASE_URL,
      mchid: identity.mchid,
      serial: identity.merchantSerial,
      privateKey: identity.privateKey as never,
      // The plugin wants at least one; its verifier is switched off below in favour of ours.
      certs: { unused: undefined as never },
      ...({ timestampSeconds: () => Math.floor(options.clock.nowMs() / 1000) } as object),
    });
  }

  /** Sends and waits for the whole answer; verifies nothing. */
  async send(
    method: 'get' | 'post',
    path: string,
    body?: object,
    maximumBytes = MAXIMUM_ANSWER_BYTES,
  ): Promise<Outcome<RawAnswer>> {
    try {
      const response = await this.#decorator.request<ArrayBuffer>(
        path,
        method,
        body === undefined ? undefined : JSON.stringify(body),
        {
          headers: this.#platformPublicKeyId ? { 'Wechatpay-Serial': this.#platformPublicKeyId } : {},
          responseType: 'arraybuffer',
          transformRequest: [(data: unknown) => data],
          transformResponse: [(data: unknown) => data],
          validateStatus: () => true,
          maxRedirects: 0,
          maxContentLength: maximumBytes,
          proxy: false,
          // Bounds the whole call; what axios's own time-out covers has changed between its versions.
          signal: AbortSignal.timeout(this.#options.httpTimeoutMs),
        } as never,
      );
      return {
        kind: 'ok',
        value: {
          status: response.status,
          headers: response.headers as Headers,
          body: Buffer.from(response.data ?? ''),
        },
      };
    } catch (error) {
      return unknown(transportCode(error));
    }
  }

  /** Sends, and gives the answer only when it is authentic; everything else is unknown. */
  async call(
    findKey: KeyFinder,
    method: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Outcome<Answer>> {
    const sent = await this.send(method, path, body);
    if (sent.kind !== 'ok') return sent;
    return this.authenticate(sent.value, findKey);
  }

  /** Verifies an answer; 5xx is unknown whatever it says. */
  async authenticate(raw: RawAnswer, findKey: KeyFinder): Promise<Outcome<Answer>> {
    if (raw.status >= 500) return unknown('PROVIDER_FAILED', errorCodeIn(raw.body));
    const headers = readSignatureHeaders(raw.headers);
    if (!headers) return unknown('ANSWER_UNSIGNED', errorCodeIn(raw.body));
    const failure = await this.#failureOf(headers, raw, findKey);
    if (failure) return failure;
    return { kind: 'ok', value: { status: raw.status, json: parseJson(raw.body) } };
  }

  async #failureOf(
    headers: SignatureHeaders,
    raw: RawAnswer,
    findKey: KeyFinder,
  ): Promise<Unknown | undefined> {
    const key = await findKey(headers.serial);
    if (key === 'unavailable') return unknown('KEYS_UNAVAILABLE');
    const verdict = judge(headers, raw.body, key, this.#options.clock.nowMs());
    return verdict === 'authentic' ? undefined : unknown(VERDICT_CODES[verdict], errorCodeIn(raw.body));
  }
}

/** The `code` of an error answer, as the answer says; for a diagnosis until the answer is verified. */
export function errorCodeIn(body: Buffer): unknown {
  const json = parseJson(body);
  return typeof json === 'object' && json !== null ? (json as { code?: unknown }).code : undefined;
}

export function parseJson(body: Buffer | string): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function transportCode(error: unknown): CodeOf<'unknown'> {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (code === 'ERR_CANCELED' || code === 'ECONNABORTED' || code === 'ETIMEDOUT') return 'TIMEOUT';
  return code === 'ERR_BAD_RESPONSE' ? 'ANSWER_MALFORMED' : 'CONNECTION_FAILED';
}
