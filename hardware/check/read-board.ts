/**
 * Reads a written board file back, as an outsider would: parts with the nets of their pads, and every piece of
 * copper as shapes with a net and a layer. Shares with the writers only the reading of brackets (model/sexpr.ts).
 * Source: KiCad developer documentation, "Board file format". Lengths in millimetres on KiCad's page.
 * Invariant: nothing of the circuit or of the layout is looked at.
 */
import type { Point } from '../model/geometry';
import { childOf, childrenOf, numberOf, parseSexpr, textOf, type Sexpr } from '../model/sexpr';

type Node = readonly Sexpr[];
export type Layer = 'F.Cu' | 'B.Cu';
const LAYERS: readonly Layer[] = ['F.Cu', 'B.Cu'];

/** Copper: a closed polygon (filled), or an open line or a point that is `radius` thick on all sides. */
export interface Shape {
  readonly kind: 'pad' | 'track' | 'via' | 'fill';
  /** For messages: `R1.2`, `track`, … */
  readonly what: string;
  readonly net: string;
  readonly layer: Layer;
  readonly points: readonly Point[];
  readonly isClosed: boolean;
  readonly radius: number;
}

export interface ReadPad {
  readonly ref: string;
  readonly number: string;
  readonly net: string;
  readonly at: Point;
  readonly width: number;
  readonly height: number;
  /** Diameter, or the two sides of a slot; undefined on the surface. */
  readonly drill?: readonly number[];
  readonly isPlated: boolean;
  readonly layers: readonly Layer[];
  readonly shape: string;
  /** Radius of the corners. */
  readonly corner: number;
}

export interface ReadFootprint {
  readonly ref: string;
  readonly name: string;
  readonly at: Point;
  readonly angle: number;
  readonly path: string;
  readonly courtyard: readonly [Point, Point];
  readonly pads: readonly ReadPad[];
}

export interface ReadVia {
  readonly net: string;
  readonly at: Point;
  readonly size: number;
  readonly drill: number;
}

/** An area without copper or vias. */
export interface ReadKeepout {
  readonly polygon: readonly Point[];
  readonly layers: readonly string[];
  readonly forbidsCopper: boolean;
  readonly forbidsVias: boolean;
}

export interface ReadBoard {
  readonly footprints: readonly ReadFootprint[];
  readonly vias: readonly ReadVia[];
  readonly shapes: readonly Shape[];
  readonly keepouts: readonly ReadKeepout[];
  readonly outline: { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number };
  /** Net name to sorted pins, `REF.pad`, each pad number once. */
  readonly nets: ReadonlyMap<string, readonly string[]>;
}

const point = (node: Node): Point => ({ x: numberOf(node[1]), y: numberOf(node[2]) });
const points = (node: Node): Point[] => childrenOf(childOf(node, 'pts'), 'xy').map(point);
const numberIn = (node: Node, keyword: string): number => numberOf(childOf(node, keyword)[1]);
const textIn = (node: Node, keyword: string): string => textOf(childOf(node, keyword)[1]);

/** Turns counter-clockwise on the screen, y downwards. */
function spun({ x, y }: Point, degrees: number): Point {
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return { x: x * cos + y * sin, y: -x * sin + y * cos };
}

const moved = (a: Point, b: Point): Point => ({ x: a.x + b.x, y: a.y + b.y });

function layersOf(pad: Node): Layer[] {
  const names = childOf(pad, 'layers').slice(1).map(textOf);
  return LAYERS.filter((layer) =>
    names.some((name) => name === layer || name === '*.Cu' || name === 'F&B.Cu'),
  );
}

interface Placed {
  readonly ref: string;
  readonly at: Point;
  readonly angle: number;
}

/** Round and oval pads are all corner, rectangles have none. */
function cornerOf(pad: Node, shorterSide: number): number {
  switch (textOf(pad[3])) {
    case 'circle':
    case 'oval':
      return shorterSide / 2;
    case 'roundrect':
      return numberIn(pad, 'roundrect_rratio') * shorterSide;
    default:
      return 0;
  }
}

function padOf(pad: Node, placed: Placed): ReadPad {
  const size = childOf(pad, 'size');
  const at = childOf(pad, 'at');
  const angle = at[3] === undefined ? 0 : numberOf(at[3]);
  const isLying = Math.round(angle / 90) % 2 !== 0;
  const [a, b] = [numberOf(size[1]), numberOf(size[2])];
  const drill = childrenOf(pad, 'drill')[0]
    ?.slice(1)
    .filter((item) => typeof item === 'number');
  const net = childrenOf(pad, 'net')[0];
  return {
    ref: placed.ref,
    number: textOf(pad[1]),
    net: net ? textOf(net[2]) : '',
    at: moved(spun(point(at), placed.angle), placed.at),
    width: isLying ? b : a,
    height: isLying ? a : b,
    ...(drill ? { drill: drill as number[] } : {}),
    isPlated: textOf(pad[2]) !== 'np_thru_hole',
    layers: layersOf(pad),
    shape: textOf(pad[3]),
    corner: cornerOf(pad, Math.min(a, b)),
  };
}

