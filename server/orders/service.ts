/**
 * The one door to every order: takes what devices, providers, time and people say, lets the machine decide, has
 * the store keep it, and only then acts on it (a call to the provider, a word to the device).
 * Database, clock, and what acts are interfaces, so the same service runs in a campaign under virtual time.
 * Invariant: nothing leaves this server on account of a change before that change is durable.
 */
import { Reason } from '../../src/protocol/codes';
import type { Clock } from '../time';
import { isJobMissing, type Order, type OrderEvent, type Times, UNTOUCHED } from './model';
import { applyEvent } from './order';
import type { Context } from './rules';
import type { Cause, Change, EventRecord, LockedOrder, OpenFacts, OpenRequest, Store } from './store';
import { clampTtlMs, isSameContent, verifyOpening, type OpenLimits } from './verification';

/** Tells devices how their orders stand; losing a call is made good by the outbox. */
export interface Push {
  /** `granted`: the change gave a grant to the session that `sessionOf` had named. */
  tell(order: Order, granted: boolean): void;
  /** The session on which the device is connected to this process, if it is. */
  sessionOf?(deviceId: string): number | undefined;
}

/** Does what orders wait for; losing a call is made good by the order's wake-up job. */
export interface Dispatcher {
  /** Makes the provider call that the order's state asks for, soon. */
  act(outTradeNo: string): void;
}

/** Counts and reports; must not throw. */
export interface Observer {
  changed(before: Order | undefined, change: Change): void;
}

export interface ServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly times: Times;
  readonly limits: OpenLimits;
  readonly observer?: Observer;
}

/** A change, and what became of the wish that caused it. */
export interface Applied extends Change {
  readonly refusal: Reason;
  /** A grant was given in this change and may now be sent. */
  readonly granted: boolean;
}

export interface Opened {
  readonly order: Order | undefined;
  readonly refusal: Reason;
}

interface Decided extends Applied {
  readonly act: boolean;
  readonly before: Order | undefined;
}

export class OrderService {
  private push: Push = { tell: () => undefined };
  private dispatcher: Dispatcher = { act: () => undefined };

  constructor(private readonly options: ServiceOptions) {}

  /** Connects what acts; until then, changes are only kept, and the jobs take them up. */
  connect(push: Push, dispatcher: Dispatcher): void {
    this.push = push;
    this.dispatcher = dispatcher;
  }

  /**
   * A device asks for an order: `pay`. The same number with the same content is the same order.
   * Gives undefined when the session is no longer the device's newest.
   */
  async open(
    request: Omit<OpenRequest, 'ttlMs' | 'nowMs' | 'outTradeNo'> & { ttlS: number },
  ): Promise<Opened | undefined> {
    const nowMs = this.options.clock.nowMs();
    const { ttlS, ...wish } = request;
    const full: OpenRequest = {
      ...wish,
      outTradeNo: outTradeNoOf(request.deviceId, request.n),
      ttlMs: clampTtlMs(ttlS, this.options.limits),
      nowMs,
    };
    const window = {
      referenceSinceMs: nowMs - this.options.limits.referenceWindowMs,
      recentSinceMs: nowMs - this.options.limits.rateWindowMs,
      recentLimit: this.options.limits.ordersPerWindow,
    };
    let answer: Opened | undefined;
    const decided = await this.options.store.open(full, window, (facts) => {
      const { change, opened } = this.decideOpening(full, facts);
      answer = opened;
      return change;
    });
    if (decided) this.follow(decided);
    return answer;
  }

  /** Applies events to an order, one after the other, in one transaction. Undefined: no such order. */
  async apply(outTradeNo: string, cause: Cause, ...events: OrderEvent[]): Promise<Applied | undefined> {
    return this.applyIf(outTradeNo, cause, () => events);
  }

  /** The same, where what to apply depends on the locked order. */
  async applyIf(
    outTradeNo: string,
    cause: Cause,
    choose: (locked: LockedOrder) => readonly OrderEvent[],
  ): Promise<Applied | undefined> {
    let unchanged: Decided | undefined;
    const decided = await this.options.store.change(outTradeNo, (locked) => {
      unchanged = undefined;
      if (!locked) return undefined;
      const result = this.decide(locked, cause, choose(locked));
      if (result.order === locked.order) unchanged = result;
      return result.order === locked.order ? undefined : result;
    });
    if (decided) this.follow(decided);
    return decided ?? unchanged;
  }

  /** A job came too early, or for a time that has been put off: makes the next one. */
  async rearm(outTradeNo: string): Promise<void> {
    await this.apply(outTradeNo, 'time');
  }

