import {
  edgeFaults,
  holeFaults,
  isolationFaults,
  isolationGap,
  keepoutFaults,
  netClearanceFaults,
} from '../../hardware/check/clearance';
import { antennaFaults } from '../../hardware/check/antenna';
import { plainNet } from '../../hardware/check/nets';
import type { ReadBoard, Shape } from '../../hardware/check/read-board';
import { gapBelow } from '../../hardware/check/shapes';
import {
  BETWEEN_RELAYS,
  FIELD_TO_LOW_VOLTAGE,
  MAINS_TO_LOW_VOLTAGE,
  OURS,
} from '../../hardware/layout/rules';
import type { Point } from '../../hardware/model/geometry';
import { board, boardWith } from './board-files';

const moved = (shape: Shape, dx: number, dy: number): Shape => ({
  ...shape,
  points: shape.points.map(({ x, y }: Point) => ({ x: x + dx, y: y + dy })),
});

/** Adds one shape to the board. */
const boardPlus = (shape: Partial<Shape> & Pick<Shape, 'net' | 'points'>): ReadBoard => ({
  ...board,
  shapes: [
    ...board.shapes,
    { kind: 'track', what: 'track', layer: 'F.Cu', isClosed: false, radius: 0.1, ...shape },
  ],
});

/** A place on the board, by its own coordinates. */
const at = (x: number, y: number): Point => ({ x: board.outline.x1 + x, y: board.outline.y1 + y });

describe('clearances on the board', () => {
  it('are kept between all nets', () => {
    expect(netClearanceFaults(board)).toEqual([]);
  });

  it('are measured: the copper is all there', () => {
    const kinds = ['pad', 'track', 'via', 'fill'].map(
      (kind) => board.shapes.filter((shape) => shape.kind === kind).length,
    );
    expect(Math.min(...kinds)).toBeGreaterThan(50);
    expect(OURS.clearance).toBe(0.15);
  });

  it('are missed when the tracks of a net are moved by a clearance', () => {
    const mutated = boardWith((shape) =>
      shape.kind === 'track' && plainNet(shape.net) === 'SPI_SCK' ? moved(shape, 0.16, 0) : shape,
    );
    expect(netClearanceFaults(mutated)).not.toEqual([]);
  });

  it('are missed when a track runs through a pour of another net', () => {
    expect(netClearanceFaults(boardPlus({ net: 'NRST', points: [at(70, 90 - 65), at(75, 25)] }))).not.toEqual(
      [],
    );
  });

  it('are missed when a whole track lies in a pour without touching its rim', () => {
    const ground = board.shapes
      .filter((shape) => shape.kind === 'fill' && shape.net === 'GND' && shape.layer === 'B.Cu')
      .sort((a, b) => b.points.length - a.points.length)[0]!;
    const inside = at(100, 27);
    expect(netClearanceFaults(boardPlus({ net: 'NRST', layer: 'B.Cu', points: [inside] }))).not.toEqual([]);
    expect(ground.points.length).toBeGreaterThan(100);
  });

  it('are kept to holes without copper and to the edge', () => {
    expect([...holeFaults(board), ...edgeFaults(board)]).toEqual([]);
    expect(edgeFaults(boardPlus({ net: 'GND', points: [at(0.1, 50)] }))).not.toEqual([]);
    expect(holeFaults(boardPlus({ net: 'GND', points: [at(5.75, 65.11)] }))).not.toEqual([]);
    const doubled = {
      ...board,
      vias: [
        ...board.vias,
        { ...board.vias[0]!, at: { ...board.vias[0]!.at, x: board.vias[0]!.at.x + 0.4 } },
      ],
    };
    expect(holeFaults(doubled)).not.toEqual([]);
  });
});

describe('isolation of the relay contacts', () => {
  it('is 8 mm to low voltage, 6 mm between relays, 3 mm for the machine side', () => {
    expect([MAINS_TO_LOW_VOLTAGE, BETWEEN_RELAYS, FIELD_TO_LOW_VOLTAGE]).toEqual([8, 6, 3]);
    expect(isolationFaults(board)).toEqual([]);
    expect(isolationGap(board)).toBeGreaterThanOrEqual(8);
  });

  const strangers: readonly [what: string, net: string, place: Point, layer: Shape['layer']][] = [
    ['ground 5 mm from a contact', 'GND', at(76, 78), 'F.Cu'],
    ['ground under a contact, on the back', 'GND', at(85, 80), 'B.Cu'],
    ['the other relay near a contact', 'COM2', at(95, 80), 'F.Cu'],
    ['low voltage between the machine terminals', '+3V3', at(60, 86), 'F.Cu'],
  ];
  it.each(strangers)('is missed by %s', (_, net, place, layer) => {
    expect(isolationFaults(boardPlus({ net, layer, points: [place] }))).not.toEqual([]);
  });
});

describe('areas without copper', () => {
  it('hold none: under the modem, at the antenna line', () => {
    expect([...keepoutFaults(board), ...antennaFaults(board)]).toEqual([]);
    expect(board.keepouts.length).toBeGreaterThanOrEqual(2);
  });

  const intruders: readonly [what: string, net: string, place: Point, layer: Shape['layer']][] = [
    ['a track beside the antenna line', 'NRST', at(27.2, 6), 'F.Cu'],
    ['a supply behind the antenna line', 'VBAT', at(26, 6), 'B.Cu'],
    ['a track under the modem', 'NRST', at(26, 30), 'F.Cu'],
  ];
  it.each(intruders)('are missed by %s', (_, net, place, layer) => {
    expect(antennaFaults(boardPlus({ net, layer, points: [place] }))).not.toEqual([]);
  });

  it('are missed by ground in the test area of the modem', () => {
    expect(keepoutFaults(boardPlus({ net: 'GND', points: [at(25.5, 18)] }))).not.toEqual([]);
  });

  it('are missed when the antenna line is gone', () => {
    const mutated = boardWith((shape) =>
      shape.kind === 'track' && plainNet(shape.net).startsWith('ANT') ? undefined : shape,
    );
    expect(antennaFaults(mutated)).toContain('there is no antenna line');
  });
});

describe('distances of shapes', () => {
  const shape = (points: Point[], radius: number, isClosed = false): Shape => ({
    kind: 'track',
    what: 'track',
    net: 'A',
    layer: 'F.Cu',
    points,
    isClosed,
    radius,
  });
  const square = shape(
    [
      { x: 0, y: 0 },
      { x: 2, y: 0 },
      { x: 2, y: 2 },
      { x: 0, y: 2 },
    ],
    0,
    true,
  );

  it('count thickness, corners and insides', () => {
    expect(gapBelow(square, shape([{ x: 5, y: 6 }], 1), 100)).toBeCloseTo(4, 9);
    expect(gapBelow(square, shape([{ x: 1, y: 1 }], 0.1), 100)).toBe(0);
    expect(
      gapBelow(
        square,
        shape(
          [
            { x: 3, y: -5 },
            { x: 3, y: 5 },
          ],
          0.25,
        ),
        100,
      ),
    ).toBeCloseTo(0.75, 9);
    expect(gapBelow(square, shape([{ x: 5, y: 6 }], 1), 4)).toBeUndefined();
  });
});
