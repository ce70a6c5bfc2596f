/** Resident memory of this process, after garbage has been collected (run with --expose-gc). */

const ROUNDS = 4;

export function residentBytes(): number {
  for (let round = 0; round < ROUNDS; round++) (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage.rss();
}
