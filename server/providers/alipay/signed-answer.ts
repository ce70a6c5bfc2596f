/**
 * Takes an answer of Alipay's gateway apart: which bytes were signed, by whom. An answer is one JSON object with
 * `<method>_response` (or `error_response`), `sign`, and in certificate mode `alipay_cert_sn`, in any order; the
 * signature is over the payload's bytes as they stand. alipay-sdk cuts them out by searching for text, which
 * lets a doubled payload pass: it verifies the first and reads the last. So the top level is scanned here, and
 * anything but these members, each once, is refused.
 * Source: Alipay open platform, 同步返回验签 (自行实现验签).
 * Invariant: the payload that is verified is the only one in the text.
 */

export interface AnswerParts {
  /** The bytes that were signed. */
  readonly payload: string;
  readonly sign: string | undefined;
  readonly certificateSerial: string | undefined;
}

interface Member {
  readonly key: string;
  readonly text: string;
}

const ERROR_KEY = 'error_response';
const MAXIMUM_MEMBERS = 4;

/** The parts of an answer with this payload key (`alipay_trade_query_response`); undefined for any other form. */
export function splitAnswer(text: string, payloadKey: string): AnswerParts | undefined {
  const members = scanObject(text);
  if (!members) return undefined;
  const found = new Map<string, string>();
  for (const { key, text: value } of members) {
    const name = key === ERROR_KEY ? payloadKey : key;
    if (found.has(name) || ![payloadKey, 'sign', 'alipay_cert_sn'].includes(name)) return undefined;
    found.set(name, value);
  }
  const payload = found.get(payloadKey);
  if (!payload?.startsWith('{')) return undefined;
  return {
    payload,
    sign: readString(found.get('sign')),
    certificateSerial: readString(found.get('alipay_cert_sn')),
  };
}

function readString(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  const value: unknown = JSON.parse(json);
  return typeof value === 'string' && value.length > 0 ? value : undefined;
}

/** The members of the object that the text is, with their values' own text; undefined when it is none. */
function scanObject(text: string): Member[] | undefined {
  try {
    // Proves that the text is well-formed JSON, so that the scan below need not.
    const whole: unknown = JSON.parse(text);
    if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return undefined;
  } catch {
    return undefined;
  }
  const members: Member[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== '}') {
    if (members.length === MAXIMUM_MEMBERS) return undefined;
    const keyEnd = endOfString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    members.push({ key, text: text.slice(start, end) });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return members;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (' \t\n\r'.includes(text[at] ?? '.')) at += 1;
  return at;
}

/** Behind the closing quote of the string that opens at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Behind the value that starts at `from`. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; ;) {
    const char = text[at]!;
    if (char === '"') {
      at = endOfString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (depth === 0 && ',} \t\n\r'.includes(char)) return at;
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    at += 1;
    if (depth === 0 && (char === '}' || char === ']')) return at;
  }
}
