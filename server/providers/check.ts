/**
 * Proves a merchant's payment parameters before they are saved: form, keys, pairs, serials, a signed call that
 * changes nothing (the query of an order that does not exist), and an order over one fen, whose code nobody is
 * shown and which is closed at once: only that tells whether the application or seller is the merchant's and the
 * product is enabled. Says in a sentence what is wrong, naming fields and codes, never values. What it cannot prove
 * without a payment: in WeChat's public-key mode, the APIv3 key.
 */
import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { trustedKeyOf } from './alipay/certificates';
import { PROVIDER_CODES, type CodeOf, type ProviderCode } from './codes';
import { createProbingProvider, type ProbingProvider } from './create';
import {
  isSamePublicKey,
  isValidAt,
  normalSerial,
  publicKeyOf,
  readCertificates,
  readPrivateKey,
  readPublicKey,
} from './keys';
import { readParameters, type AlipayParameters, type WechatParameters } from './parameters';
import type { Channel, Outcome, ProviderOptions } from './provider';

export type CheckResult =
  { readonly ok: true } | { readonly ok: false; readonly code: ProviderCode; readonly message: string };

type Fault = Extract<CheckResult, { ok: false }>;

/** What the list of certificates answers to a merchant that was opened with a public key. */
const NO_CERTIFICATES = 'RESOURCE_NOT_EXISTS';
const API_V3_KEY_PATTERN = /^[0-9A-Za-z]{32}$/;

/** The order that proves the parameters ends by itself soon, should its closing not get through. */
const PROOF_FEN = 1;
const PROOF_MS = 300_000;

const CLOCK = 'Look at this machine’s clock.';
/** What to look at first, by the code that the signed call came to. */
const HINTS: Readonly<Record<string, string>> = {
  SIGN_ERROR: 'Look at mchid, merchantSerial and merchantPrivateKey, and at this machine’s clock.',
  MCH_NOT_EXISTS: 'Look at mchid.',
  APPID_MCHID_NOT_MATCH: 'Look at appid: the application has to be bound to mchid.',
  NO_AUTH: 'Native payment has to be enabled for mchid.',
  'ACQ.INVALID_PARAMETER':
    'Look at sellerId: it is the user number of the merchant who signed for the application.',
  'ACQ.ACCESS_FORBIDDEN': 'Face-to-face payment has to be signed for.',
  'isv.invalid-app-id': 'Look at appId.',
  'isv.invalid-signature': 'Look at appPrivateKey: the application at Alipay has another public key.',
  'isv.missing-app-cert-sn': 'The application uses certificates: verification has to be certificate.',
  'isv.app-cert-not-exist': 'Look at appCertificate, and whether the application uses certificates at all.',
  'isv.invalid-timestamp': CLOCK,
  ANSWER_STALE: CLOCK,
  ANSWER_SERIAL_UNKNOWN: 'Look at verification, and at platformPublicKeyId or alipayCertificate.',
  ANSWER_SIGNATURE_WRONG: 'Look at platformPublicKey or alipayPublicKey: it has to be the provider’s own.',
};

/** Checks candidate parameters in full, with signed calls to the provider. `notifyUrl`: as orders will have it. */
export async function checkParameters(
  channel: Channel,
  candidate: unknown,
  options: ProviderOptions,
  notifyUrl: string,
): Promise<CheckResult> {
  const form = readParameters(channel, candidate);
  if (!form.ok) return fault('PARAMETERS_INCOMPLETE', form.fields.join(', '));
  const local =
    channel === 'wechat'
      ? checkWechat(form.parameters as WechatParameters, options.clock.nowMs())
      : checkAlipay(form.parameters as AlipayParameters, options.clock.nowMs());
  if (local) return local;
  const provider = createProbingProvider(channel, form.parameters, options);
  const probed = await provider.probe();
  if (probed.kind !== 'ok') return judge(probed);
  return judge(await prove(provider, notifyUrl, options.clock.nowMs()));
}

/** Opens an order that nobody will see, and closes it. */
async function prove(provider: ProbingProvider, notifyUrl: string, nowMs: number): Promise<Outcome<unknown>> {
  const outTradeNo = `check_${randomBytes(10).toString('hex')}`;
  const opened = await provider.create({
    outTradeNo,
    amountFen: PROOF_FEN,
    description: '支付参数检查',
    expiresAtMs: nowMs + PROOF_MS,
    notifyUrl,
  });
  // Whatever comes of it: without its code it cannot be paid, and it expires.
  if (opened.kind !== 'refused') await provider.close(outTradeNo);
  return opened;
}

