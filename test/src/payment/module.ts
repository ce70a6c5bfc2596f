/**
 * The device's payment core on a journal that can be cut, with the link, the relay and the host played by the
 * test: what was sent, moved and told is recorded.
 */
import { Book, type Order } from '../../../src/payment/book';
import { Journal, RecordKind } from '../../../src/payment/journal';
import { type Actor, type HostView, Orders, type Uplink } from '../../../src/payment/orders';
import type { RelayPlan } from '../../../src/payment/settings';
import type { Message } from '../../../src/protocol/messages';
import { VirtualClock } from '../../../sim/time/clock';
import { deviceClock, nodeCrc32 } from '../ports/ports';
import type { Nor } from '../ports/nor';

/** Server time at the start of virtual time. */
export const SERVER_MS = 1_767_225_600_000;

export class TestModule {
  readonly sent: (readonly unknown[])[] = [];
  readonly told: [number, number, number][] = [];
  readonly shown: number[] = [];
  /** Plans that the relay was asked for, and what the journal said at that moment. */
  readonly moves: { plan: RelayPlan; states: number[] }[] = [];
  isReady = true;
  isReachable = true;
  /** Undefined: the clock was never set. */
  serverMs: number | undefined = SERVER_MS;
  private onDone: (() => void) | undefined;
  readonly book: Book;
  readonly orders: Orders;

  constructor(
    readonly nor: Nor,
    readonly clock = new VirtualClock(),
  ) {
    this.book = new Book(() => 0);
    const uplink: Uplink = {
      isReady: () => this.isReady,
      isReachable: () => this.isReachable,
      send: (message) => {
        this.sent.push(message);
        return true;
      },
      serverTimeAtMostMs: () => this.serverMs,
    };
    const actor: Actor = {
      isBusy: () => this.onDone !== undefined,
      run: (plan, onDone) => {
        this.moves.push({ plan, states: statesInJournal(nor) });
        this.onDone = onDone;
      },
      stop: () => {
        this.onDone = undefined;
      },
    };
    const host: HostView = {
      tell: (order) => this.told.push([order.n, order.state, order.reason]),
      showQr: (order) => this.shown.push(order.n),
    };
    const journal = new Journal(nor, nodeCrc32, nor.sectors, this.book);
    this.orders = new Orders(this.book, deviceClock(clock), uplink, actor, host);
    const report = this.book.start(journal, 1);
    this.orders.resume(report.isStale);
  }

  /** A module fresh from the bench that the server has greeted. */
  static provisioned(nor: Nor): TestModule {
    const module = new TestModule(nor);
    const address = { host: 'gw.test', port: 7001, apn: 'cmnet', user: '', pass: '', pin: '' };
    module.book.saveIdentity({ id: 'CS000001', key: '00'.repeat(16), ...address });
    module.book.sync(0);
    return module;
  }

  /** Opens an order of 1.50 yuan by WeChat and gives it. */
  pay(reference = 'R1', amountFen = 150): Order {
    const { order } = this.orders.pay(amountFen, 1, 300, reference, '');
    if (!order) throw new Error('PAY was refused');
    this.orders.request(order);
    return order;
  }

  server(...message: [string, ...unknown[]]): void {
    this.orders.onMessage(message as Message);
  }

  grant(order: Order, deadlineMs = SERVER_MS + 60_000): void {
    this.server('grant', order.n, `CS000001_${order.n}`, order.amountFen, order.channel, deadlineMs);
  }

  /** The relay finishes its plan. */
  relayDone(): void {
    const onDone = this.onDone;
    this.onDone = undefined;
    onDone?.();
  }

  /** The same flash in a module that has just got its power back. */
  reboot(): TestModule {
    return new TestModule(this.nor, this.clock);
  }

  last(): readonly unknown[] {
    return this.sent[this.sent.length - 1] ?? [];
  }
}

/** The last state of each order number (index) as an independent reader finds it in flash. */
export function statesInJournal(nor: Nor): number[] {
  const states: number[] = [];
  const journal = new Journal(
    {
      read: (address, count) => nor.cells.toString('latin1', address, address + count),
      write: () => {},
      erase: () => {},
    },
    nodeCrc32,
    nor.sectors,
    {
      onRecord: (kind, value) => {
        if (kind !== RecordKind.Order && kind !== RecordKind.Change) return;
        const [n, state] = value as [number, number];
        states[n] = state;
      },
      carryOver: () => {},
    },
  );
  journal.open();
  return states;
}
