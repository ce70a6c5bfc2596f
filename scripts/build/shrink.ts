/**
 * Makes the bundle smaller than esbuild does (15 % in all): terser folds what it can prove, in a method that says
 * `this` often, `this` gets a name of one letter, and so do `undefined` and built-in functions that need no `this`. Meaning is unchanged: the name is bound where `this` is, and arrow
 * functions inside see the same one.
 */
import {
  parse,
  type AssignmentExpression,
  type Expression,
  type FunctionExpression,
  type MethodDefinition,
  type Node,
  type Program,
  type VariableDeclarator,
} from 'acorn';
import { ancestor, full, simple } from 'acorn-walk';
import { analyze } from 'eslint-scope';
import { minify } from 'terser';
import { MEMBERS } from './espruino-api';
import { openSingletons } from './singletons';

/** Start, end, and what is put there. */
type Edit = [number, number, string];

/** `let $=this;` against three characters less for each use. */
const LEAST_USES = 4;

export interface Shrunk {
  readonly code: string;
  /** What top-level names became, by the name that they had. */
  readonly shortNames: ReadonlyMap<string, string>;
}

/** terser's notes of what it renamed: each name with a `$` in front. */
interface NameCache {
  readonly vars?: { readonly props: Readonly<Record<string, string>> };
}

/** The same program, smaller. What Espruino cannot run is looked for afterwards (check-bundle.ts). */
export async function shrink(code: string): Promise<Shrunk> {
  const nameCache: NameCache = {};
  const result = await minify(shortenThis(inlineConstants(dropDeadMethods(code))), {
    ecma: 2015,
    toplevel: true,
    // Passes beyond the third changed nothing.
    compress: {
      passes: 3,
      // Nothing of ours tells `true` from 1.
      booleans_as_integers: true,
      toplevel: true,
      pure_getters: true,
      arguments: false,
      // Beyond 1, inlining would declare variables behind their use, which Espruino does not hoist.
      inline: 1,
      // A function put where it is called would be made anew at each call.
      reduce_funcs: false,
      // Safe here: nothing of ours overrides built-ins, is called with `new`, or compares what is not a number.
      unsafe: true,
      unsafe_arrows: true,
      unsafe_comps: true,
    },
    // Two short names are left for built-ins; `of` is a word of Espruino's.
    mangle: { toplevel: true, reserved: ['$', '_', 'of'] },
    format: { ascii_only: true },
    nameCache,
  });
  const short = Object.entries(nameCache.vars?.props ?? {}).map(([name, to]): [string, string] => [
    name.slice(1),
    to,
  ]);
  return {
    code: nameBuiltIns(openSingletons(chainAssignments(result.code!))).trimEnd() + '\n',
    shortNames: new Map(short),
  };
}

/** Longest text that is written wherever it is used. */
const INLINE_CHARS = 8;

/**
 * The same program with numbers and short texts in the place of top-level names for them: a name takes one or two
 * JsVars for good, a number in the image about as many bytes as a name. What is assigned to later stays.
 */
function inlineConstants(code: string): string {
  const program = parse(code, { ecmaVersion: 2020, ranges: true });
  const scopes = analyze(program, { ecmaVersion: 2020, sourceType: 'script', nodejsScope: true });
  const edits: Edit[] = [];
  /** Where `{name}` stands for `{name:name}`. */
  const shorthands = new Set<number>();
  simple(program, {
    Property: ({ shorthand, value }) => void (shorthand && shorthands.add(value.start)),
  });
  for (const { name, defs, references } of scopes.globalScope.childScopes[0]!.variables) {
    const declarator = defs.length === 1 ? (defs[0]!.node as VariableDeclarator) : undefined;
    if (declarator?.type !== 'VariableDeclarator' || !declarator.init) continue;
    const value = literalText(declarator.init, code);
    const isSet = references.some((reference) => reference.isWrite() && !reference.init);
    if (value === undefined || isSet) continue;
    for (const { identifier, init } of references) {
      if (init) continue;
      const { start, end } = identifier;
      edits.push([start, end, shorthands.has(start) ? `${name}:${value}` : value]);
    }
  }
  return applied(code, edits);
}

function literalText(node: Expression, code: string): string | undefined {
  const isNegative = node.type === 'UnaryExpression' && node.operator === '-';
  const inner = isNegative ? node.argument : node;
  if (inner.type !== 'Literal') return undefined;
  const { value } = inner;
  const text = code.slice(node.start, node.end);
  if (typeof value === 'number') return isNegative ? `(${text})` : text;
  return typeof value === 'string' && value.length <= INLINE_CHARS ? text : undefined;
}

/**
 * The same program without methods that nobody names: no bundler drops those. Everything is called by name here;
 * the build refuses computed names, and those that Espruino calls are kept by the list of built-in members.
 */
function dropDeadMethods(code: string): string {
  const named = new Set<string>(Object.values(MEMBERS).flat());
  const methods: MethodDefinition[] = [];
  simple(parse(code, { ecmaVersion: 2020 }), {
    MemberExpression: (node) => void named.add(code.slice(node.property.start, node.property.end)),
    Property: (node) => void named.add(code.slice(node.key.start, node.key.end)),
    Literal: (node) => void named.add(String(node.value)),
    MethodDefinition: (node) => void methods.push(node),
  });
  const dead = methods.filter(
    ({ kind, key }) => kind === 'method' && !named.has(code.slice(key.start, key.end)),
  );
  if (dead.length === 0) return code;
  // What only a dead method named may be dead as well.
  return dropDeadMethods(
    applied(
      code,
      dead.map(({ start, end }): Edit => [start, end, '']),
    ),
  );
}

