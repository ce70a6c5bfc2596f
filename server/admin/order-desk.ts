/**
 * What operators and merchants see of orders and decide about them: lists, the whole story of one, refund,
 * settling what nobody knows, acknowledging alarms. The same functions for command line, API and console.
 * Invariant: decisions go through the order service like everything else; nothing here writes an order.
 */
import { sql } from 'kysely';
import { z } from 'zod';
import { Reason } from '../../src/protocol/codes';
import type { Db } from '../db/database';
import { STATES, type Order, type OrderEvent } from '../orders/model';
import { ORDER_COLUMNS, orderOf } from '../orders/order-rows';
import type { OrderService } from '../orders/service';
import type { LoggedEvent, Store } from '../orders/store';
import { demandMerchant, type Actor } from './actor';
import { ApiError } from './errors';
import { readBody } from './shop';
import { isIdentifier, line } from './text';

export interface OrderDeskOptions {
  readonly db: Db;
  readonly store: Store;
  readonly service: OrderService;
}

const MAX_LIST = 200;

export const orderFilterSchema = z.strictObject({
  merchantId: z.coerce.number().int().min(1).optional(),
  deviceId: line(1, 12).optional(),
  state: z.enum(STATES).optional(),
  /** Only those with an alarm. */
  alarmed: z.stringbool().optional(),
  /** Host's reference, out_trade_no or the provider's number. */
  search: line(1, 64).optional(),
  /** Only older than this order: the last of the page before. */
  before: line(1, 32).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIST).default(50),
});

export type Decision = 'refund' | 'dispensed' | 'refunded' | 'acknowledge';

const DECISIONS: Readonly<Record<Decision, OrderEvent>> = {
  refund: { type: 'settleRefund' },
  dispensed: { type: 'settleDispensed' },
  refunded: { type: 'settleRefunded' },
  acknowledge: { type: 'acknowledge' },
};

export const decisionSchema = z.strictObject({
  decision: z.enum(['refund', 'dispensed', 'refunded', 'acknowledge']),
});

export interface OrderStory {
  readonly order: Order;
  readonly events: readonly LoggedEvent[];
}

export class OrderDesk {
  constructor(private readonly options: OrderDeskOptions) {}

  /** Newest first. */
  async list(actor: Actor, filter: unknown): Promise<readonly Order[]> {
    const wanted = readBody(orderFilterSchema, filter);
    const merchantId = actor.merchantId ?? wanted.merchantId;
    let query = this.options.db.selectFrom('orders').select(ORDER_COLUMNS);
    if (merchantId !== undefined) query = query.where('merchantId', '=', merchantId);
    if (wanted.deviceId !== undefined) query = query.where('deviceId', '=', wanted.deviceId);
    if (wanted.state !== undefined) query = query.where('state', '=', wanted.state);
    if (wanted.alarmed === true) query = query.where('isActive', '=', true).where('alarm', '<>', '');
    const { search, before } = wanted;
    if (search !== undefined) {
      query = query.where((eb) =>
        eb.or([
          eb('outTradeNo', '=', search),
          eb('reference', '=', search),
          eb('transactionId', '=', search),
        ]),
      );
    }
    if (before !== undefined) {
      query = query.where(
        sql<boolean>`(created_at_ms, out_trade_no) <
          (select created_at_ms, out_trade_no from orders where out_trade_no = ${before}
            and (${merchantId ?? null}::bigint is null or merchant_id = ${merchantId ?? null}::bigint))`,
      );
    }
    const rows = await query
      .orderBy('createdAtMs', 'desc')
      .orderBy('outTradeNo', 'desc')
      .limit(wanted.limit)
      .execute();
    return rows.map(orderOf);
  }

  async story(actor: Actor, outTradeNo: string): Promise<OrderStory> {
    const order = await this.find(actor, outTradeNo);
    return { order, events: await this.options.store.events(outTradeNo) };
  }

  /** The merchant gives the money back. @throws ApiError WRONG_STATE when the state does not allow it. */
  refund(actor: Actor, outTradeNo: string): Promise<Order> {
    return this.apply(actor, outTradeNo, { type: 'refund' });
  }

  /** A person decides what nobody else can. @throws ApiError WRONG_STATE when there is nothing to decide. */
  settle(actor: Actor, outTradeNo: string, decision: Decision): Promise<Order> {
    return this.apply(actor, outTradeNo, DECISIONS[decision]);
  }

  private async apply(actor: Actor, outTradeNo: string, event: OrderEvent): Promise<Order> {
    await this.find(actor, outTradeNo);
    const applied = await this.options.service.apply(outTradeNo, `person:${actor.name}`, event);
    if (!applied) throw new ApiError('NOT_FOUND');
    if (applied.refusal !== Reason.None)
      throw new ApiError('WRONG_STATE', `the order is ${applied.order.state}`);
    return applied.order;
  }

  private async find(actor: Actor, outTradeNo: string): Promise<Order> {
    const order = isIdentifier(outTradeNo) && (await this.options.store.find(outTradeNo));
    if (!order) throw new ApiError('NOT_FOUND');
    demandMerchant(actor, order.merchantId);
    return order;
  }
}
