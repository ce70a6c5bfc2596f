/**
 * Plane geometry in KiCad's convention: millimetres, x to the right, y downwards, angles counter-clockwise as
 * seen on the screen. Used by the sheets, the board, the router and the checks alike, so that they cannot
 * disagree about what a rotation is. Invariant: functions are pure.
 */

/** Taken out of the global object once: looking them up there costs most of a distance's time under Jest. */
const { hypot, max, min } = Math;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export type QuarterTurn = 0 | 90 | 180 | 270;

/** Turns a point about the origin, counter-clockwise on the screen (y points down). */
export function turned(point: Point, angle: number): Point {
  switch (((angle % 360) + 360) % 360) {
    case 0:
      return point;
    case 90:
      return { x: point.y, y: -point.x };
    case 180:
      return { x: -point.x, y: -point.y };
    case 270:
      return { x: -point.y, y: point.x };
    default:
      throw new Error(`angle ${angle} is not a quarter turn`);
  }
}

export function shifted(point: Point, by: Point): Point {
  return { x: point.x + by.x, y: point.y + by.y };
}

export function boxOf(points: readonly Point[]): Box {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs), y2: Math.max(...ys) };
}

export function cornersOf(box: Box): Point[] {
  return [
    { x: box.x1, y: box.y1 },
    { x: box.x2, y: box.y1 },
    { x: box.x2, y: box.y2 },
    { x: box.x1, y: box.y2 },
  ];
}

export function grown(box: Box, by: number): Box {
  return { x1: box.x1 - by, y1: box.y1 - by, x2: box.x2 + by, y2: box.y2 + by };
}

export function overlaps(a: Box, b: Box): boolean {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/** Distance of a point from a segment. */
export function pointToSegment(point: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / length2;
  const at = max(0, min(1, t));
  return hypot(point.x - a.x - at * dx, point.y - a.y - at * dy);
}

function side(a: Point, b: Point, point: Point): number {
  return (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x);
}

/** Whether two segments cross at an inner point of both. */
export function segmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** Smallest distance of two segments, 0 where they cross. */
export function segmentToSegment(a: Point, b: Point, c: Point, d: Point): number {
  if (segmentsCross(a, b, c, d)) return 0;
  return min(
    pointToSegment(a, c, d),
    pointToSegment(b, c, d),
    pointToSegment(c, a, b),
    pointToSegment(d, a, b),
  );
}

/** Whether a point lies in a polygon (even-odd rule). */
export function isInside(point: Point, polygon: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const a = polygon[i]!;
    const b = polygon[j]!;
    if (a.y > point.y !== b.y > point.y && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) {
      inside = !inside;
    }
  }
  return inside;
}

/** Area of a polygon, whichever way round it runs. */
export function areaOf(polygon: readonly Point[]): number {
  let twice = 0;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    twice += polygon[j]!.x * polygon[i]!.y - polygon[i]!.x * polygon[j]!.y;
  }
  return Math.abs(twice) / 2;
}

/** Smallest distance of two shapes given as polygons (or single points, or lines), 0 where they overlap. */
export function polygonDistance(a: readonly Point[], b: readonly Point[]): number {
  if (a.length > 2 && isInside(b[0]!, a)) return 0;
  if (b.length > 2 && isInside(a[0]!, b)) return 0;
  let least = Infinity;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      const gap = segmentToSegment(a[i]!, a[(i + 1) % a.length]!, b[j]!, b[(j + 1) % b.length]!);
      if (gap < least) least = gap;
    }
  }
  return least;
}
