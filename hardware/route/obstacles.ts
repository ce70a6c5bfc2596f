/**
 * What stands on the board before the first track: for each sort of copper and each node, the one net that may
 * come there, nobody, or anybody. From pads, holes, pours, hand-laid tracks, areas without copper and the edge.
 * Invariant: a node marked for a net (or free) keeps every clearance to fixed copper of other nets.
 */
import { BOARD, FIXED_TRACKS, LOW_VOLTAGE, POURS } from '../layout/board';
import { FIELD_AREA, GROUND_ONLY, type GroundOnly } from './areas';
import type { PlacedPad, PlacedPart } from '../layout/placed';
import { onBoard } from '../layout/placed';
import { classOf, MAINS_NETS, OURS, FAB } from '../layout/rules';
import { boxOf, grown, isInside, pointToSegment, type Point } from '../model/geometry';
import { eachNodeIn, LAYER_NODES, LAYERS, MARGIN, SORTS, VIA, type Sort } from './grid';

export const FREE = 0;
export const NOBODY = -1;

export class Obstacles {
  /** By sort: the net that may use a node. */
  readonly owners: readonly Int16Array[];

  constructor(
    parts: readonly PlacedPart[],
    private readonly numbers: ReadonlyMap<string, number>,
  ) {
    this.owners = SORTS.map(() => new Int16Array(LAYER_NODES * LAYERS));
    SORTS.forEach((sort, index) => {
      this.edge(sort, index);
      for (const part of parts) this.part(part, sort, index);
      for (const pour of POURS) if (pour.priority > 0) this.pour(pour, sort, index);
      for (const track of FIXED_TRACKS) this.track(track, sort, index);
      for (const area of GROUND_ONLY) this.groundOnly(area, index);
    });
  }

  /** Whether a net may lay copper of this sort here; a via needs both layers. */
  allows(sort: number, node: number, net: number): boolean {
    const owner = this.owners[sort]![node]!;
    return owner === FREE || owner === net;
  }

  private claim(sort: number, node: number, net: number): void {
    const map = this.owners[sort]!;
    const owner = map[node]!;
    if (owner === FREE) map[node] = net;
    else if (owner !== net) map[node] = NOBODY;
  }

  private numberOf(net: string | null): number {
    return net === null ? NOBODY : this.numbers.get(net)!;
  }

  private reach(sort: Sort, net: string | null): number {
    const clearance = net === null ? OURS.clearance : classOf(net).clearance;
    return sort.half + Math.max(sort.clearance, Math.min(clearance, 0.2)) + MARGIN;
  }

  /** Copper keeps away from the edge, and low voltage and field circuits keep to their areas. */
  private edge(sort: Sort, index: number): void {
    const inset = sort.half + OURS.copperToEdge;
    for (let layer = 0; layer < LAYERS; layer++) {
      eachNodeIn({ x1: 0, y1: 0, x2: BOARD.width, y2: BOARD.height }, layer, (node, x, y) => {
        const isEdge = x < inset || y < inset || x > BOARD.width - inset || y > BOARD.height - inset;
        const point = { x, y };
        const isInArea =
          isWellInside(point, LOW_VOLTAGE, sort.half) || isWellInside(point, FIELD_AREA, sort.half);
        if (isEdge || !isInArea) this.owners[index]![node] = NOBODY;
      });
    }
  }

  private part(placed: PlacedPart, sort: Sort, index: number): void {
    for (const pad of placed.pads) this.pad(pad, sort, index);
    for (const keepout of placed.part.item.footprint.keepouts ?? []) {
      if (keepout.forbids === 'vias' && index !== VIA) continue;
      const polygon = keepout.polygon.map((corner) => onBoard(corner, placed.at, placed.turn));
      const reach = sort.half + MARGIN;
      eachNodeIn(grown(boxOf(polygon), reach), 0, (node, x, y) => {
        if (isNear({ x, y }, polygon, reach)) this.owners[index]![node] = NOBODY;
      });
    }
  }

