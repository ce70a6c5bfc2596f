/**
 * One of the module's TCP connections: its state, what it has received and what it has sent.
 * Leaves AT commands to commands/, spelling to `notices.ts`, the wire to the network.
 * Source: SIM800 Series AT Command Manual V1.09, sections 8.2.2 to 8.2.6, 8.2.12, 8.2.26, 8.2.28.
 * Invariant: received bytes are handed out once and in order; unread bytes outlive CLOSED, not a new connection.
 */
import type { Timer } from '../time/clock';
import type { ConnectFailure, Network, NetworkSocket } from '../network/network';
import { KeepAlive } from './keep-alive';
import { linkText, noticeData, outputData } from './notices';
import { ReceiveBuffer } from './receive-buffer';
import type { Session } from './session';

/** Names of AT+CIPSTATUS with several links (section 8.2.12). */
export type LinkState = 'INITIAL' | 'CONNECTING' | 'CONNECTED' | 'REMOTE CLOSING' | 'CLOSING' | 'CLOSED';

/** Received and not read: more is refused until the host reads. Chosen, the manual gives no figure. */
export const RECEIVE_BYTES = 11_680;
/** Largest send and largest read (sections 8.2.3, 8.2.26). */
export const MOST_SEND_BYTES = 1_460;
/** Sent and not acknowledged, where nothing else is said. Chosen, the manual gives no figure. */
export const SEND_BUFFER_BYTES = 5_840;

/** A connection that a fault makes fail early. */
const FAILING_CONNECT_MS = 2_000;
/** Where a fault sends a connection that shall never be answered. */
const NOWHERE: Pick<Network, 'connect'> = {
  connect: () => ({
    send: () => {},
    probe: () => {},
    close: () => {},
    abandon: () => {},
    setReceiving: () => {},
  }),
};

export interface ConnectOutcome {
  onOpen: () => void;
  onFail: (reason: ConnectFailure) => void;
}

export class Link {
  state: LinkState = 'INITIAL';
  /** The peer as AT+CIPSTATUS shows it: the host of AT+CIPSTART until the address is known. */
  address = '';
  port = 0;
  sentBytes = 0;
  ackedBytes = 0;
  readonly received = new ReceiveBuffer();
  /** Somebody waits for acknowledgements (AT+CIPQSEND=0). */
  onProgress: (() => void) | undefined;
  /** The path swallows everything both ways, and nobody is told (a fault). */
  isDeaf = false;
  private socket: NetworkSocket | undefined;
  private readonly keepAlive: KeepAlive;
  private isNotified = false;
  private isReceiving = true;
  private isHeld = false;
  /** The newest bytes from the network, for the stale-data fault. */
  private lastReceived: Buffer = Buffer.alloc(0);
  private noAckTimer: Timer | undefined;

  constructor(
    readonly session: Session,
    readonly index: number,
  ) {
    this.keepAlive = new KeepAlive(session, {
      probe: () => {
        if (!this.isDeaf) this.socket?.probe();
      },
      giveUp: () => this.giveUp(),
    });
  }

  get canSend(): boolean {
    return this.state === 'CONNECTED' || this.state === 'REMOTE CLOSING';
  }

  /** How much AT+CIPSEND would take now. */
  get sendRoom(): number {
    const freeBytes = this.session.host.sendBufferBytes - (this.sentBytes - this.ackedBytes);
    return Math.max(0, Math.min(MOST_SEND_BYTES, freeBytes));
  }

  connect(host: string, port: number, outcome: ConnectOutcome): void {
    const { session } = this;
    this.inherit(session.takeFault('stale-data'));
    Object.assign(this, {
      address: host,
      port,
      sentBytes: 0,
      ackedBytes: 0,
      state: 'CONNECTING',
      isDeaf: false,
    });
    this.isNotified = false;
    this.isReceiving = true;
    session.emit('connecting');
    const { connectMultiMs, connectSingleMs } = session.timing;
    const limitMs = session.settings.multiLink ? connectMultiMs : connectSingleMs;
    const isFailing = session.takeFault('connect-fail');
    const isUnanswered = session.takeFault('connect-timeout') || isFailing;
    const timer = session.later(() => failed('timeout'), isFailing ? FAILING_CONNECT_MS : limitMs);
    const isMine = (): boolean => this.socket === socket;
    const failed = (reason: ConnectFailure): void => {
      session.clock.clearTimer(timer);
      if (!isMine()) return;
      this.drop('abandon');
      outcome.onFail(reason);
    };
    const socket: NetworkSocket = (isUnanswered ? NOWHERE : session.network).connect(host, port, {
      onOpen: (address) => {
        session.clock.clearTimer(timer);
        if (isMine()) this.opened(address, outcome);
      },
      onFail: failed,
      onData: (bytes) => isMine() && this.receive(bytes),
      onAcked: (byteCount) => isMine() && this.acknowledged(byteCount),
      onAlive: () => isMine() && this.keepAlive.heard(),
      onEnd: () => isMine() && this.remoteClosed(),
      onReset: () => isMine() && this.remoteClosed(),
      onClosed: () => {},
    });
    this.socket = socket;
  }

