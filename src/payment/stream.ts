/**
 * The host's data stream (docs/host-protocol.md, "Data stream"), through the platform (docs/link-protocol.md) or
 * straight to the maker's server by the modem's second socket. Passes bytes on in both directions as far as credit
 * goes, and ends with one clear reason. Lives while there is a stream: @overlay. Frames are the outbox's business,
 * sealing the session's, sockets the keeper's.
 * Invariant: it holds at most UP_BYTES and DOWN_BYTES; every byte taken is passed on once and in order, or the
 * stream ends; nothing of it is sent while a message about a payment waits.
 */
import { u16 } from '../protocol/bytes';
import { Reason } from '../protocol/codes';
import { HostType } from '../protocol/host-wire';
import type { Message } from '../protocol/messages';
import type { DirectListener, Stream, StreamPorts } from './stream-ports';

const MODE_TUNNEL = 1;
const MODE_DIRECT = 2;
const MAX_ADDRESS_BYTES = 63;
/** What the module holds for each direction; the first is the host's credit when the stream opens. */
const UP_BYTES = 1024;
const DOWN_BYTES = 1024;
/** One send of the modem: with what a record adds, 824 bytes (sim800-socket.ts). */
const UNIT_BYTES = 809;
/** Longest frame to the host. */
const FRAME_BYTES = 512;
/** Credit goes out in such steps, or when there is none left: each costs a message, or a frame. */
const STEP_BYTES = 256;
const MAX_CREDIT = 65535;
/** Highest credit on the link. */
const MAX_LINK_CREDIT = 16384;
/** From DTU_OPEN to DTU_OPENED or DTU_CLOSED. */
const OPEN_LIMIT_MS = 55000;
/** How long a host may leave the last bytes of an ended stream with us. */
const LAST_BYTES_MS = 30000;

/** What the host believes, and what the far end does. */
const enum Side {
  None = 0,
  Opening = 1,
  Open = 2,
  /** Host: the far end is gone, what it had sent is being passed on. Far end: ours is over, its word is awaited. */
  Ending = 3,
}

/** Nothing to say to the host about the end. */
const NOT_CLOSED = -1;

/** Where a stream may go: through the platform, or to a name or address and a port. */
function isAddress(mode: number, host: string, port: number): boolean {
  if (mode === MODE_TUNNEL) return !port && !host;
  return (
    mode === MODE_DIRECT && port > 0 && host.length <= MAX_ADDRESS_BYTES && /^[A-Za-z0-9.-]+$/.test(host)
  );
}

class HostStream implements Stream, DirectListener {
  /** Of the far end that there is. */
  private mode: number;
  /** What the host asked for last. */
  private wantedMode: number;
  private address: string;
  private port: number;
  private host: Side;
  private far: Side;
  private deadlineMs: number;
  /** From the host, to be passed on; what it may still send; what was passed on and not yet granted anew. */
  private up: string;
  private hostCredit: number;
  private grantBytes: number;
  /** What the far end takes. */
  private farCredit: number;
  /** From the far end, until the host has taken it; how much of it is on its way to the host. */
  private down: string;
  private inFlightBytes: number;
  /** What the host takes beyond that, and what the far end may still send. */
  private ownCredit: number;
  private farAllowed: number;
  /** Said to the platform as soon as there is room: NOT_CLOSED, or the reason of a `shut`. */
  private shutReason: number;
  /** What the host will be told when it has the last bytes, and what it is being told. */
  private endReason: number;
  private isOpenDue: boolean;
  private isOpenedDue: boolean;
  private closedReason: number;
  /** The socket has taken what it was given. */
  private isDrained: boolean;

  constructor(private readonly ports: StreamPorts) {
    this.mode = 0;
    this.wantedMode = 0;
    this.address = '';
    this.port = 0;
    this.host = Side.None;
    this.far = Side.None;
    this.deadlineMs = 0;
    this.up = '';
    this.hostCredit = 0;
    this.grantBytes = 0;
    this.farCredit = 0;
    this.down = '';
    this.inFlightBytes = 0;
    this.ownCredit = 0;
    this.farAllowed = 0;
    this.shutReason = NOT_CLOSED;
    this.endReason = 0;
    this.isOpenDue = false;
    this.isOpenedDue = false;
    this.closedReason = NOT_CLOSED;
    this.isDrained = false;
  }

  open(mode: number, host: string, port: number): Reason {
    if (!isAddress(mode, host, port)) return Reason.BadPayload;
    if (this.host || this.closedReason !== NOT_CLOSED) return Reason.Busy;
    if (!this.ports.isProvisioned) return Reason.NotProvisioned;
    this.wantedMode = mode;
    this.address = host;
    this.port = port;
    // An earlier stream may still be on its way out: then this one begins behind it.
    if (!this.far && !this.beginFar()) return Reason.Offline;
    this.host = Side.Opening;
    this.deadlineMs = this.ports.clock.nowMs() + OPEN_LIMIT_MS;
    return Reason.None;
  }

