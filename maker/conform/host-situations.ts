/**
 * Situations for a maker's host: the module's part is played by the reference module, and what the host does is compared with
 * docs/host-protocol.md. Every situation starts with an order of the machine, unless it needs none.
 */
import { OrderState, Reason } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';
import { frameAround } from '../vectors/encode';
import { readVectors, unhex } from '../vectors/read';
import { type Checks, type Situation, Skipped } from './checks';
import type { HostContext, HostSeen } from './host-context';
import type { ModuleOrder } from './orders';

const STEP_MS = 15_000;
const UNKNOWN_TYPE = 0x60;
const NAK_REASON_AT = 2;

/** Whether a frame of the host answers this one of the module. */
function answers(seq: number, type: number): (seen: HostSeen) => boolean {
  return (seen) =>
    (seen.type === HostType.Ack || seen.type === HostType.Nak) &&
    seen.payload.charCodeAt(0) === seq &&
    seen.payload.charCodeAt(1) === type;
}

/** Lets an order end: the customer pays and the goods come out. */
async function finish(context: HostContext, order: ModuleOrder): Promise<void> {
  await context.stateOf(order, [OrderState.AwaitingPayment], STEP_MS);
  context.module.orders.pay(order.order);
  await context.stateOf(order, [OrderState.Done, OrderState.Refunded], STEP_MS);
  await context.pause(1000);
}

async function hello(context: HostContext, checks: Checks): Promise<void> {
  const from = context.seen.length;
  // A machine that nobody restarts says HELLO by itself after 30 s of silence.
  context.operator.restart();
  const found = await context.find((seen) => seen.type === HostType.Hello, 60_000, from);
  if (!checks.that('HELLO comes', found !== undefined)) return;
  checks.equal('HELLO names version 1', found!.payload.charCodeAt(0), 1);
  checks.equal('HELLO wants an answer', found!.bytes[2], 0x11);
}

async function paid(context: HostContext, checks: Checks): Promise<void> {
  const from = context.seen.length;
  const order = await context.nextOrder();
  await finish(context, order);
  checks.equal('one order, delivered once', [order.deliveries, order.state], [1, OrderState.Done]);
  const statuses = context.seen.slice(from).filter((seen) => seen.type === HostType.Ack);
  checks.that('every change was answered', statuses.length >= 5, `${statuses.length} ACKs`);
  if (!context.operator.delivers) {
    checks.equal(
      'no report of its own, as the relay delivers',
      context.framesOf(HostType.Dispensed, from).length,
      0,
    );
  }
}

/** The ACK of PAY gets lost: the same frame must come again, and only later. */
async function lostAnswer(context: HostContext, checks: Checks): Promise<void> {
  const from = context.seen.length;
  let lost = 0;
  context.filter = (bytes) =>
    bytes[4] === HostType.Ack && bytes[8] === HostType.Pay && lost++ < 2 ? undefined : bytes;
  const order = await context.nextOrder();
  await context.pause(2000);
  context.filter = (bytes) => bytes;
  const pays = context.framesOf(HostType.Pay, from);
  checks.that('PAY is repeated', pays.length >= 3, `${pays.length} times`);
  checks.that(
    'with the same bytes',
    pays.every((seen) => seen.bytes.equals(pays[0]!.bytes)),
  );
  const gaps = pays.slice(1).map((seen, index) => Math.round(seen.atMs - pays[index]!.atMs));
  checks.that(
    '300 ms apart',
    gaps.every((gapMs) => gapMs >= 250 && gapMs <= 600),
    `${gaps.join(', ')} ms`,
  );
  checks.equal(
    'it is one order',
    context.module.orders.all.filter((one) => one.reference === order.reference).length,
    1,
  );
  await finish(context, order);
}

/** Frames that arrive broken, doubled, or with noise before them. */
async function broken(context: HostContext, checks: Checks): Promise<void> {
  const order = await context.nextOrder();
  await context.stateOf(order, [OrderState.AwaitingPayment], STEP_MS);
  await context.pause(1500);
  const from = context.seen.length;
  let isSpoilt = false;
  context.filter = (bytes) => {
    if (bytes[4] !== HostType.Status || isSpoilt) return bytes;
    isSpoilt = true;
    bytes[9]! ^= 0x40;
    return bytes;
  };
  context.module.orders.pay(order.order);
  await context.pause(2500);
  context.filter = (bytes) => bytes;
  const refused = context.framesOf(HostType.Nak, from);
  checks.equal('nothing is said about a broken frame', refused.length, 0);
  checks.that('its repeat is answered', context.framesOf(HostType.Ack, from).length > 0);
  await context.stateOf(order, [OrderState.Done, OrderState.Refunded], STEP_MS);
  const signal = unhex(readVectors().frames.find((frame) => frame.name === 'STATUS refused')!.hex);
  const noise = Buffer.from('00ffa5a5005a7e', 'hex');
  const before = context.seen.length;
  context.module.writeRaw(Buffer.concat([noise, signal, signal]));
  await context.pause(1000);
  const both = context.seen.slice(before).filter(answers(signal[3]!, HostType.Status));
  checks.equal('noise before, two frames at once: both answered', both.length, 2);
}

