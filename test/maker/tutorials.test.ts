/** Tutorials and docs/maker-kit.md hold: every command exists and takes its options, every quotation is in its source. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Environment } from '../../maker/cli/environment';
import { Exit, EXIT_TEXTS } from '../../maker/cli/exit-codes';
import { run } from '../../maker/cli/program';
import { readOptions as readConform } from '../../maker/conform/options';
import { HOST_SITUATIONS } from '../../maker/conform/host-situations';
import { HostError } from '../../maker/host';
import { readOptions as readModule } from '../../maker/module/options';
import { measure } from '../../maker/size/main';
import { VirtualClock } from '../../sim/time/clock';

const ROOT = join(__dirname, '../..');
const TUTORIALS = readdirSync(join(ROOT, 'docs/tutorials')).map((name) => join('docs/tutorials', name));
const DOCUMENTS = [...TUTORIALS, 'docs/maker-kit.md', 'docs/maker-kit.zh.md'];
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: { [name: string]: string } };

/** Code blocks of a kind; '' for those without one. */
const blocks = (document: string, kind: string): string[] =>
  [...document.matchAll(/```(\w*)\n([^`]*)```/g)]
    .filter((match) => match[1] === kind)
    .map((match) => match[2]!);

/** Words of a shell line, with quotation marks. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!);

/** What the command says when nothing answers: 1 would mean that it did not understand. */
async function tryCommand(argv: readonly string[]): Promise<number> {
  const sink = new PassThrough();
  sink.resume();
  const environment: Environment = {
    clock: new VirtualClock(),
    stdin: new PassThrough(),
    stdout: sink,
    stderr: sink,
    isTerminal: false,
    defaultPort: 'tcp:7002',
    openPort: () => Promise.reject(new HostError('closed', 'nobody here')),
    listPorts: () => Promise.resolve([{ path: '/dev/ttyTEST', note: '' }]),
    writeFile: () => Promise.resolve(),
    onInterrupt: () => () => {},
  };
  return run(argv, environment);
}

test('there are three tutorials, each in two languages, and they name each other', () => {
  const names = TUTORIALS.filter((path) => !path.endsWith('.zh.md')).map((path) => path.replace(/\.md$/, ''));
  expect(names).toHaveLength(3);
  for (const name of names) {
    expect(TUTORIALS).toContain(`${name}.zh.md`);
    expect(read(`${name}.md`)).toContain(`(${name.split('/').pop()}.zh.md)`);
  }
});

test.each(DOCUMENTS.filter((path) => !path.endsWith('.zh.md')))(
  '%s: both languages have the same blocks',
  (path) => {
    const inAll = (document: string): string[] =>
      [...document.matchAll(/```\w*\n[^`]*```/g)].map((match) => match[0]);
    expect(inAll(read(path.replace(/\.md$/, '.zh.md')))).toEqual(inAll(read(path)));
  },
);

test.each(DOCUMENTS)('%s: every link leads somewhere', (path) => {
  for (const [, target] of read(path).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
    if (target!.startsWith('http')) continue;
    expect([target, existsSync(join(ROOT, dirname(path), target!))]).toEqual([target, true]);
  }
});

test.each(TUTORIALS)('%s: every command is one, with its options', async (path) => {
  const lines = blocks(read(path), 'sh').flatMap((block) => block.trim().split('\n'));
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const [first, second, name, dashes, ...rest] = wordsOf(line);
    if (first === 'npm' && second === 'run') {
      expect([line, scripts[name!] !== undefined]).toEqual([line, true]);
      expect([line, dashes ?? '--']).toEqual([line, '--']);
      if (name === 'maker')
        expect([line, [Exit.NoModule, Exit.Problem]]).toEqual([
          line,
          expect.arrayContaining([await tryCommand(rest)]),
        ]);
      else if (name === 'module') readModule(rest);
      else if (name === 'conform') readConform(rest);
      else throw new Error(`nobody checks the options of ${name}`);
    } else {
      expect([line, /^(npm ci|export COINSLOT_PORT=|cc |cp |\.\/machine |socat )/.test(line)]).toEqual([
        line,
        true,
      ]);
    }
    for (const [file] of line.matchAll(/\bmaker\/c(\/[\w./]+)?/g))
      expect([line, existsSync(join(ROOT, file))]).toEqual([line, true]);
  }
});

