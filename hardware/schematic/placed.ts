/**
 * Where symbols, their pins and their texts come to lie on a sheet. All lengths are grid units of 1.27 mm.
 * KiCad turns a symbol counter-clockwise first and mirrors it left to right afterwards; so does this.
 * Invariant: pins lie on whole grid units, or wires could not meet them.
 */
import { boxOf, cornersOf, shifted, turned, type Box, type Point } from '../model/geometry';
import type { Part, SchematicSymbol, SheetPosition, SymbolPin } from '../model/part';

export type Direction = 'left' | 'right' | 'up' | 'down';

export const STEP: Readonly<Record<Direction, Point>> = {
  left: { x: -1, y: 0 },
  right: { x: 1, y: 0 },
  up: { x: 0, y: -1 },
  down: { x: 0, y: 1 },
};

/** Average width of a letter, and height of a line, of KiCad's 1.27 mm text. */
export const LETTER_WIDTH = 0.9;
export const LINE_HEIGHT = 1.4;

export interface PlacedPin {
  readonly pin: SymbolPin;
  readonly at: Point;
  readonly toward: Direction;
}

/** A text, centred, and the room it takes. */
export interface PlacedText {
  readonly text: string;
  readonly at: Point;
  readonly box: Box;
}

function moved(point: Point, position: SheetPosition): Point {
  const spun = turned(point, position.turn);
  return shifted(position.isMirrored ? { x: -spun.x, y: spun.y } : spun, position);
}

function directionOf(step: Point): Direction {
  if (step.x !== 0) return step.x > 0 ? 'right' : 'left';
  return step.y > 0 ? 'down' : 'up';
}

function movedDirection(toward: Direction, position: SheetPosition): Direction {
  return directionOf(moved(STEP[toward], { ...position, x: 0, y: 0 }));
}

export function placedPins(symbol: SchematicSymbol, position: SheetPosition): PlacedPin[] {
  return symbol.pins.map((pin) => {
    const at = moved(pin.at, position);
    if (!Number.isInteger(at.x) || !Number.isInteger(at.y))
      throw new Error(`${symbol.name}.${pin.number} off grid`);
    return { pin, at, toward: movedDirection(pin.toward, position) };
  });
}

export function bodyBox(symbol: SchematicSymbol, position: SheetPosition): Box {
  return boxOf(cornersOf(symbol.body).map((corner) => moved(corner, position)));
}

/** A centred text with its room. */
export function textAt(text: string, x: number, y: number): PlacedText {
  const half = (text.length * LETTER_WIDTH) / 2;
  return {
    text,
    at: { x, y },
    box: { x1: x - half, y1: y - LINE_HEIGHT / 2, x2: x + half, y2: y + LINE_HEIGHT / 2 },
  };
}

function beginningAt(text: string, x: number, y: number): PlacedText {
  return textAt(text, x + (text.length * LETTER_WIDTH) / 2, y);
}

function endingAt(text: string, x: number, y: number): PlacedText {
  return textAt(text, x - (text.length * LETTER_WIDTH) / 2, y);
}

/** Reference and value: beside a standing part, above and below a lying one (above, if a wire leaves it below), above a box. */
export function partTexts(part: Part): readonly [PlacedText, PlacedText] {
  const { symbol, value } = part.item;
  const body = bodyBox(symbol, part.position);
  const pins = placedPins(symbol, part.position);
  const middle = { x: (body.x1 + body.x2) / 2, y: (body.y1 + body.y2) / 2 };
  const above = pins.filter((pin) => pin.toward === 'up');
  if (symbol.showPinNames) {
    const first = Math.min(...above.map((pin) => pin.at.x));
    return above.length > 0
      ? [endingAt(part.ref, first - 2.5, body.y1 - 2.6), endingAt(value, first - 2.5, body.y1 - 1)]
      : [beginningAt(part.ref, body.x1, body.y1 - 2.4), beginningAt(value, body.x1, body.y1 - 0.9)];
  }
  if (!pins.some((pin) => pin.toward === 'right')) {
    return [
      beginningAt(part.ref, body.x2 + 0.5, middle.y - 0.8),
      beginningAt(value, body.x2 + 0.5, middle.y + 0.8),
    ];
  }
  if (above.length === 0 && pins.some((pin) => pin.toward === 'down'))
    return [textAt(part.ref, middle.x, body.y1 - 2.4), textAt(value, middle.x, body.y1 - 0.9)];
  return [textAt(part.ref, middle.x, body.y1 - 1), textAt(value, middle.x, body.y2 + 1)];
}
