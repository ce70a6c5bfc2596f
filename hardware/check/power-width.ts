/**
 * How wide the copper of the supplies is, all the way: for each net that carries current, whether a strip of the
 * width that the current needs (calculations/tracks.ts) gets from its source to each of its loads, over tracks and
 * pours together, on the board as it was read back. The copper is painted on a fine raster, and only places that
 * have half the width around them may be passed; the last stretch to a pad may be as narrow as the pad.
 * Invariant: an answer of "wide enough" is at most one raster step too generous.
 */
import { isInside, pointToSegment, type Point } from '../model/geometry';
import { plainNet } from './nets';
import type { Layer, ReadBoard, ReadPad, Shape } from './read-board';
import { boxOfShape } from './shapes';

const STEP_MM = 0.1;
/** Around its pads a way may be narrower: pads are. */
const NECK_MM = 1.3;
/** A via of 0.3 mm with 18 um of copper is as good as a track of this width. */
const VIA_WIDTH_MM = 0.48;
const LAYERS: readonly Layer[] = ['F.Cu', 'B.Cu'];

/** No track of a supply is narrower, whatever it carries. */
const LEAST_TRACK_MM = 0.2;

/** A net's source and loads, as pins. */
export interface Supply {
  readonly net: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** Where the current of each supply comes from and where it goes. */
export const SUPPLIES: readonly Supply[] = [
  { net: 'VIN_RAW', from: 'J1.1', to: ['F1.1'] },
  { net: 'VIN_FUSED', from: 'F1.2', to: ['D1.1', 'Q1.2'] },
  { net: 'VIN', from: 'Q1.3', to: ['C1.1', 'U2.2', 'U3.5'] },
  { net: 'SW_4V', from: 'U2.8', to: ['L1.1', 'D3.1'] },
  { net: '+4V0', from: 'L1.2', to: ['C9.1', 'C10.1', 'C11.1', 'FB1.1'] },
  { net: 'MODEM_IN', from: 'FB1.2', to: ['U5.1'] },
  { net: 'VBAT', from: 'U5.7', to: ['C55.1', 'C56.1', 'U9.55', 'U9.56', 'U9.57'] },
  { net: 'SW_5V', from: 'U3.6', to: ['L2.1', 'D4.1'] },
  { net: 'V_BUCK', from: 'L2.2', to: ['C16.1', 'C17.1', 'D5.2'] },
  { net: '+5V', from: 'D5.1', to: ['U4.1', 'Q6.2', 'U15.8', 'U5.4'] },
  { net: 'VBUS', from: 'J2.A4', to: ['D6.2'] },
  { net: '+3V3', from: 'U4.5', to: ['U1.24', 'U1.36', 'U1.48', 'U6.5', 'U7.8', 'U10.1', 'U14.16'] },
  { net: '+5V_COIL', from: 'Q6.3', to: ['K1.A1', 'K2.A1'] },
  { net: 'COIL1', from: 'K1.A2', to: ['Q8.3'] },
  { net: 'COIL2', from: 'K2.A2', to: ['Q18.3'] },
  ...[1, 2].flatMap((relay): Supply[] => [
    { net: `NC${relay}`, from: `K${relay}.12`, to: [`J${6 + relay}.1`] },
    { net: `NO${relay}`, from: `K${relay}.14`, to: [`J${6 + relay}.2`] },
    { net: `COM${relay}`, from: `K${relay}.11`, to: [`J${6 + relay}.3`] },
  ]),
];

/** The copper of one net on both layers, one cell a step. */
class Raster {
  private readonly columns: number;
  private readonly rows: number;
  private readonly originX: number;
  private readonly originY: number;
  readonly cells: Uint8Array;

  constructor(board: ReadBoard) {
    const { x1, y1, x2, y2 } = board.outline;
    [this.originX, this.originY] = [x1 - 1, y1 - 1];
    this.columns = Math.ceil((x2 - x1 + 2) / STEP_MM) + 1;
    this.rows = Math.ceil((y2 - y1 + 2) / STEP_MM) + 1;
    this.cells = new Uint8Array(2 * this.layerSize);
  }

  get layerSize(): number {
    return this.columns * this.rows;
  }

  get neighbours(): readonly number[] {
    return [1, -1, this.columns, -this.columns];
  }

  cellAt(point: Point, layer: Layer): number {
    const column = Math.round((point.x - this.originX) / STEP_MM);
    const row = Math.round((point.y - this.originY) / STEP_MM);
    return LAYERS.indexOf(layer) * this.layerSize + row * this.columns + column;
  }

  pointOf(cell: number): Point {
    const inLayer = cell % this.layerSize;
    return {
      x: (inLayer % this.columns) * STEP_MM + this.originX,
      y: Math.floor(inLayer / this.columns) * STEP_MM + this.originY,
    };
  }

  /** Cells of a layer in a square about a point. */
  *about(point: Point, layer: Layer, reach: number): Generator<number> {
    const steps = Math.ceil(reach / STEP_MM);
    const middle = this.cellAt(point, layer);
    for (let dy = -steps; dy <= steps; dy++)
      for (let dx = -steps; dx <= steps; dx++) yield middle + dy * this.columns + dx;
  }

