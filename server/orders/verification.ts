/**
 * The second verification: whether the server follows a device's wish for an order. The module has checked the
 * frame and its own limits; here it is checked against what the merchant set, with facts that are
 * still so when the order is written (store.ts).
 * The first reason that applies is given, in the order below, which docs/orders-server.md lists.
 * Nothing is looked up or changed here.
 */
import { Reason } from '../../src/protocol/codes';
import type { Order } from './model';
import { isResting } from './model';
import type { OpenFacts, OpenRequest } from './store';

export interface OpenLimits {
  /** A reference may be used again for something else after this. */
  readonly referenceWindowMs: number;
  /** The rate limit counts orders within this time. */
  readonly rateWindowMs: number;
  /** Orders that a device may open within `rateWindowMs`. */
  readonly ordersPerWindow: number;
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  /** Used when the host leaves it open (0). */
  readonly defaultTtlMs: number;
}

export const DEFAULT_LIMITS: OpenLimits = {
  referenceWindowMs: 86_400_000,
  rateWindowMs: 60_000,
  ordersPerWindow: 30,
  minTtlMs: 30_000,
  // WeChat's code_url is valid for two hours.
  maxTtlMs: 7_200_000,
  defaultTtlMs: 300_000,
};

/** Whether `order` is the one that is asked for: the same in everything that the device chose. */
export function isSameContent(order: Order, request: OpenRequest): boolean {
  return (
    order.amountFen === request.amountFen &&
    order.channel === request.channel &&
    order.reference === request.reference &&
    order.goods === request.goods
  );
}

/**
 * A reference names one purchase of the host: it may come again for the same purchase only when the earlier order
 * ended without being paid.
 */
function isReferenceTaken(earlier: Order, request: OpenRequest): boolean {
  const endedUnpaid = isResting(earlier.state) && earlier.paidFen === 0;
  return !isSameContent(earlier, request) || !endedUnpaid;
}

/** `Reason.None` when the order may be opened. */
export function verifyOpening(request: OpenRequest, facts: OpenFacts, limits: OpenLimits): Reason {
  const { device, merchant } = facts;
  if (!device) return Reason.DeviceUnknown;
  if (!device.isEnabled || !merchant.isEnabled) return Reason.DeviceDisabled;
  if (!facts.isChannelOn) return Reason.ChannelOff;
  if (request.amountFen < 1 || request.amountFen > Math.min(device.maxAmountFen, merchant.maxAmountFen)) {
    return Reason.AmountLimit;
  }
  if (facts.sameReference && isReferenceTaken(facts.sameReference, request)) return Reason.ReferenceReused;
  if (facts.recentOrders >= limits.ordersPerWindow) return Reason.RateLimit;
  if (facts.openOrders >= merchant.maxOpenOrders) return Reason.TooManyOpen;
  return Reason.None;
}

/** How long the code is payable: what the host asked for, within what providers allow. */
export function clampTtlMs(ttlS: number, limits: OpenLimits): number {
  if (ttlS === 0) return limits.defaultTtlMs;
  return Math.min(Math.max(ttlS * 1000, limits.minTtlMs), limits.maxTtlMs);
}
