/**
 * Finds C compilers and compiles the C library with a program of ours, for tests and campaigns. Results go to
 * the folder dist/maker, which may be deleted at any time.
 * Leaves what is missing to the caller: a compiler that is not installed is undefined, never an error.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export const C_FOLDER = __dirname;
export const OUT_FOLDER = join(__dirname, '../../dist/maker');

export const STRICT_FLAGS = '-std=c99 -Wall -Wextra -Wconversion -Wshadow -pedantic -Werror'.split(' ');
/** gcc and clang only: makers with other compilers see enough with the others. */
export const SANITIZER_FLAGS = '-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all'.split(' ');

/** Whether a command can be run at all. */
export function isInstalled(command: string): boolean {
  return spawnSync('which', [command], { stdio: 'ignore' }).status === 0;
}

/** The compiler for programs that run here, or undefined. */
export function hostCompiler(): string | undefined {
  return ['gcc', 'clang', 'cc'].find(isInstalled);
}

/** Runs a compiler, with the folder for results there; throws its messages when it fails or warns. */
export function compile(compiler: string, args: readonly string[]): void {
  mkdirSync(OUT_FOLDER, { recursive: true });
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0 || stderr !== '') throw new Error(`${compiler} ${args.join(' ')}\n${stderr}`);
}

/** Compiles `sources` (relative to maker/c) with the library into a program; gives its path. */
export function compileProgram(
  name: string,
  sources: readonly string[],
  flags: readonly string[] = [],
): string {
  const compiler = hostCompiler();
  if (compiler === undefined) throw new Error('no C compiler (gcc, clang or cc)');
  const path = join(OUT_FOLDER, name);
  const files = ['coinslot.c', ...sources].map((file) => join(C_FOLDER, file));
  compile(compiler, [...STRICT_FLAGS, ...flags, '-I', C_FOLDER, ...files, '-o', path]);
  return path;
}
