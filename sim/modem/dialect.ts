/**
 * Spellings that drift between firmware versions of the same module, as data, so that a driver can be tried
 * against all of them. Source: the two spellings that manual V1.09 and hardware design V1.02 themselves use,
 * and what users of public drivers report.
 */
export interface Dialect {
  /** Between a link's number and its text: `0, CONNECT OK` or `0,CONNECT OK`. */
  linkSeparator: string;
  /** Ends `NORMAL POWER ...` and `UNDER-VOLTAGE POWER ...`. */
  powerEnding: 'DOWN' | 'OFF';
  /** AT+CCID answers with `+CCID: ` before the number. */
  hasCardPrefix: boolean;
  /** What comes before ALREADY CONNECT. */
  beforeAlreadyConnect: 'OK' | 'ERROR' | '';
  /** The prompt and its space come so far apart, milliseconds; 0 = together. */
  promptGapMs: number;
  /** What AT+CIPSTART and its like say in the wrong state. */
  wrongState: 'cme' | 'error';
}

export const V1_09: Dialect = {
  linkSeparator: ', ',
  powerEnding: 'DOWN',
  hasCardPrefix: false,
  beforeAlreadyConnect: 'ERROR',
  promptGapMs: 0,
  wrongState: 'error',
};

export const COMPACT: Dialect = {
  linkSeparator: ',',
  powerEnding: 'OFF',
  hasCardPrefix: true,
  beforeAlreadyConnect: 'OK',
  promptGapMs: 3,
  wrongState: 'cme',
};

export const DIALECTS: Readonly<Record<string, Dialect>> = { 'v1.09': V1_09, compact: COMPACT };