  send(bytes: Buffer): void {
    this.sentBytes += bytes.length;
    this.session.counters.payloadSent += bytes.length;
    if (!this.isDeaf) this.socket?.send(bytes);
    this.noAckTimer ??= this.session.later(() => this.giveUp(), this.session.timing.sendMs);
  }

  /** Takes up to `mostBytes` off the receive buffer; the next arrival is told again. */
  read(mostBytes: number): Buffer {
    const bytes = this.received.take(mostBytes);
    this.isNotified = false;
    this.holdOrAccept();
    return bytes;
  }

  /** The host closes; the peer's answer is not waited for. */
  close(): void {
    this.drop('close');
  }

  /** The context is gone: the peer is told nothing. */
  abandon(): void {
    this.drop('abandon');
  }

  /** The peer has closed or reset the connection; the module tells of it late. */
  remoteClosed(): void {
    const { session, socket } = this;
    if (this.state !== 'CONNECTED') return;
    this.state = 'REMOTE CLOSING';
    const { closeDelayMultiMs, closeDelaySingleMs, multiLink } = session.settings;
    session.later(
      () => {
        if (this.socket !== socket) return;
        this.drop('close');
        if (!session.takeFault('silent-close')) session.terminal.notice(linkText(this, 'CLOSED'));
      },
      multiLink ? closeDelayMultiMs : closeDelaySingleMs,
    );
  }

  /** The connection is gone and told at once (a fault). */
  lost(): void {
    if (this.state !== 'CONNECTED') return;
    this.drop('close');
    this.session.terminal.notice(linkText(this, 'CLOSED'));
  }

  /** True: nothing more is taken from the network (a fault). */
  holdReceiving(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.holdOrAccept();
  }

  /** No answer of the peer, however long: given up without telling it. */
  private giveUp(): void {
    this.drop('abandon');
    this.session.terminal.notice(linkText(this, this.session.dialect.unacknowledged));
  }

  /** A new connection starts empty; a faulty one finds what was meant for the closed one. */
  private inherit(isStale: boolean): void {
    if (!isStale) this.received.clear();
    else if (this.received.byteCount === 0) this.received.push(this.lastReceived);
    this.lastReceived = Buffer.alloc(0);
  }

  private opened(address: string, outcome: ConnectOutcome): void {
    this.state = 'CONNECTED';
    this.address = address;
    this.session.counters.connections += 1;
    this.keepAlive.start();
    outcome.onOpen();
    if (this.received.byteCount > 0) this.notify();
    this.session.emit('connect');
  }

  private drop(how: 'close' | 'abandon'): void {
    const { socket } = this;
    this.socket = undefined;
    if (this.state !== 'INITIAL') this.state = 'CLOSED';
    this.keepAlive.stop();
    this.session.clock.clearTimer(this.noAckTimer);
    this.noAckTimer = undefined;
    if (socket) {
      if (how === 'close' && !this.isDeaf) socket.close();
      else socket.abandon();
      this.session.emit('closed');
    }
    this.onProgress?.();
  }

  private receive(bytes: Buffer): void {
    const { session } = this;
    if (this.isDeaf) return;
    this.keepAlive.heard();
    session.counters.payloadReceived += bytes.length;
    if (session.settings.manualReceive) {
      this.lastReceived = bytes;
      this.received.push(bytes);
      this.holdOrAccept();
      if (!this.isNotified) this.notify();
    } else {
      outputData(this, bytes, MOST_SEND_BYTES);
    }
    session.emit('data');
  }

  private notify(): void {
    this.isNotified = true;
    if (!this.session.takeFault('forgotten-notice')) noticeData(this);
  }

  private holdOrAccept(): void {
    const hasRoom = this.received.byteCount < RECEIVE_BYTES && !this.isHeld;
    if (hasRoom === this.isReceiving || !this.socket) return;
    this.isReceiving = hasRoom;
    this.socket.setReceiving(hasRoom);
  }

  private acknowledged(byteCount: number): void {
    if (this.isDeaf) return;
    this.keepAlive.heard();
    this.ackedBytes += byteCount;
    this.session.clock.clearTimer(this.noAckTimer);
    const isWaiting = this.ackedBytes < this.sentBytes;
    this.noAckTimer = isWaiting
      ? this.session.later(() => this.giveUp(), this.session.timing.sendMs)
      : undefined;
    this.onProgress?.();
  }
}
