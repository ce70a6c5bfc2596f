/**
 * The store on PostgreSQL (store.ts says what it promises). A change takes the order's row lock, and then one
 * statement writes order, event log, ledger and outbox together; the job that wakes the order is born in the same
 * transaction. Rows and text leave only through parameters.
 * Invariant: `version` counts changes; a write that would skip or repeat one fails and takes all with it.
 */
import { sql, type RawBuilder, type Selectable, type Transaction as KyselyTransaction } from 'kysely';
import type { Db } from '../db/database';
import type { OrdersTable, Schema } from '../db/schema';
import { RESTING_STATES, type Order, type Policy } from './model';
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

/** Makes the job that wakes an order, within the transaction that decided on it. */
export interface WakeJobs {
  wake(transaction: Transaction, outTradeNo: string, atMs: number): Promise<void>;
}

type OrderRow = Selectable<OrdersTable>;

export const ORDER_COLUMNS = [
  'outTradeNo',
  'deviceId',
  'n',
  'merchantId',
  'channel',
  'amountFen',
  'reference',
  'goods',
  'createdAtMs',
  'expiresAtMs',
  'state',
  'reason',
  'alarm',
  'codeUrl',
  'providerState',
  'transactionId',
  'paidFen',
  'paidAtMs',
  'outsideFen',
  'outsideRefunds',
  'grantDeadlineMs',
  'grantSession',
  'grantCount',
  'isGrantReceived',
  'dispensedAtMs',
  'refundNo',
  'refundState',
  'attempt',
  'wakeAtMs',
  'version',
] as const satisfies readonly (keyof OrdersTable)[];

/** The order's content: written once. */
const CONTENT_COLUMNS = 10;

/** The row as the model's order. */
export function orderOf(row: OrderRow): Order {
  const order: Record<string, unknown> = {};
  for (const column of ORDER_COLUMNS) order[column] = row[column];
  order.wakeAtMs = row.wakeAtMs ?? undefined;
  return order as unknown as Order;
}

export class PostgresStore implements Store {
  constructor(
    private readonly db: Db,
    private readonly jobs: WakeJobs,
  ) {}

  change<Decision extends Change | undefined>(
    outTradeNo: string,
    decide: (locked: LockedOrder | undefined) => Decision,
  ): Promise<Decision> {
    return this.db.transaction().execute(async (transaction) => {
      const locked = await lockOrder(transaction, outTradeNo);
      const change = decide(locked);
      if (change) await this.write(transaction, change, false);
      return change;
    });
  }

