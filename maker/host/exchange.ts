/**
 * Frames with answers and repeats (docs/host-protocol.md, sections 3 and 4), for either side of the wire: requests go out
 * one at a time and are repeated until answered; what comes in is answered, and a repeat is answered again.
 * Leaves the meaning of messages to host.ts (a host) and to conform/ (a module).
 * Invariant: every request ends, by answer, by time or by the port's end; a repeated frame is handed on once.
 */
import crc32 from 'crc/calculators/crc32';
import { Reason } from '../../src/protocol/codes';
import {
  encodeFrame,
  FLAG_ACK_WANTED,
  FRAME_TIMEOUT_MS,
  type Frame,
  FrameReader,
} from '../../src/protocol/frame';
import { decodeHost, encodeHost, type HostFields, HostType } from '../../src/protocol/host';
import { REASON_NAMES } from '../../src/protocol/reasons';
import type { Clock, Timer } from '../../sim/time/clock';
import { HostError } from './errors';
import { typeName } from './names';
import type { HostPort } from './port';

/** How long each side waits for an answer. */
export const HOST_ANSWER_MS = 300;
export const MODULE_ANSWER_MS = 500;
export const MAX_SENDS = 4;
const MAX_QUEUED = 64;
const BITS_PER_BYTE = 10;

/** The checksum of binary strings. */
export const crcOf = (bytes: string): number => crc32(Buffer.from(bytes, 'latin1')) >>> 0;

export interface Message {
  readonly type: number;
  readonly seq: number;
  readonly isAckWanted: boolean;
  readonly fields: HostFields;
}

/** What becomes of a message: refused with a reason, or taken, about an order; `then` runs after the answer was sent. */
export interface Verdict {
  readonly reason?: Reason;
  readonly order?: number;
  readonly then?: () => void;
}

/** A frame that passed by, for people to look at. */
export interface TraceEntry {
  readonly direction: 'sent' | 'received';
  readonly bytes: Buffer;
  readonly frame?: Frame;
  /** Why it could not be read. */
  readonly broken?: Reason;
}

export interface ExchangeOptions {
  readonly clock: Clock;
  readonly side: 'host' | 'module';
  /** What a message does. Throwing is a programming mistake. */
  readonly onMessage: (message: Message) => Verdict;
  readonly onTrace?: (entry: TraceEntry) => void;
  readonly onClose?: (why: string) => void;
}

interface Request {
  readonly type: number;
  readonly frame: string;
  resolve(order: number): void;
  reject(error: HostError): void;
}

/** What only asks is done again when it is repeated. */
const ASKING = new Set<number>([
  HostType.Hello,
  HostType.Query,
  HostType.GetSettings,
  HostType.GetTime,
  HostType.GetSignal,
  HostType.GetLog,
]);
/** These are about bytes that got lost: the time-out repeats. */
export const LOST_BYTES = new Set<number>([Reason.BadCrc, Reason.BadLength, Reason.Incomplete]);

export class Exchange {
  private readonly reader: FrameReader;
  private readonly waiting: Request[] = [];
  private current: Request | undefined;
  private answerTimer: Timer | undefined;
  private gapTimer: Timer | undefined;
  private seq = 0;
  private lastTaken = '';
  private lastVerdict: Verdict = {};
  private closedWhy: string | undefined;

  constructor(
    private readonly port: HostPort,
    private readonly options: ExchangeOptions,
  ) {
    this.reader = new FrameReader(crcOf, {
      onFrame: (frame) => this.take(frame),
      onBadFrame: (reason, seq, type) => this.takeBroken(reason, seq, type),
    });
    port.onData = (bytes) => this.onData(bytes);
    port.onClose = (why) => this.end(why);
  }

  /** Sends a message that wants an answer. Gives the order of the ACK; fails with a HostError. */
  request(type: HostType, fields: HostFields): Promise<number> {
    if (this.closedWhy !== undefined) return Promise.reject(new HostError('closed', this.closedWhy));
    if (this.waiting.length >= MAX_QUEUED) {
      return Promise.reject(new HostError('argument', `more than ${MAX_QUEUED} requests wait`));
    }
    return new Promise((resolve, reject) => {
      const frame = encodeFrame(crcOf, FLAG_ACK_WANTED, this.nextSeq(), type, encodeHost(type, fields));
      this.waiting.push({ type, frame, resolve, reject });
      if (!this.current) this.next();
    });
  }

  /** Sends a message that wants no answer. */
  post(type: HostType, fields: HostFields): void {
    this.write(encodeFrame(crcOf, 0, this.nextSeq(), type, encodeHost(type, fields)));
  }

  /** Sends any bytes, for tests of the other side. */
  writeRaw(bytes: Buffer): void {
    this.port.write(bytes);
  }

  close(): void {
    this.port.close();
    this.end('closed');
  }

  private nextSeq(): number {
    this.seq = (this.seq + 1) & 255;
    return this.seq;
  }

  private write(frame: string): void {
    const bytes = Buffer.from(frame, 'latin1');
    this.options.onTrace?.({ direction: 'sent', bytes, frame: parse(frame) });
    this.port.write(bytes);
  }

