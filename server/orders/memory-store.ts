/**
 * The store in memory (store.ts says what it promises), for campaigns under virtual time: what was stored
 * survives a server that is dropped and made anew, as a database would. Devices and merchants, which the real
 * store joins from their tables, are set here. The same tests run against this and PostgreSQL.
 * Invariant: as in PostgreSQL, a change that breaks a rule of the schema throws and nothing of it is kept.
 */
import type { Channel } from '../providers/provider';
import { isResting, type Order, type Policy } from './model';
import type { Change, LockedOrder, LoggedEvent, OpenFacts, OpenRequest, OpenWindow, Store } from './store';

export interface MemoryMerchant {
  isEnabled: boolean;
  maxAmountFen: number;
  maxOpenOrders: number;
  policy: Policy;
  readonly channels: Set<Channel>;
}

export interface MemoryDevice {
  readonly merchantId: number;
  isEnabled: boolean;
  maxAmountFen: number;
  session: number;
  lastOrder: number;
}

/** A wake-up call that is stored with the change that asked for it. */
export interface StoredWake {
  readonly id: number;
  readonly outTradeNo: string;
  readonly atMs: number;
}

const CONTENT = ['deviceId', 'n', 'merchantId', 'channel', 'amountFen', 'reference', 'goods'] as const;

export class MemoryStore implements Store {
  readonly merchants = new Map<number, MemoryMerchant>();
  readonly devices = new Map<string, MemoryDevice>();
  /** Wake-up calls not yet done, by id. */
  readonly wakes = new Map<number, StoredWake>();
  /** Words to devices not yet said: device/n → version. */
  readonly outbox = new Map<string, number>();
  private readonly orders = new Map<string, Order>();
  private readonly log = new Map<string, LoggedEvent[]>();
  private readonly sums = new Map<string, number>();
  private counted = 0;

  /** `onWake` hears of each wake-up call as it is stored. */
  constructor(private readonly onWake: (wake: StoredWake) => void = () => undefined) {}

  async change<Decision extends Change | undefined>(
    outTradeNo: string,
    decide: (locked: LockedOrder | undefined) => Decision,
  ): Promise<Decision> {
    const order = this.orders.get(outTradeNo);
    const decision = decide(order && this.locked(order));
    if (decision) this.write(decision, order);
    return decision;
  }

  async open<Decision extends Change | undefined>(
    request: OpenRequest,
    window: OpenWindow,
    decide: (facts: OpenFacts) => Decision,
  ): Promise<Decision> {
    const decision = decide(this.facts(request, window));
    if (decision) this.write(decision, undefined);
    return decision;
  }

  recent(outTradeNo: string): Order | undefined {
    return this.orders.get(outTradeNo);
  }

  async find(outTradeNo: string): Promise<Order | undefined> {
    return this.orders.get(outTradeNo);
  }

  async openOrders(deviceId: string): Promise<readonly Order[]> {
    const open = [...this.orders.values()].filter(
      (order) => order.deviceId === deviceId && !isResting(order.state),
    );
    return open.sort((left, right) => left.n - right.n);
  }

  async events(outTradeNo: string): Promise<readonly LoggedEvent[]> {
    return [...(this.log.get(outTradeNo) ?? [])];
  }

  async balances(): Promise<ReadonlyMap<string, number>> {
    return new Map([...this.sums].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  async overdue(beforeMs: number, limit: number): Promise<readonly string[]> {
    const late = [...this.orders.values()].filter((order) => (order.wakeAtMs ?? Infinity) < beforeMs);
    late.sort((left, right) => left.wakeAtMs! - right.wakeAtMs!);
    return late.slice(0, limit).map((order) => order.outTradeNo);
  }

  /** Every order, for those who judge a campaign. */
  all(): readonly Order[] {
    return [...this.orders.values()];
  }

  private locked(order: Order): LockedOrder {
    const { policy } = this.merchants.get(order.merchantId)!;
    return { order, policy, session: this.devices.get(order.deviceId)!.session };
  }

  private facts(request: OpenRequest, window: OpenWindow): OpenFacts {
    const device = this.devices.get(request.deviceId);
    const merchant = device && this.merchants.get(device.merchantId);
    const ofDevice = [...this.orders.values()].filter((order) => order.deviceId === request.deviceId);
    const sameReference = ofDevice
      .filter((order) => order.reference !== '' && order.reference === request.reference)
      .filter((order) => order.createdAtMs >= window.referenceSinceMs && order.state !== 'REFUSED')
      .filter((order) => order.n !== request.n)
      .sort((left, right) => right.createdAtMs - left.createdAtMs || right.n - left.n)[0];
    const openOrders = [...this.orders.values()].filter(
      (order) => order.merchantId === device?.merchantId && !isResting(order.state),
    ).length;
    return {
      device,
      merchant: merchant ?? { isEnabled: false, maxAmountFen: 0, maxOpenOrders: 0 },
      isChannelOn: merchant?.channels.has(request.channel) ?? false,
      sameNumber: this.orders.get(request.outTradeNo),
      sameReference,
      recentOrders: ofDevice.filter((order) => order.createdAtMs > window.recentSinceMs).length,
      openOrders,
    };
  }

  private write(change: Change, before: Order | undefined): void {
    const { order, records } = change;
    this.check(change, before);
    // From here on nothing may fail.
    this.orders.set(order.outTradeNo, order);
    const log = this.log.get(order.outTradeNo) ?? [];
    this.log.set(order.outTradeNo, log);
    for (const record of records) {
      log.push({ ...record, id: ++this.counted });
      for (const { debit, credit, amountFen } of record.entries) {
        this.sums.set(debit, (this.sums.get(debit) ?? 0) + amountFen);
        this.sums.set(credit, (this.sums.get(credit) ?? 0) - amountFen);
      }
    }
    if (!before) {
      const device = this.devices.get(order.deviceId)!;
      device.lastOrder = Math.max(device.lastOrder, order.n);
    }
    if (change.tell) this.outbox.set(`${order.deviceId}/${order.n}`, order.version);
    if (change.wakeAtMs !== undefined) {
      const wake = { id: ++this.counted, outTradeNo: order.outTradeNo, atMs: change.wakeAtMs };
      this.wakes.set(wake.id, wake);
      this.onWake(wake);
    }
  }

  /** What the schema of the real store refuses. */
  private check({ order, records }: Change, before: Order | undefined): void {
    if (!before && this.orders.has(order.outTradeNo)) throw new Error(`ORDER: ${order.outTradeNo} is there`);
    if (before && order.version !== before.version + 1) {
      throw new Error(`ORDER: ${order.outTradeNo} is not at version ${order.version - 1}`);
    }
    if (before && CONTENT.some((key) => before[key] !== order[key])) {
      throw new Error(`MONEY: content of order ${order.outTradeNo} may not change`);
    }
    for (const { debit, credit, amountFen } of records.flatMap((record) => record.entries)) {
      if (amountFen <= 0 || debit === credit)
        throw new Error('MONEY: violates the check ledger_entries_sound');
    }
  }
}