/**
 * The same program with short names for `this`. Arrow functions are given theirs always: one with `this` in it takes
 * a JsVar more each time it is made, and an interpreter with assertions stops when it only skips over one
 * (jspeArrowFunction, 2v29).
 */
function shortenThis(code: string): string {
  const program = parse(code, { ecmaVersion: 2020 });
  const name = freeName(takenNames(program));
  const uses = new Map<FunctionExpression, Node[]>();
  const withArrows = new Set<FunctionExpression>();
  ancestor(program, {
    ThisExpression(node: Node, _state: unknown, ancestors: Node[]) {
      const owner = ancestors.findLast((outer) => /^Function(Expression|Declaration)$/.test(outer.type));
      if (owner?.type !== 'FunctionExpression') return;
      const method = owner as FunctionExpression;
      uses.set(method, [...(uses.get(method) ?? []), node]);
      const inner = ancestors.slice(ancestors.indexOf(owner));
      if (inner.some(({ type }) => type === 'ArrowFunctionExpression')) withArrows.add(method);
    },
  });
  const edits: Edit[] = [];
  for (const [method, nodes] of uses) {
    if (nodes.length < LEAST_USES && !withArrows.has(method)) continue;
    // A default value or a parameter of the method stands outside its body; ours have none.
    if (nodes.some((node) => node.start < method.body.start)) continue;
    edits.push([method.body.start + 1, method.body.start + 1, `let ${name}=this;`]);
    for (const node of nodes) edits.push([node.start, node.end, name]);
  }
  return applied(code, edits);
}

/** Built-in functions that do not look at `this`, as they stand in the text. */
const BUILT_INS = [
  'void 0',
  'String.fromCharCode',
  'Math.min',
  'Math.max',
  'Math.floor',
  'Object.assign',
  'Object.keys',
  'Array.isArray',
  'JSON.stringify',
  'JSON.parse',
];

/** The same program with a name of its own for each built-in that is used often enough. */
function nameBuiltIns(code: string): string {
  const program = parse(code, { ecmaVersion: 2020 });
  const taken = takenNames(program);
  const uses = new Map<string, Node[]>();
  const note = (node: Node): void => {
    const text = code.slice(node.start, node.end);
    if (BUILT_INS.includes(text)) uses.set(text, [...(uses.get(text) ?? []), node]);
  };
  simple(program as Program, { MemberExpression: note, UnaryExpression: note });
  const edits: Edit[] = [];
  const definitions: string[] = [];
  for (const [text, nodes] of uses) {
    const name = freeName(taken);
    const definition = text === 'void 0' ? name : `${name}=${text}`;
    if (nodes.length * (text.length - name.length) <= definition.length + 1) continue;
    taken.add(name);
    definitions.push(definition);
    for (const node of nodes) edits.push([node.start, node.end, name]);
  }
  return (definitions.length > 0 ? `var ${definitions.join()};` : '') + applied(code, edits);
}

/** `a.x=0,a.y="",a.z=0` → `a.x=a.z=0,a.y=""`: first values of fields, the same in any order. */
function chainAssignments(code: string): string {
  const edits: Edit[] = [];
  const textOf = (node: Node): string => code.slice(node.start, node.end);
  const chain = (run: AssignmentExpression[]): void => {
    if (run.length < 2) return;
    const names = new Map<string, string[]>();
    for (const { left, right } of run) {
      names.set(textOf(right), [...(names.get(textOf(right)) ?? []), textOf(left)]);
    }
    const chains = [...names].map(([value, targets]) => [...targets, value].join('='));
    edits.push([run[0]!.start, run[run.length - 1]!.end, chains.join()]);
  };
  simple(parse(code, { ecmaVersion: 2020 }), {
    SequenceExpression({ expressions }) {
      let run: AssignmentExpression[] = [];
      for (const expression of expressions) {
        if (isFirstValue(expression, textOf)) run.push(expression);
        else {
          chain(run);
          run = [];
        }
      }
      chain(run);
    },
  });
  return applied(code, edits);
}

function isFirstValue(node: Expression, textOf: (node: Node) => string): node is AssignmentExpression {
  return (
    node.type === 'AssignmentExpression' &&
    node.operator === '=' &&
    /^[\w$]+\.[\w$]+$/.test(textOf(node.left)) &&
    /^(-?\d+|void 0|"")$/.test(textOf(node.right))
  );
}

/** The text with its edits made, from the end to the beginning; what is replaced before what is put in front of it. */
function applied(code: string, edits: Edit[]): string {
  edits.sort((left, right) => right[0] - left[0] || right[1] - left[1]);
  return edits.reduce((text, [start, end, put]) => text.slice(0, start) + put + text.slice(end), code);
}

function takenNames(program: Node): Set<string> {
  const taken = new Set<string>();
  full(program, (node) => {
    if (node.type === 'Identifier') taken.add((node as unknown as { name: string }).name);
  });
  return taken;
}

/** The shortest name that is not taken. */
function freeName(taken: ReadonlySet<string>): string {
  // No vowels: not `of`, `do`, `if` or `in` by chance.
  const letters = '$_bcdfghjklmnpqrstvwxyzBCDFGHJKLMNPQRSTVWXYZ';
  for (const first of ['', ...letters]) {
    for (const second of letters) if (!taken.has(first + second)) return first + second;
  }
  throw new Error('no free name');
}
