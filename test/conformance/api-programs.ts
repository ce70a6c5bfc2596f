/**
 * The Espruino API as the firmware uses it, member by member: programs like those of programs.ts. Every answer was typed
 * from a run of 2v29.277 and read through by hand; coverage.test.ts fails when the firmware uses a member that no program
 * tries.
 */
import type { Program } from './programs';

export const API_PROGRAMS: readonly Program[] = [
  {
    name: 'walking along arrays',
    code: String.raw`var a = [1, 2, 3]; out(a.every(function (x) { return x > 0; })); out(a.every(function (x) { return x > 1; })); out([].every(function () { return false; }));
      out(a.some(function (x) { return x === 2; })); out([].some(function () { return true; })); out(a.find(function (x) { return x > 1; }));
      out(a.find(function (x) { return x > 9; }) === undefined); var s = 0; a.forEach(function (x, i) { s += x * i; }); out(s);
      out(a.map(function (x, i, all) { return x + i + all.length; })); out([3, 1, 2].map(String)); out(a.filter(function (x) { return x !== 2; }));`,
    expected: [
      'true',
      'false',
      'true',
      'true',
      'false',
      '2',
      'true',
      '8',
      '[4,6,8]',
      '["3","1","2"]',
      '[1,3]',
    ],
  },
  {
    name: 'searching, cutting and joining arrays',
    code: String.raw`var a = [1, 2, 3]; out(a.includes(2)); out(a.includes(9)); out([NaN].includes(NaN)); out(a.slice()); out(a.slice(1)); out(a.slice(-1)); out(a.slice(0, -1));
      out(a.slice(5)); out(a.push(4)); out(a.push(5, 6)); out([].shift() === undefined); out([].pop() === undefined); out(a.concat([9], 8));
      out([1, [2, [3]]].join()); out([undefined, null, 1].join("-")); out(new Array(3).length); out(new Array(3).fill(0)); out([1, 2, 3].fill(9, 1)); out(a[17] === undefined);`,
    expected: [
      'true',
      'false',
      'true',
      '[1,2,3]',
      '[2,3]',
      '[3]',
      '[1,2]',
      '[]',
      '4',
      '6',
      'true',
      'true',
      '[1,2,3,4,5,6,9,8]',
      '"1,2,3"',
      '"--1"',
      '3',
      '[0,0,0]',
      '[1,9,9]',
      'true',
    ],
  },
  {
    name: 'reading strings',
    code: String.raw`out("abc".charAt(1)); out("abc".charAt(9)); out("abc".charAt(-1)); out("abc".charCodeAt(1)); out("abc".charCodeAt(-1)); out("a".repeat(0)); out("ab".repeat(3));
      out("abc".substr(1)); out("abc".substr(5)); out("abc".substr(0, -1)); out("abc".substr(-5, 2)); out("abc".substring(1)); out("abc".substring(-1, 2));
      out("abc".slice(1, 2)); out("abc".slice(2, 1)); out("abc".indexOf("")); out("abc".indexOf("c", -5)); out("abc".indexOf("a", 1)); out("abcabc".lastIndexOf("b"));
      out("abc".startsWith("")); out("abc".startsWith("abcd")); out("abc".startsWith("b", 1)); out(" \r\n\ta \r\n".trim()); out("abc" < "abd"); out("a" === "a\0");`,
    expected: [
      '"b"',
      '""',
      '""',
      '98',
      'null',
      '""',
      '"ababab"',
      '"bc"',
      '""',
      '""',
      '"ab"',
      '"bc"',
      '"ab"',
      '"b"',
      '""',
      '0',
      '2',
      '-1',
      '4',
      'true',
      'false',
      'true',
      '"a"',
      'true',
      'false',
    ],
  },
  {
    name: 'changing strings',
    code: String.raw`out("abcabc".replace("b", "x")); out("abcabc".replace(/b/g, function (m) { return m + m; })); out("ab".replace(/(a)(b)/, "$2$1")); out("aXbX".replace("X", "$1"));
      out("\xe4\xb8\xad".replace(/[^!-~]/g, "_")); out("a.b".replace(".", "-")); out("a b c".split(" ")); out("abc".split("")); out("".split(",")); out("abc".split(","));
      out("a\r\nb".split("\r\n")); out("a1b2".split(/[0-9]/)); out("x".concat("y", 1)); out("\xff" > "\x7f"); var m = {}; m["\x00\xff"] = 1; out("\x00\xff" in m);`,
    expected: [
      '"axcabc"',
      '"abbcabbc"',
      '"ba"',
      '"a$1bX"',
      '"___"',
      '"a-b"',
      '["a","b","c"]',
      '["a","b","c"]',
      '[""]',
      '["abc"]',
      '["a","b"]',
      '["a","b",""]',
      '"xy1"',
      'true',
      'true',
    ],
  },
  {
    name: 'numbers from text and back',
    code: String.raw`out(isNaN(parseInt(""))); out(parseInt("0x1f")); out(parseInt("-5")); out(parseInt(" 7")); out(parseInt("7.9")); out(parseInt("4294967295")); out(isNaN("x")); out(isNaN(""));
      out(isNaN(undefined)); out(+"0x10"); out(+""); out(isNaN(+"5x")); out("" + 1795728000123); out("" + 1e10); out(1795728000123 % 86400000); out(9007199254740991);`,
    expected: [
      'true',
      '31',
      '-5',
      '7',
      '7',
      '4294967295',
      'true',
      'false',
      'true',
      '16',
      '0',
      'true',
      '"1795728000123"',
      '"10000000000"',
      '76800123',
      '9007199254740991',
    ],
  },
  {
    name: 'arithmetic',
    code: String.raw`out(Math.min(3)); out(isNaN(Math.max(1, NaN))); out(Math.pow(2, 10)); out(Math.ceil(1.2)); out(Math.ceil(-1.2)); out(Math.floor(2.7)); out(Math.floor(-0.5));
      out(4294967296 | 0); out(2147483648 | 0); out(-1 >>> 28); out(-7 >> 1); out(3000000000 >>> 1); out(3000000000 >> 1); out(Infinity > 1); out(Infinity - 1 === Infinity);
      out(isNaN(5 % 0)); out(null >= 0); out(undefined > 0); out("10" < "9"); out(10 < "9"); out(true + 1);`,
    expected: [
      '3',
      'true',
      '1024',
      '2',
      '-1',
      '2',
      '-1',
      '0',
      '-2147483648',
      '15',
      '-4',
      '1500000000',
      '-647483648',
      'true',
      'true',
      'true',
      'true',
      'false',
      'true',
      'false',
      '2',
    ],
  },
  {
    name: 'objects',
    code: String.raw`var o = { b: 1, a: 2 }; out(Object.keys(o)); o.c = 3; delete o.b; o.b = 4; out(Object.keys(o)); out(Object.assign({}, { x: 1 }, { x: 2, y: undefined }).x);
      out(JSON.stringify(Object.assign({}, { x: 1 }, { y: undefined }))); try { Object.assign({}, undefined); out("ok"); } catch (e) { out("throws"); }
      out(Object.keys([5, 6])); out({}.hasOwnProperty("a")); out("toString" in {}); var a = { x: 1 }; var b = Object.assign({}, a, { y: 2 }); b.x = 5; out(a.x); out(Object.assign(a, { z: 3 }) === a);`,
    expected: [
      '["b","a"]',
      '["a","c","b"]',
      '2',
      '"{\\"x\\":1}"',
      '"ok"',
      '["0","1"]',
      'false',
      'true',
      '1',
      'true',
    ],
  },
  {
    name: 'errors',
    code: String.raw`try { throw new Error("a b"); } catch (e) { out(e.message); out("" + e); out(typeof e.stack); } try { throw "text"; } catch (e) { out(e); out(e.message === undefined); }
      try { throw undefined; } catch (e) { out(e === undefined); } try { throw null; } catch (e) { out(e === null); } try { throw { code: 5 }; } catch (e) { out(e.code); }
      out(new TypeError("t").message); try { undefined.foo; } catch (e) { out(typeof e.message); } try { undefined(); } catch (e) { out("c"); }
      var r = []; function f() { try { r.push(1); throw new Error("x"); } catch (e) { r.push(2); return 5; } finally { r.push(3); } } out(f()); out(r);
      function h() { for (var i = 0; i < 3; i++) { try { if (i === 1) continue; r.push(i); } finally { r.push("f"); } } } h(); out(r);`,
    expected: [
      '"a b"',
      '"Error: a b"',
      '"string"',
      '"text"',
      'true',
      'true',
      'true',
      '5',
      '"t"',
      '"string"',
      '"c"',
      '5',
      '[1,2,3]',
      '[1,2,3,0,"f","f",2,"f"]',
    ],
  },
  {
    name: 'JSON.parse has a lexer of its own: it takes what is nearly JSON',
    code: String.raw`function t(x) { try { out(JSON.parse(x)); } catch (e) { out("throws"); } } ['{"a":1,}', "[1,]", "{'a':1}", "01", "017", "08", "0x10", "1e3", "5.", "[.5,5.]", "/*c*/1", "// c\n2", "- 1", "1x", '"a\\qb"', '"a\\/b"', "[-1.5e-3]", "{}", '{"":1}', '"\\x41"'].forEach(t);`,
    expected: [
      '{"a":1}',
      '[1]',
      '{"a":1}',
      '1',
      '15',
      '8',
      '16',
      '1000',
      '5',
      '[0.5,5]',
      '1',
      '2',
      '-1',
      '1',
      '"aqb"',
      '"a/b"',
      '[-0.0015]',
      '{}',
      '{"":1}',
      '"A"',
    ],
  },
  {
    name: 'JSON.parse: what it does not take',
    code: String.raw`function t(x) { try { out(JSON.parse(x)); } catch (e) { out("throws"); } } ['{a:1}', "{1:2}", '{"a" 1}', "[1 2]", "[1,,2]", "[,1]", "[[1],[2]", '{"a":tru}', "nul", "true1", "--1", "+1", "{,}", "  ", '"ab', '{"a":"b', '{"a":1', '{"a"', "NaN", "undefined", "Infinity", "/a/", "]", ":", '{"a":1,"b"}', '{"a":1;"b":2}', '"a\nb"', '"\\u12"', "\xa0 1", "\x001"].forEach(t);`,
    expected: [
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
      '"throws"',
    ],
  },
  {
    name: 'JSON.parse: a name twice, a prototype, a minus alone',
    code: String.raw`out(JSON.parse('{"a":1,"b":2,"a":3}').a); out(Object.keys(JSON.parse('{"a":1,"b":2,"a":3}'))); var p = JSON.parse('{"__proto__":{"x":1},"y":2}'); out(Object.keys(p)); out(JSON.stringify(p)); out(p.x);
      var q = Object.assign({}, p); out(Object.keys(q)); out(q.x === undefined); out(JSON.parse("-") === undefined); out(JSON.parse('{"a":-}') === undefined); out(Object.keys(JSON.parse('{"constructor":1,"toString":2}')));`,
    expected: [
      '1',
      '["a","b"]',
      '["y"]',
      '"{\\"y\\":2}"',
      '1',
      '["y"]',
      'true',
      'true',
      'true',
      '["constructor","toString"]',
    ],
  },
  {
    name: 'methods know their object, and only theirs',
    code: String.raw`class A { constructor(f) { this.f = f; this.n = 1; } m() { return this.n; } } var a = new A(function () { return this === a; }); out(a.f()); var h = a.m.bind(a); out(h()); out(a.m.call({ n: 7 }));
      out((function () { return arguments.length; })(1, undefined)); var fs = []; for (var i = 0; i < 2; i++) { (function (k) { fs.push(function () { return k; }); })(i); } out(fs.map(function (f) { return f(); }));
      let q = 1; { let q = 2; out(q); } out(q);`,
    expected: ['true', '1', '7', '2', '[0,1]', '2', '1'],
  },
  {
    name: 'memory is told in JsVars, with and without a collection',
    code: String.raw`var m = process.memory(false); out(typeof m.free); out(m.free + m.usage === m.total); var n = process.memory(); out(n.total === m.total); out(n.usage >= 0);`,
    expected: ['"number"', 'true', 'true', 'true'],
  },
  {
    name: 'the watchdog is there and takes no notice of a kick too many',
    code: String.raw`out(E.enableWatchdog(8, false) === undefined); out(E.kickWatchdog() === undefined); E.kickWatchdog(); out("on");`,
    expected: ['true', 'true', '"on"'],
  },
  {
    name: 'hwRand gives other numbers each time',
    code: String.raw`var seen = {}, i; for (i = 0; i < 50; i++) seen[E.hwRand()] = 1; out(Object.keys(seen).length > 45);`,
    expected: ['true'],
  },
  {
    name: 'timers of one moment fire in the order in which they were made',
    code: String.raw`["a", "b", "c", "d"].forEach(function (x) { setTimeout(function () { out(x); }, 20); });`,
    expected: ['"a"', '"b"', '"c"', '"d"'],
  },
  {
    name: 'timers inside timers',
    code: String.raw`setTimeout(function () { out(1); setTimeout(function () { out(2); }, 0); setTimeout(function () { out(3); }, 0); }, 10); setTimeout(function () { out(4); }, 500);`,
    expected: ['1', '2', '3', '4'],
  },
  {
    name: 'delays that are none',
    code: String.raw`setTimeout(function () { out("neg"); }, -5); setTimeout(function () { out("undef"); }); setTimeout(function () { out("zero"); }, 0); try { setTimeout(undefined, 5); out("taken"); } catch (e) { out("throws"); }`,
    expected: ['"throws"', '"neg"', '"undef"', '"zero"'],
  },
  {
    name: 'an interval that is cleared inside, from outside, and twice',
    code: String.raw`var i = setInterval(function () { out("i"); clearInterval(i); clearInterval(i); out("again"); }, 10); var j = setInterval(function () { out("never"); }, 900);
      setTimeout(function () { clearInterval(j); }, 50); setTimeout(function () { out("end"); }, 200);`,
    expected: ['"i"', '"again"', '"end"'],
  },
  {
    name: 'a timeout is cleared as an interval and the other way round',
    code: String.raw`var i = setInterval(function () { out("never"); }, 20); clearTimeout(i); var t = setTimeout(function () { out("never"); }, 20); clearInterval(t); setTimeout(function () { out("end"); }, 60);`,
    expected: ['"end"'],
  },
  {
    name: 'a timer that is due and is cleared does not fire',
    code: String.raw`var b; setTimeout(function () { out("a"); clearTimeout(b); }, 10); b = setTimeout(function () { out("b"); }, 10); setTimeout(function () { out("end"); }, 40);`,
    expected: ['"a"', '"end"'],
  },
  {
    name: 'every listener of uncaughtException hears, and what it throws itself is told to nobody',
    code: String.raw`process.on("uncaughtException", function (e) { out("h1 " + e.message); throw new Error("again"); }); process.on("uncaughtException", function (e) { out("h2 " + e.message); });
      setTimeout(function () { throw new Error("a"); }, 5); setTimeout(function () { throw new Error("b"); }, 25); setTimeout(function () { out("on"); }, 50);`,
    expected: ['"h1 a"', '"h2 a"', '"h1 b"', '"h2 b"', '"on"'],
  },
  {
    name: 'what is thrown need not be an error',
    code: String.raw`process.on("uncaughtException", function (e) { out(typeof e); }); setTimeout(function () { throw "text"; }, 5); setTimeout(function () { throw undefined; }, 10);
      setTimeout(function () { throw 7; }, 15); setTimeout(function () { undefined.x; }, 20); setTimeout(function () { out("on"); }, 50);`,
    expected: ['"string"', '"undefined"', '"number"', '"object"', '"on"'],
  },
  {
    name: 'a port hands over what the other end sends, in pieces',
    code: String.raw`function end() { out(got); out(most > 0 && most <= 32); out(typeof got); clearTimeout(); } setTimeout(end, 9000);
      var got = "", most = 0; Serial1.on("data", function (d) { got += d; if (d.length > most) most = d.length; if (got.length === 40) end(); }); Serial1.setup(115200, LINE); Serial1.write("go");`,
    peer: { go: '0123456789012345678901234567890123456789' },
    expected: ['"0123456789012345678901234567890123456789"', 'true', '"string"'],
  },
  {
    name: 'a listener behind one that throws hears too',
    code: String.raw`function end() { out("end"); clearTimeout(); } setTimeout(end, 9000); process.on("uncaughtException", function (e) { out("caught " + e.message); end(); });
      Serial1.on("data", function (d) { out("one " + d); throw new Error("first"); }); Serial1.on("data", function (d) { out("two " + d); }); Serial1.setup(115200, LINE); Serial1.write("go");`,
    peer: { go: 'x' },
    expected: ['"one x"', '"two x"', '"caught first"', '"end"'],
  },
  {
    name: 'of two listeners that throw the last is told',
    code: String.raw`function end() { out("end"); clearTimeout(); } setTimeout(end, 9000); process.on("uncaughtException", function (e) { out("caught " + e.message); end(); });
      Serial1.on("data", function () { throw new Error("first"); }); Serial1.on("data", function () { throw new Error("second"); }); Serial1.setup(115200, LINE); Serial1.write("go");`,
    peer: { go: 'x' },
    expected: ['"caught second"', '"end"'],
  },
  {
    name: 'a listener that comes late hears what came early',
    code: String.raw`Serial1.setup(115200, LINE); Serial1.write("go"); setTimeout(function () { Serial1.on("data", function (d) { out(d); clearTimeout(); }); }, 400); setTimeout(function () { out("nothing"); }, 9000);`,
    peer: { go: 'early' },
    expected: ['"early"'],
  },
  {
    name: 'write takes strings, numbers and lists',
    code: String.raw`function end() { out("end"); clearTimeout(); } setTimeout(end, 9000); Serial1.on("data", function (d) { out(d); end(); }); Serial1.setup(115200, LINE);
      out(Serial1.write("") === undefined); Serial1.write(0, 255); Serial1.write([33]); Serial1.write(0x141, [[66]]);`,
    peer: { '\u0000ÿ!AB': 'ok' },
    expected: ['true', '"ok"', '"end"'],
  },
  {
    name: 'a long write leaves whole and in order',
    code: String.raw`function end() { out("end"); clearTimeout(); } setTimeout(end, 9000); Serial1.on("data", function (d) { out(d); end(); }); Serial1.setup(115200, LINE); Serial1.write("x".repeat(3000)); Serial1.write("END");`,
    peer: { xEND: 'ok' },
    expected: ['"ok"', '"end"'],
  },
  {
    name: 'setup once more keeps the listener',
    code: String.raw`function end() { out("end"); clearTimeout(); } setTimeout(end, 9000); Serial1.on("data", function (d) { out(d); if (d === "2") return end(); Serial1.setup(115200, LINE); Serial1.write("b"); });
      Serial1.setup(115200, LINE); Serial1.write("a");`,
    peer: { a: '1', b: '2' },
    expected: ['"1"', '"2"', '"end"'],
  },
  {
    name: 'a listener that is added by a listener hears the next piece',
    code: String.raw`function end() { out("end"); clearTimeout(); } setTimeout(end, 9000); Serial1.on("data", function (d) { out("one " + d); if (d === "1") { Serial1.on("data", function (e) { out("two " + e); end(); }); Serial1.write("b"); } });
      Serial1.setup(115200, LINE); Serial1.write("a");`,
    peer: { a: '1', b: '2' },
    expected: ['"one 1"', '"one 2"', '"two 2"', '"end"'],
  },
  {
    name: 'removed listeners hear nothing',
    code: String.raw`Serial1.on("data", function (d) { out(d); }); Serial1.setup(115200, LINE); Serial1.removeAllListeners("data"); Serial1.write("a"); setTimeout(function () { out("end"); }, 300);`,
    peer: { a: '1' },
    expected: ['"end"'],
  },
  {
    name: 'flash: places that are none, and counts that are none',
    code: String.raw`var f = require("Flash"); out(f.getPage(1) === undefined); out(f.getPage(0x90000000) === undefined); out(f.read(-1, AREA) === undefined); out(f.read(3, AREA + 1).length);
      f.write("\xfe\xff\xff\xff\x7f\xff\xff\xff", AREA + 8); out(f.read(8, AREA + 8)); out(E.toString(f.read(1, AREA + 8)).charCodeAt(0));`,
    expected: ['true', 'true', 'true', '3', '[254,255,255,255,127,255,255,255]', '254'],
  },
  {
    name: 'AES over buffers and words, as the counter mode of the module uses it',
    code: String.raw`var A = require("crypto").AES, k = "0123456789abcdef", z = "\0".repeat(48); var w = new Uint32Array(A.encrypt(E.toArrayBuffer(z), E.toArrayBuffer(k), { mode: "ECB" })); out(w.length); out(w[0]);
      var x = new Uint32Array(E.toArrayBuffer("abcdefgh")); x[0] ^= w[0]; out(btoa(E.toString(x.buffer))); out(btoa(E.toString(A.encrypt(E.toArrayBuffer(z), k, { mode: "CBC", iv: "\0".repeat(16) })).substr(-16)));`,
    expected: ['12', '3658849035', '"avl2vmVmZ2g="', '"KAxlqSqPpwxYUUeskbturg=="'],
  },
  {
    name: 'E.toString puts together what it is given, and refuses what has no bytes',
    code: String.raw`out(E.toString("a", "b")); out(E.toString([1, [2, 3]])); out(E.toString(new Uint32Array([1]))); try { E.toString(undefined); out("taken"); } catch (e) { out("throws"); } out(E.toArrayBuffer("").byteLength); out(E.CRC32("abc".substr(0, 2)));`,
    expected: ['"ab"', '"\\u0001\\u0002\\u0003"', '"\\u0001"', '"throws"', '0', '2659403885'],
  },
  {
    name: 'pulses: the level is set at once, and the call comes back at once',
    code: String.raw`var t = getTime(); out(digitalPulse("D4", 1, 200) === undefined); out(getTime() - t < 0.1); digitalWrite("D5", 0); out(typeof digitalRead("D5")); digitalWrite("D5", true);`,
    expected: ['true', 'true', '"number"'],
  },
  {
    name: 'the console moves to a port that there is, and to no other',
    code: String.raw`out(E.setConsole("USB", { force: true }) === undefined); try { E.setConsole("nosuch", { force: true }); out("taken"); } catch (e) { out("throws"); }
      out(print("a", 1) === undefined); out(print({ a: 1 }, undefined, new Error("b")) === undefined);`,
    expected: ['true', '"throws"', 'true', 'true'],
  },
];
