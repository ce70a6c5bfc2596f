/**
 * Builds selftest.c for this PC and for simulated microcontrollers, and runs it there. A target whose compiler or
 * simulator is missing is reported as skipped, with what to install.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readVectors, unhex } from '../../vectors/read';
import {
  C_FOLDER,
  compile,
  hostCompiler,
  isInstalled,
  OUT_FOLDER,
  SANITIZER_FLAGS,
  STRICT_FLAGS,
} from '../compile';

const RUN_LIMIT_MS = 120_000;

export interface SelftestResult {
  readonly target: string;
  /** What is missing, or undefined when it ran. */
  readonly skipped?: string;
  readonly checks?: number;
  readonly failures?: number;
  readonly output?: string;
}

interface Target {
  readonly name: string;
  readonly needs: readonly string[];
  readonly packages: string;
  /** Compiles into the folder. */
  build(folder: string): void;
  /** Command that runs it and prints. */
  readonly run: (folder: string) => readonly string[];
}

const SOURCES = ['selftest/selftest.c', 'coinslot.c'].map((file) => join(C_FOLDER, file));

/** Every vector as an array in program memory. */
function vectorsHeader(): string {
  const arrays = readVectors().frames.map((frame) => {
    const bytes = [...unhex(frame.hex)].map((byte) => `0x${byte.toString(16)}`).join(',');
    return `ROM V_${frame.name.replace(/ /g, '_')}[] = {${bytes}};`;
  });
  return ['/* Made by selftest.ts from docs/host-vectors.json. */', ...arrays, ''].join('\n');
}

/** Arrays that a test does not use are no mistake. */
const flags = (folder: string): string[] => [
  ...STRICT_FLAGS,
  '-Wno-unused-variable',
  '-Wno-unused-const-variable',
  '-I',
  folder,
];

const TARGETS: readonly Target[] = [
  {
    name: 'host',
    needs: [],
    packages: 'gcc',
    build: (folder) =>
      compile(hostCompiler()!, [
        ...flags(folder),
        ...SANITIZER_FLAGS,
        ...SOURCES,
        '-o',
        join(folder, 'host'),
      ]),
    run: (folder) => [join(folder, 'host')],
  },
  {
    name: 'mcs51',
    needs: ['sdcc', 's51'],
    packages: 'sdcc sdcc-ucsim',
    build: (folder) => {
      const options = ['-mmcs51', '--model-large', '--std-c99', '--opt-code-size', '-I', folder];
      const objects = SOURCES.map((source, index) => {
        const object = join(folder, `part${index}.rel`);
        // 84: an argument that is not used; 283: a declaration without parameters, in SDCC's own headers.
        compile('sdcc', [
          ...options,
          '--disable-warning',
          '84',
          '--disable-warning',
          '283',
          '-c',
          source,
          '-o',
          object,
        ]);
        return object;
      });
      compile('sdcc', [
        '-mmcs51',
        '--model-large',
        '--xram-size',
        '65535',
        ...objects,
        '-o',
        join(folder, 'mcs51.ihx'),
      ]);
    },
    run: (folder) => [
      's51',
      '-t',
      'C52',
      '-G',
      '-q',
      '-b',
      '-I',
      'if=xram[0xffff]',
      join(folder, 'mcs51.ihx'),
    ],
  },
  {
    name: 'avr',
    needs: ['avr-gcc', 'simavr'],
    packages: 'gcc-avr avr-libc simavr',
    build: (folder) =>
      compile('avr-gcc', [
        '-mmcu=atmega328p',
        '-DF_CPU=16000000UL',
        '-Os',
        ...flags(folder),
        ...SOURCES,
        '-o',
        join(folder, 'avr.elf'),
      ]),
    run: (folder) => ['simavr', '-m', 'atmega328p', '-f', '16000000', join(folder, 'avr.elf')],
  },
  {
    name: 'cortexM0',
    needs: ['arm-none-eabi-gcc', 'qemu-system-arm'],
    packages: 'gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm',
    build: (folder) =>
      compile('arm-none-eabi-gcc', [
        ...['-mcpu=cortex-m0', '-mthumb', '-Os', '-nostartfiles', '--specs=nano.specs'],
        ...['-T', join(C_FOLDER, 'selftest/cortex-m0.ld')],
        ...flags(folder),
        join(C_FOLDER, 'selftest/cortex-m0.c'),
        ...SOURCES,
        ...['-o', join(folder, 'm0.elf')],
      ]),
    run: (folder) => [
      ...['qemu-system-arm', '-M', 'microbit', '-display', 'none', '-serial', 'none', '-monitor', 'none'],
      ...['-semihosting-config', 'enable=on,target=native', '-kernel', join(folder, 'm0.elf')],
    ],
  },
];

export const TARGET_NAMES = TARGETS.map((target) => target.name);

/** Builds and runs the self-test on one target. Throws what a compiler says. */
export function selftest(name: string): SelftestResult {
  const target = TARGETS.find((candidate) => candidate.name === name)!;
  const isThere = name === 'host' ? hostCompiler() !== undefined : target.needs.every(isInstalled);
  if (!isThere) return { target: name, skipped: `needs ${target.packages}` };
  const folder = join(OUT_FOLDER, 'selftest', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vectors.h'), vectorsHeader());
  target.build(folder);
  const [command, ...args] = target.run(folder);
  const { stdout, stderr } = spawnSync(command!, args, {
    encoding: 'latin1',
    timeout: RUN_LIMIT_MS,
    input: '',
  });
  const output = stdout + stderr;
  const match = /selftest (\d+) (\d+)/.exec(output);
  return { target: name, output, ...(match ? { checks: Number(match[1]), failures: Number(match[2]) } : {}) };
}
