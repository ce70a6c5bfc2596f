/**
 * Reads what `E.dumpVariables()` prints: every JsVar in use with its size in blocks, its name or value, and its
 * links (jswrap_espruino.c, 2v29). Names keep the marks of the interpreter: \xFF in front of what is hidden.
 */

export interface JsVar {
  readonly ref: number;
  /** JsVars that it takes: one, and those of its text. */
  readonly size: number;
  /** Name of a name, as the interpreter holds it. */
  readonly name: string | undefined;
  /** Children of a container; the value of a name. */
  readonly links: readonly number[];
}

export type Graph = ReadonlyMap<number, JsVar>;

const LINE = /^(\d+),(\d+),\d+,(String )?("(?:[^"\\]|\\.)*"|[^,]*),?([\d,]*)$/;

/** The graph of some printed lines; throws for a line that is not understood. */
export function readGraph(lines: readonly string[]): Graph {
  return new Map(
    lines.map((line) => {
      const match = LINE.exec(line);
      if (!match) throw new Error(`not a line of E.dumpVariables(): ${line}`);
      const [, ref, size, isText, label, links] = match;
      const jsVar: JsVar = {
        ref: Number(ref),
        size: Number(size),
        name: !isText && label!.startsWith('"') ? unquoted(label!) : undefined,
        links: links!.split(',').filter(Boolean).map(Number),
      };
      return [jsVar.ref, jsVar];
    }),
  );
}

function unquoted(text: string): string {
  return text
    .slice(1, -1)
    .replace(/\\x([0-9A-Fa-f]{2})|\\(.)/g, (_match, hex?: string, char?: string) =>
      hex === undefined ? char! : String.fromCharCode(parseInt(hex, 16)),
    );
}

/** JsVars of everything. */
export function totalOf(graph: Graph): number {
  let total = 0;
  for (const { size } of graph.values()) total += size;
  return total;
}

/** The value of a named child, if there is one. */
export function childOf(graph: Graph, parent: JsVar | undefined, name: string): JsVar | undefined {
  for (const link of parent?.links ?? []) {
    const child = graph.get(link);
    if (child?.name === name) return graph.get(child.links[0] ?? 0);
  }
  return undefined;
}
