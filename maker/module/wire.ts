/**
 * The wire between the virtual module's serial port and the maker's program: what goes through it can be watched (for the
 * customer that pays by himself) and spoilt (noise on request). A change of the module's baud rate is followed, because a
 * TCP port or pseudo-terminal has none.
 * Invariant: without noise every byte passes, in order.
 */
import type { SerialPort } from '../../sim/serial/line';
import type { Clock } from '../../sim/time/clock';
import { type Frame, FrameReader } from '../../src/protocol/frame';
import { decodeHost, HostType } from '../../src/protocol/host';
import { crcOf } from '../host/exchange';
import type { SpoiltLine } from '../noise/spoilt-line';

/** The new rate is in force so long after the ACK (docs/host-protocol.md, section 11). */
const RATE_CHANGE_MS = 200;

export class Wire {
  /** Sees every sound frame of the module. */
  onModuleFrame: (frame: Frame) => void = () => {};
  onHostFrame: (frame: Frame) => void = () => {};
  /** Noise in both directions, while there is any. */
  noise: SpoiltLine | undefined;
  /** What the module's port is set to, as far as the wire has seen. */
  baud: number;
  /** Bytes for the maker's program. */
  onBytes: (bytes: Buffer) => void = () => {};
  private askedBaud: { seq: number; baud: number } | undefined;
  private readonly fromModule: FrameReader;
  private readonly fromHost: FrameReader;

  constructor(
    private readonly module: SerialPort,
    private readonly clock: Clock,
  ) {
    this.baud = module.baud;
    const ignore = (): void => {};
    this.fromModule = new FrameReader(crcOf, {
      onFrame: (frame) => this.seeModule(frame),
      onBadFrame: ignore,
    });
    this.fromHost = new FrameReader(crcOf, { onFrame: (frame) => this.seeHost(frame), onBadFrame: ignore });
    module.onData = (bytes) => {
      this.fromModule.push(bytes.toString('latin1'));
      this.onBytes(this.noise ? this.noise.pass(bytes) : bytes);
    };
  }

  /** Bytes of the maker's program. */
  send(bytes: Buffer): void {
    const arriving = this.noise ? this.noise.pass(bytes) : bytes;
    this.fromHost.push(arriving.toString('latin1'));
    this.module.write(arriving);
  }

  private seeHost(frame: Frame): void {
    this.onHostFrame(frame);
    if (frame.type !== HostType.SetSettings) return;
    const baud = /"baud"\s*:\s*(\d+)/.exec(frame.payload)?.[1];
    this.askedBaud = baud === undefined ? undefined : { seq: frame.seq, baud: Number(baud) };
  }

  private seeModule(frame: Frame): void {
    this.onModuleFrame(frame);
    const asked = this.askedBaud;
    if (!asked || frame.type !== HostType.Ack) return;
    const fields = decodeHost(frame.type, frame.payload);
    if (fields?.type !== HostType.SetSettings || fields.seq !== asked.seq) return;
    this.askedBaud = undefined;
    this.clock.setTimer(() => {
      this.baud = asked.baud;
      this.module.baud = asked.baud;
    }, RATE_CHANGE_MS);
  }
}
