/**
 * What a simulated modem asks of the world beyond its antenna: coverage, names and TCP connections.
 * Leaves to the implementations how bytes travel (`RealNetwork`: loopback sockets, `SimulatedNetwork`: virtual
 * time with latency, loss, rate and NAT). The attached device owns its sockets; a socket is used by one device.
 * Invariant: no handler runs inside the call that caused it, and none runs after `close` or `abandon`
 * except `onAcked` and `onClosed` of an orderly close.
 */

/** Why a connection could not be opened. */
export type ConnectFailure = 'refused' | 'unreachable' | 'timeout' | 'unknown-name';

export interface SocketHandlers {
  /** The three-way handshake is done; `address` is the peer's, dotted. */
  onOpen(address: string): void;
  /** It will never open; the socket is dead. */
  onFail(reason: ConnectFailure): void;
  onData(bytes: Buffer): void;
  /** The peer's TCP acknowledged this many more bytes. */
  onAcked(byteCount: number): void;
  /** The peer answered a probe. */
  onAlive(): void;
  /** The peer has closed its side in order; what was sent before has been delivered. */
  onEnd(): void;
  /** The connection was reset by the peer or on the way. */
  onReset(): void;
  /** Our own orderly close is complete. */
  onClosed(): void;
}

export interface NetworkSocket {
  /** Queues bytes for the peer. */
  send(bytes: Buffer): void;
  /** Orderly close after what was sent; `onClosed` follows. */
  close(): void;
  /** This end vanishes (power cut, PDP context lost): the peer is told nothing. */
  abandon(): void;
  /** A TCP keepalive probe; `onAlive` follows when the peer is there. */
  probe(): void;
  /** False closes the receive window; data then waits at the peer. */
  setReceiving(isReceiving: boolean): void;
}

export type Resolution = { addresses: string[] } | { error: 'unknown-name' | 'unreachable' };

export interface Coverage {
  isCovered: boolean;
  /** As in AT+CSQ: 0 to 31, 99 unknown. */
  rssi: number;
}

export interface Network {
  /** Opens a TCP connection to a dotted address or a name. */
  connect(host: string, port: number, handlers: SocketHandlers): NetworkSocket;
  /** Looks a name up; a dotted address resolves to itself. */
  resolve(name: string, onResult: (resolution: Resolution) => void): void;
  coverage(): Coverage;
  /** Takes coverage away or gives it back. */
  setCoverage(isCovered: boolean): void;
  /** Signal strength from now on, 0 to 31 (99 unknown). */
  setSignal(rssi: number): void;
  /** Tells of each change of coverage; gives the function that stops it. */
  watchCoverage(listener: (coverage: Coverage) => void): () => void;
}

const DOTTED_ADDRESS = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Whether the text is an IPv4 address in dotted form, each part 0 to 255. */
export function isDottedAddress(text: string): boolean {
  const match = DOTTED_ADDRESS.exec(text);
  return match !== null && match.slice(1).every((part) => Number(part) <= 255);
}
