/**
 * One TCP socket of a SIM800 in multi-link mode with manual receive (manual, chapter 8): opens, sends within
 * what the peer has acknowledged (CIPACK), reads on notice and by polling, closes. Gives commands when asked
 * and is told of notices; when a socket is worth a new try is left to the keeper.
 * Invariant: bytes leave `out` only when the modem has taken them, nothing is ever sent twice, and a socket
 * whose stream may have lost or gained a byte is closed, never used on.
 */
import type { Clock } from '../protocol/ports';
import { AtResult, type AtAsker } from './at';
import {
  CONNECT_TIMEOUT_MS,
  DEFAULT_TIMEOUT_MS,
  PLAIN,
  SEGMENT_BYTES,
  SEND,
  SEND_TIMEOUT_MS,
  SOCKET_COUNT,
  command,
  countReceived,
  field,
  type Command,
} from './sim800';

export interface SocketListener {
  onOpen(): void;
  onData(data: string): void;
  /** Called once for each `open` that does not end by `drop`. */
  onClosed(reason: string): void;
  /** All that was given to `send` has been taken, and there is room for another segment on the way. */
  onDrain(): void;
}

export const enum SocketState {
  Closed = 0,
  /** CIPSTART is to be sent. */
  Opening = 1,
  /** CIPSTART was accepted; CONNECT OK or CONNECT FAIL is to come. */
  Connecting = 2,
  Open = 3,
  /** The peer closed; what it had sent is still being read. */
  Ending = 4,
  /** We close, once everything was sent and acknowledged. */
  Flushing = 5,
}

/**
 * Bytes that may be on their way unacknowledged: eight sends of bulk data. GPRS class 10 carries 5.3 kB/s up at a
 * round trip of a little over a second; more would only make messages wait behind bulk data. A modem that takes
 * less says so by refusing, and is believed.
 */
const WINDOW_BYTES = 6700;
/**
 * One send. Larger ones leave the air idle while the UART brings the next, smaller ones pay more headers (measured
 * with bench:link); seven of them and a message fill a send buffer of 5,840 bytes.
 */
const SEND_BYTES = 824;
/** Pause between two questions about what was acknowledged, while something waits for it. */
const ACK_POLL_MS = 20;
/** Refusals in a row before the socket counts as gone. */
const MAX_REFUSALS = 3;
const FLUSH_TIMEOUT_MS = 20000;

const enum Task {
  Open = 0,
  Close = 1,
  Read = 2,
  Write = 3,
  Ack = 4,
}

export class Socket implements AtAsker {
  state: SocketState;
  /** When something was last sent or received. */
  lastTrafficMs: number;
  /** Bytes that may be read; lets the owner hold the peer back. */
  creditBytes: number;
  /** Something may be waiting in the modem. */
  isUnread!: boolean;
  /** CIPSTART itself was refused, which is not the server's doing. */
  isBearerDoubtful!: boolean;
  private channel: number;
  /** Number of an earlier socket that is still to be closed; -1 = none. */
  private stale: number;
  private target!: string;
  private out!: string;
  private unackedBytes!: number;
  private refusals!: number;
  /** The modem refused a send: no further one before it was asked what is on the way. */
  private isRefused!: boolean;
  private windowBytes!: number;
  /** What was sent last decides what comes first. */
  private isReadTurn!: boolean;
  /** `onDrain` is owed. */
  private isDrainDue!: boolean;
  private nextAckMs!: number;
  private deadlineMs!: number;

  /**
   * What `open` sets is not there before: a second socket is seldom opened.
   * Uses the numbers `first`, `first` + 2, …, one after the other: late words about an old one reach nobody.
   */
  constructor(
    first: number,
    private readonly outLimitBytes: number,
    private readonly clock: Clock,
    private readonly wake: () => void,
    public listener: SocketListener,
  ) {
    this.state = SocketState.Closed;
    this.lastTrafficMs = 0;
    this.creditBytes = Infinity;
    this.channel = first + SOCKET_COUNT - 2;
    this.stale = -1;
  }

  /** True when `number` is the modem's number of this socket. */
  owns(number: number): boolean {
    return this.state !== SocketState.Closed && number === this.channel;
  }

