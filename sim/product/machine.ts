/**
 * A maker's machine: the host's end of the serial port, after docs/host-protocol.md. Sends requests and repeats
 * them until they are answered, answers the module's frames, and keeps what it heard of each order.
 * Invariant: one request is under way at a time; a repeat is the same frame, byte for byte.
 */
import crc32 from 'crc/calculators/crc32';
import { REASON_NAMES } from '../../src/protocol/reasons';
import { encodeFrame, FLAG_ACK_WANTED, type Frame, FrameReader } from '../../src/protocol/frame';
import { decodeHost, encodeHost, type HostFields, HostType } from '../../src/protocol/host';
import type { SerialPort } from '../serial/line';
import type { Clock, Timer } from '../time/clock';

/** The module did not take a request. */
export class Refused extends Error {
  constructor(readonly reason: number) {
    super(REASON_NAMES[reason] || `REASON_${reason}`);
  }
}

/** Nobody answered: no power, no cable, wrong rate. */
export class NoAnswer extends Error {
  constructor() {
    super('the module does not answer');
  }
}

export interface OrderView {
  readonly order: number;
  readonly state: number;
  readonly reason: number;
  readonly amountFen: number;
  readonly channel: number;
  readonly leftS: number;
  readonly reference: string;
}

interface Request {
  readonly type: HostType;
  readonly fields: HostFields;
  resolve(order: number): void;
  reject(error: Error): void;
}

/** How long the module has for an answer, and how often a request is sent in all. */
const REPLY_TIMEOUT_MS = 300;
const MAX_SENDS = 4;

const crc = (bytes: string): number => crc32(Buffer.from(bytes, 'latin1')) >>> 0;

export class Machine {
  readonly orders = new Map<number, OrderView>();
  readonly links = new Map<number, string>();
  /** Hear every frame from the module but answers. */
  readonly listeners = new Set<(type: HostType, fields: HostFields) => void>();
  /** The latest INFO and SIGNAL. */
  info: HostFields = {};
  signal: HostFields = {};
  private readonly reader: FrameReader;
  private readonly waiting: Request[] = [];
  private current: Request | undefined;
  private timer: Timer | undefined;
  private seq = 0;
  private lastFrame = '';

  constructor(
    private readonly port: SerialPort,
    private readonly clock: Clock,
  ) {
    this.reader = new FrameReader(crc, { onFrame: (frame) => this.take(frame), onBadFrame: () => {} });
    port.onData = (bytes) => this.reader.push(bytes.toString('latin1'));
  }

  /** Sends a request; gives the order number of the ACK (0 where there is none). Fails with Refused or NoAnswer. */
  request(type: HostType, fields: HostFields = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ type, fields, resolve, reject });
      if (!this.current) this.next();
    });
  }

  /** The next frame of a type that `isIt` accepts; fails after `limitMs`. */
  waitFor(type: HostType, isIt: (fields: HostFields) => boolean, limitMs: number): Promise<HostFields> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        this.listeners.delete(listener);
        this.clock.clearTimer(timer);
        finish();
      };
      const timer = this.clock.setTimer(() => end(() => reject(new NoAnswer())), limitMs);
      const listener = (aType: HostType, fields: HostFields): void => {
        if (aType === type && isIt(fields)) end(() => resolve(fields));
      };
      this.listeners.add(listener);
    });
  }

  private next(): void {
    const request = this.waiting.shift();
    this.current = request;
    if (!request) return;
    this.seq = (this.seq + 1) & 255;
    const payload = encodeHost(request.type, request.fields);
    const frame = encodeFrame(crc, FLAG_ACK_WANTED, this.seq, request.type, payload);
    this.transmit(frame, 1);
  }

  private transmit(frame: string, sends: number): void {
    this.port.write(Buffer.from(frame, 'latin1'));
    this.timer = this.clock.setTimer(() => {
      if (sends < MAX_SENDS) this.transmit(frame, sends + 1);
      else this.finish((request) => request.reject(new NoAnswer()));
    }, REPLY_TIMEOUT_MS);
  }

  private finish(tell: (request: Request) => void): void {
    const request = this.current!;
    this.clock.clearTimer(this.timer);
    this.current = undefined;
    tell(request);
    if (!this.current) this.next();
  }

  private take(frame: Frame): void {
    const fields = decodeHost(frame.type, frame.payload);
    if (!fields) return;
    if (frame.type === HostType.Ack || frame.type === HostType.Nak) this.answered(frame.type, fields);
    else this.tell(frame, fields);
  }

  private answered(type: HostType, fields: HostFields): void {
    if (!this.current || fields.seq !== this.seq || fields.type !== this.current.type) return;
    if (type === HostType.Ack) this.finish((request) => request.resolve(fields.order as number));
    else this.finish((request) => request.reject(new Refused(fields.reason as number)));
  }

  private tell(frame: Frame, fields: HostFields): void {
    const isRepeat = frame.crc === this.lastFrame;
    if ((frame.flags & FLAG_ACK_WANTED) !== 0) {
      this.lastFrame = frame.crc;
      const ack = encodeHost(HostType.Ack, { seq: frame.seq, type: frame.type, order: 0 });
      this.port.write(Buffer.from(encodeFrame(crc, 0, frame.seq, HostType.Ack, ack), 'latin1'));
      if (isRepeat) return;
    }
    if (frame.type === HostType.Info) this.info = fields;
    if (frame.type === HostType.Signal) this.signal = fields;
    if (frame.type === HostType.Qr) this.links.set(fields.order as number, fields.url as string);
    if (frame.type === HostType.Status) {
      this.orders.set(fields.order as number, fields as unknown as OrderView);
    }
    for (const listener of [...this.listeners]) listener(frame.type, fields);
  }
}
