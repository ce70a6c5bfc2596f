/**
 * Who this module is and where its server is: given once at the bench (PROVISION, docs/host-protocol.md), kept in
 * the journal. The key never leaves the module again. Asked once in a module's life: @overlay.
 * Invariant: an identity is complete and well-formed, or it is undefined.
 */

export interface Identity {
  readonly id: string;
  /** The device's pre-shared key, 32 hex digits. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly apn: string;
  readonly user: string;
  readonly pass: string;
  readonly pin: string;
}

/**
 * What each value must look like, and its least and greatest length (Espruino's expressions know no `{}`). All of
 * it goes into AT commands, so no quotes and no control characters.
 */
const NAME = /^[A-Za-z0-9.-]*$/;
const DIGITS = /^[0-9]*$/;
const PRINTABLE = /^[\x21\x23-\x7e]*$/;
const PATTERNS: { readonly [name: string]: readonly [RegExp, number, number] } = {
  id: [/^[A-Z0-9]*$/, 4, 12],
  key: [/^[0-9a-f]*$/, 32, 32],
  host: [NAME, 1, 63],
  port: [DIGITS, 1, 5],
  apn: [NAME, 1, 32],
  user: [PRINTABLE, 0, 24],
  pass: [PRINTABLE, 0, 24],
  pin: [DIGITS, 0, 8],
};

/** Reads an identity from JSON; undefined when anything is missing, wrong or unknown. */
export function readIdentity(json: string): Identity | undefined {
  let given: { [name: string]: unknown };
  try {
    given = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof given !== 'object' || !given || Array.isArray(given)) return undefined;
  const identity: { [name: string]: unknown } = Object.assign({ user: '', pass: '', pin: '' }, given);
  const names = Object.keys(PATTERNS);
  const isGood = (name: string): boolean => {
    const pattern = PATTERNS[name]!;
    const text = '' + identity[name];
    return text.length >= pattern[1] && text.length <= pattern[2] && pattern[0].test(text);
  };
  if (Object.keys(identity).length !== names.length || !names.every(isGood)) return undefined;
  const port = identity.port as number;
  return typeof port === 'number' && port > 0 && port <= 65535
    ? (identity as unknown as Identity)
    : undefined;
}
