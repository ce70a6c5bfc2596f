/**
 * The store on PostgreSQL (store.ts says what it promises). A change of an order that this process knows goes the
 * short way (quick-writes.ts); any other takes the order's row lock, and then one statement writes order, event log,
 * ledger and outbox together. When the order's next job comes is written in the order itself; the job is made of it
 * in time (jobs/order-jobs.ts). Rows and text leave only through parameters.
 * Invariant: `version` counts changes; a write that would skip or repeat one fails and takes all with it.
 */
import { sql, type RawBuilder, type Transaction as KyselyTransaction } from 'kysely';
import type { Db } from '../db/database';
import type { Runner } from '../db/pipes';
import type { Schema } from '../db/schema';
import { isActive, RESTING_STATES, type Order, type Policy } from './model';
import { readFacts } from './opening-facts';
import { ORDER_COLUMNS, orderOf } from './order-rows';
import { Bases, clearFacts, writeNew } from './quick-opening';
import { CONTENT_COLUMNS, KnownOrders, Looked, writeKnown } from './quick-writes';
import type {
  Change,
  EventRecord,
  LockedOrder,
  LoggedEvent,
  OpenFacts,
  OpenRequest,
  OpenWindow,
  Store,
} from './store';

export type Transaction = KyselyTransaction<Schema>;

/** Orders that this process remembers, about 2 kB each. */
const MAX_KNOWN = 5_000;

export class PostgresStore implements Store {
  private readonly known = new KnownOrders(MAX_KNOWN);
  private readonly bases = new Bases();

  /** `runner` is for the short way; without it every change takes the long one. */
  constructor(
    private readonly db: Db,
    private readonly runner?: Runner,
  ) {}

  recent(outTradeNo: string): Order | undefined {
    return this.known.get(outTradeNo)?.order;
  }

  async change<Decision extends Change | undefined>(
    outTradeNo: string,
    decide: (locked: LockedOrder | undefined) => Decision,
  ): Promise<Decision> {
    const quick = await this.changeKnown(outTradeNo, decide);
    if (quick) return quick;
    this.known.forget(outTradeNo);
    const { locked, change } = await this.db.transaction().execute(async (transaction) => {
      const found = await lockOrder(transaction, outTradeNo);
      const decision = decide(found);
      if (decision) await this.write(transaction, decision, false);
      return { locked: found, change: decision };
    });
    if (locked) this.known.learn(change ? { ...locked, order: change.order } : locked);
    return change;
  }

  /** The short way; undefined when the long one has to be taken. */
  private async changeKnown<Decision extends Change | undefined>(
    outTradeNo: string,
    decide: (locked: LockedOrder | undefined) => Decision,
  ): Promise<Decision | undefined> {
    const known = this.known.get(outTradeNo);
    if (!known || !this.runner) return undefined;
    const looked = new Looked(known);
    const change = decide(looked);
    // That nothing is to be done is for the locked order to say.
    if (!change || !(await writeKnown(this.runner, change, looked))) return undefined;
    this.known.learn({ ...known, order: change.order });
    return change;
  }

  async open<Decision extends Change | undefined>(
    request: OpenRequest,
    window: OpenWindow,
    decide: (facts: OpenFacts) => Decision,
  ): Promise<Decision> {
    const quick = await this.openQuickly(request, window, decide);
    if (quick) return quick;
    return this.db.transaction().execute(async (transaction) => {
      const facts = await readFacts(transaction, request, window);
      const change = decide(facts);
      if (change) await this.write(transaction, change, true);
      return change;
    });
  }

  /** The short way; undefined when the long one has to be taken. */
  private async openQuickly<Decision extends Change | undefined>(
    request: OpenRequest,
    window: OpenWindow,
    decide: (facts: OpenFacts) => Decision,
  ): Promise<Decision | undefined> {
    const { runner } = this;
    // A number that was seen already is most likely the same order, asked for again.
    if (!runner || this.known.get(request.outTradeNo)) return undefined;
    const basis = await this.bases.get(runner, request);
    // That there is nothing to open is for what is locked to say.
    const change = basis && decide(clearFacts(basis));
    if (!change) return undefined;
    if (!(await writeNew(runner, change, request, window, basis))) {
      this.bases.forget(request);
      return undefined;
    }
    this.known.learn({ order: change.order, policy: basis.policy, session: basis.device.session });
    return change;
  }

  async find(outTradeNo: string): Promise<Order | undefined> {
    const row = await this.db
      .selectFrom('orders')
      .select(ORDER_COLUMNS)
      .where('outTradeNo', '=', outTradeNo)
      .executeTakeFirst();
    return row && orderOf(row);
  }

  async openOrders(deviceId: string): Promise<readonly Order[]> {
    const rows = await this.db
      .selectFrom('orders')
      .select(ORDER_COLUMNS)
      .where('isActive', '=', true)
      // A device's orders are its merchant's: the index leads with him.
      .where('merchantId', '=', (eb) =>
        eb.selectFrom('devices').select('merchantId').where('id', '=', deviceId),
      )
      .where('deviceId', '=', deviceId)
      .where('state', 'not in', RESTING_STATES)
      .orderBy('n')
      .execute();
    return rows.map(orderOf);
  }

