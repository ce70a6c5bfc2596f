/**
 * Which property names of the firmware are its own business, so that the build may shorten them (a quarter of
 * the bundle). Kept as they are: whatever Espruino knows, whatever an interface to it declares (src/*.d.ts and
 * interfaces called Native…), what is stored or sent as JSON, the keys of every table that is declared with an
 * index signature (they are data: types of messages, names of settings), and every string that could be a name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import type { BoardApi } from './espruino-api';

/** Not part of any bundle: names of host fields and of the server's reasons, for PCs. */
const PC_ONLY = new Set(['host.ts', 'reasons.ts']);
/** Interfaces whose objects become JSON, in flash or on the wire. */
const JSON_INTERFACES = new Set(['Settings', 'Identity']);

/** Property names that may be shortened, sorted. `sources` is the firmware's folder. */
export function internalNames(sources: string, api: BoardApi): string[] {
  const declared = new Set<string>();
  const kept = new Set<string>(api.members);
  for (const members of api.statics.values()) for (const name of members) kept.add(name);
  for (const file of sourceFiles(sources)) {
    const isOutside = file.fileName.endsWith('.d.ts');
    const visit = (node: ts.Node, isKept: boolean): void => {
      const name = declaredName(node);
      if (name !== undefined) (isKept ? kept : declared).add(name);
      for (const key of tableKeys(node)) kept.add(key);
      if (ts.isStringLiteralLike(node) && /^[A-Za-z_]\w*$/.test(node.text)) kept.add(node.text);
      const isInside = isKept || (ts.isInterfaceDeclaration(node) && isForeign(node.name.text));
      ts.forEachChild(node, (child) => visit(child, isInside));
    };
    visit(file, isOutside);
  }
  return [...declared].filter((name) => !kept.has(name)).sort();
}

function isForeign(interfaceName: string): boolean {
  return interfaceName.startsWith('Native') || JSON_INTERFACES.has(interfaceName);
}

/** Keys of an object that is declared as a table: `const T: { [key: string]: … } = { … }`. */
function tableKeys(node: ts.Node): string[] {
  if (!ts.isVariableDeclaration(node) || !node.type || !ts.isTypeLiteralNode(node.type)) return [];
  const isTable = node.type.members.some((member) => ts.isIndexSignatureDeclaration(member));
  if (!isTable || !node.initializer || !ts.isObjectLiteralExpression(node.initializer)) return [];
  return node.initializer.properties.flatMap((property) =>
    property.name && ts.isIdentifier(property.name) ? [property.name.text] : [],
  );
}

function declaredName(node: ts.Node): string | undefined {
  const isMember =
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node) ||
    (ts.isParameter(node) && node.modifiers !== undefined);
  return isMember && ts.isIdentifier(node.name) ? node.name.text : undefined;
}

function sourceFiles(folder: string): ts.SourceFile[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !PC_ONLY.has(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2020, true));
}
