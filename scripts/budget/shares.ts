/**
 * Whose the JsVars are: each goes to the source that declared what holds it. Functions and classes go first, to
 * the source of their name; then an object goes to the source of its class, whoever made it, and what hangs on it
 * goes with it. What belongs to the interpreter itself, and to the tool that looks in, is told apart.
 * Invariant: the shares add up to all JsVars in use.
 */
import type { BundleNames, Owned } from '../build/owners';
import { childOf, type Graph, type JsVar, totalOf } from './graph';

export interface Share {
  readonly source: string;
  /** Functions, methods and their parameters. */
  code: number;
  /** Everything else: tables, constants, objects. */
  state: number;
}

export interface NamedSize {
  readonly name: string;
  readonly source: string;
  readonly size: number;
}

export interface Shares {
  readonly bySource: readonly Share[];
  /** Top-level names and classes with what they alone hold, the biggest first. */
  readonly byName: readonly NamedSize[];
  /** What the measuring shim takes; a board has none of it. */
  readonly shim: number;
  readonly total: number;
}

/** The interpreter's own objects, timers and built-ins. */
const INTERPRETER = '(interpreter)';
const SHIM = '(shim)';
const ROOT = 1;
const CODE = '\xffcod';
const SCOPE = '\xffsco';
/** Globals that sim/interpreter/shim.ts puts in the place of pin functions. */
const SHIM_GLOBALS = ['digitalWrite', 'digitalRead', 'digitalPulse', 'pinMode'];

type Owner = Pick<Owned, 'name' | 'source'>;

class Division {
  readonly shares = new Map<string, Share>();
  readonly names = new Map<string, NamedSize & { size: number }>();
  private readonly taken = new Set<number>();
  private readonly classes = new Map<number, Owner>();

  constructor(
    private readonly graph: Graph,
    private readonly declared: readonly Owned[],
  ) {}

  isFunction(jsVar: JsVar | undefined): boolean {
    return jsVar !== undefined && childOf(this.graph, jsVar, CODE) !== undefined;
  }

  /** Objects whose prototype this is belong to `source`. */
  noteClass(prototype: number, name: string, source: string): void {
    this.classes.set(prototype, { name, source });
  }

  /** Gives a JsVar and all that hangs on it and is not given yet. */
  give(ref: number, name: string, source: string, isCode: boolean): void {
    const jsVar = this.graph.get(ref);
    if (!jsVar || this.taken.has(ref)) return;
    this.taken.add(ref);
    const ownClass = this.classOf(childOf(this.graph, jsVar, '__proto__'));
    const owner = ownClass ?? { name, source };
    const isItsCode = (isCode && !ownClass) || this.isFunction(jsVar);
    this.count(owner.name, owner.source, jsVar.size, isItsCode);
    for (const link of jsVar.links) {
      const child = this.graph.get(link);
      // A closure's scope belongs to whoever runs there; the rest of a name is its value.
      if (child?.name === SCOPE || child?.name === '__proto__') this.take(child, owner, isItsCode);
      else this.give(link, owner.name, owner.source, isItsCode && isPartOfCode(child));
    }
  }

  /** The class behind a prototype: by its name, or by its methods where the bundle gave it none. */
  private classOf(prototype: JsVar | undefined): Owner | undefined {
    if (!prototype) return undefined;
    const known = this.classes.get(prototype.ref);
    if (known) return known;
    const methods = prototype.links.map((link) => this.graph.get(link)?.name ?? '');
    const found = this.declared.find(
      (owned) => owned.methods && methods.every((name) => owned.methods!.has(name)),
    );
    if (!found || methods.length < 2) return undefined;
    this.noteClass(prototype.ref, found.name, found.source);
    // Its methods, and its constructor with them.
    this.give(prototype.ref, found.name, found.source, true);
    return found;
  }

  /** The name alone; what it links to is given by another way. */
  private take(jsVar: JsVar, owner: Owner, isCode: boolean): void {
    if (this.taken.has(jsVar.ref)) return;
    this.taken.add(jsVar.ref);
    this.count(owner.name, owner.source, jsVar.size, isCode);
  }

  /** Whatever was not given. */
  giveRest(source: string): void {
    for (const ref of this.graph.keys()) this.give(ref, source, source, false);
  }

  private count(name: string, source: string, size: number, isCode: boolean): void {
    const share = this.shares.get(source) ?? { source, code: 0, state: 0 };
    share[isCode ? 'code' : 'state'] += size;
    this.shares.set(source, share);
    const key = `${source} ${name}`;
    const named = this.names.get(key) ?? { name, source, size: 0 };
    named.size += size;
    this.names.set(key, named);
  }
}

/** Parameters, the link to the text, methods: what a function cannot be without. */
function isPartOfCode(jsVar: JsVar | undefined): boolean {
  return jsVar?.name !== undefined || jsVar?.links.length === 0;
}

/** Divides the JsVars of a running bundle among its sources. */
export function divide(graph: Graph, names: BundleNames): Shares {
  const division = new Division(graph, [...names.topLevel.values()]);
  const root = graph.get(ROOT)!;
  const ours: { ref: number; value: JsVar | undefined; name: string; source: string }[] = [];
  for (const ref of root.links) {
    const { name, links } = graph.get(ref)!;
    const value = graph.get(links[0] ?? 0);
    if (SHIM_GLOBALS.includes(name!)) {
      const scope = childOf(graph, value, SCOPE);
      division.give(ref, SHIM, SHIM, false);
      if (scope) division.give(scope.ref, SHIM, SHIM, false);
    }
    const owned = names.topLevel.get(name ?? '');
    if (owned) ours.push({ ref, value, ...owned });
  }
  const classes = ours.filter(({ value }) => division.isFunction(value));
  for (const { value, name, source } of classes) {
    const prototype = childOf(graph, value, 'prototype');
    if (prototype) division.noteClass(prototype.ref, name, source);
  }
  for (const { ref, name, source } of classes) division.give(ref, name, source, true);
  // What puts the module together comes last: it holds everything that has no class.
  const values = ours.sort((left, right) => Number(isMain(left.source)) - Number(isMain(right.source)));
  for (const { ref, name, source } of values) division.give(ref, name, source, false);
  division.giveRest(INTERPRETER);
  const bySource = [...division.shares.values()].filter(({ source }) => source !== SHIM);
  const shim = division.shares.get(SHIM);
  return {
    bySource: bySource.sort((left, right) => sum(right) - sum(left)),
    byName: [...division.names.values()].sort((left, right) => right.size - left.size),
    shim: shim ? sum(shim) : 0,
    total: totalOf(graph),
  };
}

function isMain(source: string): boolean {
  return source.endsWith('main.ts');
}

function sum({ code, state }: Share): number {
  return code + state;
}
