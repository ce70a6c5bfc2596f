/** What the campaigns share: threads whose number changes no figure, and a file with which a campaign goes on later. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFirmware, type Firmware } from '../../scripts/build/build';
import { bundleWorker, Pool } from '../../scripts/campaign/pool';
import { ProgressFile } from '../../scripts/powercuts/progress';
import type { CutResult, CutTask } from '../../scripts/powercuts/worker';
import type { TortureTask } from '../../scripts/torture/worker';
import type { PlayResult } from '../../sim/world/play';

// Threads with a whole world in each: seconds, and more on a busy machine.

const OPTIONS = { sites: 2, orders: 6, spanMs: 60_000 };
const SEEDS = [21, 22, 23];

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

test('the same seeds give the same results, in the same order, on one thread and on three', async () => {
  const bundle = await bundleWorker('scripts/torture/worker.ts');
  const tasks = SEEDS.map((seed) => ({ seed, options: OPTIONS }));
  const all: PlayResult[][] = [];
  for (const jobs of [1, 3]) {
    const pool = new Pool<TortureTask, PlayResult>(bundle, jobs, firmware);
    const results: PlayResult[] = [];
    await pool.run(tasks, (result) => results.push(result) > 0);
    await pool.close();
    all.push(results);
  }
  expect(all[0]).toHaveLength(SEEDS.length);
  expect(all[0]!.reduce((sum, { totals }) => sum + totals.orders, 0)).toBeGreaterThan(5);
  expect(all[1]).toEqual(all[0]);
});

test('a campaign says where its time went, by part of the project', async () => {
  const bundle = await bundleWorker('scripts/torture/worker.ts');
  const pool = new Pool<TortureTask, PlayResult>(bundle, 1, firmware);
  await pool.startProfile();
  await pool.run([{ seed: 21, options: OPTIONS }], () => true);
  const parts = await pool.stopProfile();
  await pool.close();
  for (const name of ['firmware bundle', 'sim/board', 'sim/modem', 'server/orders']) {
    expect([name, parts.get(name)! > 0]).toEqual([name, true]);
  }
});

test('a thread cuts at one first point and at every pair behind it, and stops when it may', async () => {
  const pool = new Pool<CutTask, CutResult>(await bundleWorker('scripts/powercuts/worker.ts'), 1, firmware);
  const results: CutResult[] = [];
  await pool.run([{ kind: 'scout', scenario: 'refuse' }], (result) => results.push(result) > 0);
  const point = results[0]!.first[10]!;
  const task = {
    kind: 'cut',
    scenario: 'refuse',
    point,
    isSingle: false,
    every: 20,
    stopsAtFirst: false,
  } as const;
  await pool.run([task, task, task], (result) => results.push(result) < 3);
  await pool.close();
  expect(results[0]!.first.length).toBeGreaterThan(50);
  expect(results[1]).toMatchObject({ points: 2, broken: [] });
  expect(results[1]!.pairs).toBeGreaterThan(2);
  expect(results).toHaveLength(3);
  expect(results[2]).toEqual(results[1]);
});

test('what a thread cannot do is said, and not counted', async () => {
  const pool = new Pool<CutTask, CutResult>(await bundleWorker('scripts/powercuts/worker.ts'), 1, firmware);
  await expect(pool.run([{ kind: 'scout', scenario: 'no such' }], () => true)).rejects.toThrow(/undefined/);
  await pool.close();
});

describe('the file of what was done', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-progress-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const result: CutResult = { first: [], points: 2, pairs: 9, broken: [{ id: 'x', what: ['L1'] }] };

  test('gives back what was put in, also after a line was cut off', () => {
    const file = path.join(folder, 'whole');
    new ProgressFile(file, 'mine').add('a:1b', result);
    appendFileSync(file, '{"key":"a:2b","resu');
    const again = new ProgressFile(file, 'mine');
    expect([again.find('a:1b'), again.find('a:2b')]).toEqual([result, undefined]);
    again.add('a:2b', result);
    expect(new ProgressFile(file, 'mine').find('a:2b')).toEqual(result);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(4);
  });

  test('refuses what another firmware or simulator has done', () => {
    const file = path.join(folder, 'other');
    new ProgressFile(file, 'mine').add('a:1b', result);
    expect(() => new ProgressFile(file, 'yours')).toThrow('of another firmware');
  });
});
