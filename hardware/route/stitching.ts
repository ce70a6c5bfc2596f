/**
 * Ground vias that join front and back all over the board, where there is room after routing: along the antenna
 * line densely, elsewhere on a coarse raster. Invariant: they keep every clearance, like any via.
 */
import type { Via } from '../board/copper';
import { POURS } from '../layout/board';
import { isInside, type Point } from '../model/geometry';
import { LAYER_NODES, LAYERS, nodeAt, pointAt, VIA, SORTS, eachNodeIn, MARGIN } from './grid';
import type { Laid } from './negotiate';
import type { Obstacles } from './obstacles';

const RASTER = 4.5;
/** Beside the antenna line: a twentieth of a wavelength at 1.9 GHz in FR-4 is 4 mm. */
const ANTENNA_STITCHES: readonly Point[] = [4.6, 6.2, 8, 9.8, 11.4].flatMap((y) => [
  { x: 23.9, y },
  { x: 28.4, y },
]);

/** Nodes that no more via may use: too close to what was laid. */
function takenByTracks(laid: readonly Laid[]): Uint8Array {
  const taken = new Uint8Array(LAYER_NODES * LAYERS);
  const via = SORTS[VIA]!;
  const keep = (at: number, half: number): void => {
    const reach = half + via.half + via.clearance + MARGIN;
    const { x, y } = pointAt(at);
    eachNodeIn(
      { x1: x - reach, y1: y - reach, x2: x + reach, y2: y + reach },
      at < LAYER_NODES ? 0 : 1,
      (node, nx, ny) => {
        if (Math.hypot(nx - x, ny - y) < reach) taken[node] = 1;
      },
    );
  };
  for (const { ways, vias } of laid) {
    for (const way of ways) way.nodes.forEach((node, index) => keep(node, SORTS[way.sorts[index]!]!.half));
    for (const node of vias) {
      keep(node, via.half);
      keep(node + LAYER_NODES, via.half);
    }
  }
  return taken;
}

export function stitches(laid: readonly Laid[], obstacles: Obstacles, ground: number): Via[] {
  const taken = takenByTracks(laid);
  const area = POURS.find((pour) => pour.net === 'GND')!.polygon;
  const found: Via[] = [];
  const tryAt = (point: Point): void => {
    const node = nodeAt(point, 0);
    const isFree = [node, node + LAYER_NODES].every((at) => !taken[at] && obstacles.allows(VIA, at, ground));
    const at = pointAt(node);
    const isApart = found.every((via) => Math.hypot(via.at.x - at.x, via.at.y - at.y) > 1);
    if (isFree && isApart && isInside(at, area)) found.push({ net: 'GND', at });
  };
  ANTENNA_STITCHES.forEach(tryAt);
  for (let y = RASTER / 2; y < 95; y += RASTER)
    for (let x = RASTER / 2; x < 130; x += RASTER) tryAt({ x, y });
  return found;
}