test('every command in the text of maker-kit is one', async () => {
  const rows = [...read('docs/maker-kit.md').matchAll(/^\| ([a-z][^|]*?) +\| [^|]+\|$/gm)].map(
    (match) => match[1]!,
  );
  const commands = rows.flatMap((row) => row.split(', ')).filter((row) => /^[a-z]+( |$)/.test(row));
  const tried: string[] = [];
  for (const command of commands.filter(
    (row) => !['command', 'code', 'target', 'failed', 'or failed'].includes(row),
  )) {
    tried.push(command);
    const exit = await tryCommand(command.split(' '));
    expect([command, exit]).toEqual([
      command,
      command === 'ports' ? Exit.Ok : expect.not.stringMatching(/^1$/),
    ]);
    expect([command, exit === Exit.Usage]).toEqual([command, false]);
  }
  expect(tried.length).toBeGreaterThan(12);
});

/** Quotations with their blanks evened out: the sources are formatted by other tools. */
const even = (text: string): string => text.replace(/\s+/g, ' ').trim();

test.each(TUTORIALS)('%s: what it quotes of a program stands in an example', (path) => {
  const sources = [
    'posix/machine.c',
    'arduino/coinslot_vending/coinslot_vending.ino',
    'arduino/coin_pulses/coin_pulses.ino',
  ];
  const all = sources.map((file) => even(read(join('maker/c/examples', file))));
  const quoted = [...blocks(read(path), 'c'), ...blocks(read(path), 'cpp')];
  expect(quoted.length).toBeGreaterThan(0);
  for (const block of quoted) {
    expect([block, all.some((source) => source.includes(even(block)))]).toEqual([block, true]);
  }
});

test('the exit codes of maker-kit are those of the command', () => {
  const rows = [...read('docs/maker-kit.md').matchAll(/^\| (\d+) +\| (.+?) +\|$/gm)].map((match) => [
    Number(match[1]),
    match[2],
  ]);
  expect(rows).toEqual(EXIT_TEXTS.map(([code, text]) => [code, text]));
  const chinese = [...read('docs/maker-kit.zh.md').matchAll(/^\| (\d+) +\|/gm)].map((match) =>
    Number(match[1]),
  );
  expect(chinese).toEqual(EXIT_TEXTS.map(([code]) => code));
});

test.each([
  ['Cortex-M0', 'cortexM0'],
  ['AVR', 'avr'],
  ['8051', 'mcs51'],
])('the size of the C library on %s is what maker-kit says', (title, name) => {
  const size = measure(name);
  if (!size) {
    console.warn(`skipped: no compiler for ${name}`);
    return;
  }
  for (const path of ['docs/maker-kit.md', 'docs/maker-kit.zh.md']) {
    const row = read(path)
      .split('\n')
      .find((line) => line.startsWith(`| ${title}`))!;
    const [text, ram] = row
      .split('|')
      .slice(3, 5)
      .map((cell) => parseInt(cell, 10));
    // Another release of a compiler may differ a little.
    expect([path, Math.abs(text! - size.text) <= size.text / 20]).toEqual([path, true]);
    expect([path, Math.abs(ram! - size.ram) <= size.ram / 20]).toEqual([path, true]);
  }
  // The aim of the library.
  if (name === 'cortexM0') expect([size.text < 4096, size.ram < 300]).toEqual([true, true]);
});

test('the table that the first tutorial shows begins as conform does', () => {
  const shown = blocks(read('docs/tutorials/first-payment.md'), '').find((block) =>
    block.includes('passed'),
  )!;
  const names = shown
    .split('\n')
    .filter((line) => line.includes('passed'))
    .map((line) => line.split(' ')[0]);
  expect(names).toEqual(HOST_SITUATIONS.slice(0, names.length).map(({ name }) => name));
});
