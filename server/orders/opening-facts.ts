/**
 * What the second verification looks at, read from PostgreSQL: in one statement without a lock for the usual case,
 * and under the device's lock where that does not do (postgres-store.ts).
 */
import { sql } from 'kysely';
import type { Pool } from 'pg';
import { RESTING_STATES, type Policy } from './model';
import { ORDER_COLUMNS, orderOf, type OrderRow } from './order-rows';
import type { OpenFacts, OpenRequest, OpenWindow } from './store';
import type { Transaction } from './postgres-store';

const RESTING = RESTING_STATES.map((state) => `'${state}'`).join(', ');
const QUICK_FACTS = {
  name: 'opening facts',
  text: `select devices.merchant_id, devices.is_enabled, devices.max_amount_fen, devices.session,
      merchants.is_enabled as merchant_enabled, merchants.max_amount_fen as merchant_max_fen,
      merchants.max_open_orders, merchants.uncertain_policy, merchants.refund_window_ms,
      channels.is_enabled as channel_enabled,
      exists (select 1 from orders where out_trade_no = $2::text) as is_known,
      ($3::text <> '' and exists (select 1 from orders where device_id = devices.id and reference = $3::text
        and created_at_ms >= $4::bigint and state <> 'REFUSED')) as is_reference_known,
      (select count(*) from orders where device_id = devices.id and created_at_ms > $5::bigint) as recent_orders,
      (select count(*) from (select 1 from orders where merchant_id = devices.merchant_id
        and is_active and state not in (${RESTING}) limit merchants.max_open_orders) as open_ones) as open_orders
    from devices join merchants on merchants.id = devices.merchant_id
      left join channels on channels.merchant_id = devices.merchant_id and channels.channel = $6::text
    where devices.id = $1::text`,
} as const;

interface QuickRow {
  readonly merchant_id: number;
  readonly is_enabled: boolean;
  readonly max_amount_fen: number;
  readonly session: number;
  readonly merchant_enabled: boolean;
  readonly merchant_max_fen: number;
  readonly max_open_orders: number;
  readonly uncertain_policy: Policy['uncertain'];
  readonly refund_window_ms: number;
  readonly channel_enabled: boolean | null;
  readonly is_known: boolean;
  readonly is_reference_known: boolean;
  readonly recent_orders: number;
  readonly open_orders: number;
}

/** The facts in one round trip; undefined where another order has to be looked at too, or there is no device. */
export async function quickFacts(
  pool: Pool,
  request: OpenRequest,
  window: OpenWindow,
): Promise<{ readonly facts: OpenFacts; readonly policy: Policy } | undefined> {
  const { rows } = await pool.query<QuickRow>({
    ...QUICK_FACTS,
    values: [
      request.deviceId,
      request.outTradeNo,
      request.reference,
      Math.round(window.referenceSinceMs),
      Math.round(window.recentSinceMs),
      request.channel,
    ],
  });
  const row = rows[0];
  if (!row || row.is_known || row.is_reference_known) return undefined;
  const facts: OpenFacts = {
    device: {
      merchantId: row.merchant_id,
      isEnabled: row.is_enabled,
      maxAmountFen: row.max_amount_fen,
      session: row.session,
    },
    merchant: {
      isEnabled: row.merchant_enabled,
      maxAmountFen: row.merchant_max_fen,
      maxOpenOrders: row.max_open_orders,
    },
    isChannelOn: row.channel_enabled === true,
    sameNumber: undefined,
    sameReference: undefined,
    recentOrders: row.recent_orders,
    openOrders: row.open_orders,
  };
  return { facts, policy: { uncertain: row.uncertain_policy, refundWindowMs: row.refund_window_ms } };
}

const NO_MERCHANT = { isEnabled: false, maxAmountFen: 0, maxOpenOrders: 0 };

/** The same with the device locked, so that it stays so until the transaction ends. */
export async function readFacts(
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
      where merchant_id = ${merchantId} and is_active and state not in (${resting}) limit ${limit}) as open_ones) as open_orders
    `.execute(transaction);
  return rows[0]!;
}
