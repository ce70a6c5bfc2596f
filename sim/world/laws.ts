/**
 * The money laws by name (docs/architecture.md and the design, section 4), and what a breach of one looks like.
 * Each law is one or more checks of the auditor; a check's name says which.
 */

export type Law =
  'L1 durable' | 'L2 once' | 'L3 settled' | 'L4 agreed' | 'L5 authentic' | 'L6 secret' | 'L7 live';

export interface Violation {
  readonly law: Law;
  /** Which check found it: one name for one sentence of the law. */
  readonly check: string;
  /** The order or the device that it is about, and what was seen. */
  readonly what: string;
  /** Virtual milliseconds since the world began. */
  readonly atMs: number;
}

/** States of the device (docs/orders.md), retyped. */
export const DEVICE_STATES =
  'NONE,ACCEPTED,REQUESTED,AWAITING_PAYMENT,CANCELLING,PAID,DISPENSING,DISPENSED,REFUNDING,UNCERTAIN,DONE,REFUSED,CLOSED,REFUNDED'.split(
    ',',
  );
export const ACCEPTED = 1;
export const CANCELLING = 4;
export const PAID = 5;
export const DISPENSING = 6;
export const DISPENSED = 7;
export const REFUNDING = 8;
export const UNCERTAIN = 9;
export const DONE = 10;
export const REFUSED = 11;
export const CLOSED = 12;
export const REFUNDED = 13;
export const FIRST_FINAL = DONE;

/**
 * How far an order has come, by state: what was acknowledged to anybody may only be found at the same place or
 * further on after any number of power cuts. REFUNDING stands with DONE: a host may want the money back for what
 * is done, and may be refused.
 */
const RANKS = [0, 1, 1, 1, 2, 3, 4, 5, 6, 5, 6, 7, 7, 7];

export function rankOf(state: number): number {
  return RANKS[state] ?? 0;
}

/**
 * What the three ledgers may say of one order at rest: for each final state of the device, the server's states
 * that agree with it. Money that came after a code was closed goes back without the device; goods that were
 * delivered may be given back at the merchant's desk.
 */
export const AGREED: Readonly<Record<number, readonly string[]>> = {
  [DONE]: ['DISPENSED', 'REFUNDED'],
  [REFUSED]: ['REFUSED', 'unknown', 'REFUNDED'],
  [CLOSED]: ['CLOSED', 'unknown', 'REFUNDED'],
  [REFUNDED]: ['REFUNDED'],
};
