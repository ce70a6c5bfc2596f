/**
 * The work of a campaign on several threads. The worker's TypeScript is bundled once, by esbuild and not by the
 * loader of tsx, which wraps every function that is made (`keepNames`) and costs a seventh of a campaign's time.
 * Leaves what a task is to the campaign. Invariant: results are taken in the order of the tasks, whatever the
 * number of threads, so that a campaign's figures depend on its seeds alone.
 */
import { build } from 'esbuild';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerAnswer, WorkerQuestion, WorkerSetup } from './worker';

const ROOT = path.join(__dirname, '..', '..');
/** Room for young objects: a world makes many, and few of them grow old. */
const YOUNG_MEGABYTES = 96;
const OLD_MEGABYTES = 2_048;
/** How many threads, and the most that can be asked for. */
export const DEFAULT_JOBS = availableParallelism();
export const MAX_JOBS = 256;

export interface WorkerCode {
  readonly code: string;
  /** First line of each source file in `code`, and its name: for the profile. */
  readonly sections: readonly (readonly [number, string])[];
}

/** Bundles a worker; packages stay outside and are found from the project's folder. */
export async function bundleWorker(entry: string): Promise<WorkerCode> {
  const { outputFiles } = await build({
    entryPoints: [path.join(ROOT, entry)],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    banner: { js: '(function (require) {' },
    footer: {
      js: `})(require('node:module').createRequire(${JSON.stringify(path.join(ROOT, 'package.json'))}));`,
    },
    logLevel: 'silent',
  });
  const code = outputFiles[0]!.text;
  const sections = code.split('\n').flatMap((line, index) => {
    const source = /^\s*\/\/ ((?:scripts|sim|server|src)\/\S+\.ts)$/.exec(line);
    return source ? [[index + 1, source[1]!] as const] : [];
  });
  return { code, sections };
}

export class Pool<Task, Result> {
  private readonly workers: Worker[];

  /** `shared` is given to every worker once. */
  constructor(bundle: WorkerCode, jobs: number, shared: unknown) {
    const setup: WorkerSetup = { sections: bundle.sections, shared };
    this.workers = Array.from({ length: jobs }, () => {
      return new Worker(bundle.code, {
        eval: true,
        workerData: setup,
        execArgv: [],
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES, maxOldGenerationSizeMb: OLD_MEGABYTES },
      });
    });
  }

  /** Does all tasks, and gives their results in order; `onResult` gives false when the rest is not wanted. */
  async run(tasks: readonly Task[], onResult: (result: Result, index: number) => boolean): Promise<void> {
    const done = new Map<number, Result>();
    let next = 0;
    let taken = 0;
    let isWanted = true;
    await Promise.all(
      this.workers.map(async (worker) => {
        while (isWanted && next < tasks.length) {
          const index = next++;
          done.set(index, (await ask(worker, { kind: 'work', task: tasks[index] })) as Result);
          while (isWanted && done.has(taken)) {
            isWanted = onResult(done.get(taken)!, taken);
            done.delete(taken++);
          }
        }
      }),
    );
  }

  /** Watches from now on where the time goes. */
  async startProfile(): Promise<void> {
    await Promise.all(this.workers.map((worker) => ask(worker, { kind: 'profile' })));
  }

  /** Milliseconds by part of the project. */
  async stopProfile(): Promise<Map<string, number>> {
    const sums = new Map<string, number>();
    for (const worker of this.workers) {
      const parts = (await ask(worker, { kind: 'end profile' })) as Record<string, number>;
      for (const [name, ms] of Object.entries(parts)) sums.set(name, (sums.get(name) ?? 0) + ms);
    }
    return sums;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, question: WorkerQuestion): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (work: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      work();
    };
    const onMessage = (answer: WorkerAnswer): void =>
      settle(() => ('failure' in answer ? reject(new Error(answer.failure)) : resolve(answer.result)));
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number): void => settle(() => reject(new Error(`a worker ended with ${code}`)));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(question);
  });
}
