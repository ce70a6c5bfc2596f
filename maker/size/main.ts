/**
 * `npm run maker:size`: code and RAM of the C library on the microcontrollers that makers use, as their compilers see
 * it. All functions are counted; a linker with -ffunction-sections leaves out those that a program does not call.
 * The last line is JSON. A compiler that is missing is named, with the package that has it, and its figures are null.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../scripts/command-line';
import { C_FOLDER, compile, isInstalled, OUT_FOLDER, STRICT_FLAGS } from '../c/compile';

/** Bytes of code with constants, and of RAM for one module. On mcs51 `internal` is the part below 128. */
interface Size {
  readonly text: number;
  readonly ram: number;
  readonly internal?: number;
}

interface Target {
  readonly title: string;
  readonly compiler: string;
  readonly packages: string;
  measure(defines: readonly string[]): Size;
}

const FOLDER = join(OUT_FOLDER, 'size');
const SOURCE = join(C_FOLDER, 'coinslot.c');
const VARIANTS: readonly { readonly title: string; readonly defines: readonly string[] }[] = [
  { title: 'all of it', defines: [] },
  { title: 'without DTU', defines: ['-DCOINSLOT_DTU=0'] },
  { title: 'without DTU, CRC bit by bit', defines: ['-DCOINSLOT_DTU=0', '-DCOINSLOT_CRC_BITS=1'] },
  { title: 'all of it, CRC by the large table', defines: ['-DCOINSLOT_CRC_BITS=8'] },
];

/** A source whose only variable is one module. */
function moduleSource(): string {
  const path = join(FOLDER, 'module.c');
  writeFileSync(path, '#include "coinslot.h"\ncoinslot module;\n');
  return path;
}

/** text + data, data + bss of an object file, by the binutils of a cross compiler. */
function sections(sizeCommand: string, object: string): { text: number; ram: number } {
  const { stdout } = spawnSync(sizeCommand, [object], { encoding: 'utf8' });
  const [text, data, bss] = stdout.trim().split('\n')[1]!.trim().split(/\s+/).map(Number) as [
    number,
    number,
    number,
  ];
  return { text: text + data, ram: data + bss };
}

function measureGcc(prefix: string, flags: readonly string[], defines: readonly string[]): Size {
  const sizes = [SOURCE, moduleSource()].map((source, index) => {
    const object = join(FOLDER, `part${index}.o`);
    compile(`${prefix}gcc`, [
      ...STRICT_FLAGS,
      '-Os',
      '-fno-common',
      ...flags,
      ...defines,
      '-I',
      C_FOLDER,
      '-c',
      source,
      '-o',
      object,
    ]);
    return sections(`${prefix}size`, object);
  });
  return { text: sizes[0]!.text, ram: sizes[0]!.ram + sizes[1]!.ram };
}

/** Bytes of an area in an object file of SDCC. */
function area(relocatable: string, name: string): number {
  const sizes = [...relocatable.matchAll(new RegExp(`^A ${name} size ([0-9A-F]+)`, 'gm'))].map((match) =>
    parseInt(match[1]!, 16),
  );
  return Math.max(0, ...sizes);
}

function measureSdcc(defines: readonly string[]): Size {
  const objects = [SOURCE, moduleSource()].map((source, index) => {
    const object = join(FOLDER, `part${index}.rel`);
    const options = ['-mmcs51', '--model-large', '--std-c99', '--opt-code-size', '-I', C_FOLDER, ...defines];
    compile('sdcc', [...options, '-c', source, '-o', object]);
    return readFileSync(object, 'latin1');
  });
  const [library, module] = objects as [string, string];
  const internal = area(library, 'DSEG') + area(library, 'OSEG');
  return {
    text: area(library, 'CSEG') + area(library, 'CONST'),
    ram: area(library, 'XSEG') + area(module, 'XSEG') + internal,
    internal,
  };
}

const TARGETS: { readonly [name: string]: Target } = {
  cortexM0: {
    title: 'Cortex-M0, arm-none-eabi-gcc -Os',
    compiler: 'arm-none-eabi-gcc',
    packages: 'gcc-arm-none-eabi libnewlib-arm-none-eabi',
    measure: (defines) => measureGcc('arm-none-eabi-', ['-mcpu=cortex-m0', '-mthumb'], defines),
  },
  avr: {
    title: 'AVR (ATmega328P), avr-gcc -Os',
    compiler: 'avr-gcc',
    packages: 'gcc-avr avr-libc',
    measure: (defines) => measureGcc('avr-', ['-mmcu=atmega328p'], defines),
  },
  mcs51: {
    title: '8051, sdcc --model-large --opt-code-size',
    compiler: 'sdcc',
    packages: 'sdcc',
    measure: measureSdcc,
  },
};

export function measure(name: string, defines: readonly string[] = []): Size | undefined {
  const target = TARGETS[name]!;
  if (!isInstalled(target.compiler)) return undefined;
  mkdirSync(FOLDER, { recursive: true });
  return target.measure(defines);
}

function main(): void {
  command('maker:size', 'code and RAM of the C library on makers’ microcontrollers').parse();
  const result: { [name: string]: Size | null } = {};
  for (const [name, target] of Object.entries(TARGETS)) {
    console.log(target.title);
    if (!isInstalled(target.compiler)) {
      console.log(
        `  skipped: ${target.compiler} is not installed (Debian: apt-get install ${target.packages})`,
      );
    }
    for (const { title, defines } of VARIANTS) {
      const size = measure(name, defines);
      if (size) {
        const internal = size.internal === undefined ? '' : `, of it ${size.internal} internal`;
        console.log(
          `  ${title.padEnd(36)} ${String(size.text).padStart(6)} bytes of code, ${size.ram} of RAM${internal}`,
        );
      }
    }
    result[name] = measure(name) ?? null;
  }
  console.log(JSON.stringify(result));
}

if (require.main === module) main();
