/**
 * The independent auditor: watches machines, relays, flash, server and providers from outside, keeps its own
 * shadow of every order, and names the law that was broken at the moment when it is broken. At rest it holds the
 * three ledgers against each other. It shares no decision with what it judges: it reads flash by its own reader
 * and believes what moved, not what was said.
 * Models: TigerBeetle's auditor (a shadow that predicts, checked at every step). Invariant: it changes nothing.
 */
import type { MemoryStore } from '../../server/orders/memory-store';
import type { Order } from '../../server/orders/model';
import type { Change } from '../../server/orders/store';
import { decodeHost, HostType, type HostFields } from '../../src/protocol/host';
import type { Message } from '../../src/protocol/messages';
import type { Book } from '../providers/core/book';
import type { StoredOrder } from './journal-reader';
import { ACCOUNTS } from './provider-port';
import * as laws from './laws';
import { rankOf, type Law, type Violation } from './laws';
import { Shadow, type SiteShadow } from './shadow';
import type { Site } from './site';
import type { Wire } from './wire';

export interface AuditorOptions {
  readonly nowMs: () => number;
  readonly store: () => MemoryStore;
  readonly providers: Book;
}

/** The relay that orders move; the other one is moved by hand. */
export const ORDER_RELAY = 1;
/** Of a frame: sync, version, seq, type, length; then the payload, then the CRC. */
const TYPE_AT = 4;
const PAYLOAD_AT = 7;
const CRC_BYTES = 4;
/** The module remembers so many ended orders; older ones may leave its journal. */
const REMEMBERED = 6;
/** The setting under which the relay gives one pulse for each coin. */
const MODE_COINS = 2;

/** What the device's order must have reached in flash before the ACK of each command is written. */
const ACK_STATES: Readonly<Record<number, number>> = {
  [HostType.Pay]: laws.ACCEPTED,
  [HostType.Cancel]: laws.CANCELLING,
  [HostType.Dispensed]: laws.DISPENSED,
  [HostType.Failed]: laws.REFUNDING,
  [HostType.Refund]: laws.REFUNDING,
};

export class Auditor {
  readonly violations: Violation[] = [];
  readonly shadow = new Shadow();
  private readonly startedMs: number;

  constructor(private readonly options: AuditorOptions) {
    this.startedMs = options.nowMs();
  }

  broken(law: Law, check: string, what: string): void {
    this.violations.push({ law, check, what, atMs: Math.round(this.options.nowMs() - this.startedMs) });
  }

  /** The firmware hands a frame to the host's port: what it says must be durable already. */
  onWrite(site: Site, bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1');
    this.secrecy(site, text, 'a frame to the host');
    const type = bytes[TYPE_AT];
    const fields = decodeHost(type ?? 0, text.slice(PAYLOAD_AT, -CRC_BYTES));
    if (!fields) return;
    const seen = this.shadow.of(site);
    site.journal.read();
    if (!seen.isChecked) this.checkStart(site, seen);
    if (type === HostType.Ack) this.checkAck(site, seen, fields);
    else if (type === HostType.Status) this.checkTold(site, seen, fields);
    else if (type === HostType.Qr) this.checkShown(site, fields);
  }

  /** The firmware has begun: what is found again is judged when it first speaks. */
  onStart(site: Site): void {
    const seen = this.shadow.of(site);
    seen.boots += 1;
    seen.isChecked = false;
  }

  onCut(site: Site): void {
    for (const order of site.journal.read().orders.values()) {
      if (order.state === laws.DISPENSING) this.shadow.order(site.id, order.n).isDoubtful = true;
    }
  }

  /** A frame reached the host: what it says is acknowledged now. */
  onHeard(site: Site, type: HostType, fields: HostFields): void {
    const n = fields.order as number;
    if (type === HostType.Ack && (ACK_STATES[fields.type as number] ?? 0) > 0 && n > 0) {
      const order = this.shadow.order(site.id, n);
      order.heardRank = Math.max(order.heardRank, rankOf(ACK_STATES[fields.type as number]!));
    } else if (type === HostType.Status) {
      const order = this.shadow.order(site.id, n);
      order.heardRank = Math.max(order.heardRank, rankOf(fields.state as number));
    }
  }

  onRelay(site: Site, relay: number, isOn: boolean): void {
    if (relay !== ORDER_RELAY || !isOn) return;
    const seen = this.shadow.of(site);
    const moving = [...site.journal.read().orders.values()].filter(
      (order) => order.state === laws.DISPENSING && order.byHost === 0,
    );
    if (moving.length !== 1) {
      this.broken(
        'L2 once',
        'intent before the coil',
        `${site.id}: relay on, ${moving.length} intents in flash`,
      );
      return;
    }
    this.checkPulse(site, seen, moving[0]!);
  }

