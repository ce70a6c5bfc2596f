/**
 * A sheet of the schematic as the circuit files fill it: parts with the nets of their pins and their places,
 * labels where a net leaves the sheet, frames and notes for the reader. What is drawn from it is left to
 * schematic/. Lengths are grid units of 1.27 mm from the top left corner. Invariant: every pin of a part is
 * given a net or declared unused.
 */
import type { Box, Point, QuarterTurn } from '../model/geometry';
import type { CatalogItem, Connection, Part, SheetPosition } from '../model/part';

/** Nets of a part: by pin number or pin name (a name that several pins share means all of them), or by order. */
export type Pins = Readonly<Record<string, Connection>> | readonly Connection[];

/** A label drawn where the circuit file wants it; the wires of its net go there. */
export interface PlacedLabel {
  readonly net: string;
  readonly at: Point;
  readonly toward: 'left' | 'right' | 'up' | 'down';
}

export interface Frame {
  readonly title: string;
  readonly box: Box;
}

export interface Note {
  readonly at: Point;
  readonly text: string;
}

export interface PartOptions {
  readonly turn?: QuarterTurn;
  readonly isMirrored?: boolean;
  /** A place for it only. */
  readonly isOpen?: boolean;
  /** Drawn and on the board, not bought. */
  readonly isNoPurchase?: boolean;
  readonly value?: string;
}

/** Pins of this net closer than this are joined by wires; farther ones by name. In grid units. */
const WIRE_REACH = 34;

function connections(ref: string, item: CatalogItem, pins: Pins): Map<string, Connection> {
  const all = item.symbol.pins;
  const map = new Map<string, Connection>();
  if (Array.isArray(pins)) {
    if (pins.length !== all.length) throw new Error(`${ref}: ${pins.length} nets for ${all.length} pins`);
    const order = [...all].sort((a, b) => a.number.localeCompare(b.number, 'en', { numeric: true }));
    order.forEach((pin, index) => map.set(pin.number, pins[index] as Connection));
    return map;
  }
  for (const [key, net] of Object.entries(pins as Record<string, Connection>)) {
    const named = all.filter((pin) => pin.number === key || pin.name === key);
    if (named.length === 0) throw new Error(`${ref}: no pin ${key}`);
    for (const pin of named) {
      if (map.has(pin.number)) throw new Error(`${ref}: pin ${pin.number} twice`);
      map.set(pin.number, net);
    }
  }
  const missing = all.filter((pin) => !map.has(pin.number)).map((pin) => `${pin.number} ${pin.name}`);
  if (missing.length > 0) throw new Error(`${ref}: nothing said about ${missing.join(', ')}`);
  return map;
}

export class Sheet {
  readonly parts: Part[] = [];
  readonly labels: PlacedLabel[] = [];
  readonly frames: Frame[] = [];
  readonly notes: Note[] = [];
  /** Rails that KiCad must be told are driven, and where the flag stands. */
  readonly flags: { readonly net: string; readonly at: Point }[] = [];
  private readonly reaches = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly title: string,
    /** Size of the page in grid units; KiCad's frame takes 8 on each side, its title 86 x 28 at the bottom right. */
    readonly paper: { readonly width: number; readonly height: number },
  ) {}

  /** Puts a part on the sheet. */
  part(ref: string, item: CatalogItem, x: number, y: number, pins: Pins, options: PartOptions = {}): void {
    const position: SheetPosition = {
      x,
      y,
      turn: options.turn ?? 0,
      isMirrored: options.isMirrored ?? false,
    };
    this.parts.push({
      ref,
      item: options.value === undefined ? item : { ...item, value: options.value },
      sheet: this.name,
      position,
      pins: connections(ref, item, pins),
      isFitted: !options.isOpen,
      isInBom: !options.isNoPurchase,
    });
  }

  label(net: string, x: number, y: number, toward: PlacedLabel['toward']): void {
    this.labels.push({ net, at: { x, y }, toward });
  }

  frame(title: string, x1: number, y1: number, x2: number, y2: number): void {
    this.frames.push({ title, box: { x1, y1, x2, y2 } });
  }

  note(x: number, y: number, ...lines: string[]): void {
    this.notes.push({ at: { x, y }, text: lines.join('\n') });
  }

  flag(net: string, x: number, y: number): void {
    this.flags.push({ net, at: { x, y } });
  }

  /** Joins the pins of a net by wires over a longer or shorter distance than usual. */
  wireReach(net: string, reach: number): void {
    this.reaches.set(net, reach);
  }

  reachOf(net: string): number {
    return this.reaches.get(net) ?? WIRE_REACH;
  }
}
