/**
 * Random tests: properties by fast-check, with one seed for a whole test run and as many rounds as
 * COINSLOT_TEST_RUNS says. A round has a seed of its own (COINSLOT_TEST_SEED, + 1, + 2, …) and the runs of an
 * ordinary test run, because fast-check grows less biased with each run: so a failure in any round is repeated
 * by an ordinary run with that round's seed, which the failure's message gives.
 */
import fc from 'fast-check';

/** How many rounds a test has: 1, or what `npm run test:random -- --times N` asks for. */
export const ROUNDS = Number(process.env.COINSLOT_TEST_RUNS ?? 1);
const SEED = Number(process.env.COINSLOT_TEST_SEED ?? (Date.now() ^ process.pid) >>> 0);

// Else `maxLength: 80` gives ten at most.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

/** Throws when the property does not hold in one of `runs` runs of each round. */
export function holds<T>(property: fc.IAsyncPropertyWithHooks<T>, runs?: number): Promise<void>;
export function holds<T>(property: fc.IPropertyWithHooks<T>, runs?: number): void;
export function holds<T>(property: fc.IRawProperty<T>, runs = 100): Promise<void> | void {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => ({ numRuns: runs, seed: SEED + round }));
  if (!property.isAsync()) return rounds.forEach((one) => void fc.assert(property, one));
  return rounds.reduce((before, one) => before.then(() => fc.assert(property, one)), Promise.resolve());
}
