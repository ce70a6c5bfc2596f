/**
 * A simulated UART line between two ports, 8N1: each end sends at its own baud rate, in chunks as a small
 * receive FIFO would hand them over, and a receiver set to another rate gets garbage, as on copper.
 * Leaves buffering policy, chunk events and electrical levels to the parts that own the ports.
 * Invariant: bytes arrive in order, never before their last stop bit, and never after the sender lost power.
 */
import type { Clock, Timer } from '../time/clock';
import { Random } from '../time/random';

/** 1 start bit, 8 data bits, 1 stop bit. */
const BITS_PER_BYTE = 10;
/** Bytes handed over at once: Espruino's serial events hold at most 32 (measured on 2v29). */
const CHUNK_BYTES = 32;
/** Rates within this share of each other still read correctly (usual UART tolerance). */
const BAUD_TOLERANCE = 0.03;

export class SerialPort {
  /** Called with each received chunk. Set by the owner. */
  onData: (bytes: Buffer) => void = () => {};
  /** Sees every sent chunk at the moment it is on the line (for traces). */
  onSent: (bytes: Buffer) => void = () => {};

  private peer: SerialPort | undefined;
  private queue: Buffer[] = [];
  private queuedBytes = 0;
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    public baud: number,
  ) {}

  /** Queues bytes for sending; they leave at the port's baud rate. */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.queue.push(Buffer.from(bytes));
    this.queuedBytes += bytes.length;
    if (!this.timer) this.startChunk();
  }

  /** Bytes accepted by `write` and not yet on the other side. */
  get pendingBytes(): number {
    return this.queuedBytes;
  }

  /** Milliseconds that one byte takes at the present rate. */
  get byteMs(): number {
    return (BITS_PER_BYTE * 1000) / this.baud;
  }

  /** Power lost or port closed: what has not left is gone. */
  reset(): void {
    this.clock.clearTimer(this.timer);
    this.timer = undefined;
    this.queue = [];
    this.queuedBytes = 0;
  }

  connect(peer: SerialPort): void {
    this.peer = peer;
    peer.peer = this;
  }

  private startChunk(): void {
    const chunk = this.takeChunk();
    if (chunk.length === 0) return;
    this.timer = this.clock.setTimer(() => {
      this.timer = undefined;
      this.queuedBytes -= chunk.length;
      this.onSent(chunk);
      this.peer?.receive(chunk, this.baud);
      if (!this.timer) this.startChunk();
    }, chunk.length * this.byteMs);
  }

  private takeChunk(): Buffer {
    const parts: Buffer[] = [];
    let count = 0;
    while (this.queue.length > 0 && count < CHUNK_BYTES) {
      const head = this.queue[0]!;
      const room = CHUNK_BYTES - count;
      if (head.length <= room) {
        parts.push(this.queue.shift()!);
        count += head.length;
      } else {
        parts.push(head.subarray(0, room));
        count = CHUNK_BYTES;
        this.queue[0] = head.subarray(room);
      }
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  private receive(bytes: Buffer, senderBaud: number): void {
    const ratio = senderBaud / this.baud;
    if (Math.abs(ratio - 1) <= BAUD_TOLERANCE) {
      this.onData(bytes);
      return;
    }
    const garbledCount = Math.max(1, Math.round(bytes.length * Math.min(1, 1 / ratio)));
    this.onData(this.random.bytes(garbledCount));
  }
}

/** Two ports joined by a line; both start at `baud`. */
export function serialPair(clock: Clock, random: Random, baud = 115_200): [SerialPort, SerialPort] {
  const left = new SerialPort(clock, random.fork('left'), baud);
  const right = new SerialPort(clock, random.fork('right'), baud);
  left.connect(right);
  return [left, right];
}
