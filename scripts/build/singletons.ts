/**
 * A class of which one instance is made, where the bundle begins, becomes that object: `a = new class{…}(x)` is
 * written as an object with its methods, and its constructor as a function that is called once on it and forgotten.
 * For Espruino a class is a function with a prototype that knows it, and the instance knows the prototype: a dozen
 * JsVars that nobody needs. Only at the top level, where nothing is made twice; a class that anything else names, that
 * extends another or has more than methods, stays as it is.
 */
import { parse, type ClassExpression, type Node, type Program, type VariableDeclarator } from 'acorn';

interface Singleton {
  readonly declarator: VariableDeclarator;
  readonly body: ClassExpression['body'];
  readonly argumentText: string;
}

/** The same program with its singletons as objects. */
export function openSingletons(code: string): string {
  const program: Program = parse(code, { ecmaVersion: 2020 });
  const textOf = ({ start, end }: Node): string => code.slice(start, end);
  let text = code;
  for (const statement of [...program.body].reverse()) {
    if (statement.type !== 'VariableDeclaration') continue;
    const singletons = new Map(
      statement.declarations.flatMap((declarator) => {
        const found = singletonOf(declarator, textOf);
        return found ? [[declarator, found] as const] : [];
      }),
    );
    if (singletons.size === 0) continue;
    // One declaration each, because a constructor's call stands between them.
    const pieces = statement.declarations.map((declarator) => {
      const singleton = singletons.get(declarator);
      return singleton ? objectOf(singleton, textOf) : `${statement.kind} ${textOf(declarator)};`;
    });
    text = text.slice(0, statement.start) + pieces.join('') + text.slice(statement.end);
  }
  return text;
}

function singletonOf(declarator: VariableDeclarator, textOf: (node: Node) => string): Singleton | undefined {
  const { init } = declarator;
  if (init?.type !== 'NewExpression' || init.callee.type !== 'ClassExpression') return undefined;
  const { body, superClass, id } = init.callee;
  const isPlain = body.body.every(
    (member) =>
      member.type === 'MethodDefinition' && !member.static && /^(method|constructor)$/.test(member.kind),
  );
  if (superClass || id || !isPlain) return undefined;
  return { declarator, body, argumentText: init.arguments.map(textOf).join() };
}

function objectOf({ declarator, body, argumentText }: Singleton, textOf: (node: Node) => string): string {
  const name = textOf(declarator.id);
  const members = body.body.flatMap((member) => (member.type === 'MethodDefinition' ? [member] : []));
  const methods = members.filter(({ kind }) => kind === 'method').map(textOf);
  const constructor = members.find(({ kind }) => kind === 'constructor');
  const made = `var ${name}={${methods.join()}};`;
  if (!constructor) return made;
  // The method's text begins at its parameters.
  const call = argumentText === '' ? name : `${name},${argumentText}`;
  return `${made}(function${textOf(constructor.value)}).call(${call});`;
}
