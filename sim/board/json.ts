/**
 * JSON.parse as the interpreter has it (src/jswrap_json.c over src/jslex.c, 2v29): its own lexer reads the text, so it
 * takes comments, other quotes, hexadecimal numbers and a comma too many, and stops behind the first value. Of a name
 * that comes twice the first counts, `__proto__` is the prototype, and a lonely minus is undefined.
 * Leaves out: an object that lists a name twice is written twice again by the interpreter.
 */
import type { Realm } from './realm';

type Makers = Pick<Realm, 'Array' | 'Object' | 'SyntaxError'>;

const SPACE = /(?:[ \t\n\r\v\f]|\/\/[^\n]*(?:\n|$)|\/\*[^]*?(?:\*\/|$))*/y;
const NUMBER =
  /0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+(?![89.])|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]*)?/y;
const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v' };

/** Reads a text; results and errors are the realm's. */
export function parseJson(realm: Makers, text: string): unknown {
  try {
    return new Reader(realm, text).value();
  } catch (error) {
    if (error instanceof LonelyMinus) return undefined;
    throw error;
  }
}

/** A minus without a number ends the reading without an exception, and nothing comes of it. */
class LonelyMinus extends Error {}

class Reader {
  private at = 0;

  constructor(
    private readonly realm: Makers,
    private readonly text: string,
  ) {}

  value(): unknown {
    const char = this.next();
    if (char === '[') return this.array();
    if (char === '{') return this.object();
    if (char === '"' || char === "'" || char === '`') return this.string(char);
    if (char === '-') {
      this.at += 1;
      if (this.text[this.at] === '-') this.fail();
      this.next();
      const digits = this.take(NUMBER);
      if (digits === undefined) throw new LonelyMinus();
      return 0 - numberOf(digits);
    }
    const digits = this.take(NUMBER);
    if (digits !== undefined) return numberOf(digits);
    const word = this.take(WORD);
    if (word === undefined || !(word in WORDS)) this.fail();
    return WORDS[word!];
  }

  private array(): unknown[] {
    const list = new this.realm.Array<unknown>();
    this.at += 1;
    while (this.next() !== ']') {
      list.push(this.value());
      this.separate(']');
    }
    this.at += 1;
    return list;
  }

  private object(): object {
    const made = new this.realm.Object();
    this.at += 1;
    for (let char = this.next(); char !== '}'; char = this.next()) {
      if (char !== '"' && char !== "'" && char !== '`') this.fail();
      const name = this.string(char!);
      if (this.next() !== ':') this.fail();
      this.at += 1;
      const value = this.value();
      if (name === '__proto__') this.realm.Object.setPrototypeOf(made, value as object);
      else if (!Object.prototype.hasOwnProperty.call(made, name)) {
        Object.defineProperty(made, name, { value, configurable: true, enumerable: true, writable: true });
      }
      this.separate('}');
    }
    this.at += 1;
    return made;
  }

  private separate(end: string): void {
    const char = this.next();
    if (char === ',') this.at += 1;
    else if (char !== end) this.fail();
  }

  private string(quote: string): string {
    let made = '';
    for (this.at += 1; ; this.at++) {
      const char = this.text[this.at];
      if (char === undefined || char === '\0' || (char === '\n' && quote !== '`')) this.fail();
      if (char === quote) break;
      made += char === '\\' ? this.escaped() : char;
    }
    this.at += 1;
    return made;
  }

  private escaped(): string {
    this.at += 1;
    const char = this.text[this.at];
    if (char === undefined) this.fail();
    if (char === 'u' || char === 'x') {
      const length = char === 'u' ? 4 : 2;
      const digits = this.text.substr(this.at + 1, length);
      if (digits.length < length || /[^0-9a-fA-F]/.test(digits)) this.fail();
      this.at += length;
      return String.fromCharCode(parseInt(digits, 16));
    }
    const octal = /^[0-7]{1,3}/.exec(this.text.substr(this.at, 3))?.[0];
    if (octal === undefined) return ESCAPES[char!] ?? char!;
    this.at += octal.length - 1;
    return String.fromCharCode(parseInt(octal, 8) & 255);
  }

  /** The next character that means something. */
  private next(): string | undefined {
    this.take(SPACE);
    return this.text[this.at];
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private fail(): never {
    throw new this.realm.SyntaxError(`Expecting valid value at ${this.at}`);
  }
}

function numberOf(digits: string): number {
  if (/^0[0-7]+$/.test(digits)) return parseInt(digits, 8);
  return /^0[xXbBoO]/.test(digits) ? Number(digits) : parseFloat(digits);
}
