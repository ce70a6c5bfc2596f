/** Singletons: classes that become objects, and those that must stay classes. */
import { runInNewContext } from 'node:vm';
import { buildFirmware } from '../../../scripts/build/build';
import { openSingletons } from '../../../scripts/build/singletons';

function printed(code: string): string[] {
  const lines: string[] = [];
  runInNewContext(code, { print: (...values: unknown[]) => lines.push(values.join(' ')) });
  return lines;
}

const METHODS =
  'constructor(t,e){let $=this;$.x=t;$.y=e.n;$.f=()=>$.x}m(t){return this.x+this.y+t}n(){return this.f()}';

describe('singletons', () => {
  it('become objects that do the same, with what stands around them in its order', () => {
    const code = `var a={n:5},b=new class{${METHODS}}(2,a),c=b.m(1);a.n=9;var d=new class{p(){return b}};print(c,b.n(),d.p()===b,b.m(c));`;
    const opened = openSingletons(code);
    expect(opened).not.toContain('class');
    expect(printed(opened)).toEqual(printed(code));
    expect(printed(opened)).toEqual(['8 2 true 15']);
  });

  it.each([
    ['a class with a name', 'var A=class{m(){return 1}},a=new A;print(a.m());'],
    ['a class that knows itself', 'var a=new class A{m(){return A}};print(typeof a.m());'],
    ['a class on another', 'class B{m(){return 1}}var a=new class extends B{};print(a.m());'],
    ['a getter', 'var a=new class{get m(){return 1}};print(a.m);'],
    [
      'one made in a function',
      'var f=()=>{var a=new class{m(){return 1}};return a};print(f().m(),f()===f());',
    ],
  ])('leave %s alone', (_what, code) => {
    expect(openSingletons(code)).toBe(code);
  });

  it('are found in the firmware', async () => {
    const { code } = await buildFirmware('linux');
    expect(code).not.toMatch(/=new class/);
    expect(code.match(/\}\)\.call\(/g)!.length).toBeGreaterThanOrEqual(6);
  });
});
