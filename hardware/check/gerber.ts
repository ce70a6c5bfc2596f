/**
 * Reads a Gerber layer and a drill file: as much of both formats as a board's copper, outline and holes need.
 * Sources: Ucamco, "The Gerber Layer Format Specification" (RS-274X: 4.2 FS, 4.3 MO, 4.4 AD, 4.5 AM, 4.10 G36);
 * Excellon format as KiCad writes it (METRIC, decimal). Lengths in millimetres, y downwards as on the board.
 * Invariant: a command that is not known stops the reading, so that nothing is overlooked.
 */
import type { Point } from '../model/geometry';

/** Size of what an aperture leaves: width and height. */
export interface Aperture {
  readonly width: number;
  readonly height: number;
}

export interface Layer {
  readonly flashes: readonly { readonly aperture: Aperture; readonly at: Point }[];
  readonly draws: readonly { readonly aperture: Aperture; readonly from: Point; readonly to: Point }[];
  readonly regions: readonly (readonly Point[])[];
}

const numbers = (text: string): number[] => text.split('X').map(Number);

/** KiCad's macro for rounded rectangles: radius, then four corners, which are the middles of the rounding. */
function roundedSize(parameters: readonly number[]): Aperture {
  const radius = parameters[0]!;
  const xs = [1, 3, 5, 7].map((index) => parameters[index]!);
  const ys = [2, 4, 6, 8].map((index) => parameters[index]!);
  return {
    width: Math.max(...xs) - Math.min(...xs) + 2 * radius,
    height: Math.max(...ys) - Math.min(...ys) + 2 * radius,
  };
}

function apertureOf(kind: string, parameters: string): Aperture {
  const values = numbers(parameters);
  switch (kind) {
    case 'C':
      return { width: values[0]!, height: values[0]! };
    case 'R':
    case 'O':
      return { width: values[0]!, height: values[1]! };
    case 'RoundRect':
      return roundedSize(values);
    default:
      throw new Error(`gerber: aperture ${kind} is not known`);
  }
}

class LayerReader {
  readonly flashes: { aperture: Aperture; at: Point }[] = [];
  readonly draws: { aperture: Aperture; from: Point; to: Point }[] = [];
  readonly regions: Point[][] = [];
  private readonly apertures = new Map<number, Aperture>();
  private aperture: Aperture | undefined;
  private position: Point = { x: 0, y: 0 };
  private region: Point[] | undefined;
  private scale = 0;

  /** A command between per cent signs. */
  extended(command: string): void {
    const define = /^ADD(\d+)([A-Za-z]+),(.*)$/.exec(command);
    if (define) this.apertures.set(Number(define[1]), apertureOf(define[2]!, define[3]!));
    else if (command.startsWith('FSLAX')) this.scale = 10 ** -Number(/^FSLAX\d(\d)Y/.exec(command)![1]);
    else if (!/^(MOMM|LPD|AM|T[AOFD])/.test(command)) throw new Error(`gerber: ${command} is not known`);
  }

  word(command: string): void {
    const operation = /^(?:G01)?(?:X(-?\d+))?(?:Y(-?\d+))?(?:I(-?\d+))?(?:J(-?\d+))?D0([123])$/.exec(command);
    if (operation) this.operate(operation);
    else if (/^D\d\d+$/.test(command)) this.aperture = this.apertures.get(Number(command.slice(1)));
    else if (command === 'G36') this.region = [];
    else if (command === 'G37') this.endRegion();
    else if (!/^(G04|G01|G02|G03|G75|M02|G90|G71)/.test(command))
      throw new Error(`gerber: ${command} is not known`);
  }

  private operate(match: RegExpExecArray): void {
    const to = {
      x: match[1] === undefined ? this.position.x : Number(match[1]) * this.scale,
      y: match[2] === undefined ? this.position.y : -Number(match[2]) * this.scale,
    };
    const kind = match[5];
    if (this.region) {
      if (kind === '2') this.endRegion(true);
      this.region.push(to);
    } else if (kind === '3') this.flashes.push({ aperture: this.used(), at: to });
    else if (kind === '1') this.draws.push({ aperture: this.used(), from: this.position, to });
    this.position = to;
  }

  private used(): Aperture {
    if (!this.aperture) throw new Error('gerber: no aperture was chosen');
    return this.aperture;
  }

  private endRegion(continues = false): void {
    if (this.region && this.region.length > 2) this.regions.push(this.region);
    this.region = continues ? [] : undefined;
  }
}

/** Reads a layer's text. */
export function readGerber(text: string): Layer {
  const reader = new LayerReader();
  for (const part of text.matchAll(/%([^%]*)%|([^%*]+)\*/g)) {
    if (part[1] !== undefined) {
      const command = part[1].replace(/\s+/g, ' ').trim();
      // A macro has several commands of its own; its body is described above.
      if (command.startsWith('AM')) continue;
      for (const one of command.split('*').filter(Boolean)) reader.extended(one);
    } else if (part[2]!.trim()) reader.word(part[2]!.trim());
  }
  return reader;
}

export interface Hole {
  readonly diameter: number;
  /** Middle; of a slot, its two ends. */
  readonly ends: readonly Point[];
}

/** Reads a drill file's text. */
export function readDrill(text: string): Hole[] {
  const tools = new Map<number, number>();
  const holes: Hole[] = [];
  let diameter: number | undefined;
  for (const line of text.split(/\r?\n/)) {
    const tool = /^T(\d+)C([\d.]+)$/.exec(line);
    const chosen = /^T(\d+)$/.exec(line);
    const hits = [...line.matchAll(/X(-?[\d.]+)Y(-?[\d.]+)/g)];
    if (tool) tools.set(Number(tool[1]), Number(tool[2]));
    else if (chosen) diameter = tools.get(Number(chosen[1]));
    else if (hits.length > 0) {
      if (diameter === undefined) throw new Error('drill: no tool was chosen');
      holes.push({ diameter, ends: hits.map((hit) => ({ x: Number(hit[1]), y: -Number(hit[2]) })) });
    } else if (!/^(;|M48|M30|FMAT|METRIC|%|G90|G05|$)/.test(line))
      throw new Error(`drill: ${line} is not known`);
  }
  return holes;
}
