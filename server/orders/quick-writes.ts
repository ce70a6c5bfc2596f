/**
 * The short way for changes of orders that this process knows: decide on what was last seen, and write with one
 * prepared statement that takes hold only if all of it is still so (the order's version, and of the device's session
 * and the merchant's policy whatever the decision looked at). One round trip and one commit instead of a transaction
 * of five. Where anything has changed, nothing is written and the caller takes the long way with a lock
 * (postgres-store.ts). Statements are kept by their shape (which columns, how many records), so that a change costs
 * its values only. Invariant: the statement checks every fact that the decision was given.
 */
import { isLockedOut, type Runner } from '../db/pipes';
import type { Change, EventRecord, LockedOrder } from './store';
import { isActive, type Order, type Policy } from './model';

/** Types of the columns, in the order in which they are written. */
export const COLUMN_TYPES = {
  outTradeNo: 'text',
  deviceId: 'text',
  n: 'bigint',
  merchantId: 'bigint',
  channel: 'text',
  amountFen: 'bigint',
  reference: 'text',
  goods: 'text',
  createdAtMs: 'bigint',
  expiresAtMs: 'bigint',
  state: 'text',
  reason: 'integer',
  alarm: 'text',
  codeUrl: 'text',
  providerState: 'text',
  transactionId: 'text',
  paidFen: 'bigint',
  paidAtMs: 'bigint',
  outsideFen: 'bigint',
  outsideRefunds: 'text[]',
  grantDeadlineMs: 'bigint',
  grantSession: 'bigint',
  grantCount: 'integer',
  isGrantReceived: 'boolean',
  dispensedAtMs: 'bigint',
  refundNo: 'integer',
  refundState: 'text',
  attempt: 'integer',
  wakeAtMs: 'bigint',
  jobAtMs: 'bigint',
  version: 'integer',
} as const satisfies Record<keyof Order, string>;

export const COLUMNS = Object.keys(COLUMN_TYPES) as (keyof Order)[];
/** The order's content: written once. */
export const CONTENT_COLUMNS = 10;
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const SNAKE_COLUMNS = COLUMNS.map(snake);
/** Shapes seen beyond these many are left to the long way: a connection keeps the plan of each. */
const MAX_SHAPES = 400;

/** What a decision was given, and which of it beside the order it looked at. */
export class Looked implements LockedOrder {
  isSessionUsed = false;
  isPolicyUsed = false;

  constructor(private readonly known: LockedOrder) {}

  get order(): Order {
    return this.known.order;
  }

  get session(): number {
    this.isSessionUsed = true;
    return this.known.session;
  }

  get policy(): Policy {
    this.isPolicyUsed = true;
    return this.known.policy;
  }
}

/** Collects a statement's text; values come in the same order. */
export class Text {
  /** `count`: values that the caller puts in front. */
  constructor(private count = 0) {}

  put(type: string): string {
    this.count += 1;
    return `$${this.count}::${type}`;
  }
}

export interface Prepared {
  readonly name: string;
  readonly text: string;
}

const prepared = new Map<string, Prepared>();

export function prepare(shape: string, write: () => string): Prepared | undefined {
  const known = prepared.get(shape);
  if (known) return known;
  if (prepared.size >= MAX_SHAPES) return undefined;
  const made = { name: `order ${prepared.size}`, text: write() };
  prepared.set(shape, made);
  return made;
}

/** Writes a change of a known order; false when something was not as the decision saw it, and nothing was written. */
export async function writeKnown(runner: Runner, change: Change, looked: Looked): Promise<boolean> {
  const { order } = change;
  const before = looked.order;
  // A change that skips or repeats a version is a mistake of ours: the long way says so.
  if (order.version !== before.version + 1) return false;
  const { isSessionUsed, isPolicyUsed } = looked;
  const changed: number[] = [];
  for (let column = CONTENT_COLUMNS; column < COLUMNS.length; column++) {
    if (order[COLUMNS[column]!] !== before[COLUMNS[column]!]) changed.push(column);
  }
  const isActivityNew = isActive(order) !== isActive(before);
  const shape = `${changed.join('.')}/${isActivityNew}/${isSessionUsed}/${isPolicyUsed}/${shapeOf(change)}`;
  const statement = prepare(shape, () => changeText(change, changed, isActivityNew, looked));
  if (!statement) return false;
  const values: unknown[] = changed.map((column) => order[COLUMNS[column]!]);
  if (isActivityNew) values.push(isActive(order));
  values.push(order.outTradeNo, before.version);
  if (isSessionUsed) values.push(looked.session);
  if (isPolicyUsed) values.push(looked.policy.uncertain, looked.policy.refundWindowMs);
  return run(runner, statement, change, values);
}

