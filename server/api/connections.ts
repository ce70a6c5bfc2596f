/**
 * Bounds how many connections speak HTTP at a time, and for how long they may be at one request: whoever sends his
 * headers or body byte by byte, or nothing at all, is let go. Node's own `maxConnections` would count the makers'
 * WebSockets too, and enough of those would keep the providers' notifications out.
 * Invariant: a WebSocket counts until its token was found good, and not after.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface HttpLimits {
  readonly maxConnections: number;
  /** From the connection, or the request before, to the last header. */
  readonly headersTimeoutMs: number;
  /** The same to the last byte of the body. */
  readonly requestTimeoutMs: number;
  /** How often overdue connections are looked for. */
  readonly checkMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  /** A proxy in front keeps a few; more than this are somebody's who holds connections open. */
  maxConnections: 1_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkMs: 2_000,
};

export class HttpConnections {
  private readonly open = new Set<Socket>();

  constructor(
    server: Server,
    private readonly maxConnections: number,
  ) {
    server.on('connection', (socket: Socket) => this.take(socket));
  }

  /** It has become a WebSocket, which its own door looks after. */
  release(socket: Socket): void {
    this.open.delete(socket);
  }

  private take(socket: Socket): void {
    if (this.open.size >= this.maxConnections) {
      socket.destroy();
      return;
    }
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
  }
}
