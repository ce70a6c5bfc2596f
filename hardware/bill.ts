/**
 * Bill of materials, placement list and cost, as files for a buyer and an assembler. Prices are estimates that
 * stand in the catalogue (library/), see README for their kind and date. Money here is US dollars, not fen: it is
 * a buyer's estimate and never meets an order. Invariant: every fitted part that is bought is in both lists.
 */
import { byName, type Circuit } from './circuit/circuit';
import { BOARD } from './layout/board';
import { placeParts } from './layout/placed';
import type { CatalogItem, Part } from './model/part';

export interface BillLine {
  readonly item: CatalogItem;
  readonly refs: readonly string[];
  readonly isFitted: boolean;
}

/** Lines by maker's number, in the order of their first reference. */
export function billOf(circuit: Circuit): BillLine[] {
  const lines = new Map<string, Part[]>();
  for (const part of circuit.parts.filter((candidate) => candidate.isInBom)) {
    const key = `${part.isFitted}/${part.item.manufacturer}/${part.item.mpn}/${part.item.footprint.name}`;
    lines.set(key, [...(lines.get(key) ?? []), part]);
  }
  return [...lines.values()]
    .map((parts) => ({
      item: parts[0]!.item,
      refs: parts.map((part) => part.ref).sort(byName),
      isFitted: parts[0]!.isFitted,
    }))
    .sort((a, b) => Number(b.isFitted) - Number(a.isFitted) || byName(a.refs[0]!, b.refs[0]!));
}

/** Parts of one board, in US dollars, when so many are built. */
export function costPerBoard(circuit: Circuit, boards: 10 | 1000): number {
  return billOf(circuit)
    .filter((line) => line.isFitted)
    .reduce(
      (sum, { item, refs }) => sum + refs.length * (boards === 10 ? item.priceAt10 : item.priceAt1000),
      0,
    );
}

function csv(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string => {
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

export function billFile(circuit: Circuit): string {
  const rows = billOf(circuit).map(({ item, refs, isFitted }) => [
    isFitted ? refs.length : 0,
    refs.join(' '),
    item.value,
    item.description,
    item.manufacturer,
    item.mpn,
    item.footprint.name,
    item.lcsc ?? '',
    item.alternative ?? '',
    item.priceAt10,
    item.priceAt1000,
    isFitted ? '' : 'not fitted',
  ]);
  return csv([
    [
      'Quantity',
      'References',
      'Value',
      'Description',
      'Manufacturer',
      'MPN',
      'Package',
      'LCSC',
      'Alternative',
      'USD at 10 boards',
      'USD at 1000 boards',
      'Remark',
    ],
    ...rows,
  ]);
}

/** From the board's bottom left corner, y upwards, turns counter-clockwise, as assemblers want it. */
export function placementFile(circuit: Circuit): string {
  const rows = placeParts(circuit)
    .filter(({ part }) => part.isFitted && part.isInBom)
    .map(({ part, at, turn }) => [
      part.ref,
      part.item.value,
      part.item.footprint.name,
      at.x.toFixed(3),
      (BOARD.height - at.y).toFixed(3),
      turn,
      'top',
      part.item.footprint.isThroughHole ? 'through hole' : 'surface',
    ]);
  return csv([
    ['Designator', 'Value', 'Package', 'Mid X', 'Mid Y', 'Rotation', 'Layer', 'Mounting'],
    ...rows,
  ]);
}
