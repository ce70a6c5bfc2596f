/**
 * What the situations for hosts have to play with: a reference module on the maker's line, a filter that can lose or spoil
 * what the module sends, and every frame of the host with its time. Whoever holds the machine is asked to start orders.
 */
import type { Clock } from '../../sim/time/clock';
import { HostType } from '../../src/protocol/host';
import type { TraceEntry } from '../host/exchange';
import { HostError } from '../host/errors';
import type { HostPort } from '../host/port';
import { Skipped } from './checks';
import type { ModuleOrder } from './orders';
import { ReferenceModule } from './reference-module';

export interface HostSeen {
  readonly atMs: number;
  readonly type: number;
  readonly seq: number;
  readonly bytes: Buffer;
  readonly payload: string;
}

/** What a frame of the module becomes on its way: itself, something else, or nothing. */
export type Filter = (bytes: Buffer) => Buffer | undefined;

/** Whoever holds the machine: told at once, what comes of it shows on the line. Without `canRestart` situations are skipped. */
export interface Operator {
  /** An order shall be started on the machine. */
  sell(): void;
  /** The machine shall lose power and get it back. */
  restart(): void;
  readonly canRestart: boolean;
  readonly delivers: boolean;
}

const LOOK_MS = 20;
/** How long a person has to press a button. */
const ORDER_LIMIT_MS = 120_000;

export class HostContext {
  readonly module: ReferenceModule;
  readonly seen: HostSeen[] = [];
  /** References of all orders, in the order of their PAY. */
  readonly references: string[] = [];
  filter: Filter = (bytes) => bytes;

  constructor(
    port: HostPort,
    readonly clock: Clock,
    readonly operator: Operator,
    onTrace: (entry: TraceEntry) => void = () => {},
  ) {
    const filtered: HostPort = {
      name: port.name,
      baud: port.baud,
      onData: () => {},
      onClose: () => {},
      write: (bytes) => {
        const rest = this.filter(Buffer.from(bytes));
        if (rest) port.write(rest);
      },
      close: () => port.close(),
    };
    this.module = new ReferenceModule(filtered, {
      clock,
      onTrace: (entry) => {
        onTrace(entry);
        this.note(entry);
      },
    });
    port.onData = (bytes) => filtered.onData(bytes);
    port.onClose = (why) => filtered.onClose(why);
  }

  pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(resolve, durationMs));
  }

  /** The first frame of the host from number `from` on that fits; undefined after `limitMs`. */
  async find(
    isIt: (seen: HostSeen) => boolean,
    limitMs: number,
    from = this.seen.length,
  ): Promise<HostSeen | undefined> {
    const endMs = this.clock.nowMs() + limitMs;
    for (let at = from; ;) {
      for (; at < this.seen.length; at++) if (isIt(this.seen[at]!)) return this.seen[at];
      if (this.clock.nowMs() >= endMs) return undefined;
      await this.pause(LOOK_MS);
    }
  }

  /** Waits until `isTrue`, or throws a sentence. */
  async until(what: string, isTrue: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.clock.nowMs() + limitMs;
    while (!isTrue()) {
      if (this.clock.nowMs() >= endMs)
        throw new HostError('timeout', `${what} did not happen within ${limitMs / 1000} s`);
      await this.pause(LOOK_MS);
    }
  }

  /** The next order that the machine starts; asks for it. */
  async nextOrder(): Promise<ModuleOrder> {
    const count = this.module.orders.all.length;
    this.operator.sell();
    await this.until('an order of the machine', () => this.module.orders.all.length > count, ORDER_LIMIT_MS);
    return this.module.orders.all[count]!;
  }

  /** Waits until an order stands in one of these states. */
  stateOf(order: ModuleOrder, states: readonly number[], limitMs: number): Promise<void> {
    return this.until(
      `state ${states.join(' or ')} of order ${order.order}`,
      () => states.includes(order.state),
      limitMs,
    );
  }

  /** Needs a machine that delivers by itself; leaves the situation otherwise. */
  needDelivery(): void {
    if (!this.operator.delivers) throw new Skipped('the machine leaves delivery to the relay: --delivers');
  }

  /** Frames of the host of one type, from number `from` on. */
  framesOf(type: HostType, from: number): HostSeen[] {
    return this.seen.slice(from).filter((seen) => seen.type === type);
  }

  private note({ direction, frame, bytes }: TraceEntry): void {
    if (direction !== 'received' || !frame) return;
    this.seen.push({
      atMs: this.clock.nowMs(),
      type: frame.type,
      seq: frame.seq,
      bytes,
      payload: frame.payload,
    });
    if (frame.type !== HostType.Pay) return;
    const reference = frame.payload.substr(8, frame.payload.charCodeAt(7));
    if (this.references.at(-1) !== reference) this.references.push(reference);
  }
}
