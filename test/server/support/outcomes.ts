/** Finds by trial what states an event can lead to: over amounts, times, sessions, policies and past tries. */
import { applyEvent } from '../../../server/orders/order';
import type { EventType, Order, OrderEvent, State } from '../../../server/orders/model';
import { CONTEXT, EVENTS, IN_STATE, NOW_MS } from './orders';

const ORDERS: readonly Partial<Order>[] = [
  {},
  { attempt: 1 },
  { attempt: 3 },
  { alarm: 'REFUND_STUCK' },
  { isGrantReceived: true },
];
const TIMES_MS = [0, 310_000, 90_000_000];
const POLICIES = ['refund', 'dispensed', 'person'] as const;

function variants(type: EventType): readonly OrderEvent[] {
  const event = EVENTS[type];
  if (event.type === 'paid') {
    return [event, { ...event, amountFen: 1 }, { ...event, amountFen: 1, source: 'notification' }];
  }
  if (event.type === 'refundedOutside') return [event, { ...event, amountFen: 150 }];
  if (event.type === 'createRefused') return [event, { ...event, isTradeOpen: true }];
  if ('session' in event) return [event, { ...event, session: 1 }];
  return [event];
}

/** The states that the event leads to from `state`, in the order of their names. */
export function outcomes(state: State, type: EventType): readonly State[] {
  const found = new Set<State>();
  for (const change of ORDERS) {
    for (const event of variants(type)) {
      for (const laterMs of TIMES_MS) {
        for (const uncertain of POLICIES) {
          const context = { ...CONTEXT, nowMs: NOW_MS + laterMs, policy: { ...CONTEXT.policy, uncertain } };
          const start = { ...IN_STATE[state], ...change };
          const paidFens = start.paidFen > 0 && state === 'UNCERTAIN' ? [150, 1] : [start.paidFen];
          for (const paidFen of paidFens)
            found.add(applyEvent({ ...start, paidFen }, event, context).order.state);
        }
      }
    }
  }
  return [...found].sort();
}
