/**
 * Makes outcomes of provider calls. The text comes from the table of codes, never from the provider: its free
 * text can hold the string that was signed, and must not reach logs (house rule 11). The provider's own code is
 * kept after cleaning.
 */
import { PROVIDER_CODES, mayRetry, type CodeOf } from './codes';
import type { Outcome, Refused, Unknown } from './provider';

const PROVIDER_CODE_PATTERN = /^[A-Za-z0-9_.:-]{1,64}$/;

/** The provider's own code if it looks like one; anything else could carry text of a forger into a log. */
export function cleanCode(candidate: unknown): string | undefined {
  return typeof candidate === 'string' && PROVIDER_CODE_PATTERN.test(candidate) ? candidate : undefined;
}

export function ok<Value>(value: Value): Outcome<Value> {
  return { kind: 'ok', value };
}

export function refused(code: CodeOf<'refused' | 'notification'>, providerCode?: unknown): Refused {
  const word = cleanCode(providerCode);
  return {
    kind: 'refused',
    code,
    message: PROVIDER_CODES[code].text,
    ...(word === undefined ? {} : { providerCode: word }),
    ...(mayRetry(code) ? { retry: true as const } : {}),
  };
}

export function unknown(code: CodeOf<'unknown'>, providerCode?: unknown): Unknown {
  const word = cleanCode(providerCode);
  return {
    kind: 'unknown',
    code,
    message: PROVIDER_CODES[code].text,
    ...(word === undefined ? {} : { providerCode: word }),
  };
}
