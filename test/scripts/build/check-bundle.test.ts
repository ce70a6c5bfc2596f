/**
 * Each thing that Espruino cannot run, or runs otherwise than JavaScript does, in a source as small as can be:
 * the check of the bundle must refuse it, and must take its harmless neighbour.
 */
import { checkBundle } from '../../../scripts/build/check-bundle';
import { boardApi } from '../../../scripts/build/espruino-api';
import { loadProfile } from '../../../scripts/build/profile';

const wifi = boardApi(loadProfile('espruino-wifi'));

function rulesFor(code: string): string[] {
  return [...new Set(checkBundle(code, wifi).map(({ rule }) => rule))];
}

const REFUSED: [string, string, string][] = [
  ['a syntax error', 'syntax', 'var a = ;'],
  ['a call above its function', 'use-before-definition', 'f(); function f() {}'],
  [
    'a call above its function inside a function',
    'use-before-definition',
    'function g() { f(); function f() {} } g();',
  ],
  [
    'a call by way of another function',
    'use-before-definition',
    'function g() { h(); } g(); function h() {}',
  ],
  [
    'a function handed over before what it calls',
    'use-before-definition',
    'var g = () => h(); [1].map(g); function h() {}',
  ],
  [
    'a method that calls what comes later',
    'use-before-definition',
    'class A { m() { h(); } } new A().m(); function h() {}',
  ],
  ['a class above its definition', 'use-before-definition', 'var a = new A(); class A {}'],
  ['a class as a base above its definition', 'use-before-definition', 'class B extends A {} class A {}'],
  ['a var above its value', 'use-before-definition', 'print(a); var a = 1;'],
  ['a let above its value', 'use-before-definition', 'print(a); let a = 1;'],
  ['a closure over a for-let', 'loop-closure', 'var r = []; for (let i = 0; i < 3; i++) r.push(() => i);'],
  [
    'a closure over a for-of const',
    'loop-closure',
    'var r = []; for (const x of [1]) r.push(function () { return x; });',
  ],
  ['a closure over a for-in', 'loop-closure', 'var r = []; for (let k in { a: 1 }) r.push(() => k);'],
  [
    'a class over a for-let',
    'loop-closure',
    'for (let i = 0; i < 3; i++) { class A { m() { return i; } } print(A); }',
  ],
  ['a method that Espruino cannot read', 'reserved-name', 'class A { of() {} }'],
  ['a variable that Espruino cannot read', 'reserved-name', 'var of = 1;'],
  ['a parameter that Espruino cannot read', 'reserved-name', 'print((of) => of);'],
  ['a method called like any reserved word', 'reserved-name', 'class A { delete() {} } print(new A());'],
  [
    'this in an arrow function',
    'arrow-this',
    'class A { m() { return [1].map(() => this.n); } } print(new A().m());',
  ],
  ['a label', 'label', 'a: for (;;) { break a; }'],
  ['a computed key', 'computed-key', 'var k = "a"; print({ [k]: 1 });'],
  ['a computed method', 'computed-key', 'var k = "a"; class A { [k]() {} }'],
  ['spread in a call', 'spread', 'print(...[1]);'],
  ['spread in an array', 'spread', 'print([...[1]]);'],
  ['spread in an object', 'spread', 'print({ ...{} });'],
  ['a rest parameter', 'rest', 'print((...a) => a);'],
  ['destructuring', 'destructuring', 'var [a] = [1];'],
  ['a destructured parameter', 'destructuring', 'print(({ a }) => a);'],
  ['a default value', 'default-value', 'print((a = 1) => a);'],
  ['a generator', 'generator', 'function* g() { yield 1; }'],
  ['an async function', 'async', 'var f = async () => 1;'],
  ['an await', 'async', 'var f = async () => { await 1; };'],
  ['optional chaining', 'operator', 'var a; a?.b;'],
  ['the power operator', 'operator', 'print(2 ** 3);'],
  ['a nullish assignment', 'operator', 'var a; a ??= 1;'],
  ['a private field', 'private-name', 'class A { #x = 1; }'],
  ['a static block', 'static-block', 'class A { static { } }'],
  ['new.target', 'meta-property', 'function F() { return new.target; }'],
  ['a big integer', 'bigint', 'print(1n);'],
  ['a tagged template', 'tagged-template', 'print`a`;'],
  ['an import', 'import', 'import("x");'],
  ['a subclass of Error', 'extends-builtin', 'class A extends Error {}'],
  ['a subclass of Array', 'extends-builtin', 'class A extends Array {}'],
  ['a missing global', 'missing-global', 'new Map();'],
  ['a global that is only asked for', 'missing-global', 'typeof window;'],
  ['a global that would let text become code', 'missing-global', 'eval("1");'],
  ['an assignment to an undeclared name', 'missing-global', 'zzz = 1;'],
  ['a missing static', 'missing-member', 'Object.freeze({});'],
  ['a missing static by bracket', 'missing-member', 'Math["imul"](1, 2);'],
  ['a missing method of E', 'missing-member', 'E.asm();'],
  ['a missing method of strings', 'missing-method', '"".codePointAt(0);'],
  ['a missing method of arrays', 'missing-method', '[].flat();'],
  ['a missing property of regular expressions', 'missing-member', 'print(/a/.sticky);'],
  ['a method that nothing has', 'missing-method', 'var o = {}; o.frobnicate();'],
  ['a missing module', 'missing-module', 'require("http");'],
  ['a module whose name is made', 'missing-module', 'require("cry" + "pto");'],
  ['an assigned length', 'length', 'var a = [1]; a.length = 0;'],
  ['a limit of split', 'split-limit', '"a,b".split(",", 1);'],
  ['a text as a timer', 'text-timer', 'setTimeout("print(1)", 5);'],
  ['a template as a timer', 'text-timer', 'setInterval(`print(1)`, 5);'],
  ['a $ in a replacement', 'replacement', '"a".replace(/a/, "[$&]");'],
  ['a doubled $ in a replacement', 'replacement', '"a".replace("a", "$$");'],
  ['an error without a message', 'error-message', 'throw new Error();'],
  ['an error without a message, called', 'error-message', 'throw TypeError();'],
  ['a wide character', 'wide-character', 'print("\u4e2d");'],
  ['a wide character in a template', 'wide-character', 'print(`\u4e2d`);'],
  ['a counted repetition', 'regexp', '/^a{1,3}$/.test("a");'],
  ['an optional part', 'regexp', '/^a?$/.test("a");'],
  ['a lazy repetition', 'regexp', '/a*?b/.test("a");'],
  ['a group that is not kept', 'regexp', '/(?:a)/.test("a");'],
  ['a look-ahead', 'regexp', '/a(?!b)/.test("a");'],
  ['a repeated group', 'regexp', '/(ab)+/.test("ab");'],
  ['a word boundary', 'regexp', '/\\bab/.test("ab");'],
  ['a back reference', 'regexp', '/(a)\\1/.test("aa");'],
  ['a flag', 'regexp', '/a/m.test("a");'],
];

