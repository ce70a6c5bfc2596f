/** Every name that the check of the bundle allows is there on the interpreter and on the virtual board. */
import { COMMON_GLOBALS, MEMBERS, STATICS } from '../../scripts/build/espruino-api';
import { findInterpreter } from '../../sim/interpreter/interpreter';
import { runOnBoard, runOnInterpreter } from './hosts';

/** An expression for a value of each kind. */
const SAMPLES: Readonly<Record<string, string>> = {
  Object: '({})',
  Function: '(function () {})',
  String: '"a"',
  Number: '(1)',
  Array: '[]',
  TypedArray: 'new Uint8Array(2)',
  DataView: 'new DataView(new ArrayBuffer(8))',
  RegExp: '(/a/)',
  Match: '/a/.exec("a")',
  Error: '(function () { try { throw new Error("x"); } catch (e) { return e; } })()',
  Serial: 'Serial1',
  Flash: 'require("Flash")',
  FlashPage: 'require("Flash").getPage(AREA)',
  Memory: 'process.memory()',
  Environment: 'process.env',
};
/** Not on the Linux build, or only on the value's constructor. */
const ELSEWHERE = new Set(['undefined', 'arguments', 'Function.prototype', 'Object.prototype']);

const EXPRESSIONS = [
  ...COMMON_GLOBALS.filter((name) => !ELSEWHERE.has(name)),
  ...Object.entries(STATICS).flatMap(([object, members]) => members.map((member) => `${object}.${member}`)),
  ...Object.entries(MEMBERS).flatMap(([kind, members]) =>
    SAMPLES[kind] === undefined || kind === 'Function'
      ? []
      : members.map((member) => `${SAMPLES[kind]}.${member}`),
  ),
].filter((expression) => !ELSEWHERE.has(expression));

const CODE = EXPRESSIONS.map(
  (expression) =>
    `try { if (typeof (${expression}) === "undefined") out(${JSON.stringify(expression)}); } catch (e) { out(${JSON.stringify(expression)}); }`,
).join('\n');

describe('allowed names', () => {
  it('are all on the virtual board', () => {
    expect(runOnBoard(CODE)).toEqual([]);
  });

  (findInterpreter() ? it : it.skip)('are all on the interpreter', async () => {
    expect(await runOnInterpreter(findInterpreter()!, CODE)).toEqual([]);
  });
});