  private pad(pad: PlacedPad, sort: Sort, index: number): void {
    const isHole = pad.pad.kind === 'hole';
    const isVia = index === VIA;
    const reach = isHole ? sort.half + OURS.copperToHole : this.reach(sort, pad.net);
    const halfX = pad.width / 2;
    const halfY = pad.height / 2;
    const { x: cx, y: cy } = pad.at;
    const isRound = pad.pad.shape === 'circle';
    const box = {
      x1: cx - halfX - reach,
      y1: cy - halfY - reach,
      x2: cx + halfX + reach,
      y2: cy + halfY + reach,
    };
    for (const layer of pad.layers) {
      eachNodeIn(box, layer === 'front' ? 0 : 1, (node, x, y) => {
        const gap = isRound
          ? Math.hypot(x - cx, y - cy) - halfX
          : Math.hypot(Math.max(Math.abs(x - cx) - halfX, 0), Math.max(Math.abs(y - cy) - halfY, 0));
        if (gap >= reach) return;
        this.claim(index, node, isHole ? NOBODY : this.numberOf(pad.net));
        // No via in a pad: solder would flow away. And holes keep their distance, whatever the net.
        if (isVia && gap < sort.half + 0.05) this.owners[index]![node] = NOBODY;
      });
    }
    if (isVia && pad.pad.drill !== undefined) this.drill(pad, index);
  }

  /** Distance of drilled holes, also of the same net. */
  private drill(pad: PlacedPad, index: number): void {
    const drill = typeof pad.pad.drill === 'number' ? pad.pad.drill : Math.max(...pad.pad.drill!);
    const reach = drill / 2 + OURS.viaDrill / 2 + Math.max(OURS.holeToHole, FAB.minHoleToHole);
    const { x: cx, y: cy } = pad.at;
    for (let layer = 0; layer < LAYERS; layer++) {
      eachNodeIn({ x1: cx - reach, y1: cy - reach, x2: cx + reach, y2: cy + reach }, layer, (node, x, y) => {
        if (Math.hypot(x - cx, y - cy) < reach) this.owners[index]![node] = NOBODY;
      });
    }
  }

  private pour(pour: (typeof POURS)[number], sort: Sort, index: number): void {
    const reach = sort.half + OURS.zoneClearance + MARGIN;
    const layer = pour.layer === 'front' ? 0 : 1;
    eachNodeIn(grown(boxOf(pour.polygon), reach), layer, (node, x, y) => {
      if (isNear({ x, y }, pour.polygon, reach)) this.claim(index, node, this.numberOf(pour.net));
    });
  }

  private track(track: (typeof FIXED_TRACKS)[number], sort: Sort, index: number): void {
    if (MAINS_NETS.includes(track.net)) return;
    const reach = track.width / 2 + this.reach(sort, track.net);
    const layer = track.layer === 'front' ? 0 : 1;
    eachNodeIn(grown(boxOf(track.path), reach), layer, (node, x, y) => {
      const isClose = track.path
        .slice(1)
        .some((to, step) => pointToSegment({ x, y }, track.path[step]!, to) < reach);
      if (isClose) this.claim(index, node, this.numberOf(track.net));
    });
  }

  private groundOnly(area: GroundOnly, index: number): void {
    const ground = this.numbers.get('GND')!;
    for (const layer of area.layers) {
      eachNodeIn(area.box, layer === 'front' ? 0 : 1, (node) => {
        const owner = this.owners[index]![node]!;
        this.owners[index]![node] = owner === FREE || owner === ground ? ground : NOBODY;
      });
    }
  }
}

function isNear(point: Point, polygon: readonly Point[], reach: number): boolean {
  return (
    isInside(point, polygon) ||
    polygon.some((corner, i) => pointToSegment(point, corner, polygon[(i + 1) % polygon.length]!) < reach)
  );
}

function isWellInside(point: Point, polygon: readonly Point[], inset: number): boolean {
  if (!isInside(point, polygon)) return false;
  return polygon.every(
    (corner, i) => pointToSegment(point, corner, polygon[(i + 1) % polygon.length]!) >= inset,
  );
}
