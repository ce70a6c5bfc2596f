/**
 * KiCad's files are S-expressions: this builds, prints and reads them. It knows no KiCad keyword; what a file
 * holds is the writers' business (schematic/, board/). Format: KiCad developer documentation, "S-expression
 * intro". Invariant: what is printed is read back as the same tree, and the same tree prints the same text, so
 * that a regenerated file can be compared byte by byte.
 */

/** Text that is printed in quotes, to tell it from a keyword. */
export interface Quoted {
  readonly quoted: string;
}

export type Sexpr = string | number | Quoted | readonly Sexpr[];

/** Longest line before a list is broken up into one child a line. */
const LINE_LIMIT = 110;
/** KiCad keeps six decimals of a millimetre (a nanometre). */
const DECIMALS = 6;

export function quoted(text: string): Quoted {
  return { quoted: text };
}

export function isList(node: Sexpr | undefined): node is readonly Sexpr[] {
  return Array.isArray(node);
}

/** A number as KiCad prints it: no exponent, no trailing zeros, no minus zero. */
export function numberText(value: number): string {
  const text = value.toFixed(DECIMALS).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

function atomText(node: string | number | Quoted): string {
  if (typeof node === 'number') return numberText(node);
  if (typeof node === 'string') return node;
  return `"${node.quoted.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

/** One line, whatever its length. */
function flat(node: Sexpr): string {
  return isList(node) ? `(${node.map(flat).join(' ')})` : atomText(node as string);
}

const isPoint = (node: Sexpr): boolean => isList(node) && node[0] === 'xy';

/** Points of a polygon, as many on a line as fit: one on each would make most of a board's file. */
function packed(points: readonly Sexpr[], depth: number): string {
  const indent = '\t'.repeat(depth);
  const lines: string[] = [];
  for (const point of points.map(flat)) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + point.length < LINE_LIMIT)
      lines[lines.length - 1] = `${last} ${point}`;
    else lines.push(`${indent}${point}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** The tree as text, indented by tabs, with a newline at the end of the outermost list. */
export function printSexpr(node: Sexpr, depth = 0): string {
  const indent = '\t'.repeat(depth);
  const line = flat(node);
  if (!isList(node) || line.length + depth <= LINE_LIMIT) return `${indent}${line}\n`;
  const firstChild = node.findIndex((child, index) => index > 0 && isList(child));
  const head = firstChild < 0 ? node : node.slice(0, firstChild);
  const children = firstChild < 0 ? [] : node.slice(firstChild);
  const body = children.every(isPoint)
    ? packed(children, depth + 1)
    : children.map((child) => printSexpr(child, depth + 1)).join('');
  return body === ''
    ? `${indent}(${head.map(flat).join(' ')})\n`
    : `${indent}(${head.map(flat).join(' ')}\n${body}${indent})\n`;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[()]|[^\s()"]+/g;

function atom(token: string): Sexpr {
  if (token.startsWith('"')) {
    const inner = token.slice(1, -1);
    return quoted(inner.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)));
  }
  return /^-?\d+(\.\d+)?$/.test(token) ? Number(token) : token;
}

/** Reads one list. Throws when the brackets do not match. */
export function parseSexpr(text: string): readonly Sexpr[] {
  const stack: Sexpr[][] = [[]];
  for (const token of text.match(TOKEN) ?? []) {
    if (token === '(') stack.push([]);
    else if (token === ')') {
      const done = stack.pop();
      const parent = stack[stack.length - 1];
      if (!done || !parent) throw new Error('S-expression: a bracket too many');
      parent.push(done);
    } else stack[stack.length - 1]!.push(atom(token));
  }
  const top = stack[0]!;
  if (stack.length !== 1 || top.length !== 1 || !isList(top[0]!))
    throw new Error('S-expression: not one list');
  return top[0];
}

/** Children of `node` whose first element is `keyword`. */
export function childrenOf(node: readonly Sexpr[], keyword: string): (readonly Sexpr[])[] {
  return node.filter((child): child is readonly Sexpr[] => isList(child) && child[0] === keyword);
}

/** The only (or first) child with that keyword. Throws when there is none. */
export function childOf(node: readonly Sexpr[], keyword: string): readonly Sexpr[] {
  const child = childrenOf(node, keyword)[0];
  if (!child) throw new Error(`S-expression: no ${keyword} in ${flat(node).slice(0, 80)}`);
  return child;
}

/** An element as text, whether it was quoted or not. */
export function textOf(node: Sexpr | undefined): string {
  if (node === undefined || isList(node)) throw new Error('S-expression: text expected');
  return typeof node === 'object' && 'quoted' in node ? node.quoted : String(node);
}

/** An element as a number. */
export function numberOf(node: Sexpr | undefined): number {
  const value = Number(textOf(node));
  if (Number.isNaN(value)) throw new Error(`S-expression: number expected, ${textOf(node)} found`);
  return value;
}
