/**
 * Where the router lays nothing but ground: under the modem and beside the antenna line; and the area of the
 * machine's own circuits. Millimetres from the board's top left corner.
 */
import { polygon } from '../layout/board';
import type { CopperLayer } from '../layout/placed';
import type { Box, Point } from '../model/geometry';

export interface GroundOnly {
  readonly box: Box;
  readonly layers: readonly CopperLayer[];
}

export const GROUND_ONLY: readonly GroundOnly[] = [
  // Under the modem: its underside has test points (guide, figure 4).
  { box: { x1: 16, y1: 16, x2: 36, y2: 36 }, layers: ['front'] },
  // From under the controller outwards, or tracks on the back would cut its heat pad off from the plane.
  { box: { x1: 58.2, y1: 56, x2: 59.8, y2: 66 }, layers: ['back'] },
  // Antenna line: only ground beside and below it.
  { box: { x1: 23.4, y1: 0, x2: 28.2, y2: 13 }, layers: ['front', 'back'] },
];

/** The machine's own circuits (rules.ts, class Field): 3 mm away from low voltage. */
export const FIELD_AREA: readonly Point[] = polygon('50.2,78.5 71,78.5 71,94.6 50.2,94.6');
