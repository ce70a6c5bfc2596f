/**
 * What the data stream (stream.ts) asks of the ways to its far end and of the host's side, and how it is seen by them.
 * Types only: nothing of it is in the bundle.
 */
import type { Reason } from '../protocol/codes';
import type { HostType } from '../protocol/host-wire';
import type { Message } from '../protocol/messages';
import type { Clock } from '../protocol/ports';

/** The way through the platform. */
export interface Tunnel {
  isReady(): boolean;
  /** Whether the modem has taken all that it was given. */
  isDrained(): boolean;
  send(message: readonly unknown[]): boolean;
  sendBytes(data: string): boolean;
  /** The server does not keep to the protocol: the session ends. */
  abort(reason: string): void;
}

/** The way by a socket of its own. */
export interface Direct {
  openDirect(host: string, port: number, listener: DirectListener): boolean;
  sendDirect(data: string): boolean;
  grantDirect(byteCount: number): void;
  closeDirect(): void;
}

export interface DirectListener {
  onOpen(): void;
  onData(data: string): void;
  onClosed(reason: string): void;
  onDrain(): void;
}

/** Where frames to the host leave: the outbox, which asks when nothing more urgent is to be said. */
export interface FrameSource {
  /** The next frame that wants an answer: its type and its payload. */
  nextFrame(): readonly [HostType, string] | undefined;
  /** The frame was taken (ACK), or not (NAK, or no answer at all). */
  onAnswer(type: HostType, isTaken: boolean): void;
}

export interface StreamPorts {
  readonly clock: Clock;
  readonly tunnel: Tunnel;
  readonly direct: Direct;
  readonly isProvisioned: boolean;
  /** There may be a frame to send. */
  wake(): void;
  /** Nothing is left of the stream, on either side. */
  gone(): void;
}

/** The stream, as the desk and the link see it. */
export interface Stream extends FrameSource {
  /** DTU_OPEN, checked. */
  open(mode: number, host: string, port: number): Reason;
  /** DTU_DATA. */
  take(data: string): Reason;
  /** DTU_CREDIT. */
  allow(byteCount: number): Reason;
  /** DTU_CLOSE. */
  close(): Reason;
  /** Does what can be done now; to be called after each command, when there is room, and every second. */
  pump(): void;
  /** `open`, `credit` or `shut` of the server. */
  onMessage(message: Message): void;
  /** A unit of bytes. */
  onBytes(data: string): void;
  onLinkDown(): void;
}
