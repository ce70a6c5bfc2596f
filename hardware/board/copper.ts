/**
 * Copper that is neither pad nor drawn by hand: what the router and KiCad's zone filler made, kept in
 * hardware/routed/ so that nobody needs them to build. Lengths there are micrometres, to keep the files small.
 * Invariant: reading what was written gives the same copper.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Point } from '../model/geometry';
import type { CopperLayer } from '../layout/placed';

export interface Track {
  readonly net: string;
  readonly layer: CopperLayer;
  readonly width: number;
  readonly from: Point;
  readonly to: Point;
}

export interface Via {
  readonly net: string;
  readonly at: Point;
}

export interface Fill {
  readonly net: string;
  readonly layer: CopperLayer;
  /** Index of the pour in layout/board.ts. */
  readonly pour: number;
  readonly polygon: readonly Point[];
}

export interface Copper {
  readonly tracks: readonly Track[];
  readonly vias: readonly Via[];
}

interface TracksFile {
  readonly tracks: readonly [net: string, layer: CopperLayer, width: number, ...coordinates: number[]][];
  readonly vias: readonly [net: string, x: number, y: number][];
}

type FillsFile = readonly { readonly pour: number; readonly points: readonly number[] }[];

const MICROMETRES = 1000;
const toMm = (value: number): number => value / MICROMETRES;
const toMicrometres = (value: number): number => Math.round(value * MICROMETRES);
/** Corners of fills are kept ten times finer: whole micrometres moved them closer than the clearance. */
const toTenths = (value: number): number => Math.round(value * MICROMETRES * 10) / 10;

const ROUTED = join(__dirname, '..', 'routed');
export const TRACKS_FILE = join(ROUTED, 'tracks.json');
export const FILLS_FILE = join(ROUTED, 'fills.json');

function pairs(flat: readonly number[]): Point[] {
  const points: Point[] = [];
  for (let i = 0; i < flat.length; i += 2) points.push({ x: toMm(flat[i]!), y: toMm(flat[i + 1]!) });
  return points;
}

/** Tracks are kept as paths: a path of n points is n - 1 tracks. */
export function readCopper(): Copper {
  const file = JSON.parse(readFileSync(TRACKS_FILE, 'utf8')) as TracksFile;
  const tracks = file.tracks.flatMap(([net, layer, width, ...flat]) => {
    const points = pairs(flat);
    return points.slice(1).map((to, index) => ({ net, layer, width: toMm(width), from: points[index]!, to }));
  });
  return { tracks, vias: file.vias.map(([net, x, y]) => ({ net, at: { x: toMm(x), y: toMm(y) } })) };
}

export interface Path {
  readonly net: string;
  readonly layer: CopperLayer;
  readonly width: number;
  readonly points: readonly Point[];
}

export function tracksText(paths: readonly Path[], vias: readonly Via[]): string {
  const lines = paths.map(({ net, layer, width, points }) =>
    JSON.stringify([
      net,
      layer,
      toMicrometres(width),
      ...points.flatMap(({ x, y }) => [toMicrometres(x), toMicrometres(y)]),
    ]),
  );
  const viaLines = vias.map(({ net, at }) => JSON.stringify([net, toMicrometres(at.x), toMicrometres(at.y)]));
  return `{\n"tracks": [\n${lines.join(',\n')}\n],\n"vias": [\n${viaLines.join(',\n')}\n]\n}\n`;
}

/** Fills by pour; `nets` and `layers` come from the pours themselves. */
export function readFills(pours: readonly { readonly net: string; readonly layer: CopperLayer }[]): Fill[] {
  const file = JSON.parse(readFileSync(FILLS_FILE, 'utf8')) as FillsFile;
  return file.map(({ pour, points }) => {
    const { net, layer } = pours[pour]!;
    return { net, layer, pour, polygon: pairs(points) };
  });
}

export function fillsText(
  fills: readonly { readonly pour: number; readonly polygon: readonly Point[] }[],
): string {
  const lines = fills.map(({ pour, polygon }) =>
    JSON.stringify({ pour, points: polygon.flatMap(({ x, y }) => [toTenths(x), toTenths(y)]) }),
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}