/** A rectangle, less its rounding, with that rounding as thickness; a round pad is a point or a line. */
function padShapes(pad: ReadPad): Shape[] {
  if (!pad.isPlated) return [];
  const { x, y } = pad.at;
  const [halfX, halfY] = [pad.width / 2 - pad.corner, pad.height / 2 - pad.corner];
  const outline: Point[] = [
    { x: x - halfX, y: y - halfY },
    { x: x + halfX, y: y - halfY },
    { x: x + halfX, y: y + halfY },
    { x: x - halfX, y: y + halfY },
  ];
  return pad.layers.map((layer) => ({
    kind: 'pad',
    what: `${pad.ref}.${pad.number}`,
    net: pad.net,
    layer,
    points: outline,
    isClosed: true,
    radius: pad.corner,
  }));
}

function courtyardOf(footprint: Node, placed: Placed): readonly [Point, Point] {
  const box = childrenOf(footprint, 'fp_rect').find((rect) => textIn(rect, 'layer') === 'F.CrtYd')!;
  const corners = ['start', 'end'].map((end) =>
    moved(spun(point(childOf(box, end)), placed.angle), placed.at),
  );
  const xs = corners.map((corner) => corner.x);
  const ys = corners.map((corner) => corner.y);
  return [
    { x: Math.min(...xs), y: Math.min(...ys) },
    { x: Math.max(...xs), y: Math.max(...ys) },
  ];
}

function footprintOf(node: Node): ReadFootprint {
  const at = childOf(node, 'at');
  const reference = childrenOf(node, 'property').find((property) => textOf(property[1]) === 'Reference')!;
  const placed = {
    ref: textOf(reference[2]),
    at: point(at),
    angle: at[3] === undefined ? 0 : numberOf(at[3]),
  };
  const pads = childrenOf(node, 'pad').filter((pad) => layersOf(pad).length > 0);
  return {
    ...placed,
    name: textOf(node[1]),
    path: textIn(node, 'path'),
    courtyard: courtyardOf(node, placed),
    pads: pads.map((pad) => padOf(pad, placed)),
  };
}

function keepoutsOf(nodes: readonly Node[]): ReadKeepout[] {
  return nodes
    .filter((zone) => childrenOf(zone, 'keepout').length > 0)
    .map((zone) => {
      const keepout = childOf(zone, 'keepout');
      const forbids = (what: string): boolean => textIn(keepout, what) === 'not_allowed';
      return {
        polygon: points(childOf(zone, 'polygon')),
        layers: (childrenOf(zone, 'layers')[0] ?? childOf(zone, 'layer')).slice(1).map(textOf),
        forbidsCopper: forbids('tracks') && forbids('copperpour'),
        forbidsVias: forbids('vias'),
      };
    });
}

function outlineOf(file: Node): ReadBoard['outline'] {
  const ends = childrenOf(file, 'gr_line')
    .filter((line) => textIn(line, 'layer') === 'Edge.Cuts')
    .flatMap((line) => [point(childOf(line, 'start')), point(childOf(line, 'end'))]);
  const xs = ends.map((end) => end.x);
  const ys = ends.map((end) => end.y);
  return { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs), y2: Math.max(...ys) };
}

function padNets(footprints: readonly ReadFootprint[]): Map<string, string[]> {
  const nets = new Map<string, Set<string>>();
  for (const pad of footprints.flatMap((footprint) => footprint.pads)) {
    if (pad.net === '') continue;
    nets.set(pad.net, (nets.get(pad.net) ?? new Set()).add(`${pad.ref}.${pad.number}`));
  }
  return new Map([...nets].map(([net, pins]) => [net, [...pins].sort()]));
}

/** Reads the file's text. */
export function readBoard(text: string): ReadBoard {
  const file = parseSexpr(text);
  const netNames = new Map(childrenOf(file, 'net').map((net) => [numberOf(net[1]), textOf(net[2])]));
  const netOf = (node: Node): string => netNames.get(numberIn(node, 'net'))!;
  const footprints = childrenOf(file, 'footprint').map(footprintOf);
  const vias = childrenOf(file, 'via').map((via): ReadVia => ({
    net: netOf(via),
    at: point(childOf(via, 'at')),
    size: numberIn(via, 'size'),
    drill: numberIn(via, 'drill'),
  }));
  const zones = childrenOf(file, 'zone');
  const shapes: Shape[] = [
    ...footprints.flatMap((footprint) => footprint.pads).flatMap(padShapes),
    ...childrenOf(file, 'segment').map((track): Shape => ({
      kind: 'track',
      what: 'track',
      net: netOf(track),
      layer: textIn(track, 'layer') as Layer,
      points: [point(childOf(track, 'start')), point(childOf(track, 'end'))],
      isClosed: false,
      radius: numberIn(track, 'width') / 2,
    })),
    ...vias.flatMap(({ net, at, size }) =>
      LAYERS.map((layer): Shape => ({
        kind: 'via',
        what: 'via',
        net,
        layer,
        points: [at],
        isClosed: false,
        radius: size / 2,
      })),
    ),
    ...zones.flatMap((zone) =>
      childrenOf(zone, 'filled_polygon').map((fill): Shape => ({
        kind: 'fill',
        what: 'pour',
        net: netOf(zone),
        layer: textIn(fill, 'layer') as Layer,
        points: points(fill),
        isClosed: true,
        radius: 0,
      })),
    ),
  ];
  const footprintZones = childrenOf(file, 'footprint').flatMap((footprint) => childrenOf(footprint, 'zone'));
  return {
    footprints,
    vias,
    shapes,
    keepouts: keepoutsOf([...zones, ...footprintZones]),
    outline: outlineOf(file),
    nets: padNets(footprints),
  };
}
