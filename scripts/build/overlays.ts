/**
 * Overlays: source files whose code stands in flash until it is called. A function costs Espruino six JsVars from
 * the moment it is made; the code of a start-up or a key exchange would hold them for good. A file with `@overlay`
 * in its head becomes one function that makes everything in the file anew at each call and is forgotten after it:
 *
 *     export function check(x) { … }      →  function check$overlay() { …; return check }
 *     check(1)                            →  check$overlay()(1)
 *
 * What only the overlay imports goes into it; what the rest of the firmware has as well is shared. The sources stay
 * ordinary TypeScript: such a file exports one function (and types, const enums), which is only ever called.
 */
import { parse, type CallExpression, type Node, type Program } from 'acorn';
import { ancestor } from 'acorn-walk';
import { build, type Metafile, type Plugin } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const MARK = '$overlay';
const CONST_ENUM = /export const enum \w+ \{[^}]*\}/g;

/** A file that breaks the rules above. */
export class OverlayError extends Error {}

/** Whether a source is an overlay: its first comment says so. */
export function isOverlay(source: string): boolean {
  return /^\/\*\*(?:(?!\*\/)[^])*@overlay/.test(source);
}

/**
 * Turns overlays into loaders. `resident`: absolute paths of the files that are in the bundle anyway; undefined
 * while that is being found out, then the overlays' code is left away.
 */
export function overlayPlugin(tsconfig: string, resident?: ReadonlySet<string>): Plugin {
  return {
    name: 'overlays',
    setup(outer) {
      outer.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path: file }) => {
        const source = readFileSync(file, 'utf8');
        if (!isOverlay(source)) return undefined;
        const enums = (source.match(CONST_ENUM) ?? []).join('\n');
        const name = exportedFunction(source, file);
        const body = resident ? await bundled(file, name, resident, tsconfig) : '';
        return { contents: `${enums}\n${loader(name, body)}`, loader: 'ts', resolveDir: path.dirname(file) };
      });
    },
  };
}

/** Files of a bundle that put anything into it. */
export function residentFiles(metafile: Metafile, root: string): Set<string> {
  const [output] = Object.values(metafile.outputs);
  const used = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return new Set(used.map(([file]) => path.resolve(root, file)));
}

/** The one thing that an overlay gives away beside types. */
function exportedFunction(source: string, file: string): string {
  const exported = [...source.matchAll(/^export (?!type |interface |const enum )(?:(\w+) (\w+)|[^;]*)/gm)];
  const [found] = exported;
  if (found?.[1] !== 'function' || exported.length > 1) {
    const names = exported.map(([, , name]) => name ?? 'nothing').join(', ') || 'nothing';
    throw new OverlayError(`${path.basename(file)}: an overlay exports one function, not ${names}`);
  }
  return found[2]!;
}

/** The overlay with what it alone needs, as an ES module that imports the rest. */
async function bundled(
  file: string,
  name: string,
  resident: ReadonlySet<string>,
  tsconfig: string,
): Promise<string> {
  const shared: Plugin = {
    name: 'shared',
    setup(inner) {
      inner.onResolve({ filter: /.*/ }, async ({ path: wanted, kind, resolveDir, pluginData }) => {
        if (kind === 'entry-point' || pluginData === shared) return undefined;
        if (!wanted.startsWith('.')) return { path: wanted, external: true };
        const found = await inner.resolve(wanted, { kind, resolveDir, pluginData: shared });
        if (found.path === file) return { path: file };
        const isOther = isOverlay(readFileSync(found.path, 'utf8'));
        return { path: found.path, external: isOther || resident.has(found.path) };
      });
    },
  };
  const result = await build({
    // Not the file itself: what else it exports, const enums, has been put in their places by then.
    stdin: {
      contents: `export { ${name} } from './${path.basename(file, '.ts')}';`,
      resolveDir: path.dirname(file),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2015',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
    tsconfig,
    plugins: [shared],
  });
  return result.outputFiles[0]!.text;
}

/** The module with its code inside a function. */
function loader(name: string, code: string): string {
  const program = parse(code, { ecmaVersion: 2020, sourceType: 'module' });
  const textOf = (nodes: readonly Node[]): string =>
    nodes.map(({ start, end }) => code.slice(start, end)).join('\n');
  const imports = program.body.filter((node) => node.type === 'ImportDeclaration');
  const rest = program.body.filter((node) => !/^(Import|ExportNamed)Declaration$/.test(node.type));
  return `${textOf(imports)}
function ${name + MARK}() {
${textOf(rest)}
return ${name};
}
export { ${name + MARK} as ${name} };`;
}

/** The bundle with every call of an overlay opened: `f$overlay(x)` → `f$overlay()(x)`. */
export function openOverlays(code: string): string {
  const places: number[] = [];
  ancestor(parse(code, { ecmaVersion: 2020 }) as Program, {
    Identifier(node, _state, ancestors) {
      if (!/\$overlay\d*$/.test(node.name)) return;
      const parent = ancestors[ancestors.length - 2] as CallExpression;
      if (parent.type !== 'CallExpression' || (parent.callee as Node) !== (node as Node)) {
        throw new OverlayError(`${node.name.replace(/\$.*/, '')} is an overlay: it can only be called`);
      }
      places.push(node.end);
    },
  });
  places.sort((left, right) => right - left);
  return places.reduce((text, place) => `${text.slice(0, place)}()${text.slice(place)}`, code);
}
