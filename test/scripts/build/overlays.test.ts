/** Overlays: what the build makes of them, what it refuses, and that a call works as it does in TypeScript. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildFirmware } from '../../../scripts/build/build';
import { isOverlay, openOverlays } from '../../../scripts/build/overlays';

const root = mkdtempSync(path.join(tmpdir(), 'coinslot-overlays-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

/** Builds a program of several files; gives its text. */
async function built(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = path.join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, `${name}.ts`), text);
  return (await buildFirmware('linux', { entry: path.join(folder, 'main.ts') })).code;
}

function printed(code: string): string[] {
  const lines: string[] = [];
  const noise = { hwRand: () => 5 };
  runInNewContext(code, {
    print: (...values: unknown[]) => lines.push(values.join(' ')),
    E: noise,
    getTime: () => 7,
  });
  return lines;
}

const OVERLAY = `/** Cold. @overlay */
import { twice } from './shared';
import { alone } from './alone';
const TABLE = [getTime(), 20, 30, 40];
class Holder { constructor(readonly value: number) {} get(at: number): number { return twice(TABLE[at]! + this.value); } }
export const enum Kind { One = 1, Two = 2 }
export function cold(at: Kind, value: number): number { return alone(new Holder(value).get(at)); }`;
const SHARED = 'export function twice(n: number): number { return E.hwRand() + 2 * n; }';
const ALONE = `export function alone(n: number): number { print('alone', n); return n + getTime(); }`;
const MAIN = `import { cold, Kind } from './cold';
import { twice } from './shared';
print(twice(1), cold(Kind.Two, 3));
setTimeout;
print(cold(Kind.One, 4));`.replace('setTimeout;\n', '');

describe('overlays', () => {
  it('are told by the head of a file', () => {
    expect(isOverlay('/** Cold: @overlay. */\nexport const a = 1;')).toBe(true);
    expect(isOverlay('/** Warm. */\n/** @overlay */\nexport const a = 1;')).toBe(false);
    expect(isOverlay('export const a = "@overlay";')).toBe(false);
  });

  it('work as in TypeScript', async () => {
    const code = await built({ main: MAIN, cold: OVERLAY, shared: SHARED, alone: ALONE });
    expect(printed(code)).toEqual(['alone 71', '7 78', 'alone 53', '60']);
  });

  it('hold nothing at the top level but one function', async () => {
    const code = await built({ main: MAIN, cold: OVERLAY, shared: SHARED, alone: ALONE });
    const cold = /function (\w+)\(\)\{/.exec(code)!;
    const inside = code.slice(cold.index);
    // The class, its table and what only the overlay needs stand inside; what main uses too stands outside.
    for (const part of ['class', '[getTime(),20,30,40]', '"alone"']) expect(inside).toContain(part);
    expect(code.slice(0, cold.index)).toContain('E.hwRand()');
    expect(code.match(/hwRand/g)).toHaveLength(1);
    // Fields are assigned, as everywhere in src, not defined.
    expect(code).not.toContain('defineProperty');
    expect(code).toContain(`${cold[1]}()(`);
  });

  it.each([
    [
      'two functions',
      `${OVERLAY}\nexport function other(): number { return 1; }`,
      /exports one function, not /,
    ],
    [
      'nothing',
      '/** @overlay */\nprint(1);\nexport {};',
      /exports one function, not nothing|No matching export/,
    ],
  ])('are refused with %s', async (_what, cold, reason) => {
    await expect(built({ main: MAIN, cold, shared: SHARED, alone: ALONE })).rejects.toThrow(reason);
  });

  it('are refused when they are handed on instead of called', async () => {
    const main = `import { cold } from './cold';\nprint([1].map((n) => [cold, n]));`;
    await expect(built({ main, cold: OVERLAY, shared: SHARED, alone: ALONE })).rejects.toThrow(
      /cold is an overlay: it can only be called/,
    );
    expect(() => openOverlays('function a$overlay(){}var b=a$overlay;')).toThrow(/can only be called/);
    expect(openOverlays('a$overlay(1)+a$overlay2(b$overlay())')).toBe(
      'a$overlay()(1)+a$overlay2()(b$overlay()())',
    );
  });
});
