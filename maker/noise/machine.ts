/**
 * A maker's machine with the C library in it: sells one thing after the other, repeats what was not answered with the same
 * reference, delivers when the library says so, and asks about an order that it has not heard of for a while.
 * Runs in virtual time; the library itself is a process of its own (c/lockstep). Leaves the line to the campaign.
 * Invariant: everything the machine knows came through the library.
 */
import type { Clock } from '../../sim/time/clock';
import type { Random } from '../../sim/time/random';
import { OrderState } from '../../src/protocol/codes';
import { hexText, type Lockstep, type StepResult } from '../c/lockstep/lockstep';

/** What the machine has in mind of one sale. */
export interface Sale {
  readonly reference: string;
  readonly amountFen: number;
  readonly channel: number;
  /** Number given by the module, 0 while it is not known. */
  order: number;
  state: number;
  deliveries: number;
  reported: 'nothing' | 'dispensed' | 'failed';
  /** The module has acknowledged the report. */
  isReportTaken: boolean;
  /** The machine was switched off and on while this sale was under way. */
  hasRestarted: boolean;
  refusedWith: number;
  isOver: boolean;
}

const POLL_MS = 20;
const RETRY_MS = 1000;
const SILENCE_MS = 12_000;
const TTL_S = 30;
const OK = 0;
const NO_ANSWER = -4;
const REFUSED = -5;
/** Of requests that were not answered or have to wait: the same again. */
const PASSING_REASONS = new Set([12, 13, 17, 18]);
const FAILING_SHARE = 0.15;
const CANCELLING_SHARE = 0.08;
const PAY = 2;
const QUERY = 3;
const DISPENSED = 5;
const FAILED = 6;
const UNKNOWN_ORDER = 14;
const LOOK_MS = 6000;

export class Machine {
  readonly sales: Sale[] = [];
  /** Orders that DISPENSING was told of, begun before the machine's last start. */
  readonly earlier = new Set<number>();
  /** Called when the sale under way is over. */
  onOver: () => void = () => {};
  private sale: Sale | undefined;
  private heardMs = 0;
  private retryAtMs = 0;
  private startedMs: number;
  /** How often the machine was switched on. */
  private lives = 1;
  private brokenBefore = 0;
  private todo: (() => StepResult)[] = [];

  constructor(
    private readonly library: Lockstep,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly write: (bytes: Buffer) => void,
    private readonly delivery: 'host' | 'relay',
  ) {
    this.startedMs = clock.nowMs();
    this.run(library.start(0, delivery));
    this.pollLater();
  }

  /** Power fails and comes back: the library and all plans of the machine begin anew; it has no EEPROM. */
  restart(): void {
    const { sale } = this;
    this.lives += 1;
    this.brokenBefore += this.brokenNow();
    this.todo = [];
    this.startedMs = this.clock.nowMs();
    this.run(this.library.start(0, this.delivery));
    if (!sale) return;
    sale.hasRestarted = true;
    this.lookFor(sale);
  }

  /** Frames that the library could not read, in all lives. */
  brokenFrames(): number {
    return this.brokenBefore + this.brokenNow();
  }

  private brokenNow(): number {
    return this.library.request('state').lines[0]!.split(' ').map(Number)[3]!;
  }

  /** Bytes from the module. */
  receive(bytes: Buffer): void {
    this.run(this.library.poll(this.sinceStartMs(), bytes));
  }

  /** Sells something; `onOver` tells when that is over. */
  sell(amountFen: number, channel: number): void {
    const made = this.run(this.library.request('reference'));
    const reference = made.lines[0]?.split(' ')[1];
    if (made.code !== OK || !reference) {
      this.clock.setTimer(() => this.sell(amountFen, channel), RETRY_MS);
      return;
    }
    const sale: Sale = {
      reference,
      amountFen,
      channel,
      order: 0,
      state: 0,
      deliveries: 0,
      reported: 'nothing',
      isReportTaken: false,
      hasRestarted: false,
      refusedWith: 0,
      isOver: false,
    };
    this.sales.push(sale);
    this.sale = sale;
    this.heardMs = this.clock.nowMs();
    this.todo.push(() => this.pay(sale));
    if (this.random.chance(CANCELLING_SHARE)) {
      this.inThisLife(this.random.between(500, 3000), () => this.cancel(sale));
    }
  }

  private pay({ amountFen, channel, reference }: Sale): StepResult {
    return this.library.request('pay', amountFen, channel, TTL_S, hexText(reference), hexText('noise 噪声'));
  }

