/**
 * Daily reconciliation: fetches a day's bill, holds it against the ledger, keeps the differences, and has the
 * clear ones put right. Timing is jobs/reconcile-jobs.ts's, storing is book.ts's, single differences settle.ts's.
 * Invariant: run again, in this process or in another at the same time, it changes nothing that it has done.
 */
import type { Db } from '../db/database';
import type { Providers } from '../orders/tasks';
import { compareBill, type BillLine, type Outcome, type Provider } from '../providers';
import type { Clock } from '../time';
import type { BillDay, KeptDifference, ReconciliationBook } from './book';
import { DAY_MS, daysBetween, lastReadyDay, dayOf, readyAtMs } from './days';
import { ledgerRows, ofOthers } from './ledger-rows';
import { SETTLEMENTS, type Settlement, type Settler } from './settle';

export interface ReconcilerOptions {
  readonly db: Db;
  readonly book: ReconciliationBook;
  readonly settler: Settler;
  readonly providers: Providers;
  readonly clock: Clock;
  readonly watcher?: ReconciliationWatcher;
}

/** Counts and reports; must not throw. */
export interface ReconciliationWatcher {
  /** What a difference came to, as it was before; one that is left to a person, when it is found. */
  settled(difference: KeptDifference, settlement: Settlement): void;
  /** What a look at a day's bill came to. */
  looked(report: Report): void;
}

/** What one look at a day came to. */
export interface Report extends BillDay {
  readonly state: 'WAITING' | 'DONE' | 'EMPTY' | 'MISSING';
  readonly code: string;
  readonly billLines: number;
  readonly paidFen: number;
  readonly refundedFen: number;
  /** Open differences of the channel, of this and earlier days. */
  readonly open: number;
  /** What became of the differences that were looked at. */
  readonly settled: Readonly<Partial<Record<Settlement, number>>>;
}

const AGAIN_MS = 3_600_000;
/** A bill that is not to be had a day after its hour is not waited for any longer, nor one that cannot be read. */
const WAIT_FOR_BILL_MS = DAY_MS;
const WAIT_FOR_PROVIDER_MS = 7 * DAY_MS;
/** After that the daily runs of the days that follow look at it. */
const MAX_REPEATS = 24;
const MAX_CATCH_UP_DAYS = 60;
const PAGE = 500;
const NO_BILL = new Set(['BILL_NOT_FOUND', 'BILL_NOT_READY']);

interface Settled {
  readonly counts: ReadonlyMap<Settlement, number>;
  readonly isToRepeat: boolean;
}

export class Reconciler {
  constructor(private readonly options: ReconcilerOptions) {}

  /** Puts every bill that may be asked for by now on the plan. */
  async plan(): Promise<number> {
    const nowMs = this.nowMs();
    const days: BillDay[] = [];
    for (const { merchantId, channel, lastDay, firstOrderMs } of await this.options.book.channels()) {
      const last = lastReadyDay(channel, nowMs);
      // A person may have looked at a bill from before the first order: what lies between has nothing of ours.
      const firstDay = dayOf(firstOrderMs ?? nowMs);
      const from = lastDay !== null && lastDay > firstDay ? lastDay : firstDay;
      for (const day of daysBetween(from, last, MAX_CATCH_UP_DAYS)) days.push({ merchantId, channel, day });
    }
    return this.options.book.plan(days, nowMs);
  }

  /** Looks at one day, planned or not. @throws when `signal` ends it: what it has done stays, the rest comes again. */
  async run(day: BillDay, signal?: AbortSignal): Promise<Report> {
    const report = await this.look(day, signal);
    this.options.watcher?.looked(report);
    return report;
  }

