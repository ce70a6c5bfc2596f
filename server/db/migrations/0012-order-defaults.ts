/**
 * What a new order usually has in most of its columns, so that writing one names the others only. And the trigger
 * that keeps an order's content compares in its function: every statement copies a trigger's condition, fired or not.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0012-order-defaults';

const DEFAULTS: Readonly<Record<string, string>> = {
  reason: '0',
  alarm: `''`,
  code_url: `''`,
  provider_state: `''`,
  transaction_id: `''`,
  paid_fen: '0',
  paid_at_ms: '0',
  grant_deadline_ms: '0',
  grant_session: '0',
  grant_count: '0',
  is_grant_received: 'false',
  dispensed_at_ms: '0',
  refund_no: '0',
  refund_state: `''`,
  attempt: '0',
};

const CONTENT = [
  'out_trade_no',
  'device_id',
  'n',
  'merchant_id',
  'channel',
  'amount_fen',
  'reference',
  'goods',
];
const row = (of: string): string => `(${CONTENT.map((column) => `${of}.${column}`).join(', ')})`;
const KEEP_CONTENT = [
  'drop trigger orders_keep_content on orders',
  `create or replace function refuse_content() returns trigger language plpgsql as $$
    begin
      if ${row('old')} is distinct from ${row('new')} then
        raise exception 'MONEY: content of order % may not change', old.out_trade_no
          using errcode = 'raise_exception';
      end if;
      return new;
    end $$`,
  `create trigger orders_keep_content before update of ${CONTENT.join(', ')} on orders
    for each row execute function refuse_content()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  const columns = Object.entries(DEFAULTS).map(
    ([column, value]) => `alter column ${column} set default ${value}`,
  );
  await sql.raw(`alter table orders ${columns.join(', ')}`).execute(db);
  for (const statement of KEEP_CONTENT) await sql.raw(statement).execute(db);
}
