/** The image that is flashed: the bytes that Espruino expects, and the same program as the text. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { buildFirmware } from '../../../scripts/build/build';
import { profileNames } from '../../../scripts/build/profile';
import { imageText, pretokenise, readTokens, textTokens } from '../../../scripts/build/pretokenise';
import { findInterpreter, makeImage, Running, type Interpreter } from '../../../sim/interpreter/interpreter';
import { holds } from '../../support/random';

const bytes = (...codes: number[]): string => String.fromCharCode(...codes);

/** Numbers from Espruino's src/jslex.h, 2v29. */
const WRITTEN: [string, string, string][] = [
  ['reserved words and operators', 'var a=b===c', `${bytes(172)}a=b${bytes(139)}c`],
  ['a string', 'a="xyz"', `a=${bytes(209, 3)}xyz`],
  ['bytes of a string', 'a="\\0\\xa5\\n"', `a=${bytes(209, 3, 0, 0xa5, 10)}`],
  ['an empty string', "a=''", 'a=""'],
  ['a long string', `a="${'z'.repeat(300)}"`, `a=${bytes(210, 44, 1)}${'z'.repeat(300)}`],
  ['nothing', 'a=0', `a=${bytes(211)}`],
  ['one digit', 'a=7', 'a=7'],
  ['a small number', 'a=100', `a=${bytes(212, 100)}`],
  ['a middle number', 'a=1e3', `a=${bytes(213, 232, 3)}`],
  ['a big whole number', 'a=6e4', 'a=60000'],
  ['beyond an integer', 'a=4294967295', 'a=4294967295'],
  ['a fraction', 'a=.05', 'a=.05'],
  ['an arrow function', 'a=(b)=>{return b}', `a=(b)${bytes(162)}{${bytes(171)}b}`],
  ['signs beside each other', 'a=1- -b+ +c', 'a=1- -b+ +c'],
  ['a regular expression', 'a=/[/"]\\/b/.test(c)/2', 'a=/[/"]\\/b/.test(c)/2'],
  ['two words', 'a of b', `a${bytes(198)}b`],
];

/** Programs whose result tells whether the interpreter reads an image as it reads the text. */
const PROGRAMS = [
  'for(var t=0,i=0;i<200;i+=3)t+=i%7===0?1e3:i>100?-i:2;print(t)',
  'print("\\xa5\\x5a\\0\\"\\n".split("").map(c=>c.charCodeAt(0)).join())',
  'class A{constructor(a){this.x=a}get(){return this.x>>>1|0xff00}}print(new A(70000).get())',
  'try{throw Error("no")}catch(e){print(typeof e.message,e.message,[0,1,12,127,128,32767,32768,6e4])}',
  'var o={if:1,"a b":2,12:3,0:4};print(o.if,o["a b"],o[12],o[0],/^[a-z]+\\/$/.test("ab/"),6/2/3,- -1)',
  `print("${'long string that stays in flash '.repeat(12)}".length, void 0===undefined, null==undefined)`,
];

/** What a program prints that is booted from flash, as text or as image. */
async function booted(interpreter: Interpreter, program: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-image-'));
  await makeImage(interpreter, folder, { '.bootcde': program });
  const lines: string[] = [];
  const running = new Running(interpreter, folder);
  await new Promise<void>((resolve) => {
    running.onLine = (line) => (line.includes('the end') ? resolve() : lines.push(line));
    running.onExit = () => resolve();
  });
  await running.kill();
  rmSync(folder, { recursive: true, force: true });
  const said = lines.filter((line) => line.includes('said '));
  return said.map((line) => line.slice(line.indexOf('said ')));
}

describe('pretokenise', () => {
  it.each(WRITTEN)('writes %s', (_what, text, image) => {
    const code = text.includes(' of ') ? `for(${text});` : text;
    const wrapped = text.includes(' of ') ? `${bytes(167)}(${image});` : image;
    expect(pretokenise(code)).toBe(wrapped);
  });

  it('refuses what Espruino would not read back', () => {
    expect(() => pretokenise('a=`b`')).toThrow(/template/);
    expect(() => pretokenise('a="\\u20ac"')).toThrow(/not binary/);
    expect(() => imageText(bytes(200))).toThrow(/no token/);
    expect(() => imageText(bytes(209, 5) + 'abc')).toThrow(/cut short/);
    expect(() => imageText('a=/abc')).toThrow(/does not end/);
  });

  it('reads any string and any number back', () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 32 }),
      fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 600 }),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
      fc.boolean(),
    );
    holds(
      fc.property(fc.array(value, { maxLength: 8 }), (values) => {
        const code = `a=${JSON.stringify(values)};b=a/c/d`;
        expect(readTokens(pretokenise(code))).toEqual(textTokens(code));
      }),
    );
  });

  it.each(profileNames())('says the same as the text of the bundle for %s', async (profile) => {
    const { code, image, bytes: size } = await buildFirmware(profile);
    expect(readTokens(image)).toEqual(textTokens(code));
    expect(image.length).toBe(size);
    expect(image.length).toBeLessThan(0.9 * code.length);
  });

  const interpreter = findInterpreter();
  (interpreter ? it : it.skip)(
    'runs on the interpreter as the text does',
    async () => {
      for (const text of PROGRAMS) {
        const program = `${text.replace(/print\(/g, 'print("said",')};print("the end")`;
        const said = await booted(interpreter!, program);
        expect(said).toHaveLength(1);
        expect(await booted(interpreter!, pretokenise(program))).toEqual(said);
      }
    },
    60_000,
  );
});
