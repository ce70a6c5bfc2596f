/**
 * Resident memory of this process, after garbage has been collected (run with --expose-gc), less what V8 holds in
 * spare for the next objects: how much that is depends on what the process did before, not on what it holds.
 */

const ROUNDS = 4;

export function residentBytes(): number {
  for (let round = 0; round < ROUNDS; round++) (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return rss - (heapTotal - heapUsed);
}
