/**
 * `npm run hardware:fill`: fills the pours with KiCad 9's filler and writes hardware/routed/fills.json. Needed
 * after routing, with KiCad installed; the result is committed. The board must have been written before
 * (`npm run hardware`).
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILLS_FILE, fillsText } from '../board/copper';
import { pourName } from '../board/board-writer';
import { PAGE_ORIGIN, POURS } from '../layout/board';
import { command } from '../../scripts/command-line';
import type { Point } from '../model/geometry';

const BOARD_FILE = join(__dirname, '..', 'generated', 'kicad', 'coinslot.kicad_pcb');
const SCRIPT = join(__dirname, 'fill-zones.py');
const OUTPUT_LIMIT = 64 * 1024 * 1024;

function pairs(flat: readonly number[]): Point[] {
  return Array.from({ length: flat.length / 2 }, (_, index) => ({
    x: flat[2 * index]! / 1000,
    y: flat[2 * index + 1]! / 1000,
  }));
}

function main(): void {
  command('hardware:fill', 'fills the pours with KiCad 9').parse();
  const args = [SCRIPT, BOARD_FILE, String(PAGE_ORIGIN.x), String(PAGE_ORIGIN.y)];
  const output = execFileSync('/usr/bin/python3', args, { maxBuffer: OUTPUT_LIMIT, encoding: 'utf8' });
  const json = output.slice(output.indexOf('{'));
  const fills = JSON.parse(json) as Record<string, number[][]>;
  const list = POURS.flatMap((pour, index) =>
    (fills[pourName(pour)] ?? []).map((flat) => ({ pour: index, polygon: pairs(flat) })),
  );
  for (const [index, pour] of POURS.entries()) {
    if (!list.some((fill) => fill.pour === index)) throw new Error(`pour ${pourName(pour)} was not filled`);
  }
  writeFileSync(FILLS_FILE, fillsText(list));
  console.log(
    `${list.length} filled areas, ${list.reduce((sum, fill) => sum + fill.polygon.length, 0)} corners`,
  );
}

main();
