/**
 * One device's data stream on its session (docs/link-protocol.md, "Data stream"): credit both ways, the end
 * from either side, fair use. Who the far end is, and where it is, is the hub's business (hub.ts).
 * Invariants: up to WINDOW_BYTES of either direction are in our memory, and what one read of the backend gave
 * beyond; bytes leave in the order in which they came; after the other side's `shut` nothing of the stream is sent.
 */
import { Reason } from '../../src/protocol/codes';
import { COUNTER_BYTES, MAX_UNIT_BYTES, TAG_BYTES } from '../../src/protocol/link';
import type { Message } from '../../src/protocol/messages';
import type { Clock, Timer } from '../time';
import type { Bucket } from './bucket';
import { endNameOfReason, type EndName, type FarEnd } from './far-end';

/** The device's session. */
export interface StreamLine {
  send(message: Message): void;
  sendBytes(bytes: string): void;
  /** The device breaks the protocol: its session ends. */
  breach(): void;
}

/** How much may pass, and how fast. */
export interface Passage {
  readonly up: Bucket;
  readonly down: Bucket;
  /** Counts bytes that pass; false: the day's fair use is spent. */
  spend(upBytes: number, downBytes: number): boolean;
}

export interface StreamOptions {
  readonly line: StreamLine;
  readonly clock: Clock;
  /** The stream is over for the backend; the device may still owe its `shut`. */
  readonly onEnd: (reason: EndName) => void;
}

/** Credit out at most, in each direction. */
export const WINDOW_BYTES = 16_384;
/** Bytes in one unit. */
export const UNIT_DATA_BYTES = MAX_UNIT_BYTES - COUNTER_BYTES - TAG_BYTES;
/** Passed on before credit for it goes back: a message for each unit would cost the air more than it brings. */
const CREDIT_STEP_BYTES = 4_096;
/** How long what a backend left behind may wait for a host that does not read. */
const FLUSH_MS = 60_000;

/** `waiting`: for a far end; `flushing`: it has ended; `shut`: we have said so, and wait for the device's answer. */
type Phase = 'waiting' | 'open' | 'flushing' | 'shut' | 'closed';

export class DeviceStream {
  private state: Phase = 'waiting';
  private far: FarEnd | undefined;
  private passage!: Passage;
  private upCredit = 0;
  private owedBytes = 0;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private retryTimer: Timer | undefined;
  private flushTimer: Timer | undefined;

  constructor(
    private readonly options: StreamOptions,
    private downCredit: number,
  ) {
    if (downCredit > WINDOW_BYTES) options.line.breach();
  }

  get phase(): Phase {
    return this.state;
  }

  /** The far end, while there is one. */
  get backend(): FarEnd | undefined {
    return this.far;
  }

  /** A backend is there: both sides are told. */
  attach(far: FarEnd, passage: Passage): void {
    this.far = far;
    this.passage = passage;
    this.state = 'open';
    this.upCredit = WINDOW_BYTES;
    far.onBytes = (bytes) => this.takeFromFar(bytes);
    far.onEnd = () => this.farEnded();
    this.options.line.send(['open', WINDOW_BYTES]);
    far.opened();
    far.setReading(true);
  }

  /** Bytes of the device. */
  takeFromDevice(bytes: string): void {
    if (this.state === 'shut') return;
    const isOpen = this.state === 'open' || this.state === 'flushing';
    if (!isOpen || bytes.length === 0 || bytes.length > this.upCredit) return this.options.line.breach();
    this.upCredit -= bytes.length;
    const isFair = this.passage.spend(bytes.length, 0);
    this.far!.write(Buffer.from(bytes, 'latin1'), () => {
      this.owedBytes += bytes.length;
      this.giveCredit();
    });
    if (!isFair) this.finish(Reason.RateLimit, 'RATE_LIMIT');
  }

  /** The device can take more. */
  credit(byteCount: number): void {
    if (this.state === 'shut') return;
    this.downCredit += byteCount;
    if (this.state === 'closed' || this.downCredit > WINDOW_BYTES) return this.options.line.breach();
    this.pump();
  }

