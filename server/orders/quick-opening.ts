/**
 * The short way for new orders. What the second verification rests on seldom changes from one order of a device to
 * the next: it is remembered, and one prepared statement writes the order only if all of it is still so, the
 * reference is new, and the limits of orders are not reached. Else nothing is written and the caller takes the long
 * way with a lock (postgres-store.ts), which decides anew on what it reads.
 * Invariant: the statement checks every fact that the decision was given.
 */
import type { Runner } from '../db/pipes';
import { isActive, RESTING_STATES, UNTOUCHED, type Order, type Policy } from './model';
import { COLUMNS, prepare, run, shapeOf, SNAKE_COLUMNS, Text, typeOf, wholeText } from './quick-writes';
import type { Change, OpenFacts, OpenRequest, OpenWindow } from './store';

/** What is remembered of a device, its merchant and the channel. */
export interface Basis {
  readonly device: NonNullable<OpenFacts['device']>;
  readonly merchant: OpenFacts['merchant'];
  readonly isChannelOn: boolean;
  readonly policy: Policy;
}

const READ_BASIS = {
  name: 'opening basis',
  text: `select devices.merchant_id, devices.is_enabled, devices.max_amount_fen, devices.session,
      merchants.is_enabled as merchant_enabled, merchants.max_amount_fen as merchant_max_fen,
      merchants.max_open_orders, merchants.uncertain_policy, merchants.refund_window_ms,
      coalesce(channels.is_enabled, false) as channel_enabled
    from devices join merchants on merchants.id = devices.merchant_id
      left join channels on channels.merchant_id = devices.merchant_id and channels.channel = $2::text
    where devices.id = $1::text`,
} as const;

interface BasisRow {
  readonly merchant_id: number;
  readonly is_enabled: boolean;
  readonly max_amount_fen: number;
  readonly session: number;
  readonly merchant_enabled: boolean;
  readonly merchant_max_fen: number;
  readonly max_open_orders: number;
  readonly uncertain_policy: Policy['uncertain'];
  readonly refund_window_ms: number;
  readonly channel_enabled: boolean;
}

/** About 300 bytes each. */
const MAX_BASES = 20_000;

/** What this process last saw of devices that opened orders, by device and channel. */
export class Bases {
  private readonly known = new Map<string, Basis>();

  /** What is remembered for the session of the request, else what stands in the database; undefined: no such device. */
  async get(runner: Runner, request: OpenRequest): Promise<Basis | undefined> {
    const known = this.known.get(keyOf(request));
    if (known?.device.session === request.session) return known;
    const basis = await readBasis(runner, request);
    if (basis) this.keep(keyOf(request), basis);
    return basis;
  }

  forget(request: OpenRequest): void {
    this.known.delete(keyOf(request));
  }

  private keep(key: string, basis: Basis): void {
    this.known.delete(key);
    this.known.set(key, basis);
    if (this.known.size > MAX_BASES) this.known.delete(this.known.keys().next().value!);
  }
}

const keyOf = ({ deviceId, channel }: OpenRequest): string => `${deviceId} ${channel}`;

async function readBasis(runner: Runner, { deviceId, channel }: OpenRequest): Promise<Basis | undefined> {
  const { rows } = await runner.query({ ...READ_BASIS, values: [deviceId, channel] });
  const row = rows[0] as BasisRow | undefined;
  return (
    row && {
      device: {
        merchantId: row.merchant_id,
        isEnabled: row.is_enabled,
        maxAmountFen: row.max_amount_fen,
        session: row.session,
      },
      merchant: {
        isEnabled: row.merchant_enabled,
        maxAmountFen: row.merchant_max_fen,
        maxOpenOrders: row.max_open_orders,
      },
      isChannelOn: row.channel_enabled,
      policy: { uncertain: row.uncertain_policy, refundWindowMs: row.refund_window_ms },
    }
  );
}

