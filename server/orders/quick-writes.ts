/**
 * The short way for changes of orders that this process knows: decide on what was last seen, and write with one
 * prepared statement that takes hold only if all of it is still so (the order's version, the device's session, the
 * merchant's policy). One round trip and one commit instead of a transaction of five. Where anything has changed,
 * nothing is written and the caller takes the long way with a lock (postgres-store.ts).
 * Invariant: the statement checks every fact that the decision was given.
 */
import type { Pool } from 'pg';
import type { Change, EventRecord, LockedOrder } from './store';
import type { Order, Policy } from './model';

/** A job's insertion as one SQL statement with its own parameters. */
export interface Insertion {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What the writing statement holds against the database. */
export interface Facts {
  readonly session: number;
  readonly policy: Policy;
}

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

const COLUMNS = Object.keys(COLUMN_TYPES) as (keyof Order)[];
/** The order's content: written once. */
export const CONTENT_COLUMNS = 10;
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const SNAKE_COLUMNS = COLUMNS.map(snake);

/** Collects the parameters of a statement. */
class Statement {
  readonly values: unknown[] = [];

  put(value: unknown, type: string): string {
    this.values.push(value ?? null);
    return `$${this.values.length}::${type}`;
  }

  /** Takes over a statement with parameters of its own. */
  embed({ text, values }: Insertion): string {
    const before = this.values.length;
    this.values.push(...values.map((value) => value ?? null));
    return text.replace(/\$(\d+)/g, (_whole, number: string) => `$${Number(number) + before}`);
  }
}

/**
 * Writes a change of a known order; false when something was not as the facts say, and nothing was written.
 * A job for nothing may then be left: it does no harm.
 */
export async function writeKnown(
  pool: Pool,
  change: Change,
  facts: Facts,
  job: Insertion | undefined,
): Promise<boolean> {
  const statement = new Statement();
  const { order } = change;
  const assignments = COLUMNS.slice(CONTENT_COLUMNS).map(
    (column, index) =>
      `${SNAKE_COLUMNS[index + CONTENT_COLUMNS]} = ${statement.put(order[column], COLUMN_TYPES[column])}`,
  );
  const { session, policy } = facts;
  const saved = `update orders set ${assignments.join(', ')}
    where out_trade_no = ${statement.put(order.outTradeNo, 'text')}
      and version = ${statement.put(order.version - 1, 'integer')}
      and exists (select 1 from devices where devices.id = orders.device_id
        and devices.session = ${statement.put(session, 'bigint')})
      and exists (select 1 from merchants where merchants.id = orders.merchant_id
        and uncertain_policy = ${statement.put(policy.uncertain, 'text')}
        and refund_window_ms = ${statement.put(policy.refundWindowMs, 'bigint')})
    returning out_trade_no`;
  return run(pool, 'change', `saved as (${saved})`, statement, change, job);
}

/** What the second verification was given of the device; the statement locks it. */
export interface OpeningFacts {
  readonly session: number;
  readonly isEnabled: boolean;
  readonly maxAmountFen: number;
}

/** Writes a new order; false when the device is not as it was, or the order is there already. */
export async function writeNew(
  pool: Pool,
  change: Change,
  facts: OpeningFacts,
  job: Insertion | undefined,
): Promise<boolean> {
  const statement = new Statement();
  const { order } = change;
  const gate = `update devices set last_order = greatest(last_order, ${statement.put(order.n, 'bigint')})
    where id = ${statement.put(order.deviceId, 'text')}
      and session = ${statement.put(facts.session, 'bigint')}
      and is_enabled = ${statement.put(facts.isEnabled, 'boolean')}
      and max_amount_fen = ${statement.put(facts.maxAmountFen, 'bigint')}
    returning id`;
  const values = COLUMNS.map((column) => statement.put(order[column], COLUMN_TYPES[column]));
  const saved = `insert into orders (${SNAKE_COLUMNS.join(', ')}) select ${values.join(', ')} from gate
    on conflict do nothing returning out_trade_no`;
  return run(pool, 'open', `gate as (${gate}), saved as (${saved})`, statement, change, job);
}

async function run(
  pool: Pool,
  kind: string,
  head: string,
  statement: Statement,
  change: Change,
  job: Insertion | undefined,
): Promise<boolean> {
  const { order, records, tell } = change;
  const parts = [head];
  records.forEach((record, index) => parts.push(...recordParts(statement, order, record, index)));
  if (tell) {
    const words = [
      statement.put(order.deviceId, 'text'),
      statement.put(order.n, 'bigint'),
      statement.put(order.version, 'integer'),
      statement.put(records.at(-1)?.atMs ?? 0, 'bigint'),
    ];
    parts.push(`told as (insert into outbox (device_id, n, version, at_ms) select ${words.join(', ')} from saved
      on conflict (device_id, n) do update set version = excluded.version, at_ms = excluded.at_ms)`);
  }
  if (job) parts.push(`job as (${statement.embed(job)})`);
  const shape = records.map((record) => record.lines.length).join('.');
  const result = await pool.query({
    name: `${kind}/${shape}/${tell ? 'tell' : ''}/${job ? 'job' : ''}`,
    text: `with ${parts.join(',\n')} select out_trade_no from saved`,
    values: statement.values,
  });
  return result.rowCount === 1;
}

function recordParts(statement: Statement, order: Order, record: EventRecord, index: number): string[] {
  const values = [
    statement.put(record.atMs, 'bigint'),
    statement.put(record.cause, 'text'),
    statement.put(record.type, 'text'),
    statement.put(JSON.stringify(record.detail), 'jsonb'),
    statement.put(record.fromState, 'text'),
    statement.put(record.toState, 'text'),
  ];
  // Each comes after the one before, so that their numbers are in order.
  const before = index === 0 ? 'saved' : `event${index - 1}`;
  const event = `event${index} as (insert into order_events
    (out_trade_no, at_ms, cause, type, detail, from_state, to_state)
    select out_trade_no, ${values.join(', ')} from ${before} returning id, out_trade_no)`;
  if (record.lines.length === 0) return [event];
  const rows = record.lines.map(
    (line) => `(${statement.put(line.account, 'text')}, ${statement.put(line.amountFen, 'bigint')})`,
  );
  const lines = `lines${index} as (insert into ledger_lines (event_id, out_trade_no, account, amount_fen)
    select event${index}.id, ${statement.put(order.outTradeNo, 'text')}, line.account, line.amount_fen
    from event${index}, (values ${rows.join(', ')}) as line (account, amount_fen))`;
  return [event, lines];
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
