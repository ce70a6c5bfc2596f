/** What shrinking does to top-level constants: no name is left for them, and the program prints the same. */
import { runInNewContext } from 'node:vm';
import { shrink } from '../../../scripts/build/shrink';

function printed(code: string): string[] {
  const lines: string[] = [];
  runInNewContext(code, { print: (...values: unknown[]) => lines.push(JSON.stringify(values)) });
  return lines;
}

/** Used often, so that terser alone would keep the name. */
const USES = 'function use(){print(RATE,RATE+1,RATE-2,RATE*3)}use();use();print(RATE);';

describe('constants', () => {
  it.each([
    ['numbers', `var RATE=115200;${USES}`],
    ['negative numbers', `var RATE=-70000;${USES}print(1-RATE,1- -RATE);`],
    ['short texts', `var RATE='E0V1';${USES}`],
  ])('that are %s stand where they are used', async (_what, code) => {
    const { code: shrunk } = await shrink(code);
    expect(shrunk).not.toMatch(/(var |,)\w+=(115200|-7e4|"E0V1")/);
    expect(printed(shrunk)).toEqual(printed(code));
  });

  it.each([
    [
      'a parameter of the same name',
      'var RATE=115200;function f(RATE){return RATE+1}print(f(2),f(RATE),RATE);',
    ],
    ['a local of the same name', 'var RATE=115200;{let RATE=3;print(RATE)}print(RATE,RATE);'],
    ['a short property', 'var RATE=115200;print({RATE},{RATE:RATE},{a:{RATE}});'],
    ['one that is counted up', 'var RATE=115200;function f(){RATE++;return RATE}print(f(),f(),RATE);'],
    ['one that is set later', 'var RATE=115200;function f(){RATE=7}print(RATE);f();print(RATE,RATE);'],
    ['a long text', `var RATE='longer than eight';${USES}`],
  ])('keep their meaning beside %s', async (_what, code) => {
    expect(printed((await shrink(code)).code)).toEqual(printed(code));
  });
});
