/**
 * The last step of the build: the bundle as Espruino keeps code that it has read once. Reserved words and
 * operators become one byte, numbers their binary value, strings their raw bytes: a tenth smaller, quicker to run,
 * and a long string stays in flash instead of RAM. The numbers are those of Espruino's src/jslex.h (2v29: "DO NOT
 * MODIFY THE ORDERING OF THIS LIST", since other tools rely on them too; strings since 2v20, numbers since 2v25).
 * Invariant: `readTokens` gives the same tokens for the image as acorn does for the text, or the build fails.
 */
import { parse, type Token as AcornToken } from 'acorn';

/** What acorn's tokens hold beside what its types say. */
type Token = AcornToken & { readonly value?: unknown };

/** LEX_EQUAL and what follows it, LEX_R_IF and what follows it (jslReservedWordAsString). */
const FIRST_TOKEN = 138;
const TOKEN_WORDS = `== === != !== <= << <<= >= >> >>> >>= >>>= += -= ++ -- *= /= %= &= && |= || ^= =>
  if else do while for break continue function return var let const this throw try catch finally true false null
  undefined new in instanceof switch case default delete typeof void debugger class extends super static of`.split(
  /\s+/,
);
const NULLISH = 208;
const RAW_STRING8 = 209;
const RAW_STRING16 = 210;
const RAW_INT0 = 211;
const RAW_INT8 = 212;
const RAW_INT16 = 213;

const CODES = new Map(TOKEN_WORDS.map((word, index) => [word, FIRST_TOKEN + index]));
CODES.set('??', NULLISH);
const WORDS = new Map([...CODES].map(([word, code]) => [code, word]));

/** Kinds of tokens that would run together without a space; `other` never does. */
type Edge = 'word' | 'regexp' | 'other';

interface Piece {
  readonly text: string;
  readonly edge: Edge;
}

/** The image of a program; a string with one char for a byte. */
export function pretokenise(code: string): string {
  const tokens: Token[] = [];
  parse(code, { ecmaVersion: 2020, onToken: tokens });
  let image = '';
  let last: Piece = { text: '', edge: 'other' };
  for (const token of tokens) {
    if (token.type.label === 'eof') break;
    const piece = pieceOf(token, code.slice(token.start, token.end));
    image += (needsSpace(last, piece) ? ' ' : '') + piece.text;
    last = piece;
  }
  return image;
}

function pieceOf(token: Token, source: string): Piece {
  const { label } = token.type;
  const reserved = CODES.get(source);
  if (label === 'string') return stringPiece(String(token.value));
  if (label === 'num') return numberPiece(Number(token.value), source);
  if (label === 'regexp') return { text: source, edge: 'regexp' };
  if (label === 'template' || label === '`') throw new Error('a template literal is left in the bundle');
  if (reserved !== undefined) return { text: String.fromCharCode(reserved), edge: 'other' };
  return { text: source, edge: label === 'name' ? 'word' : 'other' };
}

/** Raw bytes; an empty string and text beyond Latin-1 stay as they would be written. */
function stringPiece(value: string): Piece {
  const { length } = value;
  if (length === 0) return { text: '""', edge: 'other' };
  if (/[^\0-\xff]/.test(value)) throw new Error(`a string that is not binary: ${JSON.stringify(value)}`);
  const head = length < 256 ? [RAW_STRING8, length] : [RAW_STRING16, length & 255, length >> 8];
  return { text: String.fromCharCode(...head) + value, edge: 'other' };
}

/**
 * A whole number becomes an integer, also where the text says 6e4, which Espruino would keep as a double: it takes
 * a JsVar less in a table and is quicker to add.
 */
function numberPiece(value: number, source: string): Piece {
  if (!Number.isInteger(value) || value > 0x7fffffff) return { text: source, edge: 'word' };
  if (value === 0) return { text: String.fromCharCode(RAW_INT0), edge: 'other' };
  if (value >= 10 && value < 128) return { text: String.fromCharCode(RAW_INT8, value), edge: 'other' };
  if (value >= 128 && value < 32768) {
    return { text: String.fromCharCode(RAW_INT16, value & 255, value >> 8), edge: 'other' };
  }
  return { text: String(value), edge: 'word' };
}

