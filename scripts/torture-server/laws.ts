/**
 * The money laws at rest, over three ledgers: what machines and customers saw (fleet.ts), the server's orders and
 * books, and the provider's own records. Each broken law is one line that names the order.
 */
import { Client } from 'pg';
import { openDatabase } from '../../server/db/database';
import { audit } from '../../server/orders/audit';
import { systemClock } from '../../server/time';
import { OrderState } from '../../src/protocol/codes';
import type { ShadowOrder } from './fleet';
import type { Site } from './site';

export type Violate = (law: string, what: string) => void;

interface Trade {
  readonly channel: string;
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly refundedFen: number;
  readonly paidMs: number | null;
  readonly refunds: readonly { readonly state: string }[];
}

interface Row {
  readonly outTradeNo: string;
  readonly merchantId: number;
  readonly channel: string;
  readonly state: string;
  readonly amountFen: number;
  readonly paidFen: number;
  readonly alarm: string;
}

export interface Settled {
  readonly paid: number;
  readonly refunded: number;
  readonly refundsClosed: number;
  readonly alarms: Readonly<Record<string, number>>;
}

/** The provider's clock and the machines' are the same; what was measured crossed a process. */
const CLOCK_SLACK_MS = 1_000;
const PAGE = 1_000;
const MAX_STORIES = 5;
const ORDER_NAME = /\bTD\d+_\d+\b/g;
/** What a device may end in for each state of the server. */
const ENDS: Readonly<Record<string, readonly OrderState[]>> = {
  DISPENSED: [OrderState.Done],
  // Paid after it was closed: the device has forgotten it, and the money went back.
  REFUNDED: [OrderState.Refunded, OrderState.Closed, OrderState.Refused],
  CLOSED: [OrderState.Closed],
  REFUSED: [OrderState.Refused, OrderState.Closed],
};

/** Orders of the server that are not at rest, or still have something to do. */
export async function unrested(databaseUrl: string): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select out_trade_no || ' ' || state || ' ' || alarm as name from orders
        where state not in ('DISPENSED', 'CLOSED', 'REFUNDED', 'REFUSED') or wake_at_ms is not null`,
    );
    return rows.map((row) => row.name);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function judge(
  site: Site,
  shadows: ReadonlyMap<string, ShadowOrder>,
  violate: Violate,
  say: (text: string) => void,
): Promise<Settled> {
  const broken = new Set<string>();
  const trades = await allTrades(site);
  const { rows, balances, alarms } = await serverBooks(site, (law, what) => {
    for (const name of what.match(ORDER_NAME) ?? []) broken.add(name);
    violate(law, what);
  });
  for (const row of rows.values()) {
    if (!shadows.has(row.outTradeNo))
      violate('L1', `${row.outTradeNo} is on the server, but was never opened`);
  }
  let paid = 0;
  let refunded = 0;
  for (const shadow of shadows.values()) {
    const trade = trades.get(shadow.outTradeNo);
    const row = rows.get(shadow.outTradeNo);
    judgeOrder(shadow, row, trade, (law, what) => {
      broken.add(shadow.outTradeNo);
      violate(law, what);
    });
    if (trade?.paidMs) paid += 1;
    if (row?.state === 'REFUNDED') refunded += 1;
  }
  judgeSums(trades, rows, balances, violate);
  const { faults } = await site.ask<{ faults: unknown[] }>('GET', '/sandbox/audit');
  if (faults.length > 0) violate('L4', `the provider's own books are broken: ${JSON.stringify(faults)}`);
  const refunds = [...trades.values()].flatMap((trade) => trade.refunds);
  const refundsClosed = refunds.filter(({ state }) => state === 'CLOSED').length;
  for (const line of await stories(site, [...broken].slice(0, MAX_STORIES))) say(line);
  return { paid, refunded, refundsClosed, alarms };
}

function judgeOrder(
  shadow: ShadowOrder,
  row: Row | undefined,
  trade: Trade | undefined,
  violate: Violate,
): void {
  const { outTradeNo, delivered } = shadow;
  const say = (law: string, what: string): void =>
    violate(
      law,
      `${outTradeNo} ${what} (device ${shadow.state}, server ${row?.state}, provider ${JSON.stringify(trade)})`,
    );
  const isPaid = typeof trade?.paidMs === 'number';
  if (shadow.state < OrderState.Done) say('L7', 'is not over on the device');
  if (!row) {
    if (isPaid || delivered > 0) say('L1', 'is not on the server');
    return;
  }
  if (row.amountFen !== shadow.amountFen || row.channel !== shadow.channel) say('L4', 'has other content');
  if (delivered > 0 && (!trade?.paidMs || trade.paidMs > shadow.deliveredAtMs + CLOCK_SLACK_MS))
    say('L2', 'was delivered before it was paid');
  if (isPaid !== (row.state === 'DISPENSED' || row.state === 'REFUNDED'))
    say('L3', 'is paid, or is not, as the provider does not say');
  if (row.state === 'DISPENSED' && delivered === 0 && !shadow.wasUncertain)
    say('L3', 'is called delivered, and was not');
  if (row.state === 'REFUNDED' && delivered > 0 && !shadow.wasUncertain && !shadow.wasTakenBack)
    say('L3', 'was delivered and refunded');
  const givenBackFen = row.state === 'REFUNDED' ? row.amountFen : 0;
  if (trade && trade.refundedFen !== givenBackFen) say('L4', 'was refunded otherwise at the provider');
  if (isPaid && row.paidFen !== trade.amountFen) say('L4', 'was paid otherwise at the provider');
  if (!ENDS[row.state]?.includes(shadow.state)) say('L4', 'ended otherwise on the device');
}