  /** The device ends the stream, or answers our end. */
  shut(reason: number): void {
    if (this.state === 'closed') return this.options.line.breach();
    if (this.state !== 'shut') {
      this.options.line.send(['shut', Reason.None]);
      this.endFar(endNameOfReason(reason));
    }
    this.close();
  }

  /** We end the stream: the device hears `reason`, the backend `name`. */
  finish(reason: Reason, name: EndName): void {
    if (this.state === 'shut' || this.state === 'closed') return;
    this.state = 'shut';
    this.options.line.send(['shut', reason]);
    this.endFar(name);
    this.forget();
  }

  /** The session is over. */
  lost(name: EndName): void {
    if (this.state === 'closed') return;
    if (this.state !== 'shut') this.endFar(name);
    this.close();
  }

  private takeFromFar(bytes: Buffer): void {
    if (this.state !== 'open') return;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    this.pump();
  }

  private farEnded(): void {
    if (this.state !== 'open') return;
    this.state = 'flushing';
    this.flushTimer = this.options.clock.setTimer(
      () => this.finish(Reason.HostSilent, 'HOST_SILENT'),
      FLUSH_MS,
    );
    this.pump();
  }

  /** Sends what waits, as far as credit and rate go. */
  private pump(): void {
    if (this.state !== 'open' && this.state !== 'flushing') return;
    while (this.pendingBytes > 0 && this.downCredit > 0) {
      const byteCount = Math.min(this.pendingBytes, this.downCredit, UNIT_DATA_BYTES);
      if (!this.passage.down.take(byteCount)) {
        this.retryIn(this.passage.down.waitMs(byteCount));
        break;
      }
      this.downCredit -= byteCount;
      const isFair = this.passage.spend(0, byteCount);
      this.options.line.sendBytes(this.cut(byteCount));
      if (!isFair) return this.finish(Reason.RateLimit, 'RATE_LIMIT');
      // Sending may have ended the session.
      if (this.state !== 'open' && this.state !== 'flushing') return;
    }
    if (this.state === 'open') this.far!.setReading(this.pendingBytes < WINDOW_BYTES);
    else if (this.pendingBytes === 0) this.finish(Reason.None, 'NONE');
  }

  /** The first `byteCount` bytes of what waits. */
  private cut(byteCount: number): string {
    const parts: Buffer[] = [];
    let left = byteCount;
    while (left > 0) {
      const head = this.pending[0]!;
      const part = head.subarray(0, left);
      parts.push(part);
      left -= part.length;
      if (part.length === head.length) this.pending.shift();
      else this.pending[0] = head.subarray(part.length);
    }
    this.pendingBytes -= byteCount;
    return Buffer.concat(parts).toString('latin1');
  }

  /** What was passed on comes back as credit, in steps, at the rate that is allowed. */
  private giveCredit(): void {
    if (this.state !== 'open') return;
    let byteCount = 0;
    while (this.owedBytes >= CREDIT_STEP_BYTES && this.passage.up.take(CREDIT_STEP_BYTES)) {
      this.owedBytes -= CREDIT_STEP_BYTES;
      byteCount += CREDIT_STEP_BYTES;
    }
    if (this.owedBytes >= CREDIT_STEP_BYTES) this.retryIn(this.passage.up.waitMs(CREDIT_STEP_BYTES));
    if (byteCount === 0) return;
    this.upCredit += byteCount;
    this.options.line.send(['credit', byteCount]);
  }

  private retryIn(delayMs: number): void {
    this.retryTimer ??= this.options.clock.setTimer(() => {
      this.retryTimer = undefined;
      this.giveCredit();
      this.pump();
    }, delayMs);
  }

  private endFar(name: EndName): void {
    const { far } = this;
    this.far = undefined;
    if (far) {
      far.onBytes = () => undefined;
      far.onEnd = () => undefined;
      far.end(name);
    }
    this.options.onEnd(name);
  }

  private close(): void {
    this.state = 'closed';
    this.forget();
  }

  private forget(): void {
    this.options.clock.clearTimer(this.retryTimer);
    this.options.clock.clearTimer(this.flushTimer);
    this.pending = [];
    this.pendingBytes = 0;
  }
}
