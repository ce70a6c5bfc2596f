/**
 * The module's serial rate: fixed by AT+IPR, or found from the host's first AT.
 * A line at the wrong rate gives garbage in `sim/serial/line.ts`; here the module only chooses its own rate.
 * Source: SIM800 Series AT Command Manual V1.09, section 2.2.33 (AT+IPR): 8N1, `AT` or `at`, 1200 to 115200.
 * Invariant: before it has found the rate the module says nothing.
 */
import type { Clock } from '../time/clock';
import { BAUD_RATES } from './commands/basic';

/** Rates within this share of each other are the same. */
const TOLERANCE = 0.03;

/** What the module needs of a serial line; `SerialPort` of sim/serial fits. */
export interface SerialEnd {
  baud: number;
  onData: (bytes: Buffer) => void;
  write(bytes: Uint8Array): void;
  /** Drops what has not left yet. */
  reset(): void;
  readonly pendingBytes: number;
  readonly byteMs: number;
}

export class Autobaud {
  isSynchronised = false;

  constructor(
    private readonly clock: Clock,
    private readonly serial: SerialEnd,
    /** What an edge timer on the line measures: the other end's rate. */
    private readonly hostBaud: () => number,
  ) {}

  /** The serial port comes alive with the stored rate; 0 = find it. */
  start(baud: number): void {
    this.isSynchronised = baud > 0;
    if (baud > 0) this.serial.baud = baud;
  }

  /** AT+IPR: what is still to be sent leaves at the old rate. */
  change(baud: number): void {
    const leaveMs = this.serial.pendingBytes * this.serial.byteMs;
    this.clock.setTimer(() => {
      if (this.serial.pendingBytes > 0) this.change(baud);
      else this.serial.baud = baud;
    }, leaveMs);
  }

  /** Looks at what came in; gives what can be read of it. */
  filter(bytes: Buffer): Buffer | undefined {
    if (this.isSynchronised) return bytes;
    const measured = this.hostBaud();
    const rate = BAUD_RATES.find((known) => known > 0 && Math.abs(measured / known - 1) <= TOLERANCE);
    if (rate === undefined) return undefined;
    const wasRight = Math.abs(this.serial.baud / rate - 1) <= TOLERANCE;
    this.serial.baud = rate;
    if (!wasRight) return undefined;
    const start = bytes.toString('latin1').search(/AT|at/);
    if (start < 0) return undefined;
    this.isSynchronised = true;
    return bytes.subarray(start);
  }
}
