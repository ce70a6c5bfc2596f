/**
 * Small programs with what they print, run on the virtual board and on the real interpreter alike. `out` prints
 * one value; AREA is the address of 4 kB of flash in pages of 1 kB, blank at first. Expected values are typed
 * by hand from runs of 2v29.277, from RFCs and from FIPS 197, never computed by the code under test.
 */
import type { Peer } from './hosts';

export interface Program {
  readonly name: string;
  readonly code: string;
  /** What the other end of Serial1 says, when it has heard a word. */
  readonly peer?: Peer;
  /** What `out` printed, as JSON, one entry a call. */
  readonly expected: readonly string[];
}

const KEY = '"0123456789abcdef"';

const bytes: readonly Program[] = [
  {
    name: 'strings are bytes',
    code: `out("\\xA5\\x00".length); out("\\xff".charCodeAt(0)); out(String.fromCharCode(0xA5, 0x1A5, -1));
      out(String.fromCharCode()); out("a\\xA5".charCodeAt(9));`,
    expected: ['2', '255', '"\\u00A5\\u00A5\\u00FF"', '""', 'null'],
  },
  {
    name: 'cutting and finding in strings',
    code: `out("abcdef".substr(-2)); out("abcdef".substr(1, 99)); out("abc".substr(0, 0)); out("abcabc".indexOf("c", 3));
      out("abc".indexOf("x")); out("\\xA5\\xA5\\x5A".indexOf("\\xA5\\x5A")); out("abc".slice(-2)); out("abc"[1]);
      out("a,b,,c".split(",")); out("abc".substring(2, 0)); out("abc".startsWith("ab")); out("  a ".trim());`,
    expected: [
      '"ef"',
      '"bcdef"',
      '""',
      '5',
      '-1',
      '1',
      '"bc"',
      '"b"',
      '["a","b","","c"]',
      '"ab"',
      'true',
      '"a"',
    ],
  },
  {
    name: 'E.CRC32 is the CRC of IEEE 802.3',
    code: `out(E.CRC32("123456789")); out(E.CRC32("")); out(E.CRC32(new Uint8Array([1, 2, 3]))); out(E.CRC32("\\xA5\\x5A\\xFF"));`,
    expected: ['3421780262', '0', '1438416925', '1302600906'],
  },
  {
    name: 'between strings and typed arrays',
    code: `out(E.toString([1, 2, 255])); out(E.toString(new Uint8Array([1, 2, 255]).buffer)); out(E.toString(""));
      out(E.toString(new Uint8Array(0))); var a = E.toUint8Array("\\xA5\\x00z"); out(a.length); out(a[0]); out(a instanceof Uint8Array);
      var b = E.toArrayBuffer("abc"); out(b instanceof ArrayBuffer); out(new Uint8Array(b)[2]); out(E.toString(new Uint32Array([0x41424344]).buffer));
      out(E.toString(65));`,
    expected: [
      '"\\u0001\\u0002\\u00FF"',
      '"\\u0001\\u0002\\u00FF"',
      '""',
      '""',
      '3',
      '165',
      'true',
      'true',
      '99',
      '"DCBA"',
      '"A"',
    ],
  },
  {
    name: 'typed arrays wrap and share',
    code: `var u = new Uint8Array(4); u[0] = 257; u[1] = -1; out(u[0]); out(u[1]); var w = new Uint32Array(u.buffer); out(w[0]);
      w[0] = 0xFFFFFFFF; out(w[0]); w[0] ^= 1; out(w[0]); out(u.subarray(1, 3).length); out(new Uint8Array([1, 2, 3]).indexOf(2));
      var d = new DataView(u.buffer); d.setUint16(0, 0x1234, true); out(u[0]); out(d.getUint16(0, false));`,
    expected: ['1', '255', '65281', '4294967295', '4294967294', '2', '1', '52', '13330'],
  },
  {
    name: 'base64',
    code: `out(btoa("\\xA5\\x5A\\x00")); out(atob("pVoA")); out(btoa("")); out(btoa("a")); out(atob("YQ=="));`,
    expected: ['"pVoA"', '"\\u00A5Z\\u0000"', '""', '"YQ=="', '"a"'],
  },
];

