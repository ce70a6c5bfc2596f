/**
 * Syntax that Espruino refuses, or runs otherwise than JavaScript does (each tried on 2v29; test/conformance
 * tries it again). esbuild refuses most of it by itself; this is the check of what it printed.
 */
import type { AnyNode, Node } from 'acorn';
import { full } from 'acorn-walk';
import type { Report } from './finding';

/** Builtins whose constructor cannot be called by `super`. */
const SEALED_CLASSES =
  /^(?:(?:\w*Error)|Array|Object|Function|(?:\w+Array)|ArrayBuffer|DataView|RegExp|String)$/;
const UNKNOWN_OPERATORS: Readonly<Record<string, string>> = {
  '**': '**',
  '**=': '**',
  '??=': '??=',
  '||=': '||=',
  '&&=': '&&=',
};

type Rules = { readonly [Type in AnyNode['type']]?: (node: never, report: Report) => void };

function plainNode(rule: string, message: string): (node: Node, report: Report) => void {
  return (node, report) => report(rule, node, message);
}

function checkFunction(node: Extract<AnyNode, { type: 'FunctionExpression' }>, report: Report): void {
  if (node.generator) report('generator', node, 'Espruino has no generators');
  if (node.async) report('async', node, 'Espruino has no async functions');
}

function checkClass(node: Extract<AnyNode, { type: 'ClassExpression' }>, report: Report): void {
  const base = node.superClass;
  if (base?.type === 'Identifier' && SEALED_CLASSES.test(base.name)) {
    report('extends-builtin', node, `Espruino cannot run super() of a class that extends ${base.name}`);
  }
}

function checkKey(node: { computed: boolean; key: Node } & Node, report: Report): void {
  if (node.key.type === 'PrivateIdentifier') report('private-name', node, 'Espruino has no private names');
  if (node.computed) report('computed-key', node, 'Espruino has no computed keys');
}

function checkOperator(node: { operator: string } & Node, report: Report): void {
  const operator = UNKNOWN_OPERATORS[node.operator];
  if (operator) report('operator', node, `Espruino has no ${operator}`);
}

function checkLiteral(node: Extract<AnyNode, { type: 'Literal' }>, report: Report): void {
  if (typeof node.bigint === 'string') report('bigint', node, 'Espruino has no BigInt');
  if (node.regex) checkPattern(node, node.regex.pattern, node.regex.flags, report);
  if (typeof node.value === 'string') checkText(node, node.value, report);
}

function checkText(node: Node, text: string, report: Report): void {
  if (/[^\0-\xff]/.test(text)) {
    report('wide-character', node, 'strings are bytes on the board: write the UTF-8 bytes of this text');
  }
}

/** What the interpreter's matcher takes as plain characters, or fails on: `?`, `{n}`, groups repeated, `\\b`, … */
const UNKNOWN_PATTERN = /\(\?[:=!<]*|\)[*+?]|\\[bBkpPuc1-9]|\{|\?/;
const CHARACTER_CLASS = /\[(?:\\.|[^\]\\])*\]/g;

function checkPattern(node: Node, pattern: string, flags: string, report: Report): void {
  if (/[^gi]/.test(flags)) report('regexp', node, `Espruino does not know the flags of /${pattern}/${flags}`);
  const plain = pattern.replace(/\\[\\?{()]/g, '_').replace(CHARACTER_CLASS, '_');
  const missing = UNKNOWN_PATTERN.exec(plain);
  if (missing) report('regexp', node, `Espruino's regular expressions have no ${missing[0]} (/${pattern}/)`);
}

const LENGTH_MESSAGE = 'Espruino cannot assign to the length of an array';

function checkAssignment(node: Extract<AnyNode, { type: 'AssignmentExpression' }>, report: Report): void {
  checkOperator(node, report);
  const target = node.left;
  if (target.type === 'MemberExpression' && !target.computed) {
    if (target.property.type === 'Identifier' && target.property.name === 'length') {
      report('length', node, LENGTH_MESSAGE);
    }
  }
}

/** Calls that Espruino takes and does otherwise. */
function checkCall(node: Extract<AnyNode, { type: 'CallExpression' }>, report: Report): void {
  const { callee } = node;
  const [first, second] = node.arguments as AnyNode[];
  if (callee.type === 'Identifier') {
    if (/^set(?:Timeout|Interval)$/.test(callee.name) && first && isText(first)) {
      report('text-timer', node, 'Espruino makes code of a text that is given to a timer');
    }
    if (/Error$/.test(callee.name)) checkError(node, report);
    return;
  }
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
  const { name } = callee.property;
  if (name === 'split' && second) {
    report('split-limit', node, 'Espruino ignores the second argument of split');
  }
  if (/^replace(?:All)?$/.test(name) && second?.type === 'Literal' && /\$[^1-9]/.test(String(second.value))) {
    report('replacement', node, 'Espruino knows $1 to $9 in a replacement, and no other $');
  }
}

function isText(node: AnyNode): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

function checkError(
  node: Extract<AnyNode, { type: 'CallExpression' | 'NewExpression' }>,
  report: Report,
): void {
  const { callee } = node;
  if (callee.type === 'Identifier' && /Error$/.test(callee.name) && node.arguments.length === 0) {
    report('error-message', node, 'an error without a message has undefined for it on Espruino, not a text');
  }
}

const RULES: Rules = {
  LabeledStatement: plainNode('label', 'Espruino has no labels'),
  SpreadElement: plainNode('spread', 'Espruino has no spread'),
  RestElement: plainNode('rest', 'Espruino has no rest parameters'),
  ArrayPattern: plainNode('destructuring', 'Espruino has no destructuring'),
  ObjectPattern: plainNode('destructuring', 'Espruino has no destructuring'),
  AssignmentPattern: plainNode('default-value', 'Espruino has no default values'),
  YieldExpression: plainNode('generator', 'Espruino has no generators'),
  AwaitExpression: plainNode('async', 'Espruino has no await'),
  ChainExpression: plainNode('operator', 'Espruino has no ?.'),
  StaticBlock: plainNode('static-block', 'Espruino has no static blocks'),
  MetaProperty: plainNode('meta-property', 'Espruino has no new.target'),
  ImportExpression: plainNode('import', 'a bundle cannot import'),
  ImportDeclaration: plainNode('import', 'a bundle cannot import'),
  ExportNamedDeclaration: plainNode('import', 'a bundle cannot export'),
  ExportDefaultDeclaration: plainNode('import', 'a bundle cannot export'),
  TaggedTemplateExpression: plainNode('tagged-template', 'Espruino has no tagged templates'),
  WithStatement: plainNode('with', 'Espruino has no with'),
  FunctionDeclaration: checkFunction,
  FunctionExpression: checkFunction,
  ArrowFunctionExpression: checkFunction,
  ClassDeclaration: checkClass,
  ClassExpression: checkClass,
  Property: checkKey,
  MethodDefinition: checkKey,
  PropertyDefinition: checkKey,
  BinaryExpression: checkOperator,
  LogicalExpression: checkOperator,
  AssignmentExpression: checkAssignment,
  CallExpression: checkCall,
  NewExpression: checkError,
  Literal: checkLiteral,
  TemplateElement: (node: Extract<AnyNode, { type: 'TemplateElement' }>, report: Report) =>
    checkText(node, node.value.cooked ?? '', report),
};

/** Reports every node that Espruino cannot run as JavaScript does. */
export function checkSyntax(program: Node, report: Report): void {
  full(program, (node) => {
    const rule = RULES[node.type as AnyNode['type']] as ((node: Node, report: Report) => void) | undefined;
    rule?.(node, report);
  });
}
