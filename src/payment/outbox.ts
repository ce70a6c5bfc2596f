/**
 * Frames on their way to the host (docs/host-protocol.md, "Answers and repeats"): one that wants an answer is
 * under way at a time and is repeated until it is answered; answers and unasked frames go out at once.
 * Invariant: the queue is bounded. A frame about an order replaces an older one of its kind that has not left,
 * so that a host that is away costs memory for one frame an order and kind, and hears the newest state first.
 */
import type { Clock, Crc32, TimerId } from '../protocol/ports';
import { encodeFrame, FLAG_ACK_WANTED } from '../protocol/frame';
import type { FrameSource } from './stream-ports';
import type { HostType } from '../protocol/host-wire';

/** How long the host has for its answer, and how often a frame is sent in all. */
export const REPLY_TIMEOUT_MS = 500;
export const MAX_SENDS = 4;
export const MAX_QUEUED_FRAMES = 20;

interface Queued {
  readonly type: number;
  /** What the frame is about; a newer one with the same type and subject takes its place. */
  readonly subject: number;
  payload: string;
}

/** `seq` begins at chance, so that a frame after a restart is not taken for a repeat of one before it. */
export class Outbox {
  private queue: Queued[];
  /** The frame under way, '' when there is none. */
  private sent: string;
  private sends: number;
  /** What the frame under way is about. */
  private sentSubject: number;
  private timer: TimerId;
  /** Has frames that wait until nothing else does: the data stream, behind all that is about orders. */
  source: FrameSource | undefined;
  /** Type of the frame under way when it is the source's, else 0. */
  private sourceType: number;

  constructor(
    private readonly write: (bytes: string) => void,
    private readonly crc32: Crc32,
    private readonly clock: Clock,
    private seq: number,
  ) {
    this.queue = [];
    this.sent = '';
    this.sends = 0;
    this.sentSubject = 0;
    this.timer = undefined;
    this.source = undefined;
    this.sourceType = 0;
  }

  /** Sends a frame that wants no answer. */
  post(type: HostType, payload: string): void {
    this.write(this.frame(0, type, payload));
  }

  /**
   * Queues a frame that wants an answer; `subject` is the order's number, or 0 for a frame that replaces none.
   * Gives false when the queue is full.
   */
  ask(type: HostType, subject: number, payload: string): boolean {
    const queue = this.queue;
    const old = subject && queue.find((queued) => queued.type === type && queued.subject === subject);
    if (old) old.payload = payload;
    else if (queue.length >= MAX_QUEUED_FRAMES) return false;
    else queue.push({ type, subject, payload });
    this.wake();
    return true;
  }

  /** Whether a frame about this order waits for its answer, so that what is posted now would overtake it. */
  isTelling(subject: number): boolean {
    return this.sentSubject === subject || !!this.queue.find((queued) => queued.subject === subject);
  }

  /** Room for frames that want an answer. */
  freeFrames(): number {
    return MAX_QUEUED_FRAMES - this.queue.length;
  }

  /** There may be something to send. */
  wake(): void {
    if (!this.sent) this.next();
  }

  /** The host answered the frame with this seq: it took it, or it did not. */
  answered(seq: number, isTaken: boolean): void {
    if (!this.sent || this.sent.charCodeAt(3) !== seq) return;
    this.clock.cancel(this.timer);
    this.done(isTaken);
  }

  private done(isTaken: boolean): void {
    const type = this.sourceType;
    this.sent = '';
    this.sentSubject = 0;
    this.sourceType = 0;
    // It may wake us.
    if (type && this.source) this.source.onAnswer(type, isTaken);
    this.wake();
  }

  private frame(flags: number, type: number, payload: string): string {
    this.seq = (this.seq + 1) & 255;
    return encodeFrame(this.crc32, flags, this.seq, type, payload);
  }

  private next(): void {
    const queued = this.queue.shift();
    const offered = queued ? undefined : this.source && this.source.nextFrame();
    if (queued) this.sent = this.frame(FLAG_ACK_WANTED, queued.type, queued.payload);
    else if (offered) {
      this.sourceType = offered[0];
      this.sent = this.frame(FLAG_ACK_WANTED, offered[0], offered[1]);
    } else return;
    this.sentSubject = queued ? queued.subject : 0;
    this.sends = 0;
    this.transmit();
  }

  private transmit(): void {
    this.sends++;
    this.write(this.sent);
    this.timer = this.clock.after(REPLY_TIMEOUT_MS, () => {
      if (this.sends < MAX_SENDS) this.transmit();
      else this.done(false);
    });
  }
}
