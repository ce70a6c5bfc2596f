/**
 * The journal as lines for people (docs/host-protocol.md, LOG): what happened to orders, when and by what cause, and,
 * under number 0, to the module itself. Asked now and then: @overlay.
 */
import { OrderState, ORDER_STATES, reasonName, RESET_REASONS } from '../protocol/codes';
import { type Journal, RecordKind } from './journal';

/** What wrote an entry, by the number of the event (OrderEvent in order.ts); 0: a new order. */
const CAUSES =
  'HOST_PAY,,,,SERVER_UNKNOWN,SERVER_REFUSED,HOST_CANCEL,SERVER_GRANT,RELAY_FREE,LAPSED,RELAY_DONE,HOST_DONE,HOST_FAILED,HOST_REFUND,RESTART,HOST_SILENT,SERVER_DONE,SERVER_CLOSED,SERVER_REFUNDED';

/** When a record was written; undefined where it does not say. */
function timeOf(kind: RecordKind, record: readonly unknown[]): number | undefined {
  let at = 4;
  if (kind === RecordKind.Order) at = 10;
  else if (kind === RecordKind.Base) at = 3;
  else if (kind === RecordKind.Note) at = 2;
  return record[at] as number | undefined;
}

/** A record as a line; undefined when it tells nothing of order `n` (0: of any). `time` as it is shown. */
function lineOf(
  kind: RecordKind,
  record: readonly unknown[],
  n: number,
  time: unknown,
): unknown[] | undefined {
  const number = record[0] as number;
  if (kind === RecordKind.Order || kind === RecordKind.Change) {
    if (n && number !== n) return undefined;
    const isOrder = kind === RecordKind.Order;
    const state = record[1] as OrderState;
    // An order carried over into a new sector is no event; older firmware wrote it with time 0.
    if (isOrder && !record[10] && (state !== OrderState.Accepted || record.length < 11)) return undefined;
    // A reason of the server's by its number.
    const reason = record[2] as number;
    const line = [number, ORDER_STATES.split(',')[state], reasonName(reason) || reason, time];
    // Older firmware wrote no cause.
    const cause = record[isOrder ? 11 : 5];
    if (cause !== undefined) line.push(CAUSES.split(',')[cause as number] || cause);
    return line;
  }
  if (n) return undefined;
  if (kind === RecordKind.Start) {
    const line = [0, 'START', RESET_REASONS.split(',')[number] || number, time];
    // Places in the journal that could not be read.
    if (record[1]) line.push(record[1]);
    return line;
  }
  return kind === RecordKind.Note ? [0, record[0], record[1], time] : undefined;
}

/** Bytes of journal in which so many lines are nearly always found. */
const LINE_BYTES = 64;
const SPARE_BYTES = 1024;
const ALL_BYTES = 0x7ffffffc;

/**
 * The last `count` lines, oldest first: order, state, reason, time, cause. The time in Unix seconds; where the clock was
 * not set: `>` and the last time that was read before, `+` and the seconds since the module's start.
 */
export function logLines(journal: Journal, n: number, count: number): string[] {
  let lines: string[] = [];
  const linesOf = (age: number, bytes: number): string[] => {
    const found: string[] = [];
    let lastS = 0;
    const take = (kind: RecordKind, value: unknown): void => {
      const record = value as unknown[];
      const timeS = timeOf(kind, record);
      if (timeS! > 0) lastS = timeS!;
      const time = timeS! > 0 ? timeS : '>' + lastS + (timeS ? '+' + -timeS : '');
      const line = lineOf(kind, record, n, time);
      if (!line) return;
      found.push(line.join(' '));
      if (found.length > count) found.shift();
    };
    if (n) journal.find(age, '[' + n + ',', take);
    else journal.history(age, bytes, take);
    return found;
  };
  for (let age = 0; age < journal.sectorCount() && lines.length < count; age++) {
    let found = linesOf(age, count * LINE_BYTES + SPARE_BYTES);
    if (!n && lines.length + found.length < count) found = linesOf(age, ALL_BYTES);
    lines = found.concat(lines);
  }
  return lines.slice(-count);
}
