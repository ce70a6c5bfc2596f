/** The C library builds and runs everywhere it should: here, on simulated microcontrollers, under the fuzzer. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  C_FOLDER,
  compile,
  compileProgram,
  hostCompiler,
  isInstalled,
  OUT_FOLDER,
  SANITIZER_FLAGS,
  STRICT_FLAGS,
} from '../../../maker/c/compile';
import { Lockstep } from '../../../maker/c/lockstep/lockstep';
import { selftest, TARGET_NAMES } from '../../../maker/c/selftest/selftest';
import { frameAround } from '../../../maker/vectors/encode';
import { CHANNEL_NAMES, LINK_STATE_NAMES, ORDER_STATE_NAMES } from '../../../src/protocol/codes';
import { REASON_NAMES } from '../../../src/protocol/reasons';
import { MAX_PAYLOAD_BYTES, PROTOCOL_VERSION } from '../../../src/protocol/frame';
import { readVectors } from '../../../maker/vectors/read';

const header = readFileSync(join(C_FOLDER, 'coinslot.h'), 'utf8');
/** Name and value of every constant in the header. */
const constants = new Map(
  [...header.matchAll(/\b(COINSLOT_[A-Z0-9_]+) = (-?(?:0x[0-9A-F]+|\d+))/g)].map((match) => [
    match[1]!,
    Number(match[2]),
  ]),
);

/** A test that says why, when it cannot run. */
const testWith = (missing: string | undefined): jest.It => {
  if (missing) console.warn(`skipped: ${missing}`);
  return missing ? test.skip : test;
};
const noCompiler = hostCompiler() ? undefined : 'no C compiler (gcc, clang or cc)';

describe('the constants of the header', () => {
  const named = (prefix: string, names: readonly string[]): void => {
    const inHeader = [...constants]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, code]) => [code, name.slice(prefix.length)]);
    expect(inHeader).toEqual(names.map((name, code) => [code, name]).filter(([, name]) => name !== ''));
  };

  test('are the reasons, states and links of the code', () => {
    named('COINSLOT_REASON_', REASON_NAMES);
    named('COINSLOT_STATE_', ['', ...ORDER_STATE_NAMES.slice(1)]);
    named('COINSLOT_LINK_', LINK_STATE_NAMES);
    CHANNEL_NAMES.forEach((name, code) => {
      if (name) expect(constants.get(`COINSLOT_${name.toUpperCase()}`)).toBe(code);
    });
    expect(constants.get('COINSLOT_PROTOCOL_VERSION')).toBe(PROTOCOL_VERSION);
    expect(constants.get('COINSLOT_MAX_PAYLOAD')).toBe(MAX_PAYLOAD_BYTES);
  });

  test('are the types of the vectors', () => {
    const types = new Map(
      readVectors().frames.map((frame) => [`COINSLOT_${frame.name.split(' ')[0]}`, frame.type]),
    );
    const list = /typedef enum \{([^}]*)\} coinslot_type;/.exec(header)![1]!;
    const inHeader = [...list.matchAll(/(COINSLOT_\w+) = (0x[0-9A-F]+)/g)].map((match) => [
      match[1],
      Number(match[2]),
    ]);
    expect(inHeader).toEqual([...types].sort((left, right) => left[1] - right[1]));
  });
});

testWith(noCompiler)('no function of the C library does anything with null pointers', () => {
  const program = compileProgram('arguments', [join('../../test/maker/c/arguments.c')], SANITIZER_FLAGS);
  const { status, stdout, stderr } = spawnSync(program, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(Number(/^(\d+) checks/.exec(stdout)![1])).toBe(39);
});

describe.each(['gcc', 'clang'])('%s', (compiler) => {
  testWith(isInstalled(compiler) ? undefined : `no ${compiler}`).each([
    ['as it is', []],
    [
      'with all of it small',
      [
        '-DCOINSLOT_RX_PAYLOAD=64',
        '-DCOINSLOT_TX_PAYLOAD=16',
        '-DCOINSLOT_ORDERS=1',
        '-DCOINSLOT_DTU=0',
        '-DCOINSLOT_CRC_BITS=1',
      ],
    ],
    [
      'with all of it large',
      [
        '-DCOINSLOT_RX_PAYLOAD=512',
        '-DCOINSLOT_TX_PAYLOAD=512',
        '-DCOINSLOT_ORDERS=32',
        '-DCOINSLOT_CRC_BITS=8',
      ],
    ],
  ])('compiles without a warning, %s', (_name, sizes) => {
    for (const optimisation of ['-O0', '-O2', '-Os']) {
      compile(compiler, [
        ...STRICT_FLAGS,
        '-Wsign-conversion',
        optimisation,
        ...sizes,
        '-c',
        join(C_FOLDER, 'coinslot.c'),
        '-o',
        '/dev/null',
      ]);
    }
  });
});

testWith(noCompiler)(
  'needs five functions of the C library, has no variables of its own, and shows only its functions',
  () => {
    const object = join(OUT_FOLDER, 'symbols.o');
    compile(hostCompiler()!, [
      ...STRICT_FLAGS,
      '-Os',
      '-fno-stack-protector',
      '-c',
      join(C_FOLDER, 'coinslot.c'),
      '-o',
      object,
    ]);
    const { stdout } = spawnSync('nm', [object], { encoding: 'utf8' });
    const symbols = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).slice(-2) as [string, string]);
    const of = (kinds: string): string[] =>
      symbols.filter(([kind]) => kinds.includes(kind)).map(([, name]) => name);
    const allowed = ['memcpy', 'memmove', 'memcmp', 'memset', 'strlen', '_GLOBAL_OFFSET_TABLE_'];
    expect(of('U').filter((name) => !allowed.includes(name))).toEqual([]);
    expect(of('bBdDC')).toEqual([]);
    expect(of('T').every((name) => name.startsWith('coinslot_'))).toBe(true);
  },
);

