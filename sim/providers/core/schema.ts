/**
 * Checks a request's fields against a table of them: unknown, missing, wrong type, too long, wrong form. It only
 * finds the first fault and says where; wechat/ and alipay/ put it into their own words and codes.
 */

export interface FieldRule {
  readonly type: 'string' | 'integer' | 'object' | 'array' | 'boolean' | 'price';
  /** The provider's own name for it in its messages. */
  readonly label: string;
  readonly required?: boolean;
  /** Characters of a string, or the least value of an integer. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly choices?: readonly string[];
  readonly fields?: Schema;
}

export type Schema = Readonly<Record<string, FieldRule>>;

export interface Violation {
  readonly rule: 'unknown' | 'missing' | 'type' | 'short' | 'long' | 'pattern' | 'choice';
  /** From the root, e.g. `/amount/total`. */
  readonly path: string;
  readonly label: string;
  readonly value: unknown;
  readonly limit?: number | string;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first violation, in the order: fields that are not in the table, then the table's order. */
export function firstViolation(
  schema: Schema,
  input: Record<string, unknown>,
  root = '',
): Violation | undefined {
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(schema, name)) return { rule: 'unknown', path: `${root}/${name}`, label: name, value };
  }
  for (const [name, rule] of Object.entries(schema)) {
    const violation = checkField(rule, input[name], `${root}/${name}`);
    if (violation) return violation;
  }
  return undefined;
}

function checkField(rule: FieldRule, value: unknown, path: string): Violation | undefined {
  const at = { path, label: rule.label, value };
  if (value === undefined || value === null) return rule.required ? { rule: 'missing', ...at } : undefined;
  switch (rule.type) {
    case 'string':
      return typeof value === 'string' ? checkString(rule, value, at) : { rule: 'type', ...at };
    case 'integer':
      return Number.isSafeInteger(value) ? checkInteger(rule, value as number, at) : { rule: 'type', ...at };
    case 'price':
      return typeof value === 'string' || typeof value === 'number' ? undefined : { rule: 'type', ...at };
    case 'boolean':
      return typeof value === 'boolean' ? undefined : { rule: 'type', ...at };
    case 'array':
      return Array.isArray(value) ? undefined : { rule: 'type', ...at };
    case 'object':
      if (!isRecord(value)) return { rule: 'type', ...at };
      return rule.fields ? firstViolation(rule.fields, value, path) : undefined;
  }
}

type At = Pick<Violation, 'path' | 'label' | 'value'>;

function checkString(rule: FieldRule, value: string, at: At): Violation | undefined {
  const characters = [...value].length;
  if (value === '' && rule.required) return { rule: 'missing', ...at };
  if (rule.min !== undefined && characters < rule.min) return { rule: 'short', ...at, limit: rule.min };
  if (rule.max !== undefined && characters > rule.max) return { rule: 'long', ...at, limit: rule.max };
  if (rule.pattern && !rule.pattern.test(value))
    return { rule: 'pattern', ...at, limit: rule.pattern.source };
  if (rule.choices && !rule.choices.includes(value))
    return { rule: 'choice', ...at, limit: rule.choices.join('|') };
  return undefined;
}

function checkInteger(rule: FieldRule, value: number, at: At): Violation | undefined {
  if (rule.min !== undefined && value < rule.min) return { rule: 'short', ...at, limit: rule.min };
  if (rule.max !== undefined && value > rule.max) return { rule: 'long', ...at, limit: rule.max };
  return undefined;
}
