/**
 * The book of orders: those that are open and the last few that ended, in RAM as in the journal. Turns journal
 * records into orders when the module starts, and orders into records from then on. What happens to an order is
 * decided in order.ts and orders.ts.
 * Invariant: an order in `open` is in the journal with the same state, except REQUESTED and AWAITING_PAYMENT,
 * which the server holds; numbers are given out once, also across power cuts.
 */
import { FIRST_FINAL_STATE, OrderState, Reason } from '../protocol/codes';
import { type Journal, type JournalOwner, type JournalReport, RecordKind } from './journal';
import type { Identity } from './identity';
import { logLines } from './log';
import type { Settings } from './settings';
import { checkSettings } from './settings-check';

export interface Order {
  readonly n: number;
  readonly channel: number;
  readonly amountFen: number;
  readonly ttlS: number;
  readonly reference: string;
  /** UTF-8 in base64. */
  readonly goods: string;
  state: OrderState;
  reason: Reason;
  /** Server time before which dispensing must begin; 0 before a grant. */
  deadlineMs: number;
  /** 1 while the host, not a relay, dispenses. */
  byHost: number;
  /** Payment link, '' while there is none. */
  url: string;
  /** Device time until which the link can be paid. */
  payableUntilMs: number;
  /** Device time of the next try to bring the order forward, and the pause after it. */
  nextTryMs: number;
  pauseMs: number;
}

export const MAX_OPEN_ORDERS = 6;
/** Ended orders kept in mind, so that a host that repeats a PAY gets the same order. */
export const MAX_ENDED_ORDERS = 6;

/** A new order in state ACCEPTED. `reference` and `goods` (base64) as the host gave them. */
export function newOrder(
  n: number,
  channel: number,
  amountFen: number,
  ttlS: number,
  reference: string,
  goods: string,
): Order {
  return {
    n,
    channel,
    amountFen,
    ttlS,
    reference,
    goods,
    state: OrderState.Accepted,
    reason: Reason.None,
    deadlineMs: 0,
    byHost: 0,
    url: '',
    payableUntilMs: 0,
    nextTryMs: 0,
    pauseMs: 0,
  };
}

/** An order as it stands; where it is an event, time and cause come behind. */
function orderRecord(order: Order): unknown[] {
  const state = order.state;
  return [
    order.n,
    // What only the link knew is asked for again after a restart.
    state === OrderState.Requested || state === OrderState.AwaitingPayment ? OrderState.Accepted : state,
    order.reason,
    order.channel,
    order.amountFen,
    order.ttlS,
    order.reference,
    order.goods,
    order.deadlineMs,
    order.byHost,
  ];
}

export class Book implements JournalOwner {
  /** Open orders, oldest first. */
  open: Order[];
  /** The last ended orders, oldest first. */
  ended: Order[];
  lastOrder: number;
  /** How often the module has started; makes RAND_P differ each time. */
  starts: number;
  /** Whether the server has confirmed `lastOrder` since the journal was new. */
  isSynced: boolean;
  settings: Settings;
  /** Whether the journal was read and takes records. */
  isReady: boolean;
  /** Memory is short: no new orders. */
  isTight: boolean;
  /** Undefined until the module was provisioned. */
  identity: Identity | undefined;
  private journal!: Journal;
  /** While the journal is read: the order of the last record. */
  private latest: Order | undefined;

  /** `timeS` stands in each record: the server's time in seconds, or, while it is not known, minus those since the start. */
  constructor(private readonly timeS: () => number) {
    this.open = [];
    this.ended = [];
    this.lastOrder = 0;
    this.starts = 0;
    this.isSynced = false;
    this.settings = checkSettings(undefined, {})!;
    this.identity = undefined;
    this.isReady = false;
    this.isTight = false;
    this.latest = undefined;
  }

  /** Reads the journal and counts this start. Throws what Journal.open throws. */
  start(journal: Journal, resetReason: number): JournalReport {
    this.journal = journal;
    const report = journal.open();
    this.latest = undefined;
    // A journal that lost its newest part may have forgotten orders: the server says how far the count went.
    if (report.isStale) this.isSynced = false;
    this.starts++;
    journal.append(RecordKind.Start, [resetReason, report.skipped]);
    this.isReady = true;
    return report;
  }

