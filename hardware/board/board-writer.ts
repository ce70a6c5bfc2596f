/**
 * The board as a `.kicad_pcb` file (format 20241229): footprints, tracks, vias, pours with their fills, outline and
 * prints. Where things are is decided in layout/ and by the router. Source: KiCad developer documentation,
 * "Board file format". Invariant: the file holds nothing that is not in the design, and the same design gives the
 * same bytes.
 */
import type { Circuit } from '../circuit/circuit';
import { byName } from '../circuit/circuit';
import { BOARD, FIXED_TRACKS, PAGE_ORIGIN, POURS, PRINTS, TITLE, type Pour } from '../layout/board';
import { placeParts, type CopperLayer, type PlacedPart } from '../layout/placed';
import { OURS } from '../layout/rules';
import type { Point } from '../model/geometry';
import { uuidOf } from '../model/identity';
import { quoted, type Sexpr } from '../model/sexpr';
import type { Copper, Fill, Track } from './copper';
import { BOARD_FORMAT, footprintEntry, unusedNetName } from './footprint-writer';
import { placeReferences } from './silk';

const LAYER: Readonly<Record<CopperLayer, string>> = { front: 'F.Cu', back: 'B.Cu' };

const uuid = (name: string): Sexpr => ['uuid', quoted(uuidOf(name))];

function onPage(point: Point): Point {
  return { x: point.x + PAGE_ORIGIN.x, y: point.y + PAGE_ORIGIN.y };
}

function xy(keyword: string, point: Point): Sexpr {
  const { x, y } = onPage(point);
  return [keyword, x, y];
}

/** KiCad's layer numbers of a two-layer board, version 9. */
const LAYERS: Sexpr = [
  'layers',
  [0, quoted('F.Cu'), 'signal'],
  [2, quoted('B.Cu'), 'signal'],
  [9, quoted('F.Adhes'), 'user', quoted('F.Adhesive')],
  [11, quoted('B.Adhes'), 'user', quoted('B.Adhesive')],
  [13, quoted('F.Paste'), 'user'],
  [15, quoted('B.Paste'), 'user'],
  [5, quoted('F.SilkS'), 'user', quoted('F.Silkscreen')],
  [7, quoted('B.SilkS'), 'user', quoted('B.Silkscreen')],
  [1, quoted('F.Mask'), 'user'],
  [3, quoted('B.Mask'), 'user'],
  [17, quoted('Dwgs.User'), 'user', quoted('User.Drawings')],
  [19, quoted('Cmts.User'), 'user', quoted('User.Comments')],
  [25, quoted('Edge.Cuts'), 'user'],
  [27, quoted('Margin'), 'user'],
  [31, quoted('F.CrtYd'), 'user', quoted('F.Courtyard')],
  [29, quoted('B.CrtYd'), 'user', quoted('B.Courtyard')],
  [35, quoted('F.Fab'), 'user'],
  [33, quoted('B.Fab'), 'user'],
];

/** All nets of the board in KiCad's names, numbered from 1. */
export function numberNets(circuit: Circuit, names: ReadonlyMap<string, string>): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const net of circuit.nets.keys()) numbers.set(net, numbers.size + 1);
  const unused = circuit.parts.flatMap((part) =>
    [...part.pins].filter(([, net]) => net === null).map(([pin]) => unusedNetName(part, pin)),
  );
  for (const name of unused.sort(byName)) numbers.set(name, numbers.size + 1);
  for (const net of circuit.nets.keys()) if (!names.has(net)) throw new Error(`net ${net} has no KiCad name`);
  return numbers;
}

interface Nets {
  readonly names: ReadonlyMap<string, string>;
  readonly numbers: ReadonlyMap<string, number>;
}

function netEntry(nets: Nets, net: string): Sexpr {
  return ['net', nets.numbers.get(net)!];
}

function segment(nets: Nets, track: Track, name: string): Sexpr {
  return [
    'segment',
    xy('start', track.from),
    xy('end', track.to),
    ['width', track.width],
    ['layer', quoted(LAYER[track.layer])],
    netEntry(nets, track.net),
    uuid(name),
  ];
}

