/** The part of eslint-scope that the check of the bundle uses; the package has no types of its own. */
declare module 'eslint-scope' {
  import type { Identifier, Node } from 'acorn';

  export interface Scope {
    type: string;
    block: Node;
    upper: Scope | null;
    variables: Variable[];
    through: Reference[];
    references: Reference[];
    childScopes: Scope[];
    /** The function or global scope that holds `var`s of this one. */
    variableScope: Scope;
  }
  export interface Variable {
    name: string;
    scope: Scope;
    identifiers: Identifier[];
    references: Reference[];
    defs: { type: string; name: Identifier; node: Node; parent?: Node }[];
  }
  export interface Reference {
    identifier: Identifier;
    from: Scope;
    resolved: Variable | null;
    init?: boolean;
    isWrite(): boolean;
    isRead(): boolean;
  }
  export interface ScopeManager {
    scopes: Scope[];
    globalScope: Scope;
    acquire(node: Node, inner?: boolean): Scope | null;
  }
  export function analyze(
    ast: Node,
    options: {
      ecmaVersion: number;
      sourceType: 'script' | 'module';
      ignoreEval?: boolean;
      /** Gives the program a function scope, so that its own names are resolved. */
      nodejsScope?: boolean;
    },
  ): ScopeManager;
}
