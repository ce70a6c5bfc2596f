/**
 * Final results of AT commands and their spellings: verbose, numeric (ATV0) and the +CME ERROR forms that
 * AT+CMEE chooses.
 * Source: SIM800 Series AT Command Manual V1.09, sections 2.2.25 (ATV), 3.2.20 (AT+CMEE), 19.1 (CME codes).
 */
export type Result =
  | { kind: 'ok' }
  | { kind: 'error' }
  /** The answer carried its own final line (SHUT OK, a bare address) or none at all. */
  | { kind: 'none' }
  | { kind: 'cme'; code: CmeCode };

/** The codes this module can give, with the text of AT+CMEE=2 (section 19.1). */
export const CME_TEXT = {
  3: 'operation not allowed',
  4: 'operation not supported',
  10: 'SIM not inserted',
  11: 'SIM PIN required',
  12: 'SIM PUK required',
  13: 'SIM failure',
  14: 'SIM busy',
  15: 'SIM wrong',
  16: 'incorrect password',
  30: 'no network service',
  31: 'network timeout',
  100: 'unknown',
  107: 'GPRS services not allowed',
  148: 'unspecified GPRS error',
  149: 'PDP authentication failure',
  160: 'DNS resolve failed',
  161: 'Socket open failed',
  180: 'gprs is not attached',
  181: 'tcpip stack is busy',
  797: 'CFUN state is 0 or 4',
} as const;

export type CmeCode = keyof typeof CME_TEXT;

export const OK: Result = { kind: 'ok' };
export const ERROR: Result = { kind: 'error' };
export const NONE: Result = { kind: 'none' };

/** An error of the module itself; spelled as AT+CMEE says. */
export function cme(code: CmeCode): Result {
  return { kind: 'cme', code };
}

export function isCmeCode(code: number): code is CmeCode {
  return code in CME_TEXT;
}

/** Numeric result codes of ATV0 (section 2.2.25). */
const NUMERIC = { ok: '0', error: '4' } as const;

/** The line of a result under AT+CMEE=`errorMode`; `isVerbose` as ATV1. Undefined: no line. */
export function resultLine(result: Result, errorMode: number, isVerbose: boolean): string | undefined {
  if (result.kind === 'none') return undefined;
  if (result.kind === 'cme' && errorMode === 1) return `+CME ERROR: ${result.code}`;
  if (result.kind === 'cme' && errorMode === 2) return `+CME ERROR: ${CME_TEXT[result.code]}`;
  const kind = result.kind === 'ok' ? 'ok' : 'error';
  return isVerbose ? kind.toUpperCase() : NUMERIC[kind];
}
