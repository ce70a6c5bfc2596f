/**
 * Every code that a provider call, a notification or a check of parameters can end with, with its text.
 * The two providers' own codes are mapped to these in wechat/error-codes.ts and alipay/error-codes.ts.
 * docs/providers.md lists the same table; a test compares them. Nobody branches on the texts.
 * Invariant: only a code of kind `refused` may be taken as "nothing has changed".
 */

type CodeKind = 'refused' | 'unknown' | 'notification' | 'parameters';

interface CodeEntry {
  readonly kind: CodeKind;
  readonly text: string;
  readonly retry?: true;
}

export const PROVIDER_CODES = {
  REQUEST_INVALID: { kind: 'refused', text: 'The request breaks a rule of the provider and was not sent.' },
  ORDERPAID: { kind: 'refused', text: 'The order has been paid.' },
  ORDER_CLOSED: { kind: 'refused', text: 'The order has been closed.' },
  OUT_TRADE_NO_USED: { kind: 'refused', text: 'The order number was used before with other content.' },
  TRADE_NOT_FOUND: { kind: 'refused', text: 'The provider has no trade under this number.' },
  TRADE_STATE: { kind: 'refused', text: 'The state of the trade does not allow this.' },
  REFUND_REFUSED: { kind: 'refused', text: 'The provider refuses this refund.' },
  BALANCE_NOT_ENOUGH: {
    kind: 'refused',
    text: 'The merchant’s balance is too low for the refund.',
    retry: true,
  },
  AMOUNT_REFUSED: { kind: 'refused', text: 'The provider refuses the amount.' },
  CONTENT_REFUSED: { kind: 'refused', text: 'The description has words that the provider forbids.' },
  ACCOUNT_REFUSED: { kind: 'refused', text: 'The merchant’s or the payer’s account is restricted.' },
  PERMISSION_REFUSED: { kind: 'refused', text: 'The merchant has not been given this product.' },
  CREDENTIALS_REFUSED: {
    kind: 'refused',
    text: 'The provider does not accept the merchant’s number, application or signature.',
  },
  PARAMETERS_REFUSED: { kind: 'refused', text: 'The provider says that the request is malformed.' },
  RATE_LIMITED: { kind: 'refused', text: 'Too many requests; nothing was done.', retry: true },
  BILL_NOT_READY: { kind: 'refused', text: 'The bill of that day has not been made yet.', retry: true },
  BILL_NOT_FOUND: {
    kind: 'refused',
    text: 'There is no bill for that day: nothing was traded, or it is not made yet.',
    retry: true,
  },

  TIMEOUT: { kind: 'unknown', text: 'The provider did not answer in time.' },
  CONNECTION_FAILED: { kind: 'unknown', text: 'The connection to the provider failed.' },
  PROVIDER_FAILED: { kind: 'unknown', text: 'The provider had an internal error.' },
  KEYS_UNAVAILABLE: { kind: 'unknown', text: 'The provider’s keys could not be fetched.' },
  ANSWER_UNSIGNED: { kind: 'unknown', text: 'The answer carries no complete signature.' },
  ANSWER_STALE: { kind: 'unknown', text: 'The answer’s time is more than five minutes off.' },
  ANSWER_SERIAL_UNKNOWN: { kind: 'unknown', text: 'The answer is signed with a key that is not known.' },
  ANSWER_SIGNATURE_WRONG: { kind: 'unknown', text: 'The answer’s signature is wrong.' },
  ANSWER_MALFORMED: { kind: 'unknown', text: 'The answer cannot be read, or is too large.' },
  ANSWER_MISMATCH: { kind: 'unknown', text: 'The answer is about another merchant, order or amount.' },
  CODE_UNLISTED: { kind: 'unknown', text: 'The provider answered with a code that is not listed.' },
  STATE_UNLISTED: { kind: 'unknown', text: 'The provider answered with a state that is not listed.' },
  BILL_HASH_WRONG: { kind: 'unknown', text: 'The bill does not match its digest.' },
  BILL_MALFORMED: { kind: 'unknown', text: 'The bill cannot be read or does not add up.' },

  NOTIFICATION_MALFORMED: { kind: 'notification', text: 'The notification cannot be read.' },
  NOTIFICATION_UNSIGNED: { kind: 'notification', text: 'The notification carries no complete signature.' },
  NOTIFICATION_STALE: { kind: 'notification', text: 'The notification’s time is too far off.' },
  NOTIFICATION_SERIAL_UNKNOWN: {
    kind: 'notification',
    text: 'The notification is signed with a key that is not known.',
  },
  NOTIFICATION_SIGNATURE_WRONG: { kind: 'notification', text: 'The notification’s signature is wrong.' },
  NOTIFICATION_NOT_DECRYPTED: {
    kind: 'notification',
    text: 'The notification’s content cannot be decrypted with the APIv3 key.',
  },
  NOTIFICATION_FOREIGN: {
    kind: 'notification',
    text: 'The notification is for another merchant or application.',
  },
  NOTIFICATION_UNSUPPORTED: {
    kind: 'notification',
    text: 'The notification is of a kind that is not handled.',
  },

  PARAMETERS_INCOMPLETE: { kind: 'parameters', text: 'A parameter is missing or has the wrong form.' },
  PRIVATE_KEY_UNREADABLE: {
    kind: 'parameters',
    text: 'The private key is not an RSA key of 2048 bits or more.',
  },
  CERTIFICATE_UNREADABLE: { kind: 'parameters', text: 'A certificate cannot be read.' },
  CERTIFICATE_EXPIRED: { kind: 'parameters', text: 'A certificate is not valid today.' },
  CERTIFICATE_UNTRUSTED: {
    kind: 'parameters',
    text: 'The Alipay certificate was not issued under the Alipay root certificate.',
  },
  KEY_PAIR_MISMATCH: {
    kind: 'parameters',
    text: 'The private key and the certificate do not belong together.',
  },
  SERIAL_MISMATCH: { kind: 'parameters', text: 'The serial number is not the certificate’s.' },
  API_V3_KEY_LENGTH: { kind: 'parameters', text: 'The APIv3 key must have exactly 32 letters and digits.' },
  API_V3_KEY_WRONG: { kind: 'parameters', text: 'The APIv3 key does not decrypt what WeChat Pay encrypted.' },
  PLATFORM_KEY_UNREADABLE: {
    kind: 'parameters',
    text: 'The provider’s public key is not an RSA key of 2048 bits or more.',
  },
  PLATFORM_KEY_IS_OWN: {
    kind: 'parameters',
    text: 'This is the merchant’s own public key; the provider’s is wanted here.',
  },
  PLATFORM_CERTIFICATES_NONE: {
    kind: 'parameters',
    text: 'WeChat Pay has no certificates for this merchant: use the public key of its account.',
  },
  CHECK_CALL_REFUSED: {
    kind: 'parameters',
    text: 'The provider refused a signed call with these parameters.',
  },
  CHECK_CALL_UNVERIFIED: {
    kind: 'parameters',
    text: 'The provider answered, but its signature does not fit these parameters.',
  },
  ACCOUNT_IN_USE: {
    kind: 'parameters',
    text: 'This is another account, and the channel is on or orders of the present one are still under way.',
  },
  CHECK_CALL_FAILED: { kind: 'parameters', text: 'The provider could not be reached; nothing is proved.' },
} as const satisfies Record<string, CodeEntry>;

export type ProviderCode = keyof typeof PROVIDER_CODES;

/** The codes of one kind. */
export type CodeOf<Kind extends CodeKind> = {
  [Code in ProviderCode]: (typeof PROVIDER_CODES)[Code]['kind'] extends Kind ? Code : never;
}[ProviderCode];

/** Whether the same request may pass later. */
export function mayRetry(code: ProviderCode): boolean {
  const entry: CodeEntry = PROVIDER_CODES[code];
  return entry.retry === true;
}
