/**
 * One purchase on the real interpreter, as a machine makes it, with a kill at a chosen or a random moment and a link
 * fault in its midst. The machine does what docs/host-protocol.md asks of it: a PAY that was not answered is asked
 * again under the same reference.
 */
import { HostError } from '../../maker/host/errors';
import { CHANNEL_NAMES, ORDER_STATE_NAMES, OrderState } from '../../src/protocol/codes';
import { type HostFields, HostType } from '../../src/protocol/host';
import type { Suite } from './suite';

/** Moments of a purchase at which the interpreter is killed. */
export const KILLS = [
  'none',
  'anywhere',
  'afterAck',
  'whileWaiting',
  'anywhere',
  'afterPaying',
  'afterDone',
] as const;
export type Kill = (typeof KILLS)[number];

export interface Plan {
  readonly channel: 'wechat' | 'alipay';
  readonly kill: Kill;
  /** Milliseconds from PAY to the kill, when it may be anywhere. */
  readonly killAfterMs: number;
  /** A fault of the modem simulator that strikes while the customer looks at the code. */
  readonly fault: string | undefined;
}

export const STEP_LIMIT_MS = 90_000;
const TTL_S = 600;
const MAX_ASKS = 4;
const ASK_EVERY_MS = 10_000;

interface Order {
  readonly number: number;
  readonly url: string;
}

/** Buys once; violations are the suite's. */
export async function purchase(suite: Suite, plan: Plan): Promise<void> {
  const { box, options } = suite;
  await suite.linkUp();
  const reference = `r${suite.orders}`;
  const amountFen = 100 + (suite.orders % 1000);
  const pulsesBefore = box.relayPulses[1]!;
  suite.orders += 1;
  const killed = plan.kill === 'anywhere' ? suite.killLater(plan.killAfterMs) : Promise.resolve();
  const order = await orderUntilShown(suite, plan, reference, amountFen);
  if (plan.fault !== undefined) suite.injector.add(plan.fault);
  const final = finalState(suite, order.number);
  await options.platform.pay(order.url);
  if (plan.kill === 'afterPaying') await suite.kill();
  const state = await final;
  await killed;
  if (plan.kill === 'afterDone') await suite.kill();
  await suite.linkUp();
  await settled(suite, plan, order.number, amountFen, state, box.relayPulses[1]! - pulsesBefore);
  const fault = plan.fault === undefined ? '' : `, ${plan.fault}`;
  const when = plan.kill === 'anywhere' ? `${Math.round(plan.killAfterMs)} ms after PAY` : plan.kill;
  options.say(`order ${order.number} by ${plan.channel}, kill ${when}${fault}: ${ORDER_STATE_NAMES[state]}`);
}

/** The order's last state; asked for now and then, as a machine does whose module was away when it was told. */
export async function finalState(suite: Suite, order: number): Promise<number> {
  const { machine, clock } = suite;
  const limitMs = clock.nowMs() + STEP_LIMIT_MS;
  const isFinal = (status: HostFields): boolean =>
    status.order === order && (status.state as number) >= OrderState.Done;
  for (;;) {
    try {
      return (await machine.waitFor(HostType.Status, isFinal, ASK_EVERY_MS)).state as number;
    } catch (error) {
      if (clock.nowMs() > limitMs) throw error;
    }
    const told = machine.waitFor(HostType.Status, isFinal, ASK_EVERY_MS).catch(() => undefined);
    await machine.request(HostType.Query, { order, reference: '' }).catch(() => undefined);
    const status = await told;
    if (status) return status.state as number;
  }
}

async function orderUntilShown(
  suite: Suite,
  plan: Plan,
  reference: string,
  amountFen: number,
): Promise<Order> {
  const { machine } = suite;
  const shown = machine.waitFor(HostType.Qr, (qr) => qr.reference === reference, STEP_LIMIT_MS);
  const number = await ask(suite, {
    amountFen,
    channel: CHANNEL_NAMES.indexOf(plan.channel),
    ttlS: TTL_S,
    reference,
    goods: '',
  });
  if (plan.kill === 'afterAck') await suite.kill();
  const qr = await shown;
  suite.check(qr.order === number, `${reference}: order ${number}, but the code is of ${String(qr.order)}`);
  if (plan.kill === 'whileWaiting') {
    const again = machine.waitFor(HostType.Qr, (fields) => fields.order === number, STEP_LIMIT_MS);
    await suite.kill();
    suite.check((await again).url === qr.url, `order ${number}: another code after the kill`);
  }
  return { number, url: qr.url as string };
}

/** PAY until it is answered: power may be away, or the machine that all this runs on busy with something else. */
export async function ask(suite: Suite, fields: HostFields): Promise<number> {
  for (let asks = 1; ; asks++) {
    try {
      return await suite.machine.request(HostType.Pay, fields);
    } catch (error) {
      const isSilent = error instanceof HostError && error.code === 'no-answer';
      if (!isSilent || asks === MAX_ASKS) throw error;
    }
  }
}

/** What must hold of an order at rest, by device, relay and server. */
async function settled(
  suite: Suite,
  plan: Plan,
  order: number,
  amountFen: number,
  state: number,
  pulses: number,
): Promise<void> {
  const { platform } = suite.options;
  const outTradeNo = `${platform.deviceId}_${order}`;
  const name = ORDER_STATE_NAMES[state]!;
  const server = await platform.server.core.store.find(outTradeNo);
  suite.check(server !== undefined, `${outTradeNo}: the server does not know it`);
  suite.check(
    server?.amountFen === amountFen,
    `${outTradeNo}: amount ${server?.amountFen}, not ${amountFen}`,
  );
  if (state === OrderState.Done) {
    suite.check(pulses === 1, `${outTradeNo}: DONE with ${pulses} relay pulses`);
    suite.check(server?.state === 'DISPENSED', `${outTradeNo}: DONE, but the server says ${server?.state}`);
  } else {
    // Killed between intent and done: nobody can know, so the merchant's policy may give the money back (law L3). The
    // relay may have begun to move then, but once only, and never after a kill at any other moment.
    const isKilledAnywhere = plan.kill === 'anywhere' || plan.kill === 'afterPaying';
    suite.check(pulses <= (isKilledAnywhere ? 1 : 0), `${outTradeNo}: ${name} with ${pulses} relay pulses`);
    if (pulses > 0) await provedUncertain(suite, outTradeNo, name);
    suite.check(server?.state !== 'DISPENSED', `${outTradeNo}: ${name}, but the server says DISPENSED`);
  }
}

/**
 * Money goes back after a pulse only where the module itself said that it does not know; the server's event log shows
 * it, whatever the merchant's policy made of it, and that nobody said something else before.
 */
async function provedUncertain(suite: Suite, outTradeNo: string, name: string): Promise<void> {
  const events = await suite.options.platform.server.core.store.events(outTradeNo);
  const ends = events.filter(({ type }) => type.startsWith('end'));
  const timeline = events.map(({ type, toState }) => `${type} ${toState}`).join(', ');
  const isUncertain = ends[0]?.type === 'endUncertain' && ends[0].cause === 'device';
  suite.check(isUncertain, `${outTradeNo}: ${name} after a pulse that was not in doubt (L3): ${timeline}`);
  if (isUncertain) suite.options.say(`${outTradeNo}: ${name} after a pulse, in doubt: ${timeline}`);
}