  paint(shape: Shape): void {
    const box = boxOfShape(shape);
    const [from, to] = [
      { x: box.x1, y: box.y1 },
      { x: box.x2, y: box.y2 },
    ];
    const [first, last] = [this.cellAt(from, shape.layer), this.cellAt(to, shape.layer)];
    const width = (last - first) % this.columns;
    for (let row = first; row <= last; row += this.columns) {
      for (let cell = row; cell <= row + width; cell++)
        if (!this.cells[cell] && isCovered(shape, this.pointOf(cell))) this.cells[cell] = 1;
    }
  }

  /** Cells with copper for `radius` around them: a disc of that size fits. */
  eroded(radius: number): Uint8Array {
    const steps = Math.floor(radius / STEP_MM);
    const offsets: number[] = [];
    for (let dy = -steps; dy <= steps; dy++) {
      for (let dx = -steps; dx <= steps; dx++)
        if (Math.hypot(dx, dy) * STEP_MM <= radius) offsets.push(dy * this.columns + dx);
    }
    return this.cells.map((cell, at) => (cell && offsets.every((offset) => this.cells[at + offset]) ? 1 : 0));
  }
}

function isCovered(shape: Shape, point: Point): boolean {
  if (shape.isClosed && isInside(point, shape.points)) return true;
  const limit = shape.radius + 1e-6;
  const { points } = shape;
  if (points.length === 1) return Math.hypot(point.x - points[0]!.x, point.y - points[0]!.y) <= limit;
  if (shape.kind === 'fill') return false;
  return points.some((corner, i) => pointToSegment(point, corner, points[(i + 1) % points.length]!) <= limit);
}

/** Cells of a net in which a strip of the width may lie, and the necks at its pads. */
function passable(raster: Raster, width: number, pads: readonly ReadPad[]): Uint8Array {
  const allowed = raster.eroded(Math.max(0, width / 2 - STEP_MM));
  for (const pad of pads) {
    for (const layer of pad.layers) {
      const reach = NECK_MM + Math.max(pad.width, pad.height) / 2;
      for (const cell of raster.about(pad.at, layer, reach)) if (raster.cells[cell]) allowed[cell] = 1;
    }
  }
  return allowed;
}

/** Where a strip may change sides: at plated holes, and at vias if one carries the current. */
function crossings(board: ReadBoard, net: string, width: number): Point[] {
  const pads = board.footprints
    .flatMap((footprint) => footprint.pads)
    .filter((pad) => plainNet(pad.net) === net && pad.drill && pad.isPlated);
  const vias = width <= VIA_WIDTH_MM ? board.vias.filter((via) => plainNet(via.net) === net) : [];
  return [...pads, ...vias].map(({ at }) => at);
}

function reached(
  raster: Raster,
  allowed: Uint8Array,
  start: ReadPad,
  crossing: readonly Point[],
): Uint8Array {
  const isReached = new Uint8Array(allowed.length);
  const across = new Set(crossing.map((point) => raster.cellAt(point, 'F.Cu')));
  const stack = start.layers.map((layer) => raster.cellAt(start.at, layer));
  for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
    if (isReached[cell]) continue;
    isReached[cell] = 1;
    for (const step of raster.neighbours)
      if (allowed[cell + step] && !isReached[cell + step]) stack.push(cell + step);
    if (across.has(cell % raster.layerSize)) {
      const other = cell < raster.layerSize ? cell + raster.layerSize : cell - raster.layerSize;
      if (raster.cells[other]) stack.push(other);
    }
  }
  return isReached;
}

function padOf(board: ReadBoard, pin: string): ReadPad {
  const pads = board.footprints.flatMap((footprint) => footprint.pads);
  const pad = pads.find((candidate) => `${candidate.ref}.${candidate.number}` === pin);
  if (!pad) throw new Error(`no pad ${pin} on the board`);
  return pad;
}

/** Loads that no strip of the needed width reaches, as sentences. */
export function powerWidthFaults(
  board: ReadBoard,
  neededMm: ReadonlyMap<string, number>,
  supplies: readonly Supply[] = SUPPLIES,
): string[] {
  return supplies.flatMap(({ net, from, to }) => {
    const width = neededMm.get(net);
    if (width === undefined) return [`nobody says how much current ${net} carries`];
    const raster = new Raster(board);
    for (const shape of board.shapes) if (plainNet(shape.net) === net) raster.paint(shape);
    const ends = [from, ...to].map((pin) => padOf(board, pin));
    const stranger = ends.find((pad) => plainNet(pad.net) !== net);
    if (stranger) return [`${stranger.ref}.${stranger.number} is not on ${net}`];
    const hair = board.shapes.find(
      (shape) =>
        shape.kind === 'track' && plainNet(shape.net) === net && 2 * shape.radius < LEAST_TRACK_MM - 1e-6,
    );
    if (hair) return [`${net}: a track is ${(2 * hair.radius).toFixed(2)} mm wide`];
    const allowed = passable(raster, width, ends);
    const isReached = reached(raster, allowed, ends[0]!, crossings(board, net, width));
    return ends
      .slice(1)
      .filter((pad) => !pad.layers.some((layer) => isReached[raster.cellAt(pad.at, layer)]))
      .map(
        (pad) =>
          `${net}: from ${from} to ${pad.ref}.${pad.number} the copper is narrower than ${width.toFixed(2)} mm`,
      );
  });
}
