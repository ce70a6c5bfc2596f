/**
 * What the situations for a module have to play with: the probe on its port, and hands for what a probe cannot do (pay, pull
 * the plug, take the network away). A hand that is missing makes its situations be skipped.
 */
import type { Clock } from '../../sim/time/clock';
import { HostType } from '../../src/protocol/host';
import { textOf } from '../host/messages';
import { Skipped } from './checks';
import type { Probe } from './probe';

export interface Hands {
  /** The customer opens this link and pays. */
  readonly pay?: (url: string) => Promise<void>;
  /** The module loses power and gets it back at once. */
  readonly cutPower?: () => Promise<void>;
  /** The network goes away, and comes back. */
  readonly setNetwork?: (isThere: boolean) => Promise<void>;
  /** There is a far end of the data stream, and it sends back what it gets. */
  readonly hasEcho?: boolean;
}

export interface ModuleContext {
  readonly probe: Probe;
  readonly clock: Clock;
  readonly hands: Hands;
  readonly pause: (durationMs: number) => Promise<void>;
}

/** The longest that platform and provider may take for a step. */
export const STEP_MS = 20_000;

let made = 0;

/** Fields of a PAY that is right, with a reference of its own. */
export function payFields(
  context: ModuleContext,
  change: object = {},
): {
  amountFen: number;
  channel: number;
  ttlS: number;
  reference: string;
  goods: string;
} {
  made += 1;
  const reference = `conform-${Math.floor(context.clock.nowMs() / 1000).toString(36)}-${made}`;
  return { amountFen: 100, channel: 1, ttlS: 120, reference, goods: '', ...change };
}

/** Opens an order and waits until it can be paid; gives number and link. Throws when the module refuses. */
export async function openOrder(
  context: ModuleContext,
  change: object = {},
): Promise<{ order: number; url: string }> {
  const { probe } = context;
  const from = probe.seen.length;
  const answer = await probe.ask(HostType.Pay, payFields(context, change));
  if (answer === 'nothing' || 'reason' in answer)
    throw new Error(`PAY was answered with ${JSON.stringify(answer)}`);
  const qr = await probe.frame(HostType.Qr, STEP_MS, answer.order, from);
  return { order: answer.order, url: textOf(qr.fields.url) };
}

/** The customer pays, or the situation is skipped. */
export async function pay({ hands }: ModuleContext, url: string): Promise<void> {
  if (!hands.pay) throw new Skipped('nobody pays: --wallet URL');
  await hands.pay(url);
}

/** Changes settings, and gives what puts them back. */
export async function withSettings(
  context: ModuleContext,
  change: { readonly [name: string]: number },
): Promise<() => Promise<void>> {
  const { probe } = context;
  const before = await readSettings(context);
  const set = async (values: object): Promise<void> => {
    const answer = await probe.ask(HostType.SetSettings, { json: JSON.stringify(values) });
    if (answer === 'nothing' || 'reason' in answer)
      throw new Error(`SET_SETTINGS was answered with ${JSON.stringify(answer)}`);
  };
  await set(change);
  return () => set(Object.fromEntries(Object.keys(change).map((name) => [name, before[name]])));
}

export async function readSettings({ probe }: ModuleContext): Promise<{ [name: string]: number }> {
  const from = probe.seen.length;
  await probe.ask(HostType.GetSettings, {});
  const told = await probe.frame(HostType.Settings, 2000, undefined, from);
  return JSON.parse(String(told.fields.json)) as { [name: string]: number };
}
