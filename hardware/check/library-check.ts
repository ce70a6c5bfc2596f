/**
 * Compares our symbols and footprints with KiCad's own libraries, where both know a part: pin numbers with their
 * names, pads with their numbers, places and sizes. A wrong pin number in a drawing of our own is the classic
 * mistake that nets, ERC and DRC cannot see. Invariant: every deviation that is allowed stands in a table here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Footprint, Pad, SchematicSymbol } from '../model/part';
import { childOf, childrenOf, numberOf, parseSexpr, textOf, type Sexpr } from '../model/sexpr';
import { KICAD_FOOTPRINTS, KICAD_SYMBOLS } from './kicad';

type Node = readonly Sexpr[];

/** Other words for the same pin: ours, then KiCad's. */
const SAME_NAMES: readonly (readonly [ours: string, kicads: string])[] = [
  ['PAD', 'GNDPAD'],
  ['PAD', 'VSS'],
  ['V+', 'VS+'],
  ['V-', 'VS-'],
  ['IO1', 'I/O1'],
  ['IO2', 'I/O2'],
  ['IO3', 'I/O3'],
  ['IO4', 'I/O4'],
  ['DI', 'DI/IO_{0}'],
  ['DO', 'DO/IO_{1}'],
  ['~{WP}', '~{WP}/IO_{2}'],
  ['~{HOLD}', '~{HOLD}/~{RESET}/IO_{3}'],
  ['GND', 'G'],
  ['IO', 'I/O'],
  ['NRESET', '~{RESET}'],
  ['GSM_ANT', 'RF_ANT'],
  ['SIM_DET', 'SIM_PRESENCE'],
  ['DISP_DC', 'DISP_D/C'],
  ...['MIC', 'SPK'].flatMap((name) => ['P', 'N'].map((end) => [`${name}${end}`, `${name}_${end}`] as const)),
  ...[4, 3, 2, 1, 0].map((row, index) => [`KBR${row}`, `GPIO${index + 1}/KBR${row}`] as const),
  ...[4, 3, 2, 1].map((column, index) => [`KBC${column}`, `GPIO${index + 6}/KBC${column}`] as const),
];

/**
 * Where KiCad knows only a sibling: pins that differ from it. SIM900 has no USB, no Bluetooth, and leaves pins 2 and
 * 23 open; MAX485E has a driver enable where ours has a shutdown; the plain SIM card has no switch and no shell.
 */
const OTHER_PINS: Readonly<Record<string, readonly string[]>> = {
  SIM800A: ['2', '23', '24', '27', '28', '53'],
  MAX13487E: ['3'],
  NanoSIM: ['SW', 'SH'],
};

/** Pins whose KiCad symbol has no names; what the numbers mean is drawn. */
const UNNAMED = '~';
/** Pads that are larger than KiCad's, each with its reason: more copper round the holes of the 5 A contacts. */
const LARGER_PADS: readonly string[] = [
  'Relay_HF115F_1ZS1 11',
  'Relay_HF115F_1ZS1 12',
  'Relay_HF115F_1ZS1 14',
];
/** Middle of a pad, and its sides, in millimetres. */
const PLACE_TOLERANCE = 0.06;
const SIZE_TOLERANCE = 0.35;
/** Pads in a heat pad are its vias: how many there are is up to the designer. */
const isHeatVia = (footprint: Footprint, number: string): boolean =>
  footprint.pads.filter((pad) => pad.number === number).some((pad) => pad.hasNoPaste) && footprint.height > 0;

function kicadPins(library: Node, name: string): Map<string, string> {
  const symbol = childrenOf(library, 'symbol').find((candidate) => textOf(candidate[1]) === name);
  if (!symbol) throw new Error(`KiCad's library has no ${name}`);
  const parent = childrenOf(symbol, 'extends')[0];
  if (parent) return kicadPins(library, textOf(parent[1]));
  const pins = childrenOf(symbol, 'symbol').flatMap((unit) => childrenOf(unit, 'pin'));
  return new Map(pins.map((pin) => [textOf(childOf(pin, 'number')[1]), textOf(childOf(pin, 'name')[1])]));
}

const isSameName = (ours: string, kicads: string): boolean =>
  ours === kicads ||
  kicads === UNNAMED ||
  SAME_NAMES.some(([own, other]) => own === ours && other === kicads);

