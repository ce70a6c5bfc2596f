/**
 * What the order service needs from a database. Every change of an order is one call and one transaction: the
 * order is locked, `decide` (pure and synchronous) says what happens, and the new order, its ledger entries, its
 * line in the event log, its next time to wake and the word to the device are stored together or not at all.
 * Implementations: postgres-store.ts for real, memory-store.ts for campaigns under virtual time; the same tests
 * run against both. Invariant: events and ledger entries are only ever added.
 */
import type { Channel } from '../providers/provider';
import type { LedgerEntry } from './ledger';
import type { Order, Policy, State } from './model';

/** Who or what moved an order. */
export type Cause =
  'device' | 'gateway' | 'provider' | 'notification' | 'time' | 'reconciliation' | `person:${string}`;

/** One line of the event log, with the ledger entries that belong to it. */
export interface EventRecord {
  readonly atMs: number;
  readonly cause: Cause;
  readonly type: string;
  /** What was said, without secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly fromState: State | '';
  readonly toState: State;
  readonly entries: readonly LedgerEntry[];
}

/** What is stored of one decision. */
export interface Change {
  readonly order: Order;
  readonly records: readonly EventRecord[];
  /** A job must wake the order at this time; undefined: none that is not there already. */
  readonly wakeAtMs: number | undefined;
  /** The device must hear how the order stands. */
  readonly tell: boolean;
}

export interface LockedOrder {
  readonly order: Order;
  readonly policy: Policy;
  /** The device's current session, which alone may take a grant. */
  readonly session: number;
}

/** An order that a device asks for. */
export interface OpenRequest {
  readonly outTradeNo: string;
  readonly deviceId: string;
  readonly n: number;
  readonly channel: Channel;
  readonly amountFen: number;
  readonly ttlMs: number;
  readonly reference: string;
  readonly goods: string;
  /** Session that the request came in. */
  readonly session: number;
  readonly nowMs: number;
}

/** What the second verification looks at; an order is written only while all of it is so. */
export interface OpenFacts {
  /** Undefined when the device is not known. */
  readonly device:
    | {
        readonly merchantId: number;
        readonly isEnabled: boolean;
        readonly maxAmountFen: number;
        readonly session: number;
      }
    | undefined;
  readonly merchant: {
    readonly isEnabled: boolean;
    readonly maxAmountFen: number;
    readonly maxOpenOrders: number;
  };
  /** The channel is switched on and its parameters are complete. */
  readonly isChannelOn: boolean;
  /** The order of this number, when it is known already. */
  readonly sameNumber: Order | undefined;
  /** The latest other order of the device with the same reference, not older than asked for. */
  readonly sameReference: Order | undefined;
  /** Orders that the device opened since the time asked for. */
  readonly recentOrders: number;
  /** Orders of the merchant that are not at rest. */
  readonly openOrders: number;
}

export interface OpenWindow {
  readonly referenceSinceMs: number;
  readonly recentSinceMs: number;
  /**
   * The decision does not depend on how many recent orders there are below this, nor on how many open ones below
   * the merchant's limit: facts may then have none. 0: they are counted.
   */
  readonly recentLimit: number;
}

export interface LoggedEvent extends EventRecord {
  readonly id: number;
}

export interface Store {
  /**
   * Locks the order, if there is one, and stores what `decide` gives; nothing when it gives undefined.
   * Gives what `decide` gave, once it is durable.
   */
  change<Decision extends Change | undefined>(
    outTradeNo: string,
    decide: (locked: LockedOrder | undefined) => Decision,
  ): Promise<Decision>;
  /** The same for an order that may have to be made, decided on facts that are still so when it is stored. */
  open<Decision extends Change | undefined>(
    request: OpenRequest,
    window: OpenWindow,
    decide: (facts: OpenFacts) => Decision,
  ): Promise<Decision>;
  find(outTradeNo: string): Promise<Order | undefined>;
  /** The order as this process last saw it: its content is right, its state may be behind. */
  recent?(outTradeNo: string): Order | undefined;
  /** Orders of a device that are not at rest, by number. */
  openOrders(deviceId: string): Promise<readonly Order[]>;
  /** The order's whole story, oldest first. */
  events(outTradeNo: string): Promise<readonly LoggedEvent[]>;
  /** Sum of each ledger account, fen, by name. */
  balances(): Promise<ReadonlyMap<string, number>>;
  /** Orders that should have been woken before `beforeMs`, at most `limit`. */
  overdue(beforeMs: number, limit: number): Promise<readonly string[]>;
}