/** Money in is money delivered and money given back, for each merchant and channel, in all three ledgers. */
function judgeSums(
  trades: ReadonlyMap<string, Trade>,
  rows: ReadonlyMap<string, Row>,
  balances: Readonly<Record<string, number>>,
  violate: Violate,
): void {
  const expected = new Map<string, number>();
  const add = (account: string, amountFen: number): void => {
    expected.set(account, (expected.get(account) ?? 0) + amountFen);
  };
  for (const row of rows.values()) {
    const trade = trades.get(row.outTradeNo);
    const heldFen = trade?.paidMs ? trade.amountFen - trade.refundedFen : 0;
    add(`${row.merchantId}/clearing/${row.channel}`, heldFen);
    if (row.state === 'DISPENSED') add(`${row.merchantId}/earned`, -heldFen);
  }
  for (const account of new Set([...expected.keys(), ...Object.keys(balances)])) {
    const [ours, theirs] = [balances[account] ?? 0, expected.get(account) ?? 0];
    if (ours + 0 !== theirs + 0)
      violate('L4', `${account} is ${ours} in the books, ${theirs} by the provider`);
  }
}

async function serverBooks(
  site: Site,
  violate: Violate,
): Promise<{
  rows: Map<string, Row>;
  balances: Readonly<Record<string, number>>;
  alarms: Record<string, number>;
}> {
  const database = openDatabase({
    url: site.databaseUrl,
    maxConnections: 2,
    applicationName: 'torture',
    onError: () => undefined,
  });
  try {
    const report = await audit(database.db, systemClock.nowMs());
    for (const kind of ['unsound', 'mismatched', 'brokenLogs', 'stuck', 'slowRefunds'] as const) {
      for (const which of report[kind])
        violate(kind === 'stuck' || kind === 'slowRefunds' ? 'L7' : 'L4', `ledger check: ${kind} ${which}`);
    }
    const found = await database.db
      .selectFrom('orders')
      .select(['outTradeNo', 'merchantId', 'channel', 'state', 'amountFen', 'paidFen', 'alarm'])
      .execute();
    const alarms: Record<string, number> = {};
    for (const { alarm, outTradeNo } of found) {
      if (alarm !== '') alarms[alarm] = (alarms[alarm] ?? 0) + 1;
      if (alarm === 'CONTRADICTION' || alarm === 'SECOND_PAYMENT')
        violate('L3', `${outTradeNo} has alarm ${alarm}`);
    }
    return { rows: new Map(found.map((row) => [row.outTradeNo, row])), balances: report.balances, alarms };
  } finally {
    await database.close();
  }
}

/** What happened on the server to orders that broke a law. */
async function stories(site: Site, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const client = new Client({ connectionString: site.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ line: string }>(
      `select out_trade_no || ' ' || at_ms || ' ' || cause || ' ' || type || ' ' || detail || ' '
          || from_state || ' -> ' || to_state as line
        from order_events where out_trade_no = any($1) order by out_trade_no, id`,
      [names],
    );
    return rows.map((row) => row.line);
  } finally {
    await client.end();
  }
}

async function allTrades(site: Site): Promise<Map<string, Trade>> {
  const trades = new Map<string, Trade>();
  for (let offset = 0; ; offset += PAGE) {
    const page = await site.ask<{ total: number; trades: Trade[] }>(
      'GET',
      `/sandbox/trades?offset=${offset}&limit=${PAGE}`,
    );
    for (const trade of page.trades) trades.set(trade.outTradeNo, trade);
    if (offset + PAGE >= page.total) return trades;
  }
}

/** L6: nothing that must stay secret is in what the servers said. */
export function judgeSecrecy(
  output: readonly string[],
  secrets: ReadonlyMap<string, string>,
  violate: Violate,
): void {
  const text = output.join('');
  for (const [name, secret] of secrets) if (text.includes(secret)) violate('L6', `${name} is in the log`);
}
