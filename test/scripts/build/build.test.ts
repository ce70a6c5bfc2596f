/** The build: what it refuses, what it puts into a bundle, and that nothing refused is written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BuildError, buildFirmware } from '../../../scripts/build/build';

const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

function source(name: string, text: string): string {
  const file = path.join(folder, `${name}.ts`);
  writeFileSync(file, text);
  return file;
}

const REFUSED_BY_ESBUILD: [string, string, RegExp][] = [
  ['a default value', 'export const f = (a = 1) => a; print(f());', /default arguments/i],
  ['a rest parameter', 'const f = (...a: number[]) => a; print(f(1));', /rest arguments/i],
  ['destructuring', 'const [a] = [getTime()]; print(a);', /destructuring/i],
  ['a generator', 'function* g() { yield 1; } print(g());', /generator/i],
  ['an async function', 'async function f() { await f(); } print(f());', /async|generator/i],
  ['spread of an array', 'const a = [1]; print([...a]);', /array spread/i],
  ['a big integer', 'print(1n);', /BigInt/],
];

describe('build', () => {
  it.each(REFUSED_BY_ESBUILD)('refuses %s', async (what, text, reason) => {
    const entry = source(what.replace(/\W/g, '-'), text);
    await expect(buildFirmware('linux', { entry })).rejects.toThrow(reason);
  });

  it('says where the refused thing stands', async () => {
    const entry = source('place', 'print(1);\nconst f = (a = 1) => a; print(f());');
    await expect(buildFirmware('linux', { entry })).rejects.toThrow(/place\.ts:2:\d+: /);
  });

  it('writes nothing for a bundle with findings', async () => {
    const outDir = path.join(folder, 'refused');
    const entry = source('finding', 'print(Object.freeze({ a: getTime() }));');
    await expect(buildFirmware('linux', { entry, outDir })).rejects.toThrow(BuildError);
    expect(() => readdirSync(outDir)).toThrow(/ENOENT/);
  });

  it('refuses a bundle that does not fit into the Storage of its board', async () => {
    const entry = source('big', `print(${JSON.stringify('x'.repeat(70_000))});`);
    await expect(buildFirmware('espruino-wifi', { entry })).rejects.toThrow(
      /do not fit into the 65536 bytes/,
    );
  });

  it('writes ASCII, and an image of the size that it tells', async () => {
    const outDir = path.join(folder, 'good');
    const entry = source('good', `print('\\xa5\\x5a' + getTime());`);
    const { code, image, bytes } = await buildFirmware('espruino-wifi', { entry, outDir });
    const written = readFileSync(path.join(outDir, 'espruino-wifi.js'));
    expect(written.toString('latin1')).toBe(code);
    expect(written.every((byte) => byte < 128)).toBe(true);
    const flashed = readFileSync(path.join(outDir, 'espruino-wifi.bin'));
    expect(flashed.toString('latin1')).toBe(image);
    expect(flashed.length).toBe(bytes);
  });

  it('gives a bundle the pins, ports and sectors of its board', async () => {
    const text = `import { HOST_OPTIONS, hostPort, RELAY_PINS, JOURNAL_SECTORS, PROFILE } from 'board-profile';
      print(PROFILE, HOST_OPTIONS, hostPort, RELAY_PINS, JOURNAL_SECTORS);`;
    const { code } = await buildFirmware('espruino-wifi', { entry: source('pins', text) });
    for (const part of ['"espruino-wifi"', 'tx:"B6"', 'rx:"B7"', 'Serial1', '["A0","A1"]', '134234112']) {
      expect(code).toContain(part);
    }
  });

  it('puts aes-js beside the bundle of a board without native AES, and nowhere else', async () => {
    const entry = source('aes', `import { AES } from 'board-profile'; print(AES);`);
    const rp2040 = await buildFirmware('rp2040', { entry });
    expect(Object.keys(rp2040.modules)).toEqual(['aes-js']);
    expect(rp2040.code).toContain('require("aes-js")');
    const wifi = await buildFirmware('espruino-wifi', { entry });
    expect(wifi.modules).toEqual({});
    expect(wifi.code).toContain('require("crypto").AES');
  });
});
