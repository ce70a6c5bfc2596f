/**
 * The end of a server process, step by step: what was started last ends first, and a step that fails does not keep
 * the others from ending. Which steps there are is app.ts's.
 * Invariant: nothing outside (a provider, a bill) holds the end up for longer than its limit.
 */
import type { Logger } from 'pino';
import type { Clock } from './time';

export type StopStep = () => Promise<void>;

/** An orderly end takes less; what hangs longer is left to PostgreSQL and the jobs. */
export const STOP_LIMIT_MS = 30_000;

export async function stopAll(undo: StopStep[], log: Logger): Promise<void> {
  log.info('stopping');
  for (const step of undo.reverse()) {
    try {
      await step();
    } catch (error) {
      log.error({ error: (error as Error).message }, 'stopping');
    }
  }
  log.info('stopped');
}

/** Waits for `work`, but not longer than `limitMs`: then says so and goes on. */
export function atMost(
  clock: Clock,
  limitMs: number,
  work: Promise<void>,
  onGivenUp: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      onGivenUp();
      resolve();
    }, limitMs);
    work.then(resolve, reject).finally(() => clock.clearTimer(timer));
  });
}
