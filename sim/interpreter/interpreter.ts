/**
 * The Linux build of Espruino: found on PATH, given a program as `.bootcde` in an espruino.flash of its own
 * folder, started and killed like a board that gets and loses power. Facts: a standard input that stays open and
 * silent, or it drops serial data; started without a file it boots from flash.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';

export interface Interpreter {
  readonly binary: string;
  /** `process.version`, as 2v29.277. */
  readonly version: string;
  /** A command and its options that the interpreter runs under (valgrind), from the start of a box. */
  readonly wrapper?: readonly string[];
  /** It answers within milliseconds (brisk.ts). */
  readonly isBrisk?: boolean;
}

const PROBE = 'print("version " + process.version + " " + process.env.BOARD)';
const PROBE_LIMIT_MS = 5000;
const LOAD_LIMIT_MS = 20_000;

/** The first `espruino` on PATH that is the interpreter (the npm package has a command of that name too). */
export function findInterpreter(): Interpreter | undefined {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const binary = path.join(folder, 'espruino');
    if (folder === '' || folder.includes('node_modules') || !existsSync(binary)) continue;
    const probe = spawnSync(binary, ['-e', PROBE], { timeout: PROBE_LIMIT_MS, encoding: 'latin1' });
    const found = /version (\S+) LINUX/.exec(probe.stdout ?? '');
    if (found) return { binary, version: found[1]! };
  }
  return undefined;
}

/** Runs a file to its end; gives what it printed. */
export function runFile(interpreter: Interpreter, folder: string, file: string): Promise<string> {
  const child = spawn(interpreter.binary, [file], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let printed = '';
    const limit = setTimeout(() => child.kill('SIGKILL'), LOAD_LIMIT_MS);
    child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString('latin1')));
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(limit);
      resolve(printed);
    });
  });
}

/** Text as a string literal of one line that Espruino reads back byte by byte. */
export function literal(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}

/** Puts files into the Storage of a fresh espruino.flash in `folder`. */
export async function makeImage(
  interpreter: Interpreter,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  rmSync(path.join(folder, 'espruino.flash'), { force: true });
  const lines = Object.entries(files).map(
    ([name, text]) => `require("Storage").write(${literal(name)}, ${literal(text)});`,
  );
  const check = Object.entries(files).map(
    ([name, text]) => `require("Storage").read(${literal(name)}).length === ${text.length}`,
  );
  writeFileSync(
    path.join(folder, 'load.js'),
    `${lines.join('\n')}\nprint("loaded " + (${check.join(' && ')}));\n`,
  );
  const printed = await runFile(interpreter, folder, 'load.js');
  if (!printed.includes('loaded true')) throw new Error(`the program did not fit into flash:\n${printed}`);
}

/** One run of the interpreter on a folder's flash. */
export class Running {
  /** Lines printed on the console. */
  onLine: (line: string) => void = () => {};
  /** The process is gone, by itself or killed. */
  onExit: (code: number | null) => void = () => {};
  private readonly child: ChildProcess;

  constructor(interpreter: Interpreter, folder: string) {
    const [command, ...options] = [...(interpreter.wrapper ?? []), interpreter.binary];
    this.child = spawn(command!, options, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    this.readLines(this.child.stdout!);
    this.readLines(this.child.stderr!);
    this.child.on('exit', (code) => this.onExit(code));
  }

  /** Process id, for tools that measure. */
  get pid(): number {
    return this.child.pid!;
  }

  /** Types on its standard input, which is a board's USB port. */
  type(text: string): void {
    this.child.stdin!.write(Buffer.from(text, 'latin1'));
  }

  /** Ends it like a power cut; resolves when it is gone. */
  kill(): Promise<void> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        resolve();
        return;
      }
      this.child.once('exit', () => resolve());
      this.child.kill('SIGKILL');
    });
  }

  private readLines(stream: Readable): void {
    let rest = '';
    stream.on('data', (bytes: Buffer) => {
      const lines = (rest + bytes.toString('latin1')).split(/\r?\n/);
      rest = lines.pop()!;
      for (const line of lines) this.onLine(line);
    });
  }
}
