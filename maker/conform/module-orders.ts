/**
 * The ten situations of docs/host-protocol.md, section 13, played against a module.
 */
import { LinkState, OrderState } from '../../src/protocol/codes';
import { type HostFields, HostType } from '../../src/protocol/host';
import { stateName, typeName } from '../host/names';
import { type Checks, type Situation, Skipped } from './checks';
import { dtu } from './module-stream';
import type { Answer } from './probe';
import {
  type ModuleContext,
  openOrder,
  pay,
  payFields,
  readSettings,
  STEP_MS,
  withSettings,
} from './module-context';

/** Behind a time that may have been counted from the start, the cause, and whatever later versions add. */
const LOG_LINE = /^\d+ [A-Z_]+ [A-Z_]+ (\d+|>\d+(\+\d+)?)( [A-Z_]+( .*)?)?$/;
const EXPIRE_S = 30;
const LINK_MS = 180_000;
/** So long after the loss of the link orders are still taken, and a little more. */
const GRACE_MS = 62_000;
const OFFLINE_TRIES = 4;
const OFFLINE_PAUSE_MS = 30_000;

/** Names of the states that an order was told to be in, each once, in order. */
function statesOf({ probe }: ModuleContext, order: number, from: number): string[] {
  const all = probe.seen
    .slice(from)
    .filter((seen) => seen.type === HostType.Status && seen.fields.order === order && seen.isAckWanted)
    .map((seen) => stateName(seen.fields.state as number));
  return all.filter((state, index) => state !== all[index - 1]);
}

async function paid(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  for (const channel of [1, 2]) {
    const from = probe.seen.length;
    const { order, url } = await openOrder(context, { channel, goods: '\xe5\x8f\xaf\xe4\xb9\x90' });
    const prefix = channel === 1 ? 'weixin://wxpay/' : 'https://qr.alipay.com/';
    checks.that(`the link of channel ${channel} is one`, url.startsWith(prefix), url);
    await pay(context, url);
    const done = await probe.status(order, [OrderState.Done], STEP_MS, from);
    checks.equal('reason of DONE', done.fields.reason, 0);
    checks.equal('amount', done.fields.amountFen, 100);
    const states = statesOf(context, order, from);
    const ends = ['PAID', 'DISPENSING', 'DISPENSED', 'DONE'];
    checks.equal('states of a paid order', states.slice(-4), ends);
  }
}

/** A host that restarts takes an older state for news: no repeat may overtake a change that nobody has answered. */
async function statusOrder(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  // In mode 0 the order stays DISPENSING until the host reports, however late.
  const putBack = await withSettings(context, { mode: 0, hostReportS: 60, statusS: 1 });
  try {
    const { order, url } = await openOrder(context);
    // The repeat that was due by the old setting has passed by then.
    await context.pause(6000);
    const from = probe.seen.length;
    probe.isAnswering = false;
    await pay(context, url);
    await context.pause(10_000);
    probe.isAnswering = true;
    await probe.ask(HostType.Dispensed, { order });
    await probe.status(order, [OrderState.Done], STEP_MS, from);
    const states = probe.seen
      .slice(from)
      .filter((seen) => seen.type === HostType.Status && seen.fields.order === order)
      .map((seen) => seen.fields.state as number);
    const isForward = states.every((state, index) => index === 0 || state >= states[index - 1]!);
    checks.that('STATUS never goes back', isForward, states.map(stateName).join(' '));
  } finally {
    probe.isAnswering = true;
    await putBack();
  }
}

async function refused(context: ModuleContext, checks: Checks): Promise<void> {
  const { maxFen } = await readSettings(context);
  const answer = await context.probe.ask(HostType.Pay, payFields(context, { amountFen: maxFen! + 1 }));
  checks.equal('more than maxFen is refused', answer, { reason: 'OVER_LIMIT' });
  const unknown = await context.probe.ask(HostType.Cancel, { order: 0xfffffffe });
  checks.equal('an order that never was', unknown, { reason: 'UNKNOWN_ORDER' });
}

async function expired(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  const from = probe.seen.length;
  const { order } = await openOrder(context, { ttlS: EXPIRE_S });
  const closed = await probe.status(order, [OrderState.Closed], (EXPIRE_S + 60) * 1000, from);
  checks.equal('reason EXPIRED', closed.fields.reason, 41);
  const told = probe.seen
    .slice(from)
    .filter((seen) => seen.type === HostType.Status && !seen.isAckWanted && seen.fields.order === order);
  checks.that(
    'STATUS was repeated meanwhile, without asking for an answer',
    told.length >= 3,
    `${told.length} times`,
  );
  const left = told.map((seen) => seen.fields.leftS as number).filter((leftS) => leftS > 0);
  checks.that(
    'leftS falls',
    left.every((leftS, index) => index === 0 || leftS <= left[index - 1]!),
    left.join(', '),
  );
}

