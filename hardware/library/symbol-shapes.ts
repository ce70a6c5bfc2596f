/**
 * Symbols of parts with two to four pins, drawn by us: resistors, capacitors, diodes, transistors, relays.
 * Drawn standing, pin 1 on top; a sheet turns them. Pin numbers follow the footprints (a diode's 1 is the
 * cathode). Lengths in grid units of 1.27 mm. Invariant: every pin ends on the grid, or wires could not meet it.
 */
import { boxOf, type Box, type Point } from '../model/geometry';
import type { Graphic, PinType, SchematicSymbol, SymbolPin } from '../model/part';

export const at = (x: number, y: number): Point => ({ x, y });

function line(...coordinates: number[]): Graphic {
  return { kind: 'line', points: pairs(coordinates) };
}

function filled(...coordinates: number[]): Graphic {
  return { kind: 'line', points: pairs(coordinates), fill: 'outline' };
}

function pairs(coordinates: readonly number[]): Point[] {
  const points: Point[] = [];
  for (let i = 0; i < coordinates.length; i += 2) points.push(at(coordinates[i]!, coordinates[i + 1]!));
  return points;
}

export function pin(
  number: string,
  name: string,
  type: PinType,
  place: Point,
  toward: SymbolPin['toward'],
  length: number,
): SymbolPin {
  return { number, name, type, at: place, toward, length };
}

function bodyOf(graphics: readonly Graphic[]): Box {
  const points = graphics.flatMap((graphic): readonly Point[] => {
    if (graphic.kind === 'rect')
      return [at(graphic.box.x1, graphic.box.y1), at(graphic.box.x2, graphic.box.y2)];
    if (graphic.kind === 'circle') {
      const { at: centre, radius } = graphic;
      return [at(centre.x - radius, centre.y - radius), at(centre.x + radius, centre.y + radius)];
    }
    return graphic.kind === 'text' ? [graphic.at] : graphic.points;
  });
  return boxOf(points);
}

function symbol(
  name: string,
  pins: readonly SymbolPin[],
  graphics: readonly Graphic[],
  kicad?: string,
): SchematicSymbol {
  const body = bodyOf(graphics);
  return {
    name,
    pins,
    graphics,
    body,
    showPinNames: false,
    showPinNumbers: false,
    ...(kicad ? { kicad } : {}),
  };
}

/** Two pins, `reach` units above and below the middle, with the body between -half and +half. */
function standing(
  name: string,
  names: readonly [string, string],
  half: number,
  graphics: readonly Graphic[],
): SchematicSymbol {
  const length = 2 - half;
  return symbol(
    name,
    [
      pin('1', names[0], 'passive', at(0, -2), 'up', length),
      pin('2', names[1], 'passive', at(0, 2), 'down', length),
    ],
    graphics,
  );
}

const rect = (
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  fill: 'none' | 'background' | 'outline' = 'none',
): Graphic => ({
  kind: 'rect',
  box: { x1, y1, x2, y2 },
  fill,
});

const plate = (y: number): Graphic => line(-1, y, 1, y);

export const RESISTOR = standing('R', ['~', '~'], 1.2, [rect(-0.5, -1.2, 0.5, 1.2)]);
export const CAPACITOR = standing('C', ['~', '~'], 0.3, [plate(-0.3), plate(0.3)]);
export const POLARIZED = standing('C_Polarized', ['+', '-'], 0.4, [
  rect(-1, -0.4, 1, -0.15),
  rect(-1, 0.15, 1, 0.4, 'outline'),
  line(-1.3, -1, -0.7, -1),
  line(-1, -1.3, -1, -0.7),
]);
export const INDUCTOR = standing('L', ['~', '~'], 1.5, [
  { kind: 'arc', points: [at(0, -1.5), at(0.5, -1), at(0, -0.5)] },
  { kind: 'arc', points: [at(0, -0.5), at(0.5, 0), at(0, 0.5)] },
  { kind: 'arc', points: [at(0, 0.5), at(0.5, 1), at(0, 1.5)] },
]);
export const FERRITE = standing('FerriteBead', ['~', '~'], 1.2, [
  rect(-0.5, -1.2, 0.5, 1.2),
  line(-0.8, 0.8, 0.8, -0.8),
]);
export const FUSE = standing('Fuse', ['~', '~'], 1.2, [rect(-0.5, -1.2, 0.5, 1.2), line(0, -1.2, 0, 1.2)]);

