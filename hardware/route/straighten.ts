/**
 * Takes out corners that the negotiation left: where nets once dodged each other, a way goes straight again, with one
 * corner at most between two fixed places, as far as everything else leaves room. Only on the front: the back's
 * tracks are few, and the plane round them has been looked at (plane.ts).
 * Invariant: ends, vias, joints and changes of width stay where they are; a way never gets longer.
 */
import { COLUMNS, LAYER_NODES, layerOf } from './grid';
import type { Way } from './negotiate';

/** Nodes from one to another by a diagonal and a straight stretch, in either order; without the first. */
function elbow(from: number, to: number, isDiagonalFirst: boolean): number[] {
  const [dx, dy] = [(to % COLUMNS) - (from % COLUMNS), Math.floor(to / COLUMNS) - Math.floor(from / COLUMNS)];
  const [stepX, stepY] = [Math.sign(dx), Math.sign(dy) * COLUMNS];
  const diagonals = Math.min(Math.abs(dx), Math.abs(dy));
  const straights = Math.max(Math.abs(dx), Math.abs(dy)) - diagonals;
  const straight = Math.abs(dx) > Math.abs(dy) ? stepX : stepY;
  const steps = [
    ...Array.from({ length: diagonals }, () => stepX + stepY),
    ...Array.from({ length: straights }, () => straight),
  ];
  if (!isDiagonalFirst) steps.reverse();
  let node = from;
  return steps.map((step) => (node += step));
}

/** Indices at which a way must stay: ends, vias, joints, and both sides of a change of width. */
function fixedPlaces({ nodes, sorts }: Way, joints: ReadonlySet<number>): number[] {
  return nodes.flatMap((node, index) => {
    const isEnd = index === 0 || index === nodes.length - 1;
    const isChange = [index - 1, index + 1].some(
      (other) =>
        nodes[other] !== undefined &&
        (sorts[other] !== sorts[index] || layerOf(nodes[other]!) !== layerOf(node)),
    );
    return isEnd || isChange || joints.has(node) ? [index] : [];
  });
}

/** The farthest place that can be reached with one corner, and the nodes up to it. */
function leap(
  nodes: readonly number[],
  from: number,
  end: number,
  isFree: (node: number) => boolean,
): { readonly to: number; readonly way: readonly number[] } {
  for (let to = end; to > from + 1; to--) {
    for (const isDiagonalFirst of [true, false]) {
      const way = elbow(nodes[from]!, nodes[to]!, isDiagonalFirst);
      if (way.every(isFree)) return { to, way };
    }
  }
  return { to: from + 1, way: [nodes[from + 1]!] };
}

/** The way without its needless corners; `isFree` says where copper of a sort may lie. */
export function straightened(
  way: Way,
  joints: ReadonlySet<number>,
  isFree: (node: number, sort: number) => boolean,
): Way {
  const places = fixedPlaces(way, joints);
  const nodes = [way.nodes[0]!];
  const sorts = [way.sorts[0]!];
  for (let i = 1; i < places.length; i++) {
    const [start, end] = [places[i - 1]!, places[i]!];
    const sort = way.sorts[end]!;
    const isMovable = end - start > 1 && way.nodes[start]! < LAYER_NODES;
    for (let at = start; at < end;) {
      const { to, way: found } = leap(way.nodes, at, isMovable ? end : at + 1, (node) => isFree(node, sort));
      nodes.push(...found);
      sorts.push(...found.map(() => sort));
      at = to;
    }
  }
  return { nodes, sorts };
}
