/**
 * A host for tests of a module: sends any frame, with any seq, sees every frame with its time, and answers only when told
 * to. Leaves what is right to the situations.
 */
import type { Clock } from '../../sim/time/clock';
import {
  encodeFrame,
  FLAG_ACK_WANTED,
  FRAME_TIMEOUT_MS,
  type Frame,
  FrameReader,
} from '../../src/protocol/frame';
import { decodeHost, encodeHost, type HostFields, HostType } from '../../src/protocol/host';
import { HostError } from '../host/errors';
import { crcOf, HOST_ANSWER_MS, LOST_BYTES, MAX_SENDS } from '../host/exchange';
import { reasonName } from '../host/reasons';
import { stateName, typeName } from '../host/names';
import type { HostPort } from '../host/port';

export interface Seen {
  readonly atMs: number;
  readonly type: number;
  readonly seq: number;
  readonly isAckWanted: boolean;
  readonly fields: HostFields;
  readonly bytes: Buffer;
}

/** ACK with the order's number, or the reason of the NAK, or nothing at all. */
export type Answer = { readonly order: number } | { readonly reason: string } | 'nothing';

const ANSWER_LIMIT_MS = 900;
const LOOK_MS = 10;

export class Probe {
  readonly seen: Seen[] = [];
  /** Whether frames of the module are answered with ACK. */
  isAnswering = true;
  private seq = 0;
  private readonly reader: FrameReader;

  constructor(
    private readonly port: HostPort,
    readonly clock: Clock,
  ) {
    this.reader = new FrameReader(crcOf, { onFrame: (frame) => this.take(frame), onBadFrame: () => {} });
    let gap = clock.setTimer(() => {}, 0);
    port.onData = (bytes) => {
      clock.clearTimer(gap);
      this.reader.push(bytes.toString('latin1'));
      if (this.reader.isWaiting()) gap = clock.setTimer(() => this.reader.giveUp(), FRAME_TIMEOUT_MS);
    };
  }

  /** Sends a frame; gives its seq. */
  send(type: HostType, fields: HostFields, options: { seq?: number; isAckWanted?: boolean } = {}): number {
    const seq = options.seq ?? this.nextSeq();
    const flags = options.isAckWanted === false ? 0 : FLAG_ACK_WANTED;
    this.sendBytes(Buffer.from(encodeFrame(crcOf, flags, seq, type, encodeHost(type, fields)), 'latin1'));
    return seq;
  }

  sendBytes(bytes: Buffer): void {
    this.port.write(bytes);
  }

  /** Sends a request, again like any host while nothing comes, and gives its answer. */
  async ask(type: HostType, fields: HostFields): Promise<Answer> {
    const seq = this.nextSeq();
    const frame = encodeFrame(crcOf, FLAG_ACK_WANTED, seq, type, encodeHost(type, fields));
    return this.askBytes(Buffer.from(frame, 'latin1'), seq, type);
  }

  /** The same with the bytes of a frame. A module whose CPU stands still (it erases flash) may lose some. */
  async askBytes(bytes: Buffer, seq: number, type: number): Promise<Answer> {
    const from = this.seen.length;
    for (let sends = 1; ; sends++) {
      this.sendBytes(bytes);
      const limitMs = sends < MAX_SENDS ? HOST_ANSWER_MS : ANSWER_LIMIT_MS;
      const answer = await this.answerTo(seq, type, from, limitMs);
      if (answer !== 'nothing' || sends === MAX_SENDS) return answer;
    }
  }

  /** The answer to a frame that was sent when `from` frames had been seen. */
  async answerTo(
    seq: number,
    type: number,
    from: number,
    limitMs: number = ANSWER_LIMIT_MS,
  ): Promise<Answer> {
    const isAnswer = (seen: Seen): boolean =>
      (seen.type === HostType.Ack ||
        (seen.type === HostType.Nak && !LOST_BYTES.has(seen.fields.reason as number))) &&
      seen.fields.seq === seq &&
      seen.fields.type === type;
    const answer = await this.find(isAnswer, limitMs, from);
    if (!answer) return 'nothing';
    return answer.type === HostType.Ack
      ? { order: answer.fields.order as number }
      : { reason: reasonName(answer.fields.reason as number) };
  }

  /** The first frame from number `from` on that fits, waiting for it; undefined after `limitMs`. */
  async find(
    isIt: (seen: Seen) => boolean,
    limitMs: number,
    from = this.seen.length,
  ): Promise<Seen | undefined> {
    const endMs = this.clock.nowMs() + limitMs;
    for (let at = from; ;) {
      for (; at < this.seen.length; at++) if (isIt(this.seen[at]!)) return this.seen[at];
      if (this.clock.nowMs() >= endMs) return undefined;
      await new Promise<void>((resolve) => this.clock.setTimer(resolve, LOOK_MS));
    }
  }

  /** The same; throws a sentence when it does not come. */
  async expect(what: string, isIt: (seen: Seen) => boolean, limitMs: number, from?: number): Promise<Seen> {
    const found = await this.find(isIt, limitMs, from);
    if (!found) throw new HostError('timeout', `${what} did not come within ${limitMs / 1000} s`);
    return found;
  }

  /** STATUS of an order in one of these states. */
  status(order: number, states: readonly number[], limitMs: number, from?: number): Promise<Seen> {
    const what = `STATUS ${states.map(stateName).join(' or ')} of order ${order}`;
    const isIt = ({ type, fields }: Seen): boolean =>
      type === HostType.Status && fields.order === order && states.includes(fields.state as number);
    return this.expect(what, isIt, limitMs, from);
  }

  /** A frame of a type, about an order if one is given. */
  frame(type: HostType, limitMs: number, order?: number, from?: number): Promise<Seen> {
    const isIt = (seen: Seen): boolean =>
      seen.type === type && (order === undefined || seen.fields.order === order);
    return this.expect(typeName(type), isIt, limitMs, from);
  }

  nextSeq(): number {
    this.seq = (this.seq + 1) & 255;
    return this.seq;
  }

  close(): void {
    this.port.close();
  }

  private take(frame: Frame): void {
    const isAckWanted = (frame.flags & FLAG_ACK_WANTED) !== 0;
    this.seen.push({
      atMs: this.clock.nowMs(),
      type: frame.type,
      seq: frame.seq,
      isAckWanted,
      fields: decodeHost(frame.type, frame.payload) ?? {},
      bytes: Buffer.from(encodeFrame(crcOf, frame.flags, frame.seq, frame.type, frame.payload), 'latin1'),
    });
    if (isAckWanted && this.isAnswering) {
      this.send(
        HostType.Ack,
        { seq: frame.seq, type: frame.type, order: 0 },
        { seq: frame.seq, isAckWanted: false },
      );
    }
  }
}
