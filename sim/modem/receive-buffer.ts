/**
 * Bytes that came from the network and that the host has not read yet (AT+CIPRXGET=1).
 * Invariant: what goes in comes out once, in order.
 */
export class ReceiveBuffer {
  byteCount = 0;
  private parts: Buffer[] = [];

  push(bytes: Buffer): void {
    this.parts.push(bytes);
    this.byteCount += bytes.length;
  }

  /** Takes up to `mostBytes` out. */
  take(mostBytes: number): Buffer {
    const taken: Buffer[] = [];
    let count = 0;
    while (count < mostBytes && this.parts.length > 0) {
      const head = this.parts[0]!;
      const part = head.subarray(0, mostBytes - count);
      taken.push(part);
      count += part.length;
      if (part.length === head.length) this.parts.shift();
      else this.parts[0] = head.subarray(part.length);
    }
    this.byteCount -= count;
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
  }

  clear(): void {
    this.parts = [];
    this.byteCount = 0;
  }
}