  private async look(day: BillDay, signal: AbortSignal | undefined): Promise<Report> {
    // A day that a person asks for must not stand behind days that are not on the plan: those would never come.
    if (!(await this.options.book.find(day))) await this.plan();
    await this.options.book.plan([day], this.nowMs());
    const provider = await this.options.providers.get(day.merchantId, day.channel);
    const bill: Outcome<readonly BillLine[]> | undefined = await provider?.bill(day.day);
    signal?.throwIfAborted();
    if (!provider || !bill) return this.miss(day, 'NO_PARAMETERS');
    if (bill.kind !== 'ok') return this.miss(day, bill.code);
    const lines = bill.value;
    const rows = await ledgerRows(this.options.db, day.merchantId, day.channel, day.day, lines);
    const compared = compareBill(lines, rows);
    const others = await ofOthers(this.options.db, day.merchantId, day.channel, compared);
    const differences = compared.filter((difference) => !others.has(difference));
    const totals = {
      billLines: lines.length,
      paidFen: sumOf(lines, 'payment'),
      refundedFen: sumOf(lines, 'refund'),
    };
    const found = await this.options.book.compared(day, totals, differences, this.nowMs());
    const forPersons = found.filter(({ rule }) => rule === 'person');
    for (const difference of forPersons) this.options.watcher?.settled(difference, 'PERSON');
    const settled = await this.settleOpen(provider, day, forPersons.length, signal);
    return { ...day, ...totals, state: 'DONE', code: '', ...(await this.rest(day, settled)) };
  }

  private async miss(day: BillDay, code: string): Promise<Report> {
    const nowMs = this.nowMs();
    const waitedMs = nowMs - readyAtMs(day.channel, day.day);
    const isOver = waitedMs >= (NO_BILL.has(code) ? WAIT_FOR_BILL_MS : WAIT_FOR_PROVIDER_MS);
    const state = isOver ? await this.verdict(day, code) : 'WAITING';
    await this.options.book.missed(day, state, code, isOver ? null : nowMs + AGAIN_MS);
    const nothing = { billLines: 0, paidFen: 0, refundedFen: 0 };
    return { ...day, ...nothing, state, code, open: await this.openCount(day), settled: {} };
  }

  /** No bill at all is right only for a day on which the ledger has nothing either. */
  private async verdict(day: BillDay, code: string): Promise<'EMPTY' | 'MISSING'> {
    if (!NO_BILL.has(code)) return 'MISSING';
    const rows = await ledgerRows(this.options.db, day.merchantId, day.channel, day.day, []);
    return rows.some((row) => row.isBooked && row.isOfDay) ? 'MISSING' : 'EMPTY';
  }

  /** Settles what is open in the channel, also of earlier days: providers answer late. */
  private async settleOpen(
    provider: Provider,
    { merchantId, channel, day }: BillDay,
    personCount: number,
    signal: AbortSignal | undefined,
  ): Promise<Settled> {
    const { book, settler } = this.options;
    const counts = new Map<Settlement, number>(personCount > 0 ? [['PERSON', personCount]] : []);
    let isToRepeat = false;
    for (let after = 0; ;) {
      const page = await book.differences({
        merchantId,
        channel,
        isOpen: true,
        isClear: true,
        after,
        limit: PAGE,
      });
      for (const difference of page) {
        signal?.throwIfAborted();
        const outcome = await settler.settle(provider, difference);
        const isEnded = SETTLEMENTS[outcome] === 'ended';
        isToRepeat ||= difference.day === day && SETTLEMENTS[outcome] === 'again';
        await book.note(difference.id, { isEnded, outcome, by: 'reconciliation' }, this.nowMs());
        this.options.watcher?.settled(difference, outcome);
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      }
      if (page.length < PAGE) return { counts, isToRepeat };
      after = page.at(-1)!.id;
    }
  }

  /** Looks again in an hour when the provider had no answer to something of this day. */
  private async rest(day: BillDay, settled: Settled): Promise<Pick<Report, 'open' | 'settled'>> {
    const tries = (await this.options.book.find(day))?.tries ?? 0;
    if (settled.isToRepeat && tries < MAX_REPEATS)
      await this.options.book.again(day, this.nowMs() + AGAIN_MS);
    return { open: await this.openCount(day), settled: Object.fromEntries(settled.counts) };
  }

  private openCount(day: BillDay): Promise<number> {
    return this.options.book.openCount(day);
  }

  private nowMs(): number {
    return Math.round(this.options.clock.nowMs());
  }
}

function sumOf(lines: readonly BillLine[], kind: BillLine['kind']): number {
  return lines.filter((line) => line.kind === kind).reduce((sum, line) => sum + line.amountFen, 0);
}
