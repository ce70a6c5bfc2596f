/** The mutants of the safety rules still fit the source that they break, and enough of them are there. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { mutate } from '../../../scripts/torture/mutants/main';
import { MUTANTS } from '../../../scripts/torture/mutants/mutants';

const ROOT = path.join(__dirname, '..', '..', '..');

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s', (_name, mutant) => {
  const source = readFileSync(path.join(ROOT, mutant.file), 'utf8');
  expect(mutate(source, mutant)).not.toBe(source);
});

test('there are at least fifteen, each with a name and a law of its own', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(15);
  for (const { laws, finders } of MUTANTS)
    expect([laws.length > 0, finders.length > 0]).toEqual([true, true]);
});

test('a text that is not there, or twice, is refused', () => {
  const [mutant] = MUTANTS;
  expect(() => mutate('', mutant!)).toThrow('stands 0 times');
  expect(() => mutate(mutant!.text + mutant!.text, mutant!)).toThrow('stands 2 times');
});