  private decideOpening(request: OpenRequest, facts: OpenFacts): { change?: Decided; opened?: Opened } {
    if (facts.device && facts.device.session !== request.session) return {};
    if (facts.sameNumber) {
      return isSameContent(facts.sameNumber, request)
        ? { opened: { order: facts.sameNumber, refusal: Reason.None } }
        : { opened: { order: undefined, refusal: Reason.ReferenceReused } };
    }
    const refusal = verifyOpening(request, facts, this.options.limits);
    if (!facts.device) return { opened: { order: undefined, refusal } };
    const order = newOrder(request, facts.device.merchantId, refusal, this.options.times);
    const record: EventRecord = {
      atMs: request.nowMs,
      cause: 'device',
      type: 'open',
      detail: refusal === Reason.None ? {} : { refusal },
      fromState: '',
      toState: order.state,
      entries: [],
    };
    const change: Decided = {
      before: undefined,
      order,
      records: [record],
      wakeAtMs: order.jobAtMs,
      tell: false,
      act: refusal === Reason.None,
      refusal,
      granted: false,
    };
    return { change, opened: { order, refusal } };
  }

  /** The machine's answer to `events`; gives the same `order` object when nothing changed. */
  private decide(locked: LockedOrder, cause: Cause, events: readonly OrderEvent[]): Decided {
    const before = locked.order;
    const context: Context = {
      nowMs: this.options.clock.nowMs(),
      times: this.options.times,
      // Only when it is asked for: the store then knows that the change rests on it.
      get policy() {
        return locked.policy;
      },
    };
    const records: EventRecord[] = [];
    let order = before;
    let last = { refusal: Reason.None, granted: false, tell: false, act: false };
    const queue = events.map((event) => ({ event, cause }));
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { event } = next;
      const step = applyEvent(order, event, context);
      if (isWorthLogging(order, step.order, step.refusal)) {
        const { type, ...detail } = event;
        const refused = step.refusal === Reason.None ? {} : { refusal: step.refusal };
        records.push({
          atMs: context.nowMs,
          cause: next.cause,
          type,
          detail: { ...detail, ...refused, ...alarmDetail(order, step.order) },
          fromState: order.state,
          toState: step.order.state,
          entries: step.entries,
        });
      }
      order = isEqual(order, step.order) ? order : step.order;
      last = {
        refusal: step.refusal,
        granted: step.granted,
        tell: last.tell || step.tell,
        act: last.act || step.act,
      };
      const offer = before.state !== 'PAID' && order.state === 'PAID' && this.offer(locked);
      if (offer) queue.push({ event: offer, cause: 'gateway' });
    }
    const isWaking = isJobMissing(order, context.nowMs);
    if (isWaking) order = { ...order, jobAtMs: order.wakeAtMs };
    if (order !== before) order = { ...order, version: before.version + 1 };
    // The device's own message is answered by whoever brought it, and comes again until it is.
    const tell = last.tell && cause !== 'device';
    return { before, order, records, wakeAtMs: isWaking ? order.wakeAtMs : undefined, ...last, tell };
  }

  /** A payment of an order whose device is connected here is granted in the same transaction. */
  private offer({ order, session }: LockedOrder): OrderEvent | undefined {
    const isHere = this.push.sessionOf?.(order.deviceId) === session;
    return isHere ? { type: 'offer', session } : undefined;
  }

  /** What a durable change sets off. */
  private follow(decided: Decided): void {
    this.options.observer?.changed(decided.before, decided);
    if (decided.act) this.dispatcher.act(decided.order.outTradeNo);
    if (decided.tell) this.push.tell(decided.order, decided.granted);
  }
}

/** The first job comes before the first query is due: an order that is paid at once needs no other. */
const FIRST_JOB_MS = 4_000;

export function outTradeNoOf(deviceId: string, n: number): string {
  return `${deviceId}_${n}`;
}

function newOrder(request: OpenRequest, merchantId: number, refusal: Reason, times: Times): Order {
  return {
    outTradeNo: request.outTradeNo,
    deviceId: request.deviceId,
    n: request.n,
    merchantId,
    channel: request.channel,
    amountFen: request.amountFen,
    reference: request.reference,
    goods: request.goods,
    createdAtMs: request.nowMs,
    expiresAtMs: request.nowMs + request.ttlMs,
    state: refusal === Reason.None ? 'CREATED' : 'REFUSED',
    reason: refusal,
    ...UNTOUCHED,
    wakeAtMs: refusal === Reason.None ? request.nowMs + times.callGraceMs : undefined,
    jobAtMs: refusal === Reason.None ? request.nowMs + Math.min(times.callGraceMs, FIRST_JOB_MS) : undefined,
    version: 1,
  };
}

/** What a poll changes whatever its answer. */
const POLLED: readonly (keyof Order)[] = ['attempt', 'wakeAtMs'];

/** Another poll with the same answer is no news; everything else goes into the log. */
function isWorthLogging(before: Order, after: Order, refusal: Reason): boolean {
  return refusal !== Reason.None || !isEqual(before, after, POLLED);
}

function alarmDetail(before: Order, after: Order): { alarm?: string } {
  return after.alarm !== '' && after.alarm !== before.alarm ? { alarm: after.alarm } : {};
}

function isEqual(left: Order, right: Order, apart: readonly (keyof Order)[] = []): boolean {
  if (left === right) return true;
  for (const key of Object.keys(right) as (keyof Order)[]) {
    if (left[key] !== right[key] && !apart.includes(key)) return false;
  }
  return true;
}