async function cancelled(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  const from = probe.seen.length;
  const { order } = await openOrder(context);
  checks.equal('CANCEL is taken', await probe.ask(HostType.Cancel, { order }), { order });
  const closed = await probe.status(order, [OrderState.Closed], STEP_MS, from);
  checks.equal('reason HOST_CANCELLED', closed.fields.reason, 23);
  checks.that('CANCELLING came first', statesOf(context, order, from).includes('CANCELLING'));
  checks.equal('a second CANCEL', await probe.ask(HostType.Cancel, { order }), { reason: 'BAD_STATE' });
  checks.equal('DISPENSED', await probe.ask(HostType.Dispensed, { order }), { reason: 'BAD_STATE' });
  checks.equal('REFUND', await probe.ask(HostType.Refund, { order, text: '' }), { reason: 'BAD_STATE' });
}

async function hostRestarted(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  const { order, url } = await openOrder(context);
  const from = probe.seen.length;
  await probe.ask(HostType.Hello, { version: 1, name: 'conform' });
  const info = await probe.frame(HostType.Info, 2000, undefined, from);
  checks.that('INFO counts the open order', (info.fields.openOrders as number) >= 1);
  checks.that('lastOrder is not behind', (info.fields.lastOrder as number) >= order);
  const status = await probe.status(order, [OrderState.AwaitingPayment], 5000, from);
  checks.that('STATUS has the reference', String(status.fields.reference).startsWith('conform-'));
  const qr = await probe.frame(HostType.Qr, 5000, order, from);
  checks.equal('QR has the same link', qr.fields.url, url);
  await probe.ask(HostType.Cancel, { order });
  await probe.status(order, [OrderState.Closed], STEP_MS, from);
}

async function moduleRestarted(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe, hands } = context;
  if (!hands.cutPower) throw new Skipped('nobody pulls the plug: --virtual');
  const { order } = await openOrder(context);
  const from = probe.seen.length;
  await hands.cutPower();
  const info = await probe.frame(HostType.Info, 15_000, undefined, from);
  checks.equal('INFO comes by itself and counts the order', info.fields.openOrders, 1);
  const status = await probe.frame(HostType.Status, 5000, order, from);
  checks.that(
    'STATUS of the order comes by itself',
    (status.fields.state as number) <= OrderState.AwaitingPayment,
  );
  const qr = await probe.frame(HostType.Qr, LINK_MS, order, from);
  await pay(context, String(qr.fields.url));
  await probe.status(order, [OrderState.Done], STEP_MS, from);
  checks.that('the order is paid and delivered after all', true);
}

async function linkLost(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe, hands } = context;
  if (!hands.setNetwork) throw new Skipped('nobody takes the network away: --virtual');
  const from = probe.seen.length;
  await hands.setNetwork(false);
  const isDown = (link: unknown): boolean => link !== LinkState.Ready;
  await probe.expect(
    'SIGNAL of a lost link',
    ({ type, fields }) => type === HostType.Signal && isDown(fields.link),
    LINK_MS,
    from,
  );
  checks.that('SIGNAL comes by itself when the link is lost', true);
  let answer: Answer = 'nothing';
  // The module may still believe in its session when the network goes: a few tries, each cancelled again.
  for (let tries = 0; tries < OFFLINE_TRIES; tries++) {
    await context.pause(tries === 0 ? GRACE_MS : OFFLINE_PAUSE_MS);
    answer = await probe.ask(HostType.Pay, payFields(context));
    if (answer === 'nothing' || !('order' in answer)) break;
    await probe.ask(HostType.Cancel, { order: answer.order });
  }
  checks.equal('PAY is refused with OFFLINE', answer, { reason: 'OFFLINE' });
  const back = probe.seen.length;
  await hands.setNetwork(true);
  await probe.expect(
    'SIGNAL READY',
    ({ type, fields }) => type === HostType.Signal && fields.link === LinkState.Ready,
    LINK_MS,
    back,
  );
  const { order } = await openOrder(context);
  await probe.ask(HostType.Cancel, { order });
  await probe.status(order, [OrderState.Closed], STEP_MS, back);
  checks.that('orders are taken again', true);
}

