/**
 * Land patterns of surface-mount packages, drawn by us after IPC-7351 (density level B) and the makers' data
 * sheets: two-terminal chips, gull wings, leadless packages. What each shares with KiCad's library is compared
 * by check/library-check.ts where that library is installed. Lengths in millimetres, origin in the middle of
 * the part. Invariant: pad 1 is on the left or top left.
 */
import type { Box, Point } from '../model/geometry';
import type { Footprint, Pad } from '../model/part';

export const at = (x: number, y: number): Point => ({ x, y });

/** A box about the origin. */
export function boxAbout(width: number, height: number): Box {
  return { x1: -width / 2, y1: -height / 2, x2: width / 2, y2: height / 2 };
}

export function smd(
  number: string,
  x: number,
  y: number,
  width: number,
  height: number,
  isSolid = false,
): Pad {
  const base = { number, kind: 'smd', shape: 'roundrect', at: at(x, y), width, height } as const;
  return isSolid ? { ...base, isSolid } : base;
}

type Silk = Footprint['silk'];

/** Two horizontal lines above and below the body. */
function rails(halfWidth: number, halfHeight: number): Silk {
  return [
    [at(-halfWidth, -halfHeight), at(halfWidth, -halfHeight)],
    [at(-halfWidth, halfHeight), at(halfWidth, halfHeight)],
  ];
}

export interface ChipSize {
  readonly pad: readonly [number, number];
  /** Middle of the left pad is at -x. */
  readonly x: number;
  readonly body: readonly [number, number];
  readonly courtyard: readonly [number, number];
  readonly height: number;
  /** Silk lines above and below: half length and height, where there is room between the pads. */
  readonly silk?: readonly [number, number];
  /** Marks pad 1 (cathode, plus) by a line at its left. */
  readonly hasBar?: boolean;
  readonly kicad?: string;
}

/** A part with two terminals, pad 1 left. */
export function chip(name: string, description: string, size: ChipSize): Footprint {
  const [width, height] = size.pad;
  const [courtX, courtY] = size.courtyard;
  const silk: (readonly [Point, Point])[] = size.silk ? [...rails(...size.silk)] : [];
  const bar = courtX / 2 - 0.06;
  if (size.hasBar) {
    const half = courtY / 2 - 0.06;
    silk.push(
      [at(-bar, -half), at(-bar, half)],
      [at(-bar, -half), at(0, -half)],
      [at(-bar, half), at(0, half)],
    );
  }
  return {
    name,
    description,
    pads: [smd('1', -size.x, 0, width, height), smd('2', size.x, 0, width, height)],
    courtyard: boxAbout(courtX, courtY),
    body: boxAbout(...size.body),
    silk,
    height: size.height,
    isThroughHole: false,
    ...(size.kicad ? { kicad: size.kicad } : {}),
  };
}

export interface GullWing {
  /** Pads on each side, counted from pad 1 down on the left and up on the right; false leaves a place empty. */
  readonly left: readonly boolean[];
  readonly right: readonly boolean[];
  readonly pitch: number;
  readonly pad: readonly [number, number];
  readonly x: number;
  readonly body: readonly [number, number];
  readonly courtyard: readonly [number, number];
  readonly height: number;
  readonly kicad?: string;
}

function column(places: readonly boolean[], pitch: number): number[] {
  const top = -((places.length - 1) * pitch) / 2;
  return places.flatMap((isThere, index) => (isThere ? [top + index * pitch] : []));
}

/** SOT and SO packages. */
export function gullWing(name: string, description: string, size: GullWing): Footprint {
  const [width, height] = size.pad;
  const leftYs = column(size.left, size.pitch);
  const rightYs = column(size.right, size.pitch).reverse();
  const pads = leftYs.map((y, index) => smd(String(index + 1), -size.x, y, width, height));
  rightYs.forEach((y, index) => pads.push(smd(String(leftYs.length + index + 1), size.x, y, width, height)));
  const [bodyX, bodyY] = size.body;
  const silkY = Math.max(bodyY / 2, ...pads.map((pad) => Math.abs(pad.at.y) + height / 2 + 0.1)) + 0.12;
  return {
    name,
    description,
    pads,
    courtyard: boxAbout(...size.courtyard),
    body: boxAbout(bodyX, bodyY),
    silk: rails(bodyX / 2, silkY),
    dot: at(-size.x, leftYs[0]! - height / 2 - 0.45),
    height: size.height,
    isThroughHole: false,
    ...(size.kicad ? { kicad: size.kicad } : {}),
  };
}

