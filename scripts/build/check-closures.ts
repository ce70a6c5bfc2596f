/**
 * What closures must not use. `this` in an arrow function: an interpreter with assertions stops when it skips over
 * one, as in `refused ? 1 : f(() => this.x)` (jspeArrowFunction, 2v29); the build gives such functions another name
 * for it (shrink.ts). And the variable of a loop's head: JavaScript gives each turn its own, Espruino has one for all, so
 * every closure sees the last value (tried on 2v29 for `for`, `for..of` and `for..in`). A `let` or `const` in
 * the loop's body is fine on both.
 */
import type { AnyNode, Node } from 'acorn';
import { ancestor } from 'acorn-walk';
import type { Scope, ScopeManager } from 'eslint-scope';
import type { Report } from './finding';

const LOOPS: ReadonlySet<string> = new Set(['ForStatement', 'ForOfStatement', 'ForInStatement']);

function isLoopHead(scope: Scope): boolean {
  const block = scope.block as AnyNode;
  if (scope.type !== 'for' || !LOOPS.has(block.type)) return false;
  return true;
}

/** Reports `this` in arrow functions. */
export function checkArrows(program: Node, report: Report): void {
  ancestor(program, {
    ThisExpression(node: Node, _state: unknown, ancestors: Node[]) {
      const owner = ancestors.findLast(({ type }) => /Function/.test(type));
      if (owner?.type !== 'ArrowFunctionExpression') return;
      report(
        'arrow-this',
        node,
        'an interpreter with assertions stops at an arrow function with this that it skips',
      );
    },
  });
}

/** Reports every function that uses a loop head's `let` or `const` and may outlive the turn. */
export function checkClosures(scopes: ScopeManager, report: Report): void {
  for (const scope of scopes.scopes) {
    if (!isLoopHead(scope)) continue;
    for (const variable of scope.variables) {
      for (const reference of variable.references) {
        if (reference.from.variableScope === scope.variableScope) continue;
        report(
          'loop-closure',
          reference.identifier as Node,
          `all closures made in this loop see the last ${variable.name}: copy it to a const in the body`,
        );
      }
    }
  }
}
