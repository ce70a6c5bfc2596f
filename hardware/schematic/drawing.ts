/**
 * Draws one sheet: joins near pins of a net by wires and names what is farther away. Rails get a rail symbol at
 * every pin, other nets a label in every piece that their wires leave apart, so that the drawing says the same
 * as the circuit. Whether it does is checked by reading the file back (schematic/reader.ts).
 * Invariant: every piece of a net carries its name.
 */
import type { Circuit } from '../circuit/circuit';
import { RAILS, sheetsOfNet } from '../circuit/circuit';
import type { Sheet } from '../circuit/sheet';
import { grown, type Box, type Point } from '../model/geometry';
import type { Part } from '../model/part';
import { Canvas } from './canvas';
import { bodyBox, LETTER_WIDTH, partTexts, placedPins, STEP, type Direction } from './placed';

export interface Wire {
  readonly from: Point;
  readonly to: Point;
}

export interface DrawnLabel {
  readonly net: string;
  readonly at: Point;
  readonly toward: Direction;
  readonly isGlobal: boolean;
}

export interface DrawnRail {
  readonly net: string;
  readonly at: Point;
  /** Where the symbol stands, seen from its pin. */
  readonly toward: Direction;
  readonly isFlag: boolean;
}

export interface Drawing {
  readonly sheet: Sheet;
  readonly parts: readonly Part[];
  readonly wires: readonly Wire[];
  readonly junctions: readonly Point[];
  readonly labels: readonly DrawnLabel[];
  readonly rails: readonly DrawnRail[];
  readonly unused: readonly Point[];
}

/** A pin or a placed label: where wires of a net end. */
interface Terminal {
  readonly at: Point;
  readonly toward: Direction;
  readonly isLabel: boolean;
}

/** Terminals joined by wires. */
interface Piece {
  readonly terminals: Terminal[];
  readonly nodes: Set<number>;
}

const distance = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);

/** Room of a label: text and flag, from its anchor outwards. */
export function labelBox(net: string, at: Point, toward: Direction): Box {
  const length = net.length * LETTER_WIDTH + 2.5;
  const step = STEP[toward];
  const end = { x: at.x + step.x * length, y: at.y + step.y * length };
  const side = step.x === 0 ? { x: 0.9, y: 0 } : { x: 0, y: 0.9 };
  return {
    x1: Math.min(at.x, end.x) - side.x,
    y1: Math.min(at.y, end.y) - side.y,
    x2: Math.max(at.x, end.x) + side.x,
    y2: Math.max(at.y, end.y) + side.y,
  };
}

/** The same without the anchor itself. */
function beyond(box: Box, toward: Direction): Box {
  const gap = 0.5;
  if (toward === 'left') return { ...box, x2: box.x2 - gap };
  if (toward === 'right') return { ...box, x1: box.x1 + gap };
  return toward === 'up' ? { ...box, y2: box.y2 - gap } : { ...box, y1: box.y1 + gap };
}

class SheetDrawer {
  private readonly canvas: Canvas;
  private readonly terminals = new Map<string, Terminal[]>();
  private readonly numbers = new Map<string, number>();
  private readonly ways: { net: string; nodes: number[] }[] = [];
  private readonly labels: DrawnLabel[] = [];
  private readonly rails: DrawnRail[] = [];
  private readonly unused: Point[] = [];

  constructor(
    private readonly circuit: Circuit,
    private readonly sheet: Sheet,
  ) {
    this.canvas = new Canvas(sheet.paper.width, sheet.paper.height);
  }

  draw(): Drawing {
    this.collect();
    this.occupy();
    const nets = [...this.terminals.keys()].filter((net) => !RAILS.includes(net));
    const pieces = new Map<string, Piece[]>();
    for (const net of nets.sort((a, b) => this.span(a) - this.span(b))) pieces.set(net, this.join(net));
    for (const net of nets) this.nameNet(net, pieces.get(net)!);
    const ways = this.straightWires();
    const junctions = this.junctions(ways);
    const wires = ways.flatMap((wire) => cut(wire, junctions));
    return {
      sheet: this.sheet,
      parts: this.sheet.parts,
      wires,
      junctions,
      labels: this.labels,
      rails: this.rails,
      unused: this.unused,
    };
  }

