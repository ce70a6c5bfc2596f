/** Rows of the table `orders` as the model's orders. */
import type { Selectable } from 'kysely';
import type { OrdersTable } from '../db/schema';
import type { Order } from './model';
import { COLUMN_TYPES } from './quick-writes';

export const ORDER_COLUMNS = Object.keys(COLUMN_TYPES) as readonly (keyof typeof COLUMN_TYPES)[];

/** A row as far as the model knows it. */
export type OrderRow = Omit<Selectable<OrdersTable>, 'isActive'>;

/** The row as the model's order. */
export function orderOf(row: OrderRow): Order {
  const order: Record<string, unknown> = {};
  for (const column of ORDER_COLUMNS) order[column] = row[column];
  order.wakeAtMs = row.wakeAtMs ?? undefined;
  order.jobAtMs = row.jobAtMs ?? undefined;
  return order as unknown as Order;
}
