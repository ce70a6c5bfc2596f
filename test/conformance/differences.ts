/**
 * Where the virtual board is known not to answer as the interpreter does, each with what keeps the firmware from depending
 * on it: the check of the bundle (scripts/build), or a board that refuses loudly what the interpreter does quietly.
 */
export interface Difference {
  readonly name: string;
  readonly code: string;
  readonly onInterpreter: readonly string[];
  readonly onBoard: readonly string[];
  readonly why: string;
}

const REFUSES = 'the virtual board refuses it, so a test that comes near it fails';
const BUILD = 'the check of the bundle refuses it';

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'an array that shrinks while it is walked along',
    code: `var a = [1, 2, 3, 4], seen = []; try { a.forEach(function (x) { seen.push(x); if (x === 2) a.shift(); }); out(seen); } catch (e) { out("refused"); }`,
    onInterpreter: ['[1,2,3,4]'],
    onBoard: ['"refused"'],
    why: REFUSES,
  },
  {
    name: 'an array that grows while it is walked along',
    code: `var b = [1, 2], t = []; try { b.forEach(function (x) { t.push(x); if (x < 2) b.push(9); }); out(t); } catch (e) { out("refused"); }`,
    onInterpreter: ['[1,2,9]'],
    onBoard: ['"refused"'],
    why: REFUSES,
  },
  {
    name: 'an assigned length',
    code: `var a = [1, 2, 3]; try { a.length = 2; out(a); } catch (e) { out("refused"); }`,
    onInterpreter: ['"refused"'],
    onBoard: ['[1,2]'],
    why: BUILD,
  },
  {
    name: 'a $ in a replacement',
    code: `out("ab".replace(/a/, "[$&]"));`,
    onInterpreter: ['"[$&]b"'],
    onBoard: ['"[a]b"'],
    why: BUILD,
  },
  {
    name: 'an optional part of a pattern',
    code: `out(/x?b/.test("b"));`,
    onInterpreter: ['false'],
    onBoard: ['true'],
    why: BUILD,
  },
  {
    name: 'an error without a message',
    code: `out(new Error().message === undefined);`,
    onInterpreter: ['true'],
    onBoard: ['false'],
    why: BUILD,
  },
  {
    name: 'a timer that is given text, which becomes code',
    code: `try { setTimeout("out('text')", 5); } catch (e) { out("refused"); }`,
    onInterpreter: ['"text"'],
    onBoard: ['"refused"'],
    why: `${BUILD}, and ${REFUSES}`,
  },
  {
    name: 'a flash write beside the words of the chip',
    code: `try { require("Flash").write("abc", AREA); out("written"); } catch (e) { out("refused"); }`,
    onInterpreter: ['"written"'],
    onBoard: ['"refused"'],
    why: `a STM32F4 takes whole words only, the Linux build writes into a file; ${REFUSES}`,
  },
  {
    name: 'a method without its object',
    code: `class A { m() { return typeof this; } } var g = new A().m; out(g());`,
    onInterpreter: ['"object"'],
    onBoard: ['"undefined"'],
    why: `what is read from it: ${REFUSES}`,
  },
  {
    name: 'a checksum of nothing',
    code: `try { out(E.CRC32()); } catch (e) { out("refused"); }`,
    onInterpreter: ['null'],
    onBoard: ['"refused"'],
    why: REFUSES,
  },
  {
    name: 'AES in counter mode, decrypted',
    code: `try { require("crypto").AES.decrypt("1234567890123456", "0123456789abcdef", { mode: "CTR" }); out("garbage"); } catch (e) { out("refused"); }`,
    onInterpreter: ['"garbage"'],
    onBoard: ['"refused"'],
    why: REFUSES,
  },
  {
    name: 'print while no port has the console',
    code: `E.setConsole(null, { force: true }); out("off"); E.setConsole("USB", { force: true }); out("on");`,
    onInterpreter: ['"on"'],
    onBoard: ['"off"', '"on"'],
    why: 'the virtual board hands every line to whoever runs it; no port of it carries the line',
  },
  {
    name: 'a name that comes twice in JSON',
    code: `out(JSON.parse('{"a":1,"a":2}'));`,
    onInterpreter: ['{"a":1,"a":2}'],
    onBoard: ['{"a":1}'],
    why: 'the value is the same, the first; it differs only when it is written again, and what is kept is made anew',
  },
  {
    name: 'digits of a fraction',
    code: `out(1 / 3);`,
    onInterpreter: ['0.33333333333'],
    onBoard: ['0.3333333333333333'],
    why: 'money and stored times are whole numbers',
  },
  {
    name: 'whole numbers beyond 64 bits',
    code: `out(JSON.parse("12345678901234567890"));`,
    onInterpreter: ['-6101065172474983424'],
    onBoard: ['12345678901234567000'],
    why: 'every number that is received is held against a range',
  },
  {
    name: 'the sign of nothing',
    code: `out(1 / -0 < 0);`,
    onInterpreter: ['false'],
    onBoard: ['true'],
    why: 'nothing divides by it',
  },
  {
    name: 'a number from text with spaces around it',
    code: `out(isNaN(+" 5 "));`,
    onInterpreter: ['true'],
    onBoard: ['false'],
    why: 'digits are cut out before they are made a number',
  },
  {
    name: 'the order of names that are numbers',
    code: `out(Object.keys({ 1: 0, a: 0, 0: 0 }));`,
    onInterpreter: ['["1","a","0"]'],
    onBoard: ['["0","1","a"]'],
    why: 'objects with such names are looked up, never listed',
  },
  {
    name: 'an assigned argument',
    code: `out((function (a) { a = 5; return arguments[0]; })(1));`,
    onInterpreter: ['5'],
    onBoard: ['1'],
    why: 'TypeScript with rest parameters refused leaves no use for `arguments`',
  },
];
