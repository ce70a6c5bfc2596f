/**
 * Use before definition. Espruino does not hoist: a function declaration is there only after the interpreter
 * has passed it. A use is a mistake when it is executed before its definition: directly, or because a function
 * or class that uses it is itself used before it. Being handed over counts as being called: rather one refusal
 * too many, which is cured by moving the function up, than a ReferenceError on a board.
 */
import type { AnyNode, Node } from 'acorn';
import type { Reference, Scope, ScopeManager, Variable } from 'eslint-scope';
import type { Report } from './finding';

/** A binding that exists from a certain place in the code on. */
interface Definition {
  readonly variable: Variable;
  /** Offset from which it can be used. */
  readonly from: number;
  /** The function or class that it names, when it is one: its body runs when it is used. */
  readonly body: Node | undefined;
}

/** Reports uses of functions, classes and variables that run before their definition. */
export function checkOrder(scopes: ScopeManager, report: Report): void {
  const definitions = new Map<Variable, Definition>();
  for (const scope of scopes.scopes) {
    for (const variable of scope.variables) {
      const definition = definitionOf(variable);
      if (definition) definitions.set(variable, definition);
    }
  }
  const usesWithin = usesByFunction(scopes);
  for (const scope of scopes.scopes) {
    if (scope.type !== 'global' && scope.type !== 'function' && scope.type !== 'module') continue;
    for (const reference of usesWithin.get(scope) ?? []) {
      checkUse(reference, scope, definitions, usesWithin, report);
    }
  }
}

function definitionOf(variable: Variable): Definition | undefined {
  const definition = variable.defs[0];
  if (!definition) return undefined;
  const node = definition.node as AnyNode;
  if (definition.type === 'FunctionName' && node.type === 'FunctionDeclaration') {
    return { variable, from: node.end, body: node };
  }
  if (definition.type === 'ClassName' && node.type === 'ClassDeclaration') {
    return { variable, from: node.end, body: node };
  }
  if (definition.type === 'Variable' && node.type === 'VariableDeclarator') {
    const value = node.init as AnyNode | null | undefined;
    const isCode = value && /^(?:Arrow)?Function|^Class/.test(value.type);
    return { variable, from: node.id.end, body: isCode ? value : undefined };
  }
  return undefined;
}

/** References by the function (or program) whose execution runs them. */
function usesByFunction(scopes: ScopeManager): Map<Scope, Reference[]> {
  const uses = new Map<Scope, Reference[]>();
  for (const scope of scopes.scopes) {
    const list = uses.get(scope.variableScope) ?? [];
    list.push(...scope.references);
    uses.set(scope.variableScope, list);
  }
  return uses;
}

function checkUse(
  reference: Reference,
  scope: Scope,
  definitions: ReadonlyMap<Variable, Definition>,
  usesWithin: ReadonlyMap<Scope, readonly Reference[]>,
  report: Report,
): void {
  const at = reference.identifier.start;
  const pending: Reference[] = [reference];
  const visited = new Set<Variable>();
  for (let use = pending.pop(); use; use = pending.pop()) {
    const variable = use.resolved;
    const definition = variable && definitions.get(variable);
    if (!variable || !definition || visited.has(variable)) continue;
    visited.add(variable);
    if (isWithin(reference.identifier, definition.body)) continue;
    if (variable.scope.variableScope === scope && at < definition.from && !use.init) {
      const by = use === reference ? '' : ` by way of ${reference.identifier.name}`;
      report(
        'use-before-definition',
        reference.identifier,
        `${variable.name} is used${by} before it is defined`,
      );
      return;
    }
    if (definition.body) pending.push(...usesInside(definition.body, usesWithin));
  }
}

/** All uses in a function or class and in the functions within it. */
function usesInside(body: Node, usesWithin: ReadonlyMap<Scope, readonly Reference[]>): Reference[] {
  const inside: Reference[] = [];
  for (const [scope, uses] of usesWithin) {
    if (isWithin(scope.block, body)) inside.push(...uses);
    else if (isWithin(body, scope.block))
      inside.push(...uses.filter((use) => isWithin(use.identifier, body)));
  }
  return inside;
}

function isWithin(inner: Node, outer: Node | undefined): boolean {
  return outer !== undefined && inner.start >= outer.start && inner.end <= outer.end;
}
