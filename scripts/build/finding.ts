/**
 * What the check of a bundle finds: a rule's name, the place, and a sentence for the person who wrote the
 * source. Invariant: places are offsets into the checked code.
 */
import type { Node } from 'acorn';

export interface Finding {
  /** Name of the rule, as the tests and the message have it. */
  readonly rule: string;
  readonly message: string;
  /** Offset in the bundle. */
  readonly at: number;
}

export type Report = (rule: string, node: Node, message: string) => void;

/** Characters of the bundle shown around a finding. */
const EXCERPT_BEFORE = 30;
const EXCERPT_AFTER = 60;
const MAX_SHOWN = 40;

/** One line for each finding, with the piece of the bundle that it is about. */
export function describeFindings(code: string, findings: readonly Finding[]): string {
  const shown = findings.slice(0, MAX_SHOWN);
  const rest = findings.length - shown.length;
  return shown
    .map(({ rule, message, at }) => {
      const excerpt = code.slice(Math.max(0, at - EXCERPT_BEFORE), at + EXCERPT_AFTER);
      return `[${rule}] ${message}\n    …${excerpt.replace(/\s+/g, ' ')}…`;
    })
    .concat(rest > 0 ? [`and ${rest} more`] : [])
    .join('\n');
}
