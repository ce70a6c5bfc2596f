/**
 * Spellings and small habits that drift between firmware versions of the same module, as data, so that a
 * driver can be tried against all of them. `FIELD` is what logs of 1418-series firmware show, `PRINTED` follows
 * the manual's print to the letter, `COMPACT` is what other users report.
 * Source: SIM800 Series AT Command Manual V1.09; SIM800C Hardware Design V1.02 (POWER OFF).
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
  /** A command in the wrong state: CME 3, or a bare ERROR whatever AT+CMEE says. */
  wrongState: 'cme' | 'error';
  /** After the commas of `+CIPACK: ` and the mode of `+CIPRXGET: 4`. */
  counterSpace: '' | ' ';
  /** AT+IPR keeps itself, without AT&W. */
  keepsBaud: boolean;
  /** AT+CFUN=1,1 at a fixed rate: OK before the restart, or after it (section 3.2.42). */
  restartOk: 'before' | 'after';
  /** A close without acknowledgement: the manual prints CLOSE, firmware says CLOSED. */
  unacknowledged: 'CLOSE' | 'CLOSED';
}

export const FIELD: Dialect = {
  linkSeparator: ', ',
  powerEnding: 'DOWN',
  hasCardPrefix: false,
  beforeAlreadyConnect: 'ERROR',
  promptGapMs: 0,
  wrongState: 'cme',
  counterSpace: '',
  keepsBaud: false,
  restartOk: 'before',
  unacknowledged: 'CLOSED',
};

export const PRINTED: Dialect = {
  ...FIELD,
  linkSeparator: ',',
  beforeAlreadyConnect: 'OK',
  wrongState: 'error',
  counterSpace: ' ',
  restartOk: 'after',
  unacknowledged: 'CLOSE',
};

export const COMPACT: Dialect = {
  ...FIELD,
  linkSeparator: ',',
  powerEnding: 'OFF',
  hasCardPrefix: true,
  beforeAlreadyConnect: '',
  promptGapMs: 3,
  keepsBaud: true,
};

export const DIALECTS: Readonly<Record<string, Dialect>> = {
  field: FIELD,
  printed: PRINTED,
  compact: COMPACT,
};
