/**
 * Host frames (docs/host-protocol.md, "The frame"): sync, version and flags, seq, type, length, payload, CRC-32.
 * Finds frames in a stream of binary strings and builds them; what a frame means is left to host.ts.
 * Invariant: after `push` the reader holds less than one whole frame, so its memory is bounded; a broken frame
 * costs itself only, because the search goes on right behind its sync bytes.
 */
import { readU16, u32 } from './bytes';
import { Reason } from './codes';
import type { Crc32 } from './ports';

export const SYNC = '\xa5\x5a';
export const PROTOCOL_VERSION = 1;
/** Flag: the sender wants an ACK or a NAK. */
export const FLAG_ACK_WANTED = 1;
export const MAX_PAYLOAD_BYTES = 512;
/** When no byte comes for so long, a frame that has begun is given up. */
export const FRAME_TIMEOUT_MS = 200;

const HEADER_BYTES = 7;
const CRC_BYTES = 4;

export interface Frame {
  readonly flags: number;
  readonly seq: number;
  readonly type: number;
  readonly payload: string;
  /** The frame's CRC as it stood on the wire: tells a repeated frame from a new one. */
  readonly crc: string;
}

export interface FrameListener {
  onFrame(frame: Frame): void;
  /** A frame that cannot be taken; `seq` and `type` as read, which may be wrong themselves. */
  onBadFrame(reason: Reason, seq: number, type: number): void;
}

/** One frame, ready to send. `flags` is 0 to 15, `seq` and `type` 0 to 255, `payload` at most 512 bytes. */
export function encodeFrame(crc32: Crc32, flags: number, seq: number, type: number, payload: string): string {
  const byteCount = payload.length;
  const body =
    String.fromCharCode((PROTOCOL_VERSION << 4) | flags, seq, type, byteCount & 255, byteCount >> 8) +
    payload;
  return SYNC + body + u32(crc32(body));
}

export class FrameReader {
  private held: string;

  constructor(
    private readonly crc32: Crc32,
    private readonly listener: FrameListener,
  ) {
    this.held = '';
  }

  /** True while the beginning of a frame waits for its rest. */
  isWaiting(): boolean {
    return this.held.length > 1;
  }

  /** Takes received bytes; calls the listener for each frame found. */
  push(data: string): void {
    this.held += data;
    while (this.takeOne());
  }

  /** The rest did not come in time: says so, and looks for a frame behind the broken one. */
  giveUp(): void {
    if (!this.isWaiting()) {
      this.held = '';
      return;
    }
    const seq = this.held.charCodeAt(3) || 0;
    const type = this.held.charCodeAt(4) || 0;
    this.held = this.held.substr(2);
    this.listener.onBadFrame(Reason.Incomplete, seq, type);
    while (this.takeOne());
  }

  /** Handles what stands first in what is held; gives whether there may be more. */
  private takeOne(): boolean {
    const held = this.held;
    if (!held.startsWith(SYNC)) return this.seek();
    if (held.length < HEADER_BYTES) return false;
    const payloadBytes = readU16(held, 5);
    if (payloadBytes > MAX_PAYLOAD_BYTES) return this.reject(Reason.BadLength);
    const crcAt = HEADER_BYTES + payloadBytes;
    if (held.length < crcAt + CRC_BYTES) return false;
    const crc = held.substr(crcAt, CRC_BYTES);
    if (u32(this.crc32(held.substr(2, crcAt - 2))) !== crc) return this.reject(Reason.BadCrc);
    const versionAndFlags = held.charCodeAt(2);
    const seq = held.charCodeAt(3);
    const type = held.charCodeAt(4);
    this.held = held.substr(crcAt + CRC_BYTES);
    if (versionAndFlags >> 4 !== PROTOCOL_VERSION) this.listener.onBadFrame(Reason.BadVersion, seq, type);
    else {
      const payload = held.substr(HEADER_BYTES, payloadBytes);
      this.listener.onFrame({ flags: versionAndFlags & 15, seq, type, payload, crc });
    }
    return this.held !== '';
  }

  /** Drops what stands in front of the next sync bytes; gives whether there are any. */
  private seek(): boolean {
    const start = this.held.indexOf(SYNC);
    this.held = start < 0 ? (this.held.substr(-1) === '\xa5' ? '\xa5' : '') : this.held.substr(start);
    return start >= 0;
  }

  private reject(reason: Reason): boolean {
    const seq = this.held.charCodeAt(3);
    const type = this.held.charCodeAt(4);
    this.held = this.held.substr(2);
    this.listener.onBadFrame(reason, seq, type);
    return true;
  }
}