  private next(): void {
    const request = this.waiting.shift();
    this.current = request;
    if (request) this.transmit(request, 1);
  }

  private transmit(request: Request, sends: number): void {
    const answerMs = this.options.side === 'host' ? HOST_ANSWER_MS : MODULE_ANSWER_MS;
    const wireMs = this.port.baud ? (request.frame.length * BITS_PER_BYTE * 1000) / this.port.baud : 0;
    this.answerTimer = this.options.clock.setTimer(() => {
      if (sends < MAX_SENDS) this.transmit(request, sends + 1);
      else this.finish((ended) => ended.reject(HostError.noAnswer(typeName(request.type))));
    }, answerMs + wireMs);
    this.write(request.frame);
  }

  private finish(tell: (request: Request) => void): void {
    const request = this.current;
    if (!request) return;
    this.options.clock.clearTimer(this.answerTimer);
    this.current = undefined;
    tell(request);
    if (!this.current) this.next();
  }

  private onData(bytes: Buffer): void {
    this.options.clock.clearTimer(this.gapTimer);
    this.reader.push(bytes.toString('latin1'));
    if (!this.reader.isWaiting()) return;
    this.gapTimer = this.options.clock.setTimer(() => this.reader.giveUp(), FRAME_TIMEOUT_MS);
  }

  /** The module says so; the host keeps silent, because the module repeats by itself. */
  private takeBroken(reason: Reason, seq: number, type: number): void {
    this.options.onTrace?.({ direction: 'received', bytes: Buffer.alloc(0), broken: reason });
    if (this.options.side === 'module') this.answer(seq, type, { reason });
  }

  private take(frame: Frame): void {
    const bytes = Buffer.from(
      encodeFrame(crcOf, frame.flags, frame.seq, frame.type, frame.payload),
      'latin1',
    );
    this.options.onTrace?.({ direction: 'received', bytes, frame });
    const fields = decodeHost(frame.type, frame.payload);
    if (frame.type === HostType.Ack || frame.type === HostType.Nak) {
      if (fields) this.takeAnswer(frame.type, fields);
      return;
    }
    this.takeMessage(frame, fields);
  }

  private takeAnswer(type: HostType, fields: HostFields): void {
    const request = this.current;
    if (!request || fields.type !== request.type || fields.seq !== request.frame.charCodeAt(3)) return;
    if (type === HostType.Ack) this.finish((ended) => ended.resolve(fields.order as number));
    else if (!LOST_BYTES.has(fields.reason as number)) {
      this.finish((ended) => ended.reject(HostError.refused(fields.reason as number)));
    }
  }

  private takeMessage(frame: Frame, fields: HostFields | undefined): void {
    const isAckWanted = (frame.flags & FLAG_ACK_WANTED) !== 0;
    const identity = frame.crc + String.fromCharCode(frame.seq);
    if (isAckWanted && identity === this.lastTaken && !ASKING.has(frame.type)) {
      this.answer(frame.seq, frame.type, this.lastVerdict);
      return;
    }
    const verdict = this.judge(frame, fields, isAckWanted);
    if (isAckWanted) {
      this.lastTaken = identity;
      this.lastVerdict = verdict;
      this.answer(frame.seq, frame.type, verdict);
    } else if (verdict.reason && this.options.side === 'module') {
      this.answer(frame.seq, frame.type, verdict);
    }
    if (!verdict.reason) verdict.then?.();
  }

  private judge(frame: Frame, fields: HostFields | undefined, isAckWanted: boolean): Verdict {
    const isForUs = this.options.side === 'host' ? frame.type >= 0x40 : frame.type < 0x40;
    if (!isForUs || typeName(frame.type).startsWith('0x')) return { reason: Reason.BadType };
    if (!fields) return { reason: Reason.BadPayload };
    return this.options.onMessage({ type: frame.type, seq: frame.seq, isAckWanted, fields });
  }

  private answer(seq: number, type: number, verdict: Verdict): void {
    const reason = verdict.reason ?? Reason.None;
    const [kind, fields] = reason
      ? [HostType.Nak, { seq, type, reason, text: REASON_NAMES[reason] ?? '' }]
      : [HostType.Ack, { seq, type, order: verdict.order ?? 0 }];
    this.write(encodeFrame(crcOf, 0, seq, kind, encodeHost(kind, fields)));
  }

  private end(why: string): void {
    if (this.closedWhy !== undefined) return;
    this.closedWhy = why;
    this.options.clock.clearTimer(this.answerTimer);
    this.options.clock.clearTimer(this.gapTimer);
    const ended = [...(this.current ? [this.current] : []), ...this.waiting.splice(0)];
    this.current = undefined;
    for (const request of ended) request.reject(new HostError('closed', why));
    this.options.onClose?.(why);
  }
}

/** A frame that we built ourselves, taken apart for the trace. */
function parse(frame: string): Frame {
  return {
    flags: frame.charCodeAt(2) & 15,
    seq: frame.charCodeAt(3),
    type: frame.charCodeAt(4),
    payload: frame.substring(7, frame.length - 4),
    crc: frame.substring(frame.length - 4),
  };
}
