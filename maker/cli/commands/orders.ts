/**
 * `coinslot query`, `cancel`, `refund`, `report`: what can be asked and said about one order.
 */
import {
  channelName,
  type HostError,
  isFinal,
  type OrderStatus,
  reasonName,
  reasonText,
  stateName,
  yuan,
} from '../../host';
import { OrderState, Reason } from '../../../src/protocol/codes';
import { Exit, exitOfState } from '../exit-codes';
import { type Connected, type Session, withHost } from '../session';

const FINAL_LIMIT_MS = 60_000;

function show({ output }: Connected, status: OrderStatus): void {
  const { order, state, reason, amountFen, channel, leftS, reference } = status;
  const why = reason ? `, ${reasonName(reason)}: ${reasonText(reason).meaning}` : '';
  const left = leftS ? `, payable for ${leftS} s` : '';
  output.say(
    'order',
    {
      order,
      state: stateName(state),
      reason: reasonName(reason),
      amountFen,
      channel: channelName(channel),
      leftS,
      reference,
    },
    `order ${order}: ${stateName(state)}${why}; ${yuan(amountFen)} yuan by ${channelName(channel)}, reference ${reference}${left}`,
  );
}

/** An order by number, or by reference: 42, or ref:41.1. */
export function query(session: Session, which: string): Promise<Exit> {
  return withHost(session, async (connected) => {
    const key = /^\d{1,10}$/.test(which) ? Number(which) : which.replace(/^ref:/, '');
    const status = await connected.host.query(key);
    show(connected, status);
    return exitOfState(status.state);
  });
}

/** Does `act`, then tells how the order goes on until `isEnd`. */
async function actAndFollow(
  connected: Connected,
  order: number,
  act: () => Promise<void>,
  isEnd: (state: number) => boolean,
): Promise<OrderStatus> {
  const { host, output } = connected;
  const ended = host.waitFor('the end of the order', FINAL_LIMIT_MS, (event) => {
    if (event.kind !== 'status' || event.status.order !== order) return undefined;
    output.progress(stateName(event.status.state));
    return isEnd(event.status.state) ? event.status : undefined;
  });
  ended.catch(() => {});
  await act();
  const status = await ended;
  show(connected, status);
  return status;
}

/** Cancels; exits with 0 when the order was closed without a payment. */
export function cancel(session: Session, order: number): Promise<Exit> {
  return withHost(session, async (connected) => {
    const isSettled = (state: number): boolean => isFinal(state) || state === OrderState.Paid;
    const status = await actAndFollow(connected, order, () => connected.host.cancel(order), isSettled);
    if (status.state === OrderState.Paid) connected.output.note('  the customer was faster: it is paid');
    return status.state === OrderState.Closed ? Exit.Ok : exitOfState(status.state);
  });
}

/** Asks for the money back; exits with 0 when the customer has it. */
export function refund(session: Session, order: number, text: string): Promise<Exit> {
  return withHost(session, async (connected) => {
    const { host, output } = connected;
    const before = await host.query(order).catch((error: HostError) => {
      if (error.reason === Reason.UnknownOrder) return undefined;
      throw error;
    });
    const isSettled = (state: number): boolean => isFinal(state) && state !== before?.state;
    const status = await actAndFollow(connected, order, () => host.refund(order, text), isSettled);
    if (status.state !== OrderState.Refunded)
      output.complain('refused', 'the platform did not refund it', reasonText(status.reason).advice);
    return status.state === OrderState.Refunded ? Exit.Ok : Exit.Refused;
  });
}

/** Tells the module how delivery went, as the machine would. */
export function report(
  session: Session,
  order: number,
  outcome: 'dispensed' | 'failed',
  text: string,
): Promise<Exit> {
  return withHost(session, async ({ host, output }) => {
    if (outcome === 'dispensed') await host.dispensed(order);
    else await host.failed(order, text);
    output.say('reported', { order, outcome }, `order ${order}: reported as ${outcome}`);
    return Exit.Ok;
  });
}
