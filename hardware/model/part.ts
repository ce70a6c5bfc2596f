/**
 * The words of the design: symbols, footprints, catalogue items, parts on the board and their nets. No part of
 * Coinslot's own circuit is in here. Sheet lengths are in grid units of 1.27 mm (KiCad's connection grid),
 * board lengths in millimetres. Invariant: a pin is connected to a named net or declared unused, never neither
 * (circuit/circuit.ts asserts it at load).
 */
import type { Box, Point, QuarterTurn } from './geometry';

/** KiCad's grid for connections on a sheet: 50 mil. */
export const SHEET_UNIT_MM = 1.27;

/** Electrical types as KiCad's ERC knows them. */
export type PinType =
  | 'input'
  | 'output'
  | 'bidirectional'
  | 'tri_state'
  | 'passive'
  | 'power_in'
  | 'power_out'
  | 'open_collector'
  | 'no_connect';

/** `toward` is the side of the body on which the pin stands, i.e. where its wire goes out. */
export interface SymbolPin {
  readonly number: string;
  readonly name: string;
  readonly type: PinType;
  readonly at: Point;
  readonly toward: 'left' | 'right' | 'up' | 'down';
  /** Length of the line from the wire's end to the body. */
  readonly length: number;
}

export type Graphic =
  | { readonly kind: 'rect'; readonly box: Box; readonly fill: 'none' | 'background' | 'outline' }
  | { readonly kind: 'line'; readonly points: readonly Point[]; readonly fill?: 'none' | 'outline' }
  | { readonly kind: 'circle'; readonly at: Point; readonly radius: number; readonly fill?: 'outline' }
  | { readonly kind: 'arc'; readonly points: readonly [Point, Point, Point] }
  | { readonly kind: 'text'; readonly at: Point; readonly text: string };

export interface SchematicSymbol {
  readonly name: string;
  readonly pins: readonly SymbolPin[];
  readonly graphics: readonly Graphic[];
  /** What the drawing covers without its pins; text is placed beside it. */
  readonly body: Box;
  readonly showPinNames: boolean;
  readonly showPinNumbers: boolean;
  /** A rail symbol (GND, +3V3): its value names the net. */
  readonly isPower?: boolean;
  /** KiCad's symbol with the same pins (`library:name`), against which ours is compared. */
  readonly kicad?: string;
}

export type PadShape = 'rect' | 'roundrect' | 'circle' | 'oval';

export interface Pad {
  readonly number: string;
  readonly kind: 'smd' | 'through' | 'hole';
  readonly shape: PadShape;
  readonly at: Point;
  readonly width: number;
  readonly height: number;
  /** Diameter, or width and height of a slot. */
  readonly drill?: number | readonly [number, number];
  /** Copper on the back instead of the front (edge connectors). */
  readonly isBack?: boolean;
  /** No paste of its own: exposed pads are printed in windows, see `pasteWindows`. */
  readonly hasNoPaste?: boolean;
  /** Covered by the solder mask: vias of heat pads, and heat pads with windows, see `maskWindows`. */
  readonly hasNoMask?: boolean;
  /** Joined to a zone without thermal spokes. */
  readonly isSolid?: boolean;
}

export interface Footprint {
  readonly name: string;
  readonly description: string;
  readonly pads: readonly Pad[];
  /** Paste openings without copper of their own. */
  readonly pasteWindows?: readonly Box[];
  /** Openings of the solder mask in copper that is covered elsewhere. */
  readonly maskWindows?: readonly Box[];
  readonly courtyard: Box;
  /** The part's body as drawn on the fabrication layer. */
  readonly body: Box;
  readonly silk: readonly (readonly [Point, Point])[];
  /** Pin 1 mark: a dot on the silkscreen. */
  readonly dot?: Point;
  readonly keepouts?: readonly Keepout[];
  /** KiCad's footprint of the same package (`library:name`), against which ours is compared. */
  readonly kicad?: string;
  /** Height of the body above the board, for the picture. */
  readonly height: number;
  readonly isThroughHole: boolean;
}

/** An area of the footprint without vias or without any copper. */
export interface Keepout {
  readonly polygon: readonly Point[];
  readonly forbids: 'vias' | 'copper';
}

/** Something that can be ordered. Prices are estimates in US dollars for one piece, see catalogue files. */
export interface CatalogItem {
  readonly manufacturer: string;
  readonly mpn: string;
  readonly description: string;
  readonly symbol: SchematicSymbol;
  readonly footprint: Footprint;
  readonly value: string;
  /** Number at LCSC where it was found in public designs; to be checked when ordering. */
  readonly lcsc?: string;
  readonly alternative?: string;
  readonly priceAt10: number;
  readonly priceAt1000: number;
  readonly dataSheet: string;
}

/** Where a symbol stands on its sheet. */
export interface SheetPosition extends Point {
  readonly turn: QuarterTurn;
  readonly isMirrored: boolean;
}

/** A net's name, or null where the pin is unused on purpose. */
export type Connection = string | null;

export interface Part {
  readonly ref: string;
  readonly item: CatalogItem;
  readonly sheet: string;
  readonly position: SheetPosition;
  /** By pin number. */
  readonly pins: ReadonlyMap<string, Connection>;
  /** Not fitted: a place for it only. */
  readonly isFitted: boolean;
  /** On the board only: no symbol (mounting holes). */
  readonly isInBom: boolean;
}

/** One pin of one part, as nets list them. */
export interface Node {
  readonly ref: string;
  readonly pin: string;
}
