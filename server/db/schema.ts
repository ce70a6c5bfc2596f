/**
 * The tables as TypeScript sees them (names in camel case by Kysely's plugin). Kept beside the migrations, which
 * are the truth. Numbers of bigint columns are safe integers; database.ts refuses any other.
 */
import type { ColumnType, Generated } from 'kysely';
import type { Channel } from '../providers/provider';
import type { DifferenceKind, Rule } from '../providers/reconciliation';
import type { Alarm, Order, State, UncertainPolicy } from '../orders/model';

/** A jsonb column: read as a value, written as JSON text. */
type Json = ColumnType<Record<string, unknown>, string, string>;

type DefaultJson = ColumnType<Record<string, unknown>, string | undefined, string>;

export interface MerchantsTable {
  id: Generated<number>;
  name: string;
  isEnabled: Generated<boolean>;
  maxAmountFen: number;
  maxOpenOrders: number;
  uncertainPolicy: UncertainPolicy;
  refundWindowMs: number;
  createdAtMs: number;
}

export interface ChannelsTable {
  merchantId: number;
  channel: Channel;
  isEnabled: boolean;
  sealedParameters: string;
  version: number;
  updatedAtMs: number;
}

export interface DevicesTable {
  id: string;
  merchantId: number;
  name: Generated<string>;
  isEnabled: Generated<boolean>;
  sealedKey: string;
  maxAmountFen: number;
  session: Generated<number>;
  isOnline: Generated<boolean>;
  seenAtMs: number | null;
  connectedAtMs: number | null;
  lastOrder: Generated<number>;
  facts: DefaultJson;
  settings: DefaultJson;
  settingsVersion: Generated<number>;
  createdAtMs: number;
}

/** As the model has it, except that SQL says null where the model says undefined. */
export type OrdersTable = {
  -readonly [Key in Exclude<keyof Order, 'wakeAtMs' | 'jobAtMs' | 'state' | 'alarm'>]: Order[Key];
} & {
  state: State;
  alarm: Alarm;
  wakeAtMs: number | null;
  jobAtMs: number | null;
  /** As `isActive` has it (orders/model.ts): kept apart from what it follows from, so that indexes rest on it. */
  isActive: boolean;
};

export interface OrderEventsTable {
  id: Generated<number>;
  outTradeNo: string;
  atMs: number;
  cause: string;
  type: string;
  detail: Json;
  fromState: State | '';
  toState: State;
}

export interface LedgerEntriesTable {
  id: Generated<number>;
  outTradeNo: string;
  eventId: number;
  debit: string;
  credit: string;
  amountFen: number;
}

/** A view: each entry as its two lines, the debit positive. */
export interface LedgerLinesView {
  id: number;
  eventId: number;
  outTradeNo: string;
  account: string;
  amountFen: number;
}

export interface OutboxTable {
  deviceId: string;
  n: number;
  version: number;
  atMs: number;
}

export interface ReconciliationsTable {
  merchantId: number;
  channel: Channel;
  /** `YYYY-MM-DD`, China time. */
  day: string;
  /** EMPTY: no bill and nothing in the ledger either. MISSING: no bill, though the ledger has something. */
  state: 'WAITING' | 'DONE' | 'EMPTY' | 'MISSING';
  /** Why it waits: the provider's last answer. */
  code: Generated<string>;
  tries: Generated<number>;
  nextTryAtMs: number | null;
  doneAtMs: number | null;
  billLines: Generated<number>;
  paidFen: Generated<number>;
  refundedFen: Generated<number>;
}

export interface DifferencesTable {
  id: Generated<number>;
  merchantId: number;
  channel: Channel;
  day: string;
  kind: DifferenceKind;
  rule: Rule;
  outTradeNo: string;
  outRefundNo: string;
  transactionId: string;
  billFen: number | null;
  ledgerFen: number | null;
  foundAtMs: number;
  isOpen: Generated<boolean>;
  /** What was found or done: a code. */
  outcome: Generated<string>;
  note: Generated<string>;
  endedAtMs: number | null;
  endedBy: Generated<string>;
}

export interface ApiTokensTable {
  id: Generated<number>;
  name: string;
  merchantId: number | null;
  tokenHash: Buffer;
  createdAtMs: number;
  revokedAtMs: number | null;
}

export interface DtuTokensTable {
  id: Generated<number>;
  name: string;
  merchantId: number;
  deviceId: string | null;
  tokenHash: Buffer;
  createdAtMs: number;
  revokedAtMs: number | null;
}

export interface DtuStreamsTable {
  deviceId: string;
  address: string;
  ticket: string;
  openedAtMs: number;
}

export interface DtuDaysTable {
  deviceId: string;
  /** `YYYY-MM-DD`, China time. */
  day: string;
  upBytes: number;
  downBytes: number;
}

export interface DtuDevicesTable {
  deviceId: string;
  /** Null: the server's limit. */
  dayBytes: Generated<number | null>;
  bytesPerSecond: Generated<number | null>;
  lastEnd: Generated<string | null>;
  lastEndAtMs: Generated<number | null>;
}

export interface Schema {
  merchants: MerchantsTable;
  channels: ChannelsTable;
  devices: DevicesTable;
  orders: OrdersTable;
  orderEvents: OrderEventsTable;
  ledgerEntries: LedgerEntriesTable;
  ledgerLines: LedgerLinesView;
  outbox: OutboxTable;
  apiTokens: ApiTokensTable;
  reconciliations: ReconciliationsTable;
  differences: DifferencesTable;
  dtuTokens: DtuTokensTable;
  dtuStreams: DtuStreamsTable;
  dtuDays: DtuDaysTable;
  dtuDevices: DtuDevicesTable;
}