/** A frame of a type that no document names yet. */
async function unknownType(context: HostContext, checks: Checks): Promise<void> {
  const from = context.seen.length;
  context.module.writeRaw(frameAround(Buffer.from('new'), UNKNOWN_TYPE, 77, true));
  const answer = await context.find(answers(77, UNKNOWN_TYPE), 1000, from);
  if (!checks.that('it is answered', answer !== undefined)) return;
  checks.equal('with NAK', answer!.type, HostType.Nak);
  checks.equal('BAD_TYPE', answer!.payload.charCodeAt(NAK_REASON_AT), Reason.BadType);
  context.module.writeRaw(frameAround(Buffer.from('new'), UNKNOWN_TYPE, 78, false));
  await context.pause(800);
  checks.that('without the flag it is not answered', !context.seen.some(answers(78, UNKNOWN_TYPE)));
}

async function expired(context: HostContext, checks: Checks): Promise<void> {
  const order = await context.nextOrder();
  await context.stateOf(order, [OrderState.AwaitingPayment], STEP_MS);
  const from = context.seen.length;
  await context.stateOf(order, [OrderState.Closed], order.ttlS * 1000 + STEP_MS);
  await context.pause(1000);
  checks.that('CLOSED is answered', context.framesOf(HostType.Ack, from).length > 0);
  checks.equal('nothing was delivered', order.deliveries, 0);
}

async function refused(context: HostContext, checks: Checks): Promise<void> {
  context.module.orders.refusals.push(Reason.ChannelOff);
  const from = context.seen.length;
  const order = await context.nextOrder();
  await context.stateOf(order, [OrderState.Refused], STEP_MS);
  await context.pause(1000);
  checks.that('REFUSED is answered', context.framesOf(HostType.Ack, from).length > 0);
  checks.equal('nothing was delivered', order.deliveries, 0);
}

/** The module restarts while the customer pays: no second order, and the old one goes on. */
async function moduleRestarted(context: HostContext, checks: Checks): Promise<void> {
  const order = await context.nextOrder();
  await context.stateOf(order, [OrderState.AwaitingPayment], STEP_MS);
  const count = context.module.orders.all.length;
  context.module.restart();
  await context.stateOf(order, [OrderState.AwaitingPayment], STEP_MS);
  await context.pause(3000);
  checks.equal('no other order is opened', context.module.orders.all.length, count);
  await finish(context, order);
  checks.equal('it is delivered once', order.deliveries, 1);
}

async function hostRestarted(context: HostContext, checks: Checks): Promise<void> {
  if (!context.operator.canRestart) throw new Skipped('nobody restarts the machine');
  const order = await context.nextOrder();
  await context.stateOf(order, [OrderState.AwaitingPayment], STEP_MS);
  const from = context.seen.length;
  context.operator.restart();
  const found = await context.find((seen) => seen.type === HostType.Hello, 60_000, from);
  checks.that('it says HELLO', found !== undefined);
  await finish(context, order);
  checks.equal('the order is delivered once', order.deliveries, 1);
}

/** Relay mode 0: DISPENSING is told again and again, the report gets lost. */
async function deliverOnce(context: HostContext, checks: Checks): Promise<void> {
  context.needDelivery();
  const { module } = context;
  const before = { ...module.settings };
  module.settings = { ...before, mode: 0, statusS: 1 };
  try {
    const from = context.seen.length;
    let lost = 0;
    const isAnswer = (bytes: Buffer): boolean => bytes[4] === HostType.Ack && bytes[8] === HostType.Dispensed;
    context.filter = (bytes) => (isAnswer(bytes) && lost++ < 2 ? undefined : bytes);
    const order = await context.nextOrder();
    await finish(context, order);
    context.filter = (bytes) => bytes;
    const reports = [
      ...context.framesOf(HostType.Dispensed, from),
      ...context.framesOf(HostType.Failed, from),
    ];
    checks.equal('it reports one outcome, and once', order.reports, 1);
    checks.that(
      'and repeats the report until it is answered',
      reports.length >= 3 && reports.every((seen) => seen.bytes.equals(reports[0]!.bytes)),
      `${reports.length} frames`,
    );
  } finally {
    context.filter = (bytes) => bytes;
    module.settings = before;
  }
}

/** What the whole run has shown. */
async function references(context: HostContext, checks: Checks): Promise<void> {
  const all = context.references;
  checks.that('several orders were seen', all.length > 1, `${all.length}`);
  checks.equal('each has a reference of its own', new Set(all).size, all.length);
  checks.that(
    'made of ! to ~',
    all.every((reference) => /^[\x21-\x7e]{1,32}$/.test(reference)),
    all.join(' '),
  );
}

export const HOST_SITUATIONS: readonly Situation<HostContext>[] = [
  { name: 'hello', title: 'HELLO', play: hello },
  { name: 'paid', title: 'paid', play: paid },
  { name: 'lost-answer', title: 'the answer to PAY gets lost', play: lostAnswer },
  { name: 'broken', title: 'broken frames and noise', play: broken },
  { name: 'unknown-type', title: 'a frame from the future', play: unknownType },
  { name: 'refused', title: 'refused by the platform', play: refused },
  { name: 'expired', title: 'nobody pays', play: expired },
  { name: 'module-restarted', title: 'the module restarts', play: moduleRestarted },
  { name: 'host-restarted', title: 'the host restarts', play: hostRestarted },
  { name: 'deliver-once', title: 'delivered and reported once', play: deliverOnce },
  { name: 'references', title: 'references are never used twice', play: references },
];
