/**
 * Which members of Espruino's API a program uses, told by the types: the firmware's sources on one side, the programs of
 * the conformance suite on the other. `Array.find` and `String.slice` are told apart, whatever the variables are called.
 */
import path from 'node:path';
import ts from 'typescript';

const SOURCES = path.join(__dirname, '../../src');
/** Kinds that the interpreter does not tell apart, or that the sources have a narrower word for. */
const SAME_KIND: Readonly<Record<string, string>> = {
  ReadonlyArray: 'Array',
  ArrayConstructor: 'Array constructor',
  StringConstructor: 'String constructor',
  ObjectConstructor: 'Object constructor',
  NativeBytes: 'E',
  NativeFlash: 'Flash',
  NativeAes: 'AES',
  NativeSpi: 'SPI',
  Spi: 'SPI',
  NativeAesJs: 'aes-js',
  NativeAesJsMode: 'aes-js',
  MemoryUse: 'Memory',
};

function kindOf(name: string): string {
  return SAME_KIND[name] ?? (/Array$/.test(name) && name !== 'Array' ? 'TypedArray' : name);
}

/** The kind that a declaration of the interpreter's own belongs to; '' is a global, undefined is one of ours. */
function ownerOf(declaration: ts.Declaration): string | undefined {
  const { fileName } = declaration.getSourceFile();
  const { parent } = declaration;
  const isInterpreter = /typescript\/lib\/lib\.|espruino\.d\.ts$/.test(fileName);
  if (ts.isInterfaceDeclaration(parent)) {
    return isInterpreter || /^Native/.test(parent.name.text) ? kindOf(parent.name.text) : undefined;
  }
  if (!isInterpreter) return undefined;
  if (ts.isTypeLiteralNode(parent)) {
    const holder = parent.parent as ts.Node & { name?: ts.Identifier };
    return holder.name ? kindOf(holder.name.text) : undefined;
  }
  return ts.isSourceFile(parent) || ts.isVariableDeclarationList(parent) ? '' : undefined;
}

function usesIn(checker: ts.TypeChecker, file: ts.SourceFile): Set<string> {
  const uses = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
    for (const declaration of symbol?.declarations ?? []) {
      const owner = ownerOf(declaration);
      if (owner !== undefined) uses.add(owner === '' ? symbol!.name : `${owner}.${symbol!.name}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return uses;
}

/** What the firmware's sources use, and what the given programs use. */
export function apiUses(programs: readonly string[]): { firmware: Set<string>; programs: Set<string> } {
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(SOURCES, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: () => {},
    },
  )!;
  const texts = new Map(programs.map((text, index) => [path.join(SOURCES, `program-${index}.ts`), text]));
  const host = ts.createCompilerHost(config.options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => texts.has(name) || fileExists.call(host, name);
  host.getSourceFile = (name, target) => {
    const text = texts.get(name);
    // An export keeps the variables of one program from those of the next.
    return text === undefined
      ? getSourceFile.call(host, name, target)
      : ts.createSourceFile(name, `${text}\nexport {};`, target, true);
  };
  const options = { ...config.options, noEmit: true };
  const program = ts.createProgram([...config.fileNames, ...texts.keys()], options, host);
  const checker = program.getTypeChecker();
  const found = { firmware: new Set<string>(), programs: new Set<string>() };
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile) continue;
    const into = texts.has(file.fileName) ? found.programs : found.firmware;
    for (const use of usesIn(checker, file)) into.add(use);
  }
  return found;
}
