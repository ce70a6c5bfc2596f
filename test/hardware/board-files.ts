/**
 * The committed files, read back once for all tests of a file, and small changes made to them. That they are what
 * the source makes is told by generated.test.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coinslotCircuit } from '../../hardware/circuit/circuit';
import { readBoard, type ReadBoard, type Shape } from '../../hardware/check/read-board';
import { readSchematic, sheetFilesOf, type ReadSchematic } from '../../hardware/check/read-schematic';

export const GENERATED = join(__dirname, '..', '..', 'hardware', 'generated');
export const circuit = coinslotCircuit();

export function file(name: string): string {
  return readFileSync(join(GENERATED, 'kicad', name), 'utf8');
}

/** The schematic, with one sheet's text changed. */
export function schematicWith(sheet: string, change: (text: string) => string): ReadSchematic {
  const sheets = [...sheetFilesOf(file('coinslot.kicad_sch'))].map(
    ([name, path]) => [name, name === sheet ? changed(file(path), change) : file(path)] as const,
  );
  return readSchematic(sheets);
}

/** A change that changes nothing would make a test that cannot fail. */
export function changed(text: string, change: (text: string) => string): string {
  const after = change(text);
  if (after === text) throw new Error('the mutation did not change the text');
  return after;
}

export const schematic = schematicWithout();
export const board = readBoard(file('coinslot.kicad_pcb'));

function schematicWithout(): ReadSchematic {
  const sheets = [...sheetFilesOf(file('coinslot.kicad_sch'))].map(
    ([name, path]) => [name, file(path)] as const,
  );
  return readSchematic(sheets);
}

/** The board with every shape passed through `change`; undefined takes it away. */
export function boardWith(change: (shape: Shape) => Shape | undefined): ReadBoard {
  const shapes = board.shapes.flatMap((shape) => change(shape) ?? []);
  if (shapes.length === board.shapes.length && shapes.every((shape, index) => shape === board.shapes[index]))
    throw new Error('the mutation did not change the board');
  return { ...board, shapes };
}

/** The board without one part, pads and copper of its pads included. */
export function boardWithoutPart(ref: string): ReadBoard {
  const footprints = board.footprints.filter((footprint) => footprint.ref !== ref);
  if (footprints.length === board.footprints.length) throw new Error(`no part ${ref}`);
  const shapes = board.shapes.filter((shape) => !shape.what.startsWith(`${ref}.`));
  return { ...board, footprints, shapes };
}
