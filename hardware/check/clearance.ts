/**
 * Distances on the board as it was read back: between nets, to holes, to the edge, between the sides of the
 * isolations, and areas that must stay empty. Rules: layout/rules.ts. Our own geometry, beside KiCad's DRC.
 * Invariant: an empty list means that every piece of copper keeps every distance.
 */
import { clearanceOf, FAB, FIELD_NETS, MAINS_NETS, MAINS_TO_LOW_VOLTAGE, OURS } from '../layout/rules';
import { isInside, type Box, type Point } from '../model/geometry';
import { plainNet } from './nets';
import type { Layer, ReadBoard, ReadPad, Shape } from './read-board';
import { boxOfShape, covers, edgeGap, edgesOf, gapBelow, nearPairs } from './shapes';

/** Files hold tenths of micrometres; a finding must be larger than that. */
const TOLERANCE_MM = 0.0006;
/** Stands on the edge: its pads reach it. */
const ON_EDGE = 'J4';
const LAYERS: readonly Layer[] = ['F.Cu', 'B.Cu'];

const millimetres = (value: number): string => `${value.toFixed(3)} mm`;

function where(shape: Shape): string {
  const { x, y } = shape.points[0]!;
  return `${shape.what} [${plainNet(shape.net) || 'no net'}] at ${x.toFixed(2)}, ${y.toFixed(2)} on ${shape.layer}`;
}

/** Between two neighbouring nets of one side; isolations are looked at separately. */
function neededBetween(a: Shape, b: Shape): number {
  const needed = Math.min(clearanceOf(plainNet(a.net), plainNet(b.net)), OURS.zoneClearance);
  const isPour = a.kind === 'fill' || b.kind === 'fill';
  return isPour ? Math.max(needed, OURS.zoneClearance) : needed;
}

const isUnconnected = (shape: Shape): boolean => shape.net === '' || shape.net.startsWith('unconnected-');

/** One that may touch the other: the same net, or two pads of a part without nets (a shield, a test pad). */
const mayTouch = (a: Shape, b: Shape): boolean => a.net === b.net && (!isUnconnected(a) || a.what === b.what);

export function netClearanceFaults(board: ReadBoard): string[] {
  const faults = new Set<string>();
  for (const layer of LAYERS) {
    const shapes = board.shapes.filter((shape) => shape.layer === layer);
    nearPairs(shapes.flatMap(edgesOf), OURS.zoneClearance, (a, b) => {
      if (mayTouch(a.shape, b.shape)) return;
      const needed = neededBetween(a.shape, b.shape);
      const gap = edgeGap(a, b, needed);
      if (gap < needed - TOLERANCE_MM)
        faults.add(
          `${where(a.shape)} is ${millimetres(Math.max(0, gap))} from ${where(b.shape)}, ${needed} is needed`,
        );
    });
    const fills = shapes.filter((shape) => shape.kind === 'fill');
    for (const fill of fills) {
      for (const shape of shapes) {
        if (shape.kind !== 'fill' && !mayTouch(fill, shape) && covers(fill, shape.points[0]!))
          faults.add(`${where(shape)} lies in the ${where(fill)}`);
      }
    }
  }
  return [...faults];
}

type Side = 'relay 1' | 'relay 2' | 'field' | 'low voltage';

function sideOf(net: string): Side {
  if (MAINS_NETS.includes(net)) return net.endsWith('1') ? 'relay 1' : 'relay 2';
  return (FIELD_NETS as readonly string[]).includes(net) ? 'field' : 'low voltage';
}

/** Farther than any isolation asks for. */
function areFarApart(one: Box, other: Box): boolean {
  const far = MAINS_TO_LOW_VOLTAGE;
  return (
    one.x1 - other.x2 > far || other.x1 - one.x2 > far || one.y1 - other.y2 > far || other.y1 - one.y2 > far
  );
}

/** Seen from above, whatever the layers: the strict reading. */
export function isolationFaults(board: ReadBoard): string[] {
  const faults: string[] = [];
  const sides = board.shapes.map((shape) => ({
    shape,
    side: sideOf(plainNet(shape.net)),
    box: boxOfShape(shape),
  }));
  const isolated = sides.filter(({ side }) => side !== 'low voltage');
  for (const { shape, side, box } of isolated) {
    for (const { shape: other, side: otherSide, box: otherBox } of sides) {
      if (side === otherSide || areFarApart(box, otherBox)) continue;
      const needed = clearanceOf(plainNet(shape.net), plainNet(other.net));
      const gap = gapBelow(shape, other, needed - TOLERANCE_MM);
      if (gap !== undefined)
        faults.push(
          `${side}: ${where(shape)} is ${millimetres(gap)} from ${where(other)}, ${needed} is needed`,
        );
    }
  }
  return faults;
}

