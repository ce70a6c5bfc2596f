/**
 * The module's serial rate: fixed by AT+IPR, or found from the host's first AT.
 * A line at the wrong rate gives garbage in `sim/serial/line.ts`; here the module only chooses its own rate.
 * Source: SIM800 Series AT Command Manual V1.09, sections 1.4 (the bytes after power on) and 2.2.41 (AT+IPR).
 * Invariant: before it has found the rate the module says nothing but its synchronisation bytes.
 */
import type { Clock } from '../time/clock';

/** Fixed rates of AT+IPR, bits per second. */
export const BAUD_RATES: readonly number[] = [
  1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800,
];
/** The highest rate that autobaud finds (hardware design: 1200 to 115200). */
const HIGHEST_AUTOBAUD = 115_200;
/** Sent at 115200 as soon as the power is on, for SIMCom's own tool; to be ignored. */
const SYNCHRONISATION = Buffer.from([0x00, 0x49, 0x49, 0x49, 0x49, 0xff, 0xff, 0xff, 0xff]);
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

  /** The power is on; the serial port itself is not alive yet. */
  powerOn(): void {
    this.isSynchronised = false;
    this.serial.baud = 115_200;
    this.serial.write(SYNCHRONISATION);
  }

  /** The serial port comes alive with the stored rate; 0 = find it. */
  start(baud: number): void {
    this.isSynchronised = baud > 0;
    if (baud > 0) this.serial.baud = baud;
  }

  /** AT+IPR: what is still to be sent leaves at the old rate. */
  change(baud: number): void {
    this.clock.setTimer(() => {
      if (this.serial.pendingBytes > 0) this.change(baud);
      else this.serial.baud = baud;
    }, this.serial.pendingBytes * this.serial.byteMs);
  }

  /** Looks at what came in; gives what can be read of it. Only `AT` and `at` are found. */
  filter(bytes: Buffer): Buffer | undefined {
    if (this.isSynchronised) return bytes;
    const measured = this.hostBaud();
    const rate = BAUD_RATES.find((known) => Math.abs(measured / known - 1) <= TOLERANCE);
    if (rate === undefined || rate > HIGHEST_AUTOBAUD) return undefined;
    const wasRight = Math.abs(this.serial.baud / rate - 1) <= TOLERANCE;
    this.serial.baud = rate;
    if (!wasRight) return undefined;
    const start = bytes.toString('latin1').search(/AT|at/);
    if (start < 0) return undefined;
    this.isSynchronised = true;
    return bytes.subarray(start);
  }
}
