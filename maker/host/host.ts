/**
 * A host on a PC: requests as promises, what the module tells as events, and the rule "deliver once". One object for one
 * port. Leaves frames and repeats to exchange.ts, the data stream to stream.ts.
 * Source: docs/host-protocol.md, sections 5 to 8. Invariant: `deliver` is told at most once for an order, and not for
 * an order that may have been delivered before this program started.
 */
import { OrderState, Reason } from '../../src/protocol/codes';
import { type HostFields, HostType } from '../../src/protocol/host';
import type { Clock } from '../../sim/time/clock';
import { HostError } from './errors';
import { Exchange, type Message, type TraceEntry, type Verdict } from './exchange';
import {
  bytesOf,
  checkInteger,
  checkReference,
  checkText,
  type Info,
  type ModuleTime,
  type OrderStatus,
  type Payment,
  payFields,
  type Qr,
  type Settings,
  type Signal,
  textFields,
} from './messages';
import type { HostPort } from './port';

export type HostEvent =
  | { readonly kind: 'info'; readonly info: Info; readonly isRestart: boolean }
  | { readonly kind: 'qr'; readonly qr: Qr }
  | {
      readonly kind: 'status';
      readonly status: OrderStatus;
      readonly isChange: boolean;
      readonly isEarlier: boolean;
    }
  | { readonly kind: 'deliver'; readonly order: number; readonly amountFen: number }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'message'; readonly type: number; readonly fields: HostFields }
  | { readonly kind: 'closed'; readonly why: string };

export interface HostOptions {
  readonly clock: Clock;
  readonly name?: string;
  /** Relay mode 0: this program delivers, so `deliver` is told. */
  readonly delivers?: boolean;
  readonly onTrace?: (entry: TraceEntry) => void;
}

/** Four HELLOs without an answer take 1.2 s; INFO follows the ACK at once. */
const INFO_LIMIT_MS = 2000;
/** What should follow an ACK at once is asked for again after this time, so often. */
const FOLLOW_MS = 1000;
const MAX_ASKS = 3;
const REPORT_PAUSE_MS = 1000;
const SETTLE_MS = 200;
const MAX_LOG_LINES = 20;

type Listener = (event: HostEvent) => void;

export class Host {
  /** The latest of each order heard of. */
  readonly orders = new Map<number, OrderStatus>();
  private readonly exchange: Exchange;
  private readonly listeners = new Set<Listener>();
  private readonly seen = new Set<number>();
  private readonly begun = new Set<number>();
  private firstLastOrder: number | undefined;
  private references = 0;
  private isAsked = false;
  /** May be set once the settings are known. */
  delivers: boolean;

  constructor(
    port: HostPort,
    private readonly options: HostOptions,
  ) {
    this.delivers = options.delivers === true;
    this.exchange = new Exchange(port, {
      clock: options.clock,
      side: 'host',
      onMessage: (message) => this.take(message),
      onClose: (why) => this.tell({ kind: 'closed', why }),
      ...(options.onTrace && { onTrace: options.onTrace }),
    });
  }

