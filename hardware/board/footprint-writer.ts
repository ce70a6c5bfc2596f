/**
 * Footprints as KiCad writes them (format 20241229): on the board with nets and fields, and in the project's own
 * library without. Both come from the same function, or KiCad's DRC would report that they differ.
 * Invariant: UUIDs follow from names; the path to the symbol is the one that sheet-writer.ts gives it.
 */
import { turned, type Box, type Point, type QuarterTurn } from '../model/geometry';
import { uuidOf } from '../model/identity';
import type { Footprint, Keepout, Pad, Part } from '../model/part';
import { quoted, type Sexpr } from '../model/sexpr';
import { sheetFileName } from '../schematic/root-writer';
import { sheetUuid, symbolUuid } from '../schematic/sheet-writer';
import { LIBRARY_NAME } from '../schematic/symbol-writer';
import { onBoard } from '../layout/placed';
import type { SilkText } from './silk';

export const BOARD_FORMAT = 20241229;
/** Corner radius of pads, as a share of the shorter side; KiCad's own is a quarter, 0.25 mm at most. */
const CORNER_SHARE = 0.25;
const CORNER_MAX_MM = 0.25;
const SILK_MM = 0.15;
const FAB_MM = 0.1;
const COURTYARD_MM = 0.05;

/** What a footprint on the board has and one in the library has not. */
export interface Placed {
  readonly part: Part;
  readonly at: Point;
  readonly turn: QuarterTurn;
  readonly netNames: ReadonlyMap<string, string>;
  readonly netNumbers: ReadonlyMap<string, number>;
  /** Where the reference is printed, or undefined when there is no room for it. */
  readonly reference: SilkText | undefined;
}

function uuid(name: string): Sexpr {
  return ['uuid', quoted(uuidOf(name))];
}

function stroke(width: number): Sexpr {
  return ['stroke', ['width', width], ['type', 'solid']];
}

function line(from: Point, to: Point, layer: string, width: number, name: string): Sexpr {
  return [
    'fp_line',
    ['start', from.x, from.y],
    ['end', to.x, to.y],
    stroke(width),
    ['layer', quoted(layer)],
    uuid(name),
  ];
}

function textEffects(size: number, ...extra: Sexpr[]): Sexpr {
  return ['effects', ['font', ['size', size, size], ['thickness', Math.max(SILK_MM, 0.15 * size)]], ...extra];
}

const HIDE: Sexpr = ['hide', 'yes'];

function hiddenProperty(name: string, value: string, id: string): Sexpr {
  return [
    'property',
    quoted(name),
    quoted(value),
    ['at', 0, 0, 0],
    ['layer', quoted('F.Fab')],
    HIDE,
    uuid(`${id}/field/${name}`),
    textEffects(1),
  ];
}

/** The reference: printed where silk.ts found room, else on the fabrication layer, in the middle of the part. */
function referenceProperty(ref: string, placed: Placed | undefined, id: string): Sexpr {
  const printed = placed?.reference;
  const middle = { x: 0, y: 0 };
  const relative =
    printed && placed
      ? turned({ x: printed.at.x - placed.at.x, y: printed.at.y - placed.at.y }, -placed.turn)
      : middle;
  return [
    'property',
    quoted('Reference'),
    quoted(ref),
    ['at', relative.x, relative.y, printed?.turn ?? 0],
    ['layer', quoted(printed || !placed ? 'F.SilkS' : 'F.Fab')],
    uuid(`${id}/field/Reference`),
    textEffects(printed?.size ?? 0.8),
  ];
}

function padLayers(pad: Pad): string[] {
  if (pad.kind === 'hole') return ['F&B.Cu', '*.Mask'];
  if (pad.kind === 'through') return ['*.Cu', ...(pad.hasNoMask ? [] : ['*.Mask'])];
  const side = pad.isBack ? 'B' : 'F';
  return [
    `${side}.Cu`,
    ...(pad.hasNoMask ? [] : [`${side}.Mask`]),
    ...(pad.hasNoPaste ? [] : [`${side}.Paste`]),
  ];
}

const PAD_KIND = { smd: 'smd', through: 'thru_hole', hole: 'np_thru_hole' } as const;

function drillEntry(pad: Pad): Sexpr[] {
  if (pad.drill === undefined) return [];
  return [typeof pad.drill === 'number' ? ['drill', pad.drill] : ['drill', 'oval', ...pad.drill]];
}