  private numberOf(net: string): number {
    const known = this.numbers.get(net);
    if (known !== undefined) return known;
    const next = this.numbers.size + 1;
    this.numbers.set(net, next);
    return next;
  }

  private collect(): void {
    const add = (net: string, terminal: Terminal): void => {
      this.terminals.set(net, [...(this.terminals.get(net) ?? []), terminal]);
    };
    for (const part of this.sheet.parts) {
      for (const placed of placedPins(part.item.symbol, part.position)) {
        const net = part.pins.get(placed.pin.number);
        if (net === null || net === undefined) {
          if (placed.pin.type !== 'no_connect') this.unused.push(placed.at);
        } else if (RAILS.includes(net)) {
          this.rails.push({ net, at: placed.at, toward: placed.toward, isFlag: false });
        } else add(net, { at: placed.at, toward: placed.toward, isLabel: false });
      }
    }
    for (const label of this.sheet.labels)
      add(label.net, { at: label.at, toward: label.toward, isLabel: true });
    for (const flag of this.sheet.flags) this.addFlag(flag.net, flag.at, add);
  }

  /** A flag stands on its net; a rail's name is drawn beside it by the rail's own symbol. */
  private addFlag(net: string, at: Point, add: (net: string, terminal: Terminal) => void): void {
    this.rails.push({ net: 'PWR_FLAG', at, toward: 'up', isFlag: true });
    if (RAILS.includes(net)) this.rails.push({ net, at, toward: 'down', isFlag: false });
    else add(net, { at, toward: 'down', isLabel: false });
  }

  private occupy(): void {
    for (const part of this.sheet.parts) {
      this.canvas.block(bodyBox(part.item.symbol, part.position));
      for (const text of partTexts(part)) this.canvas.shade(text.box);
      for (const { at, toward, pin } of placedPins(part.item.symbol, part.position)) {
        const inward = { x: at.x - STEP[toward].x * pin.length, y: at.y - STEP[toward].y * pin.length };
        const line = {
          x1: Math.min(at.x, inward.x),
          y1: Math.min(at.y, inward.y),
          x2: Math.max(at.x, inward.x),
          y2: Math.max(at.y, inward.y),
        };
        this.canvas.block(line);
      }
    }
    for (const rail of this.rails) {
      this.canvas.block(
        beyond(labelBox(rail.net === 'GND' ? '' : rail.net, rail.at, rail.toward), rail.toward),
      );
      this.canvas.block({ x1: rail.at.x, y1: rail.at.y, x2: rail.at.x, y2: rail.at.y });
    }
    for (const point of this.unused)
      this.canvas.block(grown({ x1: point.x, y1: point.y, x2: point.x, y2: point.y }, 0.4));
    for (const [net, terminals] of this.terminals) this.claim(net, terminals);
    for (const frame of this.sheet.frames) {
      this.canvas.shade({ ...frame.box, y2: frame.box.y1 + 2 });
    }
  }

  private claim(net: string, terminals: readonly Terminal[]): void {
    const reach = this.sheet.reachOf(net);
    for (const terminal of terminals) {
      this.canvas.claim(terminal.at, this.numberOf(net));
      const isAlone = terminals.every(
        (other) => other === terminal || distance(other.at, terminal.at) > reach,
      );
      if (isAlone || terminal.isLabel) {
        this.canvas.block(beyond(labelBox(net, terminal.at, terminal.toward), terminal.toward));
      }
    }
  }