const triangle = filled(-0.9, 0.9, 0.9, 0.9, 0, -0.8, -0.9, 0.9);
export const DIODE = standing('D', ['K', 'A'], 0.9, [triangle, line(-0.9, -0.8, 0.9, -0.8)]);
export const SCHOTTKY = standing('D_Schottky', ['K', 'A'], 0.9, [
  triangle,
  line(-0.9, -0.4, -0.9, -0.8, 0.9, -0.8, 0.9, -1.2),
]);
export const ZENER = standing('D_Zener', ['K', 'A'], 0.9, [
  triangle,
  line(-1.2, -0.5, -0.9, -0.8, 0.9, -0.8, 1.2, -1.1),
]);
export const TVS_BOTH_WAYS = standing('D_TVS', ['A1', 'A2'], 1.3, [
  filled(-0.7, -1.3, 0.7, -1.3, 0, 0, -0.7, -1.3),
  filled(-0.7, 1.3, 0.7, 1.3, 0, 0, -0.7, 1.3),
  line(-1, -0.3, -0.8, 0, 0.8, 0, 1, 0.3),
]);
export const LED = standing('LED', ['K', 'A'], 0.9, [
  triangle,
  line(-0.9, -0.8, 0.9, -0.8),
  line(1.1, -0.1, 1.7, -0.7),
  line(1.1, 0.7, 1.7, 0.1),
]);
export const CRYSTAL_2 = standing('Crystal', ['1', '2'], 0.8, [
  plate(-0.8),
  rect(-1, -0.45, 1, 0.45),
  plate(0.8),
]);
export const SWITCH = symbol(
  'SW_Push',
  [pin('1', '1', 'passive', at(-4, 0), 'left', 2), pin('2', '2', 'passive', at(4, 0), 'right', 2)],
  [
    { kind: 'circle', at: at(-1.7, 0), radius: 0.3 },
    { kind: 'circle', at: at(1.7, 0), radius: 0.3 },
    line(-2, -1, 2, -1),
    line(0, -1, 0, -2),
  ],
);

/** Four pads, the can on 2 and 4. */
export const CRYSTAL_4 = symbol(
  'Crystal_GND24',
  [
    pin('1', '1', 'passive', at(0, -2), 'up', 1.2),
    pin('3', '3', 'passive', at(0, 2), 'down', 1.2),
    pin('2', 'GND', 'passive', at(2, 0), 'right', 0.6),
    pin('4', 'GND', 'passive', at(-2, 0), 'left', 0.6),
  ],
  [plate(-0.8), rect(-1, -0.45, 1, 0.45), plate(0.8), line(-1.4, -1, -1.4, 1), line(1.4, -1, 1.4, 1)],
  'Device:Crystal_GND24',
);

export const TEST_POINT = symbol(
  'TestPoint',
  [pin('1', '1', 'passive', at(0, 0), 'down', 1)],
  [{ kind: 'circle', at: at(0, -1.5), radius: 0.5 }],
);

const channel = [
  line(0.4, -1.6, 0.4, -0.7),
  line(0.4, -0.45, 0.4, 0.45),
  line(0.4, 0.7, 0.4, 1.6),
  line(0, -1.4, 0, 1.4),
];

/** Gate left, drain on top (n) or below (p), numbers as in SOT-23: 1 gate, 2 source, 3 drain. */
export const NMOS = symbol(
  'NMOS',
  [
    pin('1', 'G', 'input', at(-4, 0), 'left', 4),
    pin('2', 'S', 'passive', at(2, 4), 'down', 2.9),
    pin('3', 'D', 'passive', at(2, -4), 'up', 2.9),
  ],
  [
    ...channel,
    line(0.4, -1.1, 2, -1.1),
    line(0.4, 1.1, 2, 1.1, 2, 0, 0.4, 0),
    filled(0.5, 0, 1.2, -0.4, 1.2, 0.4, 0.5, 0),
    line(2, -1.1, 3, -1.1, 3, -0.4),
    line(2, 1.1, 3, 1.1, 3, 0.2),
    filled(2.6, 0.2, 3.4, 0.2, 3, -0.4, 2.6, 0.2),
    line(2.6, -0.4, 3.4, -0.4),
  ],
  'Transistor_FET:BSS138',
);

