/**
 * The maker's machine in a world: the host's end of the serial port after docs/host-protocol.md, with callbacks
 * instead of promises, and with the faults of machines: it may be switched off, repeat itself, or talk nonsense.
 * Leaves what is bought, and what is made of the answers, to the run. Not maker/host on purpose: that library is
 * tested by its own campaigns, and here nothing may depend on its being right.
 * Invariant: one request is under way at a time; a repeat is the same frame, byte for byte.
 */
import { crc32 } from 'node:zlib';
import { encodeFrame, FLAG_ACK_WANTED, type Frame, FrameReader } from '../../src/protocol/frame';
import { decodeHost, encodeHost, type HostFields, HostType } from '../../src/protocol/host';
import type { SerialPort } from '../serial/line';
import type { Clock, Timer } from '../time/clock';

export type Answer =
  | { readonly kind: 'ack'; readonly order: number }
  | { readonly kind: 'nak'; readonly reason: number }
  | { readonly kind: 'silence' };

interface Request {
  readonly type: number;
  readonly payload: string;
  readonly onAnswer: (answer: Answer) => void;
}

const REPLY_TIMEOUT_MS = 300;
const MAX_SENDS = 4;

const crc = (bytes: string): number => crc32(Buffer.from(bytes, 'latin1'));

export class Host {
  isAway = false;
  /** Every whole frame from the module but answers; repeats come once. */
  onFrame: (type: HostType, fields: HostFields) => void = () => undefined;
  /** Every frame that reached this machine, answers included. */
  onHeard: (type: HostType, fields: HostFields) => void = () => undefined;
  /** Requests that have got an answer, and those that were given up. */
  answered = 0;
  unanswered = 0;
  private readonly reader: FrameReader;
  private waiting: Request[] = [];
  private current: Request | undefined;
  private timer: Timer | undefined;
  private seq = 0;
  private lastFrame = '';

  constructor(
    readonly port: SerialPort,
    private readonly clock: Clock,
  ) {
    this.reader = new FrameReader(crc, { onFrame: (frame) => this.take(frame), onBadFrame: () => undefined });
    port.onData = (bytes) => {
      if (!this.isAway) this.reader.push(bytes.toString('latin1'));
    };
  }

  request(
    type: HostType,
    fields: HostFields = {},
    onAnswer: (answer: Answer) => void = () => undefined,
  ): void {
    this.requestRaw(type, encodeHost(type, fields), onAnswer);
  }

  /** A whole frame with whatever type and payload; it wants an answer like any other. */
  requestRaw(type: number, payload: string, onAnswer: (answer: Answer) => void = () => undefined): void {
    if (this.isAway) {
      onAnswer({ kind: 'silence' });
      return;
    }
    this.waiting.push({ type, payload, onAnswer });
    if (!this.current) this.next();
  }

  /** Bytes that are no frame, or not a whole one. */
  babble(bytes: Buffer): void {
    if (!this.isAway) this.port.write(bytes);
  }

  /** Switched off: what was waiting is forgotten. */
  goAway(): void {
    this.isAway = true;
    this.clock.clearTimer(this.timer);
    const forgotten = this.current ? [this.current, ...this.waiting] : this.waiting;
    this.current = undefined;
    this.waiting = [];
    for (const { onAnswer } of forgotten) onAnswer({ kind: 'silence' });
  }

  /** Switched on: it asks the module how everything stands. */
  comeBack(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.request(HostType.Hello, { version: 1, name: 'world' });
  }

  private next(): void {
    const request = this.waiting.shift();
    this.current = request;
    if (!request) return;
    this.seq = (this.seq + 1) & 255;
    this.transmit(encodeFrame(crc, FLAG_ACK_WANTED, this.seq, request.type, request.payload), 1);
  }

  private transmit(frame: string, sends: number): void {
    this.port.write(Buffer.from(frame, 'latin1'));
    this.timer = this.clock.setTimer(() => {
      if (sends < MAX_SENDS) this.transmit(frame, sends + 1);
      else this.finish({ kind: 'silence' });
    }, REPLY_TIMEOUT_MS);
  }

  private finish(answer: Answer): void {
    const request = this.current!;
    this.clock.clearTimer(this.timer);
    this.current = undefined;
    if (answer.kind === 'silence') this.unanswered += 1;
    else this.answered += 1;
    request.onAnswer(answer);
    if (!this.current) this.next();
  }

  private take(frame: Frame): void {
    const fields = decodeHost(frame.type, frame.payload);
    if (!fields) return;
    this.onHeard(frame.type, fields);
    if (frame.type === HostType.Ack || frame.type === HostType.Nak) {
      const isOurs = this.current && fields.seq === this.seq && fields.type === this.current.type;
      if (!isOurs) return;
      if (frame.type === HostType.Ack) this.finish({ kind: 'ack', order: fields.order as number });
      else this.finish({ kind: 'nak', reason: fields.reason as number });
      return;
    }
    const isRepeat = frame.crc === this.lastFrame;
    if ((frame.flags & FLAG_ACK_WANTED) !== 0) {
      this.lastFrame = frame.crc;
      const ack = encodeHost(HostType.Ack, { seq: frame.seq, type: frame.type, order: 0 });
      this.port.write(Buffer.from(encodeFrame(crc, 0, frame.seq, HostType.Ack, ack), 'latin1'));
      if (isRepeat) return;
    }
    this.onFrame(frame.type, fields);
  }
}