test.each(TARGET_NAMES)('passes its self-test on %s', (name) => {
  const result = selftest(name);
  if (result.skipped !== undefined) {
    console.warn(`skipped: self-test on ${name}: ${result.skipped}`);
    return;
  }
  expect(result.output).not.toContain('wrong');
  expect(result).toMatchObject({ checks: 45, failures: 0 });
});

const FUZZ_FLAGS = '-g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all'.split(' ');
const fuzzProblem = ((): string | undefined => {
  if (!isInstalled('clang')) return 'fuzzing: no clang';
  try {
    compile('clang', [
      ...STRICT_FLAGS,
      ...FUZZ_FLAGS,
      join(C_FOLDER, 'fuzz/fuzz.c'),
      join(C_FOLDER, 'coinslot.c'),
      '-o',
      join(OUT_FOLDER, 'fuzz'),
    ]);
    return undefined;
  } catch (error) {
    // clang may be there without libFuzzer (Debian: libclang-rt-14-dev); a warning in our own code is a mistake.
    if (/cannot find|not found|unsupported/.test(String(error))) return 'fuzzing: clang has no libFuzzer';
    throw error;
  }
})();

testWith(fuzzProblem)('survives a short fuzzing run', () => {
  const { status, stderr } = spawnSync(join(OUT_FOLDER, 'fuzz'), ['-seed=1', '-runs=40000', '-max_len=600'], {
    encoding: 'utf8',
  });
  expect([status, /Done \d+ runs/.exec(stderr)?.[0]]).toEqual([0, 'Done 40000 runs']);
});

describe('a frame that is longer than the buffer', () => {
  const long = (seq: number, type = 0x46): Buffer =>
    frameAround(Buffer.alloc(200, 0x7b), type, seq, type !== 0x46);
  const status = frameAround(Buffer.from('2a0000000300fa000000017600' + '0434312e31', 'hex'), 0x43, 5, true);
  let host: Lockstep;

  beforeEach(() => {
    host = new Lockstep(compileProgram('lockstep-small', ['lockstep/lockstep.c'], SANITIZER_FLAGS));
    host.start(0);
    host.poll(1);
  });
  afterEach(() => host.close());

  testWith(noCompiler)('is answered with BAD_LENGTH, and the next one is found', () => {
    const result = host.poll(2, Buffer.concat([long(4, 0x51), long(6), status]));
    expect(result.lines.map((line) => line.split(' ')[0])).toEqual(['tx', 'status', 'tx']);
    expect(result.lines[0]).toContain('7f0300' + '045102');
    expect(host.request('state').lines[0]).toBe('state 1 0 0 2');
  });

  testWith(noCompiler)('costs itself only when it is broken', () => {
    const broken = long(4, 0x51);
    broken[100]! ^= 1;
    const result = host.poll(2, Buffer.concat([broken, status]));
    expect(result.lines.map((line) => line.split(' ')[0])).toEqual(['status', 'tx']);
    expect(host.request('state').lines[0]).toBe('state 1 0 1 0');
  });

  testWith(noCompiler)('does not make a frame taken before come through again', () => {
    expect(host.poll(2, status).lines.map((line) => line.split(' ')[0])).toEqual(['status', 'tx']);
    host.poll(3, long(6));
    expect(host.poll(4, status).lines.map((line) => line.split(' ')[0])).toEqual(['tx']);
  });

  testWith(noCompiler)('ends with silence, when its rest does not come', () => {
    host.poll(2, long(4).subarray(0, 150));
    expect(host.poll(202, Buffer.alloc(0)).lines).toEqual([]);
    expect(host.poll(203, status).lines.map((line) => line.split(' ')[0])).toEqual(['status', 'tx']);
  });
});
