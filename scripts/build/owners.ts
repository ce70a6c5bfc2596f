/**
 * Whose a short name of the bundle is: which source declared a top-level name, and what a mangled property was
 * called. For tools that look into a running interpreter (scripts/budget); the bundle itself is not touched.
 */
import { parse, type AnyNode, type Program } from 'acorn';

/** A name of the sources, as it was before the build shortened it. */
export interface Owned {
  readonly name: string;
  /** Path of the source, relative to the project. */
  readonly source: string;
  /** Of a class: its methods by their short names. A class that is used once loses its name in the bundle. */
  readonly methods?: ReadonlySet<string>;
}

export interface BundleNames {
  /** Top-level names of the bundle. */
  readonly topLevel: ReadonlyMap<string, Owned>;
  /** Mangled properties. */
  readonly properties: ReadonlyMap<string, string>;
}

/** esbuild writes `// path` in front of what each source gave. */
const SOURCE_COMMENT = /^\/\/ (.+)$/gm;

/** Top-level names of a bundle as esbuild writes it without shortening, with their sources. */
export function declaredBySource(bundled: string): Owned[] {
  const places = [...bundled.matchAll(SOURCE_COMMENT)].map(({ index, 1: source }) => ({
    index,
    source: source!.replace(/^[\w-]+:/, ''),
  }));
  const program = parse(bundled, { ecmaVersion: 2020 });
  return program.body.flatMap((statement) => {
    const source = places.findLast(({ index }) => index < statement.start)?.source ?? '';
    return declarations(statement).flatMap(({ id, value }) => {
      if (id?.type !== 'Identifier') return [];
      const methods = methodNames(value);
      return [{ name: id.name, source, ...(methods && { methods }) }];
    });
  });
}

interface Declaration {
  readonly id: AnyNode | null;
  readonly value: AnyNode | null | undefined;
}

function declarations(statement: Program['body'][number]): Declaration[] {
  if (statement.type === 'VariableDeclaration') {
    return statement.declarations.map(({ id, init }) => ({ id, value: init }));
  }
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
    return [{ id: statement.id, value: statement }];
  }
  return [];
}

/** Methods of a class, its constructor among them; undefined for anything else. */
function methodNames(value: AnyNode | null | undefined): ReadonlySet<string> | undefined {
  if (value?.type !== 'ClassExpression' && value?.type !== 'ClassDeclaration') return undefined;
  return new Set(
    value.body.body.flatMap((member) =>
      member.type === 'MethodDefinition' && member.key.type === 'Identifier' ? [member.key.name] : [],
    ),
  );
}