/** Relay mode 0: DISPENSING is told again, one report settles it; FAILED gives the money back. */
async function goodsFailed(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  const putBack = await withSettings(context, { mode: 0, hostReportS: 60, statusS: 1 });
  try {
    const from = probe.seen.length;
    const first = await openOrder(context);
    await pay(context, first.url);
    await probe.status(first.order, [OrderState.Dispensing], STEP_MS, from);
    await context.pause(2500);
    checks.equal('without a report it stays DISPENSING', statesOf(context, first.order, from).slice(-1), [
      'DISPENSING',
    ]);
    checks.equal('FAILED is taken', await probe.ask(HostType.Failed, { order: first.order, text: 'jam' }), {
      order: first.order,
    });
    const refunded = await probe.status(first.order, [OrderState.Refunded], STEP_MS, from);
    checks.equal('reason HOST_FAILED', refunded.fields.reason, 24);
    const second = await openOrder(context);
    await pay(context, second.url);
    await probe.status(second.order, [OrderState.Dispensing], STEP_MS, from);
    checks.equal('DISPENSED is taken', await probe.ask(HostType.Dispensed, { order: second.order }), {
      order: second.order,
    });
    await probe.status(second.order, [OrderState.Done], STEP_MS, from);
    checks.equal(
      'REFUND of a delivered order is taken',
      await probe.ask(HostType.Refund, { order: second.order, text: '' }),
      { order: second.order },
    );
    const back = await probe.status(second.order, [OrderState.Refunded], STEP_MS, from);
    checks.equal('reason HOST_REFUND', back.fields.reason, 28);
  } finally {
    await putBack();
  }
}

async function settings(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  const before = await readSettings(context);
  const putBack = await withSettings(context, { mode: 2, fenPerPulse: 50 });
  try {
    const now = await readSettings(context);
    checks.equal(
      'what was set is there, the rest as before',
      { ...now, version: 0 },
      { ...before, mode: 2, fenPerPulse: 50, version: 0 },
    );
    checks.equal(
      'an amount that is no multiple',
      await probe.ask(HostType.Pay, payFields(context, { amountFen: 75 })),
      { reason: 'BAD_AMOUNT' },
    );
    const wrong = await probe.ask(HostType.SetSettings, { json: '{"onMs":600,"mode":9}' });
    checks.equal('one wrong value', wrong, { reason: 'BAD_PAYLOAD' });
    checks.equal('nothing of it was taken', await readSettings(context), now);
  } finally {
    await putBack();
  }
  checks.equal('put back', await readSettings(context), before);
}

/** What a person at the machine asks for: time, signal, log, a relay moved by hand. */
async function service(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  const follow = async (type: HostType, fields: HostFields, told: HostType): Promise<HostFields> => {
    const from = probe.seen.length;
    checks.equal(`${typeName(type)} is taken`, await probe.ask(type, fields), { order: fields.order ?? 0 });
    const frame = await probe.frame(told, 2000, undefined, from);
    checks.that(`${typeName(told)} wants no answer`, !frame.isAckWanted);
    return frame.fields;
  };
  const signal = await follow(HostType.GetSignal, {}, HostType.Signal);
  checks.equal('the link is READY', signal.link, LinkState.Ready);
  const csq = signal.csq as number;
  checks.that('csq is 0 to 31, or 99', csq <= 31 || csq === 99, String(csq));
  const time = await follow(HostType.GetTime, {}, HostType.Time);
  checks.that('the time is known', (time.unixS as number) > 1_700_000_000, String(time.unixS));
  const { order } = await openOrder(context);
  await probe.ask(HostType.Cancel, { order });
  await probe.status(order, [OrderState.Closed], STEP_MS);
  const from = probe.seen.length;
  const line = await follow(HostType.GetLog, { order, count: 3 }, HostType.Log);
  checks.that(
    'a log line is order, state, reason, time, cause',
    LOG_LINE.test(String(line.text)),
    String(line.text),
  );
  checks.that(
    'it is about the order asked for',
    String(line.text).startsWith(`${order} `),
    String(line.text),
  );
  const isLast = ({ type, fields }: { type: number; fields: HostFields }): boolean =>
    type === HostType.Log && fields.left === 0;
  checks.that('the last line says so', (await probe.find(isLast, 2000, from)) !== undefined);
  const pulse = { relay: 1, count: 1, onMs: 20, offMs: 20 };
  checks.equal('RELAY is taken', await probe.ask(HostType.Relay, pulse), { order: 0 });
}

export const ORDER_SITUATIONS: readonly Situation<ModuleContext>[] = [
  { name: 'paid', title: 'paid, by both channels', play: paid },
  { name: 'status-order', title: 'no STATUS overtakes an older one', play: statusOrder },
  { name: 'refused', title: 'refused', play: refused },
  { name: 'expired', title: 'nobody pays', play: expired },
  { name: 'cancelled', title: 'the host cancels', play: cancelled },
  { name: 'host-restarted', title: 'the host restarts', play: hostRestarted },
  { name: 'module-restarted', title: 'the module restarts', play: moduleRestarted },
  { name: 'link-lost', title: 'the link is lost', play: linkLost },
  { name: 'goods-failed', title: 'the goods do not come out', play: goodsFailed },
  { name: 'dtu', title: 'data stream', play: dtu },
  { name: 'settings', title: 'settings', play: settings },
  { name: 'service', title: 'time, signal, log, relay', play: service },
];
