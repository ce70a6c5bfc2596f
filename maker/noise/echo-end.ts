/**
 * The far end of a data stream that sends back what it gets (docs/link-protocol.md, "Data stream"): stands in for the platform
 * with a maker's backend behind it. Lives as long as a session.
 * Invariant: never more bytes than the device gave credit for, and all of them in order.
 */
import type { Message } from '../../src/protocol/messages';

const WINDOW_BYTES = 16_384;
const MAX_UNIT_BYTES = 1012;

export class EchoEnd {
  private isOpen = false;
  private credit = 0;
  private waiting = '';

  constructor(
    private readonly send: (message: Message) => void,
    private readonly sendBytes: (bytes: string) => void,
  ) {}

  open(window: number): void {
    this.isOpen = true;
    this.credit = window;
    this.waiting = '';
    this.send(['open', WINDOW_BYTES]);
  }

  take(bytes: string): void {
    if (!this.isOpen) return;
    this.waiting += bytes;
    this.send(['credit', bytes.length]);
    this.flush();
  }

  addCredit(bytes: number): void {
    this.credit += bytes;
    this.flush();
  }

  shut(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.send(['shut', 0]);
  }

  private flush(): void {
    while (this.isOpen && this.waiting && this.credit > 0) {
      const piece = this.waiting.slice(0, Math.min(this.credit, MAX_UNIT_BYTES));
      this.waiting = this.waiting.slice(piece.length);
      this.credit -= piece.length;
      this.sendBytes(piece);
    }
  }
}