export interface ExposedPad {
  readonly number: string;
  readonly size: readonly [number, number];
  /** Paste is printed in a grid of windows, so that the part does not float: columns, rows, window size. */
  readonly windows: readonly [number, number, number, number];
  /** Opening of the solder mask, where it is smaller than the copper. */
  readonly mask?: readonly [number, number];
  /** Thermal vias in the pad: columns, rows, pitch. They carry the pad's number. */
  readonly vias: readonly [number, number, number, number];
}

const VIA_PAD_MM = 0.6;
const VIA_DRILL_MM = 0.3;

/** Positions of `count` things, `pitch` apart, about zero. */
function spread(count: number, pitch: number): number[] {
  return Array.from({ length: count }, (_, index) => (index - (count - 1) / 2) * pitch);
}

/** The heat pad under a chip with its paste windows and vias. */
export function exposedPad(pad: ExposedPad): { pads: Pad[]; pasteWindows: Box[]; maskWindows: Box[] } {
  const [width, height] = pad.size;
  const main: Pad = {
    number: pad.number,
    kind: 'smd',
    shape: 'rect',
    at: at(0, 0),
    width,
    height,
    hasNoPaste: true,
    ...(pad.mask ? { hasNoMask: true } : {}),
    isSolid: true,
  };
  const [viaColumns, viaRows, viaPitchX, viaPitchY] = pad.vias;
  const vias = spread(viaColumns, viaPitchX).flatMap((x) =>
    spread(viaRows, viaPitchY).map((y): Pad => ({
      number: pad.number,
      kind: 'through',
      shape: 'circle',
      at: at(x, y),
      width: VIA_PAD_MM,
      height: VIA_PAD_MM,
      drill: VIA_DRILL_MM,
      hasNoMask: true,
      isSolid: true,
    })),
  );
  const [columns, rows, windowX, windowY] = pad.windows;
  const [openX, openY] = pad.mask ?? pad.size;
  const pasteWindows = spread(columns, openX / columns).flatMap((x) =>
    spread(rows, openY / rows).map((y): Box => {
      return { x1: x - windowX / 2, y1: y - windowY / 2, x2: x + windowX / 2, y2: y + windowY / 2 };
    }),
  );
  return { pads: [main, ...vias], pasteWindows, maskWindows: pad.mask ? [boxAbout(...pad.mask)] : [] };
}

export interface QuadFlat {
  readonly pinsPerSide: number;
  readonly pitch: number;
  readonly pad: readonly [number, number];
  /** Distance of the pads' middles from the origin. */
  readonly reach: number;
  readonly body: number;
  readonly courtyard: number;
  readonly height: number;
  readonly shape: 'roundrect' | 'oval';
  readonly kicad?: string;
}

/** Pads on four sides, counted counter-clockwise from the top left: QFN packages and the modem. */
export function quadPads(size: QuadFlat): Pad[] {
  const count = size.pinsPerSide;
  const offset = (index: number): number => (index - (count - 1) / 2) * size.pitch;
  const [length, width] = size.pad;
  return Array.from({ length: 4 * count }, (_, index): Pad => {
    const side = Math.floor(index / count);
    const along = offset(index % count);
    const place = [
      at(-size.reach, along),
      at(along, size.reach),
      at(size.reach, -along),
      at(-along, -size.reach),
    ][side]!;
    const isUpright = side % 2 === 1;
    return {
      number: String(index + 1),
      kind: 'smd',
      shape: size.shape,
      at: place,
      width: isUpright ? width : length,
      height: isUpright ? length : width,
    };
  });
}

/** Silk corners of a square body; the corner of pin 1 is left open. */
export function cornerSilk(half: number, length: number): Silk {
  return [
    [at(half - length, -half), at(half, -half)],
    [at(half, -half), at(half, -half + length)],
    [at(half, half - length), at(half, half)],
    [at(half, half), at(half - length, half)],
    [at(-half + length, half), at(-half, half)],
    [at(-half, half), at(-half, half - length)],
  ];
}
