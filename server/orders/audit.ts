/**
 * Proves the books: every ledger entry moves money for an event, every order's lines say what its state says, its event log
 * is an unbroken chain that ends in its state, nothing is stuck past the time it should have been woken, and no
 * refund has been under way for longer than any bank takes.
 * Reads only, in one snapshot, so it may run beside a busy server.
 */
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../db/schema';
import { DEFAULT_TIMES, RESTING_STATES } from './model';

/** An order that waits for somebody outside, and why. */
export type Waiting = 'device' | 'person' | 'provider';

export interface Audit {
  readonly orders: number;
  readonly entries: number;
  /** Ledger entries that move nothing, or that no line of the event log stands behind. */
  readonly unsound: readonly number[];
  /** Orders whose ledger lines are not those of their state. */
  readonly mismatched: readonly string[];
  /** Orders whose event log has a gap, or does not end in their state. */
  readonly brokenLogs: readonly string[];
  /** Orders that should have been woken, wait for nothing, or that no look at the active ones would find. */
  readonly stuck: readonly string[];
  /** Orders whose money has been on its way back for longer than `slowRefundMs`. */
  readonly slowRefunds: readonly string[];
  readonly waiting: Readonly<Record<Waiting, number>>;
  /** Sum of each account, fen. */
  readonly balances: Readonly<Record<string, number>>;
  readonly violations: number;
}

/** A wake-up call later than this is lost. */
export const STUCK_AFTER_MS = 120_000;
const LIST_LIMIT = 100;

type Reader = Kysely<Schema>;

const RESTING = RESTING_STATES.map((state) => sql.lit(state));

export async function audit(db: Reader, nowMs: number): Promise<Audit> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (reader) => {
      const unsound = await unsoundEntries(reader);
      const mismatched = await mismatchedOrders(reader);
      const brokenLogs = await brokenEventLogs(reader);
      const stuck = await stuckOrders(reader, Math.round(nowMs));
      const slowRefunds = await refundsBegunBefore(reader, Math.round(nowMs) - DEFAULT_TIMES.slowRefundMs);
      return {
        ...(await counts(reader)),
        unsound,
        mismatched,
        brokenLogs,
        stuck,
        slowRefunds,
        waiting: await waitingOrders(reader),
        balances: await sumsOfAccounts(reader),
        violations: [unsound, mismatched, brokenLogs, stuck, slowRefunds].reduce(
          (sum, { length }) => sum + length,
          0,
        ),
      };
    });
}

async function counts(db: Reader): Promise<{ orders: number; entries: number }> {
  const { rows } = await sql<{ orders: number; entries: number }>`select
    (select count(*) from orders) as orders,
    (select count(*) from ledger_entries) as entries`.execute(db);
  return rows[0]!;
}