/** The facts of an opening that nothing stands in the way of: the statement makes sure of it. */
export function clearFacts({ device, merchant, isChannelOn }: Basis): OpenFacts {
  const nothing = { sameNumber: undefined, sameReference: undefined, recentOrders: 0, openOrders: 0 };
  return { device, merchant, isChannelOn, ...nothing };
}

const RESTING = RESTING_STATES.map((state) => `'${state}'`).join(', ');
/**
 * Takes hold when everything is as `clearFacts` said. The merchant is compared in a way that no index serves: the
 * device is to be found by its own key, and not among all of the merchant's.
 */
const GATE = `update devices set last_order = greatest(last_order, $1::bigint)
  from merchants left join channels on channels.merchant_id = merchants.id and channels.channel = $2::text
  where devices.id = $3::text and devices.session = $4::bigint and devices.is_enabled = $5::boolean
    and devices.max_amount_fen = $6::bigint and devices.merchant_id is not distinct from $7::bigint
    and merchants.id = $7::bigint and merchants.is_enabled = $8::boolean and merchants.max_amount_fen = $9::bigint
    and merchants.max_open_orders = $10::integer and coalesce(channels.is_enabled, false) = $11::boolean
    and ($12::text = '' or not exists (select 1 from orders where device_id = $3::text
      and reference = $12::text and created_at_ms >= $13::bigint and state <> 'REFUSED'))
    and (select count(*) from (select 1 from orders where device_id = $3::text
      and created_at_ms > $14::bigint limit $15::integer) as recent) < $15::integer
    and (select count(*) from (select 1 from orders where merchant_id = $7::bigint
      and is_active and state not in (${RESTING}) limit $10::integer) as open_ones) < $10::integer`;

function gateValues(
  request: OpenRequest,
  window: OpenWindow,
  { device, merchant, isChannelOn }: Basis,
): unknown[] {
  return [
    request.n,
    request.channel,
    request.deviceId,
    device.session,
    device.isEnabled,
    device.maxAmountFen,
    device.merchantId,
    merchant.isEnabled,
    merchant.maxAmountFen,
    merchant.maxOpenOrders,
    isChannelOn,
    request.reference,
    Math.round(window.referenceSinceMs),
    Math.round(window.recentSinceMs),
    window.recentLimit,
  ];
}

/** The table's own defaults, which a new order usually has. */
const DEFAULTS: Partial<Order> = { reason: 0, ...UNTOUCHED };

/** Whether the column of a new order is to be written. */
function isStated(order: Order, column: keyof Order): boolean {
  const value = order[column];
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && !(column in DEFAULTS && DEFAULTS[column] === value);
}

/** Writes a new order; false when something is not as `clearFacts` said, or the order is there already. */
export async function writeNew(
  runner: Runner,
  change: Change,
  request: OpenRequest,
  window: OpenWindow,
  basis: Basis,
): Promise<boolean> {
  const { order } = change;
  const stated: number[] = [];
  for (let column = 0; column < COLUMNS.length; column++) {
    if (isStated(order, COLUMNS[column]!)) stated.push(column);
  }
  const values = gateValues(request, window, basis);
  const statement = prepare(`new/${stated.join('.')}/${shapeOf(change)}`, () =>
    newText(change, stated, values.length),
  );
  if (!statement) return false;
  for (const column of stated) values.push(order[COLUMNS[column]!]);
  values.push(isActive(order));
  return run(runner, statement, change, values);
}

function newText(change: Change, stated: readonly number[], gateCount: number): string {
  const text = new Text(gateCount);
  const values = stated.map((column) => text.put(typeOf(column)));
  const act = `insert into orders (${stated.map((column) => SNAKE_COLUMNS[column]).join(', ')}, is_active)
    select ${values.join(', ')}, ${text.put('boolean')} from gate on conflict do nothing`;
  const head = [
    { name: 'gate', act: GATE, returning: 'devices.id' },
    { name: 'saved', act, returning: 'out_trade_no' },
  ];
  return wholeText(text, head, change);
}