  /** Hears every event until the returned function is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The first event for which `pick` gives something; fails with `timeout`, or `closed`. */
  waitFor<Result>(
    what: string,
    limitMs: number,
    pick: (event: HostEvent) => Result | undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        this.options.clock.clearTimer(timer);
        stop();
        finish();
      };
      const timer = this.options.clock.setTimer(
        () => end(() => reject(new HostError('timeout', `${what} did not come`))),
        limitMs,
      );
      const stop = this.listen((event) => {
        const result = pick(event);
        if (result !== undefined) end(() => resolve(result));
        else if (event.kind === 'closed') end(() => reject(new HostError('closed', event.why)));
      });
    });
  }

  /** Says HELLO, again and again, until INFO comes. Fails after `limitMs` with `no-answer`. */
  async hello(limitMs = 5000): Promise<Info> {
    const { clock } = this.options;
    const endMs = clock.nowMs() + limitMs;
    const fields = { version: 1, name: bytesOf(this.options.name ?? 'coinslot') };
    for (;;) {
      this.isAsked = true;
      const info = this.waitFor('INFO', INFO_LIMIT_MS, (event) =>
        event.kind === 'info' ? event.info : undefined,
      );
      info.catch(() => {});
      try {
        await this.exchange.request(HostType.Hello, fields);
        return await info;
      } catch (error) {
        const { code } = error as HostError;
        if (code !== 'timeout' && code !== 'no-answer') throw error;
        if (clock.nowMs() >= endMs) throw HostError.noAnswer('HELLO');
      }
    }
  }

  /** A reference that was never used with this module. Needs `hello` first. */
  newReference(): string {
    if (this.firstLastOrder === undefined) throw new HostError('argument', 'hello first');
    this.references += 1;
    return `${this.firstLastOrder}.${this.references}`;
  }

  /** Opens an order; gives its number. */
  async pay(payment: Payment): Promise<number> {
    const order = await this.exchange.request(HostType.Pay, payFields(payment));
    this.seen.add(order);
    return order;
  }

  /** How an order stands, by number or by reference. */
  async query(which: number | string): Promise<OrderStatus> {
    const isNumber = typeof which === 'number';
    if (isNumber) checkInteger('the order', which, 1, 0xffffffff);
    else checkReference(which);
    const fields = isNumber ? { order: which, reference: '' } : { order: 0, reference: which };
    const first = await this.ask(HostType.Query, fields, 'STATUS', (event) => {
      if (event.kind !== 'status') return undefined;
      const { status } = event;
      return status.order === which || status.reference === which ? status : undefined;
    });
    // An older STATUS that nobody had answered may come before the one that was asked for.
    await this.pause(SETTLE_MS);
    return this.orders.get(first.order) ?? first;
  }

  async cancel(order: number): Promise<void> {
    await this.orderRequest(HostType.Cancel, order, {});
  }

  /** Gives the money back for a delivered order. */
  async refund(order: number, text = ''): Promise<void> {
    checkText('the text', text, 64);
    await this.orderRequest(HostType.Refund, order, { text: bytesOf(text) });
  }

  /** Reports that the goods came out; again and again until the module has it. Fails when it refuses. */
  dispensed(order: number): Promise<void> {
    return this.report(HostType.Dispensed, order, {});
  }

  /** Reports that they did not. */
  async failed(order: number, text = ''): Promise<void> {
    checkText('the text', text, 64);
    await this.report(HostType.Failed, order, { text: bytesOf(text) });
  }

  async relay(relay: number, count: number, onMs: number, offMs: number): Promise<void> {
    checkInteger('the relay', relay, 1, 2);
    checkInteger('the count', count, 0, 255);
    if (count) checkInteger('the time on in ms', onMs, 20, 60_000);
    if (count) checkInteger('the time off in ms', offMs, 20, 60_000);
    await this.exchange.request(HostType.Relay, { relay, count, onMs, offMs });
  }

  settings(): Promise<Settings> {
    return this.ask(HostType.GetSettings, {}, 'SETTINGS', (event) => {
      const json = messageOf(event, HostType.Settings)?.json;
      return json === undefined ? undefined : (JSON.parse(String(json)) as Settings);
    });
  }

  /** Changes any part of the settings; the module takes all of it or refuses. */
  async setSettings(change: Settings): Promise<void> {
    const json = JSON.stringify(change);
    checkText('the change of the settings', json, 200);
    await this.exchange.request(HostType.SetSettings, { json });
  }

  time(): Promise<ModuleTime> {
    return this.ask(HostType.GetTime, {}, 'TIME', (event) => {
      const fields = messageOf(event, HostType.Time);
      return fields && textFields<ModuleTime>(fields);
    });
  }

  signal(): Promise<Signal> {
    return this.ask(HostType.GetSignal, {}, 'SIGNAL', (event) =>
      event.kind === 'signal' ? event.signal : undefined,
    );
  }

  /** The newest lines about an order, or about all (0), oldest first. */
  async log(order = 0, count = MAX_LOG_LINES): Promise<string[]> {
    checkInteger('the order', order, 0, 0xffffffff);
    checkInteger('the number of lines', count, 1, MAX_LOG_LINES);
    let lines: string[] = [];
    return this.ask(HostType.GetLog, { order, count }, 'LOG', (event) => {
      const fields = messageOf(event, HostType.Log);
      if (!fields) return undefined;
      const { left, text } = textFields<{ left: number; text: string }>(fields);
      if (text) lines.push(text);
      if (left) return undefined;
      const result = lines;
      lines = [];
      return result;
    });
  }

  /** Any message that wants an answer, for stream.ts and tests. */
  request(type: HostType, fields: HostFields): Promise<number> {
    return this.exchange.request(type, fields);
  }

  close(): void {
    this.exchange.close();
  }

  private async orderRequest(type: HostType, order: number, fields: HostFields): Promise<void> {
    checkInteger('the order', order, 1, 0xffffffff);
    await this.exchange.request(type, { order, ...fields });
  }

  private async report(type: HostType, order: number, fields: HostFields): Promise<void> {
    for (;;) {
      try {
        await this.orderRequest(type, order, fields);
        return;
      } catch (error) {
        const { code, reason } = error as HostError;
        const isLater = code === 'no-answer' || reason === Reason.Busy || reason === Reason.Storage;
        if (!isLater) throw error;
        await this.pause(REPORT_PAUSE_MS);
      }
    }
  }

  private pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.setTimer(resolve, durationMs));
  }

  /** Asks, and waits for what follows the ACK; asks again when that was lost. */
  private async ask<Result>(
    type: HostType,
    fields: HostFields,
    what: string,
    pick: (event: HostEvent) => Result | undefined,
  ): Promise<Result> {
    for (let asks = 1; ; asks++) {
      const followed = this.waitFor(what, FOLLOW_MS * 2, pick);
      followed.catch(() => {});
      await this.exchange.request(type, fields);
      try {
        return await followed;
      } catch (error) {
        if ((error as HostError).code !== 'timeout' || asks === MAX_ASKS) throw error;
      }
    }
  }

  private take(message: Message): Verdict {
    const { type, fields } = message;
    if (type === HostType.Info) this.takeInfo(textFields<Info>(fields));
    else if (type === HostType.Qr) this.takeQr(textFields<Qr>(fields));
    else if (type === HostType.Status) this.takeStatus(textFields<OrderStatus>(fields), message.isAckWanted);
    else if (type === HostType.Signal) this.tell({ kind: 'signal', signal: textFields<Signal>(fields) });
    else this.tell({ kind: 'message', type, fields });
    return {};
  }

  private takeInfo(info: Info): void {
    const isRestart = !this.isAsked;
    this.isAsked = false;
    this.firstLastOrder ??= info.lastOrder;
    this.tell({ kind: 'info', info, isRestart });
  }

  private takeQr(qr: Qr): void {
    this.seen.add(qr.order);
    this.tell({ kind: 'qr', qr });
  }

  private takeStatus(status: OrderStatus, isChange: boolean): void {
    const { order, state, amountFen } = status;
    const isDispensing = state === OrderState.Dispensing;
    if (state <= OrderState.Paid) this.seen.add(order);
    this.orders.set(order, status);
    const isEarlier = isDispensing && !this.seen.has(order);
    const isDue = isDispensing && this.delivers && !isEarlier && !this.begun.has(order);
    if (isDue) this.begun.add(order);
    this.tell({ kind: 'status', status, isChange, isEarlier });
    if (isDue) this.tell({ kind: 'deliver', order, amountFen });
  }

  private tell(event: HostEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}

function messageOf(event: HostEvent, type: HostType): HostFields | undefined {
  return event.kind === 'message' && event.type === type ? event.fields : undefined;
}
