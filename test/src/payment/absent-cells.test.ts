/**
 * A pair that the table of docs/orders.md does not name changes nothing: not the order, not a cell of flash, and nobody
 * hears of it. Every such pair, on an order that stands in the journal.
 */
import { newOrder, type Order } from '../../../src/payment/book';
import { step } from '../../../src/payment/order';
import { Nor, sectorsOf } from '../ports/nor';
import { TestModule } from './module';

const STATES =
  'ACCEPTED REQUESTED AWAITING_PAYMENT CANCELLING PAID DISPENSING DISPENSED REFUNDING UNCERTAIN DONE REFUSED CLOSED REFUNDED'.split(
    ' ',
  );
const EVENTS =
  'Sent Lost Code Unknown Refuse Cancel Grant Start Lapse Acted HostDone HostFailed HostRefund PowerCut HostSilent FinDone FinClosed FinRefunded'.split(
    ' ',
  );
const CODE_URL = 'weixin://wxpay/bizpayurl?pr=abc';
const UNKNOWN_ORDER = 14;

/** A module with one order in the given state, in RAM as in flash. */
function withOrder(state: number): { module: TestModule; order: Order } {
  const module = TestModule.provisioned(new Nor(sectorsOf(3, 4096)));
  const order = newOrder(1, 1, 150, 60, 'R1', '');
  order.state = state;
  order.deadlineMs = 9_999_999_999_999;
  module.book.add(order, 0);
  return { module, order };
}

/** All that could have changed. */
function picture({ nor, sent, told, shown, moves, book }: TestModule): string {
  const orders = [...book.open, ...book.ended].map((order) => ({ ...order, nextTryMs: 0, pauseMs: 0 }));
  return JSON.stringify([nor.cells.toString('latin1'), sent, told, shown, moves, orders, book.lastOrder]);
}

interface Inside {
  raise(order: Order, event: number, reason: number): boolean;
}

const absent = STATES.flatMap((name, s) =>
  EVENTS.flatMap((event, e) => (step(s + 1, e + 1) ? [] : [[name, event, s + 1, e + 1] as const])),
);

test('most pairs are absent, and all of them are tried', () => {
  const present = STATES.length * EVENTS.length - absent.length;
  expect([absent.length > 150, present > 50]).toEqual([true, true]);
});

test.each(absent)('%s + %s', (_state, _event, state, event) => {
  const { module, order } = withOrder(state);
  const before = picture(module);
  expect((module.orders as unknown as Inside).raise(order, event, 0)).toBe(false);
  expect(picture(module)).toBe(before);
  expect(order.state).toBe(state);
});

/** What another party may say at any time, as it comes in, with the events that it stands for. */
const DOORS: readonly (readonly [string, readonly string[], (module: TestModule) => unknown])[] = [
  ['CANCEL', ['Cancel'], ({ orders }) => orders.hostEvent(1, EVENTS.indexOf('Cancel') + 1, 0)],
  ['DISPENSED', ['HostDone'], ({ orders }) => orders.hostEvent(1, EVENTS.indexOf('HostDone') + 1, 0)],
  ['FAILED', ['HostFailed'], ({ orders }) => orders.hostEvent(1, EVENTS.indexOf('HostFailed') + 1, 0)],
  ['REFUND', ['HostRefund'], ({ orders }) => orders.hostEvent(1, EVENTS.indexOf('HostRefund') + 1, 0)],
  ['no UNKNOWN_ORDER', ['Unknown'], (module) => module.server('no', 1, UNKNOWN_ORDER)],
  ['fin DONE', ['FinDone'], (module) => module.server('fin', 1, 10, 0)],
  ['fin REFUSED', ['Refuse'], (module) => module.server('fin', 1, 11, 0)],
  ['fin CLOSED', ['FinClosed'], (module) => module.server('fin', 1, 12, 0)],
  ['fin REFUNDED', ['FinRefunded'], (module) => module.server('fin', 1, 13, 0)],
  ['fin of a state that is no end', [], (module) => module.server('fin', 1, 7, 0)],
  ['the link goes down', ['Lost'], ({ orders }) => orders.onLinkDown()],
];

const doors = STATES.flatMap((name, s) =>
  DOORS.filter(([, events]) => events.every((event) => !step(s + 1, EVENTS.indexOf(event) + 1))).map(
    ([door, , open]) => [name, door, s + 1, open] as const,
  ),
);

test.each(doors)('%s hears %s, and stays', (_state, _door, state, open) => {
  const { module } = withOrder(state);
  const before = picture(module);
  open(module);
  expect(picture(module)).toBe(before);
});

test('a code for what is cancelled or over is not shown', () => {
  for (const state of [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]) {
    const { module } = withOrder(state);
    module.server('code', 1, CODE_URL, 60);
    expect([state, module.shown]).toEqual([state, []]);
  }
});