const json: readonly Program[] = [
  {
    name: 'JSON.stringify writes every byte so that any reader takes it',
    code: `out("\\xA5\\n\\r\\t\\x01\\x1f\\x7f\\x80\\xff"); out("\\"\\\\/"); out({ a: 1, b: [null, true, undefined], c: undefined, d: "x" });
      out([1.5, -3, 0, 4294967295, 1e10]); out("\\b\\f\\v");`,
    expected: [
      '"\\u00A5\\n\\r\\t\\u0001\\u001F\\u007F\\u0080\\u00FF"',
      '"\\"\\\\/"',
      '{"a":1,"b":[null,true,null],"d":"x"}',
      '[1.5,-3,0,4294967295,10000000000]',
      '"\\b\\f\\u000B"',
    ],
  },
  {
    name: 'JSON.parse',
    code: `out(JSON.parse('["a",1,-2.5,true,null,{"k":[]}]')); out(JSON.parse('"\\\\u00a5\\\\n\\\\\\\\"')); out(JSON.parse(' { "a" : 1 } ').a);
      out(JSON.parse('[12345678901,4294967296,-1]'));`,
    expected: ['["a",1,-2.5,true,null,{"k":[]}]', '"\\u00A5\\n\\\\"', '1', '[12345678901,4294967296,-1]'],
  },
  {
    name: 'JSON.parse takes what stands behind the value in silence',
    code: `out(JSON.parse('{"a":1} x')); out(JSON.parse('[1]]')); out(JSON.parse('1 2'));`,
    expected: ['{"a":1}', '[1]', '1'],
  },
  {
    name: 'JSON.parse throws for what is broken',
    code: `["", "{bad", "[1", '{"a"', '"abc', "tru", "}", "[1 2]"].forEach(function (text) {
      try { JSON.parse(text); out("taken " + text); } catch (e) { out(e instanceof SyntaxError || e instanceof Error); } });`,
    expected: ['true', 'true', 'true', 'true', 'true', 'true', 'true', 'true'],
  },
];

