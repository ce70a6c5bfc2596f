/** The seed of a file's random runs: from COINSLOT_TEST_SEED, or a new one; shown in the tests' names. */
export const SEED = Number(process.env.COINSLOT_TEST_SEED ?? (Date.now() ^ process.pid) >>> 0);
