/**
 * One serial port: set up with its pins, read as binary strings of at most 32 bytes, written as binary strings.
 * Framing is left to protocol/frame.ts (host) and at.ts (modem). Invariant: one listener, set before the port
 * is opened, so that no byte is read by nobody.
 */

/** The part of Espruino's Serial that is used. */
export interface NativeSerial {
  setup(baud: number, options: object): void;
  on(event: string, callback: (data: string) => void): void;
  write(bytes: string): void;
}

export class Uart {
  constructor(
    private readonly port: NativeSerial,
    private readonly options: object,
  ) {}

  /** Opens the port; `onData` gets what arrives. Called once. */
  open(baud: number, onData: (bytes: string) => void): void {
    this.port.on('data', onData);
    this.port.setup(baud, this.options);
  }

  /** Changes the rate; what has not left yet is spoiled, so let it leave first. */
  setBaud(baud: number): void {
    this.port.setup(baud, this.options);
  }

  /** Sends bytes; waits while the port's transmit buffer (about 100 bytes) is full. */
  write(bytes: string): void {
    this.port.write(bytes);
  }
}