async function unsoundEntries(db: Reader): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select ledger_entries.id from ledger_entries
    left join order_events on order_events.out_trade_no = ledger_entries.out_trade_no
      and order_events.id = ledger_entries.event_id
    where amount_fen <= 0 or debit = credit or order_events.id is null limit ${LIST_LIMIT}`.execute(db);
  return rows.map((row) => row.id);
}

/** For each state, which of the four accounts an order's payment stands on, as in ledger.ts. */
async function mismatchedOrders(db: Reader): Promise<string[]> {
  const { rows } = await sql<{ outTradeNo: string }>`
    with expected as (
      select out_trade_no,
        merchant_id || '/clearing/' || channel as clearing,
        merchant_id || '/held' as held, merchant_id || '/earned' as earned, merchant_id || '/refunds' as refunds,
        case when state in ('PAID', 'GRANTED', 'UNCERTAIN', 'DISPENSED', 'REFUNDING') then paid_fen - outside_fen else 0 end as cleared,
        case when state in ('PAID', 'GRANTED', 'UNCERTAIN') then outside_fen - paid_fen else 0 end as kept,
        case when state = 'DISPENSED' then outside_fen - paid_fen else 0 end as won,
        case when state = 'REFUNDING' then outside_fen - paid_fen else 0 end as owed
      from orders
    ), booked as (
      select expected.out_trade_no,
        coalesce(sum(amount_fen) filter (where account = clearing), 0) = max(cleared)
        and coalesce(sum(amount_fen) filter (where account = held), 0) = max(kept)
        and coalesce(sum(amount_fen) filter (where account = earned), 0) = max(won)
        and coalesce(sum(amount_fen) filter (where account = refunds), 0) = max(owed)
        and coalesce(bool_and(account in (clearing, held, earned, refunds)), true) as is_right
      from expected left join ledger_lines on ledger_lines.out_trade_no = expected.out_trade_no
      group by expected.out_trade_no
    )
    select out_trade_no from booked where not is_right limit ${LIST_LIMIT}`.execute(db);
  return rows.map((row) => row.outTradeNo);
}

async function brokenEventLogs(db: Reader): Promise<string[]> {
  const { rows } = await sql<{ outTradeNo: string }>`
    with chain as (
      select out_trade_no, id, from_state, to_state,
        lag(to_state, 1, '') over (partition by out_trade_no order by id) as before,
        row_number() over (partition by out_trade_no order by id desc) as from_end
      from order_events
    )
    select orders.out_trade_no from orders
      left join chain on chain.out_trade_no = orders.out_trade_no
      group by orders.out_trade_no, orders.state
      having not coalesce(bool_and(from_state = before), false)
        or max(to_state) filter (where from_end = 1) is distinct from orders.state
      limit ${LIST_LIMIT}`.execute(db);
  return rows.map((row) => row.outTradeNo);
}

async function stuckOrders(db: Reader, nowMs: number): Promise<string[]> {
  const { rows } = await sql<{ outTradeNo: string }>`select out_trade_no from orders
    where wake_at_ms < ${nowMs - STUCK_AFTER_MS}
      or (wake_at_ms is null and state in ('CREATED', 'PREPAID', 'PAID', 'CLOSING', 'REFUNDING'))
      or (wake_at_ms is null and state = 'GRANTED' and alarm = '' and grant_deadline_ms > ${nowMs})
      or (state = 'PREPAID' and expires_at_ms < ${nowMs - STUCK_AFTER_MS})
      or is_active is distinct from (wake_at_ms is not null or alarm <> '' or state not in (${sql.join(RESTING)}))
    limit ${LIST_LIMIT}`.execute(db);
  return rows.map((row) => row.outTradeNo);
}

async function refundsBegunBefore(db: Reader, beforeMs: number): Promise<string[]> {
  const { rows } = await sql<{ outTradeNo: string }>`select out_trade_no from orders
    where state = 'REFUNDING' and (
      select max(at_ms) from order_events
        where order_events.out_trade_no = orders.out_trade_no
          and to_state = 'REFUNDING' and from_state <> 'REFUNDING'
    ) < ${beforeMs}
    limit ${LIST_LIMIT}`.execute(db);
  return rows.map((row) => row.outTradeNo);
}

async function waitingOrders(db: Reader): Promise<Record<Waiting, number>> {
  const { rows } = await sql<Record<Waiting, number>>`select
    count(*) filter (where state = 'GRANTED') as device,
    count(*) filter (where state = 'UNCERTAIN') as person,
    count(*) filter (where state in ('CLOSING', 'REFUNDING')) as provider
    from orders`.execute(db);
  return rows[0]!;
}

async function sumsOfAccounts(db: Reader): Promise<Record<string, number>> {
  const { rows } = await sql<{ account: string; sumFen: number }>`select account, sum(amount_fen) as sum_fen
    from ledger_lines group by account order by account`.execute(db);
  return Object.fromEntries(rows.map((row) => [row.account, row.sumFen]));
}
