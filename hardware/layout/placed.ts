/**
 * Footprints on the board: pads, bodies and courtyards at their places, with the nets of their pins. Used by the
 * board's writer, the router and the checks. Millimetres from the board's top left corner.
 * Invariant: a pad's shape is its rectangle grown out of nothing: round pads are treated as they are, rounded
 * corners as square ones (the safe side for clearances).
 */
import { boxOf, cornersOf, shifted, turned, type Box, type Point, type QuarterTurn } from '../model/geometry';
import type { Circuit } from '../circuit/circuit';
import type { Pad, Part } from '../model/part';
import { PLACEMENT } from './placement';

export type CopperLayer = 'front' | 'back';

export interface PlacedPad {
  readonly ref: string;
  readonly pad: Pad;
  readonly at: Point;
  /** Size as it lies on the board. */
  readonly width: number;
  readonly height: number;
  readonly net: string | null;
  readonly layers: readonly CopperLayer[];
}

export interface PlacedPart {
  readonly part: Part;
  readonly at: Point;
  readonly turn: QuarterTurn;
  readonly pads: readonly PlacedPad[];
  readonly courtyard: Box;
  readonly body: Box;
}

const BOTH: readonly CopperLayer[] = ['front', 'back'];

function layersOf(pad: Pad): readonly CopperLayer[] {
  if (pad.kind !== 'smd') return BOTH;
  return [pad.isBack ? 'back' : 'front'];
}

/** A point of a footprint on the board. */
export function onBoard(point: Point, at: Point, turn: QuarterTurn): Point {
  return shifted(turned(point, turn), at);
}

function turnedBox(box: Box, at: Point, turn: QuarterTurn): Box {
  return boxOf(cornersOf(box).map((corner) => onBoard(corner, at, turn)));
}

export function placePart(part: Part): PlacedPart {
  const place = PLACEMENT[part.ref];
  if (!place) throw new Error(`${part.ref} has no place on the board`);
  const at = { x: place[0], y: place[1] };
  const turn = place[2] ?? 0;
  const isLying = turn === 90 || turn === 270;
  const pads = part.item.footprint.pads.map((pad): PlacedPad => ({
    ref: part.ref,
    pad,
    at: onBoard(pad.at, at, turn),
    width: isLying ? pad.height : pad.width,
    height: isLying ? pad.width : pad.height,
    net: pad.number === '' ? null : (part.pins.get(pad.number) ?? null),
    layers: layersOf(pad),
  }));
  const { courtyard, body } = part.item.footprint;
  return { part, at, turn, pads, courtyard: turnedBox(courtyard, at, turn), body: turnedBox(body, at, turn) };
}

export function placeParts(circuit: Circuit): PlacedPart[] {
  return circuit.parts.map(placePart);
}

/** Corner points of a pad's rectangle, or points round a circle. */
export function padOutline(pad: PlacedPad): Point[] {
  const { x, y } = pad.at;
  if (pad.pad.shape === 'circle') {
    const corners = 24;
    // Outside the circle, so that no distance comes out too large.
    const radius = pad.width / 2 / Math.cos(Math.PI / corners);
    return Array.from({ length: corners }, (_, index) => {
      const angle = (2 * Math.PI * index) / corners;
      return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) };
    });
  }
  const halfX = pad.width / 2;
  const halfY = pad.height / 2;
  return cornersOf({ x1: x - halfX, y1: y - halfY, x2: x + halfX, y2: y + halfY });
}
