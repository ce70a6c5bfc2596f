/**
 * `npm run hardware`: writes everything that is made from the design to hardware/generated/ and says what
 * differs from what was there. With --check it writes nothing and fails on a difference.
 * Invariant: after a run the folder holds exactly the generated files, and the pictures that KiCad made.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { command } from '../scripts/command-line';
import { generatedFiles } from './files';

export const GENERATED = join(__dirname, 'generated');
/** Made by KiCad (hardware:pictures), not by us. */
const PICTURES = 'pictures';

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

export interface Differences {
  /** Missing, or other than the design makes them. */
  readonly changed: readonly string[];
  /** There, but not made from the design. */
  readonly foreign: readonly string[];
}

/** How a folder differs from the files that the design makes. */
export function differences(files: ReadonlyMap<string, string>, folder = GENERATED): Differences {
  const changed = [...files.keys()].filter((name) => {
    const path = join(folder, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== files.get(name);
  });
  const foreign = filesBelow(folder)
    .map((path) => relative(folder, path))
    .filter((name) => !files.has(name) && !name.startsWith(PICTURES));
  return { changed, foreign };
}

/** Makes the folder hold these files and no others, pictures aside. */
export function writeFiles(
  files: ReadonlyMap<string, string>,
  { changed, foreign }: Differences,
  folder = GENERATED,
): void {
  for (const name of changed) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), files.get(name)!);
  }
  for (const name of foreign) rmSync(join(folder, name));
}

function main(): void {
  const { check: isCheck } = command('hardware', 'writes everything that is made from the design')
    .option('--check', 'writes nothing; exits with 1 when anything differs', false)
    .parse()
    .opts<{ check: boolean }>();
  const files = generatedFiles();
  const found = differences(files);
  const { changed, foreign } = found;
  for (const name of changed) console.log(`differs: ${name}`);
  for (const name of foreign) console.log(`not made from the design: ${name}`);
  if (!isCheck) writeFiles(files, found);
  const isSame = changed.length + foreign.length === 0;
  console.log(
    `${files.size} files, ${isSame ? 'nothing differs' : `${changed.length + foreign.length} differ`}`,
  );
  if (isCheck && !isSame) process.exitCode = 1;
}

if (require.main === module) main();