/** What differs from a symbol of KiCad's library given as text, as sentences. */
export function symbolFaults(symbol: SchematicSymbol, library: string): string[] {
  const theirs = kicadPins(parseSexpr(library), symbol.kicad!.split(':')[1]!);
  const ours = new Map(symbol.pins.map((pin) => [pin.number, pin.name]));
  const others = OTHER_PINS[symbol.name] ?? [];
  const numbers = [...new Set([...ours.keys(), ...theirs.keys()])].filter((pin) => !others.includes(pin));
  return numbers.flatMap((number) => {
    const [own, other] = [ours.get(number), theirs.get(number)];
    if (own === undefined || other === undefined)
      return [`${symbol.name} pin ${number}: ${own ?? 'none'} here, ${other ?? 'none'} in ${symbol.kicad}`];
    return isSameName(own, other) ? [] : [`${symbol.name} pin ${number}: ${own} here, ${other} in KiCad`];
  });
}

interface KicadPad {
  readonly number: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function kicadPads(footprint: Node): KicadPad[] {
  return childrenOf(footprint, 'pad').map((pad) => {
    const [at, size] = [childOf(pad, 'at'), childOf(pad, 'size')];
    const isLying = at[3] !== undefined && Math.round(numberOf(at[3]) / 90) % 2 !== 0;
    const [a, b] = [numberOf(size[1]), numberOf(size[2])];
    return {
      number: textOf(pad[1]),
      x: numberOf(at[1]),
      y: numberOf(at[2]),
      width: isLying ? b : a,
      height: isLying ? a : b,
    };
  });
}

const isSameSize = (pad: Pad, other: KicadPad): boolean =>
  Math.abs(other.width - pad.width) <= SIZE_TOLERANCE &&
  Math.abs(other.height - pad.height) <= SIZE_TOLERANCE;

/** What differs from a footprint of KiCad's library given as text, as sentences. */
export function footprintFaults(footprint: Footprint, file: string): string[] {
  const theirs = kicadPads(parseSexpr(file));
  const named = theirs.filter((pad) => pad.number !== '');
  const missing = named.filter((pad) => !footprint.pads.some((own) => own.number === pad.number));
  const faults = missing.map((pad) => `${footprint.name}: KiCad has a pad ${pad.number}, we have none`);
  for (const pad of footprint.pads) {
    if (pad.kind === 'through' && isHeatVia(footprint, pad.number)) continue;
    const near = theirs.filter(
      (other) =>
        other.number === pad.number && Math.hypot(other.x - pad.at.x, other.y - pad.at.y) <= PLACE_TOLERANCE,
    );
    const isLarger = LARGER_PADS.includes(`${footprint.name} ${pad.number}`);
    if (near.length === 0)
      faults.push(`${footprint.name}: KiCad has no pad ${pad.number} at ${pad.at.x}, ${pad.at.y}`);
    else if (!isLarger && !near.some((other) => isSameSize(pad, other)))
      faults.push(
        `${footprint.name} pad ${pad.number}: ${pad.width} x ${pad.height} here, ${near[0]!.width} x ${near[0]!.height} in KiCad`,
      );
  }
  return faults;
}

export interface LibraryCheck {
  readonly faults: readonly string[];
  readonly symbols: number;
  readonly footprints: number;
}

/** Everything that names a counterpart in KiCad's libraries. */
export function libraryCheck(
  symbols: readonly SchematicSymbol[],
  footprints: readonly Footprint[],
): LibraryCheck {
  const known = symbols.filter((symbol) => symbol.kicad);
  const drawn = footprints.filter((footprint) => footprint.kicad);
  const read = (path: string): string | undefined =>
    existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const symbolFindings = known.flatMap((symbol) => {
    const library = read(join(KICAD_SYMBOLS, `${symbol.kicad!.split(':')[0]}.kicad_sym`));
    return library
      ? symbolFaults(symbol, library)
      : [`KiCad's symbols for ${symbol.kicad} are not installed`];
  });
  const footprintFindings = drawn.flatMap((footprint) => {
    const [folder, name] = footprint.kicad!.split(':');
    const file = read(join(KICAD_FOOTPRINTS, `${folder}.pretty`, `${name}.kicad_mod`));
    return file
      ? footprintFaults(footprint, file)
      : [`KiCad's footprint ${footprint.kicad} is not installed`];
  });
  return {
    faults: [...symbolFindings, ...footprintFindings],
    symbols: known.length,
    footprints: drawn.length,
  };
}
