/**
 * The thread's end of pool.ts: does one task after the other and sends back what came of it; on request it watches
 * where its time goes. Leaves the work to the campaign.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Profile } from './profile';

export interface WorkerSetup {
  readonly sections: readonly (readonly [number, string])[];
  readonly shared: unknown;
}

export type WorkerQuestion =
  { readonly kind: 'work'; readonly task: unknown } | { readonly kind: 'profile' | 'end profile' };

export type WorkerAnswer = { readonly result: unknown } | { readonly failure: string };

/** Serves until the pool ends the thread. */
export function serve<Shared, Task>(work: (task: Task, shared: Shared) => Promise<unknown>): void {
  const { sections, shared } = workerData as WorkerSetup;
  const port = parentPort!;
  const profile = new Profile(sections);
  const answer = async (question: WorkerQuestion): Promise<unknown> => {
    if (question.kind === 'work') return work(question.task as Task, shared as Shared);
    return question.kind === 'profile' ? profile.start() : profile.stop();
  };
  port.on('message', (question: WorkerQuestion) => {
    answer(question).then(
      (result) => port.postMessage({ result } satisfies WorkerAnswer),
      (error: unknown) => {
        const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
        port.postMessage({ failure } satisfies WorkerAnswer);
      },
    );
  });
}
