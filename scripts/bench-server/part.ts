/** A part of the bench as a process of its own. */
import { fork, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import type { Question } from './messages';

export class Part {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts one; gives it with the first thing that it says. */
  static async start<First>(
    file: string,
    words: readonly string[],
    nodeOptions: readonly string[] = [],
  ): Promise<[Part, First]> {
    const child = fork(path.join(__dirname, file), [...words], {
      execArgv: ['--expose-gc', '--require', 'tsx/cjs', ...nodeOptions],
    });
    const part = new Part(child);
    return [part, await part.hear<First>()];
  }

  get pid(): number {
    return this.child.pid!;
  }

  ask<Said>(question: Question): Promise<Said> {
    const heard = this.hear<Said>();
    this.child.send(question);
    return heard;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.send('stop' satisfies Question);
    });
  }

  private hear<Said>(): Promise<Said> {
    return new Promise((resolve, reject) => {
      const failed = (code: number | null): void => reject(new Error(`a part of the bench ended (${code})`));
      this.child.once('exit', failed);
      this.child.once('message', (said) => {
        this.child.off('exit', failed);
        resolve(said as Said);
      });
    });
  }
}