  onMessage(wire: Wire, deviceId: string, message: Message): void {
    this.use(wire, deviceId, message[0]);
    const n = message[1] as number;
    const site = this.shadow.sites.get(deviceId);
    if (!site) return;
    const order = this.shadow.order(deviceId, n);
    if (message[0] === 'got') order.heardRank = Math.max(order.heardRank, rankOf(laws.PAID));
    const ended = message[0] === 'end' ? (message[2] as number) : laws.REFUNDING;
    if (message[0] === 'end' || message[0] === 'back') {
      order.heardRank = Math.max(order.heardRank, rankOf(ended));
    }
    if (message[0] === 'got' || message[0] === 'end') this.checkSaid(site, n, message);
  }

  onBegin(wire: Wire, deviceId: string): void {
    this.use(wire, deviceId, 'the exchange');
  }

  onChange(before: Order | undefined, change: Change): void {
    const after = change.order;
    const shadow = this.shadow.byName(after.outTradeNo);
    shadow.links.add(after.codeUrl);
    for (const record of change.records) {
      if (['endUncertain', 'unlisted', 'listedUnpaid'].includes(record.type)) shadow.isDoubtful = true;
      if (record.type === 'settleRefund' || record.type === 'refund') shadow.isMerchantRefund = true;
    }
    if (after.state === 'GRANTED' && before?.state !== 'GRANTED') this.checkGrant(after);
    if (before && before.state !== after.state) this.checkMove(before, after);
    for (const { debit, credit, amountFen } of change.records.flatMap((record) => record.entries)) {
      this.shadow.post(debit, amountFen);
      this.shadow.post(credit, -amountFen);
    }
  }

  secrecy(site: Site, text: string, where: string): void {
    if (text.includes(site.keyHex) || text.includes(site.keyBytes)) {
      this.broken('L6 secret', 'no key leaves', `${site.id}: the device's key in ${where}`);
    }
  }

  /** Begins to watch a machine. */
  watch(site: Site): void {
    const seen = this.shadow.of(site);
    site.journal.onState = (n, state) => {
      seen.note(n, state);
      this.shadow.order(site.id, n).deviceState = state;
    };
  }

  /** L1: what anybody has heard of is found again after the power came back. */
  private checkStart(site: Site, seen: SiteShadow): void {
    seen.isChecked = true;
    const { orders, lastOrder } = site.journal.read(true);
    const endedLately = [...orders.keys()].sort((left, right) => right - left).slice(0, REMEMBERED);
    for (const shadow of this.shadow.ofSite(site.id)) {
      const found = orders.get(shadow.n);
      const mayBeGone = rankOf(shadow.deviceState) >= rankOf(laws.DONE) && !endedLately.includes(shadow.n);
      if (!found && shadow.heardRank > 0 && !mayBeGone) {
        this.broken('L1 durable', 'found again', `${shadow.name} was acknowledged and is not in the journal`);
      } else if (found && rankOf(found.state) < shadow.heardRank) {
        this.broken(
          'L1 durable',
          'not set back',
          `${shadow.name} is ${laws.DEVICE_STATES[found.state]} again`,
        );
      }
      if (shadow.heardRank > 0 && lastOrder < shadow.n) {
        this.broken(
          'L1 durable',
          'numbers never again',
          `${site.id} counts ${lastOrder}, but ${shadow.n} was given`,
        );
      }
    }
  }

  private checkAck(site: Site, seen: SiteShadow, fields: HostFields): void {
    const needed = ACK_STATES[fields.type as number];
    const n = fields.order as number;
    if (!needed || n === 0) return;
    const order = site.journal.orders.get(n);
    const isThere = order ? rankOf(order.state) >= rankOf(needed) : seen.states(n).size > 0;
    if (!isThere) {
      const what = `${site.id}_${n}: ACK of 0x${(fields.type as number).toString(16)} before the journal`;
      this.broken('L1 durable', 'acknowledged after the write', what);
    }
    const twins = [...site.journal.orders.values()].filter(
      (other) => other.n !== n && other.state < laws.FIRST_FINAL && other.reference === order?.reference,
    );
    if (fields.type === HostType.Pay && order && twins.length > 0) {
      this.broken(
        'L1 durable',
        'one order a reference',
        `${site.id}: ${order.reference} is ${n} and ${twins[0]!.n}`,
      );
    }
  }

