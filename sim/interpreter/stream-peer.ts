/**
 * The far end of a data stream through the platform, in memory: takes what the device sends and gives it back, or keeps
 * it to itself and sends what it is told to. For measurements of a module; the platform's own streams are server/dtu.
 */
import type { Session } from '../../server/gateway/session';
import type { Streams } from '../../server/gateway/gateway';

/** What the platform's streams give when one opens, and the steps in which they give more. */
const WINDOW_BYTES = 16_384;
const STEP_BYTES = 4_096;
/** A unit of the link has 1,024 bytes at the most, with what sealing adds. */
const UNIT_BYTES = 1_000;

export class StreamPeer implements Streams {
  /** Gives back what comes. */
  isEcho = true;
  receivedBytes = 0;
  private session: Session | undefined;
  private waiting = '';
  private allowedBytes = 0;
  private owed = 0;

  open(session: Session, windowBytes: number): void {
    this.session = session;
    this.allowedBytes = windowBytes;
    this.waiting = '';
    this.owed = 0;
    session.send(['open', WINDOW_BYTES]);
  }

  credit(_session: Session, byteCount: number): void {
    this.allowedBytes += byteCount;
    this.pass();
  }

  shut(session: Session, _reason: number): void {
    this.session = undefined;
    session.send(['shut', 0]);
  }

  bytes(session: Session, data: string): void {
    this.receivedBytes += data.length;
    this.owed += data.length;
    if (this.owed >= STEP_BYTES) {
      session.send(['credit', this.owed]);
      this.owed = 0;
    }
    if (this.isEcho) this.send(data);
  }

  ended(session: Session): void {
    if (this.session === session) this.session = undefined;
  }

  /** Sends to the device, as far as its credit goes; the rest when there is more. */
  send(data: string): void {
    this.waiting += data;
    this.pass();
  }

  private pass(): void {
    while (this.session && this.waiting !== '' && this.allowedBytes > 0) {
      const part = this.waiting.slice(0, Math.min(this.allowedBytes, UNIT_BYTES));
      this.waiting = this.waiting.slice(part.length);
      this.allowedBytes -= part.length;
      this.session.sendBytes(part);
    }
  }
}
