/**
 * The board itself: outline, areas for copper and areas without, copper that is laid by hand (antenna line,
 * mains contacts), and what is printed. Parts are placed in placement.ts, the other tracks come from the router.
 * Millimetres from the top left corner.
 * Invariant: an area of low voltage keeps the distances of rules.ts from the relays' contacts; the checks measure.
 */
import type { Point } from '../model/geometry';
import { OURS } from './rules';
import type { CopperLayer } from './placed';

export const BOARD = { width: 130, height: 95, cornerRadius: 2 } as const;

/** Where the board's corner lies on KiCad's page. */
export const PAGE_ORIGIN: Point = { x: 80, y: 50 };

/** `1,2 3,4` as points. */
export function polygon(text: string): Point[] {
  return text.split(' ').map((pair) => {
    const [x, y] = pair.split(',').map(Number);
    return { x: x!, y: y! };
  });
}

export interface Pour {
  readonly net: string;
  readonly layer: CopperLayer;
  readonly polygon: readonly Point[];
  /** Higher fills first. */
  readonly priority: number;
  /** Pads are joined without thermal spokes, for the current. */
  readonly isSolid: boolean;
}

/** Low voltage ends here: right of x and below y are the relays, below it the machine's own circuits. */
export const LOW_VOLTAGE: readonly Point[] = polygon(
  '0,0 130,0 130,95 122.6,95 122.6,64 71,64 71,75.5 47.4,75.5 47.4,95 0,95',
);

/** The same, short of the edge. */
const GROUND: readonly Point[] = LOW_VOLTAGE.map(({ x, y }) => ({
  x: Math.min(Math.max(x, OURS.copperToEdge), BOARD.width - OURS.copperToEdge),
  y: Math.min(Math.max(y, OURS.copperToEdge), BOARD.height - OURS.copperToEdge),
}));

const pour = (net: string, corners: string): Pour => ({
  net,
  layer: 'front',
  polygon: polygon(corners),
  priority: 10,
  isSolid: true,
});

export const POURS: readonly Pour[] = [
  { net: 'GND', layer: 'front', polygon: GROUND, priority: 0, isSolid: false },
  { net: 'GND', layer: 'back', polygon: GROUND, priority: 0, isSolid: false },
  pour('VIN_RAW', '115.4,4.2 118.6,4.2 118.6,13.6 115.4,13.6'),
  pour(
    'VIN_FUSED',
    '112.4,16.2 118.8,16.2 119.1,22.6 117.8,22.6 117.8,28.4 116.2,28.4 116.2,22.6 114.8,22.6 114.8,18.8 112.4,18.8',
  ),
  pour(
    'VIN',
    '92.7,12.9 98.9,12.9 99.2,11.4 101,11.4 101.3,13 101.3,16.8 108,16.8 108,19.9 113.4,21 113.4,26 112.8,29 118.3,29 118.3,26.6 123.9,26.6 123.9,32.5 121.9,32.5 121.9,30.4 112.3,30.4 112.3,36.6 110.7,36.6 110.7,34.7 109.2,34.7 109.2,36.5 108,36.5 108,33.8 102.2,31.6 102.2,19.6 99,19.6 99,14.6 92.7,14.4',
  ),
  pour(
    'SW_4V',
    '79.9,9.4 83.2,9.4 83.2,13.4 86.9,14.5 89.3,14.5 89.3,16.2 90.8,16.2 90.8,17.8 87,18 86.6,23.6 83.8,23.6 83.8,16 79.9,14.7',
  ),
  pour(
    '+4V0',
    '61.2,11.2 64.6,11.2 64.6,8.6 68,8.6 72.2,9.3 72.2,15 72.5,18.6 72.5,21.6 69.5,21.6 69.5,17 64.6,17 64.6,14.2 61.2,14.2',
  ),
  pour('MODEM_IN', '55.25,13.15 56.9,13.15 56.9,10.6 58.3,10.6 58.3,11.4 59.9,11.4 59.9,14.2 55.25,14.2'),
  pour(
    'VBAT',
    '28.3,10.9 38.6,10.9 40.4,11.8 50.4,11.8 51.6,12.9 52.4,13.15 53.95,13.15 53.95,14.1 51,15.2 50.4,17.6 41,17.6 39.6,14.8 39.6,12.7 31.7,12.7 31.7,15.2 28.3,15.2',
  ),
  pour(
    'SW_5V',
    '102.3,33.4 104.9,33.4 105.2,35.4 107.9,35.4 107.9,36.4 106.6,37.1 105,37.1 104.9,40.8 107.6,41.2 107.6,43.2 105,43.2 102.3,41',
  ),
];

/** Tracks laid by hand, fixed for the router. */
export interface FixedTrack {
  readonly net: string;
  readonly layer: CopperLayer;
  readonly width: number;
  readonly path: readonly Point[];
}

/** Width of the antenna line: calculations/antenna.ts. */
export const ANTENNA_WIDTH = 1.4;
/** Between the line and the ground beside it. */
export const ANTENNA_GAP = OURS.zoneClearance;