function fixedSegments(nets: Nets): Sexpr[] {
  return FIXED_TRACKS.flatMap(({ net, layer, width, path }, index) =>
    path
      .slice(1)
      .map((to, step) =>
        segment(nets, { net, layer, width, from: path[step]!, to }, `fixed/${index}/${step}`),
      ),
  );
}

/** Names of pours are unique: a net has one at most on each layer. */
export function pourName(pour: Pour): string {
  return `${pour.net} ${pour.layer}`;
}

function pourEntry(nets: Nets, pour: Pour, index: number, fills: readonly Fill[]): Sexpr {
  const layer = quoted(LAYER[pour.layer]);
  return [
    'zone',
    netEntry(nets, pour.net),
    ['net_name', quoted(nets.names.get(pour.net)!)],
    ['layer', layer],
    uuid(`pour/${index}`),
    ['name', quoted(pourName(pour))],
    ['hatch', 'edge', 0.5],
    ...(pour.priority > 0 ? [['priority', pour.priority]] : []),
    ['connect_pads', ...(pour.isSolid ? ['yes'] : []), ['clearance', OURS.zoneClearance]],
    ['min_thickness', OURS.zoneMinWidth],
    ['filled_areas_thickness', 'no'],
    [
      'fill',
      'yes',
      ['thermal_gap', OURS.thermalGap],
      ['thermal_bridge_width', OURS.thermalSpoke],
      ['island_removal_mode', 0],
    ],
    ['polygon', ['pts', ...pour.polygon.map((corner) => xy('xy', corner))]],
    ...fills
      .filter((fill) => fill.pour === index)
      .map((fill): Sexpr => [
        'filled_polygon',
        ['layer', layer],
        ['pts', ...fill.polygon.map((corner) => xy('xy', corner))],
      ]),
  ] as Sexpr[];
}

/** The outline with round corners. */
function outline(): Sexpr[] {
  const { width, height, cornerRadius: r } = BOARD;
  const stroke: Sexpr = ['stroke', ['width', 0.1], ['type', 'default']];
  const layer: Sexpr = ['layer', quoted('Edge.Cuts')];
  const sides: [Point, Point][] = [
    [
      { x: r, y: 0 },
      { x: width - r, y: 0 },
    ],
    [
      { x: width, y: r },
      { x: width, y: height - r },
    ],
    [
      { x: width - r, y: height },
      { x: r, y: height },
    ],
    [
      { x: 0, y: height - r },
      { x: 0, y: r },
    ],
  ];
  const cut = r - r * Math.SQRT1_2;
  const corners: [Point, Point, Point][] = [
    [
      { x: 0, y: r },
      { x: cut, y: cut },
      { x: r, y: 0 },
    ],
    [
      { x: width - r, y: 0 },
      { x: width - cut, y: cut },
      { x: width, y: r },
    ],
    [
      { x: width, y: height - r },
      { x: width - cut, y: height - cut },
      { x: width - r, y: height },
    ],
    [
      { x: r, y: height },
      { x: cut, y: height - cut },
      { x: 0, y: height - r },
    ],
  ];
  return [
    ...sides.map(([from, to], index): Sexpr => [
      'gr_line',
      xy('start', from),
      xy('end', to),
      stroke,
      layer,
      uuid(`edge/${index}`),
    ]),
    ...corners.map(([from, mid, to], index): Sexpr => [
      'gr_arc',
      xy('start', from),
      xy('mid', mid),
      xy('end', to),
      stroke,
      layer,
      uuid(`corner/${index}`),
    ]),
  ];
}

function prints(): Sexpr[] {
  return PRINTS.map((print, index): Sexpr => {
    const { x, y } = onPage(print.at);
    return [
      'gr_text',
      quoted(print.text),
      ['at', x, y, print.turn ?? 0],
      ['layer', quoted('F.SilkS')],
      uuid(`print/${index}`),
      [
        'effects',
        ['font', ['size', print.size, print.size], ['thickness', Math.max(0.15, 0.15 * print.size)]],
      ],
    ];
  });
}

