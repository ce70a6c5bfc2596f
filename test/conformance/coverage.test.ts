/** Whatever of Espruino's API the firmware uses is tried on the interpreter and on the virtual board by some program. */
import type { MemberExpression, Program as Tree } from 'acorn';
import { parse } from 'acorn';
import { full } from 'acorn-walk';
import { analyze } from 'eslint-scope';
import { buildFirmware } from '../../scripts/build/build';
import { definedNames } from '../../scripts/build/check-names';
import { boardApi } from '../../scripts/build/espruino-api';
import { loadProfile, profileNames } from '../../scripts/build/profile';
import { API_PROGRAMS } from './api-programs';
import { DIFFERENCES } from './differences';
import { PROGRAMS } from './programs';
import { apiUses } from './uses';

/** What the Linux build cannot try, and where it is tried instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  peek32: 'a register of the chip: test/sim/board, and test/src/drivers/watchdog',
  poke32: 'a register of the chip: test/sim/board, and test/src/drivers/watchdog',
  'SPI.send': 'no SPI on Linux: test/src/drivers/flash',
  'SPI.setup': 'no SPI on Linux: test/src/drivers/flash',
  'E.reboot': 'ends the process on Linux: test:espruino starts it again, as a board would',
  'aes-js.ModeOfOperation': 'a module file: test/src/drivers/aes-js',
  'aes-js.ecb': 'a module file: test/src/drivers/aes-js',
  'aes-js.cbc': 'a module file: test/src/drivers/aes-js',
  'aes-js.encrypt': 'a module file: test/src/drivers/aes-js',
};
/** Names that stand for the language, not for its library. */
const LANGUAGE = new Set(['undefined', 'Infinity', 'arguments']);

const CODES = [...PROGRAMS, ...API_PROGRAMS].map(({ code }) => code);

/** Names in a text that it does not define itself: free variables, and members of whatever. */
function namesIn(code: string): Set<string> {
  const tree = parse(code, { ecmaVersion: 2022, ranges: true }) as Tree;
  const scopes = analyze(tree, { ecmaVersion: 2022, sourceType: 'script' });
  const names = new Set(scopes.globalScope.through.map(({ identifier }) => identifier.name));
  const own = definedNames(tree);
  full(tree, (node) => {
    if (node.type !== 'MemberExpression') return;
    const { property, computed } = node as MemberExpression;
    if (computed || property.type !== 'Identifier' || own.has(property.name)) return;
    names.add(property.name);
  });
  return names;
}

describe('conformance suite', () => {
  const uses = apiUses(CODES);

  it('sees what the firmware uses', () => {
    expect([...uses.firmware]).toEqual(
      expect.arrayContaining([
        'Serial.write',
        'Flash.erasePage',
        'E.CRC32',
        'Array.find',
        'process.on',
        'setInterval',
      ]),
    );
  });

  it('has a program for every member that the sources use', () => {
    const untried = [...uses.firmware].filter(
      (use) => !uses.programs.has(use) && !(use in ELSEWHERE) && !LANGUAGE.has(use),
    );
    expect(untried).toEqual([]);
  });

  it('makes no exception that is not needed', () => {
    const needed = Object.keys(ELSEWHERE).filter((use) => uses.firmware.has(use) && uses.programs.has(use));
    expect(needed).toEqual([]);
  });

  // What esbuild, terser and our own passes bring in is in the bundle only.
  it.each(profileNames())('has a program for every name in the bundle of %s', async (name) => {
    const api = boardApi(loadProfile(name));
    const statics = [...api.statics.values()].flatMap((members) => [...members]);
    const known = new Set([...api.globals, ...api.members, ...statics]);
    const exceptions = Object.keys(ELSEWHERE).map((use) => use.split('.').pop()!);
    const tried = new Set([...CODES.flatMap((code) => [...namesIn(code)]), ...exceptions, ...LANGUAGE]);
    const { code, profile } = await buildFirmware(name);
    for (const port of [profile.host.port, profile.modem.port, profile.fram?.bus ?? '']) tried.add(port);
    const untried = [...namesIn(code)].filter((word) => known.has(word) && !tried.has(word));
    expect(untried).toEqual([]);
  });

  it('says of every known difference why it does no harm', () => {
    for (const { name, why, onBoard, onInterpreter } of DIFFERENCES) {
      expect([name, why.length > 20]).toEqual([name, true]);
      expect(onBoard).not.toEqual(onInterpreter);
    }
  });
});
