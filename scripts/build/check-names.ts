/**
 * Names that the board does not have: globals, members of global objects, modules, and members of values by
 * name. A member that the bundle itself defines is taken as known, a member that is only read is refused when
 * JavaScript has it and Espruino has not (a field of a received message is neither).
 */
import type { AnyNode, CallExpression, Identifier, MemberExpression, Node } from 'acorn';
import { ancestor, full } from 'acorn-walk';
import type { ScopeManager } from 'eslint-scope';
import type { BoardApi } from './espruino-api';
import type { Report } from './finding';

const BUILTINS = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  Symbol,
  Promise,
  Date,
  RegExp,
  Error,
  Map,
  Set,
  WeakMap,
  Uint8Array,
  ArrayBuffer,
  DataView,
  BigInt,
];

/** Every member of a builtin value of JavaScript. */
const JAVASCRIPT_MEMBERS: ReadonlySet<string> = new Set(
  [
    ...BUILTINS.map((builtin) => builtin.prototype as object),
    Object.getPrototypeOf(Uint8Array.prototype) as object,
  ].flatMap((prototype) => Object.getOwnPropertyNames(prototype)),
);

/** Words that Espruino's lexer takes for its own, and JavaScript for names in places (src/jslex.c). */
const ESPRUINO_WORDS = new Set(['of', 'let', 'static', 'debugger', 'undefined']);

/** A class of Espruino's has no method called like a reserved word, though an object may (jspeClassDefinition). */
const RESERVED_WORDS =
  /^(?:if|else|do|while|for|break|continue|function|return|var|const|this|throw|try|catch|finally|true|false|null|new|in|instanceof|switch|case|default|delete|typeof|void|class|extends|super)$/;

/** Reports names of methods and variables that Espruino cannot read as such. */
export function checkReservedNames(program: Node, report: Report): void {
  const check = (node: AnyNode): void => {
    if (node.type !== 'Identifier' || !ESPRUINO_WORDS.has(node.name)) return;
    report('reserved-name', node, `${node.name} is a word of Espruino's own`);
  };
  full(program, (node) => {
    const found = node as AnyNode;
    if (found.type === 'MethodDefinition') {
      const key = found.key as AnyNode;
      check(key);
      if (key.type === 'Identifier' && RESERVED_WORDS.test(key.name)) {
        report('reserved-name', key, `Espruino takes no method called ${key.name}`);
      }
    }
    if (found.type === 'VariableDeclarator') check(found.id as AnyNode);
    else if (/^(Arrow)?Function/.test(found.type)) {
      const { id, params } = found as AnyNode & { id?: AnyNode | null; params: AnyNode[] };
      params.forEach(check);
      if (id) check(id);
    }
  });
}

/** Reports globals that the board lacks. */
export function checkGlobals(scopes: ScopeManager, api: BoardApi, report: Report): void {
  for (const reference of scopes.globalScope.through) {
    const { identifier } = reference;
    if (api.globals.has(identifier.name)) continue;
    report('missing-global', identifier, `${api.boardId} has no global ${identifier.name}`);
  }
}

/** Reports members and modules that the board lacks. */
export function checkMembers(program: Node, scopes: ScopeManager, api: BoardApi, report: Report): void {
  const globalNames = new Set(scopes.globalScope.through.map(({ identifier }) => identifier));
  const known = new Set([...api.members, ...definedNames(program)]);
  ancestor(program, {
    MemberExpression(node, _state, ancestors) {
      checkMember(node, ancestors[ancestors.length - 2], globalNames, known, api, report);
    },
    CallExpression(node) {
      checkRequire(node, globalNames, api, report);
    },
  });
}

function checkMember(
  node: MemberExpression,
  parent: Node | undefined,
  globalNames: ReadonlySet<Identifier>,
  known: ReadonlySet<string>,
  api: BoardApi,
  report: Report,
): void {
  const name = memberName(node);
  if (name === undefined) return;
  const { object } = node;
  if (object.type === 'Identifier' && globalNames.has(object)) {
    const statics = api.statics.get(object.name);
    if (statics) {
      if (!statics.has(name)) report('missing-member', node, `${api.boardId} has no ${object.name}.${name}`);
      return;
    }
  }
  if (known.has(name)) return;
  if (isCallee(node, parent)) {
    report('missing-method', node, `no value on ${api.boardId} has a method ${name}`);
  } else if (JAVASCRIPT_MEMBERS.has(name)) {
    report('missing-member', node, `no value on ${api.boardId} has a member ${name}`);
  }
}

function isCallee(node: Node, parent: Node | undefined): boolean {
  const call = parent as AnyNode | undefined;
  return (call?.type === 'CallExpression' || call?.type === 'NewExpression') && call.callee === node;
}

function checkRequire(
  node: CallExpression,
  globalNames: ReadonlySet<Identifier>,
  api: BoardApi,
  report: Report,
): void {
  const { callee } = node;
  if (callee.type !== 'Identifier' || callee.name !== 'require' || !globalNames.has(callee)) return;
  const name = node.arguments[0];
  if (name?.type === 'Literal' && typeof name.value === 'string' && api.modules.has(name.value)) return;
  const text = name?.type === 'Literal' ? String(name.value) : 'a name that is not a literal';
  report('missing-module', node, `${api.boardId} has no module ${text}`);
}

function memberName(node: MemberExpression): string | undefined {
  if (!node.computed && node.property.type === 'Identifier') return node.property.name;
  if (node.computed && node.property.type === 'Literal' && typeof node.property.value === 'string') {
    return node.property.value;
  }
  return undefined;
}

/** Names of properties that the bundle gives to its own objects. */
export function definedNames(program: Node): Set<string> {
  const names = new Set<string>();
  const addKey = (key: Node): void => {
    const node = key as AnyNode;
    if (node.type === 'Identifier') names.add(node.name);
    if (node.type === 'Literal') names.add(String(node.value));
  };
  full(program, (node) => {
    const part = node as AnyNode;
    if (part.type === 'Property' || part.type === 'MethodDefinition' || part.type === 'PropertyDefinition') {
      addKey(part.key);
    } else if (part.type === 'AssignmentExpression' && part.left.type === 'MemberExpression') {
      const name = memberName(part.left);
      if (name !== undefined) names.add(name);
    }
  });
  return names;
}
