/**
 * One of the module's TCP connections: its state, its receive buffer and what it has sent.
 * Leaves AT commands to commands/, the wire to the network.
 * Source: SIM800 Series AT Command Manual V1.09, sections 8.2.2 to 8.2.6, 8.2.12, 8.2.26.
 * Invariant: received bytes are handed out once and in order; unread bytes outlive CLOSED, not a new connection.
 */
import type { Timer } from '../time/clock';
import type { ConnectFailure, NetworkSocket } from '../network/network';
import type { Session } from './session';

/** Names of AT+CIPSTATUS in several links (section 8.2.12). */
export type LinkState = 'INITIAL' | 'CONNECTING' | 'CONNECTED' | 'REMOTE CLOSING' | 'CLOSING' | 'CLOSED';

/** Received and not read: more is refused until the host reads. Chosen, the manual gives no figure. */
export const RECEIVE_BYTES = 11_680;
/** Largest send and largest read (sections 8.2.3, 8.2.26). */
export const MOST_SEND_BYTES = 1_460;
/** Sent and not acknowledged, in quick send mode. Chosen, the manual gives no figure. */
const TRANSMIT_BYTES = 5_840;

export interface ConnectOutcome {
  onOpen: () => void;
  onFail: (reason: ConnectFailure) => void;
}

export class Link {
  state: LinkState = 'INITIAL';
  host = '';
  port = 0;
  sentBytes = 0;
  ackedBytes = 0;
  unreadBytes = 0;
  /** Somebody waits for acknowledgements (AT+CIPQSEND=0). */
  onProgress: (() => void) | undefined;
  private socket: NetworkSocket | undefined;
  private received: Buffer[] = [];
  private isNotified = false;
  private isReceiving = true;
  private noAckTimer: Timer | undefined;

  constructor(
    private readonly session: Session,
    readonly index: number,
  ) {}

  /** `0, ` before a text when there are several links. */
  label(text: string): string {
    const { settings, dialect } = this.session;
    return settings.multiLink ? `${this.index}${dialect.linkSeparator}${text}` : text;
  }

  connect(host: string, port: number, outcome: ConnectOutcome): void {
    const { session } = this;
    if (!session.takeFault('stale-data')) this.clearReceived();
    Object.assign(this, { host, port, sentBytes: 0, ackedBytes: 0, state: 'CONNECTING' });
    session.emit('connecting');
    const { connectMultiMs, connectSingleMs } = session.timing;
    const limitMs = session.settings.multiLink ? connectMultiMs : connectSingleMs;
    const timer = session.later(() => fail('timeout'), limitMs);
    const fail = (reason: ConnectFailure): void => {
      session.clock.clearTimer(timer);
      if (this.socket !== socket) return;
      this.drop('abandon');
      outcome.onFail(reason);
    };
    const socket: NetworkSocket = session.network.connect(host, port, {
      onOpen: () => {
        session.clock.clearTimer(timer);
        if (this.socket !== socket) return;
        this.state = 'CONNECTED';
        session.counters.connections += 1;
        outcome.onOpen();
        session.emit('connect');
      },
      onFail: fail,
      onData: (bytes) => this.socket === socket && this.receive(bytes),
      onAcked: (byteCount) => this.socket === socket && this.acked(byteCount),
      onEnd: () => this.socket === socket && this.remoteClosed(),
      onReset: () => this.socket === socket && this.remoteClosed(),
      onClosed: () => {},
    });
    this.socket = socket;
    this.isReceiving = true;
  }

  /** How much AT+CIPSEND would take now. */
  get sendRoom(): number {
    return Math.max(0, Math.min(MOST_SEND_BYTES, TRANSMIT_BYTES - (this.sentBytes - this.ackedBytes)));
  }

  send(bytes: Buffer): void {
    this.sentBytes += bytes.length;
    this.session.counters.payloadSent += bytes.length;
    this.socket?.send(bytes);
    this.noAckTimer ??= this.session.later(() => this.noAcknowledgement(), this.session.timing.sendMs);
  }

