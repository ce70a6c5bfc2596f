/**
 * A far end on a WebSocket: a maker's backend, or another server process that has one. Binary messages are bytes;
 * text messages tell of the stream: `{"event":"wait","last":…}` and `{"event":"open"}`.
 * Invariant: as for every far end; a peer that answers no ping for a while counts as gone.
 */
import type { RawData, WebSocket } from 'ws';
import type { Clock, Timer } from '../time';
import { CLOSE_CODES, type EndName, type FarEnd } from './far-end';

const PING_MS = 30_000;
/** Pings in a row that may go unanswered: a backend that reads slowly answers late. */
const MAX_UNANSWERED = 4;
/** A peer that does not answer our close is let go of. */
const LINGER_MS = 10_000;
/** Close code for a peer that sends what it must not. */
const UNSUPPORTED = 1003;

export class WsFarEnd implements FarEnd {
  onBytes: (bytes: Buffer) => void = () => undefined;
  onEnd: () => void = () => undefined;
  private isOver = false;
  private isReading = false;
  /** What came while reading was off: a message at most, and what the socket had read with it. */
  private held: Buffer[] = [];
  private unanswered = 0;
  private timer: Timer | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly clock: Clock,
    readonly tokenId: number,
    readonly label: string,
  ) {
    socket.on('error', () => socket.terminate());
    socket.on('pong', () => (this.unanswered = 0));
    socket.on('message', (data, isBinary) => this.take(data, isBinary));
    socket.on('close', () => this.ended());
    // Another process does not read while its backend does not; its machine's end shows in TCP.
    if (tokenId > 0) this.ping();
  }

  /** Tells that it waits, and how the device's last stream ended. */
  waits(lastEnd: EndName): void {
    this.socket.send(JSON.stringify({ event: 'wait', last: lastEnd }));
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.isOver || this.socket.readyState !== this.socket.OPEN) done();
    else this.socket.send(bytes, () => done());
  }

  setReading(isOn: boolean): void {
    this.isReading = isOn;
    while (this.isReading && this.held.length > 0) this.onBytes(this.held.shift()!);
    // While nothing comes the socket is read on, because only reading tells that the peer has gone.
    if (this.isReading && this.socket.isPaused) this.socket.resume();
  }

  opened(): void {
    this.socket.send(JSON.stringify({ event: 'open' }));
  }

  end(reason: EndName): void {
    this.finish(CLOSE_CODES[reason], reason);
  }

  private finish(code: number, text: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.clock.clearTimer(this.timer);
    this.timer = this.clock.setTimer(() => this.socket.terminate(), LINGER_MS);
    this.socket.resume();
    this.socket.close(code, text);
  }

  private take(data: RawData, isBinary: boolean): void {
    if (this.isOver) return;
    if (isBinary) {
      if (this.isReading) this.onBytes(data as Buffer);
      else {
        this.held.push(data as Buffer);
        this.socket.pause();
      }
      return;
    }
    this.finish(UNSUPPORTED, 'BYTES_ONLY');
    this.onEnd();
  }

  private ended(): void {
    this.clock.clearTimer(this.timer);
    if (this.isOver) return;
    this.isOver = true;
    this.onEnd();
  }

  /** A paused socket takes no pong either: it is left alone until it is read again. */
  private ping(): void {
    this.timer = this.clock.setTimer(() => {
      if (this.unanswered >= MAX_UNANSWERED && !this.socket.isPaused) {
        this.socket.terminate();
        return;
      }
      this.unanswered += 1;
      this.socket.ping();
      this.ping();
    }, PING_MS);
  }
}
