/**
 * Everything that is made from the design, as file names and contents: KiCad's project, the bill of materials,
 * the placement list. `npm run hardware` (make.ts) writes them; the checks read them back.
 * Invariant: the same design gives the same bytes; nothing here looks at the clock or the machine.
 */
import { billFile, placementFile } from './bill';
import { boardFile } from './board/board-writer';
import { readCopper, readFills } from './board/copper';
import { footprintEntry } from './board/footprint-writer';
import { modelFile } from './board/models';
import { customRules, libraryTable, projectFile } from './board/project-writer';
import { calculationsDocument } from './calculations/report';
import { coinslotCircuit, type Circuit } from './circuit/circuit';
import { POURS } from './layout/board';
import { printSexpr, type Sexpr } from './model/sexpr';
import type { Footprint, SchematicSymbol } from './model/part';
import { POWER_FLAG, rail } from './library/symbol-boxes';
import { drawSheet, kicadNetNames, type Drawing } from './schematic/drawing';
import { rootFile, sheetFileName } from './schematic/root-writer';
import { PROJECT, rootUuid, sheetFile, sheetUuid } from './schematic/sheet-writer';
import { LIBRARY_NAME, symbolLibrary } from './schematic/symbol-writer';

export interface Design {
  readonly circuit: Circuit;
  readonly drawings: readonly Drawing[];
  /** KiCad's name of each net. */
  readonly netNames: ReadonlyMap<string, string>;
}

export function coinslotDesign(): Design {
  const circuit = coinslotCircuit();
  const drawings = circuit.sheets.map((sheet) => drawSheet(circuit, sheet));
  return { circuit, drawings, netNames: kicadNetNames(circuit, drawings) };
}

/** By name, once each; two different ones under a name are a mistake of the library. */
function unique<T extends { readonly name: string }>(items: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const item of items) {
    const known = byName.get(item.name);
    if (known && JSON.stringify(known) !== JSON.stringify(item))
      throw new Error(`two different ${item.name}`);
    byName.set(item.name, item);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function symbolsOf(design: Design): SchematicSymbol[] {
  const rails = design.drawings.flatMap((drawing) =>
    drawing.rails.map((drawn) => (drawn.isFlag ? POWER_FLAG : rail(drawn.net))),
  );
  return unique([...design.circuit.parts.map((part) => part.item.symbol), ...rails]);
}

export function footprintsOf(design: Design): Footprint[] {
  return unique(design.circuit.parts.map((part) => part.item.footprint));
}

function kicadFiles(design: Design): [string, string][] {
  const { circuit, drawings, netNames } = design;
  const text = (tree: Sexpr): string => printSexpr(tree);
  const sheets = [
    [rootUuid(), 'Root'] as const,
    ...circuit.sheets.map((sheet) => [sheetUuid(sheet.name), sheet.name] as const),
  ];
  return [
    [`${PROJECT}.kicad_pro`, projectFile(netNames, sheets)],
    [`${PROJECT}.kicad_dru`, customRules(netNames)],
    [`${PROJECT}.kicad_sch`, text(rootFile(circuit.sheets))],
    ...drawings.map((drawing): [string, string] => [
      sheetFileName(drawing.sheet.name),
      text(sheetFile(drawing)),
    ]),
    [`${PROJECT}.kicad_pcb`, text(boardFile(circuit, netNames, readCopper(), readFills(POURS)))],
    [`${LIBRARY_NAME}.kicad_sym`, text(symbolLibrary(symbolsOf(design)))],
    ['sym-lib-table', text(libraryTable('sym'))],
    ['fp-lib-table', text(libraryTable('fp'))],
    ...footprintsOf(design).map((footprint): [string, string] => [
      `${LIBRARY_NAME}.pretty/${footprint.name}.kicad_mod`,
      text(footprintEntry(footprint)),
    ]),
  ];
}

function models(design: Design): [string, string][] {
  return footprintsOf(design).flatMap((footprint): [string, string][] => {
    const model = modelFile(footprint);
    return model === undefined ? [] : [[`models/${footprint.name}.wrl`, model]];
  });
}

/** All generated files, by their name below hardware/generated/. */
export function generatedFiles(design: Design = coinslotDesign()): ReadonlyMap<string, string> {
  const kicad = [...kicadFiles(design), ...models(design)];
  return new Map([
    ...kicad.map(([name, content]): [string, string] => [`kicad/${name}`, content]),
    ['bill-of-materials.csv', billFile(design.circuit)],
    ['placement.csv', placementFile(design.circuit)],
    ['calculations.md', calculationsDocument()],
  ]);
}
