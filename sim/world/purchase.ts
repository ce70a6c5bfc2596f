/**
 * One purchase as host and customer live it: the host asks until it has an answer, shows the link, the customer
 * pays or does not, the host gives up, reports, or wants the money back, as the plan says.
 * Invariant: it knows only what reached the host; the customer pays only a link that the host was given.
 */
import { HostType, type HostFields } from '../../src/protocol/host';
import type { ProviderModel } from '../providers';
import type { Auditor } from './auditor';
import type { Answer } from './host';
import * as laws from './laws';
import type { Loop } from './loop';
import type { PurchaseStep } from './plan';
import type { Site } from './site';

/** What may pass by itself: asked again. BAD_CRC, BAD_LENGTH, BUSY, OFFLINE, NOT_SYNCED, STORAGE, INCOMPLETE. */
const PASSING_REASONS: readonly number[] = [1, 2, 12, 13, 17, 18, 19];
const RETRY_MS = 3_000;
const MAX_TRIES = 40;
/** How often a report is repeated that got no answer. */
const MAX_REPORTS = 30;
const BY_HOST = 0;
/** "tea 茶", in UTF-8. */
const GOODS = 'tea \xe8\x8c\xb6';

export interface PurchaseWorld {
  readonly loop: Loop;
  readonly site: Site;
  readonly model: ProviderModel;
  readonly auditor: Auditor;
  /** How the machine delivers (Settings, `mode`). */
  readonly mode: number;
  /** The merchant gives the money back at his desk. */
  refundAtDesk(n: number): void;
}

export class Purchase {
  n = 0;
  state = 0;
  /** Over: nothing more comes from host or customer by itself. */
  isOver = false;
  private readonly done = new Set<string>();
  private paidLinks = new Set<string>();
  private pending = 0;

  constructor(
    readonly step: PurchaseStep,
    private readonly world: PurchaseWorld,
  ) {}

  begin(): void {
    this.ask(1);
  }

  /** Something that is still to happen, or was begun and not finished. */
  get isPending(): boolean {
    return this.pending > 0 || (!this.isOver && this.n === 0);
  }

  /** A frame about this order reached the host. */
  onFrame(type: HostType, fields: HostFields): void {
    if (type === HostType.Qr) this.show(fields);
    else if (type === HostType.Status) this.follow(fields.order as number, fields.state as number);
  }

  /** Asks again, as a host that repeats itself; `amountFen` differs for a host that confuses its references. */
  repeat(amountFen: number): void {
    this.world.site.host.request(HostType.Pay, { ...this.fields(), amountFen });
  }

  private fields(): HostFields {
    const { amountFen, channel, ttlS, reference } = this.step;
    return { amountFen, channel, ttlS, reference, goods: GOODS };
  }

  private ask(tries: number): void {
    this.world.site.host.request(HostType.Pay, this.fields(), (answer) => this.answered(answer, tries));
  }

  private answered(answer: Answer, tries: number): void {
    if (answer.kind === 'ack') {
      this.accepted(answer.order);
      return;
    }
    const isPassing = answer.kind === 'silence' || PASSING_REASONS.includes(answer.reason);
    if (isPassing && tries < MAX_TRIES && this.n === 0) this.later(RETRY_MS, () => this.ask(tries + 1));
    else if (this.n === 0) this.isOver = true;
  }

  private accepted(n: number): void {
    if (this.n > 0) return;
    this.n = n;
    const { cancelMs, merchantRefundMs } = this.step;
    if (cancelMs > 0) this.later(cancelMs, () => this.command(HostType.Cancel, 'cancel', MAX_REPORTS));
    if (merchantRefundMs > 0) this.later(merchantRefundMs, () => this.world.refundAtDesk(n));
  }

  private show(fields: HostFields): void {
    const link = fields.url as string;
    const { customer, thinkMs } = this.step;
    if (customer === 'ignores' || this.paidLinks.has(link)) return;
    this.paidLinks.add(link);
    const lastMs = (fields.leftS as number) * 1_000 - 400;
    const waitMs = customer === 'late' ? lastMs + (thinkMs % 900) : thinkMs;
    this.later(Math.max(0, waitMs), () => this.world.model.wallet.pay(link));
  }

  private follow(n: number, state: number): void {
    if (this.n === 0) this.accepted(n);
    if (n !== this.n) return;
    this.state = state;
    const { report, reportMs, refundMs } = this.step;
    const isByHost = this.world.mode === BY_HOST;
    const isAsked = state === laws.UNCERTAIN || (state === laws.DISPENSING && isByHost);
    const isMissed = state === laws.DISPENSED || state === laws.DONE;
    if (isAsked && report !== 'silent')
      this.once(`report ${state}`, () => this.later(reportMs, () => this.report()));
    if (isMissed && report === 'failed') this.once('missed', () => this.later(reportMs, () => this.report()));
    if (state === laws.DONE && refundMs > 0) {
      this.once('refund', () =>
        this.later(refundMs, () => this.command(HostType.Refund, 'refund', MAX_REPORTS)),
      );
    }
    if (state >= laws.FIRST_FINAL) this.isOver = true;
  }

  private report(): void {
    const isFailed = this.step.report === 'failed';
    this.command(
      isFailed ? HostType.Failed : HostType.Dispensed,
      isFailed ? 'failed' : 'dispensed',
      MAX_REPORTS,
    );
  }

  /** Says it until it is answered; BAD_STATE is an answer. */
  command(type: HostType, what: 'cancel' | 'dispensed' | 'failed' | 'refund', tries: number): void {
    const { site, auditor } = this.world;
    const withText = type === HostType.Failed || type === HostType.Refund;
    if (what !== 'cancel') auditor.shadow.order(site.id, this.n).hostSaid.add(what);
    this.pending += 1;
    site.host.request(type, withText ? { order: this.n, text: '' } : { order: this.n }, (answer) => {
      this.pending -= 1;
      const isPassing =
        answer.kind === 'silence' || (answer.kind === 'nak' && PASSING_REASONS.includes(answer.reason));
      if (isPassing && tries > 1) this.later(RETRY_MS, () => this.command(type, what, tries - 1));
    });
  }

  private once(name: string, work: () => void): void {
    if (this.done.has(name)) return;
    this.done.add(name);
    work();
  }

  private later(delayMs: number, work: () => void): void {
    this.pending += 1;
    this.world.loop.clock.setTimer(() => {
      this.pending -= 1;
      work();
    }, delayMs);
  }
}