const language: readonly Program[] = [
  {
    name: 'numbers',
    code: `out(5 / 2 | 0); out(4294967295 | 0); out(4294967295 >>> 0); out(1 << 31); out(-7 % 3); out(255 .toString(16));
      out(parseInt("12x")); out(parseInt("ff", 16)); out(isNaN(parseInt("x"))); out(+"5" + 1); out(Math.floor(-1.5));
      out((1.005).toFixed(2) === "1.00" || (1.005).toFixed(2) === "1.01"); out(Math.max(1, 5, 3)); out(Number("") === 0);`,
    expected: [
      '2',
      '-1',
      '4294967295',
      '-2147483648',
      '-1',
      '"ff"',
      '12',
      '255',
      'true',
      '6',
      '-2',
      'true',
      '5',
      'true',
    ],
  },
  {
    name: 'closures see a constant of the loop body, per turn',
    code: `var r = []; for (let i = 0; i < 3; i++) { const j = i; r.push(function () { return j; }); }
      out(r.map(function (f) { return f(); })); var s = [];
      for (const x of [1, 2, 3]) { const y = x; s.push(() => y); } out(s.map(function (f) { return f(); }));`,
    expected: ['[0,1,2]', '[1,2,3]'],
  },
  {
    name: 'classes',
    code: `class A { constructor(x) { this.x = x; } get twice() { return 2 * this.x; } m() { return this.x; } static s() { return 7; } }
      class B extends A { constructor() { super(4); } m() { return super.m() + 1; } }
      var b = new B(); out(b.m()); out(b.twice); out(A.s()); out(b instanceof A); out(typeof A);
      var C = class { constructor() { this.f = () => this.y; this.y = 3; } }; out(new C().f());`,
    expected: ['5', '8', '7', 'true', '"function"', '3'],
  },
  {
    name: 'exceptions',
    code: `try { throw new Error("hi"); } catch (e) { out(e.message); out(e instanceof Error); out("" + e); }
      try { null.x; } catch (e) { out(e instanceof Error); } try { ({}).a(); } catch (e) { out(e instanceof Error); }
      try { nosuch; } catch (e) { out(e instanceof ReferenceError); }
      var q = 0; try { try { throw "x"; } finally { q = 1; } } catch (e) { out([e, q]); }
      out((function () { try { return 1; } finally { q = 2; } })()); out(q); try { throw 5; } catch { out("bare"); }`,
    expected: ['"hi"', 'true', '"Error: hi"', 'true', 'true', 'true', '["x",1]', '1', '2', '"bare"'],
  },
  {
    name: 'a constant cannot be assigned',
    code: `const a = 1; try { a = 2; out("assigned"); } catch (e) { out(e instanceof TypeError || e instanceof Error); } out(a);`,
    expected: ['true', '1'],
  },
  {
    name: 'arrays and objects',
    code: `var a = [1, 2, 3]; a.splice(1, 1); a.unshift(9); out(a); out(a.shift()); out(a.pop()); out(a.length); out([3, 1, 10, 2].sort());
      out([3, 1, 2].sort(function (x, y) { return x - y; })); out(Object.keys({ a: 1, b: 2 })); out(Object.assign({ a: 1 }, { b: 2 }));
      out([1, 2, 3].indexOf(2)); out([1, 2].concat([3])); out([[1], 2].length); out(Array.isArray([])); var o = { x: 1 }; delete o.x; out(o);
      out([1, 2, 3].filter(function (x) { return x > 1; })); out("k" in { k: 1 }); out([5, 6].findIndex(function (x) { return x === 6; }));
      out([0, 0].fill(7)); out(["a", "b"].join("-")); out([].length);`,
    expected: [
      '[9,1,3]',
      '9',
      '3',
      '1',
      '[1,10,2,3]',
      '[1,2,3]',
      '["a","b"]',
      '{"a":1,"b":2}',
      '1',
      '[1,2,3]',
      '2',
      'true',
      '{}',
      '[2,3]',
      'true',
      '1',
      '[7,7]',
      '"a-b"',
      '0',
    ],
  },
  {
    name: 'regular expressions that it knows',
    code: `out(/^[A-Za-z0-9.-]+$/.test("a.b-9")); out(/^[A-Za-z0-9.-]+$/.test("a b")); out(/^\\+CSQ: (\\d+),(\\d+)/.exec("+CSQ: 17,0")[1]);
      out("a1b2".replace(/[0-9]/g, "")); out(/^[\\x20-\\x7e]*$/.test("abc")); out(/^[\\x20-\\x7e]*$/.test("\\xA5"));
      out("\\xe4\\xb8\\xad!".replace(/[\\xe1-\\xec][\\x80-\\xbf][\\x80-\\xbf]|[\\xc2-\\xdf][\\x80-\\xbf]/g, "")); out(/(a|bc)d*$/.test("xbc"));`,
    expected: ['true', 'false', '"17"', '"ab"', 'true', 'false', '"!"', 'true'],
  },
  {
    name: 'what minifiers write',
    code: `var a = 1, b = 0, c, o = { f() { return this === o; }, g: { h: 3 } };
out(!(a in [0, 1])); out(-~a); out(1 / 0 > 5); out(a ? b ? 1 : 2 : 3); out((0, o.g.h)); c = b = a; out(c); out((a++, b = 5, a + b));
out((function (x) { if (x) return x++, x; return void 0; })(1)); out((function () { for (var n = 3, t = 0; n--;) t += n; return t; })());
out(a || b && c); out(!a && b); out(void 0 === c); out((() => { return 7; })()); out((x => x * 2)(4)); out(((x, y) => ({ x, y }))(1, 2));
out((function () { return a ? b : void 0; })()); out(typeof zzz == "undefined"); out("a" + 1 + 2); out(1 + 2 + "a"); out(a > 1 ? "y" : "n");
out([, 1].length); out(+!0); out(!!a); out(~~5.7); out("abc"["length"]); out(a === 2 | b === 5); out(1e3 + .5); out(0xff); out(5 .toFixed(1));
out(((x) => { switch (x) { case 1: return "one"; case 2: case 3: return "more"; } return "none"; })(3));
var i = 0; do { i++; if (i === 2) continue; if (i > 3) break; } while (i < 9); out(i); out((function () { try { return 1; } catch (e) { return 2; } })());
out(new (class { constructor() { this.z = 4; } })().z); out(o.f()); var t = { 1: "a", x: "b" }; out(t[1] + t["x"]); out(a, b); out([3, 4][a - 1]);
out((function () { var q = arguments; return q.length; })(1, 2, 3)); out("\\x41" + \`t\${a}\`); out(a != null && a !== void 0); out(1 < 2 == true);
out((function () { let e = 1; { let e = 2; b = e; } return e + b; })()); out([1, 2, 3].some((x) => x > 2) && [1].every((x) => x)); out(3 > 2 > 1);
out((a, b)); out("b" > "a" && "B" < "a"); out(7 & 3 | 8 ^ 1); out(1 + -1); out(- -1); out(a-- - --a); out(null == void 0); out("5" * 1 + 1);
out(-7 >> 1); out(-7 >>> 28); out((5, 6) % 4); out(\`\${1}\${2}\`); out(typeof null); out(isNaN(void 0)); out([] + ""); out([1] == 1); out(!"");`,
    expected: [
      'false',
      '2',
      'true',
      '2',
      '3',
      '1',
      '7',
      '2',
      '3',
      '2',
      'false',
      'false',
      '7',
      '8',
      '{"x":1,"y":2}',
      '5',
      'true',
      '"a12"',
      '"3a"',
      '"y"',
      '2',
      '1',
      'true',
      '5',
      '3',
      '1',
      '1000.5',
      '255',
      '"5.0"',
      '"more"',
      '4',
      '1',
      '4',
      'true',
      '"ab"',
      '2',
      '4',
      '3',
      '"At2"',
      'true',
      'true',
      '3',
      'true',
      'false',
      '2',
      'true',
      '11',
      '0',
      '1',
      '2',
      'true',
      '6',
      '-4',
      '15',
      '2',
      '"12"',
      '"object"',
      'true',
      '""',
      'true',
      'true',
    ],
  },
  {
    name: 'what is missing is missing',
    code: `out(typeof Map); out(typeof Symbol); out(typeof BigInt); out(typeof Proxy); out(typeof window); out(typeof Buffer); out(typeof [].flat);
      out(typeof "".codePointAt); out(typeof Object.freeze); out(typeof Math.imul); out(typeof Uint8Array.from); out(typeof Number.isInteger);
      out(typeof "".search); out(typeof fetch); out(typeof Set); out(typeof Reflect); out(typeof queueMicrotask);`,
    expected: Array.from({ length: 17 }, () => '"undefined"'),
  },
];