  private span(net: string): number {
    const points = this.terminals.get(net)!.map((terminal) => terminal.at);
    const xs = points.map((point) => point.x);
    const ys = points.map((point) => point.y);
    return Math.max(...xs) - Math.min(...xs) + Math.max(...ys) - Math.min(...ys);
  }

  /** Joins near terminals, nearest first; what finds no way stays apart and gets a name instead. */
  private join(net: string): Piece[] {
    const terminals = this.terminals.get(net)!;
    let pieces: Piece[] = terminals.map((terminal) => ({
      terminals: [terminal],
      nodes: new Set([this.canvas.node(terminal.at)]),
    }));
    const pairs = terminals
      .flatMap((a, index) => terminals.slice(index + 1).map((b) => ({ a, b, length: distance(a.at, b.at) })))
      .filter((pair) => pair.length <= this.sheet.reachOf(net))
      .sort((one, other) => one.length - other.length);
    for (const { a, b } of pairs) {
      const from = pieces.find((piece) => piece.terminals.includes(a))!;
      const to = pieces.find((piece) => piece.terminals.includes(b))!;
      if (from === to) continue;
      const way = this.canvas.way(from.nodes, to.nodes, this.numberOf(net));
      if (!way) continue;
      this.canvas.lay(way, this.numberOf(net));
      this.ways.push({ net, nodes: way });
      const joined = {
        terminals: [...from.terminals, ...to.terminals],
        nodes: new Set([...from.nodes, ...to.nodes, ...way]),
      };
      pieces = [...pieces.filter((piece) => piece !== from && piece !== to), joined];
    }
    return pieces;
  }

  /** One piece on one sheet is named on its wire; anything else by flags, which join the pieces. */
  private nameNet(net: string, pieces: readonly Piece[]): void {
    const isGlobal = pieces.length > 1 || sheetsOfNet(this.circuit, net).length > 1;
    for (const piece of pieces) {
      const placed = piece.terminals.filter((terminal) => terminal.isLabel);
      const single = piece.terminals.length === 1 ? piece.terminals[0]! : undefined;
      if (!isGlobal) this.labels.push(this.wireLabel(net, piece));
      else if (placed.length > 0) {
        for (const { at, toward } of placed) this.labels.push({ net, at, toward, isGlobal });
      } else if (single) this.labels.push({ net, at: single.at, toward: single.toward, isGlobal });
      else this.labels.push(this.outerLabel(net, piece));
    }
  }

  private placesForName(piece: Piece): Point[] {
    const points = [...piece.nodes].map((node) => this.canvas.pointOf(node));
    return points.filter((point) => !this.canvas.isCrossing(point));
  }

  /** A flag somewhere on the piece where there is room for it. */
  private outerLabel(net: string, piece: Piece): DrawnLabel {
    const candidates = this.placesForName(piece);
    for (const toward of ['right', 'left', 'up', 'down'] as const) {
      for (const at of candidates) {
        const box = beyond(labelBox(net, at, toward), toward);
        if (!this.canvas.isEmpty(box)) continue;
        this.canvas.block(box);
        return { net, at, toward, isGlobal: true };
      }
    }
    throw new Error(`sheet ${this.sheet.name}: no room for the name of ${net}; place a label`);
  }

