/**
 * Reads written schematic files back, as an outsider would: what is joined to what follows from points, wires,
 * junctions and labels in the files alone. Shares with the writers only the reading of brackets (model/sexpr.ts).
 * Source: KiCad developer documentation, "Schematic file format"; joining rules as in KiCad: wires join at their
 * ends and at junctions, a label names the wire under it, a rail symbol names its net everywhere.
 * Invariant: nothing of the circuit or of the drawing is looked at.
 */
import { childOf, childrenOf, isList, numberOf, parseSexpr, textOf, type Sexpr } from '../model/sexpr';

type Node = readonly Sexpr[];

export interface ReadSymbol {
  readonly ref: string;
  readonly value: string;
  readonly footprint: string;
  readonly mpn: string;
  readonly isFitted: boolean;
  readonly sheet: string;
}

export interface ReadSchematic {
  readonly symbols: readonly ReadSymbol[];
  /** Net name to sorted pins, `REF.pin`; nets without a name have the name of a pin. */
  readonly nets: ReadonlyMap<string, readonly string[]>;
  /** Pins marked as unused, `REF.pin`. */
  readonly unused: readonly string[];
  /** Pins that are neither joined to another pin nor marked as unused. */
  readonly dangling: readonly string[];
  /** Nets that carry two names, as sentences. */
  readonly twoNames: readonly string[];
}

interface Pin {
  readonly id: string;
  readonly type: string;
  readonly point: string;
}

interface Wire {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

const NANOMETRES = 1e6;
const nm = (millimetres: number): number => Math.round(millimetres * NANOMETRES);
const keyOf = (x: number, y: number): string => `${x},${y}`;

function place(node: Node): [number, number, number] {
  const at = childOf(node, 'at');
  return [numberOf(at[1]), numberOf(at[2]), at[3] === undefined ? 0 : numberOf(at[3])];
}

function fields(symbol: Node): Map<string, string> {
  return new Map(
    childrenOf(symbol, 'property').map((property) => [textOf(property[1]), textOf(property[2])]),
  );
}

/** Library pins by symbol: number, type and place, y upwards. */
function libraryPins(file: Node): Map<string, { number: string; type: string; x: number; y: number }[]> {
  return new Map(
    childrenOf(childOf(file, 'lib_symbols'), 'symbol').map((symbol) => [
      textOf(symbol[1]),
      childrenOf(symbol, 'symbol').flatMap((unit) =>
        childrenOf(unit, 'pin').map((pin) => {
          const [x, y] = place(pin);
          return { number: textOf(childOf(pin, 'number')[1]), type: textOf(pin[1]), x, y };
        }),
      ),
    ]),
  );
}

/** A library point on the sheet: y turned downwards, spun counter-clockwise, then mirrored. */
function onSheet(x: number, y: number, symbol: Node): string {
  const [atX, atY, angle] = place(symbol);
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.round(Math.cos(radians)), Math.round(Math.sin(radians))];
  const down = -y;
  let spunX = x * cos + down * sin;
  let spunY = -x * sin + down * cos;
  const mirror = childrenOf(symbol, 'mirror')[0];
  if (mirror && textOf(mirror[1]) === 'y') spunX = -spunX;
  if (mirror && textOf(mirror[1]) === 'x') spunY = -spunY;
  return keyOf(nm(atX + spunX), nm(atY + spunY));
}

/** Sets of things that were found to be one. */
class Joined {
  private readonly parents = new Map<string, string>();

  rootOf(item: string): string {
    let at = item;
    for (let up = this.parents.get(at); up !== undefined; up = this.parents.get(at)) at = up;
    return at;
  }

  join(a: string, b: string): void {
    const [rootA, rootB] = [this.rootOf(a), this.rootOf(b)];
    if (rootA !== rootB) this.parents.set(rootA, rootB);
  }
}

function wireOf(node: Node): Wire {
  const [from, to] = childrenOf(childOf(node, 'pts'), 'xy').map(
    (xy) => [nm(numberOf(xy[1])), nm(numberOf(xy[2]))] as const,
  );
  return { from: from!, to: to! };
}

function isOn(wire: Wire, x: number, y: number): boolean {
  const [[x1, y1], [x2, y2]] = [wire.from, wire.to];
  const isInBox =
    x >= Math.min(x1, x2) && x <= Math.max(x1, x2) && y >= Math.min(y1, y2) && y <= Math.max(y1, y2);
  return isInBox && (x2 - x1) * (y - y1) === (y2 - y1) * (x - x1);
}

const centre = (node: Node): [number, number] => {
  const [x, y] = place(node);
  return [nm(x), nm(y)];
};

/** One file: joins its points, adds names, and collects symbols and pins. */
class SheetReader {
  readonly pins: Pin[] = [];
  readonly symbols: ReadSymbol[] = [];
  /** Point to the names found on it; a name for this sheet only carries the sheet's. */
  readonly names: { readonly point: string; readonly name: string }[] = [];
  readonly unusedPoints = new Set<string>();

  constructor(
    private readonly sheet: string,
    private readonly joined: Joined,
  ) {}