  /** Gives whether there is a way at all. */
  private beginFar(): boolean {
    const isTunnel = this.wantedMode === MODE_TUNNEL;
    const ports = this.ports;
    const isThere = isTunnel
      ? ports.tunnel.isReady()
      : ports.direct.openDirect(this.address, this.port, this);
    if (!isThere) return false;
    this.mode = this.wantedMode;
    this.far = Side.Opening;
    this.isOpenDue = isTunnel;
    this.farCredit = 0;
    this.farAllowed = 0;
    this.ownCredit = 0;
    this.isDrained = true;
    return true;
  }

  take(data: string): Reason {
    if (!data) return Reason.BadPayload;
    if (this.host < Side.Open) return Reason.NoStream;
    if (data.length > this.hostCredit) return Reason.NoCredit;
    this.hostCredit -= data.length;
    this.up += data;
    return Reason.None;
  }

  allow(byteCount: number): Reason {
    if (this.host < Side.Open) return Reason.NoStream;
    if (this.ownCredit + byteCount > MAX_CREDIT) return Reason.BadPayload;
    this.ownCredit += byteCount;
    return Reason.None;
  }

  close(): Reason {
    if (!this.host) return Reason.NoStream;
    this.endHost(Reason.None);
    this.endFar(Reason.None);
    return Reason.None;
  }

  pump(): void {
    const ports = this.ports;
    const nowMs = ports.clock.nowMs();
    if (this.host === Side.Opening && nowMs >= this.deadlineMs) {
      this.endHost(Reason.Unreachable);
      this.endFar(Reason.None);
    }
    if (this.host === Side.Ending && (!this.down || nowMs >= this.deadlineMs)) this.endHost(this.endReason);
    if (this.isOpenDue && ports.tunnel.send(['open', 0])) this.isOpenDue = false;
    if (this.far === Side.Ending && this.mode === MODE_TUNNEL) this.sayShut();
    if (this.far === Side.Open) {
      this.passUp();
      this.passCredit();
    }
    ports.wake();
    if (!this.host && !this.far && this.closedReason === NOT_CLOSED) ports.gone();
  }

  /** Bytes to the far end, when nothing else waits for the modem. */
  private passUp(): void {
    const part = this.up.substr(0, Math.min(UNIT_BYTES, this.farCredit));
    const tunnel = this.ports.tunnel;
    if (!part || !(this.mode === MODE_TUNNEL ? tunnel.isDrained() : this.isDrained)) return;
    if (!(this.mode === MODE_TUNNEL ? tunnel.sendBytes(part) : this.ports.direct.sendDirect(part))) return;
    this.isDrained = false;
    this.up = this.up.substr(part.length);
    this.farCredit -= part.length;
    this.grantBytes += part.length;
  }

  /** Credit to the far end: what the host takes and the module has room for. */
  private passCredit(): void {
    const heldBytes = this.down.length;
    const hostTakes = this.ownCredit - (heldBytes - this.inFlightBytes);
    const more = Math.min(DOWN_BYTES - heldBytes, hostTakes) - this.farAllowed;
    if (more <= 0 || (more < STEP_BYTES && this.farAllowed + heldBytes)) return;
    if (this.mode !== MODE_TUNNEL) this.ports.direct.grantDirect(more);
    else if (!this.ports.tunnel.send(['credit', more])) return;
    this.farAllowed += more;
  }

  private sayShut(): void {
    if (this.shutReason !== NOT_CLOSED && this.ports.tunnel.send(['shut', this.shutReason])) {
      this.shutReason = NOT_CLOSED;
    }
  }

  /** We are done with the far end. */
  private endFar(reason: Reason): void {
    this.up = '';
    if (this.far === Side.None || this.far === Side.Ending) return;
    if (this.mode !== MODE_TUNNEL) {
      this.far = Side.Ending;
      this.ports.direct.closeDirect();
    } else if (this.isOpenDue) this.far = Side.None;
    else {
      this.far = Side.Ending;
      this.shutReason = reason;
      this.sayShut();
    }
    this.isOpenDue = false;
  }

  /** Tells the host that it is over; before the far end is let go of, which may answer at once. */
  private endHost(reason: Reason): void {
    this.host = Side.None;
    this.down = '';
    this.inFlightBytes = 0;
    this.grantBytes = 0;
    this.isOpenedDue = false;
    this.closedReason = reason;
  }