  async events(outTradeNo: string): Promise<readonly LoggedEvent[]> {
    const events = await this.db
      .selectFrom('orderEvents')
      .selectAll()
      .where('outTradeNo', '=', outTradeNo)
      .orderBy('id')
      .execute();
    const entries = await this.db
      .selectFrom('ledgerEntries')
      .select(['eventId', 'debit', 'credit', 'amountFen'])
      .where('outTradeNo', '=', outTradeNo)
      .orderBy('id')
      .execute();
    return events.map((event) => ({
      id: event.id,
      atMs: event.atMs,
      cause: event.cause as EventRecord['cause'],
      type: event.type,
      detail: event.detail,
      fromState: event.fromState,
      toState: event.toState,
      entries: entries
        .filter((entry) => entry.eventId === event.id)
        .map(({ debit, credit, amountFen }) => ({ debit, credit, amountFen })),
    }));
  }

  async balances(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.db
      .selectFrom('ledgerLines')
      .select(['account', sql<number>`sum(amount_fen)`.as('sumFen')])
      .groupBy('account')
      .orderBy('account')
      .execute();
    return new Map(rows.map((row) => [row.account, row.sumFen]));
  }

  async overdue(beforeMs: number, limit: number): Promise<readonly string[]> {
    const rows = await this.db
      .selectFrom('orders')
      .select('outTradeNo')
      .where('isActive', '=', true)
      .where('wakeAtMs', '<', beforeMs)
      .orderBy('wakeAtMs')
      .limit(limit)
      .execute();
    return rows.map((row) => row.outTradeNo);
  }

  private async write(transaction: Transaction, change: Change, isNew: boolean): Promise<void> {
    const { order, records } = change;
    const parts = [isNew ? insertOrder(order) : updateOrder(order)];
    if (isNew) parts.push(raiseLastOrder(order));
    records.forEach((record, index) => parts.push(...insertRecord(order, record, index)));
    if (change.tell) parts.push(insertOutbox(order, records.at(-1)?.atMs ?? 0));
    const { rows } = await sql`with ${sql.join(parts)} select out_trade_no from saved`.execute(transaction);
    if (rows.length !== 1)
      throw new Error(`ORDER: ${order.outTradeNo} is not at version ${order.version - 1}`);
  }
}

function snake(column: string): RawBuilder<unknown> {
  return sql.ref(column);
}

function valueOf(order: Order, column: keyof Order): unknown {
  return order[column] ?? null;
}

function insertOrder(order: Order): RawBuilder<unknown> {
  const columns = sql.join(ORDER_COLUMNS.map(snake));
  const values = sql.join(ORDER_COLUMNS.map((column) => valueOf(order, column)));
  return sql`saved as (insert into orders (${columns}, is_active) values (${values}, ${isActive(order)})
    returning out_trade_no)`;
}

function updateOrder(order: Order): RawBuilder<unknown> {
  const changing = ORDER_COLUMNS.slice(CONTENT_COLUMNS);
  const assignments = changing.map((column) => sql`${snake(column)} = ${valueOf(order, column)}`);
  return sql`saved as (update orders set ${sql.join(assignments)}, is_active = ${isActive(order)}
    where out_trade_no = ${order.outTradeNo} and version = ${order.version - 1} returning out_trade_no)`;
}

function raiseLastOrder(order: Order): RawBuilder<unknown> {
  return sql`raised as (update devices set last_order = greatest(last_order, ${order.n})
    where id = ${order.deviceId})`;
}

function insertRecord(order: Order, record: EventRecord, index: number): RawBuilder<unknown>[] {
  const event = sql.raw(`event${index}`);
  // Each comes after the one before, so that their numbers are in order.
  const before = sql.raw(index === 0 ? 'saved' : `event${index - 1}`);
  const inserted = sql`${event} as (insert into order_events
    (out_trade_no, at_ms, cause, type, detail, from_state, to_state)
    select out_trade_no, ${record.atMs}::bigint, ${record.cause}, ${record.type},
      ${JSON.stringify(record.detail)}::jsonb, ${record.fromState}, ${record.toState} from ${before} returning id, out_trade_no)`;
  if (record.entries.length === 0) return [inserted];
  const rows = record.entries.map(
    ({ debit, credit, amountFen }) => sql`(${debit}, ${credit}, ${amountFen}::bigint)`,
  );
  const entries = sql`${sql.raw(`entries${index}`)} as (insert into ledger_entries
    (event_id, out_trade_no, debit, credit, amount_fen)
    select ${event}.id, ${order.outTradeNo}, entry.debit, entry.credit, entry.amount_fen
    from ${event}, (values ${sql.join(rows)}) as entry (debit, credit, amount_fen))`;
  return [inserted, entries];
}

function insertOutbox(order: Order, atMs: number): RawBuilder<unknown> {
  return sql`told as (insert into outbox (device_id, n, version, at_ms)
    values (${order.deviceId}, ${order.n}, ${order.version}, ${atMs})
    on conflict (device_id, n) do update set version = excluded.version, at_ms = excluded.at_ms)`;
}

async function lockOrder(transaction: Transaction, outTradeNo: string): Promise<LockedOrder | undefined> {
  const row = await transaction
    .selectFrom('orders')
    .innerJoin('merchants', 'merchants.id', 'orders.merchantId')
    .innerJoin('devices', 'devices.id', 'orders.deviceId')
    .select(ORDER_COLUMNS.map((column) => `orders.${column}` as const))
    .select(['merchants.uncertainPolicy', 'merchants.refundWindowMs', 'devices.session'])
    .where('orders.outTradeNo', '=', outTradeNo)
    .forNoKeyUpdate('orders')
    .executeTakeFirst();
  if (!row) return undefined;
  const policy: Policy = { uncertain: row.uncertainPolicy, refundWindowMs: row.refundWindowMs };
  return { order: orderOf(row), policy, session: row.session };
}