/** Two names or numbers; a sign before its twin; a regular expression beside what it could be read with. */
function needsSpace(last: Piece, next: Piece): boolean {
  if (last.edge === 'word' && next.edge === 'word') return true;
  if ((last.text === '+' || last.text === '-' || last.text === '/') && next.text.startsWith(last.text)) {
    return true;
  }
  return last.edge === 'regexp' && (next.edge === 'word' || next.text === '/');
}

/** A token for comparing: what it is and what it says. */
export type ReadToken = string;

/** The tokens of a text, as `readTokens` writes them. */
export function textTokens(code: string): ReadToken[] {
  const tokens: Token[] = [];
  parse(code, { ecmaVersion: 2020, onToken: tokens });
  return tokens.filter(({ type }) => type.label !== 'eof').map((token) => spell(token, code));
}

function spell({ type, value, start, end }: Token, code: string): ReadToken {
  if (type.label === 'string') return `string ${JSON.stringify(value)}`;
  if (type.label === 'num') return `number ${Number(value)}`;
  return code.slice(start, end);
}

/**
 * Reads an image back by Espruino's rules (jslGetNextToken), apart from the writer above: bytes are turned into
 * words and literals first, and what is left is read as text.
 */
export function readTokens(image: string): ReadToken[] {
  return textTokens(imageText(image));
}

/** The image as plain text again: it says the same, but not with the same spelling. */
export function imageText(image: string): string {
  let text = '';
  let last = '';
  for (let at = 0; at < image.length;) {
    const [said, byteCount] = readOne(image, at, last);
    // Only words and numbers can run together.
    text += /^[\w$]/.test(said) && /[\w$]$/.test(last) ? ` ${said}` : said;
    if (said !== ' ') last = said;
    at += byteCount;
  }
  return text;
}

/** What stands at a place of the image, as text, and its bytes; `last` is what was read before it. */
function readOne(image: string, at: number, last: string): [string, number] {
  const code = image.charCodeAt(at);
  const next = image.charCodeAt(at + 1);
  const afterNext = image.charCodeAt(at + 2);
  if (code === RAW_STRING8) return [rawString(image, at + 2, next), 2 + next];
  if (code === RAW_STRING16) {
    const length = next + 256 * afterNext;
    return [rawString(image, at + 3, length), 3 + length];
  }
  if (code === RAW_INT0) return ['0', 1];
  if (code === RAW_INT8) return [String(next), 2];
  if (code === RAW_INT16) return [String(next + 256 * afterNext), 3];
  if (code >= 128) {
    const word = WORDS.get(code);
    if (word === undefined) throw new Error(`no token has the number ${code}, at ${at}`);
    return [word, 1];
  }
  const rest = image.slice(at);
  if (rest.startsWith('/') && isRegexpBehind(last)) {
    const found = /^\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])+\/[a-z]*/s.exec(rest);
    if (!found) throw new Error(`a regular expression does not end, at ${at}`);
    return [found[0], found[0].length];
  }
  const word = /^(?:[\w$]+|"")/.exec(rest)?.[0] ?? rest[0]!;
  return [word, word.length];
}

function rawString(image: string, at: number, length: number): string {
  const bytes = image.substr(at, length);
  if (bytes.length < length) throw new Error(`a string is cut short, at ${at}`);
  return JSON.stringify(bytes);
}

/** What stands before a slash tells a division from a regular expression (jslex.c, JSLJT_FORWARDSLASH). */
function isRegexpBehind(last: string): boolean {
  if (CODES.has(last)) return !['true', 'false', 'null', 'undefined'].includes(last);
  return last === '' || '!%&*+-/<=>?[{}(,;:'.includes(last);
}
