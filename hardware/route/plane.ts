/**
 * The back's ground plane as the tracks leave it: which of its places hang together. A via that goes down on a
 * piece that is cut off joins nothing. Room is counted as for a power track, which is a little more than the
 * plane needs, so that what is found to hang together does.
 */
import { POURS } from '../layout/board';
import { COLUMNS, LAYER_NODES, pointAt, SORTS } from './grid';
import { isInside } from '../model/geometry';
import type { Obstacles } from './obstacles';

/** The sort of track whose room the plane needs: zone clearance and half its least width. */
export const PLANE_SORT = SORTS.findIndex((sort) => sort.name === 'power');

const NEIGHBOURS = [1, -1, COLUMNS, -COLUMNS];

function room(obstacles: Obstacles, ground: number, taken: readonly Int32Array[]): Uint8Array {
  const isFree = new Uint8Array(LAYER_NODES);
  const area = POURS.find((pour) => pour.net === 'GND' && pour.layer === 'back')!.polygon;
  for (let node = 0; node < LAYER_NODES; node++) {
    if (obstacles.allows(PLANE_SORT, node + LAYER_NODES, ground) && isInside(pointAt(node), area))
      isFree[node] = 1;
  }
  for (const nodes of taken)
    for (const node of nodes) if (node >= LAYER_NODES) isFree[node - LAYER_NODES] = 0;
  return isFree;
}

/** Nodes of the largest piece of the plane. */
export function mainPlane(obstacles: Obstacles, ground: number, taken: readonly Int32Array[]): Uint8Array {
  const isFree = room(obstacles, ground, taken);
  const pieces = new Int32Array(LAYER_NODES);
  let [count, main, mainSize] = [0, 0, 0];
  for (let start = 0; start < LAYER_NODES; start++) {
    if (!isFree[start] || pieces[start]) continue;
    const stack = [start];
    pieces[start] = ++count;
    let size = 0;
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      size++;
      for (const step of NEIGHBOURS) {
        const next = node + step;
        if (!isFree[next] || pieces[next]) continue;
        pieces[next] = count;
        stack.push(next);
      }
    }
    if (size > mainSize) [main, mainSize] = [count, size];
  }
  return Uint8Array.from(pieces, (piece) => (piece === main ? 1 : 0));
}

/** How far from a stranded via no other way down is tried, in nodes. */
const REACH = 6;

/** Nodes about a place that do not belong to the main piece. */
export function around(node: number, isMain: Uint8Array): number[] {
  const nodes: number[] = [];
  for (let dy = -REACH; dy <= REACH; dy++) {
    for (let dx = -REACH; dx <= REACH; dx++) {
      const at = node + dy * COLUMNS + dx;
      if (at >= 0 && at < LAYER_NODES && !isMain[at]) nodes.push(at);
    }
  }
  return nodes;
}
