/**
 * What operators and merchants see of the daily reconciliation, and decide about differences that are not clear.
 * The same functions for command line, API and console.
 * Invariant: closing a difference says that a person has dealt with it; money moves only through orders.
 */
import { z } from 'zod';
import type { Merchants } from '../merchants/merchants';
import type { Channel } from '../providers';
import type { KeptDifference, Reconciliation, ReconciliationBook } from '../reconciliation/book';
import { lastReadyDay } from '../reconciliation/days';
import type { Reconciler, Report } from '../reconciliation/reconciler';
import { meaningOf } from '../reconciliation/texts';
import type { Clock } from '../time';
import { demandMerchant, type Actor } from './actor';
import { ApiError } from './errors';
import { readBody } from './shop';
import { line } from './text';

export interface ReconciliationDeskOptions {
  readonly book: ReconciliationBook;
  readonly reconciler: Reconciler;
  readonly merchants: Pick<Merchants, 'parametersVersion'>;
  readonly clock: Clock;
}

const MAX_LIST = 500;
const day = z.iso.date();

export const differenceFilterSchema = z.strictObject({
  merchantId: z.coerce.number().int().min(1).optional(),
  channel: z.enum(['wechat', 'alipay']).optional(),
  day: day.optional(),
  /** Also those that are settled. */
  all: z.stringbool().optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIST).default(100),
});
export const closingSchema = z.strictObject({ note: line(1, 500) });
export const runSchema = z.strictObject({ day: day.optional() });

/** A difference as it is shown: what it means, in words. */
export type DifferenceView = KeptDifference & { readonly meaning: string };

export class ReconciliationDesk {
  constructor(private readonly options: ReconciliationDeskOptions) {}

  /** Looks at a day's bill now; by default at the last one that there is. */
  async run(actor: Actor, merchantId: number, channel: Channel, body: unknown): Promise<Report> {
    demandMerchant(actor, merchantId);
    const wanted = readBody(runSchema, body ?? {});
    const version = await this.options.merchants.parametersVersion(merchantId, channel);
    if (version === undefined)
      throw new ApiError('NOT_FOUND', `merchant ${merchantId} has no parameters for ${channel}`);
    const last = lastReadyDay(channel, this.options.clock.nowMs());
    const chosen = wanted.day ?? last;
    if (chosen > last) throw new ApiError('BAD_REQUEST', `day: the bill of ${chosen} is not made yet`);
    return this.options.reconciler.run({ merchantId, channel, day: chosen });
  }

  /** How many differences wait for a person or an answer, of all merchants. */
  openCount(): Promise<number> {
    return this.options.book.openCount();
  }

  /** Days that were looked at, the newest first. */
  async days(actor: Actor, filter: unknown): Promise<readonly Reconciliation[]> {
    const { merchantId, channel, limit } = this.filter(actor, filter);
    return this.options.book.list({ merchantId, channel, limit });
  }

  async differences(actor: Actor, filter: unknown): Promise<readonly DifferenceView[]> {
    const { all, ...rest } = this.filter(actor, filter);
    const found = await this.options.book.differences({ ...rest, isOpen: all ? undefined : true });
    return found.map(viewOf);
  }

  /** A person has dealt with it. @throws ApiError WRONG_STATE when it is closed already. */
  async close(actor: Actor, id: number, body: unknown): Promise<DifferenceView> {
    const { note } = readBody(closingSchema, body);
    const found = await this.options.book.difference(id);
    if (!found) throw new ApiError('NOT_FOUND');
    demandMerchant(actor, found.merchantId);
    const result = { isEnded: true, outcome: found.outcome || 'PERSON', by: `person:${actor.name}`, note };
    const wasOpen = await this.options.book.note(id, result, Math.round(this.options.clock.nowMs()));
    if (!wasOpen) throw new ApiError('WRONG_STATE', 'the difference is closed');
    return viewOf((await this.options.book.difference(id))!);
  }

  private filter(actor: Actor, filter: unknown): z.infer<typeof differenceFilterSchema> {
    const wanted = readBody(differenceFilterSchema, filter);
    return { ...wanted, merchantId: actor.merchantId ?? wanted.merchantId };
  }
}

function viewOf(difference: KeptDifference): DifferenceView {
  const { kind, rule, outcome } = difference;
  return { ...difference, meaning: meaningOf(kind, outcome || (rule === 'person' ? 'PERSON' : '')) };
}