const timers: readonly Program[] = [
  {
    name: 'timers fire in the order of their times, once or repeatedly',
    code: `var n = 0; setTimeout(function () { out("b"); }, 500); setTimeout(function () { out("a"); }, 10);
      var i = setInterval(function () { n++; if (n === 3) { clearInterval(i); out("three"); } }, 20);`,
    expected: ['"a"', '"three"', '"b"'],
  },
  {
    name: 'an argument of setTimeout reaches the callback; identities count up',
    code: `setTimeout(function (x, y) { out([x, y]); }, 5, 1, "z"); var a = setTimeout(function () {}, 1), b = setTimeout(function () {}, 1);
      out(b - a); out(typeof a);`,
    expected: ['1', '"number"', '[1,"z"]'],
  },
  {
    name: 'clearing timers: an unknown one is nothing, undefined throws, none at all clears all',
    code: `clearTimeout(9999); try { clearTimeout(undefined); out("taken"); } catch (e) { out("throws"); }
      setTimeout(function () { out("never"); }, 5); clearTimeout(); setTimeout(function () { out("later"); }, 10);`,
    expected: ['"throws"', '"later"'],
  },
  {
    name: 'an exception in a callback is told to uncaughtException and the timers go on',
    code: `var n = 0; process.on("uncaughtException", function (e) { out("caught " + (e.message || e)); });
      var i = setInterval(function () { n++; if (n === 3) { clearInterval(i); out("third"); } else throw new Error("no" + n); }, 10);`,
    expected: ['"caught no1"', '"caught no2"', '"third"'],
  },
  {
    name: 'an exception that nobody takes leaves the other timers alone',
    code: `setTimeout(function () { throw new Error("lost"); }, 5); setTimeout(function () { out("on"); }, 20);`,
    expected: ['"on"'],
  },
  {
    name: 'getTime counts seconds',
    code: `var a = getTime(); setTimeout(function () { var d = getTime() - a; out(d > 0.045 && d < 5); }, 50);`,
    expected: ['true'],
  },
];