function padEntry(pad: Pad, index: number, placed: Placed | undefined, id: string): Sexpr {
  const net = pad.number === '' ? null : (placed?.part.pins.get(pad.number) ?? null);
  const symbolPin = placed?.part.item.symbol.pins.find((pin) => pin.number === pad.number);
  const ratio = Math.min(CORNER_SHARE, CORNER_MAX_MM / Math.min(pad.width, pad.height));
  return [
    'pad',
    quoted(pad.number),
    PAD_KIND[pad.kind],
    pad.shape,
    ['at', pad.at.x, pad.at.y, ...(placed?.turn ? [placed.turn] : [])],
    ['size', pad.width, pad.height],
    ...drillEntry(pad),
    ['layers', ...padLayers(pad).map(quoted)],
    ...(pad.kind === 'through' ? [['remove_unused_layers', 'no']] : []),
    ...(pad.shape === 'roundrect' ? [['roundrect_rratio', ratio]] : []),
    ...(placed && net !== null
      ? [['net', placed.netNumbers.get(net)!, quoted(placed.netNames.get(net)!)]]
      : []),
    ...(placed && net === null && symbolPin ? unusedNet(placed, pad) : []),
    ...(symbolPin
      ? [
          ['pinfunction', quoted(symbolPin.name)],
          ['pintype', quoted(pinType(symbolPin.type, net))],
        ]
      : []),
    ...(pad.isSolid ? [['zone_connect', 2]] : []),
    uuid(`${id}/pad/${index}`),
  ] as Sexpr[];
}

/** KiCad gives a pin that is declared unused a net of its own. */
export function unusedNetName(part: Part, pad: string): string {
  const pin = part.item.symbol.pins.find((candidate) => candidate.number === pad)!;
  const name = pin.name === '~' ? '' : `-${pin.name.replace(/\//g, '{slash}')}`;
  return `unconnected-(${part.ref}${name}-Pad${pad})`;
}

function unusedNet(placed: Placed, pad: Pad): Sexpr[] {
  const name = unusedNetName(placed.part, pad.number);
  return [['net', placed.netNumbers.get(name)!, quoted(name)]];
}

function pinType(type: string, net: string | null): string {
  return net === null && type !== 'no_connect' ? `${type}+no_connect` : type;
}

function keepoutEntry(keepout: Keepout, placed: Placed | undefined, name: string): Sexpr {
  const allows = (isAllowed: boolean): string => (isAllowed ? 'allowed' : 'not_allowed');
  const isCopper = keepout.forbids === 'copper';
  const corners = keepout.polygon.map((corner) =>
    placed ? onBoard(corner, placed.at, placed.turn) : corner,
  );
  return [
    'zone',
    ['net', 0],
    ['net_name', quoted('')],
    ['layer', quoted('F.Cu')],
    uuid(name),
    ['hatch', 'full', 0.508],
    ['connect_pads', ['clearance', 0]],
    ['min_thickness', 0.254],
    ['filled_areas_thickness', 'no'],
    [
      'keepout',
      ['tracks', allows(!isCopper)],
      ['vias', 'not_allowed'],
      ['pads', 'allowed'],
      ['copperpour', allows(!isCopper)],
      ['footprints', 'allowed'],
    ],
    ['fill', ['thermal_gap', 0.508], ['thermal_bridge_width', 0.508]],
    ['polygon', ['pts', ...corners.map(({ x, y }): Sexpr => ['xy', x, y])]],
  ];
}

function boxLines(
  box: { x1: number; y1: number; x2: number; y2: number },
  layer: string,
  width: number,
  id: string,
): Sexpr {
  return [
    'fp_rect',
    ['start', box.x1, box.y1],
    ['end', box.x2, box.y2],
    stroke(width),
    ['fill', 'no'],
    ['layer', quoted(layer)],
    uuid(`${id}/${layer}`),
  ];
}

function drawings(footprint: Footprint, id: string): Sexpr[] {
  const dot: Sexpr[] = footprint.dot
    ? [
        [
          'fp_circle',
          ['center', footprint.dot.x, footprint.dot.y],
          ['end', footprint.dot.x + 0.15, footprint.dot.y],
          stroke(0.15),
          ['fill', 'yes'],
          ['layer', quoted('F.SilkS')],
          uuid(`${id}/dot`),
        ],
      ]
    : [];
  return [
    ...footprint.silk.map(([from, to], index) => line(from, to, 'F.SilkS', SILK_MM, `${id}/silk/${index}`)),
    ...dot,
    boxLines(footprint.courtyard, 'F.CrtYd', COURTYARD_MM, id),
    boxLines(footprint.body, 'F.Fab', FAB_MM, id),
  ];
}