  /** Did the PAY arrive before the power went? The campaign wants to know; a real machine would wait for STATUS. */
  private lookFor(sale: Sale): void {
    this.inThisLife(LOOK_MS, () => {
      if (sale.isOver || sale.state) return;
      this.todo.push(() => this.library.request('query', 0, hexText(sale.reference)));
      this.lookFor(sale);
    });
  }

  /** Does something later, unless the machine is switched off before. */
  private inThisLife(delayMs: number, action: () => void): void {
    const life = this.lives;
    this.clock.setTimer(() => {
      if (this.lives === life) action();
    }, delayMs);
  }

  private cancel(sale: Sale): void {
    if (sale.isOver || !sale.order || sale.state >= OrderState.Paid) return;
    this.todo.push(() => this.library.request('cancel', sale.order));
  }

  private sinceStartMs(): number {
    return Math.floor(this.clock.nowMs() - this.startedMs);
  }

  private pollLater(): void {
    this.clock.setTimer(() => {
      this.run(this.library.poll(this.sinceStartMs()));
      this.work();
      this.pollLater();
    }, POLL_MS);
  }

  /** The main loop of the machine, besides polling. */
  private work(): void {
    const { sale } = this;
    if (this.todo.length > 0 && this.clock.nowMs() >= this.retryAtMs) {
      const result = this.run(this.todo[0]!());
      if (result.code === OK) this.todo.shift();
      else if (result.code !== -2) throw new Error(`the library gave ${result.code}`);
    }
    if (sale?.order && !sale.isOver && this.clock.nowMs() - this.heardMs > SILENCE_MS) {
      this.heardMs = this.clock.nowMs();
      this.todo.push(() => this.library.request('query', sale.order, '-'));
    }
  }

  private run(result: StepResult): StepResult {
    for (const line of result.lines) {
      const [kind, ...words] = line.split(' ');
      if (kind === 'tx') this.write(Buffer.from(words[0]!, 'hex'));
      if (kind === 'answer') this.onAnswer(words.map(Number));
      if (kind === 'status') this.onStatus(words);
      if (kind === 'deliver') this.onDeliver(Number(words[0]));
    }
    return result;
  }

  private onAnswer([type, result, reason, order]: number[]): void {
    const { sale } = this;
    if (type === DISPENSED || type === FAILED) this.onReported(order!, result!);
    const isUnknown = result === REFUSED && reason === UNKNOWN_ORDER;
    if (type === QUERY && isUnknown && sale?.hasRestarted && !sale.order) {
      sale.refusedWith = reason;
      this.end(sale);
    }
    if (type !== PAY || !sale) return;
    if (result === OK) {
      sale.order = order!;
      this.heardMs = this.clock.nowMs();
      return;
    }
    if (result === NO_ANSWER || (result === REFUSED && PASSING_REASONS.has(reason!))) {
      this.retryAtMs = this.clock.nowMs() + RETRY_MS;
      this.todo.unshift(() => this.pay(sale));
      return;
    }
    sale.refusedWith = reason!;
    this.end(sale);
  }

  private onStatus(words: string[]): void {
    const [order, state] = words.map(Number) as [number, number];
    const reference = words[8];
    if (words[7] === '1') this.earlier.add(order);
    // A reference that never became an order may be made again after the next start: the last sale has it.
    const sale = this.sales.findLast((candidate) => candidate.reference === reference);
    if (!sale || sale.isOver) return;
    // The module tells of the order although the ACK of PAY may have been lost.
    sale.order = order;
    sale.state = state;
    this.heardMs = this.clock.nowMs();
    if (state >= OrderState.Done) this.end(sale);
  }

  private onDeliver(order: number): void {
    const sale = this.sales.findLast((candidate) => candidate.order === order);
    if (!sale) throw new Error(`asked to deliver order ${order}, which is not ours`);
    sale.deliveries += 1;
    const isFailing = this.random.chance(FAILING_SHARE);
    this.inThisLife(this.random.between(20, 2000), () => {
      sale.reported = isFailing ? 'failed' : 'dispensed';
      this.todo.push(() => this.library.request(sale.reported, order));
    });
  }

  private onReported(order: number, result: number): void {
    const sale = this.sales.findLast((candidate) => candidate.order === order);
    if (sale) sale.isReportTaken = result === OK;
  }

  private end(sale: Sale): void {
    sale.isOver = true;
    if (this.sale !== sale) return;
    this.sale = undefined;
    this.onOver();
  }
}
