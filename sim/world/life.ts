/**
 * The life of one server process: what it may still ask of the world. When it has ended, its timers do not fire
 * and its questions are never answered, so that code which was waiting simply stops, as in a process that was
 * killed. Invariant: a change is durable wholly or not at all, and nobody dead learns which.
 */
import type { MemoryStore } from '../../server/orders/memory-store';
import type { Order } from '../../server/orders/model';
import type { Change, LockedOrder, OpenFacts, Store } from '../../server/orders/store';
import type { Clock } from '../time/clock';

/** Before the change is durable, or right after it, before anybody hears of it. */
export type CrashPhase = 'before' | 'after';

export interface ChangeWatch {
  onChange(before: Order | undefined, change: Change): void;
}

const NEVER = new Promise<never>(() => undefined);

export class Life {
  isAlive = true;
  readonly clock: Clock;
  private skip = 0;
  private phase: CrashPhase | undefined;
  private onCrash: () => void = () => undefined;

  constructor(clock: Clock) {
    this.clock = {
      nowMs: () => clock.nowMs(),
      setTimer: (callback, delayMs) =>
        clock.setTimer(() => {
          if (this.isAlive) callback();
        }, delayMs),
      clearTimer: (timer) => clock.clearTimer(timer),
    };
  }

  /** The process is gone. */
  end(): void {
    this.isAlive = false;
  }

  /** Calls `onCrash` at the change after `skip` more. */
  arm(skip: number, phase: CrashPhase, onCrash: () => void): void {
    this.skip = skip;
    this.phase = phase;
    this.onCrash = onCrash;
  }

  /** The store as this process may use it while it lives. */
  guard(store: MemoryStore, watch: ChangeWatch): Store {
    const alive = <Value>(work: Promise<Value>): Promise<Value> =>
      this.isAlive ? work.then((value) => (this.isAlive ? value : NEVER)) : NEVER;
    return {
      change: (outTradeNo, decide) => {
        if (!this.isAlive) return NEVER;
        let before: Order | undefined;
        const guarded = (locked: LockedOrder | undefined): ReturnType<typeof decide> => {
          before = locked?.order;
          return this.beforeChange(decide(locked));
        };
        return alive(
          store.change(outTradeNo, guarded).then((change) => this.afterChange(before, change, watch)),
        );
      },
      open: (request, window, decide) => {
        if (!this.isAlive) return NEVER;
        const guarded = (facts: OpenFacts): ReturnType<typeof decide> => this.beforeChange(decide(facts));
        const stored = store.open(request, window, guarded);
        return alive(stored.then((change) => this.afterChange(undefined, change, watch)));
      },
      find: (outTradeNo) => alive(store.find(outTradeNo)),
      openOrders: (deviceId) => alive(store.openOrders(deviceId)),
      events: (outTradeNo) => alive(store.events(outTradeNo)),
      balances: () => alive(store.balances()),
      overdue: (beforeMs, limit) => alive(store.overdue(beforeMs, limit)),
    };
  }

  private beforeChange<Decision extends Change | undefined>(decision: Decision): Decision {
    if (!decision || this.phase !== 'before' || this.skip-- > 0) return decision;
    this.phase = undefined;
    this.onCrash();
    return undefined as Decision;
  }

  private afterChange<Decision extends Change | undefined>(
    before: Order | undefined,
    change: Decision,
    watch: ChangeWatch,
  ): Decision {
    if (!change) return change;
    watch.onChange(before, change);
    if (this.phase === 'after' && this.skip-- <= 0) {
      this.phase = undefined;
      this.onCrash();
    }
    return change;
  }
}
