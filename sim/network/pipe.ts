/**
 * One direction of a simulated TCP connection: items in order over a radio channel with a rate, latency,
 * jitter, loss (as retransmission time) and outages. One timer per direction, whatever is queued.
 * Leaves the meaning of items to `connection.ts`.
 * Invariant: items arrive once, in order, never before their last bit has passed the channel, and never
 * while the path is down.
 */
import type { Clock, Timer } from '../time/clock';
import type { Random } from '../time/random';

/** IP and TCP headers of one segment. */
export const HEADER_BYTES = 40;
/** TCP's retransmission time stops doubling here. */
const LONGEST_RETRANSMISSION_MS = 64_000;

/** The shared air interface of one device in one direction. */
export class RadioChannel {
  /** Bytes carried, headers and retransmissions included. */
  carriedBytes = 0;
  private freeAtMs = 0;

  constructor(
    private readonly clock: Clock,
    public bitsPerSecond: number,
  ) {}

  /** Takes the channel for `byteCount` bytes after what is already queued; gives when the last bit has passed. */
  occupy(byteCount: number): number {
    const startMs = Math.max(this.clock.nowMs(), this.freeAtMs);
    const airMs = this.bitsPerSecond > 0 ? (byteCount * 8_000) / this.bitsPerSecond : 0;
    this.freeAtMs = startMs + airMs;
    this.carriedBytes += byteCount;
    return this.freeAtMs;
  }

  /** Power or coverage lost: nothing is queued any more. */
  clear(): void {
    this.freeAtMs = 0;
  }
}

/** What a pipe needs to know of the path; read at every use, so that it may change. */
export interface Path {
  isUp: boolean;
  latencyMs: number;
  jitterMs: number;
  lossShare: number;
  retransmissionMs: number;
  /** Segments sent again, for the report. */
  retransmissions: number;
}

interface Travelling<Item> {
  item: Item;
  payloadBytes: number;
  arrivalMs: number;
  /** A lost acknowledgement: whatever comes after it says the same. */
  isCovered: boolean;
}

export class Pipe<Item> {
  private travelling: Travelling<Item>[] = [];
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly channel: RadioChannel,
    private readonly path: Path,
    private readonly deliver: (item: Item) => void,
  ) {}

  /** `isAck`: nothing but an acknowledgement, which is not sent again when lost: the next segment covers it. */
  send(item: Item, payloadBytes: number, isAck = false): void {
    const passedMs = this.channel.occupy(payloadBytes + HEADER_BYTES);
    const path = this.path;
    const jitterMs = path.jitterMs > 0 ? this.random.fraction() * path.jitterMs : 0;
    const lossMs = this.lossDelayMs(payloadBytes);
    const arrivalMs = passedMs + path.latencyMs + jitterMs + lossMs;
    this.coverLost(arrivalMs);
    this.travelling.push({ item, payloadBytes, arrivalMs, isCovered: isAck && lossMs > 0 });
    if (!this.timer && path.isUp) this.arm();
  }

  /** Acknowledgements lost just before come with the segment that arrives at `arrivalMs`, if that is sooner. */
  private coverLost(arrivalMs: number): void {
    const { travelling } = this;
    let at = travelling.length;
    while (at > 0 && travelling[at - 1]!.isCovered) {
      const entry = travelling[--at]!;
      entry.arrivalMs = Math.min(entry.arrivalMs, arrivalMs);
    }
    if (at === 0 && travelling.length > 0 && this.timer) this.rearm();
  }

  /** The path is up again after `outageMs`: TCP finds out at its next retransmission and sends all of it again. */
  resume(outageMs: number): void {
    if (this.travelling.length === 0) return;
    const waitMs = this.random.fraction() * Math.min(outageMs, LONGEST_RETRANSMISSION_MS);
    for (const entry of this.travelling) {
      const passedMs = this.channel.occupy(entry.payloadBytes + HEADER_BYTES);
      entry.arrivalMs = passedMs + waitMs + this.path.latencyMs;
    }
    this.path.retransmissions += this.travelling.length;
    this.rearm();
  }

  pause(): void {
    this.clock.clearTimer(this.timer);
    this.timer = undefined;
  }

  /** Everything under way is lost for good. */
  discard(): void {
    this.pause();
    this.travelling = [];
  }

  private lossDelayMs(payloadBytes: number): number {
    const path = this.path;
    let delayMs = 0;
    if (path.lossShare <= 0) return delayMs;
    for (let waitMs = path.retransmissionMs; this.random.chance(path.lossShare); waitMs *= 2) {
      delayMs += Math.min(waitMs, LONGEST_RETRANSMISSION_MS);
      path.retransmissions += 1;
      this.channel.occupy(payloadBytes + HEADER_BYTES);
      if (delayMs > LONGEST_RETRANSMISSION_MS) break;
    }
    return delayMs;
  }

  private rearm(): void {
    this.pause();
    this.arm();
  }

  private arm(): void {
    const head = this.travelling[0];
    if (!head) return;
    this.timer = this.clock.setTimer(() => this.arrive(), Math.max(0, head.arrivalMs - this.clock.nowMs()));
  }

  /** What is due, in order: a late head holds back what overtook it, as TCP does. */
  private arrive(): void {
    this.timer = undefined;
    const nowMs = this.clock.nowMs();
    while (this.travelling.length > 0 && this.travelling[0]!.arrivalMs <= nowMs) {
      this.deliver(this.travelling.shift()!.item);
      if (!this.path.isUp) return;
    }
    if (!this.timer) this.arm();
  }
}