const flash: readonly Program[] = [
  {
    name: 'flash is read as bytes and only cleared by writing',
    code: `var f = require("Flash"); out(f.read(4, AREA)); f.write("\\x01\\x02\\xf0\\xff", AREA); out(f.read(4, AREA)); f.write("\\xff\\x03\\x0f\\x00", AREA);
      out(f.read(4, AREA)); out(f.read(8, AREA).length); out(f.read(4, AREA) instanceof Uint8Array); out(E.toString(f.read(2, AREA)));`,
    expected: ['[255,255,255,255]', '[1,2,240,255]', '[1,2,0,0]', '8', 'true', '"\\u0001\\u0002"'],
  },
  {
    name: 'a page is erased by any address in it, and no other',
    code: `var f = require("Flash"); f.write("\\x00\\x00\\x00\\x00", AREA); f.write("\\x00\\x00\\x00\\x00", AREA + 1024); f.erasePage(AREA + 500);
      out(f.read(1, AREA)[0]); out(f.read(1, AREA + 1024)[0]); var p = f.getPage(AREA + 600); out(p.addr - AREA); out(p.length);`,
    expected: ['255', '0', '0', '1024'],
  },
  {
    name: 'flash takes arrays, refuses nothing at all, and reads nothing as undefined',
    code: `var f = require("Flash"); f.write([1, 2, 3, 4], AREA); out(f.read(4, AREA)[3]); f.write(new Uint8Array([0, 0, 0, 0]), AREA); out(f.read(4, AREA)[3]);
      try { f.write(undefined, AREA); out("taken"); } catch (e) { out("throws"); } out(f.read(0, AREA) === undefined); f.write("", AREA); out("ok");
      try { f.erasePage("x"); out("taken"); } catch (e) { out("throws"); }`,
    expected: ['4', '0', '"throws"', 'true', '"ok"', '"throws"'],
  },
];

