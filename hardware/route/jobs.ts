/**
 * What the router has to join: for each net its pieces of copper that exist already (pads, pours that join pads)
 * as sets of nodes. Ground is different: its surface pads each need a way down to the back's ground plane, which
 * the front's ground joins too.
 * Invariant: nodes of a piece lie on its copper, so a track that begins there touches it.
 */
import { FIXED_TRACKS, POURS, type Pour } from '../layout/board';
import type { PlacedPad, PlacedPart } from '../layout/placed';
import { classOf } from '../layout/rules';
import { boxOf, grown, isInside } from '../model/geometry';
import { eachNodeIn, nodeAt, NARROW, sortOf, SORTS } from './grid';

export interface Piece {
  readonly nodes: readonly number[];
}

export interface Job {
  /** Unique; the net's name, and for ground the pad's too. */
  readonly id: string;
  readonly net: string;
  readonly number: number;
  readonly sort: number;
  readonly pieces: readonly Piece[];
  /** Goes down to the plane instead of being joined to others. */
  readonly isPlane: boolean;
  /** Near these nodes' pads the track is narrow, because the pads are. */
  readonly fineBoxes: readonly { x1: number; y1: number; x2: number; y2: number }[];
}

/** Tracks begin this far inside a pad's edge, so that they surely touch. */
const INSET = 0.15;
/** Around fine pads tracks are narrow for this far. */
const NECK = 1.1;

function padNodes(pad: PlacedPad): number[] {
  const nodes: number[] = [];
  const inset = Math.min(INSET, pad.width / 4, pad.height / 4);
  const box = {
    x1: pad.at.x - pad.width / 2 + inset,
    y1: pad.at.y - pad.height / 2 + inset,
    x2: pad.at.x + pad.width / 2 - inset,
    y2: pad.at.y + pad.height / 2 - inset,
  };
  const isRound = pad.pad.shape === 'circle' || pad.pad.shape === 'oval';
  const radius = Math.min(pad.width, pad.height) / 2 - inset;
  for (const layer of pad.layers) {
    eachNodeIn(box, layer === 'front' ? 0 : 1, (node, x, y) => {
      const isIn =
        !isRound ||
        Math.hypot(
          Math.max(0, Math.abs(x - pad.at.x) - Math.max(0, (pad.width - pad.height) / 2)),
          Math.max(0, Math.abs(y - pad.at.y) - Math.max(0, (pad.height - pad.width) / 2)),
        ) <= radius;
      if (isIn) nodes.push(node);
    });
  }
  return nodes.length > 0 ? nodes : pad.layers.map((layer) => nodeAt(pad.at, layer === 'front' ? 0 : 1));
}

function pourNodes(pour: Pour): number[] {
  const nodes: number[] = [];
  eachNodeIn(boxOf(pour.polygon), pour.layer === 'front' ? 0 : 1, (node, x, y) => {
    if (isInside({ x, y }, pour.polygon)) nodes.push(node);
  });
  return nodes;
}

const isOnFront = (pad: PlacedPad): boolean => pad.layers.includes('front');

/** Pads of a net, those that a pour joins together as one. */
function piecesOf(pads: readonly PlacedPad[], net: string): Piece[] {
  const pours = POURS.filter((pour) => pour.net === net && pour.priority > 0);
  const joined = (pour: Pour): PlacedPad[] =>
    pads.filter((pad) => isOnFront(pad) && isInside(pad.at, pour.polygon));
  const poured = pours.map((pour) => ({ nodes: [...pourNodes(pour), ...joined(pour).flatMap(padNodes)] }));
  const single = pads.filter((pad) => !pours.some((pour) => joined(pour).includes(pad)));
  return [...poured, ...mergeSame(single)];
}

/** Pads that lie on each other (thermal vias in a heat pad) are one piece. */
function mergeSame(pads: readonly PlacedPad[]): Piece[] {
  const pieces: { box: ReturnType<typeof boxOf>; key: string; nodes: number[] }[] = [];
  for (const pad of pads) {
    const box = {
      x1: pad.at.x - pad.width / 2,
      y1: pad.at.y - pad.height / 2,
      x2: pad.at.x + pad.width / 2,
      y2: pad.at.y + pad.height / 2,
    };
    const key = `${pad.ref}/${pad.pad.number}`;
    const host = pieces.find(
      (piece) =>
        piece.key === key &&
        box.x1 < piece.box.x2 &&
        box.x2 > piece.box.x1 &&
        box.y1 < piece.box.y2 &&
        box.y2 > piece.box.y1,
    );
    if (host) host.nodes.push(...padNodes(pad));
    else pieces.push({ box, key, nodes: padNodes(pad) });
  }
  return pieces;
}

function fineBoxes(pads: readonly PlacedPad[], half: number): Job['fineBoxes'] {
  return pads
    .filter((pad) => Math.min(pad.width, pad.height) < 2 * half + 0.25)
    .map((pad) => grown({ x1: pad.at.x, y1: pad.at.y, x2: pad.at.x, y2: pad.at.y }, NECK));
}

/** Ground pads on the front each go down by themselves, or to their own chip's heat pad, which has vias. */
function planeJobs(pads: readonly PlacedPad[], number: number): Job[] {
  const sort = NARROW + 1;
  const isHeatPad = (pad: PlacedPad): boolean =>
    pads.some(
      (other) => other.ref === pad.ref && other.pad.number === pad.pad.number && other.layers.length > 1,
    );
  return pads
    .filter((pad) => pad.layers.length === 1 && isOnFront(pad) && !isHeatPad(pad))
    .map((pad, index) => {
      const heatPads = pads.filter(
        (other) => other.ref === pad.ref && other.layers.length === 1 && isHeatPad(other),
      );
      return {
        id: `GND ${pad.ref}.${pad.pad.number} ${index}`,
        net: 'GND',
        number,
        sort,
        pieces: [pad, ...heatPads.slice(0, 1)].map((one) => ({ nodes: padNodes(one) })),
        isPlane: heatPads.length === 0,
        fineBoxes: fineBoxes([pad], SORTS[sort]!.half),
      };
    });
}

/** All nets that are not laid by hand. */
export function jobsOf(parts: readonly PlacedPart[], numbers: ReadonlyMap<string, number>): Job[] {
  const fixed = new Set(FIXED_TRACKS.map((track) => track.net));
  const pads = parts.flatMap((part) => part.pads);
  const jobs: Job[] = [];
  for (const [net, number] of numbers) {
    if (fixed.has(net)) continue;
    const own = pads.filter((pad) => pad.net === net);
    if (net === 'GND') {
      jobs.push(...planeJobs(own, number));
      continue;
    }
    const sort = sortOf(classOf(net).name);
    const pieces = piecesOf(own, net);
    if (pieces.length < 2) continue;
    const fine = sort === NARROW ? [] : fineBoxes(own, SORTS[sort]!.half);
    jobs.push({ id: net, net, number, sort, pieces, isPlane: false, fineBoxes: fine });
  }
  return jobs;
}