function checkWechat(parameters: WechatParameters, nowMs: number): Fault | undefined {
  const privateKey = readPrivateKey(parameters.merchantPrivateKey);
  if (!privateKey) return fault('PRIVATE_KEY_UNREADABLE', 'merchantPrivateKey');
  if (parameters.merchantCertificate !== undefined) {
    const certificateFault = checkPair(
      privateKey,
      parameters.merchantCertificate,
      'merchantCertificate',
      nowMs,
    );
    if (certificateFault) return certificateFault;
    const serial = readCertificates(parameters.merchantCertificate)[0]!.serialNumber;
    if (normalSerial(serial) !== normalSerial(parameters.merchantSerial)) {
      return fault('SERIAL_MISMATCH', 'merchantSerial');
    }
  }
  if (!API_V3_KEY_PATTERN.test(parameters.apiV3Key)) return fault('API_V3_KEY_LENGTH', 'apiV3Key');
  if (parameters.platformPublicKey === undefined) return undefined;
  return checkPlatformKey(privateKey, parameters.platformPublicKey, 'platformPublicKey');
}

function checkAlipay(parameters: AlipayParameters, nowMs: number): Fault | undefined {
  const privateKey = readPrivateKey(parameters.appPrivateKey);
  if (!privateKey) return fault('PRIVATE_KEY_UNREADABLE', 'appPrivateKey');
  if (parameters.verification === 'publicKey') {
    return checkPlatformKey(privateKey, parameters.alipayPublicKey!, 'alipayPublicKey');
  }
  const pairFault = checkPair(privateKey, parameters.appCertificate!, 'appCertificate', nowMs);
  if (pairFault) return pairFault;
  for (const name of ['alipayCertificate', 'alipayRootCertificate'] as const) {
    if (readCertificates(parameters[name]!).length === 0) return fault('CERTIFICATE_UNREADABLE', name);
  }
  const key = trustedKeyOf(parameters.alipayCertificate!, parameters.alipayRootCertificate!, nowMs);
  return key ? undefined : fault('CERTIFICATE_UNTRUSTED', 'alipayCertificate');
}

/** The certificate reads, is valid now, and is that of the private key. */
function checkPair(privateKey: KeyObject, pem: string, field: string, nowMs: number): Fault | undefined {
  const certificate = readCertificates(pem)[0];
  const key = certificate && publicKeyOf(certificate);
  if (!certificate || !key) return fault('CERTIFICATE_UNREADABLE', field);
  if (!isValidAt(certificate, nowMs)) return fault('CERTIFICATE_EXPIRED', field);
  return isSamePublicKey(key, createPublicKey(privateKey)) ? undefined : fault('KEY_PAIR_MISMATCH', field);
}

/** The provider's key reads, and is not the merchant's own: the two are easily swapped when pasting. */
function checkPlatformKey(privateKey: KeyObject, text: string, field: string): Fault | undefined {
  const key = readPublicKey(text);
  if (!key) return fault('PLATFORM_KEY_UNREADABLE', field);
  return isSamePublicKey(key, createPublicKey(privateKey)) ? fault('PLATFORM_KEY_IS_OWN', field) : undefined;
}

function judge(outcome: Outcome<unknown>): CheckResult {
  if (outcome.kind === 'ok') return { ok: true };
  const detail = outcome.providerCode ?? outcome.code;
  if (outcome.kind === 'refused') return fault('CHECK_CALL_REFUSED', detail);
  if (outcome.providerCode === NO_CERTIFICATES) return fault('PLATFORM_CERTIFICATES_NONE', 'verification');
  switch (outcome.code) {
    case 'ANSWER_UNSIGNED':
      // Neither provider signs an answer to a request whose sender it does not accept.
      return fault(
        outcome.providerCode === undefined ? 'CHECK_CALL_UNVERIFIED' : 'CHECK_CALL_REFUSED',
        detail,
      );
    case 'KEYS_UNAVAILABLE':
      if (outcome.providerCode === 'NOT_DECRYPTED') return fault('API_V3_KEY_WRONG', 'apiV3Key');
      return fault('CHECK_CALL_REFUSED', detail);
    case 'ANSWER_STALE':
    case 'ANSWER_SERIAL_UNKNOWN':
    case 'ANSWER_SIGNATURE_WRONG':
    case 'ANSWER_MISMATCH':
      return fault('CHECK_CALL_UNVERIFIED', outcome.code);
    default:
      return fault('CHECK_CALL_FAILED', detail);
  }
}

function fault(code: CodeOf<'parameters'>, detail: string): Fault {
  const hint = Object.hasOwn(HINTS, detail) ? ` ${HINTS[detail]}` : '';
  return { ok: false, code, message: `${PROVIDER_CODES[code].text} (${detail})${hint}` };
}
