/**
 * `npm run hardware:pictures`: lets KiCad 9 draw the board from above, from below and at an angle, and the schematic
 * as PDF, into hardware/generated/pictures/. Needed after a change of the board; the result is committed with a
 * note of what it was made from, which a test compares, so that no picture of an older board is shown.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { KicadProject, kicadVersion } from './check/kicad';
import { command } from '../scripts/command-line';
import { generatedFiles } from './files';
import { PROJECT } from './schematic/sheet-writer';

export const PICTURES = join(__dirname, 'generated', 'pictures');
const SIZE = ['--width', '1400', '--height', '1050'];

/** SHA-256 over what the pictures show: board, sheets and bodies. */
export function shownHash(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (/\.(kicad_pcb|kicad_sch|wrl)$/.test(name)) hash.update(`${name}\0${text}\0`);
  return hash.digest('hex');
}

function main(): void {
  command('hardware:pictures', 'draws board and schematic with KiCad 9').parse();
  const version = kicadVersion();
  if (version === undefined) {
    console.error('KiCad 9 (kicad-cli) is needed to draw the pictures; nothing was changed');
    process.exitCode = 1;
    return;
  }
  mkdirSync(PICTURES, { recursive: true });
  const project = new KicadProject(join(__dirname, 'generated', 'kicad'));
  try {
    const board = `${PROJECT}.kicad_pcb`;
    const render = (name: string, ...options: string[]): void =>
      project.run('pcb', 'render', ...SIZE, ...options, '-o', project.path(name), board);
    render('top.png', '--side', 'top', '--zoom', '1.1');
    render('bottom.png', '--side', 'bottom', '--zoom', '1.1');
    render('board.jpg', '--rotate', '-40,0,20', '--perspective', '--quality', 'high');
    project.run('sch', 'export', 'pdf', '-o', project.path('schematic.pdf'), `${PROJECT}.kicad_sch`);
    for (const name of ['top.png', 'bottom.png', 'board.jpg', 'schematic.pdf'])
      copyFileSync(project.path(name), join(PICTURES, name));
  } finally {
    project.remove();
  }
  const made = { kicad: version, shown: shownHash(generatedFiles()) };
  writeFileSync(join(PICTURES, 'made-from.json'), `${JSON.stringify(made, null, 2)}\n`);
  console.log(`pictures drawn with KiCad ${version}`);
}

if (require.main === module) main();
