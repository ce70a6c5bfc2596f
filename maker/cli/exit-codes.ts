/**
 * What the command's exit codes mean; `coinslot --help` prints this table, scripts rely on it.
 */
import { OrderState } from '../../src/protocol/codes';
import { HostError } from '../host';

export const enum Exit {
  Ok = 0,
  Usage = 1,
  NoModule = 2,
  Refused = 3,
  NotPaid = 4,
  MoneyBack = 5,
  Open = 6,
  Problem = 7,
  Interrupted = 130,
}

export const EXIT_TEXTS: readonly (readonly [code: number, text: string])[] = [
  [Exit.Ok, 'done; of an order: paid and delivered'],
  [Exit.Usage, 'wrong arguments, nothing was sent'],
  [Exit.NoModule, 'no port, or nobody answers'],
  [Exit.Refused, 'refused by the module or the platform'],
  [Exit.NotPaid, 'the order was not paid'],
  [Exit.MoneyBack, 'the order was paid and the money goes back'],
  [Exit.Open, 'the order is still open'],
  [Exit.Problem, 'doctor found something wrong'],
  [Exit.Interrupted, 'interrupted'],
];

const BY_STATE: { readonly [state: number]: Exit } = {
  [OrderState.Done]: Exit.Ok,
  [OrderState.Refused]: Exit.Refused,
  [OrderState.Closed]: Exit.NotPaid,
  [OrderState.Refunding]: Exit.MoneyBack,
  [OrderState.Refunded]: Exit.MoneyBack,
};

/** The exit code for an order that stands in this state. */
export function exitOfState(state: number): Exit {
  return BY_STATE[state] ?? Exit.Open;
}

/** The exit code for a failure; undefined for what is no HostError. */
export function exitOfError(error: unknown): Exit | undefined {
  if (!(error instanceof HostError)) return undefined;
  if (error.code === 'argument') return Exit.Usage;
  return error.code === 'refused' ? Exit.Refused : Exit.NoModule;
}
