/**
 * Finds room on the silkscreen for the references of the parts: beside the part, free of pads, of other prints
 * and of other parts' bodies. A part without room keeps its reference on the fabrication drawing only.
 * Limits: the fab's least height and width of a line (layout/rules.ts). Invariant: no print covers a pad or
 * another print.
 */
import { grown, overlaps, type Box, type Point } from '../model/geometry';
import { BOARD, PRINTS, type Print } from '../layout/board';
import { onBoard, type PlacedPart } from '../layout/placed';
import { FAB } from '../layout/rules';

export interface SilkText {
  readonly at: Point;
  readonly turn: 0 | 90;
  readonly size: number;
}

const LETTER_SHARE = 0.95;
/** Between print and copper that is open to solder, and between prints. */
const GAP = 0.18;

/** Room of a text, centred. */
export function printBox(text: string, at: Point, size: number, turn: 0 | 90): Box {
  const width = (text.length * LETTER_SHARE * size + 0.1) / 2;
  const height = (size * 1.15) / 2;
  return turn === 0
    ? { x1: at.x - width, y1: at.y - height, x2: at.x + width, y2: at.y + height }
    : { x1: at.x - height, y1: at.y - width, x2: at.x + height, y2: at.y + width };
}

function padBoxes(parts: readonly PlacedPart[]): Box[] {
  return parts.flatMap((part) =>
    part.pads
      .filter((pad) => !pad.pad.isBack)
      .map((pad) => ({
        x1: pad.at.x - pad.width / 2,
        y1: pad.at.y - pad.height / 2,
        x2: pad.at.x + pad.width / 2,
        y2: pad.at.y + pad.height / 2,
      })),
  );
}

function silkBoxes(parts: readonly PlacedPart[]): Box[] {
  return parts.flatMap(({ part, at, turn }) => {
    const { silk, dot } = part.item.footprint;
    const lines = silk.map(([from, to]) => {
      const a = onBoard(from, at, turn);
      const b = onBoard(to, at, turn);
      return {
        x1: Math.min(a.x, b.x),
        y1: Math.min(a.y, b.y),
        x2: Math.max(a.x, b.x),
        y2: Math.max(a.y, b.y),
      };
    });
    const dots = dot ? [onBoard(dot, at, turn)].map(({ x, y }) => ({ x1: x, y1: y, x2: x, y2: y })) : [];
    return [...lines, ...dots].map((box) => grown(box, FAB.minSilkWidth / 2 + 0.08));
  });
}

const isOnBoard = (box: Box): boolean =>
  box.x1 > 0.3 && box.y1 > 0.3 && box.x2 < BOARD.width - 0.3 && box.y2 < BOARD.height - 0.3;

/** Places to try, the best first: above, below, right, left; lying, then upright. */
function candidates(part: PlacedPart, size: number): SilkText[] {
  const { courtyard: box } = part;
  const middle = { x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2 };
  const half = (part.part.ref.length * LETTER_SHARE * size) / 2;
  const out = size * 0.6;
  const places: SilkText[] = [];
  for (const shift of [0, -0.6, 0.6, -1.2, 1.2]) {
    places.push(
      { at: { x: middle.x + shift, y: box.y1 - out }, turn: 0, size },
      { at: { x: middle.x + shift, y: box.y2 + out }, turn: 0, size },
      { at: { x: box.x2 + half + 0.1, y: middle.y + shift }, turn: 0, size },
      { at: { x: box.x1 - half - 0.1, y: middle.y + shift }, turn: 0, size },
      { at: { x: box.x1 - out, y: middle.y + shift }, turn: 90, size },
      { at: { x: box.x2 + out, y: middle.y + shift }, turn: 90, size },
    );
  }
  return places;
}

function startsIn(prints: readonly Print[]): Box[] {
  return prints.map((print) => printBox(print.text, print.at, print.size, print.turn ?? 0));
}

/** Large parts first: a person looks for them, and they have the room. Inside a large body is fine too. */
export function placeReferences(parts: readonly PlacedPart[]): ReadonlyMap<string, SilkText> {
  const found = new Map<string, SilkText>();
  const blocked = [
    ...padBoxes(parts).map((box) => grown(box, GAP)),
    ...silkBoxes(parts),
    ...startsIn(PRINTS),
  ];
  const order = [...parts].sort((a, b) => areaOf(b.courtyard) - areaOf(a.courtyard));
  for (const size of [1, FAB.minSilkHeight]) {
    for (const part of order) {
      if (found.has(part.part.ref) || part.part.item.footprint.height === 0) continue;
      const inside: SilkText = { at: centreOf(part.body), turn: 0, size };
      const tries = areaOf(part.body) > 60 ? [inside, ...candidates(part, size)] : candidates(part, size);
      const bodies = parts.filter((other) => other !== part).map((other) => other.body);
      const fits = tries.find(({ at, turn }) => {
        const box = printBox(part.part.ref, at, size, turn);
        return (
          isOnBoard(box) &&
          !blocked.some((other) => overlaps(box, other)) &&
          !bodies.some((body) => overlaps(box, body))
        );
      });
      if (!fits) continue;
      found.set(part.part.ref, fits);
      blocked.push(printBox(part.part.ref, fits.at, size, fits.turn));
    }
  }
  return found;
}

function areaOf(box: Box): number {
  return (box.x2 - box.x1) * (box.y2 - box.y1);
}

function centreOf(box: Box): Point {
  return { x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2 };
}
