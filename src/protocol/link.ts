/**
 * The link below the messages (docs/link-protocol.md): units on the TCP stream, and records under AES-128-CCM
 * (RFC 3610) with counters as nonce (RFC 6655). The key exchange is in exchange.ts.
 * Both sides use it. Time-outs, sockets and what a message means are left to the session on either side.
 * Invariant: a record is accepted only with the next counter of its direction and an untouched tag, so that
 * nothing forged, replayed, reordered, dropped or meant for another session passes.
 */
import { readU16, u16, u32 } from './bytes';
import type { Ccm } from './ports';

export { deviceMac, MAC_BYTES, RANDOM_BYTES, SERVER_ID, serverMac, sessionKeys } from './exchange';
export type { SessionKeys } from './exchange';

export const TAG_BYTES = 8;
export const COUNTER_BYTES = 4;
/** Longest body of a unit; longer ones end the connection. */
export const MAX_UNIT_BYTES = 1024;
/** A counter never wraps: the session ends long before. */
export const MAX_COUNTER = 0x7fffffff;

const UNIT_HEADER_BYTES = 3;

export const enum UnitKind {
  /** Server → device: server id and RAND_S. */
  Challenge = 1,
  /** Device → server: RAND_P, MAC_P, device id. */
  Response = 2,
  /** Server → device: MAC_S. */
  Proof = 3,
  /** Server → device, not authentic, a hint only: why it will not talk (a Reason). */
  Goodbye = 4,
  /** A message, sealed. */
  Message = 16,
  /** Bytes of a data stream, sealed. */
  Data = 17,
}

/** A unit as it goes on the wire. */
export function encodeUnit(kind: UnitKind, body: string): string {
  return String.fromCharCode(kind) + u16(body.length) + body;
}

export interface UnitListener {
  onUnit(kind: number, body: string): void;
  /** The stream cannot be followed any more; end the connection. */
  onBroken(): void;
}

/** Cuts the TCP stream into units. Holds at most one unit of MAX_UNIT_BYTES. */
export class UnitReader {
  private held: string;
  private isBroken: boolean;

  constructor(private readonly listener: UnitListener) {
    this.held = '';
    this.isBroken = false;
  }

  push(data: string): void {
    this.held += data;
    while (!this.isBroken && this.held.length >= UNIT_HEADER_BYTES) {
      const bodyBytes = readU16(this.held, 1);
      if (bodyBytes > MAX_UNIT_BYTES) {
        this.close();
        this.listener.onBroken();
        return;
      }
      if (this.held.length < UNIT_HEADER_BYTES + bodyBytes) return;
      const kind = this.held.charCodeAt(0);
      const body = this.held.substr(UNIT_HEADER_BYTES, bodyBytes);
      this.held = this.held.substr(UNIT_HEADER_BYTES + bodyBytes);
      this.listener.onUnit(kind, body);
    }
  }

  /** Ignores everything from now on. */
  close(): void {
    this.isBroken = true;
    this.held = '';
  }
}

/** One direction of sealed records. */
export class Sealer {
  private counter: number;

  constructor(
    private readonly ccm: Ccm,
    private readonly key: string,
    private readonly salt: string,
  ) {
    this.counter = 0;
  }

  /** The next record as a unit for the wire. `plain` is at most MAX_UNIT_BYTES - 12 bytes. */
  seal(kind: UnitKind, plain: string): string {
    if (this.counter >= MAX_COUNTER) throw new Error('COUNTER');
    const counter = u32(this.counter++);
    const header = String.fromCharCode(kind) + u16(COUNTER_BYTES + plain.length + TAG_BYTES);
    return header + counter + this.ccm.seal(this.key, this.salt + counter, header + counter, plain);
  }
}

/** The other end of a Sealer. */
export class Opener {
  private counter: number;

  constructor(
    private readonly ccm: Ccm,
    private readonly key: string,
    private readonly salt: string,
  ) {
    this.counter = 0;
  }

  /** The plain text of a record's body, or undefined: then the session must end. */
  open(kind: number, body: string): string | undefined {
    if (body.length < COUNTER_BYTES + TAG_BYTES) return undefined;
    const counter = u32(this.counter);
    if (body.substr(0, COUNTER_BYTES) !== counter) return undefined;
    const aad = String.fromCharCode(kind) + u16(body.length) + counter;
    const plain = this.ccm.open(this.key, this.salt + counter, aad, body.substr(COUNTER_BYTES));
    if (plain !== undefined) this.counter++;
    return plain;
  }
}