/** The fab's stack-up that the antenna line was calculated for (calculations/antenna.ts). */
function stackup(): Sexpr {
  const layer = (name: string, type: string, ...more: Sexpr[]): Sexpr => [
    'layer',
    quoted(name),
    ['type', quoted(type)],
    ...more,
  ];
  const colour = (name: string): Sexpr => ['color', quoted(name)];
  return [
    'stackup',
    layer('F.SilkS', 'Top Silk Screen', colour('White')),
    layer('F.Paste', 'Top Solder Paste'),
    layer('F.Mask', 'Top Solder Mask', colour('Green'), ['thickness', 0.01]),
    layer('F.Cu', 'copper', ['thickness', 0.035]),
    layer(
      'dielectric 1',
      'core',
      ['thickness', 1.51],
      ['material', quoted('FR4')],
      ['epsilon_r', 4.5],
      ['loss_tangent', 0.02],
    ),
    layer('B.Cu', 'copper', ['thickness', 0.035]),
    layer('B.Mask', 'Bottom Solder Mask', colour('Green'), ['thickness', 0.01]),
    layer('B.Paste', 'Bottom Solder Paste'),
    layer('B.SilkS', 'Bottom Silk Screen', colour('White')),
    ['copper_finish', quoted('ENIG')],
    ['dielectric_constraints', 'no'],
  ];
}

function setup(): Sexpr {
  return [
    'setup',
    stackup(),
    ['pad_to_mask_clearance', 0.05],
    ['solder_mask_min_width', 0.1],
    ['allow_soldermask_bridges_in_footprints', 'no'],
    ['tenting', 'front', 'back'],
    ['aux_axis_origin', PAGE_ORIGIN.x, PAGE_ORIGIN.y],
    ['grid_origin', PAGE_ORIGIN.x, PAGE_ORIGIN.y],
  ];
}

/** Parts with their places on KiCad's page. */
function footprints(parts: readonly PlacedPart[], nets: Nets): Sexpr[] {
  const references = placeReferences(parts);
  return parts.map(({ part, at, turn }) => {
    const reference = references.get(part.ref);
    return footprintEntry(part.item.footprint, {
      part,
      at: onPage(at),
      turn,
      netNames: nets.names,
      netNumbers: nets.numbers,
      reference: reference && { ...reference, at: onPage(reference.at) },
    });
  });
}

/** The file's content. */
export function boardFile(
  circuit: Circuit,
  names: ReadonlyMap<string, string>,
  copper: Copper,
  fills: readonly Fill[],
): Sexpr {
  const numbers = numberNets(circuit, names);
  const nets: Nets = { names, numbers };
  const via: Sexpr[] = [
    ['size', OURS.viaDiameter],
    ['drill', OURS.viaDrill],
  ];
  return [
    'kicad_pcb',
    ['version', BOARD_FORMAT],
    ['generator', quoted('coinslot')],
    ['generator_version', quoted('9.0')],
    ['general', ['thickness', 1.6], ['legacy_teardrops', 'no']],
    ['paper', quoted('A4')],
    ['title_block', ['title', quoted('Coinslot payment module')], ['rev', quoted(TITLE.revision)]],
    LAYERS,
    setup(),
    ['net', 0, quoted('')],
    ...[...numbers].map(([net, number]): Sexpr => ['net', number, quoted(names.get(net) ?? net)]),
    ...footprints(placeParts(circuit), nets),
    ...outline(),
    ...prints(),
    ...fixedSegments(nets),
    ...copper.tracks.map((track, index) => segment(nets, track, `track/${index}`)),
    ...copper.vias.map(({ net, at }, index): Sexpr => [
      'via',
      xy('at', at),
      ...via,
      ['layers', quoted('F.Cu'), quoted('B.Cu')],
      netEntry(nets, net),
      uuid(`via/${index}`),
    ]),
    ...POURS.map((pour, index) => pourEntry(nets, pour, index, fills)),
    ['embedded_fonts', 'no'],
  ];
}
