/**
 * Compares what a fab would get (Gerber layers and drill files, read back by gerber.ts) with the board file: every
 * pad and via flashed once with its size, every track drawn with its width, the same area of pours, every hole.
 * Invariant: an empty list means that the fab's files hold the board's copper and holes, and nothing else.
 */
import { areaOf, type Point } from '../model/geometry';
import type { Hole, Layer as GerberLayer } from './gerber';
import type { Layer, ReadBoard } from './read-board';

/** A tenth of a micrometre: what the files surely hold. */
const DECIMALS = 4;
/** Share of the pours' area that may differ: rounding of corners. */
const AREA_SHARE = 1e-4;

const text = (...values: number[]): string => values.map((value) => (value + 0).toFixed(DECIMALS)).join(' ');
const pointText = ({ x, y }: Point): string => text(x, y);

/** How often each thing occurs. */
function countsOf(things: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  return counts;
}

/** What is in one list more often than in the other, as sentences. */
function differences(what: string, board: Iterable<string>, files: Iterable<string>): string[] {
  const [left, right] = [countsOf(board), countsOf(files)];
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys].flatMap((key) => {
    const [onBoard, inFile] = [left.get(key) ?? 0, right.get(key) ?? 0];
    return onBoard === inFile ? [] : [`${what} ${key}: ${onBoard} on the board, ${inFile} in the file`];
  });
}

/** One text for a line, whichever end comes first. */
function lineText(from: Point, to: Point, width: number): string {
  return `${[pointText(from), pointText(to)].sort().join(' to ')} width ${text(width)}`;
}

export function copperFaults(board: ReadBoard, layer: Layer, file: GerberLayer): string[] {
  const pads = board.footprints
    .flatMap((footprint) => footprint.pads)
    .filter((pad) => pad.isPlated && pad.layers.includes(layer));
  const flashed = [
    ...pads.map((pad) => `${pointText(pad.at)} size ${text(pad.width, pad.height)}`),
    ...board.vias.map((via) => `${pointText(via.at)} size ${text(via.size, via.size)}`),
  ];
  const tracks = board.shapes.filter((shape) => shape.kind === 'track' && shape.layer === layer);
  const fills = board.shapes.filter((shape) => shape.kind === 'fill' && shape.layer === layer);
  const boardArea = fills.reduce((sum, fill) => sum + areaOf(fill.points), 0);
  const fileArea = file.regions.reduce((sum, region) => sum + areaOf(region), 0);
  return [
    ...differences(
      `${layer} flash`,
      flashed,
      file.flashes.map(
        ({ aperture, at }) => `${pointText(at)} size ${text(aperture.width, aperture.height)}`,
      ),
    ),
    ...differences(
      `${layer} track`,
      tracks.map((track) => lineText(track.points[0]!, track.points[1]!, 2 * track.radius)),
      file.draws.map(({ aperture, from, to }) => lineText(from, to, aperture.width)),
    ),
    ...(fills.length === file.regions.length
      ? []
      : [`${layer}: ${fills.length} filled areas on the board, ${file.regions.length} in the file`]),
    ...(Math.abs(boardArea - fileArea) <= AREA_SHARE * boardArea
      ? []
      : [`${layer}: ${boardArea.toFixed(1)} mm2 of pours on the board, ${fileArea.toFixed(1)} in the file`]),
  ];
}

function holeText({ diameter, ends }: Hole): string {
  return `${ends.map(pointText).sort().join(' to ')} diameter ${text(diameter)}`;
}

function boardHoles(board: ReadBoard, isPlated: boolean): Hole[] {
  const pads = board.footprints.flatMap((footprint) => footprint.pads);
  const own = pads
    .filter((pad) => pad.drill && pad.isPlated === isPlated)
    .map((pad): Hole => {
      const [a, b] = [pad.drill![0]!, pad.drill![1] ?? pad.drill![0]!];
      const isLying = pad.width > pad.height;
      const half = Math.abs(a - b) / 2;
      const { x, y } = pad.at;
      if (half === 0) return { diameter: a, ends: [pad.at] };
      const ends = isLying
        ? [
            { x: x - half, y },
            { x: x + half, y },
          ]
        : [
            { x, y: y - half },
            { x, y: y + half },
          ];
      return { diameter: Math.min(a, b), ends };
    });
  const vias = isPlated ? board.vias.map(({ at, drill }): Hole => ({ diameter: drill, ends: [at] })) : [];
  return [...own, ...vias];
}

export function drillFaults(board: ReadBoard, isPlated: boolean, file: readonly Hole[]): string[] {
  const what = isPlated ? 'plated hole' : 'hole without copper';
  return differences(what, boardHoles(board, isPlated).map(holeText), file.map(holeText));
}

/** The outline's extent. */
export function outlineFaults(board: ReadBoard, file: GerberLayer): string[] {
  const points = file.draws.flatMap(({ from, to }) => [from, to]);
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const { x1, y1, x2, y2 } = board.outline;
  const [own, read] = [
    text(x1, y1, x2, y2),
    text(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)),
  ];
  return own === read ? [] : [`outline ${own} on the board, ${read} in the file`];
}
