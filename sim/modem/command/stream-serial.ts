/**
 * A serial end for the module over a byte stream (TCP or a pseudo-terminal), where no baud rate can be wrong
 * and bytes arrive as fast as the stream carries them.
 * Invariant: bytes keep their order; what is written while nobody is there is gone, as on copper.
 */
import type { SerialEnd } from '../autobaud';

const BITS_PER_BYTE = 10;

export class StreamSerial implements SerialEnd {
  baud = 115_200;
  onData: (bytes: Buffer) => void = () => {};
  readonly pendingBytes = 0;
  private sink: ((bytes: Uint8Array) => void) | undefined;

  get byteMs(): number {
    return (BITS_PER_BYTE * 1_000) / this.baud;
  }

  /** Where bytes for the host go; undefined: nobody is there. */
  attach(sink: ((bytes: Uint8Array) => void) | undefined): void {
    this.sink = sink;
  }

  write(bytes: Uint8Array): void {
    this.sink?.(bytes);
  }

  reset(): void {}
}