const antenna: FixedTrack[] = [
  { net: 'ANT_MODEM', layer: 'front', width: 0.6, path: polygon('26,14 26,12.6') },
  { net: 'ANT_MODEM', layer: 'front', width: ANTENNA_WIDTH, path: polygon('26,12.4 26,10.9') },
  { net: 'ANT_MODEM', layer: 'front', width: 0.6, path: polygon('26,11 26,10.48') },
  { net: 'ANT', layer: 'front', width: 0.6, path: polygon('26,9.52 26,9') },
  { net: 'ANT', layer: 'front', width: ANTENNA_WIDTH, path: polygon('26,9 26,4') },
];

const MAINS_WIDTH = 2;
const at = (x: number, y: number): Point => ({ x, y });

/** Contacts of one relay to its terminals, the same on both layers: 5 A, calculations/tracks.ts. */
function contacts(index: 1 | 2, x: number): FixedTrack[] {
  const paths: [string, Point[]][] = [
    ['NC', [at(x, 73.5), at(x - 4.7, 73.5), at(x - 4.7, 89.9)]],
    ['NO', [at(x, 80.5), at(x + 0.48, 85), at(x + 0.48, 89.9)]],
    ['COM', [at(x + 7.5, 77), at(x + 7.5, 84.5), at(x + 5.56, 88), at(x + 5.56, 89.9)]],
  ];
  return (['front', 'back'] as const).flatMap((layer) =>
    paths.map(([name, path]) => ({ net: `${name}${index}`, layer, width: MAINS_WIDTH, path })),
  );
}

export const FIXED_TRACKS: readonly FixedTrack[] = [...antenna, ...contacts(1, 85), ...contacts(2, 105.6)];

export interface Print {
  readonly text: string;
  readonly at: Point;
  readonly size: number;
  readonly turn?: 0 | 90;
}

const print = (text: string, x: number, y: number, size = 1, turn: 0 | 90 = 0): Print => ({
  text,
  at: { x, y },
  size,
  turn,
});

/** Silkscreen: what a person at the machine must know. */
export const PRINTS: readonly Print[] = [
  print('COINSLOT payment module', 87, 31.8, 1.2),
  print('rev A', 82, 33.8),
  print('9-36V=', 123.8, 10.2),
  print('+', 119.6, 12, 1.2),
  print('-', 111.9, 12, 1.2),
  print('GSM', 33.2, 5.6),
  print('SIM', 10.6, 41.6),
  print('USB', 8.6, 75.6),
  print('SWD', 45.4, 34.6),
  print('READY', 39.6, 4.4, 0.8),
  print('FAULT', 46.6, 4.4, 0.8),
  print('NET', 53.8, 4.4, 0.8),
  print('POWER', 57.9, 4.4, 0.8),
  print('BTN1', 28.4, 53.4, 0.8),
  print('RESET', 27.6, 60.6, 0.8),
  print('TTL', 30.9, 60.6, 0.8, 90),
  print('232', 30.9, 64.6, 0.8, 90),
  print('485', 30.9, 68.4, 0.8, 90),
  print('120R', 49.2, 76.4, 0.8),
  print('RELAY1', 47, 68.2, 0.8),
  print('PULSE', 58.4, 68.2, 0.8),
  // Above the terminals, whose bodies reach the edge.
  print('GND', 12, 84.1, 0.8),
  print('TTL TX', 16.5, 84.1, 0.8),
  print('TTL RX', 22.5, 84.1, 0.8),
  print('232 TX', 27.4, 84.1, 0.8),
  print('232 RX', 32.3, 84.1, 0.8),
  print('485 A', 37.2, 84.1, 0.8),
  print('485 B', 44.5, 84.1, 0.8),
  print('C', 52, 84.1, 0.8),
  print('E', 57.6, 84.1, 0.8),
  print('IN+', 61.6, 84.1, 0.8),
  print('IN-', 69, 84.1, 0.8),
  print('NC', 80.4, 84.1, 0.8),
  print('NO', 85.5, 84.1, 0.8),
  print('COM', 90.6, 84.1, 0.8),
  print('NC', 101, 84.1, 0.8),
  print('NO', 106.1, 84.1, 0.8),
  print('COM', 111.2, 84.1, 0.8),
  print('230V~ 5A', 97, 78, 1, 90),
  print('DANGER', 73.6, 78, 1.2, 90),
  print('VIN', 122.6, 21.8, 0.8),
  print('5V', 91.6, 47.2, 0.8),
  print('4V0', 63, 23.8, 0.8),
  print('VBAT', 45.8, 18.4, 0.8),
  print('3V3', 80, 42.2, 0.8),
  print('GND', 66.8, 23.8, 0.8),
  print('GND', 75.5, 29.6, 0.8),
  print('VBUS', 22.6, 43, 0.8),
  print('D+', 25.4, 46.2, 0.8),
  print('D-', 28.4, 46.2, 0.8),
];

export const TITLE = { name: 'COINSLOT', revision: 'rev A' } as const;
