/**
 * Rules of the trade at the provider: opening it, waiting for the payment, closing it, and the last look at what
 * was closed. Numbers of tries and times to wake are set here.
 */
import { Reason } from '../../../src/protocol/codes';
import type { Order } from '../model';
import {
  ALARM_ATTEMPTS,
  enter,
  MAX_RETRY_MS,
  retryDelayMs,
  step,
  type Context,
  type Rule,
  type Step,
} from './step';

const QUICK_POLL_MS = 5_000;
const QUICK_POLLS = 12;
const SLOW_POLL_MS = 10_000;
const SLOW_POLLS = 36;
const LATE_POLL_MS = 30_000;
/** Longest pause between looks at what was closed. */
const MAX_WATCH_RETRY_MS = 3_600_000;

/** How long after the code was shown, and after each query, the next one is due. */
function pollDelayMs(attempt: number): number {
  if (attempt < QUICK_POLLS) return QUICK_POLL_MS;
  return attempt < SLOW_POLLS ? SLOW_POLL_MS : LATE_POLL_MS;
}

export const showCode: Rule<'created'> = (order, event, { nowMs }) =>
  step(
    enter(order, 'PREPAID', {
      codeUrl: event.codeUrl,
      wakeAtMs: Math.min(nowMs + pollDelayMs(0), order.expiresAtMs),
    }),
    { tell: true },
  );

/** Where no trade can have been opened, there is nothing to close. */
export const giveUpCreating: Rule<'createRefused'> = (order, event, context) =>
  event.isTradeOpen
    ? close(order, Reason.ProviderRefused, context)
    : step(enter(order, 'REFUSED', { reason: Reason.ProviderRefused }), { tell: true });

export const retryCreating: Rule<'createUnknown' | 'queryUnknown'> = (order, _event, context) => {
  const attempt = order.attempt + 1;
  if (attempt >= context.times.createAttempts) return close(order, Reason.ProviderDown, context);
  const wakeAtMs = Math.min(context.nowMs + retryDelayMs(attempt, MAX_RETRY_MS), order.expiresAtMs);
  return step({ ...order, attempt, wakeAtMs });
};

/** A trade opened after we had given it up must not stay payable. */
export const closeAgain: Rule<'created'> = (order, _event, context) => close(order, order.reason, context);

export const pollAgain: Rule<'tradeOpen' | 'queryUnknown'> = (order, event, { nowMs }) => {
  const attempt = order.attempt + 1;
  const providerState = event.type === 'tradeOpen' ? event.providerState : order.providerState;
  const wakeAtMs = Math.min(nowMs + pollDelayMs(attempt), order.expiresAtMs);
  return step({ ...order, attempt, providerState, wakeAtMs });
};

export const takeProviderState: Rule<'tradeOpen'> = (order, event) =>
  step({ ...order, providerState: event.providerState });

export const expire: Rule = (order, _event, context) =>
  context.nowMs < order.expiresAtMs
    ? step(order)
    : close(order, order.state === 'CREATED' ? Reason.ProviderDown : Reason.Expired, context);

export const cancel: Rule = (order, _event, context) => close(order, Reason.HostCancelled, context);
export const closeUnlisted: Rule = (order, _event, context) => close(order, Reason.Withdrawn, context);

function close(order: Order, reason: Reason, { nowMs, times }: Context): Step {
  return step(enter(order, 'CLOSING', { reason, wakeAtMs: nowMs + times.callGraceMs }), { act: true });
}

export const retryClosing: Rule = (order, event, { nowMs }) => {
  const attempt = order.attempt + 1;
  const providerState = event.type === 'tradeOpen' ? event.providerState : order.providerState;
  const wakeAtMs = nowMs + retryDelayMs(attempt, MAX_RETRY_MS);
  return step({
    ...order,
    attempt,
    providerState,
    wakeAtMs,
    alarm: attempt >= ALARM_ATTEMPTS ? 'PROVIDER_SILENT' : order.alarm,
  });
};

/** Looked at once more when the code has expired: an unscanned Alipay code cannot be closed, only expire. */
export const finishClosing: Rule<'closed' | 'tradeClosed'> = (order, event, { nowMs, times }) =>
  step(
    enter(order, 'CLOSED', {
      reason: order.reason === Reason.None ? Reason.Expired : order.reason,
      providerState: event.type === 'tradeClosed' ? event.providerState : order.providerState,
      alarm: order.alarm === 'PROVIDER_SILENT' ? '' : order.alarm,
      wakeAtMs: Math.max(nowMs, order.expiresAtMs) + times.watchMs,
    }),
    { tell: true },
  );

/** Unpaid after the code expired: nothing can come any more. */
export const endWatch: Rule<'tradeOpen' | 'tradeClosed'> = (order, event, { nowMs }) =>
  step({
    ...order,
    providerState: event.providerState,
    wakeAtMs: nowMs < order.expiresAtMs ? order.wakeAtMs : undefined,
  });

export const watchAgain: Rule<'queryUnknown'> = (order, _event, { nowMs }) =>
  step({
    ...order,
    attempt: order.attempt + 1,
    wakeAtMs: nowMs + retryDelayMs(order.attempt + 1, MAX_WATCH_RETRY_MS),
  });
