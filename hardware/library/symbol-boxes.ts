/**
 * Symbols that are a box with named pins (chips, connectors) and the rail symbols. A box is described by its
 * four sides, pin by pin from top to bottom or left to right; `null` leaves a gap. Lengths in grid units of
 * 1.27 mm. Invariant: pins are two units apart, on the grid.
 */
import type { Point } from '../model/geometry';
import type { Graphic, PinType, SchematicSymbol, SymbolPin } from '../model/part';
import { at, pin } from './symbol-shapes';

/** `number name type`; the type's short form is the key of PIN_TYPES. */
export type PinLine = string | null;

const PIN_TYPES: Record<string, PinType> = {
  i: 'input',
  o: 'output',
  b: 'bidirectional',
  t: 'tri_state',
  p: 'passive',
  in: 'power_in',
  out: 'power_out',
  oc: 'open_collector',
  nc: 'no_connect',
};

export interface BoxSides {
  readonly left?: readonly PinLine[];
  readonly right?: readonly PinLine[];
  readonly top?: readonly PinLine[];
  readonly bottom?: readonly PinLine[];
}

const PIN_LENGTH = 2;
const PITCH = 2;
/** Width of a letter of a pin's name, in grid units. */
const LETTER = 0.95;

function parsed(text: string, place: Point, toward: SymbolPin['toward']): SymbolPin {
  const [number, name, type] = text.split(' ');
  const pinType = PIN_TYPES[type ?? ''];
  if (number === undefined || name === undefined || !pinType) throw new Error(`symbol pin: ${text}`);
  return pin(number, name, pinType, place, toward, PIN_LENGTH);
}

function longest(lines: readonly PinLine[] = []): number {
  return Math.max(0, ...lines.map((text) => text?.split(' ')[1]?.length ?? 0));
}

/** Next even number: keeps both sides of a box on the two-unit grid. */
const even = (value: number): number => 2 * Math.ceil(value / 2);

/** Rows that the upright names of the pins above or below take from the sides. */
function rowsFor(lines: readonly PinLine[] | undefined): number {
  return lines ? even(LETTER * longest(lines)) : 0;
}

function pinsOf(sides: BoxSides, halfWidth: number, halfHeight: number): SymbolPin[] {
  const pins: SymbolPin[] = [];
  const reachX = halfWidth + PIN_LENGTH;
  const reachY = halfHeight + PIN_LENGTH;
  const firstY = -halfHeight + 2 + rowsFor(sides.top);
  const start = (lines: readonly PinLine[]): number => -even(lines.length - 1);
  sides.left?.forEach((text, index) => {
    if (text) pins.push(parsed(text, at(-reachX, firstY + PITCH * index), 'left'));
  });
  sides.right?.forEach((text, index) => {
    if (text) pins.push(parsed(text, at(reachX, firstY + PITCH * index), 'right'));
  });
  sides.top?.forEach((text, index) => {
    if (text) pins.push(parsed(text, at(start(sides.top!) + PITCH * index, -reachY), 'up'));
  });
  sides.bottom?.forEach((text, index) => {
    if (text) pins.push(parsed(text, at(start(sides.bottom!) + PITCH * index, reachY), 'down'));
  });
  return pins;
}

/** A box with its pins; the origin is its middle. */
export function box(name: string, sides: BoxSides, kicad?: string): SchematicSymbol {
  const rows = Math.max(sides.left?.length ?? 0, sides.right?.length ?? 0, 1);
  const columns = Math.max(sides.top?.length ?? 0, sides.bottom?.length ?? 0);
  const letters = LETTER * (longest(sides.left) + longest(sides.right)) + 2;
  const vertical = LETTER * (longest(sides.top) + longest(sides.bottom));
  const halfWidth = even(Math.max(letters / 2, columns + 1, 3));
  const upright = (rowsFor(sides.top) + rowsFor(sides.bottom)) / 2;
  const halfHeight = even(Math.max(rows + 1 + upright, vertical / 2 + 1));
  const body = { x1: -halfWidth, y1: -halfHeight, x2: halfWidth, y2: halfHeight };
  const graphics: Graphic[] = [{ kind: 'rect', box: body, fill: 'background' }];
  const pins = pinsOf(sides, halfWidth, halfHeight);
  return {
    name,
    pins,
    graphics,
    body,
    showPinNames: true,
    showPinNumbers: true,
    ...(kicad ? { kicad } : {}),
  };
}

/** A connector: names on the right, numbers counted from 1 where the line has none. */
export function connector(name: string, pinNames: readonly string[]): SchematicSymbol {
  return box(name, { right: numbered(pinNames) });
}

function numbered(pinNames: readonly string[]): string[] {
  return pinNames.map((pinName, index) => `${index + 1} ${pinName} p`);
}

/** A header for jumpers: with room for names on its wires; of two columns the odd numbers are on the left. */
export function jumpers(name: string, columns: 1 | 2, pinNames: readonly string[]): SchematicSymbol {
  const spaced = (lines: readonly string[]): PinLine[] => lines.flatMap((line) => [line, null]).slice(0, -1);
  const lines = numbered(pinNames);
  if (columns === 1) return box(name, { right: spaced(lines) });
  return box(name, {
    left: spaced(lines.filter((_, index) => index % 2 === 0)),
    right: spaced(lines.filter((_, index) => index % 2 === 1)),
  });
}

const GROUND: readonly Graphic[] = [
  { kind: 'line', points: [at(0, 0), at(0, 1)] },
  { kind: 'line', points: [at(-1, 1), at(1, 1)] },
  { kind: 'line', points: [at(-0.6, 1.4), at(0.6, 1.4)] },
  { kind: 'line', points: [at(-0.2, 1.8), at(0.2, 1.8)] },
];
const RAIL: readonly Graphic[] = [
  { kind: 'line', points: [at(0, 0), at(0, -1.4)] },
  { kind: 'line', points: [at(-0.6, -1), at(0, -2), at(0.6, -1)] },
];

/** The symbol that names a rail; GND hangs, the others stand. */
export function rail(net: string): SchematicSymbol {
  const isGround = net === 'GND';
  return {
    name: net,
    pins: [pin('1', net, 'power_in', at(0, 0), isGround ? 'up' : 'down', 0)],
    graphics: isGround ? GROUND : RAIL,
    body: isGround ? { x1: -1, y1: 0, x2: 1, y2: 2 } : { x1: -1, y1: -2, x2: 1, y2: 0 },
    showPinNames: false,
    showPinNumbers: false,
    isPower: true,
  };
}

/** Tells KiCad's ERC that a net is driven by something it cannot see (a connector, a diode, a coil). */
export const POWER_FLAG: SchematicSymbol = {
  name: 'PWR_FLAG',
  pins: [pin('1', 'pwr', 'power_out', at(0, 0), 'down', 0)],
  graphics: [
    { kind: 'line', points: [at(0, 0), at(0, -1), at(-0.8, -1.5), at(0, -2), at(0.8, -1.5), at(0, -1)] },
  ],
  body: { x1: -1, y1: -2, x2: 1, y2: 0 },
  showPinNames: false,
  showPinNumbers: false,
  isPower: true,
};
