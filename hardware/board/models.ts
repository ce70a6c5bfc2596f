/**
 * Plain bodies for the 3D picture: prisms after the footprints' own body sizes, in VRML 2.0 as KiCad reads it.
 * They show where parts stand and how high they are, not what they look like.
 * Lengths: KiCad's VRML unit is a tenth of an inch; here millimetres, y upwards, until they are printed.
 * Invariant: the same footprint gives the same bytes.
 */
import type { Box } from '../model/geometry';
import type { Footprint } from '../model/part';
import { numberText } from '../model/sexpr';

const UNIT_MM = 2.54;

type Colour = readonly [red: number, green: number, blue: number];

const COLOURS = {
  black: [0.09, 0.09, 0.1],
  ceramic: [0.62, 0.5, 0.36],
  tin: [0.72, 0.73, 0.74],
  gold: [0.83, 0.68, 0.3],
  green: [0.1, 0.42, 0.2],
  blue: [0.12, 0.25, 0.55],
  white: [0.92, 0.92, 0.86],
  tantalum: [0.85, 0.62, 0.16],
  board: [0.05, 0.28, 0.16],
} as const satisfies Record<string, Colour>;

/** A body: outline by its box or its circle, from one height to another. */
interface Prism {
  readonly box: Box;
  readonly isRound?: boolean;
  readonly from: number;
  readonly to: number;
  readonly colour: Colour;
}

const CIRCLE_CORNERS = 24;

function inset(box: Box, by: number): Box {
  return { x1: box.x1 + by, y1: box.y1 + by, x2: box.x2 - by, y2: box.y2 - by };
}

/** The first rule that fits the footprint's name gives the colour of its body. */
const BODY_COLOURS: readonly (readonly [RegExp, Colour])[] = [
  [/^C_/, COLOURS.ceramic],
  [/^CP_7343/, COLOURS.tantalum],
  [/^(LED|Fuse)/, COLOURS.white],
  [/^Terminal/, COLOURS.green],
  [/^Relay/, COLOURS.blue],
  [/^(Crystal|USB|NanoSIM)/, COLOURS.tin],
  [/^SMA/, COLOURS.gold],
];

function prismsOf({ name, body, height }: Footprint): Prism[] {
  const colour = BODY_COLOURS.find(([pattern]) => pattern.test(name))?.[1] ?? COLOURS.black;
  if (name.startsWith('SIMCom')) {
    return [
      { box: body, from: 0, to: 0.8, colour: COLOURS.board },
      { box: inset(body, 1), from: 0.8, to: height, colour: COLOURS.tin },
    ];
  }
  if (name.startsWith('CP_Elec')) {
    return [
      { box: body, from: 0, to: 1.2, colour: COLOURS.black },
      { box: inset(body, 0.2), isRound: true, from: 1.2, to: height, colour: COLOURS.tin },
    ];
  }
  if (name.startsWith('SW_')) {
    return [
      { box: body, from: 0, to: height * 0.7, colour: COLOURS.tin },
      { box: inset(body, 1.6), isRound: true, from: height * 0.7, to: height, colour: COLOURS.black },
    ];
  }
  if (name.startsWith('SMA_')) return [{ box: body, from: -3.2, to: height - 3.2, colour }];
  if (name.startsWith('Header_')) return headerPrisms(body, height);
  return [{ box: body, from: 0, to: height, colour }];
}

/** Pins at a pitch of 2.54 mm in a low strip. */
function headerPrisms(body: Box, height: number): Prism[] {
  const pins: Prism[] = [];
  for (let x = body.x1 + 1.27; x < body.x2; x += 2.54) {
    for (let y = body.y1 + 1.27; y < body.y2; y += 2.54) {
      const box = { x1: x - 0.32, y1: y - 0.32, x2: x + 0.32, y2: y + 0.32 };
      pins.push({ box, from: 0, to: height, colour: COLOURS.gold });
    }
  }
  return [{ box: body, from: 0, to: 2.5, colour: COLOURS.black }, ...pins];
}

function cornersOf({ box, isRound }: Prism): [number, number][] {
  if (!isRound)
    return [
      [box.x1, -box.y2],
      [box.x2, -box.y2],
      [box.x2, -box.y1],
      [box.x1, -box.y1],
    ];
  const [x, y, radius] = [(box.x1 + box.x2) / 2, -(box.y1 + box.y2) / 2, (box.x2 - box.x1) / 2];
  return Array.from({ length: CIRCLE_CORNERS }, (_, index) => {
    const angle = (2 * Math.PI * index) / CIRCLE_CORNERS;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

function shape(prism: Prism): string {
  const corners = cornersOf(prism);
  const count = corners.length;
  const points = [prism.from, prism.to].flatMap((z) =>
    corners.map(([x, y]) => [x, y, z].map((value) => numberText(value / UNIT_MM)).join(' ')),
  );
  const around = corners.map((_, index) => index);
  const faces = [
    [...around].reverse(),
    around.map((index) => index + count),
    ...around.map((index) => {
      const next = (index + 1) % count;
      return [index, next, next + count, index + count];
    }),
  ].map((face) => `${face.join(',')},-1`);
  return [
    'Shape {',
    ` appearance Appearance { material Material { diffuseColor ${prism.colour.join(' ')} specularColor 0.2 0.2 0.2 shininess 0.3 } }`,
    ' geometry IndexedFaceSet {',
    `  coord Coordinate { point [ ${points.join(', ')} ] }`,
    `  coordIndex [ ${faces.join(', ')} ]`,
    '  creaseAngle 0.5',
    ' }',
    '}',
  ].join('\n');
}

/** The file's content, or undefined for what has no body (holes, test pads). */
export function modelFile(footprint: Footprint): string | undefined {
  if (footprint.height === 0) return undefined;
  return `${['#VRML V2.0 utf8', ...prismsOf(footprint).map(shape)].join('\n')}\n`;
}
