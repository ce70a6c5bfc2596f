/**
 * A drawn sheet as a `.kicad_sch` file (format 20250114). What is drawn where is decided in drawing.ts.
 * Source: KiCad developer documentation, "Schematic file format". Invariant: UUIDs follow from names, so that
 * the board's footprints find their symbols (board/board-writer.ts uses the same names).
 */
import { uuidOf } from '../model/identity';
import type { Box, Point } from '../model/geometry';
import { SHEET_UNIT_MM, type Part, type SchematicSymbol } from '../model/part';
import { quoted, type Sexpr } from '../model/sexpr';
import { POWER_FLAG, rail } from '../library/symbol-boxes';
import type { DrawnLabel, DrawnRail, Drawing } from './drawing';
import { LETTER_WIDTH, partTexts, type Direction, type PlacedText } from './placed';
import { effects, LIBRARY_NAME, SCHEMATIC_FORMAT, symbolEntry } from './symbol-writer';

export const PROJECT = 'coinslot';

export const rootUuid = (): string => uuidOf('sheet/root');
export const sheetUuid = (sheet: string): string => uuidOf(`sheet/${sheet}`);
export const symbolUuid = (part: Part): string => uuidOf(`symbol/${part.ref}`);

const mm = (units: number): number => Math.round(units * SHEET_UNIT_MM * 10000) / 10000;

function at(point: Point, angle = 0): Sexpr {
  return ['at', mm(point.x), mm(point.y), angle];
}