const TAKEN: [string, string][] = [
  ['a function above its call', 'function f() {} f();'],
  [
    'mutual recursion',
    'function a(n) { return n ? b(n - 1) : 0; } function b(n) { return n ? a(n - 1) : 1; } a(3);',
  ],
  ['recursion', 'function f(n) { return n ? f(n - 1) : 0; } f(2);'],
  ['a class that makes itself', 'class A { copy() { return new A(); } } new A().copy();'],
  [
    'a function that is stored before what it calls later',
    'class A { m() { h(); } } function h() {} new A().m();',
  ],
  ['a var read later', 'var a; function f() { return a; } a = 1; f();'],
  ['a closure over a copy', 'var r = []; for (let i = 0; i < 3; i++) { const j = i; r.push(() => j); }'],
  ['a loop without closures', 'var s = 0; for (let i = 0; i < 3; i++) s += i; print(s);'],
  ['a closure over a var outside', 'var r = [], n = 0; for (const x of [1]) { n += x; } r.push(() => n);'],
  ['own methods', 'class A { frobnicate() { return 1; } } new A().frobnicate();'],
  ['own entries of a table', 'var T = { handle: () => 1 }; T.handle();'],
  ['fields of a received message', 'var m = JSON.parse("{}"); print(m.amount);'],
  ['allowed methods', '"a,b".split(",").map((x) => x.charCodeAt(0)).indexOf(97);'],
  ['native modules', 'require("crypto").AES.encrypt("", "", { mode: "ECB" }); require("Flash").read(4, 0);'],
  [
    'regular expressions that Espruino knows',
    '/^[A-Za-z0-9.-]+$/.test("a"); /(a|b)c*\\x41$/g.exec("bc"); /[?{]\\?\\{/.test("");',
  ],
  [
    'a timer, a group put back, an error that says what',
    'setTimeout(() => 1, 5); "a".replace(/(a)/, "$1"); throw new Error("a");',
  ],
  ['a property called of', 'var o = { of: 1 }; o.of = 2; print(o.of);'],
  [
    'this under another name in an arrow function',
    'class A { m() { let t = this; return [1].map(() => t.n); } } print(new A().m());',
  ],
  ['bytes', 'print("\xa5\x00\xff");'],
  ['classes with getters', 'class A { get x() { return 1; } static s() {} } print(new A().x, A.s());'],
  [
    'a subclass of a class of its own',
    'class A { constructor(x) { this.x = x; } } class B extends A { constructor() { super(1); } } new B();',
  ],
];

describe('check of the bundle', () => {
  it.each(REFUSED)('refuses %s', (_what, rule, code) => {
    expect(rulesFor(code)).toContain(rule);
  });

  it.each(TAKEN)('takes %s', (_what, code) => {
    expect(checkBundle(code, wifi)).toEqual([]);
  });

  it('gives the place of a finding', () => {
    const code = 'var a = 1; print(2 ** a);';
    expect(checkBundle(code, wifi)).toEqual([
      { rule: 'operator', message: 'Espruino has no **', at: code.indexOf('2 **') },
    ]);
  });

  it('knows the ports and LEDs of each board', () => {
    expect(rulesFor('print(LED1, Serial1, SPI1);')).toEqual([]);
    const linux = boardApi(loadProfile('linux'));
    expect(checkBundle('print(LED1);', linux).map(({ rule }) => rule)).toEqual(['missing-global']);
    expect(checkBundle('SPI1.setup({});', linux).map(({ rule }) => rule)).toEqual(['missing-global']);
  });

  it('has no crypto library on a board without one', () => {
    const rp2040 = boardApi(loadProfile('rp2040'));
    expect(checkBundle('require("crypto");', rp2040).map(({ rule }) => rule)).toEqual(['missing-module']);
    expect(checkBundle('require("aes-js");', rp2040)).toEqual([]);
  });
});