const crypto: readonly Program[] = [
  {
    name: 'AES-128 in ECB (FIPS 197, appendix C.1), many blocks at once',
    code: `var A = require("crypto").AES, k = E.toUint8Array([0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]);
      var p = [0x00,0x11,0x22,0x33,0x44,0x55,0x66,0x77,0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xff];
      var c = A.encrypt(p, k, { mode: "ECB" }); out(c instanceof ArrayBuffer); out(btoa(E.toString(c)));
      out(btoa(E.toString(A.encrypt(p.concat(p), k, { mode: "ECB" })))); out(btoa(E.toString(A.decrypt(c, k, { mode: "ECB" }))));`,
    expected: [
      'true',
      '"acTg2Gp7BDDYzbeAcLTFWg=="',
      '"acTg2Gp7BDDYzbeAcLTFWmnE4NhqewQw2M23gHC0xVo="',
      '"ABEiM0RVZneImaq7zN3u/w=="',
    ],
  },
  {
    name: 'AES-128 in CBC (SP 800-38A, F.2.1, first two blocks)',
    code: `var A = require("crypto").AES, k = atob("K34VFiiu0qar9xWICc9PPA=="), iv = atob("AAECAwQFBgcICQoLDA0ODw==");
      var p = atob("a8G+4i5An5bpPX4Rc5MXKq4tilceA6ycnrdvrEWvjlE="); var c = A.encrypt(p, k, { mode: "CBC", iv: iv });
      out(btoa(E.toString(c))); out(btoa(E.toString(A.decrypt(c, k, { mode: "CBC", iv: iv })))); out(btoa(E.toString(A.encrypt(p, k))).substr(0, 8));`,
    expected: [
      '"dkmrrIEZskbO6Y6bEukZfVCGy5tQchnuldsROpF2eLI="',
      '"a8G+4i5An5bpPX4Rc5MXKq4tilceA6ycnrdvrEWvjlE="',
      '"Otd7tA16"',
    ],
  },
  {
    name: 'CTR ignores its iv and begins at 0',
    code: `var A = require("crypto").AES; var z = "\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0";
      var a = E.toString(A.encrypt(z, ${KEY}, { mode: "CTR", iv: "AAAAAAAAAAAAAAAA" })); var b = E.toString(A.encrypt(z, ${KEY}, { mode: "CTR", iv: z }));
      out(a === b); out(a === E.toString(A.encrypt(z, ${KEY}, { mode: "ECB" }))); out(E.toString(A.encrypt("abc", ${KEY}, { mode: "CTR" })).length);`,
    expected: ['true', 'true', '3'],
  },
  {
    name: 'AES with a wrong length or key gives undefined, with a wrong mode it throws',
    code: `var A = require("crypto").AES; out(A.encrypt("12345678901234567890", ${KEY}, { mode: "CBC" }) === undefined);
      out(A.encrypt("1234567890123456", "0123", { mode: "ECB" }) === undefined); try { A.encrypt("1", ${KEY}, { mode: "X" }); out("taken"); } catch (e) { out("throws"); }
      out(btoa(E.toString(A.encrypt("12345678901234567890", ${KEY}, { mode: "ECB" })))); out(E.toString(A.encrypt("", ${KEY}, { mode: "CBC" })));
      out(A.encrypt("1234567890123456", ${KEY}, { mode: "OFB" }) === undefined);
      out(btoa(E.toString(A.encrypt("1234567890123456", ${KEY}, { mode: "CBC", iv: "abcdefgh" }))));`,
    expected: [
      'true',
      'true',
      '"throws"',
      '"vTtMjDmTF7r/VhNYUsEobAAAAAA="',
      '""',
      'true',
      '"DGbrugLb0Fv6v0TI+i/vwg=="',
    ],
  },
  {
    name: 'SHA-256 (FIPS 180-2, appendix B.1)',
    code: `var h = require("crypto").SHA256("abc"); out(h instanceof ArrayBuffer); out(btoa(E.toString(h)));`,
    expected: ['true', '"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="'],
  },
];

const system: readonly Program[] = [
  {
    name: 'modules that are not there throw',
    code: `try { require("nosuch"); out("taken"); } catch (e) { out("throws"); } out(typeof require("Flash").read); out(typeof require("crypto").AES.encrypt);`,
    expected: ['"throws"', '"function"', '"function"'],
  },
  {
    name: 'process and E',
    code: `out(process.env.BOARD); out(process.version.substr(0, 4)); var m = process.memory(); out(m.total >= m.usage && m.free >= 0); out(typeof m.history);
      out(E.getErrorFlags()); out(typeof E.hwRand()); var r = E.hwRand(); out(r === (r | 0)); out(Array.isArray(E.getErrorFlags()));`,
    expected: ['"LINUX"', '"2v29"', 'true', '"number"', '[]', '"number"', 'true', 'true'],
  },
  {
    name: 'pins: names are checked, values are bits',
    code: `digitalWrite("D4", 1); pinMode("D5", "output"); out(getPinMode("D5")); try { digitalWrite("Q99", 1); out("taken"); } catch (e) { out("throws"); }
      try { digitalPulse("D4", 1, -5); out("taken"); } catch (e) { out("throws"); } out(typeof digitalRead("D6"));`,
    expected: ['"output"', '"throws"', '"throws"', '"number"'],
  },
];

export const PROGRAMS: readonly Program[] = [
  ...bytes,
  ...json,
  ...language,
  ...timers,
  ...flash,
  ...crypto,
  ...system,
];