function uuid(name: string): Sexpr {
  return ['uuid', quoted(uuidOf(name))];
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

/** A field; on a part that lies on its side KiCad turns it back if it is stored turned. */
function field(name: string, value: string, place: PlacedText | undefined, part: Part): Sexpr {
  const isLying = part.position.turn === 90 || part.position.turn === 270;
  const angle = isLying ? 90 : 0;
  return [
    'property',
    quoted(name),
    quoted(value),
    at(place?.at ?? part.position, place ? angle : 0),
    place ? effects() : effects(1.27, ['hide', 'yes']),
  ];
}

function instances(path: string, reference: string): Sexpr {
  return [
    'instances',
    ['project', quoted(PROJECT), ['path', quoted(path), ['reference', quoted(reference)], ['unit', 1]]],
  ];
}

/** Everything that the bill of materials needs stands in the part's fields too. */
function partEntry(part: Part, path: string): Sexpr {
  const { item, position } = part;
  const [refText, valueText] = partTexts(part);
  return [
    'symbol',
    ['lib_id', quoted(`${LIBRARY_NAME}:${item.symbol.name}`)],
    at(position, position.turn),
    ...(position.isMirrored ? [['mirror', 'y']] : []),
    ['unit', 1],
    ['exclude_from_sim', 'no'],
    ['in_bom', yesNo(part.isInBom)],
    ['on_board', 'yes'],
    ['dnp', yesNo(!part.isFitted)],
    ['uuid', quoted(symbolUuid(part))],
    field('Reference', part.ref, refText, part),
    field('Value', item.value, valueText, part),
    field('Footprint', `${LIBRARY_NAME}:${item.footprint.name}`, undefined, part),
    field('Datasheet', item.dataSheet, undefined, part),
    field('Description', item.description, undefined, part),
    field('Manufacturer', item.manufacturer, undefined, part),
    field('MPN', item.mpn, undefined, part),
    ...item.symbol.pins.map((pin): Sexpr => [
      'pin',
      quoted(pin.number),
      uuid(`pin/${part.ref}/${pin.number}`),
    ]),
    instances(path, part.ref),
  ];
}

const GROUND_TURN: Readonly<Record<Direction, number>> = { down: 0, right: 90, up: 180, left: 270 };
const RAIL_TURN: Readonly<Record<Direction, number>> = { up: 0, left: 90, down: 180, right: 270 };

/** Middle of a rail's name, outside its symbol. */
function railTextAt(drawn: DrawnRail): Point {
  const away =
    drawn.toward === 'up' || drawn.toward === 'down' ? 2.8 : 2.4 + (drawn.net.length * LETTER_WIDTH) / 2;
  const step = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[drawn.toward] as [number, number];
  return { x: drawn.at.x + step[0] * away, y: drawn.at.y + step[1] * away };
}

function railEntry(drawn: DrawnRail, index: number, sheet: string, path: string): Sexpr {
  const isGround = drawn.net === 'GND';
  const turn = (isGround ? GROUND_TURN : RAIL_TURN)[drawn.toward];
  const reference = `${drawn.isFlag ? '#FLG' : '#PWR'}${sheet}${String(index + 1).padStart(3, '0')}`;
  const name = `rail/${sheet}/${index}`;
  const textAngle = turn === 90 || turn === 270 ? 90 : 0;
  const showsName = !isGround && !drawn.isFlag;
  return [
    'symbol',
    ['lib_id', quoted(`${LIBRARY_NAME}:${drawn.net}`)],
    at(drawn.at, turn),
    ['unit', 1],
    ['exclude_from_sim', 'no'],
    ['in_bom', 'yes'],
    ['on_board', 'yes'],
    ['dnp', 'no'],
    uuid(name),
    ['property', quoted('Reference'), quoted(reference), at(drawn.at), effects(1.27, ['hide', 'yes'])],
    [
      'property',
      quoted('Value'),
      quoted(drawn.net),
      at(railTextAt(drawn), textAngle),
      showsName ? effects() : effects(1.27, ['hide', 'yes']),
    ],
    ['property', quoted('Footprint'), quoted(''), at(drawn.at), effects(1.27, ['hide', 'yes'])],
    ['property', quoted('Datasheet'), quoted(''), at(drawn.at), effects(1.27, ['hide', 'yes'])],
    ['property', quoted('Description'), quoted(''), at(drawn.at), effects(1.27, ['hide', 'yes'])],
    ['pin', quoted('1'), uuid(`${name}/1`)],
    instances(path, reference),
  ];
}

const LABEL_ANGLE: Readonly<Record<Direction, number>> = { right: 0, up: 90, left: 180, down: 270 };

function labelEntry(label: DrawnLabel, index: number, sheet: string): Sexpr {
  const side = label.toward === 'left' || label.toward === 'down' ? 'right' : 'left';
  const name = `label/${sheet}/${index}`;
  const place = at(label.at, LABEL_ANGLE[label.toward]);
  if (!label.isGlobal) {
    return ['label', quoted(label.net), place, effects(1.27, ['justify', side, 'bottom']), uuid(name)];
  }
  return [
    'global_label',
    quoted(label.net),
    ['shape', 'bidirectional'],
    place,
    ['fields_autoplaced', 'yes'],
    effects(1.27, ['justify', side]),
    uuid(name),
    [
      'property',
      quoted('Intersheetrefs'),
      quoted('${INTERSHEET_REFS}'),
      at(label.at),
      effects(1.27, ['hide', 'yes']),
    ],
  ];
}

/** A frame round a block with its title inside, at the top. */
function frameEntries(title: string, box: Box, name: string): Sexpr[] {
  const grey: Sexpr = ['color', 132, 132, 132, 1];
  return [
    [
      'rectangle',
      ['start', mm(box.x1), mm(box.y1)],
      ['end', mm(box.x2), mm(box.y2)],
      ['stroke', ['width', 0.2], ['type', 'dash'], grey],
      ['fill', ['type', 'none']],
      uuid(`${name}/frame`),
    ],
    [
      'text',
      quoted(title),
      ['exclude_from_sim', 'no'],
      at({ x: box.x1 + 0.8, y: box.y1 + 0.6 }),
      ['effects', ['font', ['size', 1.5, 1.5], ['bold', 'yes']], ['justify', 'left', 'top']],
      uuid(`${name}/title`),
    ],
  ];
}

export function titleBlock(title: string, page: string): Sexpr {
  return [
    'title_block',
    ['title', quoted(title)],
    ['rev', quoted('A')],
    ['company', quoted('Coinslot payment module')],
    ['comment', 1, quoted('made from hardware/circuit; do not edit by hand')],
    ['comment', 2, quoted(page)],
  ];
}

function symbolsOf(drawing: Drawing): SchematicSymbol[] {
  const symbols = new Map<string, SchematicSymbol>();
  for (const part of drawing.parts) symbols.set(part.item.symbol.name, part.item.symbol);
  for (const drawn of drawing.rails) symbols.set(drawn.net, drawn.isFlag ? POWER_FLAG : rail(drawn.net));
  return [...symbols.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** The file's content. */
export function sheetFile(drawing: Drawing): Sexpr {
  const { sheet } = drawing;
  const path = `/${rootUuid()}/${sheetUuid(sheet.name)}`;
  const name = sheet.name;
  return [
    'kicad_sch',
    ['version', SCHEMATIC_FORMAT],
    ['generator', quoted('coinslot')],
    ['generator_version', quoted('9.0')],
    uuid(`file/${name}`),
    ['paper', quoted('User'), mm(sheet.paper.width), mm(sheet.paper.height)],
    titleBlock(sheet.title, name),
    ['lib_symbols', ...symbolsOf(drawing).map((symbol) => symbolEntry(symbol, `${LIBRARY_NAME}:`))],
    ...sheet.frames.flatMap((frame, index) => frameEntries(frame.title, frame.box, `frame/${name}/${index}`)),
    ...sheet.notes.map((note, index): Sexpr => [
      'text',
      quoted(note.text),
      ['exclude_from_sim', 'no'],
      at(note.at),
      ['effects', ['font', ['size', 1.1, 1.1], ['italic', 'yes']], ['justify', 'left']],
      uuid(`note/${name}/${index}`),
    ]),
    ...drawing.junctions.map((point, index): Sexpr => [
      'junction',
      ['at', mm(point.x), mm(point.y)],
      ['diameter', 0],
      ['color', 0, 0, 0, 0],
      uuid(`junction/${name}/${index}`),
    ]),
    ...drawing.unused.map((point, index): Sexpr => [
      'no_connect',
      ['at', mm(point.x), mm(point.y)],
      uuid(`unused/${name}/${index}`),
    ]),
    ...drawing.wires.map((wire, index): Sexpr => [
      'wire',
      ['pts', ['xy', mm(wire.from.x), mm(wire.from.y)], ['xy', mm(wire.to.x), mm(wire.to.y)]],
      ['stroke', ['width', 0], ['type', 'default']],
      uuid(`wire/${name}/${index}`),
    ]),
    ...drawing.labels.map((label, index) => labelEntry(label, index, name)),
    ...drawing.parts.map((part) => partEntry(part, path)),
    ...drawing.rails.map((drawn, index) => railEntry(drawn, index, name, path)),
    ['embedded_fonts', 'no'],
  ];
}
