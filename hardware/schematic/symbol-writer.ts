/**
 * Symbols as KiCad's library entries (file format 20250114): for the symbols inside a schematic and for the
 * project's own library. In a library y points up, on a sheet down. Invariant: both places get the same entry,
 * or KiCad's ERC would report a mismatch.
 */
import type { Point } from '../model/geometry';
import { SHEET_UNIT_MM, type Graphic, type SchematicSymbol, type SymbolPin } from '../model/part';
import { quoted, type Sexpr } from '../model/sexpr';

export const SCHEMATIC_FORMAT = 20250114;
export const LIBRARY_NAME = 'coinslot';
const TEXT_MM = 1.27;
const PIN_NAME_OFFSET_MM = 0.508;

const PIN_ANGLE: Readonly<Record<SymbolPin['toward'], number>> = { left: 0, right: 180, up: 270, down: 90 };

/** Library coordinates of a point. */
function xy(keyword: string, point: Point): Sexpr {
  return [keyword, point.x * SHEET_UNIT_MM, -point.y * SHEET_UNIT_MM];
}

export function effects(size = TEXT_MM, ...extra: Sexpr[]): Sexpr {
  return ['effects', ['font', ['size', size, size]], ...extra];
}

const HIDDEN: Sexpr = ['hide', 'yes'];
const STROKE: Sexpr = ['stroke', ['width', 0.1524], ['type', 'default']];

function fillOf(fill: string | undefined): Sexpr {
  return ['fill', ['type', fill ?? 'none']];
}

function graphicEntry(graphic: Graphic): Sexpr {
  switch (graphic.kind) {
    case 'rect': {
      const { box } = graphic;
      return [
        'rectangle',
        xy('start', { x: box.x1, y: box.y1 }),
        xy('end', { x: box.x2, y: box.y2 }),
        STROKE,
        fillOf(graphic.fill),
      ];
    }
    case 'line':
      return [
        'polyline',
        ['pts', ...graphic.points.map((point) => xy('xy', point))],
        STROKE,
        fillOf(graphic.fill),
      ];
    case 'circle':
      return [
        'circle',
        xy('center', graphic.at),
        ['radius', graphic.radius * SHEET_UNIT_MM],
        STROKE,
        fillOf(graphic.fill),
      ];
    case 'arc': {
      const [start, mid, end] = graphic.points;
      return ['arc', xy('start', start), xy('mid', mid), xy('end', end), STROKE, fillOf('none')];
    }
    case 'text':
      return ['text', quoted(graphic.text), [...(xy('at', graphic.at) as Sexpr[]), 0], effects()];
  }
}

function pinEntry(pin: SymbolPin): Sexpr {
  return [
    'pin',
    pin.type,
    'line',
    [...(xy('at', pin.at) as Sexpr[]), PIN_ANGLE[pin.toward]],
    ['length', pin.length * SHEET_UNIT_MM],
    ['name', quoted(pin.name), effects()],
    ['number', quoted(pin.number), effects()],
  ];
}

function property(name: string, value: string, isHidden: boolean): Sexpr {
  return [
    'property',
    quoted(name),
    quoted(value),
    ['at', 0, 0, 0],
    isHidden ? effects(TEXT_MM, HIDDEN) : effects(),
  ];
}

/** First letters of the references of parts with this symbol. */
function prefixOf(symbol: SchematicSymbol): string {
  if (symbol.name === 'PWR_FLAG') return '#FLG';
  return symbol.isPower ? '#PWR' : 'U';
}

/** The entry; `prefix` is the library's name and a colon inside a schematic, nothing in the library itself. */
export function symbolEntry(symbol: SchematicSymbol, prefix = ''): Sexpr {
  return [
    'symbol',
    quoted(prefix + symbol.name),
    ...(symbol.isPower ? [['power']] : []),
    ['pin_numbers', ['hide', symbol.showPinNumbers ? 'no' : 'yes']],
    [
      'pin_names',
      ['offset', symbol.showPinNames ? PIN_NAME_OFFSET_MM : 0],
      ['hide', symbol.showPinNames ? 'no' : 'yes'],
    ],
    ['exclude_from_sim', 'no'],
    ['in_bom', 'yes'],
    ['on_board', 'yes'],
    property('Reference', prefixOf(symbol), symbol.isPower ?? false),
    property('Value', symbol.name, false),
    property('Footprint', '', true),
    property('Datasheet', '', true),
    property('Description', '', true),
    ['symbol', quoted(`${symbol.name}_0_1`), ...symbol.graphics.map(graphicEntry)],
    ['symbol', quoted(`${symbol.name}_1_1`), ...symbol.pins.map(pinEntry)],
    ['embedded_fonts', 'no'],
  ];
}

export function symbolLibrary(symbols: readonly SchematicSymbol[]): Sexpr {
  return [
    'kicad_symbol_lib',
    ['version', 20241209],
    ['generator', quoted('coinslot')],
    ['generator_version', quoted('9.0')],
    ...symbols.map((symbol) => symbolEntry(symbol)),
  ];
}