  read(file: Node): void {
    const wires = childrenOf(file, 'wire').map(wireOf);
    for (const wire of wires) this.joined.join(this.key(...wire.from), this.key(...wire.to));
    for (const junction of childrenOf(file, 'junction')) this.joinAt(wires, ...centre(junction));
    for (const kind of ['label', 'global_label']) {
      for (const label of childrenOf(file, kind)) {
        this.joinAt(wires, ...centre(label));
        const text = textOf(label[1]);
        const name = kind === 'label' ? `/${this.sheet}/${text}` : text;
        this.names.push({ point: this.key(...centre(label)), name });
      }
    }
    for (const mark of childrenOf(file, 'no_connect')) this.unusedPoints.add(this.key(...centre(mark)));
    this.readSymbols(file);
  }

  private key(x: number, y: number): string {
    return `${this.sheet}:${keyOf(x, y)}`;
  }

  private joinAt(wires: readonly Wire[], x: number, y: number): void {
    for (const wire of wires) if (isOn(wire, x, y)) this.joined.join(this.key(x, y), this.key(...wire.from));
  }

  private readSymbols(file: Node): void {
    const library = libraryPins(file);
    const power = new Set(
      childrenOf(childOf(file, 'lib_symbols'), 'symbol')
        .filter((symbol) => symbol.some((child) => isList(child) && child[0] === 'power'))
        .map((symbol) => textOf(symbol[1])),
    );
    for (const symbol of childrenOf(file, 'symbol')) {
      const name = textOf(childOf(symbol, 'lib_id')[1]);
      const own = fields(symbol);
      const ref = own.get('Reference')!;
      const isRail = power.has(name);
      for (const pin of library.get(name)!) {
        const point = `${this.sheet}:${onSheet(pin.x, pin.y, symbol)}`;
        // A flag (power_out) names nothing; a rail symbol names its net.
        if (isRail) {
          if (pin.type === 'power_in') this.names.push({ point, name: own.get('Value')! });
        } else this.pins.push({ id: `${ref}.${pin.number}`, type: pin.type, point });
      }
      if (!isRail) this.symbols.push(this.symbolOf(symbol, own));
    }
  }

  private symbolOf(symbol: Node, own: ReadonlyMap<string, string>): ReadSymbol {
    return {
      ref: own.get('Reference')!,
      value: own.get('Value')!,
      footprint: own.get('Footprint')!,
      mpn: own.get('MPN') ?? '',
      isFitted: textOf(childOf(symbol, 'dnp')[1]) === 'no',
      sheet: this.sheet,
    };
  }
}

/** File names of the sheets that a root file shows, by sheet name. */
export function sheetFilesOf(root: string): ReadonlyMap<string, string> {
  return new Map(
    childrenOf(parseSexpr(root), 'sheet').map((sheet) => {
      const own = fields(sheet);
      return [own.get('Sheetname')!, own.get('Sheetfile')!];
    }),
  );
}

/** Reads the sheets, given as name and text. */
export function readSchematic(sheets: Iterable<readonly [name: string, text: string]>): ReadSchematic {
  const joined = new Joined();
  const readers = [...sheets].map(([name, text]) => {
    const reader = new SheetReader(name, joined);
    reader.read(parseSexpr(text));
    return reader;
  });
  for (const reader of readers)
    for (const { point, name } of reader.names) joined.join(point, `name:${name}`);
  const pins = readers.flatMap((reader) => reader.pins);
  const nameOf = new Map<string, string>();
  const twoNames: string[] = [];
  for (const reader of readers) {
    for (const { name } of reader.names) {
      const root = joined.rootOf(`name:${name}`);
      const known = nameOf.get(root);
      if (known !== undefined && known !== name) twoNames.push(`${known} and ${name} are joined`);
      nameOf.set(root, name);
    }
  }
  const symbols = readers.flatMap((reader) => reader.symbols);
  return { symbols, twoNames, ...netsOf(pins, readers, joined, nameOf) };
}

function netsOf(
  pins: readonly Pin[],
  readers: readonly SheetReader[],
  joined: Joined,
  nameOf: ReadonlyMap<string, string>,
): Pick<ReadSchematic, 'nets' | 'unused' | 'dangling'> {
  const groups = new Map<string, Pin[]>();
  for (const pin of pins) {
    const root = joined.rootOf(pin.point);
    groups.set(root, [...(groups.get(root) ?? []), pin]);
  }
  const marked = new Set(readers.flatMap((reader) => [...reader.unusedPoints]));
  const nets = new Map<string, readonly string[]>();
  const unused: string[] = [];
  const dangling: string[] = [];
  for (const [root, group] of groups) {
    const isMarked = group.every((pin) => marked.has(pin.point) || pin.type === 'no_connect');
    if (group.length === 1 && isMarked) unused.push(group[0]!.id);
    else if (group.length === 1) dangling.push(group[0]!.id);
    else nets.set(nameOf.get(root) ?? group[0]!.id, group.map((pin) => pin.id).sort());
  }
  return { nets, unused: unused.sort(), dangling: dangling.sort() };
}
