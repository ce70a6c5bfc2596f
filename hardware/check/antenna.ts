/**
 * What must stay away from the antenna line and from under the modem, on the board as it was read back. Source:
 * SIM800A Hardware Design V1.02, 4.15 (antenna line: short, 50 Ohm, ground on both sides and below, nothing else
 * near) and figure 4 (test points under the module). Boxes in millimetres from the board's top left corner; they are
 * told here again and not taken from the router, which is to keep to them.
 */
import type { Box } from '../model/geometry';
import { plainNet } from './nets';
import type { Layer, ReadBoard, Shape } from './read-board';
import { gapBelow } from './shapes';

interface Area {
  readonly what: string;
  readonly box: Box;
  readonly layers: readonly Layer[];
  readonly nets: readonly string[];
}

const AREAS: readonly Area[] = [
  {
    what: 'the antenna line',
    box: { x1: 24, y1: 0.5, x2: 27.8, y2: 12.8 },
    layers: ['F.Cu', 'B.Cu'],
    nets: ['GND', 'ANT', 'ANT_MODEM'],
  },
  {
    what: 'the ground under the modem',
    box: { x1: 16.2, y1: 16.2, x2: 35.8, y2: 35.8 },
    layers: ['F.Cu'],
    nets: ['GND'],
  },
];

/** The line itself must be there: from the modem to the socket. */
const LINE_NETS = ['ANT', 'ANT_MODEM'];
const LONGEST_MM = 12;

export function antennaFaults(board: ReadBoard): string[] {
  const { x1, y1 } = board.outline;
  const strangers = AREAS.flatMap(({ what, box, layers, nets }) =>
    board.shapes
      .filter((shape) => layers.includes(shape.layer) && !nets.includes(plainNet(shape.net)))
      .filter((shape) => {
        const corners = [
          { x: box.x1 + x1, y: box.y1 + y1 },
          { x: box.x2 + x1, y: box.y1 + y1 },
          { x: box.x2 + x1, y: box.y2 + y1 },
          { x: box.x1 + x1, y: box.y2 + y1 },
        ];
        const area: Shape = { ...shape, points: corners, isClosed: true, radius: 0 };
        return gapBelow(area, shape, 1e-6) !== undefined;
      })
      .map((shape) => `${shape.what} of ${plainNet(shape.net)} lies in ${what}`),
  );
  const length = board.shapes
    .filter((shape) => shape.kind === 'track' && LINE_NETS.includes(plainNet(shape.net)))
    .reduce((sum, { points: [a, b] }) => sum + Math.hypot(a!.x - b!.x, a!.y - b!.y), 0);
  if (length === 0) return [...strangers, 'there is no antenna line'];
  return length <= LONGEST_MM
    ? strangers
    : [...strangers, `the antenna line is ${length.toFixed(1)} mm long`];
}
