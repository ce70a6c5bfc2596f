/**
 * `npm run hardware`: writes everything that is made from the design to hardware/generated/ and says what
 * differs from what was there. With --check it writes nothing and fails on a difference.
 * Invariant: after a run the folder holds exactly the generated files, and the pictures that KiCad made.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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

/** Names of files that are missing, changed or not ours. */
function differences(files: ReadonlyMap<string, string>): { changed: string[]; foreign: string[] } {
  const changed = [...files.keys()].filter((name) => {
    const path = join(GENERATED, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== files.get(name);
  });
  const foreign = filesBelow(GENERATED)
    .map((path) => relative(GENERATED, path))
    .filter((name) => !files.has(name) && !name.startsWith(PICTURES));
  return { changed, foreign };
}

function main(): void {
  const isCheck = process.argv.includes('--check');
  const files = generatedFiles();
  const { changed, foreign } = differences(files);
  for (const name of changed) console.log(`differs: ${name}`);
  for (const name of foreign) console.log(`not made from the design: ${name}`);
  if (!isCheck) {
    for (const name of changed) {
      mkdirSync(dirname(join(GENERATED, name)), { recursive: true });
      writeFileSync(join(GENERATED, name), files.get(name)!);
    }
    for (const name of foreign) rmSync(join(GENERATED, name));
  }
  const isSame = changed.length + foreign.length === 0;
  console.log(
    `${files.size} files, ${isSame ? 'nothing differs' : `${changed.length + foreign.length} differ`}`,
  );
  if (isCheck && !isSame) process.exitCode = 1;
}

main();
