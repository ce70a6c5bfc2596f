/**
 * `npm run torture:mutants [-- --only TEXT]`: breaks each safety rule of mutants.ts in a copy of the source in a
 * temporary folder and lets the campaigns look for it. A mutant is killed when a campaign finds one of the laws
 * broken that it is about; a campaign that cannot run at all kills nothing. Last line JSON; exits with 1 when one
 * survives.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import { command } from '../../command-line';
import { MUTANTS, type Mutant } from './mutants';

const ROOT = path.join(__dirname, '..', '..', '..');
/** What the campaigns need of the project. */
const COPIED = [
  'src',
  'server',
  'sim',
  'scripts',
  'espruino.config.js',
  'espruino.config.d.ts',
  'tsconfig.json',
  'package.json',
];
/** No campaign may take longer over one mutant. */
const LIMIT_MS = 900_000;
const FOUND = 1;

/** The source with one rule broken; throws when the text is not there exactly once. */
export function mutate(source: string, mutant: Mutant): string {
  const parts = source.split(mutant.text);
  if (parts.length !== 2) {
    throw new Error(
      `'${mutant.name}': its text stands ${parts.length - 1} times in ${mutant.file}, not once`,
    );
  }
  return parts.join(mutant.instead);
}

interface Verdict {
  readonly isKilled: boolean;
  readonly how: string;
}

function hasSummary(output: string): boolean {
  const last = output.trimEnd().split('\n').pop() ?? '';
  return last.startsWith('{') && Number.isInteger((JSON.parse(last) as { violations?: unknown }).violations);
}

function hunt(folder: string, mutant: Mutant): Verdict {
  let how = 'nobody found it';
  for (const [campaign, ...given] of mutant.finders) {
    const file = path.join('scripts', campaign!, 'main.ts');
    const tsx = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, file, ...given], {
      cwd: folder,
      encoding: 'utf8',
      timeout: LIMIT_MS,
      maxBuffer: 1 << 26,
    });
    // A campaign that has run says so in its last line; anything else may be a module that could not be loaded.
    if ((status !== 0 && status !== FOUND) || !hasSummary(stdout)) {
      return {
        isKilled: false,
        how: `${campaign} could not run: ${stderr.trim().split('\n').slice(-3).join(' / ')}`,
      };
    }
    const found = mutant.laws.find((law) => new RegExp(`^ .*${law}, `, 'm').test(stdout));
    if (status === FOUND && found) {
      const check = new RegExp(`${found}, ([^:\\n]+)`).exec(stdout);
      return { isKilled: true, how: `${campaign}: ${found}, ${check?.[1] ?? ''}` };
    }
    if (status === FOUND) how = `${campaign} found another law broken`;
  }
  return { isKilled: false, how };
}

function namesakes(text: string): readonly Mutant[] {
  const found = MUTANTS.filter(({ name }) => name.includes(text));
  if (found.length === 0) throw new InvalidArgumentError('No mutant has this in its name.');
  return found;
}

function main(): void {
  const { only } = command('torture:mutants', 'breaks each safety rule and lets the campaigns look for it')
    .option('--only <text>', 'those with this text in their name', namesakes)
    .parse()
    .opts<{ only?: readonly Mutant[] }>();
  const mutants = only ?? MUTANTS;
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-mutants-'));
  let killed = 0;
  const started = performance.now();
  try {
    for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    for (const mutant of mutants) {
      const file = path.join(folder, mutant.file);
      const whole = readFileSync(file, 'utf8');
      const beganMs = performance.now();
      writeFileSync(file, mutate(whole, mutant));
      const { isKilled, how } = hunt(folder, mutant);
      writeFileSync(file, whole);
      if (isKilled) killed += 1;
      const seconds = Math.round((performance.now() - beganMs) / 1000);
      console.log(`${isKilled ? 'killed  ' : 'SURVIVED'} ${mutant.name} (${seconds} s; ${how})`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify({ mutants: mutants.length, killed, seconds }));
  process.exitCode = killed === mutants.length ? 0 : 1;
}

if (require.main === module) main();