  /** Begins to connect; the socket must be closed. False: the address is not one. */
  open(host: string, port: number): boolean {
    // The address goes into an AT command: nothing that could end its quotes may pass.
    if (!/^[A-Za-z0-9.-]+$/.test(host) || host.length > 100 || port < 1 || port > 65535) return false;
    this.channel = (this.channel + 2) % SOCKET_COUNT;
    this.target = '"TCP","' + host + '",' + port;
    this.out = '';
    this.isUnread = false;
    this.unackedBytes = 0;
    this.refusals = 0;
    this.isRefused = false;
    this.windowBytes = WINDOW_BYTES;
    this.isDrainDue = false;
    this.nextAckMs = 0;
    this.isBearerDoubtful = false;
    this.state = SocketState.Opening;
    this.wake();
    return true;
  }

  /** Takes all of `data` or, when it does not fit or the socket is not open, nothing. */
  send(data: string): boolean {
    if (data.length > this.freeBytes()) return false;
    this.out += data;
    this.isDrainDue = true;
    this.wake();
    return true;
  }

  freeBytes(): number {
    return this.state === SocketState.Open ? this.outLimitBytes - this.out.length : 0;
  }

  /** Closes after what was taken has reached the peer, or at the latest after 20 s. */
  finish(): void {
    if (this.state !== SocketState.Open) {
      if (this.state) this.fail('finished');
      return;
    }
    this.state = SocketState.Flushing;
    this.deadlineMs = this.clock.nowMs() + FLUSH_TIMEOUT_MS;
    this.wake();
  }

  /** Gives the socket up at once, and has the modem close it. */
  fail(reason: string): void {
    this.end(reason, true);
    this.wake();
  }

  /**
   * Forgets everything about the connection. `isInModem`: the modem has to close it; else it has no such socket
   * any more. The listener is told, unless `reason` is ''.
   */
  end(reason: string, isInModem: boolean): void {
    if (!this.state) return;
    if (isInModem) this.stale = this.channel;
    this.state = SocketState.Closed;
    this.out = '';
    if (reason) this.listener.onClosed(reason);
  }

  /** After CIPSHUT or a restart no old socket is left to close. */
  forgetStale(): void {
    this.stale = -1;
  }

  onConnected(): void {
    if (this.state !== SocketState.Connecting) return;
    this.state = SocketState.Open;
    this.lastTrafficMs = this.clock.nowMs();
    this.isUnread = true;
    this.listener.onOpen();
  }

  onRemoteClosed(): void {
    if (this.state === SocketState.Connecting) this.end('refused', false);
    else if (this.state !== SocketState.Closed) {
      this.state = SocketState.Ending;
      this.isUnread = true;
    }
  }

  /** To be called every second or so. */
  tick(nowMs: number): void {
    if (
      (this.state === SocketState.Connecting || this.state === SocketState.Flushing) &&
      nowMs >= this.deadlineMs
    ) {
      this.fail('timeout');
    }
  }

  /** The next command for this socket. */
  next(): Command | undefined {
    const state = this.state;
    const channel = this.channel;
    if (this.stale >= 0) return command('+CIPCLOSE=' + this.stale + ',1', this, Task.Close, this.stale);
    // As a rule there is nothing to do, and each line of the modem asks.
    if (!state || (state === SocketState.Open && !this.isUnread && !this.isDrainDue)) return undefined;
    if (state === SocketState.Opening) {
      return command('+CIPSTART=' + channel + ',' + this.target, this, Task.Open, channel);
    }
    if (state < SocketState.Open) return this.nextRead();
    return this.isReadTurn ? this.nextRead() || this.nextWrite() : this.nextWrite() || this.nextRead();
  }

  onResult(asked: Command, result: AtResult, info: string, data: string): void {
    const task = asked.task;
    if (task === Task.Close) {
      // Refused means not open; unanswered is the channel's business. Once is enough: the number goes on.
      if (this.stale === asked.socket) this.stale = -1;
      return;
    }
    // What was asked for an earlier connection says nothing about this one.
    if (!this.state || asked.socket !== this.channel) return;
    if (task === Task.Read) this.onRead(result, info, data);
    else if (task === Task.Write) this.onSent(result, asked.payload!.length);
    else if (task === Task.Ack) this.onAcked(result, info);
    else this.onOpening(result);
  }

  private onOpening(result: AtResult): void {
    if (this.state !== SocketState.Opening) return;
    if (result === AtResult.Ok) {
      this.state = SocketState.Connecting;
      this.isUnread = true;
      this.deadlineMs = this.clock.nowMs() + CONNECT_TIMEOUT_MS;
    } else if (result === AtResult.Refused) {
      this.isBearerDoubtful = true;
      this.end('no bearer', false);
    } else this.fail('no answer');
  }

