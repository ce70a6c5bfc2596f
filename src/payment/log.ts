/**
 * The journal as lines for people (docs/host-protocol.md, LOG): what happened to orders, and, under number 0, to the
 * module itself. Asked now and then: @overlay.
 */
import { OrderState, ORDER_STATES, reasonName, RESET_REASONS } from '../protocol/codes';
import { type Journal, RecordKind } from './journal';

/** A record as a line; undefined when it tells nothing of order `n` (0: of any). */
function lineOf(kind: RecordKind, record: readonly unknown[], n: number): unknown[] | undefined {
  const number = record[0] as number;
  if (kind === RecordKind.Order || kind === RecordKind.Change) {
    if (n && number !== n) return undefined;
    const isOrder = kind === RecordKind.Order;
    const state = record[1] as OrderState;
    const timeS = record[isOrder ? 10 : 4];
    // An order carried over into a new sector has no time: it is no event.
    if (isOrder && !timeS && state !== OrderState.Accepted) return undefined;
    // A reason of the server's by its number.
    const reason = record[2] as number;
    return [number, ORDER_STATES.split(',')[state], reasonName(reason) || reason, timeS];
  }
  if (n) return undefined;
  if (kind === RecordKind.Start) return [0, 'START', RESET_REASONS.split(',')[number] || number, 0];
  return kind === RecordKind.Note ? [0, record[0], record[1], record[2]] : undefined;
}

/** Bytes of journal in which so many lines are nearly always found. */
const LINE_BYTES = 128;
const SPARE_BYTES = 1024;

/** The last `count` lines, oldest first: order, state, reason, Unix seconds (0 where they were not known). */
export function logLines(journal: Journal, n: number, count: number): string[] {
  let lines: string[] = [];
  const linesOf = (age: number, bytes: number): string[] => {
    const found: string[] = [];
    journal.history(age, bytes, n ? '[' + n + ',' : '', (kind, value) => {
      const line = lineOf(kind, value as unknown[], n);
      if (!line) return;
      found.push(line.join(' '));
      if (found.length > count) found.shift();
    });
    return found;
  };
  for (let age = 0; age < journal.sectorCount && lines.length < count; age++) {
    let found = linesOf(age, n ? Infinity : count * LINE_BYTES + SPARE_BYTES);
    if (!n && lines.length + found.length < count) found = linesOf(age, Infinity);
    lines = found.concat(lines);
  }
  return lines.slice(-count);
}
