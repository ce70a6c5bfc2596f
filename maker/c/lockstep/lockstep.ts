/**
 * The C library in a process of its own, driven one step at a time from virtual time (the other half is lockstep.c).
 * Calls are synchronous: the process answers before anything else happens, so that a run is the same every time.
 * Leaves the meaning of the lines to the caller.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READ_BYTES = 65536;

export interface StepResult {
  /** What coinslot_start or the request gave; 0 for a poll. */
  readonly code: number;
  /** What happened, in order: `tx <hex>` and one line a callback. */
  readonly lines: readonly string[];
}

export class Lockstep {
  private readonly folder: string;
  private readonly child: ChildProcess;
  private readonly toChild: number;
  private readonly fromChild: number;
  private readonly buffer = Buffer.alloc(READ_BYTES);
  private text = '';

  /** `program` is lockstep.c compiled, or another that speaks in such lines; `rest` are more arguments for it. */
  constructor(program: string, rest: readonly string[] = []) {
    this.folder = mkdtempSync(join(tmpdir(), 'coinslot-'));
    const [input, output] = [join(this.folder, 'in'), join(this.folder, 'out')];
    execFileSync('mkfifo', [input, output]);
    this.child = spawn(program, [input, output, ...rest], { stdio: ['ignore', 'ignore', 'inherit'] });
    // Each call waits until the process has opened the other end.
    this.toChild = openSync(input, 'w');
    this.fromChild = openSync(output, 'r');
  }

  /** The host is switched on, at `nowMs`; with `relay` it leaves delivering to the module. */
  start(nowMs: number, delivery: 'host' | 'relay' = 'host'): StepResult {
    return this.say(`start ${nowMs & 0xffff} ${delivery}`);
  }

  /** It is `nowMs`, `bytes` have come: the library polls. */
  poll(nowMs: number, bytes: Uint8Array = Buffer.alloc(0)): StepResult {
    return this.say(`poll ${nowMs & 0xffff} ${Buffer.from(bytes).toString('hex')}`);
  }

  /** A request as lockstep.c spells it; texts with `hexText`. */
  request(...words: (string | number)[]): StepResult {
    return this.say(words.join(' '));
  }

  close(): void {
    closeSync(this.toChild);
    closeSync(this.fromChild);
    this.child.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private say(line: string): StepResult {
    writeSync(this.toChild, line + '\n');
    while (!this.text.endsWith('\n.\n') && this.text !== '.\n') {
      const count = readSync(this.fromChild, this.buffer);
      if (count === 0) throw new Error(`the C host ended after: ${line}`);
      this.text += this.buffer.toString('utf8', 0, count);
    }
    const lines = this.text.split('\n').slice(0, -2);
    this.text = '';
    const code = lines.find((text) => text.startsWith('= '));
    return {
      code: code === undefined ? 0 : Number(code.slice(2)),
      lines: lines.filter((text) => !text.startsWith('= ')),
    };
  }
}

/** A text as lockstep.c takes it: hex, or `-` for a null pointer. */
export function hexText(text: string | undefined): string {
  return text === undefined ? '-' : Buffer.from(text, 'utf8').toString('hex');
}