/** Openings without copper of their own: of the paste stencil and of the solder mask. */
function windowEntries(footprint: Footprint, placed: Placed | undefined, id: string): Sexpr[] {
  const entry =
    (kind: 'paste' | 'mask') =>
    (box: Box, index: number): Sexpr => [
      'pad',
      quoted(''),
      'smd',
      ...(kind === 'paste' ? ['roundrect'] : ['rect']),
      ['at', (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, ...(placed?.turn ? [placed.turn] : [])],
      ['size', box.x2 - box.x1, box.y2 - box.y1],
      ['layers', quoted(kind === 'paste' ? 'F.Paste' : 'F.Mask')],
      ...(kind === 'paste' ? [['roundrect_rratio', 0.2] as Sexpr] : []),
      uuid(`${id}/${kind}/${index}`),
    ];
  return [
    ...(footprint.pasteWindows ?? []).map(entry('paste')),
    ...(footprint.maskWindows ?? []).map(entry('mask')),
  ];
}

/** KiCad's attributes: how it is mounted, whether it is bought and placed. */
function attributes(footprint: Footprint, part: Part | undefined): Sexpr {
  const isFixture = part ? !part.isInBom : footprint.height === 0;
  return [
    'attr',
    footprint.isThroughHole ? 'through_hole' : 'smd',
    ...(isFixture ? ['exclude_from_pos_files', 'exclude_from_bom'] : []),
    ...(part && !part.isFitted ? ['dnp'] : []),
  ];
}

function modelEntry(footprint: Footprint): Sexpr[] {
  if (footprint.height === 0) return [];
  return [
    [
      'model',
      quoted(`\${KIPRJMOD}/models/${footprint.name}.wrl`),
      ['offset', ['xyz', 0, 0, 0]],
      ['scale', ['xyz', 1, 1, 1]],
      ['rotate', ['xyz', 0, 0, 0]],
    ],
  ];
}

/** The entry on the board, or in the library when there is nothing placed. */
export function footprintEntry(footprint: Footprint, placed?: Placed): Sexpr {
  const part = placed?.part;
  const id = part ? `footprint/${part.ref}` : `library/${footprint.name}`;
  const fields: Sexpr[] = part
    ? [
        referenceProperty(part.ref, placed, id),
        hiddenProperty('Value', part.item.value, id),
        hiddenProperty('Datasheet', part.item.dataSheet, id),
        hiddenProperty('Description', part.item.description, id),
        hiddenProperty('Manufacturer', part.item.manufacturer, id),
        hiddenProperty('MPN', part.item.mpn, id),
      ]
    : [referenceProperty('REF**', undefined, id), hiddenProperty('Value', footprint.name, id)];
  return [
    'footprint',
    quoted(part ? `${LIBRARY_NAME}:${footprint.name}` : footprint.name),
    ...(part
      ? []
      : [
          ['version', BOARD_FORMAT],
          ['generator', quoted('coinslot')],
          ['generator_version', quoted('9.0')],
        ]),
    ['layer', quoted('F.Cu')],
    ...(part ? [uuid(id)] : []),
    ...(placed ? [['at', placed.at.x, placed.at.y, ...(placed.turn ? [placed.turn] : [])]] : []),
    ['descr', quoted(footprint.description)],
    ...fields,
    ...(part
      ? [
          ['path', quoted(`/${sheetUuid(part.sheet)}/${symbolUuid(part)}`)],
          ['sheetname', quoted(`/${part.sheet}/`)],
          ['sheetfile', quoted(sheetFileName(part.sheet))],
        ]
      : []),
    attributes(footprint, part),
    ...drawings(footprint, id),
    ...footprint.pads.map((pad, index) => padEntry(pad, index, placed, id)),
    ...windowEntries(footprint, placed, id),
    ...(footprint.keepouts ?? []).map((keepout, index) =>
      keepoutEntry(keepout, placed, `${id}/keepout/${index}`),
    ),
    ['embedded_fonts', 'no'],
    ...modelEntry(footprint),
  ] as Sexpr[];
}