  /** A name written on a wire: above a stretch that lies across, beside an upright one, or where it must be. */
  private wireLabel(net: string, piece: Piece): DrawnLabel {
    const width = net.length * LETTER_WIDTH;
    const points = this.placesForName(piece);
    const has = (x: number, y: number): boolean => piece.nodes.has(this.canvas.node({ x, y }));
    const lengthFrom = (point: Point): number => {
      let length = 0;
      while (length < width && has(point.x + length + 1, point.y)) length++;
      return length;
    };
    const above = (point: Point): Box => ({
      x1: point.x + 0.5,
      y1: point.y - 2.2,
      x2: point.x + width,
      y2: point.y - 0.5,
    });
    const before = (point: Point): Box => ({
      x1: point.x - width,
      y1: point.y - 2.2,
      x2: point.x - 0.5,
      y2: point.y - 0.5,
    });
    const isUpright = (point: Point): boolean => has(point.x, point.y - 1) && has(point.x, point.y + 1);
    const free = (box: Box): boolean => this.canvas.isFreeForText(box);
    const long = points.filter((point) => lengthFrom(point) >= 0.7 * width && free(above(point)));
    const found =
      long.sort((a, b) => lengthFrom(b) - lengthFrom(a))[0] ??
      points.find((point) => isUpright(point) && free(above(point))) ??
      points.find((point) => lengthFrom(point) > 1 && free(above(point)));
    if (found) return this.shaded({ net, at: found, toward: 'right', isGlobal: false }, above(found));
    const left = points.find((point) => isUpright(point) && free(before(point)));
    if (left) return this.shaded({ net, at: left, toward: 'left', isGlobal: false }, before(left));
    return { net, at: points[0]!, toward: 'right', isGlobal: false };
  }

  private shaded(label: DrawnLabel, room: Box): DrawnLabel {
    this.canvas.shade(room);
    return label;
  }

  /** Ways cut into straight wires. */
  private straightWires(): Wire[] {
    return this.ways.flatMap(({ nodes }) => {
      const points = nodes.map((node) => this.canvas.pointOf(node));
      const corners = points.filter((_, index) => {
        const before = points[index - 1];
        const after = points[index + 1];
        return !before || !after || (before.x !== after.x && before.y !== after.y);
      });
      return corners.slice(1).map((corner, index) => ({ from: corners[index]!, to: corner }));
    });
  }

  /** Points where three or more wires or pins of a net meet. */
  private junctions(wires: readonly Wire[]): Point[] {
    const ends = wires.flatMap((wire) => [wire.from, wire.to]);
    const pins = [...this.terminals.values()].flat().filter((terminal) => !terminal.isLabel);
    const unique = new Map(ends.map((point) => [`${point.x},${point.y}`, point]));
    return [...unique.values()].filter((point) => {
      const arms = wires.reduce((count, wire) => count + armsAt(wire, point), 0);
      const pinCount = pins.filter((pin) => pin.at.x === point.x && pin.at.y === point.y).length;
      return arms + pinCount > 2;
    });
  }
}

/** KiCad wants wires to end at a junction; one that passes it is cut there. */
function cut(wire: Wire, junctions: readonly Point[]): Wire[] {
  const inner = junctions
    .filter((point) => armsAt(wire, point) === 2)
    .sort((a, b) => distance(wire.from, a) - distance(wire.from, b));
  const points = [wire.from, ...inner, wire.to];
  return points.slice(1).map((point, index) => ({ from: points[index]!, to: point }));
}

/** 1 when the wire ends here, 2 when it passes. */
function armsAt(wire: Wire, point: Point): number {
  const isEnd = (end: Point): boolean => end.x === point.x && end.y === point.y;
  if (isEnd(wire.from) || isEnd(wire.to)) return 1;
  const isOn =
    (wire.from.x === wire.to.x &&
      point.x === wire.from.x &&
      (point.y - wire.from.y) * (point.y - wire.to.y) < 0) ||
    (wire.from.y === wire.to.y &&
      point.y === wire.from.y &&
      (point.x - wire.from.x) * (point.x - wire.to.x) < 0);
  return isOn ? 2 : 0;
}

export function drawSheet(circuit: Circuit, sheet: Sheet): Drawing {
  return new SheetDrawer(circuit, sheet).draw();
}

/** Names that KiCad gives to nets: flags name a net everywhere, a name on a wire only within its sheet. */
export function kicadNetNames(circuit: Circuit, drawings: readonly Drawing[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const net of circuit.nets.keys()) names.set(net, net);
  for (const { sheet, labels } of drawings) {
    for (const label of labels) if (!label.isGlobal) names.set(label.net, `/${sheet.name}/${label.net}`);
  }
  return names;
}
