/**
 * The life of one order on the device: (state, event) → next state and effects, as a table. Pure: no time, no
 * flash, no link. docs/orders.md shows the same table and a test compares the two.
 * Who raises an event, and in what sense an effect is carried out, is left to orders.ts.
 * Invariant: Act happens on one cell only, Paid + Start, and every effect of a cell comes after its Save; an
 * order leaves Paid towards the relay at most once, because no cell leads back to Paid or before.
 */
import { OrderState } from '../protocol/codes';

export const enum OrderEvent {
  /** The request went out on the link. */
  Sent = 1,
  /** The link went down: an unanswered request will have to be made again. */
  Lost = 2,
  /** The server gave a payment link. */
  Code = 3,
  /** The server does not know the order. */
  Unknown = 4,
  /** The server refused. */
  Refuse = 5,
  /** The host gave up. */
  Cancel = 6,
  /** The server granted: paid. */
  Grant = 7,
  /** The relay is free and it is surely before the deadline. */
  Start = 8,
  /** It is not surely before the deadline any more. */
  Lapse = 9,
  /** The relay has done all its pulses. */
  Acted = 10,
  /** The host says that the goods came out. */
  HostDone = 11,
  /** The host says that they did not. */
  HostFailed = 12,
  /** The host wants the money back for goods that had been reported as delivered. */
  HostRefund = 13,
  /** Power came back while the relay may have moved. */
  PowerCut = 14,
  /** The host never said how it went. */
  HostSilent = 15,
  FinDone = 16,
  FinClosed = 17,
  FinRefunded = 18,
}

/** What to do after a transition; a set of bits, carried out in the order of their values. */
export const enum Effect {
  None = 0,
  /** Write the new state to the journal. Always first; nothing else happens when it fails. */
  Save = 1,
  /** Release the relay. */
  Stop = 2,
  /** Tell the server that the grant is durable. */
  Got = 4,
  /** Move the relay, or wait for the host's report. */
  Act = 8,
  /** Ask the server to open the order. */
  Request = 16,
  /** Tell the server that the host gave up. */
  Cancel = 32,
  /** Tell the server how dispensing ended. */
  Report = 64,
  /** Show the payment link to the host. */
  ShowQr = 128,
  /** Tell the host the new state. */
  Tell = 256,
}

/** Next state and effects. */
export type Cell = readonly [OrderState, number];

/** A cell of the table is one number, the effects above the state: arrays would take four times the memory. */
const STATE_BITS = 4;
const STATE_MASK = 15;
const END = (Effect.Save | Effect.Tell) << STATE_BITS;
const REPORT = (Effect.Save | Effect.Report | Effect.Tell) << STATE_BITS;
const REFUSED = OrderState.Refused | END;
const CLOSED = OrderState.Closed | END;
const REFUNDED = OrderState.Refunded | END;
const DONE = OrderState.Done | END;
const AWAITING = OrderState.AwaitingPayment | ((Effect.ShowQr | Effect.Tell) << STATE_BITS);
const AGAIN = OrderState.Accepted | (Effect.Request << STATE_BITS);
const CANCELLING = OrderState.Cancelling | ((Effect.Save | Effect.Cancel | Effect.Tell) << STATE_BITS);
const PAID = OrderState.Paid | ((Effect.Save | Effect.Got | Effect.Tell) << STATE_BITS);
const DISPENSED = OrderState.Dispensed | REPORT;
const REFUNDING = OrderState.Refunding | REPORT;
const UNCERTAIN = OrderState.Uncertain | REPORT;

/** Cells by event. */
interface TableRow {
  readonly [event: number]: number;
}

