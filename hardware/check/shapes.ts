/**
 * Distances between pieces of copper, and a raster to find near pairs fast. Lengths in millimetres.
 * Invariant: a distance is never reported larger than it is, rounded pads being taken as square ones.
 */
import { isInside, segmentToSegment, type Box, type Point } from '../model/geometry';
import type { Shape } from './read-board';

/** A straight piece of a shape's outline or middle line. */
export interface Edge {
  readonly shape: Shape;
  readonly from: Point;
  readonly to: Point;
}

const edges = new WeakMap<Shape, Edge[]>();

export function edgesOf(shape: Shape): Edge[] {
  const known = edges.get(shape);
  if (known) return known;
  const pieces = piecesOf(shape);
  edges.set(shape, pieces);
  return pieces;
}

function piecesOf(shape: Shape): Edge[] {
  const { points, isClosed } = shape;
  if (points.length === 1) return [{ shape, from: points[0]!, to: points[0]! }];
  const count = isClosed ? points.length : points.length - 1;
  return Array.from({ length: count }, (_, index) => ({
    shape,
    from: points[index]!,
    to: points[(index + 1) % points.length]!,
  }));
}

/** Whether two straight pieces lie apart by `limit` along one axis already; cheap, for pours of 20,000 corners. */
function isApart(a: Edge, b: Edge, limit: number): boolean {
  const reach = limit + a.shape.radius + b.shape.radius;
  return (
    isAside(a.from.x, a.to.x, b.from.x, b.to.x, reach) || isAside(a.from.y, a.to.y, b.from.y, b.to.y, reach)
  );
}

function isAside(a: number, b: number, c: number, d: number, reach: number): boolean {
  return (
    (a - c > reach && a - d > reach && b - c > reach && b - d > reach) ||
    (c - a > reach && c - b > reach && d - a > reach && d - b > reach)
  );
}

/** Distance of two straight pieces with their thickness; Infinity where it is `limit` or more for sure. */
export function edgeGap(a: Edge, b: Edge, limit = Infinity): number {
  if (isApart(a, b, limit)) return Infinity;
  return segmentToSegment(a.from, a.to, b.from, b.to) - a.shape.radius - b.shape.radius;
}

const boxes = new WeakMap<Shape, Box>();

export function boxOfShape(shape: Shape): Box {
  const known = boxes.get(shape);
  if (known) return known;
  const box = boundsOf(shape);
  boxes.set(shape, box);
  return box;
}

function boundsOf({ points, radius }: Shape): Box {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    x1 = Math.min(x1, x);
    y1 = Math.min(y1, y);
    x2 = Math.max(x2, x);
    y2 = Math.max(y2, y);
  }
  return { x1: x1 - radius, y1: y1 - radius, x2: x2 + radius, y2: y2 + radius };
}

export function covers(shape: Shape, point: Point): boolean {
  if (!shape.isClosed) return false;
  const { x1, y1, x2, y2 } = boxOfShape(shape);
  const isInBox = point.x >= x1 && point.x <= x2 && point.y >= y1 && point.y <= y2;
  return isInBox && isInside(point, shape.points);
}

/** Distance of two shapes as seen from above, 0 where they overlap, Infinity where it is `limit` or more. */
function shapeGap(a: Shape, b: Shape, limit: number): number {
  if (covers(a, b.points[0]!) || covers(b, a.points[0]!)) return 0;
  let least = limit;
  for (const one of edgesOf(a)) {
    for (const other of edgesOf(b)) {
      const gap = edgeGap(one, other, least);
      if (gap < least) least = gap;
    }
  }
  return least < limit ? Math.max(0, least) : Infinity;
}

const areApart = (a: Box, b: Box, limit: number): boolean =>
  a.x1 - b.x2 >= limit || b.x1 - a.x2 >= limit || a.y1 - b.y2 >= limit || b.y1 - a.y2 >= limit;

/** Whether two shapes come closer than `limit`; the gap if they do. */
export function gapBelow(a: Shape, b: Shape, limit: number): number | undefined {
  if (areApart(boxOfShape(a), boxOfShape(b), limit)) return undefined;
  const gap = shapeGap(a, b, limit);
  return gap < limit ? gap : undefined;
}

const CELL_MM = 1;
const { floor, max, min } = Math;

/** Calls `visit` once for each pair of edges that may be closer than `reach`, at least. */
export function nearPairs(edges: readonly Edge[], reach: number, visit: (a: Edge, b: Edge) => void): void {
  const cells = new Map<number, Edge[]>();
  for (const edge of edges) {
    const grow = edge.shape.radius + reach / 2;
    const x1 = floor((min(edge.from.x, edge.to.x) - grow) / CELL_MM);
    const x2 = floor((max(edge.from.x, edge.to.x) + grow) / CELL_MM);
    const y1 = floor((min(edge.from.y, edge.to.y) - grow) / CELL_MM);
    const y2 = floor((max(edge.from.y, edge.to.y) + grow) / CELL_MM);
    for (let y = y1; y <= y2; y++) {
      for (let x = x1; x <= x2; x++) {
        const key = y * 4096 + x;
        const cell = cells.get(key);
        if (cell) cell.push(edge);
        else cells.set(key, [edge]);
      }
    }
  }
  for (const cell of cells.values()) {
    for (let i = 0; i < cell.length; i++) for (let j = i + 1; j < cell.length; j++) visit(cell[i]!, cell[j]!);
  }
}