/** Smallest distance between the contacts of the relays and low voltage, for the document. */
export function isolationGap(board: ReadBoard): number {
  const mains = board.shapes.filter((shape) => MAINS_NETS.includes(plainNet(shape.net)));
  const others = board.shapes.filter((shape) => !MAINS_NETS.includes(plainNet(shape.net)));
  let least = Infinity;
  for (const shape of mains)
    for (const other of others) least = Math.min(least, gapBelow(shape, other, least) ?? Infinity);
  return least;
}

function holeShape(pad: ReadPad, layer: Layer): Shape {
  const radius = Math.max(...(pad.drill ?? [0])) / 2;
  return {
    kind: 'pad',
    what: `hole of ${pad.ref}`,
    net: '',
    layer,
    points: [pad.at],
    isClosed: false,
    radius,
  };
}

export function holeFaults(board: ReadBoard): string[] {
  const faults: string[] = [];
  const pads = board.footprints.flatMap((footprint) => footprint.pads);
  for (const pad of pads.filter((candidate) => !candidate.isPlated)) {
    for (const layer of LAYERS) {
      const hole = holeShape(pad, layer);
      for (const shape of board.shapes) {
        if (shape.layer !== layer) continue;
        const gap = gapBelow(hole, shape, FAB.minCopperToHole);
        if (gap !== undefined) faults.push(`${where(shape)} is ${millimetres(gap)} from the ${hole.what}`);
      }
    }
  }
  const drills = [
    ...pads.filter((pad) => pad.drill).map((pad) => ({ at: pad.at, drill: Math.max(...pad.drill!) })),
    ...board.vias.map(({ at, drill }) => ({ at, drill })),
  ];
  drills.forEach((a, index) => {
    for (const b of drills.slice(index + 1)) {
      const gap = Math.hypot(a.at.x - b.at.x, a.at.y - b.at.y) - (a.drill + b.drill) / 2;
      if (gap < FAB.minHoleToHole - TOLERANCE_MM)
        faults.push(`two holes at ${a.at.x}, ${a.at.y} are ${millimetres(gap)} apart`);
    }
  });
  return faults;
}

export function edgeFaults(board: ReadBoard): string[] {
  const { x1, y1, x2, y2 } = board.outline;
  return board.shapes
    .filter((shape) => !shape.what.startsWith(`${ON_EDGE}.`))
    .filter((shape) => {
      const box = boxOfShape(shape);
      const gap = Math.min(box.x1 - x1, box.y1 - y1, x2 - box.x2, y2 - box.y2);
      return gap < FAB.minCopperToEdge;
    })
    .map((shape) => `${where(shape)} is too close to the edge`);
}

export function keepoutFaults(board: ReadBoard): string[] {
  const touches = (polygon: readonly Point[], shape: Shape): boolean => {
    const area: Shape = { ...shape, points: polygon, isClosed: true, radius: 0 };
    return gapBelow(area, shape, TOLERANCE_MM) !== undefined && !isOnlyAround(polygon, shape);
  };
  return board.keepouts.flatMap((keepout) =>
    board.shapes
      .filter((shape) => keepout.layers.includes(shape.layer) && shape.kind !== 'pad')
      .filter((shape) => keepout.forbidsCopper || (keepout.forbidsVias && shape.kind === 'via'))
      .filter((shape) => touches(keepout.polygon, shape))
      .map((shape) => `${where(shape)} lies in an area that must stay empty`),
  );
}

/** A pour that has been cut out round the area touches its rim, but no corner of either lies in the other. */
function isOnlyAround(polygon: readonly Point[], shape: Shape): boolean {
  if (shape.kind !== 'fill') return false;
  const middle = {
    x: polygon.reduce((sum, corner) => sum + corner.x, 0) / polygon.length,
    y: polygon.reduce((sum, corner) => sum + corner.y, 0) / polygon.length,
  };
  const shrunk = polygon.map(({ x, y }) => ({ x: x + (middle.x - x) * 0.02, y: y + (middle.y - y) * 0.02 }));
  return ![middle, ...shrunk].some((corner) => isInside(corner, shape.points));
}
