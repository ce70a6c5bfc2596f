/**
 * Figures for Prometheus: orders by what became of them, refusals, notifications, provider calls with their
 * times, devices' sessions, waiting work. One registry a server, so that several can live in one process.
 * Invariant: labels come from fixed sets only; nothing that a device or a customer chose becomes a label.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { REASON_NAMES } from '../src/protocol/reasons';
import type { EndName } from './dtu/far-end';
import type { EndReason } from './gateway/session';
import type { NotificationFate } from './orders/notifications';
import type { Order } from './orders/model';
import type { Observer } from './orders/service';
import type { Change } from './orders/store';
import type { Providers } from './orders/tasks';
import type { Channel, Outcome, Provider } from './providers';
import type { Clock } from './time';

const CALL_BUCKETS_S = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const GRANT_BUCKETS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 60, 300];
const METERED = ['create', 'query', 'close', 'refund', 'queryRefund', 'bill'] as const;

export class Metrics implements Observer {
  readonly registry = new Registry();
  private readonly transitions = this.counter(
    'coinslot_order_transitions_total',
    'Orders by the state they came to',
    ['channel', 'state'],
  );
  private readonly refused = this.counter('coinslot_orders_refused_total', 'Orders refused, by reason', [
    'reason',
  ]);
  private readonly alarms = this.counter('coinslot_order_alarms_total', 'Orders that need a person', [
    'alarm',
  ]);
  private readonly notices = this.counter('coinslot_notifications_total', 'Notifications by fate', [
    'channel',
    'fate',
  ]);
  private readonly differences = this.counter(
    'coinslot_bill_differences_total',
    'Differences between bill and ledger that were looked at, by what became of them',
    ['kind', 'outcome'],
  );
  private readonly bills = this.counter(
    'coinslot_bills_total',
    'Looks at a day’s bill, by what came of them',
    ['channel', 'state'],
  );
  private readonly ends = this.counter('coinslot_session_ends_total', 'Device connections ended, by reason', [
    'reason',
  ]);
  private readonly refusedConnections = this.counter(
    'coinslot_connections_refused_total',
    'Connections refused because there were too many',
    ['door'],
  );
  private readonly streamBytes = this.counter('coinslot_dtu_bytes_total', 'Bytes of data streams', [
    'direction',
  ]);
  private readonly streamEnds = this.counter('coinslot_dtu_ends_total', 'Data streams ended, by reason', [
    'reason',
  ]);
  private readonly grantTimes = new Histogram({
    name: 'coinslot_paid_to_granted_seconds',
    help: 'From the payment as we know it to the grant',
    buckets: GRANT_BUCKETS_S,
    registers: [this.registry],
  });
  private readonly callTimes = new Histogram({
    name: 'coinslot_provider_call_seconds',
    help: 'Calls to the payment providers',
    labelNames: ['channel', 'call', 'outcome'],
    buckets: CALL_BUCKETS_S,
    registers: [this.registry],
  });

  constructor(private readonly clock: Clock) {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A figure that is read when it is asked for; it stays as it was while it cannot be read. */
  gauge(name: string, help: string, read: () => number | Promise<number | undefined>): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: async () => {
        const value = await read();
        if (value !== undefined) gauge.set(value);
      },
    });
  }

  changed(before: Order | undefined, { order, records }: Change): void {
    for (const { fromState, toState } of records) {
      if (fromState !== toState) this.transitions.inc({ channel: order.channel, state: toState });
    }
    if (before?.state !== order.state) {
      if (order.state === 'REFUSED') this.refused.inc({ reason: REASON_NAMES[order.reason] ?? 'OTHER' });
      if (order.state === 'GRANTED') this.grantTimes.observe((this.clock.nowMs() - order.paidAtMs) / 1000);
    }
    if (order.alarm !== '' && before?.alarm !== order.alarm) this.alarms.inc({ alarm: order.alarm });
  }

  notified(channel: Channel, fate: NotificationFate): void {
    this.notices.inc({ channel, fate });
  }

  settled(kind: string, outcome: string): void {
    this.differences.inc({ kind, outcome });
  }

  looked(channel: Channel, state: string): void {
    this.bills.inc({ channel, state });
  }

  sessionEnded(reason: EndReason): void {
    this.ends.inc({ reason });
  }

  connectionRefused(door: 'gateway' | 'http'): void {
    this.refusedConnections.inc({ door });
  }

  streamPassed(upBytes: number, downBytes: number): void {
    if (upBytes > 0) this.streamBytes.inc({ direction: 'up' }, upBytes);
    if (downBytes > 0) this.streamBytes.inc({ direction: 'down' }, downBytes);
  }

  streamEnded(reason: EndName): void {
    this.streamEnds.inc({ reason });
  }

  /** The same providers, with their calls counted and timed. */
  meter(providers: Providers): Providers {
    const known = new WeakMap<Provider, Provider>();
    return {
      get: async (merchantId, channel) => {
        const provider = await providers.get(merchantId, channel);
        if (!provider) return undefined;
        const metered = known.get(provider) ?? this.meterOne(provider);
        known.set(provider, metered);
        return metered;
      },
    };
  }

  private meterOne(provider: Provider): Provider {
    const metered = Object.create(provider) as Record<string, unknown>;
    for (const call of METERED) {
      const original = provider[call].bind(provider) as (...values: unknown[]) => Promise<Outcome<unknown>>;
      metered[call] = async (...values: unknown[]): Promise<Outcome<unknown>> => {
        const startMs = this.clock.nowMs();
        const outcome = await original(...values);
        const labels = { channel: provider.channel, call, outcome: outcome.kind };
        this.callTimes.observe(labels, (this.clock.nowMs() - startMs) / 1000);
        return outcome;
      };
    }
    for (const name of ['readNotification', 'notificationReply'] as const) {
      metered[name] = (provider[name] as (...values: unknown[]) => unknown).bind(provider);
    }
    return metered as unknown as Provider;
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}
