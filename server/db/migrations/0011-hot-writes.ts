/**
 * The same guarantees again for a third of PostgreSQL's work (measured: docs/operating.md, "Load"). A check
 * constraint is parsed anew for every statement that writes the row, so what concerns columns that seldom change is
 * a trigger on those columns; no index covers what changes while an order lives, so that its updates are HOT; keys
 * that lead with the order serve as its index too; and job times in the order replace a job for every order.
 * Invariants, new: an order's merchant is its device's (foreign key), a ledger line's order is its event's (foreign
 * key), `is_active` is true while a state, a time to wake or an alarm asks for attention.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0011-hot-writes';

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
const dropChecks = (table: string): string => `do $$ declare found record; begin
  for found in select conname from pg_constraint where conrelid = '${table}'::regclass and contype = 'c' loop
    execute format('alter table ${table} drop constraint %I', found.conname);
  end loop; end $$`;
const refuse = (constraint: string): string =>
  `raise exception 'MONEY: violates the check %', '${constraint}' using errcode = 'check_violation';`;

const ORDERS = [
  dropChecks('orders'),
  `create function check_order() returns trigger language plpgsql as $$
    begin
      if new.n <= 0 or length(new.out_trade_no) > 32 or new.out_trade_no <> new.device_id || '_' || new.n then
        ${refuse('orders_number')}
      elsif new.channel not in ('wechat', 'alipay') then
        ${refuse('orders_channel')}
      elsif new.outside_fen < 0 or new.outside_fen > new.paid_fen then
        ${refuse('orders_paid')}
      end if;
      return new;
    end $$`,
  `create trigger orders_check before insert or update of paid_fen, outside_fen on orders
    for each row execute function check_order()`,
  'drop trigger orders_keep_content on orders',
  `create trigger orders_keep_content before update of ${CONTENT.join(', ')} on orders for each row
    when (${row('old')} is distinct from ${row('new')}) execute function refuse_content()`,
  'drop index orders_open, orders_open_of_merchant, orders_wake, orders_alarm, orders_reference, orders_device_time',
  'alter table orders add column is_active boolean not null default false',
  `update orders set is_active = true where wake_at_ms is not null or alarm <> ''
    or state not in ('DISPENSED', 'CLOSED', 'REFUNDED', 'REFUSED')`,
  // Orders whose job is in the queue already get another one: it does no harm.
  'update orders set job_at_ms = wake_at_ms where job_at_ms is null and wake_at_ms is not null',
  'create index orders_of_device on orders (device_id, created_at_ms, reference)',
  'create index orders_active on orders (merchant_id, device_id) where is_active',
  'create index orders_job on orders (job_at_ms) where is_active',
  'alter table orders drop constraint orders_merchant_id_fkey, drop constraint orders_device_id_fkey',
  'alter table devices add constraint devices_of_merchant unique (id, merchant_id)',
  `alter table orders add constraint orders_device_fkey
    foreign key (device_id, merchant_id) references devices (id, merchant_id)`,
];

const DEVICES = [
  dropChecks('devices'),
  `create function check_device() returns trigger language plpgsql as $$
    begin
      if new.id !~ '^[A-Z0-9]{4,12}$' then
        ${refuse('devices_id')}
      elsif new.max_amount_fen <= 0 then
        ${refuse('devices_max_amount_fen')}
      end if;
      return new;
    end $$`,
  `create trigger devices_check before insert or update of id, max_amount_fen on devices
    for each row execute function check_device()`,
  'alter table devices set (fillfactor = 70)',
];

const BOOKS = [
  dropChecks('ledger_lines'),
  `create or replace function check_entries() returns trigger language plpgsql as $$
    declare wrong record;
    begin
      select event_id, sum(amount_fen) as total into wrong from added
        group by event_id having sum(amount_fen) <> 0 or bool_or(amount_fen = 0) limit 1;
      if not found then return null; end if;
      if wrong.total = 0 then
        raise exception 'MONEY: entry % breaks the check: a line is of zero', wrong.event_id
          using errcode = 'check_violation';
      end if;
      raise exception 'MONEY: entry % sums to %', wrong.event_id, wrong.total using errcode = 'check_violation';
    end $$`,
  'alter table ledger_lines drop constraint ledger_lines_event_id_fkey, drop constraint ledger_lines_pkey',
  'drop index ledger_lines_event, ledger_lines_order, ledger_lines_account',
  'alter table order_events drop constraint order_events_pkey',
  'alter table order_events add primary key (out_trade_no, id)',
  'drop index order_events_order',
  'alter table ledger_lines add primary key (out_trade_no, id)',
  `alter table ledger_lines add constraint ledger_lines_event_fkey
    foreign key (out_trade_no, event_id) references order_events (out_trade_no, id)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...ORDERS, ...DEVICES, ...BOOKS]) await sql.raw(statement).execute(db);
}
