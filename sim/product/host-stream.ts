/**
 * The host's end of a data stream: keeps to the credit that the module gives, gives credit as it takes bytes, and
 * keeps what came. Leaves frames, answers and repeats to machine.ts.
 */
import { type HostFields, HostType } from '../../src/protocol/host';
import type { Machine } from './machine';

/** Through the platform, or straight to a server of the maker's own. */
export interface StreamWish {
  readonly mode: number;
  readonly port: number;
  readonly address: string;
}

export const TUNNEL: StreamWish = { mode: 1, port: 0, address: '' };

const OPEN_LIMIT_MS = 60_000;
const FIRST_CREDIT = 2_048;
const FRAME_BYTES = 512;

export class HostStream {
  received = '';
  /** Why it ended; undefined while it goes on. */
  reason: number | undefined;
  private credit = 0;
  private waiting: (() => void)[] = [];

  /** No credit is given any more once `wanted` bytes have come. */
  constructor(
    private readonly machine: Machine,
    private readonly wanted: number,
  ) {
    machine.listeners.add((type, fields) => this.take(type, fields));
  }

  async open(wish: StreamWish): Promise<void> {
    const opened = this.machine.waitFor(HostType.DtuOpened, () => true, OPEN_LIMIT_MS);
    await this.machine.request(HostType.DtuOpen, { ...wish });
    await opened;
    await this.machine.request(HostType.DtuCredit, { credit: FIRST_CREDIT });
  }

  async write(data: string): Promise<void> {
    for (let at = 0; at < data.length;) {
      while (this.credit === 0) {
        if (this.reason !== undefined) throw new Error(`the stream ended with reason ${this.reason}`);
        await this.news();
      }
      const part = data.slice(at, at + Math.min(FRAME_BYTES, this.credit));
      this.credit -= part.length;
      at += part.length;
      await this.machine.request(HostType.DtuData, { data: part });
    }
  }

  async close(): Promise<void> {
    const closed = this.machine.waitFor(HostType.DtuClosed, () => true, OPEN_LIMIT_MS);
    await this.machine.request(HostType.DtuClose);
    await closed;
  }

  /** The next frame about a stream, or of any other kind. */
  news(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private take(type: HostType, fields: HostFields): void {
    if (type === HostType.DtuOpened || type === HostType.DtuGranted) this.credit += fields.credit as number;
    else if (type === HostType.DtuReceived) this.takeBytes(fields.data as string);
    else if (type === HostType.DtuClosed) this.reason = fields.reason as number;
    for (const wake of this.waiting.splice(0)) wake();
  }

  private takeBytes(data: string): void {
    this.received += data;
    if (this.received.length >= this.wanted) return;
    // The stream may have ended before this is answered.
    this.machine.request(HostType.DtuCredit, { credit: data.length }).catch(() => undefined);
  }
}

/** Every byte value, never the same for long. */
export function pattern(byteCount: number, seed: number): string {
  let text = '';
  for (let at = 0; at < byteCount; at++) text += String.fromCharCode((at * 31 + (at >> 8) * 7 + seed) & 255);
  return text;
}