  /** Takes up to `mostBytes` off the receive buffer. */
  read(mostBytes: number): Buffer {
    const parts: Buffer[] = [];
    let count = 0;
    while (count < mostBytes && this.received.length > 0) {
      const head = this.received[0]!;
      const part = head.subarray(0, mostBytes - count);
      parts.push(part);
      count += part.length;
      if (part.length === head.length) this.received.shift();
      else this.received[0] = head.subarray(part.length);
    }
    this.unreadBytes -= count;
    this.isNotified = false;
    this.holdOrAccept();
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The host closes; `onClosed` of the network is not waited for. */
  close(): void {
    this.drop('close');
  }

  /** The context is gone: the peer is told nothing. */
  abandon(): void {
    this.drop('abandon');
  }

  private drop(how: 'close' | 'abandon'): void {
    const { socket } = this;
    this.socket = undefined;
    if (this.state !== 'INITIAL') this.state = 'CLOSED';
    this.session.clock.clearTimer(this.noAckTimer);
    this.noAckTimer = undefined;
    if (socket) {
      if (how === 'close') socket.close();
      else socket.abandon();
      this.session.emit('closed');
    }
    this.onProgress?.();
  }

  private clearReceived(): void {
    this.received = [];
    this.unreadBytes = 0;
    this.isNotified = false;
  }

  private receive(bytes: Buffer): void {
    const { session } = this;
    session.counters.payloadReceived += bytes.length;
    if (session.settings.manualReceive) {
      this.received.push(bytes);
      this.unreadBytes += bytes.length;
      this.holdOrAccept();
      if (!this.isNotified) this.notify();
    } else {
      this.output(bytes);
    }
    session.emit('data');
  }

  private notify(): void {
    this.isNotified = true;
    if (this.session.takeFault('forgotten-notice')) return;
    this.session.terminal.notice(
      this.session.settings.multiLink ? `+CIPRXGET: 1,${this.index}` : '+CIPRXGET: 1',
    );
  }

  /** AT+CIPRXGET=0: bytes go straight to the host. */
  private output(bytes: Buffer): void {
    const { settings, terminal } = this.session;
    for (let at = 0; at < bytes.length; at += MOST_SEND_BYTES) {
      const part = bytes.subarray(at, at + MOST_SEND_BYTES);
      if (settings.showSource) terminal.notice(`RECV FROM:${this.host}:${this.port}`);
      if (settings.multiLink) terminal.notice(`+RECEIVE,${this.index},${part.length}:`);
      else if (settings.ipHeader) terminal.prompt(`\r\n+IPD,${part.length}:`);
      terminal.data(part);
    }
  }

  private holdOrAccept(): void {
    const hasRoom = this.unreadBytes < RECEIVE_BYTES;
    if (hasRoom === this.isReceiving || !this.socket) return;
    this.isReceiving = hasRoom;
    this.socket.setReceiving(hasRoom);
  }

  private acked(byteCount: number): void {
    this.ackedBytes += byteCount;
    this.session.clock.clearTimer(this.noAckTimer);
    const isWaiting = this.ackedBytes < this.sentBytes;
    this.noAckTimer = isWaiting
      ? this.session.later(() => this.noAcknowledgement(), this.session.timing.sendMs)
      : undefined;
    this.onProgress?.();
  }

  /** Section 8.2.3: no answer of the server for 645 s. */
  private noAcknowledgement(): void {
    this.noAckTimer = undefined;
    this.drop('abandon');
    this.session.terminal.notice(this.label('CLOSE'));
  }

  /** The module tells of a remote close late. */
  private remoteClosed(): void {
    const { session, socket } = this;
    if (this.state !== 'CONNECTED') return;
    this.state = 'REMOTE CLOSING';
    session.later(() => {
      if (this.socket !== socket) return;
      this.drop('close');
      session.terminal.notice(this.label('CLOSED'));
    }, session.draw(session.timing.remoteCloseMs));
  }
}