  /** What a record of each kind does to the book while the journal is read. */
  onRecord(kind: RecordKind, record: unknown): void {
    const value = record as never[];
    // Most records are changes, and most changes are of the order of the record before: a start reads hundreds.
    if (kind === RecordKind.Change) this.change(value);
    else if (kind === RecordKind.Order) {
      const order = newOrder(value[0]!, value[3]!, value[4]!, value[5]!, value[6]!, value[7]!);
      order.state = value[1]!;
      order.reason = value[2]!;
      order.deadlineMs = value[8]!;
      order.byHost = value[9]!;
      // It may have been here before, when the host wanted money back for what was long over.
      if (order.n <= this.lastOrder) this.forget(order.n);
      this.lastOrder = Math.max(this.lastOrder, order.n);
      this.place(order);
      this.latest = order;
    } else if (kind === RecordKind.Base) {
      this.lastOrder = Math.max(this.lastOrder, value[0]!);
      this.starts = value[1]!;
      this.isSynced = value[2]! === 1;
    } else if (kind === RecordKind.Start) this.starts++;
    else if (kind === RecordKind.Identity) this.identity = record as Identity;
    else if (kind === RecordKind.Settings) {
      this.settings = checkSettings(undefined, record as { [name: string]: unknown }) || this.settings;
    }
  }

  private change(value: never[]): void {
    const known = this.latest;
    const order = known && known.n === value[0] ? known : this.find(value[0]!);
    if (!order) return;
    const wasOpen = order.state < FIRST_FINAL_STATE;
    const state: OrderState = value[1]!;
    order.state = state;
    order.reason = value[2]!;
    if (state === OrderState.Paid) order.deadlineMs = value[3]!;
    if (state === OrderState.Dispensing) order.byHost = value[3]!;
    if (!wasOpen || state >= FIRST_FINAL_STATE) this.place(order);
    this.latest = order;
  }

  carryOver(write: (kind: RecordKind, value: unknown) => void): void {
    write(RecordKind.Base, this.base());
    write(RecordKind.Settings, this.settings);
    if (this.identity) write(RecordKind.Identity, this.identity);
    this.ended.forEach((order) => write(RecordKind.Order, orderRecord(order)));
    this.open.forEach((order) => write(RecordKind.Order, orderRecord(order)));
  }

  /** Writes a new order, then keeps it. Throws when the journal does; then nothing has changed. `cause` as in `save`. */
  add(order: Order, cause: number): void {
    this.journal.append(RecordKind.Order, orderRecord(order).concat([this.timeS(), cause]));
    this.place(order);
    this.lastOrder = Math.max(this.lastOrder, order.n);
  }

  /** Writes a change of state. Throws when the journal does. `cause`: the event, as log.ts names it. */
  save(order: Order, state: OrderState, reason: Reason, extra: number, cause: number): void {
    this.journal.append(RecordKind.Change, [order.n, state, reason, extra, this.timeS(), cause]);
  }

  /** Writes new settings, then keeps them. */
  saveSettings(settings: Settings): void {
    this.journal.append(RecordKind.Settings, settings);
    this.settings = settings;
  }

  /** Writes who this module is. */
  saveIdentity(identity: Identity): void {
    this.journal.append(RecordKind.Identity, identity);
    this.identity = identity;
  }

  /** The server knows orders up to `lastOrder`: never give such a number out again. */
  sync(lastOrder: number): void {
    if (this.isSynced && lastOrder <= this.lastOrder) return;
    const known = this.lastOrder;
    this.lastOrder = Math.max(known, lastOrder);
    this.journal.append(RecordKind.Base, [this.lastOrder, this.starts, 1, this.timeS()]);
    this.isSynced = true;
  }

  /** The last `count` log lines of order `n`, or of all and of the module itself (0), oldest first. */
  log(n: number, count: number): string[] {
    return logLines(this.journal, n, count);
  }

  /** Keeps a word about the module itself. Throws when the journal does. */
  note(what: string, text: string): void {
    this.journal.append(RecordKind.Note, [what, text, this.timeS()]);
  }

  find(n: number): Order | undefined {
    const isIt = (order: Order): boolean => order.n === n;
    return this.open.find(isIt) || this.ended.find(isIt);
  }

  findReference(reference: string): Order | undefined {
    const isIt = (order: Order): boolean => order.reference === reference;
    return this.open.find(isIt) || this.ended.find(isIt);
  }

  /** Puts an order where its state belongs, among the open or the ended ones; what has ended last stands last. */
  place(order: Order): void {
    const isEnded = order.state >= FIRST_FINAL_STATE;
    const openAt = this.open.indexOf(order);
    const endedAt = this.ended.indexOf(order);
    if (isEnded && openAt >= 0) this.open.splice(openAt, 1);
    if (endedAt >= 0) this.ended.splice(endedAt, 1);
    if (isEnded) this.ended.push(order);
    else if (openAt < 0) this.open.push(order);
    if (this.ended.length > MAX_ENDED_ORDERS) this.ended.shift();
  }

  private forget(n: number): void {
    const isOther = (other: Order): boolean => other.n !== n;
    this.open = this.open.filter(isOther);
    this.ended = this.ended.filter(isOther);
  }

  private base(): number[] {
    return [this.lastOrder, this.starts, this.isSynced ? 1 : 0, this.timeS()];
  }
}