function pmos(name: string, numbers: { g: string; s: string; d: string }, kicad: string): SchematicSymbol {
  return symbol(
    name,
    [
      pin(numbers.g, 'G', 'input', at(-4, 0), 'left', 4),
      pin(numbers.s, 'S', 'passive', at(2, -4), 'up', 2.9),
      pin(numbers.d, 'D', 'passive', at(2, 4), 'down', 2.9),
    ],
    [
      ...channel,
      line(0.4, 1.1, 2, 1.1),
      line(0.4, -1.1, 2, -1.1, 2, 0, 0.4, 0),
      filled(2, 0, 1.3, -0.4, 1.3, 0.4, 2, 0),
      line(2, -1.1, 3, -1.1, 3, -0.4),
      line(2, 1.1, 3, 1.1, 3, 0.2),
      filled(2.6, -0.4, 3.4, -0.4, 3, 0.2, 2.6, -0.4),
      line(2.6, 0.2, 3.4, 0.2),
    ],
    kicad,
  );
}

export const PMOS = pmos('PMOS', { g: '1', s: '2', d: '3' }, 'Transistor_FET:AO3401A');
/** SOT-223: the tab is the drain, number 2. */
export const PMOS_GDS = pmos('PMOS_GDS', { g: '1', s: '3', d: '2' }, 'Transistor_FET:Q_PMOS_GDS');

export const OPTOCOUPLER = symbol(
  'Optocoupler',
  [
    pin('1', 'A', 'passive', at(-6, -2), 'left', 2),
    pin('2', 'K', 'passive', at(-6, 2), 'left', 2),
    pin('3', 'E', 'passive', at(6, 2), 'right', 2),
    pin('4', 'C', 'passive', at(6, -2), 'right', 2),
  ],
  [
    rect(-4, -3, 4, 3, 'background'),
    line(-4, -2, -2, -2, -2, -0.6),
    filled(-2.6, -0.6, -1.4, -0.6, -2, 0.5, -2.6, -0.6),
    line(-2.6, 0.5, -1.4, 0.5),
    line(-2, 0.5, -2, 2, -4, 2),
    line(-0.9, -0.4, 0.5, -0.4),
    line(-0.9, 0.3, 0.5, 0.3),
    line(1.4, -1.2, 1.4, 1.2),
    line(1.4, -0.4, 3, -2, 4, -2),
    line(1.4, 0.4, 3, 2, 4, 2),
    filled(3, 2, 2.2, 1.7, 2.7, 1.2, 3, 2),
  ],
  'Isolator:LTV-357T',
);

/** Coil A1, A2; 11 common, 12 rests closed, 14 rests open. Contacts doubled on the footprint. */
export const RELAY_CHANGE_OVER = symbol(
  'Relay_SPDT',
  [
    pin('A1', 'A1', 'passive', at(-4, -6), 'up', 3),
    pin('A2', 'A2', 'passive', at(-4, 6), 'down', 3),
    pin('11', '11', 'passive', at(4, 6), 'down', 3),
    pin('12', '12', 'passive', at(2, -6), 'up', 3),
    pin('14', '14', 'passive', at(6, -6), 'up', 3),
  ],
  [
    rect(-6, -4, 8, 4, 'background'),
    line(-4, -3, -4, -1.2),
    line(-4, 3, -4, 1.2),
    rect(-5.2, -1.2, -2.8, 1.2),
    line(-5, 0.8, -3, -0.8),
    line(-2.8, 0, 2.6, 0),
    line(4, 3, 4, 1.6, 2.2, -2),
    line(2, -3, 2, -2),
    line(6, -3, 6, -2, 4.8, -2),
  ],
  'Relay:G2RL-1',
);
