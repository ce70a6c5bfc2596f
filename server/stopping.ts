/**
 * The end of a server process, step by step: what was started last ends first, and a step that fails does not keep
 * the others from ending. Which steps there are, and how long
 * each may take, is app.ts's.
 */
import type { Logger } from 'pino';

export type StopStep = () => Promise<unknown>;

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