/** The rest of the table: states in which the relay has moved, or must not move any more. */
function lateRow(state: OrderState): TableRow {
  if (state === OrderState.Dispensed) {
    return {
      [OrderEvent.Grant]: OrderState.Dispensed | (Effect.Report << STATE_BITS),
      [OrderEvent.HostDone]: OrderState.Dispensed,
      [OrderEvent.HostFailed]: REFUNDING,
      [OrderEvent.HostRefund]: REFUNDING,
      [OrderEvent.FinDone]: DONE,
      [OrderEvent.FinRefunded]: REFUNDED,
    };
  }
  if (state === OrderState.Refunding) {
    return {
      [OrderEvent.Grant]: OrderState.Refunding | (Effect.Report << STATE_BITS),
      // The host may ask for the money of an order that left our memory long ago, and never was paid.
      [OrderEvent.Unknown]: CLOSED,
      [OrderEvent.Refuse]: DONE,
      [OrderEvent.HostFailed]: OrderState.Refunding,
      [OrderEvent.HostRefund]: OrderState.Refunding,
      // No FinDone: it may be the answer to an earlier DISPENSED that the host has taken back since.
      [OrderEvent.FinClosed]: CLOSED,
      [OrderEvent.FinRefunded]: REFUNDED,
    };
  }
  if (state === OrderState.Uncertain) {
    return {
      [OrderEvent.Grant]: OrderState.Uncertain | (Effect.Report << STATE_BITS),
      [OrderEvent.HostDone]: DISPENSED,
      [OrderEvent.HostFailed]: REFUNDING,
      [OrderEvent.FinDone]: DONE,
      [OrderEvent.FinRefunded]: REFUNDED,
    };
  }
  if (state === OrderState.Done) {
    return { [OrderEvent.HostFailed]: REFUNDING, [OrderEvent.HostRefund]: REFUNDING };
  }
  return {};
}

/**
 * The table, by rows: made when it is asked, so that it stands in flash and not in RAM. A cell that is not here
 * means: nothing happens; where a host command raised the event, the host hears BAD_STATE.
 */
function tableRow(state: OrderState): TableRow {
  if (state === OrderState.Accepted) {
    return {
      [OrderEvent.Sent]: OrderState.Requested,
      [OrderEvent.Code]: AWAITING,
      [OrderEvent.Unknown]: AGAIN,
      [OrderEvent.Refuse]: REFUSED,
      [OrderEvent.Cancel]: CANCELLING,
      [OrderEvent.Grant]: PAID,
      [OrderEvent.FinClosed]: CLOSED,
      [OrderEvent.FinRefunded]: REFUNDED,
    };
  }
  if (state === OrderState.Requested) {
    return {
      [OrderEvent.Lost]: OrderState.Accepted,
      [OrderEvent.Code]: AWAITING,
      [OrderEvent.Unknown]: AGAIN,
      [OrderEvent.Refuse]: REFUSED,
      [OrderEvent.Cancel]: CANCELLING,
      [OrderEvent.Grant]: PAID,
      [OrderEvent.FinClosed]: CLOSED,
      [OrderEvent.FinRefunded]: REFUNDED,
    };
  }
  if (state === OrderState.AwaitingPayment) {
    return {
      [OrderEvent.Code]: AWAITING,
      [OrderEvent.Unknown]: AGAIN,
      [OrderEvent.Refuse]: REFUSED,
      [OrderEvent.Cancel]: CANCELLING,
      [OrderEvent.Grant]: PAID,
      [OrderEvent.FinClosed]: CLOSED,
      [OrderEvent.FinRefunded]: REFUNDED,
    };
  }
  if (state === OrderState.Cancelling) {
    return {
      [OrderEvent.Code]: OrderState.Cancelling | (Effect.Cancel << STATE_BITS),
      [OrderEvent.Unknown]: CLOSED,
      [OrderEvent.Refuse]: REFUSED,
      [OrderEvent.Cancel]: OrderState.Cancelling | (Effect.Cancel << STATE_BITS),
      [OrderEvent.Grant]: PAID,
      [OrderEvent.FinClosed]: CLOSED,
      [OrderEvent.FinRefunded]: REFUNDED,
    };
  }
  if (state === OrderState.Paid) {
    return {
      [OrderEvent.Grant]: OrderState.Paid | (Effect.Got << STATE_BITS),
      [OrderEvent.Start]: OrderState.Dispensing | ((Effect.Save | Effect.Act | Effect.Tell) << STATE_BITS),
      [OrderEvent.Lapse]: REFUNDING,
      [OrderEvent.HostFailed]: REFUNDING,
    };
  }
  if (state === OrderState.Dispensing) {
    return {
      [OrderEvent.Grant]: OrderState.Dispensing | (Effect.Got << STATE_BITS),
      [OrderEvent.Acted]: DISPENSED,
      [OrderEvent.HostDone]: DISPENSED,
      [OrderEvent.HostFailed]: REFUNDING | (Effect.Stop << STATE_BITS),
      [OrderEvent.PowerCut]: UNCERTAIN,
      [OrderEvent.HostSilent]: UNCERTAIN,
    };
  }
  return lateRow(state);
}

/** The outcome of `event` in `state`: next state and effects, or undefined where nothing happens. */
export function step(state: OrderState, event: OrderEvent): Cell | undefined {
  const cell = tableRow(state)[event];
  return cell === undefined ? undefined : [cell & STATE_MASK, cell >> STATE_BITS];
}
