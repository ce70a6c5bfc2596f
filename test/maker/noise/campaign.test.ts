/** The C library against the built firmware through a noisy line: no order lost, none doubled; and the campaign would see it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  C_FOLDER,
  compileProgram,
  hostCompiler,
  OUT_FOLDER,
  SANITIZER_FLAGS,
} from '../../../maker/c/compile';
import { Campaign, type CampaignResult } from '../../../maker/noise/campaign';
import { ROUGH, SpoiltLine } from '../../../maker/noise/spoilt-line';
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { Random } from '../../../sim/time/random';

const testWithCompiler = hostCompiler() ? test : test.skip;
if (!hostCompiler()) console.warn('skipped: no C compiler (gcc, clang or cc)');

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

const play = (program: string, relayMode: 0 | 1, change: object = {}): CampaignResult =>
  new Campaign({
    firmware,
    program,
    orders: 60,
    seed: 3,
    noise: ROUGH,
    relayMode,
    restartShare: 0.1,
    ...change,
  }).run();

/** The library with one line changed, as a maker might get it wrong. */
function spoiltProgram(name: string, from: string, to: string): string {
  const folder = join(OUT_FOLDER, name);
  mkdirSync(folder, { recursive: true });
  const source = readFileSync(join(C_FOLDER, 'coinslot.c'), 'utf8');
  expect(source).toContain(from);
  writeFileSync(join(folder, 'coinslot.c'), source.replace(from, to));
  const program = join(folder, 'program');
  const files = [join(folder, 'coinslot.c'), join(C_FOLDER, 'lockstep/lockstep.c')];
  const { status, stderr } = spawnSync(hostCompiler()!, ['-I', C_FOLDER, ...files, '-o', program], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return program;
}

test('the noise is what it says: the same seed, about the share', () => {
  const bytes = new Random(9).bytes(100_000);
  const line = new SpoiltLine(new Random(1), { share: 0.01, burstShare: 0, burstBytes: 1 });
  const arrived = line.pass(bytes);
  expect(
    arrived.equals(new SpoiltLine(new Random(1), { share: 0.01, burstShare: 0, burstBytes: 1 }).pass(bytes)),
  ).toBe(true);
  expect(line.errors).toBeGreaterThan(900);
  expect(line.errors).toBeLessThan(1100);
  expect(
    new SpoiltLine(new Random(1), { share: 0, burstShare: 0, burstBytes: 1 }).pass(bytes).equals(bytes),
  ).toBe(true);
});

testWithCompiler.each([0, 1] as const)('loses and doubles nothing, relay mode %d', (relayMode) => {
  const program = compileProgram('lockstep-noise', ['lockstep/lockstep.c'], SANITIZER_FLAGS);
  const result = play(program, relayMode);
  expect(result.complaints).toEqual([]);
  expect(result).toMatchObject({ orders: 60, lost: 0, doubled: 0 });
  expect(result.delivered).toBeGreaterThan(30);
  expect(result.bitErrors).toBeGreaterThan(50);
  expect(result.restarts).toBeGreaterThan(0);
});

testWithCompiler.each([
  ['delivers each time it hears DISPENSING', '  module->order_flags[index] = DELIVERING;', ''],
  ['makes the same references after each start', 'value = module->base_order;', 'value = 0;'],
])('a library that %s is found out', (name, from, to) => {
  const result = play(spoiltProgram(`spoilt ${name}`.replace(/ /g, '-'), from, to), 0, { orders: 150 });
  expect(result.lost + result.doubled).toBeGreaterThan(0);
});