  /** The far end is gone; what it had sent still belongs to the host. */
  private farGone(reason: Reason): void {
    this.far = Side.None;
    this.up = '';
    if (this.host === Side.Open && this.down && reason !== Reason.Offline) {
      this.host = Side.Ending;
      this.deadlineMs = this.ports.clock.nowMs() + LAST_BYTES_MS;
      this.endReason = reason;
    } else if (this.host) this.endHost(reason);
    this.pump();
  }

  /** What was on its way out is out: the host may be waiting for the next one. */
  private farFree(): void {
    this.far = Side.None;
    this.shutReason = NOT_CLOSED;
    if (this.host === Side.Opening && !this.beginFar()) this.endHost(Reason.Offline);
    this.pump();
  }

  private farOpened(credit: number): void {
    this.far = Side.Open;
    this.farCredit = credit;
    this.host = Side.Open;
    this.hostCredit = UP_BYTES;
    this.isOpenedDue = true;
    this.pump();
  }

  onMessage(message: Message): void {
    const type = message[0];
    const value = message[1] as number;
    if (type === 'shut') this.onShut(value);
    else if (this.far === Side.Ending) return;
    else if (type === 'open' && this.far === Side.Opening && !this.isOpenDue && value <= MAX_LINK_CREDIT) {
      this.farOpened(value);
    } else if (type === 'credit' && this.far === Side.Open && this.farCredit + value <= MAX_LINK_CREDIT) {
      this.farCredit += value;
      this.pump();
    } else this.ports.tunnel.abort('STREAM');
  }

  private onShut(reason: Reason): void {
    if (this.far === Side.Ending) this.farFree();
    else if (this.far) {
      this.ports.tunnel.send(['shut', Reason.None]);
      this.farGone(reason);
    }
  }

  onBytes(data: string): void {
    if (this.far === Side.Ending) return;
    if (this.far !== Side.Open || data.length > this.farAllowed) this.ports.tunnel.abort('STREAM');
    else this.onData(data);
  }

  onData(data: string): void {
    if (this.far !== Side.Open) return;
    this.farAllowed -= data.length;
    this.down += data;
    this.pump();
  }

  onLinkDown(): void {
    if (this.mode !== MODE_TUNNEL || !this.far) return;
    this.isOpenDue = false;
    if (this.far === Side.Ending) this.farFree();
    else this.farGone(Reason.Offline);
  }

  onOpen(): void {
    if (this.far === Side.Opening) this.farOpened(Infinity);
  }

  onDrain(): void {
    this.isDrained = true;
    this.pump();
  }

  onClosed(reason: string): void {
    if (this.far === Side.Ending) this.farFree();
    else if (reason === 'closed') this.farGone(Reason.None);
    else {
      const isNobody = reason === 'refused' || reason === 'timeout' || reason === 'no answer';
      this.farGone(this.far === Side.Opening && isNobody ? Reason.Unreachable : Reason.Offline);
    }
  }

  nextFrame(): readonly [HostType, string] | undefined {
    if (this.closedReason !== NOT_CLOSED) {
      return [HostType.DtuClosed, String.fromCharCode(this.closedReason)];
    }
    if (this.isOpenedDue) return [HostType.DtuOpened, String.fromCharCode(this.mode) + u16(UP_BYTES)];
    const data = this.down.substr(0, Math.min(FRAME_BYTES, this.ownCredit));
    if (this.host >= Side.Open && data) {
      this.inFlightBytes = data.length;
      this.ownCredit -= data.length;
      return [HostType.DtuReceived, data];
    }
    // A frame for each unit would cost more than it brings, as long as the host has something to go on with.
    const isEnough = !this.up || this.grantBytes >= STEP_BYTES || this.hostCredit < STEP_BYTES;
    if (this.host !== Side.Open || !this.grantBytes || !isEnough) return undefined;
    const credit = this.grantBytes;
    this.grantBytes = 0;
    this.hostCredit += credit;
    return [HostType.DtuGranted, u16(credit)];
  }

  onAnswer(type: HostType, isTaken: boolean): void {
    if (type === HostType.DtuClosed) this.closedReason = NOT_CLOSED;
    else if (!this.host) {
      // It ended while the frame was under way.
    } else if (!isTaken) {
      // A byte, or credit, would be missing from here on.
      this.endHost(Reason.HostSilent);
      this.endFar(Reason.HostSilent);
    } else if (type === HostType.DtuOpened) this.isOpenedDue = false;
    else if (type === HostType.DtuReceived) {
      this.down = this.down.substr(this.inFlightBytes);
      this.inFlightBytes = 0;
    }
    this.pump();
  }
}

/** A stream, with nothing open yet. */
export function newStream(ports: StreamPorts): Stream {
  return new HostStream(ports);
}
