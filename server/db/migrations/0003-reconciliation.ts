/**
 * Daily reconciliation: refunds made past us in the order, one row for each day's bill of each channel, and the
 * differences that it showed. A difference is kept for good; it is found once, however often a bill is compared.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0003-reconciliation';

const STATEMENTS = [
  `alter table orders
    add column outside_fen bigint not null default 0 check (outside_fen between 0 and paid_fen),
    add column outside_refunds text[] not null default '{}'`,
  `create index order_events_refunds on order_events (at_ms) where type = 'refundDone'`,
  `create table reconciliations (
    merchant_id bigint not null references merchants,
    channel text not null check (channel in ('wechat', 'alipay')),
    day date not null,
    state text not null check (state in ('WAITING', 'DONE', 'EMPTY', 'MISSING')),
    code text not null default '',
    tries integer not null default 0,
    next_try_at_ms bigint,
    done_at_ms bigint,
    bill_lines integer not null default 0,
    paid_fen bigint not null default 0,
    refunded_fen bigint not null default 0,
    primary key (merchant_id, channel, day)
  )`,
  'create index reconciliations_due on reconciliations (next_try_at_ms) where next_try_at_ms is not null',
  `create table differences (
    id bigint generated always as identity primary key,
    merchant_id bigint not null,
    channel text not null,
    day date not null,
    kind text not null,
    rule text not null,
    out_trade_no text not null,
    out_refund_no text not null,
    transaction_id text not null,
    bill_fen bigint,
    ledger_fen bigint,
    found_at_ms bigint not null,
    is_open boolean not null default true,
    outcome text not null default '',
    note text not null default '',
    ended_at_ms bigint,
    ended_by text not null default '',
    foreign key (merchant_id, channel, day) references reconciliations,
    unique (merchant_id, channel, day, kind, out_trade_no, out_refund_no)
  )`,
  'create index differences_open on differences (merchant_id, channel, id) where is_open',
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
