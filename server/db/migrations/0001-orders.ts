/**
 * First schema: merchants, their channels, devices, orders, event log, ledger, outbox.
 * Times are milliseconds since the epoch, money is integer fen, both bigint.
 * Invariants held by the database itself: event log and ledger only grow, every ledger entry sums to zero, an
 * order's content never changes.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0001-orders';

const TABLES = [
  `create table merchants (
    id bigint generated always as identity primary key,
    name text not null check (length(name) between 1 and 100),
    is_enabled boolean not null default true,
    max_amount_fen bigint not null check (max_amount_fen > 0),
    max_open_orders integer not null check (max_open_orders > 0),
    uncertain_policy text not null check (uncertain_policy in ('refund', 'dispensed', 'person')),
    refund_window_ms bigint not null check (refund_window_ms >= 0),
    created_at_ms bigint not null
  )`,
  `create table channels (
    merchant_id bigint not null references merchants,
    channel text not null check (channel in ('wechat', 'alipay')),
    is_enabled boolean not null,
    sealed_parameters text not null,
    version integer not null,
    updated_at_ms bigint not null,
    primary key (merchant_id, channel)
  )`,
  `create table devices (
    id text primary key check (id ~ '^[A-Z0-9]{4,12}$'),
    merchant_id bigint not null references merchants,
    name text not null default '',
    is_enabled boolean not null default true,
    sealed_key text not null,
    max_amount_fen bigint not null check (max_amount_fen > 0),
    session bigint not null default 0,
    is_online boolean not null default false,
    seen_at_ms bigint,
    connected_at_ms bigint,
    last_order bigint not null default 0,
    facts jsonb not null default '{}',
    settings jsonb not null default '{}',
    settings_version integer not null default 0,
    created_at_ms bigint not null
  )`,
  'create index devices_merchant on devices (merchant_id)',
  `create table orders (
    out_trade_no text primary key check (length(out_trade_no) <= 32),
    device_id text not null references devices,
    n bigint not null check (n > 0),
    merchant_id bigint not null references merchants,
    channel text not null check (channel in ('wechat', 'alipay')),
    amount_fen bigint not null,
    reference text not null,
    goods text not null,
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    state text not null,
    reason integer not null,
    alarm text not null,
    code_url text not null,
    provider_state text not null,
    transaction_id text not null,
    paid_fen bigint not null check (paid_fen >= 0),
    paid_at_ms bigint not null,
    grant_deadline_ms bigint not null,
    grant_session bigint not null,
    grant_count integer not null,
    is_grant_received boolean not null,
    dispensed_at_ms bigint not null,
    refund_no integer not null,
    refund_state text not null,
    attempt integer not null,
    wake_at_ms bigint,
    version integer not null,
    unique (device_id, n)
  ) with (fillfactor = 70)`,
  `create index orders_open on orders (device_id)
    where state not in ('DISPENSED', 'CLOSED', 'REFUNDED', 'REFUSED')`,
  `create index orders_open_of_merchant on orders (merchant_id)
    where state not in ('DISPENSED', 'CLOSED', 'REFUNDED', 'REFUSED')`,
  `create index orders_wake on orders (wake_at_ms) where wake_at_ms is not null`,
  `create index orders_alarm on orders (merchant_id) where alarm <> ''`,
  'create index orders_reference on orders (device_id, reference, created_at_ms)',
  'create index orders_device_time on orders (device_id, created_at_ms)',
  'create index orders_merchant_time on orders (merchant_id, created_at_ms)',
  `create table order_events (
    id bigint generated always as identity primary key,
    out_trade_no text not null references orders,
    at_ms bigint not null,
    cause text not null,
    type text not null,
    detail jsonb not null,
    from_state text not null,
    to_state text not null
  )`,
  'create index order_events_order on order_events (out_trade_no, id)',
  `create table ledger_lines (
    id bigint generated always as identity primary key,
    event_id bigint not null references order_events,
    out_trade_no text not null references orders,
    account text not null,
    amount_fen bigint not null check (amount_fen <> 0)
  )`,
  'create index ledger_lines_event on ledger_lines (event_id)',
  'create index ledger_lines_order on ledger_lines (out_trade_no)',
  'create index ledger_lines_account on ledger_lines (account) include (amount_fen)',
  `create table outbox (
    device_id text not null,
    n bigint not null,
    version integer not null,
    at_ms bigint not null,
    primary key (device_id, n)
  )`,
];

const GUARDS = [
  `create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception 'MONEY: % only grows', tg_table_name using errcode = 'raise_exception';
    end $$`,
  `create trigger order_events_only_grow before update or delete or truncate on order_events
    for each statement execute function refuse_change()`,
  `create trigger ledger_lines_only_grow before update or delete or truncate on ledger_lines
    for each statement execute function refuse_change()`,
  `create function check_balance() returns trigger language plpgsql as $$
    declare total numeric;
    begin
      select sum(amount_fen) into total from ledger_lines where event_id = new.event_id;
      if total <> 0 then
        raise exception 'MONEY: entry % sums to %', new.event_id, total using errcode = 'check_violation';
      end if;
      return null;
    end $$`,
  // At commit, so that the lines of an entry may come one by one.
  `create constraint trigger ledger_lines_balance after insert on ledger_lines
    deferrable initially deferred for each row execute function check_balance()`,
  `create function keep_content() returns trigger language plpgsql as $$
    begin
      if (old.out_trade_no, old.device_id, old.n, old.merchant_id, old.channel, old.amount_fen, old.reference, old.goods)
        is distinct from
        (new.out_trade_no, new.device_id, new.n, new.merchant_id, new.channel, new.amount_fen, new.reference, new.goods)
      then
        raise exception 'MONEY: content of order % may not change', old.out_trade_no using errcode = 'raise_exception';
      end if;
      return new;
    end $$`,
  `create trigger orders_keep_content before update on orders for each row execute function keep_content()`,
  `create trigger orders_stay before delete on orders for each row execute function refuse_change()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...GUARDS]) await sql.raw(statement).execute(db);
}
