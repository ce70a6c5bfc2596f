/**
 * A ledger entry is one row that names both accounts: it balances by what it is, where two lines had to be added up
 * by a trigger (a sixth of PostgreSQL's work for an order). `ledger_lines` is a view of the two lines of each.
 * What is there is taken over pair by pair; books whose lines are not pairs are refused, and nothing is changed.
 */
import { sql, type Kysely } from 'kysely';

export const name = '0013-ledger-entries';

/** Lines were written in pairs, the debit first, and numbered as they were written: each with the one after it. */
const PAIRS = `(
  select *, row_number() over entry as number, lead(account) over entry as other, lead(amount_fen) over entry as other_fen
    from ledger_lines window entry as (partition by event_id order by id)
) as paired`;

const STATEMENTS = [
  `create table ledger_entries (
    id bigint generated always as identity,
    out_trade_no text not null,
    event_id bigint not null,
    debit text not null,
    credit text not null,
    amount_fen bigint not null,
    constraint ledger_entries_sound check (amount_fen > 0 and debit <> credit),
    constraint ledger_entries_event_fkey foreign key (out_trade_no, event_id) references order_events (out_trade_no, id),
    primary key (out_trade_no, id)
  )`,
  `do $$ begin
    if exists (select 1 from ${PAIRS} where number % 2 = 1
      and (account <> other and amount_fen > 0 and other_fen = -amount_fen) is not true)
    then
      raise exception 'MONEY: the ledger has lines that are not pairs' using errcode = 'check_violation';
    end if;
  end $$`,
  `insert into ledger_entries (out_trade_no, event_id, debit, credit, amount_fen)
    select out_trade_no, event_id, account, other, amount_fen from ${PAIRS} where number % 2 = 1 order by id`,
  'drop table ledger_lines',
  'drop function check_entries()',
  `create trigger ledger_entries_only_grow before update or delete or truncate on ledger_entries
    for each statement execute function refuse_change()`,
  `create view ledger_lines as
    select id, event_id, out_trade_no, debit as account, amount_fen from ledger_entries
    union all
    select id, event_id, out_trade_no, credit, -amount_fen from ledger_entries`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