  private nextRead(): Command | undefined {
    const isOpen = this.state > SocketState.Connecting;
    // Without credit an end would never be seen: one byte more tells whether there is anything left.
    const creditBytes = this.creditBytes + (this.state === SocketState.Ending ? 1 : 0);
    const mostBytes = isOpen ? Math.min(creditBytes, SEGMENT_BYTES) : SEGMENT_BYTES;
    if (!this.isUnread || mostBytes <= 0) return undefined;
    // A notice that comes while this read is under way asks for another one.
    this.isUnread = false;
    this.isReadTurn = false;
    return {
      send: '+CIPRXGET=2,' + this.channel + ',' + mostBytes,
      expect: PLAIN,
      timeoutMs: DEFAULT_TIMEOUT_MS,
      asker: this,
      task: Task.Read,
      socket: this.channel,
      count: countReceived,
    };
  }

  private onRead(result: AtResult, line: string, data: string): void {
    // An OK without the line that announces the bytes: the line was spoilt, and the bytes went by unseen.
    if (result > AtResult.Refused || (result === AtResult.Ok && !line)) {
      this.fail(result === AtResult.Timeout ? 'modem silent' : 'garbled');
      return;
    }
    const isMore = field(line, 3) > 0;
    if (this.state === SocketState.Connecting) {
      // Nothing can have come yet: these bytes were meant for an earlier connection of this number.
      this.isUnread = isMore;
      return;
    }
    if (result === AtResult.Refused || isMore) this.isUnread = true;
    if (data) {
      this.refusals = 0;
      this.lastTrafficMs = this.clock.nowMs();
      this.creditBytes -= data.length;
      this.listener.onData(data);
    } else if (result === AtResult.Refused && ++this.refusals >= MAX_REFUSALS) {
      this.fail('refused');
      return;
    }
    if (this.state === SocketState.Ending && !this.isUnread) this.fail('closed');
  }

  private nextWrite(): Command | undefined {
    const out = this.out;
    const isFlushing = this.state === SocketState.Flushing;
    if (this.state === SocketState.Ending) return undefined;
    if (isFlushing && !out && !this.unackedBytes) {
      this.fail('finished');
      return this.next();
    }
    const segmentBytes = Math.min(out.length, SEND_BYTES);
    if (out && !this.isRefused && this.unackedBytes + segmentBytes <= this.windowBytes) {
      this.isReadTurn = true;
      return {
        send: '+CIPSEND=' + this.channel + ',' + segmentBytes,
        expect: SEND,
        timeoutMs: SEND_TIMEOUT_MS,
        asker: this,
        task: Task.Write,
        socket: this.channel,
        payload: out.substr(0, segmentBytes),
      };
    }
    if ((!out && !this.isDrainDue && !isFlushing) || this.clock.nowMs() < this.nextAckMs) return undefined;
    return {
      send: '+CIPACK=' + this.channel,
      expect: PLAIN,
      timeoutMs: DEFAULT_TIMEOUT_MS,
      asker: this,
      task: Task.Ack,
      socket: this.channel,
    };
  }

  private onSent(result: AtResult, byteCount: number): void {
    if (result === AtResult.Ok) {
      this.refusals = 0;
      this.lastTrafficMs = this.clock.nowMs();
      this.unackedBytes += byteCount;
      this.out = this.out.substr(byteCount);
      this.offerRoom();
    } else if (result === AtResult.Refused && ++this.refusals < MAX_REFUSALS) {
      // Nothing was taken. If the modem's buffer is full, it is smaller than the window; its count will say.
      this.isRefused = true;
      this.windowBytes = Math.max(
        2 * SEND_BYTES,
        Math.min(this.windowBytes, this.unackedBytes + byteCount - 1),
      );
      this.askAcksLater();
    } else this.fail('send failed');
  }

  private onAcked(result: AtResult, info: string): void {
    const unackedBytes = field(info, 2);
    if (result !== AtResult.Ok || unackedBytes < 0) {
      if (++this.refusals < MAX_REFUSALS) this.askAcksLater();
      else this.fail('refused');
      return;
    }
    this.isRefused = false;
    // While something is on the way, a full buffer explains a refusal.
    if (unackedBytes) this.refusals = 0;
    this.unackedBytes = unackedBytes;
    this.askAcksLater();
    this.offerRoom();
  }

  private offerRoom(): void {
    if (!this.isDrainDue || this.out || this.unackedBytes + SEND_BYTES > this.windowBytes) return;
    this.isDrainDue = false;
    this.listener.onDrain();
  }

  private askAcksLater(): void {
    this.nextAckMs = this.clock.nowMs() + ACK_POLL_MS;
    this.clock.after(ACK_POLL_MS, this.wake);
  }
}
