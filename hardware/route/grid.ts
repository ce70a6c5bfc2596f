/**
 * The router's grid: nodes 0.1 mm apart on both layers, numbered through; and the sorts of copper (track widths
 * with their clearances, and the via) for which room is counted separately.
 * Invariant: two nodes of different nets that both are free for their sort keep the larger clearance of the two.
 */
import { BOARD } from '../layout/board';
import { NET_CLASSES, OURS } from '../layout/rules';
import type { Point } from '../model/geometry';

export const PITCH = 0.1;
export const COLUMNS = Math.round(BOARD.width / PITCH) + 1;
export const ROWS = Math.round(BOARD.height / PITCH) + 1;
export const LAYER_NODES = COLUMNS * ROWS;
export const LAYERS = 2;
/** Distances between nodes are rounded; this much is added to every clearance. */
export const MARGIN = 0.012;

export interface Sort {
  readonly name: string;
  /** Half the width of the copper. */
  readonly half: number;
  readonly clearance: number;
}

/** The narrowest track comes first: wider ones become it where pads are too fine for them. */
export const SORTS: readonly Sort[] = [
  { name: 'narrow', half: OURS.track / 2, clearance: OURS.clearance },
  { name: 'supply', half: 0.2, clearance: OURS.clearance },
  { name: 'power', half: 0.25, clearance: 0.2 },
  { name: 'via', half: OURS.viaDiameter / 2, clearance: 0.2 },
];
export const NARROW = 0;
export const VIA = SORTS.length - 1;

/** Sort of the tracks of a net class. */
export function sortOf(className: string): number {
  const track = NET_CLASSES.find((netClass) => netClass.name === className)!.track;
  const index = SORTS.findIndex((sort) => sort.half * 2 >= track - 1e-9);
  return index < 0 || index >= VIA ? VIA - 1 : index;
}

export function nodeAt(point: Point, layer: number): number {
  const x = Math.round(point.x / PITCH);
  const y = Math.round(point.y / PITCH);
  return layer * LAYER_NODES + y * COLUMNS + x;
}

export function pointAt(node: number): Point {
  const inLayer = node % LAYER_NODES;
  return { x: (inLayer % COLUMNS) * PITCH, y: Math.floor(inLayer / COLUMNS) * PITCH };
}

export function layerOf(node: number): number {
  return node < LAYER_NODES ? 0 : 1;
}

/** Calls `visit` for every node of a layer whose place lies in a box. */
export function eachNodeIn(
  box: { x1: number; y1: number; x2: number; y2: number },
  layer: number,
  visit: (node: number, x: number, y: number) => void,
): void {
  const fromX = Math.max(0, Math.ceil(box.x1 / PITCH - 1e-6));
  const toX = Math.min(COLUMNS - 1, Math.floor(box.x2 / PITCH + 1e-6));
  const fromY = Math.max(0, Math.ceil(box.y1 / PITCH - 1e-6));
  const toY = Math.min(ROWS - 1, Math.floor(box.y2 / PITCH + 1e-6));
  for (let y = fromY; y <= toY; y++) {
    for (let x = fromX; x <= toX; x++) visit(layer * LAYER_NODES + y * COLUMNS + x, x * PITCH, y * PITCH);
  }
}
