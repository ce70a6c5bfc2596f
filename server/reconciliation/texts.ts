/**
 * What kinds of differences and their settlements mean, for people; docs/providers.md has the same words, and a
 * test compares.
 */
import type { DifferenceKind } from '../providers';
import type { Settlement } from './settle';

export const KIND_TEXTS: Readonly<Record<DifferenceKind, string>> = {
  PAYMENT_ONLY_IN_BILL: 'a payment that the ledger has not booked for its order',
  PAYMENT_OF_UNKNOWN_ORDER: 'a payment under a number that is no order of ours',
  REFUND_ONLY_IN_BILL: 'a refund that the ledger has not booked',
  REFUND_OF_UNKNOWN_ORDER: 'a refund under a number that is no order of ours',
  AMOUNT_DIFFERS: 'bill and ledger have different amounts',
  TRANSACTION_DIFFERS: 'bill and ledger have different numbers of the provider',
  DOUBLED_IN_BILL: 'the bill has the same payment or refund twice',
  PAYMENT_ONLY_IN_LEDGER: 'a payment that the bill does not have',
  REFUND_ONLY_IN_LEDGER: 'a refund that the bill does not have',
};

export const SETTLEMENT_TEXTS: Readonly<Record<Settlement, string>> = {
  PAYMENT_BOOKED: 'the provider says paid: booked, and the order goes on (refund; a wrong amount: a person)',
  REFUND_BOOKED: 'the provider says refunded: ours is done, or one made past us is booked by its number',
  CONFIRMED: 'the provider says what the ledger says',
  REFUND_FAILED: 'the refund in the bill came to nothing',
  BY_HAND: 'a person had settled it as given back by hand: this was it',
  PROVIDER_SILENT: 'no answer: once more in an hour, then daily',
  REFUND_UNDER_WAY: 'not done yet: once more in an hour, then daily',
  PERSON: 'the rule leaves it to a person',
  PROVIDER_REFUSED: 'the provider refuses to tell',
  NOT_PAID: 'the provider says that it was not paid, or under another number',
  NO_REFUND: 'the provider knows no such refund, or it hangs (ABNORMAL)',
  OTHER_AMOUNT: 'the provider names another amount than the bill or the ledger',
  NOT_BOOKABLE: 'the order’s state does not allow it (more than is left of the payment)',
};

/** A difference in one sentence. */
export function meaningOf(kind: string, outcome: string): string {
  const found = KIND_TEXTS[kind as DifferenceKind] ?? kind;
  const became = outcome === '' ? 'not looked at yet' : (SETTLEMENT_TEXTS[outcome as Settlement] ?? outcome);
  return `${found}; ${became}`;
}
