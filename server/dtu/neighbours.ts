/**
 * The other server processes on the same database, as far as streams go: where a device's stream is (a row with a
 * ticket), words to all (the router's), and the way there (a WebSocket to that process, which carries the bytes of
 * one backend). Invariant: only who can read the database can cross: the ticket is nowhere else.
 */
import WebSocket from 'ws';
import type { Db } from '../db/database';
import type { Clock, Timer } from '../time';
import { endNameOf, type FarEnd } from './far-end';
import type { HubWord } from './hub';

/** A way to another process, open: its device is told already. */
export interface Bridge {
  /** Carries bytes both ways until one side ends. */
  carry(far: FarEnd, onEnd: () => void): void;
  close(): void;
}

export interface Neighbours {
  publish(deviceId: string, ticket: string): Promise<void>;
  withdraw(deviceId: string, ticket: string): Promise<void>;
  /** `atMs`: when the backend came that is told of. */
  announce(word: HubWord, subject: string, atMs?: number): void;
  /** Crosses to the process that has the device's stream; undefined when there is none, or it has no use for us. */
  cross(deviceId: string, isFresh: boolean): Promise<Bridge | undefined>;
}

export const TICKET_HEADER = 'coinslot-ticket';
export const FRESH_HEADER = 'coinslot-fresh';
export const STREAM_PATH = '/api/v1/dtu/';
const CROSS_TIMEOUT_MS = 5_000;
/** Bytes of a backend that may wait for the other process; then the backend is not read. */
const MOST_BUFFERED_BYTES = 16_384;
const MAX_MESSAGE_BYTES = 65_536;
const LINGER_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

export interface ClusterOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** Origin under which other processes reach this one; known once HTTP listens. */
  readonly address: () => string;
  readonly announce: (word: HubWord, subject: string, atMs: number) => void;
}

export class ClusterNeighbours implements Neighbours {
  constructor(private readonly options: ClusterOptions) {}

  async publish(deviceId: string, ticket: string): Promise<void> {
    const values = {
      address: this.options.address(),
      ticket,
      openedAtMs: Math.round(this.options.clock.nowMs()),
    };
    await this.options.db
      .insertInto('dtuStreams')
      .values({ deviceId, ...values })
      .onConflict((conflict) => conflict.column('deviceId').doUpdateSet(values))
      .execute();
  }

  async withdraw(deviceId: string, ticket: string): Promise<void> {
    await this.options.db
      .deleteFrom('dtuStreams')
      .where('deviceId', '=', deviceId)
      .where('ticket', '=', ticket)
      .execute();
  }

  announce(word: HubWord, subject: string, atMs = 0): void {
    this.options.announce(word, subject, atMs);
  }

  async cross(deviceId: string, isFresh: boolean): Promise<Bridge | undefined> {
    const row = await this.options.db
      .selectFrom('dtuStreams')
      .select(['address', 'ticket'])
      .where('deviceId', '=', deviceId)
      .executeTakeFirst();
    if (!row || row.address === this.options.address()) return undefined;
    const url = row.address.replace(/^http/, 'ws') + STREAM_PATH + deviceId;
    const socket = new WebSocket(url, {
      headers: { [TICKET_HEADER]: row.ticket, [FRESH_HEADER]: isFresh ? '1' : '0' },
      handshakeTimeout: CROSS_TIMEOUT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    return this.opened(socket);
  }

  /** Resolves when the other process says that the stream is open. */
  private opened(socket: WebSocket): Promise<Bridge | undefined> {
    return new Promise((resolve) => {
      const timer = this.options.clock.setTimer(() => socket.terminate(), CROSS_TIMEOUT_MS);
      const done = (bridge: Bridge | undefined): void => {
        this.options.clock.clearTimer(timer);
        resolve(bridge);
      };
      socket.on('upgrade', (response) => response.socket.setKeepAlive(true, KEEP_ALIVE_MS));
      socket.on('error', () => socket.terminate());
      socket.on('close', () => done(undefined));
      const bridge = new SocketBridge(socket, this.options.clock, () => done(bridge));
    });
  }
}

class SocketBridge implements Bridge {
  private isOpen = false;
  private far: FarEnd | undefined;
  /** What came behind the word that it is open, before there was somebody to take it. */
  private early: Buffer[] = [];
  private unwritten = 0;
  private timer: Timer | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly clock: Clock,
    onOpen: () => void,
  ) {
    socket.on('message', (data) => {
      if (!this.isOpen) {
        this.isOpen = true;
        onOpen();
      } else this.take(data as Buffer);
    });
  }

  carry(far: FarEnd, onEnd: () => void): void {
    const { socket } = this;
    this.far = far;
    far.onBytes = (bytes) => {
      socket.send(bytes, () => far.setReading(socket.bufferedAmount < MOST_BUFFERED_BYTES));
      if (socket.bufferedAmount >= MOST_BUFFERED_BYTES) far.setReading(false);
    };
    far.onEnd = () => this.close();
    const ended = (code: number): void => {
      this.clock.clearTimer(this.timer);
      far.end(endNameOf(code));
      onEnd();
    };
    if (socket.readyState === WebSocket.CLOSED) return ended(0);
    socket.on('close', ended);
    far.opened();
    for (const bytes of this.early.splice(0)) this.take(bytes);
    far.setReading(true);
  }

  close(): void {
    this.timer = this.clock.setTimer(() => this.socket.terminate(), LINGER_MS);
    // A paused socket would not see the answer.
    this.socket.resume();
    this.socket.close(1000);
  }

  /** Reads no more than its backend takes. */
  private take(bytes: Buffer): void {
    if (!this.far) {
      this.early.push(bytes);
      return;
    }
    this.unwritten += 1;
    this.socket.pause();
    this.far.write(bytes, () => {
      this.unwritten -= 1;
      if (this.unwritten === 0) this.socket.resume();
    });
  }
}