  /** A state that the host is told of has stood in flash. */
  private checkTold(site: Site, seen: SiteShadow, fields: HostFields): void {
    const n = fields.order as number;
    const state = fields.state as number;
    const written = state < laws.CANCELLING ? laws.ACCEPTED : state;
    if (!seen.states(n).has(written)) {
      const what = `${site.id}_${n}: told ${laws.DEVICE_STATES[state]}, which is not in the journal`;
      this.broken('L1 durable', 'told after the write', what);
    }
  }

  /** L5: a link that was forged on the way takes the customer's money elsewhere. */
  private checkShown(site: Site, fields: HostFields): void {
    const shadow = this.shadow.order(site.id, fields.order as number);
    if (shadow.links.has(fields.url as string)) return;
    this.broken('L5 authentic', 'only the platform’s link', `${shadow.name}: ${String(fields.url)}`);
  }

  /** The server hears of a grant or an end that is not in the device's flash. */
  private checkSaid(site: Site, n: number, message: Message): void {
    if (!site.board.isOn) return;
    site.journal.read();
    const least = message[0] === 'got' ? laws.PAID : laws.DISPENSED;
    const order = site.journal.orders.get(n);
    if (order && rankOf(order.state) < rankOf(least)) {
      this.broken('L1 durable', 'said after the write', `${site.id}_${n}: ${message[0]} at ${order.state}`);
    }
  }

  /** L2: once, for a grant that stands, before its deadline, of a payment that was made. */
  private checkPulse(site: Site, seen: SiteShadow, stored: StoredOrder): void {
    const shadow = this.shadow.order(site.id, stored.n);
    if (shadow.pulses > 0 && shadow.pulseBoot !== seen.boots) {
      this.broken('L2 once', 'never after a restart', `${shadow.name}: moved again after a power cut`);
    }
    if (shadow.pulses === 0) {
      this.checkFirstPulse(shadow.name, stored);
      const { mode, fenPerPulse } = site.journal.settings;
      shadow.plannedPulses = mode === MODE_COINS ? stored.amountFen / fenPerPulse! : 1;
    }
    shadow.pulses += 1;
    shadow.pulseBoot = seen.boots;
    if (shadow.pulses > shadow.plannedPulses) {
      this.broken('L2 once', 'no pulse too many', `${shadow.name}: ${shadow.pulses} pulses`);
    }
  }

  private checkFirstPulse(name: string, stored: StoredOrder): void {
    const order = this.options
      .store()
      .all()
      .find((candidate) => candidate.outTradeNo === name);
    const trade = order && this.tradeOf(order);
    if (order?.state !== 'GRANTED') {
      this.broken(
        'L2 once',
        'only for a grant',
        `${name}: moved while the server says ${order?.state ?? 'nothing'}`,
      );
    } else if (this.options.nowMs() >= order.grantDeadlineMs) {
      this.broken(
        'L2 once',
        'before the deadline',
        `${name}: ${this.options.nowMs() - order.grantDeadlineMs} ms late`,
      );
    } else if (order.amountFen !== stored.amountFen) {
      this.broken(
        'L2 once',
        'for that amount',
        `${name}: ${stored.amountFen} instead of ${order.amountFen} fen`,
      );
    } else if (!trade || trade.paidMs === null || trade.promisedFen > 0) {
      this.broken('L2 once', 'only paid goods', `${name}: moved without its money`);
    }
  }

  private checkGrant(order: Order): void {
    const trade = this.tradeOf(order);
    if (!trade || trade.paidMs === null || trade.amountFen !== order.amountFen) {
      this.broken('L2 once', 'granted only when paid', order.outTradeNo);
    } else if (trade.promisedFen > 0) {
      this.broken('L3 settled', 'no grant for money on its way back', order.outTradeNo);
    }
  }

  /** L3: money that has gone back never comes forward again. */
  private checkMove(before: Order, after: Order): void {
    const isBack =
      before.state === 'REFUNDED' || (before.state === 'REFUNDING' && after.state !== 'REFUNDED');
    if (isBack)
      this.broken(
        'L3 settled',
        'a refund is the end',
        `${after.outTradeNo}: ${before.state} → ${after.state}`,
      );
  }

  private use(wire: Wire, deviceId: string, what: string): void {
    wire.usedUnits += 1;
    if (wire.usedUnits > wire.cleanUnits) {
      this.broken(
        'L5 authentic',
        'only what the device sent',
        `${deviceId}: ${what} was taken from a stranger`,
      );
    }
  }

  tradeOf(order: Order): ReturnType<Book['trade']> {
    return this.options.providers.trade(order.channel, ACCOUNTS[order.channel].merchantId, order.outTradeNo);
  }
}