  open<Decision extends Change | undefined>(
    request: OpenRequest,
    window: OpenWindow,
    decide: (facts: OpenFacts) => Decision,
  ): Promise<Decision> {
    return this.db.transaction().execute(async (transaction) => {
      const facts = await readFacts(transaction, request, window);
      const change = decide(facts);
      if (change) await this.write(transaction, change, true);
      return change;
    });
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
    const lines = await this.db
      .selectFrom('ledgerLines')
      .select(['eventId', 'account', 'amountFen'])
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
      lines: lines
        .filter((line) => line.eventId === event.id)
        .map(({ account, amountFen }) => ({ account, amountFen })),
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
    if (change.wakeAtMs !== undefined) {
      await this.jobs.wake(transaction, order.outTradeNo, change.wakeAtMs);
    }
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
  return sql`saved as (insert into orders (${columns}) values (${values}) returning out_trade_no)`;
}

function updateOrder(order: Order): RawBuilder<unknown> {
  const changing = ORDER_COLUMNS.slice(CONTENT_COLUMNS);
  const assignments = changing.map((column) => sql`${snake(column)} = ${valueOf(order, column)}`);
  return sql`saved as (update orders set ${sql.join(assignments)}
    where out_trade_no = ${order.outTradeNo} and version = ${order.version - 1} returning out_trade_no)`;
}

function raiseLastOrder(order: Order): RawBuilder<unknown> {
  return sql`raised as (update devices set last_order = greatest(last_order, ${order.n})
    where id = ${order.deviceId})`;
}

function insertRecord(order: Order, record: EventRecord, index: number): RawBuilder<unknown>[] {
  const event = sql.raw(`event${index}`);
  const inserted = sql`${event} as (insert into order_events
    (out_trade_no, at_ms, cause, type, detail, from_state, to_state)
    select out_trade_no, ${record.atMs}::bigint, ${record.cause}, ${record.type},
      ${JSON.stringify(record.detail)}::jsonb, ${record.fromState}, ${record.toState} from saved returning id)`;
  if (record.lines.length === 0) return [inserted];
  const rows = record.lines.map((line) => sql`(${line.account}, ${line.amountFen}::bigint)`);
  const lines = sql`${sql.raw(`lines${index}`)} as (insert into ledger_lines
    (event_id, out_trade_no, account, amount_fen)
    select ${event}.id, ${order.outTradeNo}, line.account, line.amount_fen
    from ${event}, (values ${sql.join(rows)}) as line (account, amount_fen))`;
  return [inserted, lines];
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

const NO_MERCHANT = { isEnabled: false, maxAmountFen: 0, maxOpenOrders: 0 };

async function readFacts(
  transaction: Transaction,
  request: OpenRequest,
  window: OpenWindow,
): Promise<OpenFacts> {
  const row = await transaction
    .selectFrom('devices')
    .innerJoin('merchants', 'merchants.id', 'devices.merchantId')
    .leftJoin('channels', (join) =>
      join
        .onRef('channels.merchantId', '=', 'devices.merchantId')
        .on('channels.channel', '=', request.channel),
    )
    .select(['devices.merchantId', 'devices.isEnabled', 'devices.maxAmountFen', 'devices.session'])
    .select(['merchants.isEnabled as merchantEnabled', 'merchants.maxAmountFen as merchantMaxFen'])
    .select(['merchants.maxOpenOrders', 'channels.isEnabled as channelEnabled'])
    .where('devices.id', '=', request.deviceId)
    .forNoKeyUpdate('devices')
    .executeTakeFirst();
  if (!row) {
    const nothing = { sameNumber: undefined, sameReference: undefined, recentOrders: 0, openOrders: 0 };
    return { device: undefined, merchant: NO_MERCHANT, isChannelOn: false, ...nothing };
  }
  const { merchantId, isEnabled, maxAmountFen, session } = row;
  const sameNumber = await transaction
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('outTradeNo', '=', request.outTradeNo)
    .executeTakeFirst();
  const sameReference = await sameReferenceRow(transaction, request, window);
  const counts = await countOrders(transaction, request, window, merchantId, row.maxOpenOrders);
  return {
    device: { merchantId, isEnabled, maxAmountFen, session },
    merchant: {
      isEnabled: row.merchantEnabled,
      maxAmountFen: row.merchantMaxFen,
      maxOpenOrders: row.maxOpenOrders,
    },
    isChannelOn: row.channelEnabled === true,
    sameNumber: sameNumber && orderOf(sameNumber),
    sameReference: sameReference && orderOf(sameReference),
    ...counts,
  };
}

function sameReferenceRow(
  transaction: Transaction,
  request: OpenRequest,
  window: OpenWindow,
): Promise<OrderRow | undefined> {
  if (request.reference === '') return Promise.resolve(undefined);
  return transaction
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('deviceId', '=', request.deviceId)
    .where('reference', '=', request.reference)
    .where('createdAtMs', '>=', window.referenceSinceMs)
    .where('state', '!=', 'REFUSED')
    .where('n', '!=', request.n)
    .orderBy('createdAtMs', 'desc')
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
}

async function countOrders(
  transaction: Transaction,
  request: OpenRequest,
  window: OpenWindow,
  merchantId: number,
  limit: number,
): Promise<{ recentOrders: number; openOrders: number }> {
  const resting = sql.join(RESTING_STATES.map((state) => sql.lit(state)));
  const { rows } = await sql<{ recentOrders: number; openOrders: number }>`select
    (select count(*) from orders
      where device_id = ${request.deviceId} and created_at_ms > ${window.recentSinceMs}) as recent_orders,
    (select count(*) from (select 1 from orders
      where merchant_id = ${merchantId} and state not in (${resting}) limit ${limit}) as open_ones) as open_orders
    `.execute(transaction);
  return rows[0]!;
}
