/** What the second verification looks at, read from PostgreSQL under the device's lock (postgres-store.ts). */
import { sql } from 'kysely';
import { RESTING_STATES } from './model';
import { ORDER_COLUMNS, orderOf, type OrderRow } from './order-rows';
import type { OpenFacts, OpenRequest, OpenWindow } from './store';
import type { Transaction } from './postgres-store';

const NO_MERCHANT = { isEnabled: false, maxAmountFen: 0, maxOpenOrders: 0 };

/** Locks the device, so that all of it stays so until the transaction ends. */
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