function changeText(
  change: Change,
  changed: readonly number[],
  isActivityNew: boolean,
  looked: Looked,
): string {
  const text = new Text();
  const assignments = changed.map((column) => `${SNAKE_COLUMNS[column]} = ${text.put(typeOf(column))}`);
  if (isActivityNew) assignments.push(`is_active = ${text.put('boolean')}`);
  const conditions = [`out_trade_no = ${text.put('text')}`, `version = ${text.put('integer')}`];
  if (looked.isSessionUsed) {
    conditions.push(`exists (select 1 from devices where devices.id = orders.device_id
      and devices.session = ${text.put('bigint')})`);
  }
  if (looked.isPolicyUsed) {
    conditions.push(`exists (select 1 from merchants where merchants.id = orders.merchant_id
      and uncertain_policy = ${text.put('text')} and refund_window_ms = ${text.put('bigint')})`);
  }
  const act = `update orders set ${assignments.join(', ')} where ${conditions.join(' and ')}`;
  return wholeText(text, [{ name: 'saved', act, returning: 'out_trade_no' }], change);
}

export function typeOf(column: number): string {
  return COLUMN_TYPES[COLUMNS[column]!];
}

/** How many records, with how many ledger entries each, and whether there is a word to the device. */
export function shapeOf({ records, tell }: Change): string {
  return `${records.map((record) => record.entries.length).join('.')}/${tell}`;
}

/** A part of the statement: what it does, and the name under which others go on from what it gives. */
export interface Part {
  readonly name: string;
  readonly act: string;
  readonly returning?: string;
}

/**
 * The last part is the statement itself and the others feed it: each part acts on what the one before gave, so that
 * its count of rows says whether all of it took hold, and no row has to be sent.
 */
export function wholeText(text: Text, head: readonly Part[], { records, tell }: Change): string {
  const parts = [...head];
  records.forEach((record, index) => parts.push(...recordParts(text, record, index)));
  if (tell) {
    const words = [text.put('text'), text.put('bigint'), text.put('integer'), text.put('bigint')];
    const act = `insert into outbox (device_id, n, version, at_ms) select ${words.join(', ')} from saved
      on conflict (device_id, n) do update set version = excluded.version, at_ms = excluded.at_ms`;
    parts.push({ name: 'told', act });
  }
  const last = parts.pop()!;
  const feeding = parts.map(
    ({ name, act, returning }) => `${name} as (${act}${returning ? ` returning ${returning}` : ''})`,
  );
  return `${feeding.length > 0 ? `with ${feeding.join(',\n')}\n` : ''}${last.act}`;
}

function recordParts(text: Text, record: EventRecord, index: number): Part[] {
  const types = ['bigint', 'text', 'text', 'jsonb', 'text', 'text'];
  // Each comes after the one before, so that their numbers are in order.
  const before = index === 0 ? 'saved' : `event${index - 1}`;
  const event = {
    name: `event${index}`,
    act: `insert into order_events (out_trade_no, at_ms, cause, type, detail, from_state, to_state)
      select out_trade_no, ${types.map((type) => text.put(type)).join(', ')} from ${before}`,
    returning: 'id, out_trade_no',
  };
  if (record.entries.length === 0) return [event];
  const rows = record.entries.map(() => `(${text.put('text')}, ${text.put('text')}, ${text.put('bigint')})`);
  const entries = {
    name: `entries${index}`,
    act: `insert into ledger_entries (event_id, out_trade_no, debit, credit, amount_fen)
      select event${index}.id, event${index}.out_trade_no, entry.debit, entry.credit, entry.amount_fen
      from event${index}, (values ${rows.join(', ')}) as entry (debit, credit, amount_fen)`,
  };
  return [event, entries];
}

/** Adds the values that `wholeText` asks for to those of the head, and writes; false: nothing was written. */
export async function run(
  runner: Runner,
  statement: Prepared,
  change: Change,
  values: unknown[],
): Promise<boolean> {
  const { order, records, tell } = change;
  for (const { atMs, cause, type, detail, fromState, toState, entries } of records) {
    values.push(atMs, cause, type, JSON.stringify(detail), fromState, toState);
    for (const { debit, credit, amountFen } of entries) values.push(debit, credit, amountFen);
  }
  if (tell) values.push(order.deviceId, order.n, order.version, records.at(-1)?.atMs ?? 0);
  try {
    const result = await runner.query({ name: statement.name, text: statement.text, values });
    return result.rowCount! > 0;
  } catch (error) {
    // Somebody holds a row: the long way can wait for it.
    if (isLockedOut(error)) return false;
    throw error;
  }
}

/** What this process last saw of orders, the latest few thousand. */
export class KnownOrders {
  private readonly known = new Map<string, LockedOrder>();

  constructor(private readonly most: number) {}

  get(outTradeNo: string): LockedOrder | undefined {
    return this.known.get(outTradeNo);
  }

  /** Keeps what was seen, unless something newer is known. */
  learn(seen: LockedOrder): void {
    const { outTradeNo, version } = seen.order;
    const known = this.known.get(outTradeNo);
    if (known && known.order.version > version) return;
    this.known.delete(outTradeNo);
    this.known.set(outTradeNo, seen);
    if (this.known.size > this.most) this.known.delete(this.known.keys().next().value!);
  }

  forget(outTradeNo: string): void {
    this.known.delete(outTradeNo);
  }
}
